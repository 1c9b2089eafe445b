//! The score: what raises it, what takes points off, and the band it lies in.

use event_schemas::alarm::Evidence;
use event_schemas::health_model::{Bands, HealthTerms};
use event_schemas::vocabulary::MetricId;
use rust_decimal::Decimal;

use super::standing::{DecisionMaker, Measured, Standing};
use super::{compared, days_since};

/// How well a customer stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Health {
    /// From 0 to 100, not rounded; none while no factor has a value.
    pub score: Option<Decimal>,
    /// Where it lies.
    pub band: Option<Band>,
    /// What makes it up, in the model's order, surveys last.
    pub factors: Vec<Factor>,
    /// What is taken off.
    pub points: Vec<Points>,
}

/// Part of the range of scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Band {
    /// Below where at risk begins.
    Critical,
    /// Below where healthy begins.
    AtRisk,
    /// From there on.
    Healthy,
}

impl Band {
    /// The band of a score. A score on an edge has reached the upper band.
    pub fn of(score: Decimal, bands: &Bands) -> Self {
        let score = compared(score);
        if score >= bands.healthy_from.decimal() {
            Self::Healthy
        } else if score >= bands.at_risk_from.decimal() {
            Self::AtRisk
        } else {
            Self::Critical
        }
    }
}

/// What counts toward the score.
#[derive(Debug, Clone, PartialEq)]
pub struct Factor {
    /// What it is of.
    pub kind: FactorKind,
    /// How much it counts beside the others.
    pub weight: Decimal,
    /// The customer's own mean: of the metric a day, or of the answers.
    pub value: Option<Decimal>,
    /// What it is held against; of surveys, the best answer there is.
    pub baseline: Option<Decimal>,
    /// From 0 to 100; none while there is nothing to hold it against.
    pub factor: Option<Decimal>,
    /// What it adds to the score: weight × factor / Σ weight.
    pub contribution: Option<Decimal>,
    /// The events it follows from, where they are few.
    pub evidence: Vec<Evidence>,
}

/// What a factor is of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum FactorKind {
    /// Usage, by a metric.
    Metric(MetricId),
    /// Answers to surveys.
    Nps,
}

/// What is taken off the score.
#[derive(Debug, Clone, PartialEq)]
pub struct Points {
    /// What for.
    pub kind: PointsKind,
    /// How many; not negative.
    pub points: Decimal,
    /// How many tickets are open, or days have gone by.
    pub count: u64,
    /// The events it follows from.
    pub evidence: Vec<Evidence>,
}

/// What points are taken off for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PointsKind {
    /// Tickets that are open.
    OpenTickets,
    /// Days without contact.
    WithoutContact,
    /// The last decision maker has gone.
    DecisionMakerDeparted,
}

/// How a score has moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trend {
    /// The score less that of the day it is compared with.
    pub change: Decimal,
    /// Which way.
    pub direction: Direction,
}

/// Which way a score has moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// By more than a point up.
    Up,
    /// By a point at most.
    Steady,
    /// By more than a point down.
    Down,
}

impl Trend {
    /// How a score has moved since a former one; nothing where one of them has no value.
    pub fn between(former: &Health, health: &Health) -> Option<Self> {
        let change = health.score? - former.score?;
        let direction = match compared(change) {
            up if up > Decimal::ONE => Direction::Up,
            down if down < Decimal::NEGATIVE_ONE => Direction::Down,
            _ => Direction::Steady,
        };
        Some(Self { change, direction })
    }
}

