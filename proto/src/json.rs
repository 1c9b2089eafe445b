//! proto3 JSON: how messages are written in import files and printed by the command line.

use std::sync::LazyLock;

use prost::{Message, Name};
use prost_reflect::{
    DescriptorPool, DeserializeOptions, DynamicMessage, MessageDescriptor, SerializeOptions,
};
use serde_json::Value;

/// Why a message could not be read from or written as JSON.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The contract has no such message.
    #[error("the contract has no message {0}")]
    Unknown(String),
    /// The text is not JSON, or not of this message.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// The bytes are not of this message.
    #[error(transparent)]
    Wire(#[from] prost::DecodeError),
}

/// The contract's descriptors; `None` only if the committed descriptor file is broken, which
/// `tests/generated.rs` rules out.
static POOL: LazyLock<Option<DescriptorPool>> =
    LazyLock::new(|| DescriptorPool::decode(crate::FILE_DESCRIPTOR_SET).ok());

fn descriptor<M: Name>() -> Result<MessageDescriptor, Error> {
    POOL.as_ref()
        .and_then(|pool| pool.get_message_by_name(&M::full_name()))
        .ok_or_else(|| Error::Unknown(M::full_name()))
}

/// Reads a message from proto3 JSON. A field the message does not have is an error.
pub fn from_str<M: Message + Name + Default>(text: &str) -> Result<M, Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let options = DeserializeOptions::new().deny_unknown_fields(true);
    let message =
        DynamicMessage::deserialize_with_options(descriptor::<M>()?, &mut deserializer, &options)?;
    deserializer.end()?;
    Ok(message.transcode_to()?)
}

/// Writes a message as proto3 JSON. Fields that hold nothing but their default are written too, so
/// that a reader sees every figure; absent optional ones are left out.
pub fn to_value<M: Message + Name>(message: &M) -> Result<Value, Error> {
    let mut dynamic = DynamicMessage::new(descriptor::<M>()?);
    dynamic.transcode_from(message)?;
    let options = SerializeOptions::new().skip_default_fields(false);
    Ok(dynamic.serialize_with_options(serde_json::value::Serializer, &options)?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::v1::{ImportLine, command::Kind};

    #[test]
    fn an_import_line_is_plain_json() {
        let line: ImportLine = from_str(
            r#"{"tenant":"main","commandId":"c1","occurredAt":"2017-03-01T00:00:00Z",
                "command":{"winOpportunity":{"opportunityId":"o1","amount":{"currencyCode":"USD","amount":"1054"}}}}"#,
        )
        .unwrap();
        let Some(Kind::WinOpportunity(won)) = line.command.unwrap().kind else {
            unreachable!()
        };
        assert_eq!(won.amount.unwrap().amount, "1054");
    }

    #[test]
    fn a_misspelt_field_is_an_error() {
        let misspelt = from_str::<ImportLine>(r#"{"tenant":"main","comandId":"c1"}"#);
        assert!(misspelt.unwrap_err().to_string().contains("comandId"));
    }

    #[test]
    fn what_is_written_reads_back() {
        let line = ImportLine {
            tenant: "main".into(),
            ..ImportLine::default()
        };
        let text = to_value(&line).unwrap().to_string();
        assert_eq!(from_str::<ImportLine>(&text).unwrap(), line);
    }
}
