//! Rows as they are handed to `append_batch`: each an array element of a composite type that `5_append.sql`
//! makes.

use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArgumentBuffer, PgHasArrayType, PgTypeInfo};
use sqlx::types::Uuid;
use sqlx::{Encode, Postgres, Type};

use crate::backend::signed;
use crate::resolve::{Remembered, Row};

/// The version that a stream is taken to have.
#[derive(Debug)]
pub(super) struct StreamVersion<'a>(pub(super) &'a str, pub(super) u64);

/// Who holds a claim (scope and value), if anyone.
#[derive(Debug)]
pub(super) struct ClaimHolder<'a>(
    pub(super) &'a str,
    pub(super) &'a str,
    pub(super) Option<&'a str>,
);

/// An event to be written, under its id.
#[derive(Debug)]
pub(super) struct NewEvent<'a>(pub(super) &'a Row<'a>, pub(super) Uuid);

/// A command to be remembered.
#[derive(Debug)]
pub(super) struct NewCommand<'a>(pub(super) &'a Remembered<'a>);

/// Says for a row which type it is in the database, and which fields it has there, in order.
macro_rules! composite {
    ($row:ident, $name:literal, |$this:ident, $to:ident| $fields:block) => {
        impl Type<Postgres> for $row<'_> {
            fn type_info() -> PgTypeInfo {
                PgTypeInfo::with_name($name)
            }
        }

        impl PgHasArrayType for $row<'_> {
            fn array_type_info() -> PgTypeInfo {
                PgTypeInfo::array_of($name)
            }
        }

        impl Encode<'_, Postgres> for $row<'_> {
            fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
                let $this = self;
                let mut $to = Record::new(buffer);
                $fields
                $to.end()
            }
        }
    };
}

composite!(StreamVersion, "stream_version", |this, to| {
    to.text(Some(this.0))?;
    to.bigint(signed(this.1))?;
});

composite!(ClaimHolder, "claim_holder", |this, to| {
    to.text(Some(this.0))?;
    to.text(Some(this.1))?;
    to.text(this.2)?;
});

composite!(NewEvent, "new_event", |this, to| {
    let Row {
        append,
        stream,
        event,
        version,
    } = this.0;
    let meta = &append.meta;
    to.text(Some(stream.as_str()))?;
    to.bigint(signed(*version))?;
    to.field(oid::UUID, Some(this.1.as_bytes()))?;
    to.text(Some(&event.event_type))?;
    // Past 2^31 an append is refused before it gets here.
    let schema_version = i32::try_from(event.schema_version).unwrap_or(i32::MAX);
    to.field(oid::INTEGER, Some(&schema_version.to_be_bytes()))?;
    to.bigint(meta.occurred_at.timestamp_micros())?;
    to.text(Some(&meta.actor))?;
    to.text(Some(this.0.command_id()))?;
    to.text(meta.correlation_id.as_deref())?;
    to.text(meta.causation_id.as_deref())?;
    to.text(meta.trace_context.as_deref())?;
    to.field(oid::BYTEA, Some(&event.payload))?;
});

composite!(NewCommand, "new_command", |this, to| {
    let command = this.0;
    to.text(Some(command.id))?;
    to.field(oid::BYTEA, Some(command.digest))?;
    to.bigint(signed(command.offset))?;
    to.bigint(signed(command.events))?;
    to.bigint(signed(command.version))?;
});

/// What PostgreSQL calls its own types: fixed numbers.
mod oid {
    pub(super) const BYTEA: u32 = 17;
    pub(super) const BIGINT: u32 = 20;
    pub(super) const INTEGER: u32 = 23;
    pub(super) const TEXT: u32 = 25;
    pub(super) const UUID: u32 = 2_950;
}

/// A composite value in PostgreSQL's binary format: how many fields, and of each its type, its length and its
/// bytes (`record_recv` in its sources). sqlx writes such values for types that its macros derive; these rows
/// borrow, and the macros are long to build.
#[derive(Debug)]
struct Record<'a> {
    buffer: &'a mut PgArgumentBuffer,
    begin: usize,
    fields: i32,
}

impl<'a> Record<'a> {
    fn new(buffer: &'a mut PgArgumentBuffer) -> Self {
        let begin = buffer.len();
        buffer.extend_from_slice(&[0; 4]);
        Self {
            buffer,
            begin,
            fields: 0,
        }
    }

    fn field(&mut self, oid: u32, bytes: Option<&[u8]>) -> Result<(), BoxDynError> {
        self.fields += 1;
        self.buffer.extend_from_slice(&oid.to_be_bytes());
        let len = bytes.map_or(Ok(-1), |bytes| i32::try_from(bytes.len()))?;
        self.buffer.extend_from_slice(&len.to_be_bytes());
        self.buffer.extend_from_slice(bytes.unwrap_or_default());
        Ok(())
    }

    fn text(&mut self, text: Option<&str>) -> Result<(), BoxDynError> {
        self.field(oid::TEXT, text.map(str::as_bytes))
    }

    fn bigint(&mut self, number: i64) -> Result<(), BoxDynError> {
        self.field(oid::BIGINT, Some(&number.to_be_bytes()))
    }

    fn end(self) -> Result<IsNull, BoxDynError> {
        let count = self.buffer.get_mut(self.begin..self.begin + 4);
        count
            .ok_or("a record lost its beginning")?
            .copy_from_slice(&self.fields.to_be_bytes());
        Ok(IsNull::No)
    }
}
