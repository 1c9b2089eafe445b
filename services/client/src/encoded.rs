//! Commands as the bytes that are sent. So all of them are sent by one piece of code, and not each kind by one of
//! its own, which took longer to compile than all the rest of the client.

use prost::bytes::{BufMut as _, Bytes};
use proto::v1::Receipt;
use tonic::Status;
use tonic::codec::{Codec, EncodeBuf, Encoder};
use tonic_prost::{ProstCodec, ProstDecoder};

/// Sends bytes as they are, and reads receipts.
#[derive(Debug, Default)]
pub(crate) struct Encoded;

impl Codec for Encoded {
    type Encode = Bytes;
    type Decode = Receipt;
    type Encoder = Self;
    type Decoder = ProstDecoder<Receipt>;

    fn encoder(&mut self) -> Self::Encoder {
        Self
    }

    fn decoder(&mut self) -> Self::Decoder {
        ProstCodec::<Receipt, Receipt>::default().decoder()
    }
}

impl Encoder for Encoded {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put(item);
        Ok(())
    }
}
