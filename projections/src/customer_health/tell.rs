//! Health as it is told: rounded here and nowhere before.

use event_schemas::alarm::Evidence;
use figures::health::{
    Band, Direction, FactorKind, Health, Measured, Part, PointsKind, Standing, Trend, explain,
};
use proto::v1;
use rust_decimal::{Decimal, RoundingStrategy};

use crate::customer_success::models::HealthModel;

/// A score, a factor, or points: to 2 places, half away from zero; empty without a value.
pub(super) fn score(value: Option<Decimal>) -> String {
    told(value, 2)
}

/// A mean: to 4 places.
fn mean(value: Option<Decimal>) -> String {
    told(value, 4)
}

fn told(value: Option<Decimal>, places: u32) -> String {
    let half_up = RoundingStrategy::MidpointAwayFromZero;
    value.map_or_else(String::new, |value| {
        // What lies as near to a half as a quotient's last digit is a half.
        let value = value.round_dp(figures::health::PLACES);
        let value = value.round_dp_with_strategy(places, half_up).normalize();
        value.to_string()
    })
}

pub(super) fn model(model: &HealthModel) -> v1::HealthModelRef {
    v1::HealthModelRef {
        health_model_id: model.health_model_id.clone(),
        version: model.version,
    }
}

pub(super) fn baseline(measured: &Measured) -> v1::HealthBaseline {
    v1::HealthBaseline {
        metric_id: measured.metric_id.to_string(),
        baseline: mean(measured.baseline),
    }
}

pub(super) fn band(band: Option<Band>) -> v1::HealthBand {
    match band {
        None => v1::HealthBand::Unspecified,
        Some(Band::Critical) => v1::HealthBand::Critical,
        Some(Band::AtRisk) => v1::HealthBand::AtRisk,
        Some(Band::Healthy) => v1::HealthBand::Healthy,
    }
}

pub(super) fn direction(trend: Option<Trend>) -> v1::HealthDirection {
    match trend.map(|trend| trend.direction) {
        None => v1::HealthDirection::Unspecified,
        Some(Direction::Up) => v1::HealthDirection::Up,
        Some(Direction::Steady) => v1::HealthDirection::Steady,
        Some(Direction::Down) => v1::HealthDirection::Down,
    }
}

fn events(evidence: &[Evidence]) -> Vec<v1::StreamEventRef> {
    let event = |evidence: &Evidence| v1::StreamEventRef {
        stream: evidence.stream.clone(),
        version: evidence.version,
    };
    evidence.iter().map(event).collect()
}

fn factor_name(kind: &FactorKind) -> String {
    match kind {
        FactorKind::Metric(metric_id) => metric_id.to_string(),
        FactorKind::Nps => "nps".to_owned(),
    }
}

fn points_name(kind: PointsKind) -> &'static str {
    match kind {
        PointsKind::OpenTickets => "OPEN_TICKETS",
        PointsKind::WithoutContact => "WITHOUT_CONTACT",
        PointsKind::DecisionMakerDeparted => "DECISION_MAKER_DEPARTED",
    }
}

/// One customer's health, and how it came to it from a former one.
pub(super) fn health(standing: &Standing, health: &Health, former: &Health) -> v1::CustomerHealth {
    let trend = Trend::between(former, health);
    let factors = health.factors.iter().map(|factor| v1::HealthFactor {
        name: factor_name(&factor.kind),
        weight: factor.weight.normalize().to_string(),
        value: mean(factor.value),
        baseline: mean(factor.baseline),
        factor: score(factor.factor),
        contribution: score(factor.contribution),
        events: events(&factor.evidence),
    });
    let points = health.points.iter().map(|points| v1::HealthPoints {
        kind: points_name(points.kind).to_owned(),
        points: score(Some(points.points)),
        count: points.count,
        events: events(&points.evidence),
    });
    let moved = trend.map_or_else(Vec::new, |_| explain(former, health).moved);
    let movements = moved.iter().map(|moved| v1::HealthMovement {
        name: match &moved.part {
            Part::Factor(kind) => factor_name(kind),
            Part::Points(kind) => points_name(*kind).to_owned(),
        },
        points: score(Some(moved.points)),
        former_points: score(Some(moved.former_points)),
        change: score(Some(moved.change())),
        events: events(&moved.evidence),
    });
    v1::CustomerHealth {
        answered_from: None,
        customer_id: standing.customer_id.to_string(),
        on: standing.on.to_string(),
        health_model: None,
        is_active: standing.is_active,
        score: score(health.score),
        band: band(health.band).into(),
        factors: factors.collect(),
        points: points.collect(),
        compared_on: String::new(),
        compared_score: score(former.score),
        change: score(trend.map(|trend| trend.change)),
        direction: direction(trend).into(),
        movements: movements.collect(),
    }
}
