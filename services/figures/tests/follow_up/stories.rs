//! When tasks are due, whose they are, and what becomes of them.

use chrono_tz::Tz;
use event_schemas::contract::{ContractRenewed, ContractTerminated};
use event_schemas::customer::CsmAssigned;
use event_schemas::opportunity::OpportunityEvent;
use event_schemas::task::TaskMoved;
use event_schemas::vocabulary::ContractId;
use figures::follow_up::Fact;

use crate::world::{World, at, completed, handed_over, id, moved_end, on, reached, signed};

#[test]
fn a_contract_is_onboarded_reviewed_checked_and_reminded_of() {
    let mut world = World::new(Tz::UTC);
    let contract = signed("c1", on("2024-01-31"), Some(on("2025-01-31")), None);
    world.tell(at("2024-01-31T10:00:00Z"), contract);
    assert_eq!(
        world.told(),
        [
            "c1~onboarding~1 2024-02-29",
            "c1~renewal-reminder~1 2024-11-30"
        ]
    );
    world.tell(
        at("2024-02-10T10:00:00Z"),
        reached("c1", "deployed", "2024-02-10"),
    );
    world.tell(at("2024-02-20T10:00:00Z"), completed("c1~onboarding~1"));
    world.tell(at("2024-02-29T10:00:00Z"), completed("c1~first-review~1"));
    world.end_days(on("2024-01-31"), on("2024-12-15"));
    assert_eq!(
        world.told(),
        [
            "c1~check-in~1 2024-05-29!",
            "c1~check-in~2 2024-08-29!",
            "c1~check-in~3 2024-11-29!",
            "c1~first-review~1 2024-03-10+",
            "c1~onboarding~1 2024-02-29+",
            "c1~renewal-reminder~1 2024-11-30!",
        ]
    );
    let opened = world.brought.iter().find_map(|(at, fact)| match fact {
        Fact::Renewal(id, _) => Some(format!("{id} {at}")),
        _ => None,
    });
    assert_eq!(opened.unwrap(), "renewal~c1 2024-12-02 23:59:59.999999 UTC");
}

#[test]
fn a_hand_over_moves_what_is_open_and_a_person_keeps_their_day() {
    let mut world = World::new(Tz::UTC);
    world.tell(
        at("2024-01-10T10:00:00Z"),
        signed("c1", on("2024-01-10"), None, None),
    );
    let moved = TaskMoved {
        due_on: on("2024-02-15"),
        previous_due_on: on("2024-02-10"),
        by_playbook: false,
        reason: None,
    };
    world.tell(
        at("2024-01-11T10:00:00Z"),
        Fact::Task(id("c1~onboarding~1"), moved.into()),
    );
    assert_eq!(world.told(), ["c1~onboarding~1 2024-02-15"]);
    world.tell(at("2024-01-20T10:00:00Z"), handed_over("c1", "2024-01-31"));
    assert_eq!(world.told(), ["c1~onboarding~1 2024-02-29"]);
}

#[test]
fn a_termination_cancels_what_lies_after_it_and_loses_the_renewal() {
    let mut world = World::new(Tz::UTC);
    let contract = signed("c1", on("2024-01-01"), Some(on("2025-01-01")), None);
    world.tell(at("2024-01-01T10:00:00Z"), contract);
    world.tell(
        at("2024-01-01T11:00:00Z"),
        reached("c1", "first_review", "2024-01-01"),
    );
    world.end_days(on("2024-01-01"), on("2024-11-05"));
    let terminated = ContractTerminated {
        effective_on: on("2024-12-01"),
        reason: "insolvency".to_owned(),
        note: None,
    };
    world.tell(
        at("2024-11-05T10:00:00Z"),
        Fact::Contract(id("c1"), terminated.into()),
    );
    let told = world.told();
    assert!(
        told.contains(&"c1~renewal-reminder~1 2024-11-01-".to_owned()),
        "{told:?}"
    );
    assert!(
        told.contains(&"c1~check-in~3 2024-10-01!".to_owned()),
        "{told:?}"
    );
    let lost = |world: &World| {
        let brought = world.brought.iter();
        let of = brought.filter(|(_, fact)| {
            matches!(fact, Fact::Renewal(_, OpportunityEvent::OpportunityLost(_)))
        });
        of.count()
    };
    assert_eq!(lost(&world), 1);
    world.end_days(on("2024-11-05"), on("2024-12-03"));
    let open = world.tasks().values().filter(|task| task.is_open()).count();
    assert_eq!((open, lost(&world)), (0, 1));
}

