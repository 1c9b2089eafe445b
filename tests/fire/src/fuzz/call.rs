//! Calls by bytes: whatever the method, whatever is sent.

use std::time::Duration;

use fastrand::Rng;
use futures::stream;
use http::uri::PathAndQuery;
use prost::bytes::{Buf as _, BufMut as _};
use prost_reflect::{DynamicMessage, MethodDescriptor};
use tokio::time::timeout;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::metadata::{Ascii, MetadataMap, MetadataValue};
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;

/// Longest time until a call is answered. The node itself is told to give up after less.
pub(crate) const ANSWERED_WITHIN: Duration = Duration::from_secs(20);

/// How long, and how much of, a stream is listened to.
const LISTEN: Duration = Duration::from_millis(200);
const LISTEN_TO: usize = 200;

/// What is wrong with an answer, if anything is.
pub(crate) type Verdict = Result<Code, String>;

/// Calls a method and judges what comes back.
pub(crate) async fn call(
    channel: Channel,
    method: &MethodDescriptor,
    messages: Vec<Vec<u8>>,
    chances: &mut Rng,
) -> Verdict {
    let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
    let path = PathAndQuery::try_from(path).map_err(|error| error.to_string())?;
    let mut grpc = tonic::client::Grpc::new(channel).max_decoding_message_size(256 << 20);
    grpc.ready()
        .await
        .map_err(|error| format!("no connection: {error:?}"))?;
    let mut request = Request::new(stream::iter(messages));
    *request.metadata_mut() = metadata(chances);
    let called = timeout(ANSWERED_WITHIN, grpc.streaming(request, path, AsBytes));
    let answers = match called.await {
        Err(_) => return Err(format!("no answer within {ANSWERED_WITHIN:?}")),
        Ok(Err(status)) => return judge(&status),
        Ok(Ok(answers)) => answers,
    };
    let mut answers = answers.into_inner();
    let listen = if method.is_server_streaming() {
        LISTEN
    } else {
        ANSWERED_WITHIN
    };
    for _ in 0..LISTEN_TO {
        match timeout(listen, answers.message()).await {
            // A stream may have nothing to say.
            Err(_) if method.is_server_streaming() => break,
            Err(_) => return Err(format!("no answer within {ANSWERED_WITHIN:?}")),
            Ok(Err(status)) => return judge(&status),
            Ok(Ok(None)) => break,
            Ok(Ok(Some(bytes))) => {
                DynamicMessage::decode(method.output(), bytes.as_slice())
                    .map_err(|error| format!("an answer that is none: {error}"))?;
            }
        }
    }
    Ok(Code::Ok)
}

/// Whether an error says what is the matter, in the way that is promised.
fn judge(status: &Status) -> Verdict {
    let details = status.get_error_details();
    let reason = details.error_info().map(|info| info.reason.as_str());
    let is_typed = reason.is_some_and(|reason| !reason.is_empty());
    match status.code() {
        // By these a server says that it is at fault, or knows no better.
        Code::Internal | Code::Unknown | Code::Cancelled | Code::DataLoss => {
            Err(format!("{status:?}"))
        }
        _ if !is_typed => Err(format!("no reason is given: {status:?}")),
        Code::InvalidArgument if status.message().is_empty() => {
            Err(format!("nothing is named: {status:?}"))
        }
        code => Ok(code),
    }
}

/// Who calls: mostly somebody of a tenant that there is.
fn metadata(chances: &mut Rng) -> MetadataMap {
    let mut metadata = MetadataMap::new();
    let mut set = |key: &'static str, value: &[u8]| {
        if let Ok(value) = MetadataValue::<Ascii>::try_from(value) {
            metadata.insert(key, value);
        }
    };
    let hostile = |chances: &mut Rng| -> Vec<u8> {
        let len = chances.usize(0..300);
        std::iter::repeat_with(|| chances.u8(32..))
            .take(len)
            .collect()
    };
    match chances.u8(..) {
        0..=6 => set("x-tenant", &hostile(chances)),
        7..=12 => {}
        13..=60 => set("x-tenant", b"other"),
        _ => set("x-tenant", b"acme"),
    }
    match chances.u8(..) {
        0..=6 => set("x-actor", &hostile(chances)),
        _ => set("x-actor", b"ann"),
    }
    for key in [
        "x-command-id",
        "x-correlation-id",
        "x-causation-id",
        "traceparent",
        "x-occurred-at",
        "grpc-timeout",
    ] {
        match chances.u8(..) {
            0..=4 => set(key, &hostile(chances)),
            5..=8 => set(key, b"1"),
            _ => {}
        }
    }
    metadata
}

/// Messages as the bytes they are.
#[derive(Debug, Clone, Copy)]
struct AsBytes;

impl Codec for AsBytes {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for AsBytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(&item);
        Ok(())
    }
}

impl Decoder for AsBytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let mut bytes = vec![0; buffer.remaining()];
        buffer.copy_to_slice(&mut bytes);
        Ok(Some(bytes))
    }
}