/// A customer's health by a model.
pub fn health(terms: &HealthTerms, standing: &Standing) -> Health {
    let mut factors: Vec<Factor> = terms
        .metrics
        .iter()
        .map(|metric| {
            let measured = standing.usage.iter();
            let measured = measured.clone().find(|m| m.metric_id == metric.metric_id);
            of_metric(&metric.metric_id, metric.weight.decimal(), measured)
        })
        .collect();
    if let Some(nps) = &terms.nps {
        factors.push(of_surveys(nps.weight.decimal(), standing));
    }
    let all = sum(factors
        .iter()
        .filter(|f| f.factor.is_some())
        .map(|f| f.weight));
    for factor in &mut factors {
        factor.contribution = factor.factor.and_then(|value| {
            let weighed = factor.weight.checked_mul(value)?;
            weighed.checked_div(all)
        });
    }
    let points = points(terms, standing);
    let has_factor = factors.iter().any(|factor| factor.contribution.is_some());
    let score = has_factor.then(|| {
        let reached = sum(factors.iter().filter_map(|factor| factor.contribution));
        let lost = sum(points.iter().map(|points| points.points));
        (reached - lost).clamp(Decimal::ZERO, Decimal::ONE_HUNDRED)
    });
    Health {
        score,
        band: score.map(|score| Band::of(score, &terms.bands)),
        factors,
        points,
    }
}

fn sum(values: impl Iterator<Item = Decimal>) -> Decimal {
    values.fold(Decimal::ZERO, Decimal::saturating_add)
}

fn of_metric(metric_id: &MetricId, weight: Decimal, measured: Option<&Measured>) -> Factor {
    let value = measured.and_then(|measured| measured.value);
    let baseline = measured.and_then(|measured| measured.baseline);
    let factor = value.zip(baseline).and_then(|(value, baseline)| {
        // None, too, where the baseline is 0; a correction below 0 counts as nothing.
        let part = value
            .checked_div(baseline)
            .filter(|_| baseline > Decimal::ZERO)?;
        Some(part.clamp(Decimal::ZERO, Decimal::ONE) * Decimal::ONE_HUNDRED)
    });
    Factor {
        kind: FactorKind::Metric(metric_id.clone()),
        weight,
        value,
        baseline,
        factor,
        contribution: None,
        evidence: measured.map_or_else(Vec::new, |measured| measured.evidence.clone()),
    }
}

fn of_surveys(weight: Decimal, standing: &Standing) -> Factor {
    let answers = &standing.answers;
    let total = sum(answers.iter().map(|answer| Decimal::from(answer.score)));
    let factor = (total * Decimal::TEN).checked_div(Decimal::from(answers.len()));
    Factor {
        kind: FactorKind::Nps,
        weight,
        value: total.checked_div(Decimal::from(answers.len())),
        baseline: Some(Decimal::TEN),
        factor: factor.map(|factor| factor.min(Decimal::ONE_HUNDRED)),
        contribution: None,
        evidence: answers
            .iter()
            .map(|answer| answer.evidence.clone())
            .collect(),
    }
}

fn points(terms: &HealthTerms, standing: &Standing) -> Vec<Points> {
    let mut points = Vec::new();
    if let Some(rule) = &terms.open_tickets
        && !standing.open_tickets.is_empty()
    {
        let open = standing.open_tickets.len();
        let each = rule
            .points_each
            .decimal()
            .saturating_mul(Decimal::from(open));
        let at_most = rule.points_at_most.map_or(each, |most| most.decimal());
        points.push(Points {
            kind: PointsKind::OpenTickets,
            points: each.min(at_most),
            count: u64::try_from(open).unwrap_or(u64::MAX),
            evidence: standing
                .open_tickets
                .iter()
                .map(|ticket| ticket.opened.clone())
                .collect(),
        });
    }
    if let Some(rule) = &terms.without_contact {
        let contact = standing.last_contact.as_ref();
        let since_on = contact
            .map(|contact| contact.on)
            .or(standing.customer_since_on);
        let days = since_on.map_or(0, |since_on| days_since(since_on, standing.on));
        if days > i64::from(rule.after_days) {
            points.push(Points {
                kind: PointsKind::WithoutContact,
                points: rule.points.decimal(),
                count: u64::try_from(days).unwrap_or_default(),
                evidence: contact
                    .and_then(|contact| contact.evidence.clone())
                    .into_iter()
                    .collect(),
            });
        }
    }
    if let Some(off) = terms.decision_maker_departed_points
        && let DecisionMaker::Departed { on, evidence } = &standing.decision_maker
    {
        points.push(Points {
            kind: PointsKind::DecisionMakerDeparted,
            points: off.decimal(),
            count: u64::try_from(days_since(*on, standing.on)).unwrap_or_default(),
            evidence: vec![evidence.clone()],
        });
    }
    points
}
