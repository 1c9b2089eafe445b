//! Quotas: how much of them falls on a span, for who takes part in some of it.

use event_schemas::commission_plan::Proration;
use event_schemas::rep::QuotaSet;
use event_schemas::vocabulary::{Currency, RepId};
use num_rational::BigRational;
use num_traits::{ToPrimitive as _, Zero as _};
use rust_decimal::Decimal;

use super::CalculateError;
use super::book::{Book, Source};
use super::timeline::Timeline;
use crate::calendar::{Span, add_months};

/// What a rep is to sell in a span, in minor units of a currency; none if no quota was set for it.
///
/// A quota has parts: those that its weights name, or else it is one. A part falls on its months
/// evenly. Of what falls on the span, someone who takes part in some of it has the part by days,
/// or by months.
///
/// It is worked out in fractions: a twelfth is no decimal, and twelve of them are to be the whole, since a tier
/// may begin there.
pub(super) fn quota(
    book: &Book,
    timeline: &Timeline<'_>,
    rep_id: &RepId,
    span: Span,
    proration: Proration,
    currency: Currency,
) -> Result<Option<Decimal>, CalculateError> {
    let mut total = None;
    for (_, quota) in book.people.quotas(rep_id) {
        let whole = Span {
            from_on: quota.from_on,
            to_on: quota.to_on,
        };
        if whole.overlap(span).is_none() {
            continue;
        }
        let mut falls = BigRational::zero();
        for (part, minor) in parts(quota) {
            if let Some(common) = part.overlap(span) {
                falls += minor * within(timeline, part, common, proration);
            }
        }
        let falls = decimal(&falls)?;
        let from = quota.amount.currency;
        let falls = book.sums.convert(falls, from, currency, quota.from_on)?;
        *total.get_or_insert(Decimal::ZERO) += falls;
    }
    Ok(total)
}

/// The facts that say what a rep is to sell in a span.
pub(super) fn quota_sources<'b>(book: &'b Book, rep_id: &RepId, span: Span) -> Vec<&'b Source> {
    let quotas = book.people.quotas(rep_id);
    let within =
        quotas.filter(|(_, quota)| quota.from_on < span.to_on && span.from_on < quota.to_on);
    within.map(|(source, _)| source).collect()
}

/// Places of a minor unit that are kept of what is no whole number of them.
const PLACES: u32 = 12;

fn decimal(exact: &BigRational) -> Result<Decimal, CalculateError> {
    let scaled = exact * BigRational::from_integer(10u64.pow(PLACES).into());
    let scaled = scaled.round().to_integer().to_i128();
    let value = scaled.and_then(|scaled| Decimal::try_from_i128_with_scale(scaled, PLACES).ok());
    let value = value.ok_or(CalculateError::OutOfRange)?;
    Ok(value.normalize())
}

fn fraction(part: i64, whole: i64) -> BigRational {
    BigRational::new(part.into(), whole.max(1).into())
}

/// Which part of a part falls on the days that it has in common with the span.
fn within(timeline: &Timeline<'_>, part: Span, common: Span, proration: Proration) -> BigRational {
    let months = months(part);
    let count = BigRational::from_integer(months.len().into());
    let mut falls = BigRational::zero();
    for month in months {
        let Some(of_month) = month.overlap(common) else {
            continue;
        };
        let days = match proration {
            Proration::Months => participating(timeline, of_month),
            Proration::Days | Proration::None => of_month.days(),
        };
        falls += fraction(days, month.days());
    }
    let falls = falls / count;
    match proration {
        Proration::Days => falls * fraction(participating(timeline, common), common.days()),
        Proration::Months | Proration::None => falls,
    }
}

fn participating(timeline: &Timeline<'_>, span: Span) -> i64 {
    let enrolled = timeline.enrolled_within(span);
    enrolled.into_iter().map(Span::days).sum()
}

/// The months of a span, from its first day on; the span itself if it is not whole months.
fn months(span: Span) -> Vec<Span> {
    let starts = (0..).map(|n| add_months(span.from_on, n));
    let starts: Vec<_> = starts.take_while(|start| *start < span.to_on).collect();
    let ends = (1..).map(|n| add_months(span.from_on, n));
    let months = starts.into_iter().zip(ends);
    let months: Vec<_> = months
        .map(|(from_on, to_on)| Span { from_on, to_on })
        .collect();
    match months.last() {
        Some(last) if last.to_on == span.to_on => months,
        _ => vec![span],
    }
}

/// The parts of a quota, and how much falls on each, in its own currency.
fn parts(quota: &QuotaSet) -> Vec<(Span, BigRational)> {
    let whole = Span {
        from_on: quota.from_on,
        to_on: quota.to_on,
    };
    let amount = BigRational::from_integer(quota.amount.amount_minor.into());
    let months = months(whole);
    let each_part = quota.weights.len();
    if each_part == 0 {
        return vec![(whole, amount)];
    }
    let mut parts = Vec::with_capacity(each_part);
    for (at, weight) in quota.weights.iter().enumerate() {
        let part = if months.len().is_multiple_of(each_part) {
            let months = months.chunks(months.len() / each_part).nth(at);
            let months = months.unwrap_or_default();
            months.first().zip(months.last()).map(|(first, last)| Span {
                from_on: first.from_on,
                to_on: last.to_on,
            })
        } else {
            by_days(whole, at, each_part)
        };
        let minor = &amount * fraction(weight.0.into(), 10_000);
        parts.extend(part.map(|part| (part, minor)));
    }
    parts
}

/// One of so many equal parts of a span, to the day.
fn by_days(span: Span, at: usize, of: usize) -> Option<Span> {
    let (at, of) = (i64::try_from(at).ok()?, i64::try_from(of).ok()?);
    let day = |n: i64| {
        let days = span.days().checked_mul(n)?.checked_div(of)?;
        let days = chrono::Days::new(u64::try_from(days).ok()?);
        span.from_on.checked_add_days(days)
    };
    Some(Span {
        from_on: day(at)?,
        to_on: day(at + 1)?,
    })
}