#[test]
fn what_is_counted_from_the_end_moves_with_it() {
    let mut world = World::new(Tz::UTC);
    let contract = signed("c1", on("2024-01-01"), Some(on("2025-01-01")), None);
    world.tell(at("2024-01-01T10:00:00Z"), contract);
    world.tell(
        at("2024-01-01T11:00:00Z"),
        reached("c1", "first_review", "2024-01-01"),
    );
    world.tell(at("2024-01-01T12:00:00Z"), completed("c1~onboarding~1"));
    world.end_days(on("2024-01-01"), on("2024-05-01"));
    // Half a year longer: the reminder moves, and the renewal opens later.
    let longer = moved_end("c1", on("2024-05-01"), on("2025-07-31"));
    world.tell(at("2024-05-01T10:00:00Z"), longer);
    let told = |world: &World| world.told().join(", ");
    assert_eq!(
        told(&world),
        "c1~check-in~1 2024-04-01!, c1~check-in~2 2024-07-01, c1~onboarding~1 2024-02-01+, \
         c1~renewal-reminder~1 2025-05-31"
    );
    let opened = |world: &World| {
        let mut brought = world.brought.iter();
        brought.find_map(|(at, fact)| match fact {
            Fact::Renewal(..) => Some(at.date_naive()),
            _ => None,
        })
    };
    world.end_days(on("2024-05-01"), on("2025-05-01"));
    assert_eq!(opened(&world), None, "its lead is counted from the new end");
    // Two months shorter: what lies after it is cancelled, and the renewal opens at once.
    let shorter = moved_end("c1", on("2025-05-01"), on("2025-06-01"));
    world.tell(at("2025-05-01T10:00:00Z"), shorter);
    let after = told(&world);
    assert!(
        after.contains("c1~renewal-reminder~1 2025-04-01"),
        "{after}"
    );
    assert!(after.contains("c1~check-in~6 2025-07-01-"), "{after}");
    world.end_days(on("2025-05-01"), on("2025-05-02"));
    assert_eq!(opened(&world), Some(on("2025-05-01")));
    // Longer again, while it lasts: the renewal is expected later, and what lay after it is to be done after all, and cancelled once more when
    // that is taken back.
    world.end_days(on("2025-05-02"), on("2025-05-10"));
    let longer = moved_end("c1", on("2025-05-10"), on("2025-08-01"));
    world.tell(at("2025-05-10T10:00:00Z"), longer);
    assert!(told(&world).contains("c1~check-in~6 2025-07-01,"));
    let mut renewals = world.brought.iter().filter_map(|(_, fact)| match fact {
        Fact::Renewal(_, OpportunityEvent::ExpectedCloseChanged(e)) => Some(e.expected_close_on),
        _ => None,
    });
    assert_eq!(renewals.next(), Some(on("2025-08-01")));
    world.end_days(on("2025-05-10"), on("2025-05-12"));
    let shorter = moved_end("c1", on("2025-05-12"), on("2025-06-01"));
    world.tell(at("2025-05-12T10:00:00Z"), shorter);
    assert!(told(&world).contains("c1~check-in~6 2025-07-01-"));
    world.end_days(on("2025-05-12"), on("2025-06-03"));
    let open = world.tasks().values().filter(|task| task.is_open()).count();
    assert_eq!(open, 0, "it has ended");
}

#[test]
fn a_renewal_goes_on_where_the_contract_was() {
    let mut world = World::new(Tz::UTC);
    let contract = signed("c1", on("2024-01-01"), Some(on("2025-01-01")), None);
    world.tell(at("2024-01-01T10:00:00Z"), contract);
    world.tell(
        at("2024-01-01T11:00:00Z"),
        reached("c1", "first_review", "2024-01-15"),
    );
    world.end_days(on("2024-01-01"), on("2024-12-10"));
    let next = signed("c2", on("2025-01-01"), Some(on("2026-01-01")), Some("c1"));
    world.known.push((at("2024-12-10T10:00:00Z"), next));
    let renewed = ContractRenewed {
        renewed_by_contract_id: id::<ContractId>("c2"),
    };
    world.tell(
        at("2024-12-10T10:00:00Z"),
        Fact::Contract(id("c1"), renewed.into()),
    );
    let told = world.told();
    // No second onboarding; the check-ins go on; the reminder is settled, and the renewal won.
    assert!(
        !told.iter().any(|task| task.starts_with("c2~onboarding")),
        "{told:?}"
    );
    assert!(
        told.contains(&"c2~check-in~4 2025-01-15".to_owned()),
        "{told:?}"
    );
    assert!(
        told.contains(&"c1~renewal-reminder~1 2024-11-01!-".to_owned()),
        "{told:?}"
    );
    let won = world
        .brought
        .iter()
        .any(|(_, fact)| matches!(fact, Fact::Renewal(_, OpportunityEvent::OpportunityWon(_))));
    assert!(won);
}

#[test]
fn tasks_go_to_the_manager_of_the_customer_and_to_theirs() {
    let mut world = World::new(Tz::UTC);
    world.tell(
        at("2024-01-10T10:00:00Z"),
        signed("c1", on("2024-01-10"), None, None),
    );
    let csm = |rep: &str| {
        let assigned = CsmAssigned {
            rep_id: id(rep),
            previous_rep_id: None,
        };
        Fact::Customer(assigned.into())
    };
    let owner = |world: &World| {
        let tasks = world.tasks();
        let rep_id = tasks.values().next().and_then(|task| task.rep_id);
        rep_id.map(ToString::to_string)
    };
    assert_eq!(owner(&world), None);
    world.tell(at("2024-01-11T10:00:00Z"), csm("ann"));
    assert_eq!(owner(&world).unwrap(), "ann");
    world.tell(at("2024-01-12T10:00:00Z"), csm("bob"));
    assert_eq!(owner(&world).unwrap(), "bob");
    world.end_days(on("2024-01-10"), on("2024-02-24"));
    assert_eq!(world.told(), ["c1~onboarding~1 2024-02-10"]);
    world.end_days(on("2024-02-24"), on("2024-02-25"));
    let tasks = world.tasks();
    let task = tasks.values().next().unwrap();
    let (at, to) = task.escalated.unwrap();
    assert_eq!(
        (at.date_naive(), to.unwrap().as_str()),
        (on("2024-02-24"), "max")
    );
}

#[test]
fn days_are_those_of_the_tenant() {
    let mut world = World::new(Tz::Asia__Shanghai);
    // It is the first of February already where they are.
    world.tell(
        at("2024-01-31T17:00:00Z"),
        signed("c1", on("2024-02-01"), None, None),
    );
    assert_eq!(world.told(), ["c1~onboarding~1 2024-03-01"]);
}
