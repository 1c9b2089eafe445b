//! A question on its way: from which part of history it is answered, and values as they are told.

use chrono::{DateTime, Utc};
use event_schemas::vocabulary::{Money, Position, TenantId};
use prost_types::Timestamp;
use proto::v1;

use crate::QueryError;
use crate::engine::db::Session;
use crate::engine::fold::instant;

/// Before anything that happened.
pub(crate) const BEGINNING: DateTime<Utc> = DateTime::<Utc>::MIN_UTC;

/// A question of a tenant, and the one moment of a read model from which it is answered.
pub(crate) struct Asked {
    pub(crate) session: Session,
    pub(crate) tenant: TenantId,
    /// The log position that the read model holds.
    pub(crate) position: Position,
    /// The instant at which ages, look-backs and "open" are measured: all that the read model holds
    /// happened before.
    pub(crate) at: DateTime<Utc>,
}

impl Asked {
    /// What the answer says of where it comes from.
    pub(crate) fn answered_from(&self) -> v1::AnsweredFrom {
        v1::AnsweredFrom {
            position: self.position.0,
            at: Some(timestamp(self.at)),
        }
    }
}

/// An instant of a request, to the microsecond.
pub(crate) fn instant_of(asked: &Timestamp, field: &str) -> Result<DateTime<Utc>, QueryError> {
    let nanos = u32::try_from(asked.nanos).ok();
    let at = nanos.and_then(|nanos| DateTime::from_timestamp(asked.seconds, nanos));
    // What is not a whole microsecond lies before the next.
    at.map(|at| instant(at.timestamp_micros()))
        .ok_or_else(|| QueryError::Invalid {
            field: field.to_owned(),
            description: "is no instant".into(),
        })
}

/// An instant of a request, or another where it names none.
pub(crate) fn instant_or(
    asked: Option<&Timestamp>,
    field: &str,
    or: DateTime<Utc>,
) -> Result<DateTime<Utc>, QueryError> {
    asked.map_or(Ok(or), |asked| instant_of(asked, field))
}

/// An instant as it is told.
pub(crate) fn timestamp(at: DateTime<Utc>) -> Timestamp {
    // Below a thousand million by its own definition.
    let nanos = i32::try_from(at.timestamp_subsec_nanos()).unwrap_or_default();
    Timestamp {
        seconds: at.timestamp(),
        nanos,
    }
}

/// Money as it is told.
pub(crate) fn money(money: Money) -> v1::Money {
    v1::Money {
        currency_code: money.currency.code().to_owned(),
        amount: money.amount(),
    }
}

/// A count as it is told.
pub(crate) fn count(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
