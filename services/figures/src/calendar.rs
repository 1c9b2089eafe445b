//! Days, weeks, months, quarters and years, cut in a time zone. Spans are half-open.

use std::fmt;
use std::sync::Arc;

use chrono::{
    DateTime, Datelike as _, Days, Months, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc,
};
use event_schemas::commission_plan::{Period, Window};
use event_schemas::playbook::Offset;
use rust_decimal::Decimal;

/// How far clocks leap ahead, in steps that all of them are made of: whole days have been left out.
const LEAP_MINUTES: usize = 15;
const LEAP_MAX_MINUTES: i64 = 25 * 60;

/// A time zone. Which one a name means, the caller knows: this crate holds no table of zones.
#[derive(Clone)]
pub struct Zone(Arc<dyn Cut>);

trait Cut: Send + Sync {
    fn day(&self, at: DateTime<Utc>) -> NaiveDate;
    fn start(&self, day: NaiveDate) -> DateTime<Utc>;
}

impl<T: TimeZone + Send + Sync> Cut for T {
    fn day(&self, at: DateTime<Utc>) -> NaiveDate {
        at.with_timezone(self).date_naive()
    }

    fn start(&self, day: NaiveDate) -> DateTime<Utc> {
        let midnight = day.and_time(NaiveTime::MIN);
        // Where a clock leaps over midnight, the day begins when it has leapt.
        let later = |minutes: i64| {
            let at = midnight.checked_add_signed(TimeDelta::minutes(minutes))?;
            self.from_local_datetime(&at).earliest()
        };
        let start = (0..=LEAP_MAX_MINUTES).step_by(LEAP_MINUTES).find_map(later);
        start.map_or_else(|| midnight.and_utc(), |start| start.to_utc())
    }
}

impl Zone {
    /// The zone that chrono, or a crate for it, knows.
    pub fn of(zone: impl TimeZone + Send + Sync + 'static) -> Self {
        Self(Arc::new(zone))
    }

    /// The day an instant falls on.
    pub fn day(&self, at: DateTime<Utc>) -> NaiveDate {
        self.0.day(at)
    }

    /// The first instant of a day.
    pub fn start(&self, day: NaiveDate) -> DateTime<Utc> {
        self.0.start(day)
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Zone")
    }
}

/// Days from the first on, and before the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first day.
    pub from_on: NaiveDate,
    /// The day after its last.
    pub to_on: NaiveDate,
}

impl Span {
    /// The period that a day falls in.
    pub fn around(period: Period, day: NaiveDate) -> Self {
        let months = match period {
            Period::Week => {
                let back = Days::new(u64::from(day.weekday().num_days_from_monday()));
                let from_on = day.checked_sub_days(back).unwrap_or(day);
                let to_on = from_on
                    .checked_add_days(Days::new(7))
                    .unwrap_or(NaiveDate::MAX);
                return Self { from_on, to_on };
            }
            Period::Month => 1,
            Period::Quarter => 3,
            Period::Year => 12,
        };
        let first_month = day.month0() / months * months + 1;
        let from_on = NaiveDate::from_ymd_opt(day.year(), first_month, 1).unwrap_or(day);
        let to_on = add_months(from_on, months);
        Self { from_on, to_on }
    }

    /// All days before one.
    pub(crate) fn before(day: NaiveDate) -> Self {
        Self {
            from_on: NaiveDate::MIN,
            to_on: day,
        }
    }

    /// Whether a day is in it.
    pub fn contains(self, day: NaiveDate) -> bool {
        self.from_on <= day && day < self.to_on
    }

    /// What two spans have in common; none if that is nothing.
    pub fn overlap(self, other: Self) -> Option<Self> {
        let from_on = self.from_on.max(other.from_on);
        let to_on = self.to_on.min(other.to_on);
        (from_on < to_on).then_some(Self { from_on, to_on })
    }

    /// The parts that periods cut it into: the first and the last may be broken ones.
    pub fn cut(self, period: Period) -> impl Iterator<Item = Self> {
        let mut rest = self;
        std::iter::from_fn(move || {
            // Where the calendar ends, periods do not go on.
            let part = Self::around(period, rest.from_on).overlap(rest)?;
            rest.from_on = part.to_on;
            Some(part)
        })
    }

    /// How many days it has.
    pub fn days(self) -> i64 {
        (self.to_on - self.from_on).num_days()
    }
}

/// So many months later, on the same day or the last one of a shorter month.
pub(crate) fn add_months(day: NaiveDate, months: u32) -> NaiveDate {
    day.checked_add_months(Months::new(months))
        .unwrap_or(NaiveDate::MAX)
}

/// So many months, then so many days, later or earlier; a day that the month does not have is its last.
/// None beyond the calendar.
pub fn offset(day: NaiveDate, by: Offset) -> Option<NaiveDate> {
    repeated(day, by, 1)
}

/// So many times as far: counted from the day itself, so that what is clamped at a month's end does not
/// add up (31 January and a month is 28 February, and two months 31 March).
pub fn repeated(day: NaiveDate, by: Offset, times: u32) -> Option<NaiveDate> {
    let times = i64::from(times);
    let months = i64::from(by.months).checked_mul(times)?;
    let count = Months::new(u32::try_from(months.unsigned_abs()).ok()?);
    let day = match months < 0 {
        true => day.checked_sub_months(count)?,
        false => day.checked_add_months(count)?,
    };
    let days = TimeDelta::try_days(i64::from(by.days).checked_mul(times)?)?;
    day.checked_add_signed(days)
}

/// Months from a day to a later one: the whole ones, and the days of the broken one over its
/// length. 0 if it is not later.
pub(crate) fn months_between(from_on: NaiveDate, to_on: NaiveDate) -> Decimal {
    if to_on <= from_on {
        return Decimal::ZERO;
    }
    let years = to_on.year().saturating_sub(from_on.year());
    let apart = i64::from(years) * 12 + i64::from(to_on.month()) - i64::from(from_on.month());
    let mut whole = u32::try_from(apart).unwrap_or_default();
    if add_months(from_on, whole) > to_on {
        whole = whole.saturating_sub(1);
    }
    let (begun, next) = (add_months(from_on, whole), add_months(from_on, whole + 1));
    let (part, length) = ((to_on - begun).num_days(), (next - begun).num_days());
    let part = Decimal::from(part).checked_div(Decimal::from(length));
    Decimal::from(whole) + part.unwrap_or_default()
}

/// The period a window begins anew with; none if it does so with every event.
pub(crate) fn period_of(window: Window) -> Option<Period> {
    match window {
        Window::Transaction => None,
        Window::Week => Some(Period::Week),
        Window::Month => Some(Period::Month),
        Window::Quarter => Some(Period::Quarter),
        Window::Year => Some(Period::Year),
    }
}
