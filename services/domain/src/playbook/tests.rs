//! Given what happened, when asked, then.

use event_schemas::playbook::{
    Anchor, Offset, OwnerRole, PlaybookEvent, PlaybookPublished, Plays, Step,
};
use event_schemas::vocabulary::TaskItem;
use proto::commands::PlaybookCommand;
use proto::v1;
use proto::v1::command::Kind;

use super::{Playbook, parse};
use crate::given::{given, id, nothing};

fn message(effective_from: &str, months: i32) -> v1::PublishPlaybook {
    let step = v1::PlaybookStep {
        step_id: "check".to_owned(),
        name: "Check-in".to_owned(),
        anchor: v1::PlaybookAnchor::Milestone.into(),
        milestone_id: "deployed".to_owned(),
        due: Some(v1::CalendarOffset { months, days: 0 }),
        every: Some(v1::CalendarOffset { months: 3, days: 0 }),
        checklist: vec![v1::TaskItem {
            item_id: "call".to_owned(),
            name: "Call them".to_owned(),
        }],
        escalate_after_days: Some(7),
        ..v1::PlaybookStep::default()
    };
    v1::PublishPlaybook {
        playbook_id: "ours".to_owned(),
        name: "Ours".to_owned(),
        effective_from: effective_from.to_owned(),
        plays: Some(v1::Plays {
            steps: vec![step],
            ..v1::Plays::default()
        }),
    }
}

fn publish(effective_from: &str, months: i32) -> Kind {
    Kind::PublishPlaybook(message(effective_from, months))
}

fn published(version: u32, effective_from: &str, months: i32) -> PlaybookEvent {
    let step = Step {
        step_id: id("check"),
        name: "Check-in".to_owned(),
        anchor: Anchor::Milestone {
            milestone_id: id("deployed"),
        },
        due: Offset { months, days: 0 },
        every: Some(Offset { months: 3, days: 0 }),
        owner: OwnerRole::Csm,
        checklist: vec![TaskItem {
            item_id: id("call"),
            name: "Call them".to_owned(),
        }],
        document_ids: Vec::new(),
        escalate_after_days: Some(7),
        reaches: None,
    };
    PlaybookPublished {
        playbook_id: id("ours"),
        version,
        name: "Ours".to_owned(),
        effective_from: effective_from.parse().unwrap_or_default(),
        plays: Plays {
            product_ids: Vec::new(),
            steps: vec![step],
            guides: Vec::new(),
            renewal_lead_days: None,
        },
    }
    .into()
}

#[test]
fn versions_hold_one_after_another() {
    let first = nothing::<Playbook>().when(publish("2024-01-01", 1));
    let first = first.then([published(1, "2024-01-01", 1)]).and();
    let second = first.when(publish("2024-02-01", 2));
    let second = second.then([published(2, "2024-02-01", 2)]).and();
    second.clone().when(publish("2024-01-01", 1)).then_nothing();
    let early = second.when(publish("2024-02-01", 3));
    early.then_refused("NOT_LATER", &["effective_from=2024-02-01", "version=2"]);
}

#[test]
fn a_version_never_changes() {
    let known = given([published(1, "2024-01-01", 1)]);
    let changed = known.when(publish("2024-01-01", 2));
    changed.then_refused("NOT_LATER", &["effective_from=2024-01-01", "version=1"]);
}

/// What is wrong with a playbook.
fn wrong(change: impl FnOnce(&mut v1::Plays)) -> Vec<String> {
    let mut message = message("2024-01-01", 1);
    if let Some(plays) = &mut message.plays {
        change(plays);
    }
    let parsed = parse(PlaybookCommand::PublishPlaybook(message));
    let violations = parsed.err().map(|wrong| wrong.violations);
    let violations = violations.into_iter().flatten();
    violations.map(|wrong| wrong.field).collect()
}

#[test]
fn every_wrong_field_is_named() {
    let doubled = wrong(|plays| plays.steps.extend(plays.steps.clone()));
    assert_eq!(doubled, ["plays.steps[1].step_id"]);
    let still = wrong(|plays| {
        for step in &mut plays.steps {
            step.every = Some(v1::CalendarOffset { months: 0, days: 0 });
            step.anchor = v1::PlaybookAnchor::HandOver.into();
            step.due = Some(v1::CalendarOffset {
                months: 1_201,
                days: 0,
            });
            step.escalate_after_days = Some(3_661);
            step.checklist.extend(step.checklist.clone());
        }
    });
    let fields = [
        "milestone_id",
        "due.months",
        "every",
        "checklist[1].item_id",
        "escalate_after_days",
    ];
    assert_eq!(still, fields.map(|field| format!("plays.steps[0].{field}")));
    let guides = wrong(|plays| {
        let guide = v1::PlaybookGuide {
            cause: v1::AlarmCause::PaymentLate.into(),
            name: "Ask".to_owned(),
            ..v1::PlaybookGuide::default()
        };
        plays.guides = vec![guide.clone(), guide];
    });
    assert_eq!(guides, ["plays.guides[1].cause"]);
    assert_eq!(wrong(|plays| plays.steps.clear()), ["plays.steps"]);
}
