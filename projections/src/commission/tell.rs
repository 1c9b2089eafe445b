//! Statements and their lines as they are told.

use event_schemas::commission_period::{EventRef, LineOrigin, Statement, StatementLine};
use event_schemas::vocabulary::{Currency, Number};
use figures::commission::{Life, SUPPOSED, Signal, SignalKind, Standing, explain, half_up};
use proto::instant::to_timestamp;
use proto::v1;
use rust_decimal::Decimal;

use crate::asked::money;

/// A statement, with its lines or without.
pub(super) fn statement(
    statement: &Statement,
    life: Option<&Life<'_>>,
    with_lines: bool,
) -> v1::CommissionStatement {
    let currency = statement.currency;
    let sum = |minor: i64| Some(money(currency, minor));
    let lines = statement.lines.iter().filter(|_| with_lines);
    let attainment = &statement.attainment;
    let status = life.map_or(v1::StatementStatus::Open, |life| match life.standing {
        Standing::Closed => v1::StatementStatus::Closed,
        Standing::Approved => v1::StatementStatus::Approved,
        Standing::Paid => v1::StatementStatus::Paid,
        Standing::Disputed => v1::StatementStatus::Disputed,
    });
    v1::CommissionStatement {
        statement_id: life.map_or_else(String::new, |life| life.closed.statement_id.to_string()),
        status: status.into(),
        commission_plan_id: statement.plan_id.to_string(),
        plan_version: statement.plan_version,
        rep_id: statement.rep_id.to_string(),
        from_on: statement.from_on.to_string(),
        to_on: statement.to_on.to_string(),
        total: sum(statement.total_minor),
        lines: lines.map(|one| line(one, currency)).collect(),
        credited: Some(rounded(currency, attainment.credited_minor)),
        quota: attainment.quota_minor.map(|quota| rounded(currency, quota)),
        attainment_percent: attainment
            .percent
            .map_or_else(String::new, |percent| percent.to_string()),
        tier: statement.tier.unwrap_or_default(),
        draw_owed: sum(statement.carried.draw_owed_minor),
        cap_withheld: sum(statement.carried.cap_withheld_minor),
        at_position: life.map_or(0, |life| life.closed.at_position),
        digest: life.map_or_else(String::new, |life| life.closed.digest.clone()),
    }
}

pub(super) fn line(line: &StatementLine, currency: Currency) -> v1::StatementLine {
    let text = |id: Option<String>| id.unwrap_or_default();
    let (steps, events) = (line.derivation.steps.iter(), line.derivation.events.iter());
    v1::StatementLine {
        line_id: line.line_id.clone(),
        kind: line.kind.as_str().to_owned(),
        contract_id: text(line.contract_id.as_ref().map(ToString::to_string)),
        contract_line_id: text(line.contract_line_id.as_ref().map(ToString::to_string)),
        occurred_at: Some(to_timestamp(line.occurred_at)),
        basis: text(line.basis_minor.map(|minor| exact(currency, minor))),
        rates_percent: line.rates_percent.iter().map(Number::to_string).collect(),
        amount: Some(money(currency, line.amount_minor)),
        origin: line.origin.as_ref().map(origin),
        // What is supposed is in no log.
        events: events
            .filter(|event| event.event_type != SUPPOSED)
            .map(event)
            .collect(),
        steps: steps
            .map(|step| v1::DerivationStep {
                step: step.step.clone(),
                inputs: step
                    .inputs
                    .iter()
                    .map(|input| v1::DerivationInput {
                        input: input.input.clone(),
                        value: input.value.clone(),
                    })
                    .collect(),
                result: step.result.clone(),
            })
            .collect(),
        explanation: explain(line, currency),
    }
}

fn origin(origin: &LineOrigin) -> v1::LineOrigin {
    v1::LineOrigin {
        statement_id: origin.statement_id.to_string(),
        line_id: origin.line_id.clone(),
        late_events: origin.late_events.iter().map(event).collect(),
    }
}

fn event(event: &EventRef) -> v1::EventRef {
    v1::EventRef {
        position: event.position,
        event_id: event.event_id.clone(),
        event_type: event.event_type.clone(),
    }
}

pub(super) fn signal(signal: &Signal) -> v1::CommissionSignal {
    let kind = match signal.kind {
        SignalKind::HandOverBeforeClose => "HAND_OVER_BEFORE_CLOSE",
        SignalKind::BunchedAtTierEdge => "BUNCHED_AT_TIER_EDGE",
        SignalKind::SelfApprovedDiscount => "SELF_APPROVED_DISCOUNT",
    };
    v1::CommissionSignal {
        kind: kind.to_owned(),
        subject: signal.subject.clone(),
        message: signal.message.clone(),
        events: signal.events.iter().map(event).collect(),
    }
}

/// A sum that may hold parts of a minor unit, in units.
fn exact(currency: Currency, minor: Number) -> String {
    let units = minor.decimal() / Decimal::from(10_u64.pow(currency.decimals()));
    units.normalize().to_string()
}

/// Likewise, half up to the minor unit, since no money has parts of one.
fn rounded(currency: Currency, minor: Number) -> v1::Money {
    money(currency, half_up(minor.decimal()).mantissa())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn a_sum_of_money_has_no_parts_of_a_minor_unit() {
        let usd = Currency::new("USD").unwrap();
        let told = |minor: &str| rounded(usd, minor.parse::<Decimal>().unwrap().into()).amount;
        assert_eq!(told("8666666.666666666667"), "86666.67");
        assert_eq!(told("250.5"), "2.51");
        assert_eq!(told("-250.5"), "-2.50");
        assert_eq!(told("45000000"), "450000.00");
        assert_eq!(told("100.00"), "1.00");
    }
}
