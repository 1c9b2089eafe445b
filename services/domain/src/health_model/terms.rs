//! The terms of a health model as a user writes them, read into terms that can be calculated with.
//!
//! What single fields hold is read here; what they must be, and be to each other, [`validate`] says of
//! any terms, wherever they come from.

use std::ops::RangeInclusive;

use event_schemas::health_model::{
    Bands, HealthTerms, MetricFactor, NpsFactor, Silence, TicketPoints,
};
use event_schemas::vocabulary::Number;
use proto::v1;
use rust_decimal::Decimal;

use crate::FieldViolation;
use crate::wire::{Fields, LIST_MAX};

/// Largest weight, and largest number of points.
const MOST: i64 = 1_000_000;

/// Largest part of a baseline under which a task is raised.
const THRESHOLD_MAX: i64 = 100;

/// How far anything looks back, in days.
const DAYS: RangeInclusive<u32> = 1..=3_660;

/// What a day may be put off by.
const DELAY: RangeInclusive<u32> = 0..=3_660;

/// Reads terms; those that break a rule are wrong, too.
pub(super) fn terms(f: &mut Fields, m: &v1::HealthTerms) -> Option<HealthTerms> {
    let metrics = metrics(f, &m.metrics);
    let nps = m.nps.as_ref().map(|m| {
        Some(NpsFactor {
            weight: number(f, "terms.nps.weight", &m.weight)?,
            window_days: m.window_days,
        })
    });
    let open_tickets = m.open_tickets.as_ref().map(|m| {
        let each = number(f, "terms.open_tickets.points_each", &m.points_each);
        let most = f.number(
            "terms.open_tickets.points_at_most",
            &m.points_at_most,
            0..=MOST,
        );
        Some(TicketPoints {
            points_each: each?,
            points_at_most: most,
        })
    });
    let without_contact = m.without_contact.as_ref().map(|m| {
        Some(Silence {
            after_days: m.after_days,
            points: number(f, "terms.without_contact.points", &m.points)?,
        })
    });
    let decision_maker_departed_points = f.number(
        "terms.decision_maker_departed_points",
        &m.decision_maker_departed_points,
        0..=MOST,
    );
    let bands = m.bands.as_ref().map(|m| {
        let healthy_from = number(f, "terms.bands.healthy_from", &m.healthy_from);
        let at_risk_from = number(f, "terms.bands.at_risk_from", &m.at_risk_from);
        Some(Bands {
            healthy_from: healthy_from?,
            at_risk_from: at_risk_from?,
        })
    });
    let terms = HealthTerms {
        metrics: metrics?,
        nps: all(nps)?,
        open_tickets: all(open_tickets)?,
        without_contact: all(without_contact)?,
        decision_maker_departed_points,
        bands: all(bands)?.unwrap_or_default(),
        ticket_open_days: m.ticket_open_days,
        payment_late_days: m.payment_late_days,
        grace_days: m.grace_days,
    };
    for FieldViolation { field, description } in validate(&terms) {
        f.wrong(&field, description);
    }
    Some(terms)
}

/// What is there is not wrong.
fn all<T>(read: Option<Option<T>>) -> Option<Option<T>> {
    match read {
        None => Some(None),
        Some(read) => read.map(Some),
    }
}

/// A required number of 0 and more.
fn number(f: &mut Fields, field: &str, text: &str) -> Option<Number> {
    if text.is_empty() {
        f.wrong(field, "is missing");
    }
    f.number(field, text, 0..=MOST)
}

fn metrics(f: &mut Fields, messages: &[v1::HealthMetricFactor]) -> Option<Vec<MetricFactor>> {
    if !f.fits("terms.metrics", messages.len(), LIST_MAX) {
        return None;
    }
    let each = messages.iter().enumerate().map(|(at, m)| {
        let at = |name: &str| format!("terms.metrics[{at}].{name}");
        let metric_id = f.id(&at("metric_id"), &m.metric_id);
        let weight = number(f, &at("weight"), &m.weight);
        let threshold = f.number(&at("threshold"), &m.threshold, 0..=THRESHOLD_MAX);
        Some(MetricFactor {
            metric_id: metric_id?,
            weight: weight?,
            window_days: m.window_days.unwrap_or(14),
            baseline_days: m.baseline_days.unwrap_or(90),
            threshold: threshold.unwrap_or_else(|| Decimal::ONE.into()),
        })
    });
    let each: Vec<_> = each.collect();
    each.into_iter().collect()
}

