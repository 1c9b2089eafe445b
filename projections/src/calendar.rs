//! Days, cut in the tenant's time zone.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;
use event_schemas::vocabulary::TenantId;
use figures::calendar::Zone;

use crate::QueryError;
use crate::engine::db::{Session, Value};

/// A day as it is stored: days since 1970.
pub(crate) fn day_number(on: NaiveDate) -> i64 {
    on.signed_duration_since(NaiveDate::default()).num_days()
}

/// The day of such a number.
pub(crate) fn day_of(number: i64) -> NaiveDate {
    let day = TimeDelta::try_days(number);
    day.and_then(|days| NaiveDate::default().checked_add_signed(days))
        .unwrap_or_default()
}

/// The time zone in which a tenant's days are cut; UTC until it says otherwise.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Calendar(Tz);

/// A day, and where it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Day {
    pub(crate) on: NaiveDate,
    /// The first instant after it: what happened before has happened by its end.
    pub(crate) end: DateTime<Utc>,
}

impl Calendar {
    pub(crate) async fn of(session: &mut Session, tenant: &TenantId) -> Result<Self, QueryError> {
        let sql = "SELECT time_zone FROM setting WHERE tenant = $1";
        let rows = session.rows(sql, &[tenant.as_str().into()]).await?;
        let named = rows.first().map(|row| row.text(0)).transpose()?.flatten();
        let zone = named.and_then(|name| name.parse().ok());
        Ok(Self(zone.unwrap_or(Tz::UTC)))
    }

    /// The same, as calculators know it.
    pub(crate) fn zone(self) -> Zone {
        Zone::of(self.0)
    }

    /// The day an instant falls on.
    pub(crate) fn on(self, at: DateTime<Utc>) -> NaiveDate {
        at.with_timezone(&self.0).date_naive()
    }

    /// The last day that began before an instant.
    pub(crate) fn last(self, at: DateTime<Utc>) -> Day {
        let last = at.checked_sub_signed(TimeDelta::microseconds(1));
        self.day(self.on(last.unwrap_or(at)))
    }

    /// A day of this zone.
    pub(crate) fn day(self, on: NaiveDate) -> Day {
        Day {
            on,
            end: self.start(on.succ_opt().unwrap_or(on)),
        }
    }

    /// The first instant of a day. Where a clock leaps over midnight, that is when it has leapt.
    pub(crate) fn start(self, on: NaiveDate) -> DateTime<Utc> {
        let midnight = on.and_time(NaiveTime::MIN);
        let later = |hours| {
            let at = midnight.checked_add_signed(TimeDelta::hours(hours))?;
            self.0.from_local_datetime(&at).earliest()
        };
        let start = (0..3).find_map(later);
        start.map_or_else(|| midnight.and_utc(), |start| start.to_utc())
    }

    /// The day a request names, or the last one that began before the instant asked about.
    pub(crate) fn asked(
        self,
        text: &str,
        field: &str,
        at: DateTime<Utc>,
    ) -> Result<Day, QueryError> {
        match named(text, field)? {
            Some(on) => Ok(self.day(on)),
            None => Ok(self.last(at)),
        }
    }
}

impl Day {
    /// So many days before.
    pub(crate) fn before(self, days: u64, calendar: Calendar) -> Self {
        let on = self.on.checked_sub_days(Days::new(days));
        calendar.day(on.unwrap_or(self.on))
    }

    /// As days are stored.
    pub(crate) fn number(self) -> i64 {
        day_number(self.on)
    }

    /// Its number and its end, as values of a query.
    pub(crate) fn values(self) -> [Value; 2] {
        [self.number().into(), self.end.timestamp_micros().into()]
    }
}

/// The day a request names; none if it is empty.
pub(crate) fn named(text: &str, field: &str) -> Result<Option<NaiveDate>, QueryError> {
    if text.is_empty() {
        return Ok(None);
    }
    let day: Result<NaiveDate, _> = text.parse();
    let day = day.ok().filter(|day| day.to_string() == text);
    day.map(Some).ok_or_else(|| QueryError::Invalid {
        field: field.to_owned(),
        description: "is no day such as 2024-12-31".into(),
    })
}
