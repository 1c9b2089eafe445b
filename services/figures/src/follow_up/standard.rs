//! The playbook that holds where a tenant has published none: the one place where it is told.

use std::sync::LazyLock;

use chrono::NaiveDate;
use event_schemas::playbook::{Anchor, Guide, Offset, OwnerRole, PlaybookPublished, Plays, Step};
use event_schemas::vocabulary::{Cause, Invalid, MilestoneId, PlaybookId, StepId};

/// Days before a contract's end on which its renewal opens, where its playbook does not say.
pub const RENEWAL_LEAD_DAYS: u32 = 60;

/// Days after it was due on which a step's task is escalated.
const ESCALATE_AFTER_DAYS: u32 = 14;

/// What the built-in playbook says; version 0, since nobody published it.
pub fn playbook() -> &'static PlaybookPublished {
    #[expect(
        clippy::expect_used,
        reason = "its ids stand below, and a test makes it"
    )]
    static STANDARD: LazyLock<PlaybookPublished> =
        LazyLock::new(|| standard().expect("the ids of the built-in playbook are ids"));
    &STANDARD
}

fn standard() -> Result<PlaybookPublished, Invalid> {
    let milestone =
        |id: &str| MilestoneId::new(id).map(|milestone_id| Anchor::Milestone { milestone_id });
    let months = |months| Offset { months, days: 0 };
    let step = |id: &str, name: &str, anchor, due, every, reaches: Option<&str>| {
        Ok::<_, Invalid>(Step {
            step_id: StepId::new(id)?,
            name: name.to_owned(),
            anchor,
            due,
            every,
            owner: OwnerRole::Csm,
            checklist: Vec::new(),
            document_ids: Vec::new(),
            escalate_after_days: Some(ESCALATE_AFTER_DAYS),
            reaches: reaches.map(MilestoneId::new).transpose()?,
        })
    };
    let guide = |cause, name: &str, due_days| Guide {
        cause,
        name: name.to_owned(),
        due_days,
        checklist: Vec::new(),
        document_ids: Vec::new(),
        escalate_after_days: Some(7),
    };
    Ok(PlaybookPublished {
        playbook_id: PlaybookId::new("standard")?,
        version: 0,
        name: "Standard".to_owned(),
        effective_from: NaiveDate::MIN,
        plays: Plays {
            product_ids: Vec::new(),
            steps: vec![
                step(
                    "onboarding",
                    "Onboarding",
                    Anchor::HandOver,
                    months(1),
                    None,
                    Some("onboarded"),
                )?,
                step(
                    "first-review",
                    "First review",
                    milestone("deployed")?,
                    months(1),
                    None,
                    Some("first_review"),
                )?,
                step(
                    "check-in",
                    "Check-in",
                    milestone("first_review")?,
                    months(3),
                    Some(months(3)),
                    None,
                )?,
                step(
                    "renewal-reminder",
                    "Talk about the renewal",
                    Anchor::ContractEnd,
                    months(-2),
                    None,
                    None,
                )?,
            ],
            guides: vec![
                guide(Cause::MetricBelowThreshold, "Find out why usage is low", 7),
                guide(Cause::NpsDetractor, "Ask what went wrong", 3),
                guide(
                    Cause::DecisionMakerDeparted,
                    "Find the new decision maker",
                    7,
                ),
                guide(
                    Cause::TicketEscalated,
                    "See the escalated ticket through",
                    2,
                ),
                guide(Cause::TicketOpenTooLong, "Get the ticket closed", 3),
                guide(Cause::PaymentLate, "Ask about the late payment", 5),
            ],
            renewal_lead_days: Some(RENEWAL_LEAD_DAYS),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_with_a_guide_for_every_cause() {
        let plays = &playbook().plays;
        assert_eq!(plays.steps.len(), 4);
        assert_eq!(plays.guides.len(), 6);
    }
}