/// What is wrong with terms; nothing if they can be calculated with.
pub fn validate(terms: &HealthTerms) -> Vec<FieldViolation> {
    let mut rules = Rules::default();
    let has_points = terms.open_tickets.is_some()
        || terms.without_contact.is_some()
        || terms.decision_maker_departed_points.is_some();
    if terms.metrics.is_empty() && terms.nps.is_none() && !has_points {
        rules.wrong("terms", "has no factor, and nothing that takes points off");
    }
    for (at, factor) in terms.metrics.iter().enumerate() {
        let field = |name: &str| format!("terms.metrics[{at}].{name}");
        let mut earlier = terms.metrics.iter().take(at);
        if earlier.any(|other| other.metric_id == factor.metric_id) {
            rules.wrong(&field("metric_id"), "is there twice");
        }
        rules.above_zero(&field("weight"), factor.weight);
        rules.within(&field("window_days"), factor.window_days, DAYS);
        rules.within(&field("baseline_days"), factor.baseline_days, DAYS);
        rules.not_negative(&field("threshold"), factor.threshold);
    }
    if let Some(nps) = &terms.nps {
        rules.above_zero("terms.nps.weight", nps.weight);
        rules.within("terms.nps.window_days", nps.window_days, DAYS);
    }
    if let Some(tickets) = &terms.open_tickets {
        rules.above_zero("terms.open_tickets.points_each", tickets.points_each);
        let most = tickets.points_at_most;
        if most.is_some_and(|most| most < tickets.points_each) {
            let field = "terms.open_tickets.points_at_most";
            rules.wrong(field, "is less than the points of one ticket");
        }
    }
    if let Some(silence) = &terms.without_contact {
        let field = "terms.without_contact.after_days";
        rules.within(field, silence.after_days, DAYS);
        rules.above_zero("terms.without_contact.points", silence.points);
    }
    if let Some(points) = terms.decision_maker_departed_points {
        rules.above_zero("terms.decision_maker_departed_points", points);
    }
    let bands = &terms.bands;
    rules.not_negative("terms.bands.at_risk_from", bands.at_risk_from);
    if bands.healthy_from < bands.at_risk_from {
        rules.wrong("terms.bands.healthy_from", "is below at_risk_from");
    }
    if bands.healthy_from.decimal() > Decimal::ONE_HUNDRED {
        rules.wrong("terms.bands.healthy_from", "is above 100");
    }
    for (field, days, range) in [
        ("terms.ticket_open_days", terms.ticket_open_days, DAYS),
        ("terms.payment_late_days", terms.payment_late_days, DELAY),
        ("terms.grace_days", terms.grace_days, DELAY),
    ] {
        if let Some(days) = days {
            rules.within(field, days, range);
        }
    }
    rules.0
}

/// Gathers what is wrong.
#[derive(Default)]
struct Rules(Vec<FieldViolation>);

impl Rules {
    fn wrong(&mut self, field: &str, why: impl Into<String>) {
        self.0.push(FieldViolation {
            field: field.to_owned(),
            description: why.into(),
        });
    }

    fn above_zero(&mut self, field: &str, number: Number) {
        if number.decimal() <= Decimal::ZERO {
            self.wrong(field, "is not above 0");
        }
    }

    fn not_negative(&mut self, field: &str, number: Number) {
        if number.decimal() < Decimal::ZERO {
            self.wrong(field, "is negative");
        }
    }

    fn within(&mut self, field: &str, days: u32, range: RangeInclusive<u32>) {
        if !range.contains(&days) {
            let (least, most) = range.into_inner();
            self.wrong(field, format!("is not from {least} to {most}"));
        }
    }
}
