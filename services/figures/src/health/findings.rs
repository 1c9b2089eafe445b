//! What gives cause for worry about a customer at the end of a day.

use event_schemas::health_model::{HealthTerms, MetricFactor};
use event_schemas::vocabulary::Cause;
use rust_decimal::Decimal;

use super::standing::{Answer, DecisionMaker, Measured, OpenTicket, Standing, UnpaidInvoice};
use super::{Finding, compared, days_since};

/// The best answer of a detractor.
const DETRACTOR: u8 = 6;

/// Places to which a mean is told.
const TOLD: u32 = 4;

/// All there are about one customer by a model; each is about another cause or subject.
pub fn findings(terms: &HealthTerms, standing: &Standing) -> Vec<Finding> {
    let mut found = Vec::new();
    for metric in &terms.metrics {
        let measured = standing
            .usage
            .iter()
            .find(|m| m.metric_id == metric.metric_id);
        found.extend(measured.and_then(|measured| below(terms, standing, metric, measured)));
    }
    found.extend(
        standing
            .answers
            .iter()
            .filter_map(|answer| detractor(standing, answer)),
    );
    found.extend(departed(standing));
    for ticket in &standing.open_tickets {
        found.extend(escalated(standing, ticket));
        found.extend(open_too_long(terms, standing, ticket));
    }
    let late = standing.unpaid.iter();
    found.extend(late.filter_map(|invoice| late_payment(terms, standing, invoice)));
    found
}

fn finding(standing: &Standing, cause: Cause, explanation: String) -> Finding {
    Finding {
        customer_id: standing.customer_id.clone(),
        cause,
        subject_id: None,
        contract_id: None,
        value: None,
        threshold: None,
        explanation,
        evidence: Vec::new(),
    }
}

/// Usage under `threshold × baseline`, of an active customer whose days of grace are over.
fn below(
    terms: &HealthTerms,
    standing: &Standing,
    metric: &MetricFactor,
    measured: &Measured,
) -> Option<Finding> {
    let since_on = standing.customer_since_on.filter(|_| standing.is_active)?;
    let grace_days = i64::from(terms.grace_days.unwrap_or_default());
    if days_since(since_on, standing.on) < grace_days {
        return None;
    }
    let value = measured.value?;
    let threshold = metric.threshold.decimal().checked_mul(measured.baseline?)?;
    if compared(value) >= compared(threshold) {
        return None;
    }
    let explanation = format!(
        "{}: {} a day over the last {} days, under {}: {} × the {} of all customers",
        measured.metric_id,
        value.round_dp(TOLD).normalize(),
        metric.window_days,
        threshold.round_dp(TOLD).normalize(),
        metric.threshold,
        measured.baseline?.round_dp(TOLD).normalize(),
    );
    Some(Finding {
        subject_id: Some(measured.metric_id.to_string()),
        value: Some(value),
        threshold: Some(threshold),
        evidence: measured.evidence.clone(),
        ..finding(standing, Cause::MetricBelowThreshold, explanation)
    })
}

fn detractor(standing: &Standing, answer: &Answer) -> Option<Finding> {
    if answer.score > DETRACTOR {
        return None;
    }
    let explanation = format!("would not recommend us: {} of 10", answer.score);
    Some(Finding {
        subject_id: Some(answer.subject_id.clone()),
        value: Some(Decimal::from(answer.score)),
        threshold: Some(Decimal::from(DETRACTOR + 1)),
        evidence: vec![answer.evidence.clone()],
        ..finding(standing, Cause::NpsDetractor, explanation)
    })
}

fn departed(standing: &Standing) -> Option<Finding> {
    let DecisionMaker::Departed { on, evidence } = &standing.decision_maker else {
        return None;
    };
    let explanation = format!("the last decision maker has gone on {on}");
    Some(Finding {
        evidence: vec![evidence.clone()],
        ..finding(standing, Cause::DecisionMakerDeparted, explanation)
    })
}

fn escalated(standing: &Standing, ticket: &OpenTicket) -> Option<Finding> {
    let escalation = ticket.escalated.as_ref()?;
    let explanation = format!(
        "ticket {} was escalated on {}",
        ticket.ticket_id, escalation.on
    );
    Some(Finding {
        subject_id: Some(ticket.ticket_id.clone()),
        evidence: vec![escalation.evidence.clone()],
        ..finding(standing, Cause::TicketEscalated, explanation)
    })
}

fn open_too_long(terms: &HealthTerms, standing: &Standing, ticket: &OpenTicket) -> Option<Finding> {
    let most = terms.ticket_open_days?;
    let days = days_since(ticket.opened_on, standing.on);
    if days <= i64::from(most) {
        return None;
    }
    let id = &ticket.ticket_id;
    let explanation = format!("ticket {id} has been open for {days} days, more than {most}");
    Some(Finding {
        subject_id: Some(id.clone()),
        value: Some(Decimal::from(days)),
        threshold: Some(Decimal::from(most)),
        evidence: vec![ticket.opened.clone()],
        ..finding(standing, Cause::TicketOpenTooLong, explanation)
    })
}

fn late_payment(
    terms: &HealthTerms,
    standing: &Standing,
    invoice: &UnpaidInvoice,
) -> Option<Finding> {
    let most = terms.payment_late_days.unwrap_or_default();
    let days = days_since(invoice.due_on, standing.on);
    if days <= i64::from(most) {
        return None;
    }
    let explanation = format!(
        "invoice {} was due on {} and is not paid after {days} days",
        invoice.invoice_id, invoice.due_on
    );
    Some(Finding {
        subject_id: Some(invoice.invoice_id.clone()),
        contract_id: Some(invoice.contract_id.clone()),
        value: Some(Decimal::from(days)),
        threshold: Some(Decimal::from(most)),
        evidence: vec![invoice.issued.clone()],
        ..finding(standing, Cause::PaymentLate, explanation)
    })
}
