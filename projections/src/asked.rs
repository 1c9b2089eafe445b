//! A question on its way: from which part of history it is answered, and values as they are told.

use chrono::{DateTime, Utc};
use event_schemas::vocabulary::{Currency, Position, TenantId};
use prost_types::Timestamp;
use proto::instant::{from_timestamp, to_timestamp};
use proto::v1;

use crate::QueryError;
use crate::engine::db::{Row, Session};
use crate::engine::fold::instant;

/// What figures are told in until the tenant says otherwise.
const DEFAULT_CURRENCY: &str = "USD";

/// Where an amount is parted into a high and a low part.
const HIGH: i64 = 1 << 32;

/// Longest text that is looked for, in bytes: longer than any id, and than any source or industry.
const TEXT_MAX: usize = 512;

/// Before anything that happened.
pub(crate) const BEGINNING: DateTime<Utc> = DateTime::<Utc>::MIN_UTC;

/// A question of a tenant, and the one moment of a read model from which it is answered.
pub(crate) struct Asked {
    pub(crate) session: Session,
    pub(crate) tenant: TenantId,
    /// The generation it is answered from.
    pub(crate) generation: u64,
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
            at: Some(to_timestamp(self.at)),
        }
    }
}

/// An instant of a request, to the microsecond.
pub(crate) fn instant_of(asked: &Timestamp, field: &str) -> Result<DateTime<Utc>, QueryError> {
    // What is not a whole microsecond lies before the next.
    from_timestamp(asked)
        .map(|at| instant(at.timestamp_micros()))
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

/// The currency in which the tenant's figures are told.
pub(crate) async fn currency_of(
    session: &mut Session,
    tenant: &TenantId,
) -> Result<Currency, QueryError> {
    let sql = "SELECT currency FROM setting WHERE tenant = $1";
    let rows = session.rows(sql, &[tenant.as_str().into()]).await?;
    let told = rows.first().map(|row| row.text(0)).transpose()?.flatten();
    let code = told.as_deref().unwrap_or(DEFAULT_CURRENCY);
    Currency::new(code).map_err(|invalid| QueryError::Backend(invalid.to_string()))
}

/// A sum in minor units as it is told, however large.
pub fn money(currency: Currency, minor: impl Into<i128>) -> v1::Money {
    let (minor, places) = (minor.into(), currency.decimals());
    let (sign, rest) = (if minor < 0 { "-" } else { "" }, minor.unsigned_abs());
    let amount = match 10u128.checked_pow(places) {
        Some(unit) if places > 0 => {
            let width = usize::try_from(places).unwrap_or_default();
            format!("{sign}{}.{:0>width$}", rest / unit, rest % unit)
        }
        _ => format!("{sign}{rest}"),
    };
    v1::Money {
        currency_code: currency.code().to_owned(),
        amount,
    }
}

/// The columns that sum the amounts of one currency, a parameter: neither the sum of their high
/// parts nor that of their low parts overflows, however large they are.
pub(crate) fn amounts(currency: usize) -> String {
    let part = |part: &str| {
        format!(
            "CAST(SUM(CASE WHEN currency = ${currency} THEN amount_minor {part} {HIGH} END) AS BIGINT)"
        )
    };
    format!("{}, {}", part("/"), part("%"))
}

/// What two such columns come to.
pub(crate) fn sum(row: &Row, column: usize) -> Result<i128, sqlx::Error> {
    let part = |column| Ok::<_, sqlx::Error>(i128::from(row.int(column)?.unwrap_or_default()));
    Ok(part(column)? * i128::from(HIGH) + part(column + 1)?)
}

/// A text of a request by which something is looked for.
pub(crate) fn text<'a>(asked: &'a str, field: &str) -> Result<&'a str, QueryError> {
    let description = match asked {
        long if long.len() > TEXT_MAX => format!("is longer than {TEXT_MAX} bytes"),
        // PostgreSQL holds none, and SQLite would find none.
        odd if odd.contains('\0') => "holds a NUL".into(),
        good => return Ok(good),
    };
    Err(QueryError::Invalid {
        field: field.to_owned(),
        description,
    })
}

/// A count as it is told.
pub(crate) fn count(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
