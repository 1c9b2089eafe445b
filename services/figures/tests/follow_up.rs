//! Following up as laws: a history told live, at once or in pieces brings the same tasks; and stories of
//! when they are due.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on ends"
)]

extern crate twinfunnel_figures as figures;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use event_schemas::contract::{
    BillingFrequency, BillingTerms, ContractHandedOver, ContractRenewed, ContractSigned,
    ContractTerminated, MilestoneReached,
};
use event_schemas::customer::CsmAssigned;
use event_schemas::opportunity::{
    OpportunityEvent, OpportunityKind, OpportunityLost, OpportunityRegistered, OpportunityWon,
};
use event_schemas::rep::TeamJoined;
use event_schemas::sales_process::SalesProcessDefined;
use event_schemas::task::{
    TaskAssigned, TaskCancelled, TaskCompleted, TaskEscalated, TaskEvent, TaskMoved,
};
use event_schemas::team::TeamFormed;
use event_schemas::vocabulary::{ContractId, Money, TaskId};
use figures::calendar::Zone;
use figures::follow_up::{
    Account, Company, CompanyFact, Fact, Moment, Task, Wanted, due_next, reactions,
};
use proptest::prelude::*;

fn id<T: TryFrom<String, Error: std::fmt::Debug>>(text: &str) -> T {
    T::try_from(text.to_owned()).unwrap()
}

fn on(day: &str) -> NaiveDate {
    day.parse().unwrap()
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn company(zone: Tz) -> Company {
    let beginning = at("2000-01-01T00:00:00Z");
    let process: SalesProcessDefined = serde_json::from_value(serde_json::json!({
        "sales_process_id": "s", "name": "S", "stages": [{ "stage_id": "lead", "name": "Lead" }],
    }))
    .unwrap();
    let formed = TeamFormed {
        team_id: id("east"),
        name: "East".to_owned(),
        region: None,
        manager_id: Some(id("max")),
    };
    let joined = |_: &str| TeamJoined {
        team_id: id("east"),
        from_at: beginning,
        to_at: None,
    };
    let facts = [
        CompanyFact::SalesProcess(id("s"), process.into()),
        CompanyFact::Team(id("east"), formed.into()),
        CompanyFact::Rep(id("ann"), joined("ann").into()),
        CompanyFact::Rep(id("bob"), joined("bob").into()),
    ];
    Company::new(Zone::of(zone), facts.map(|fact| (beginning, fact)).into())
}

fn signed(contract: &str, from: NaiveDate, to: Option<NaiveDate>, renews: Option<&str>) -> Fact {
    let signed = ContractSigned {
        contract_id: id(contract),
        customer_id: id("acme"),
        opportunity_id: None,
        quote_id: None,
        renews_contract_id: renews.map(id),
        currency: id("USD"),
        starts_on: from,
        ends_on: to,
        billing: BillingTerms {
            frequency: BillingFrequency::Once,
            payment_days: 0,
        },
        lines: Vec::new(),
        rep_id: None,
        splits: Vec::new(),
    };
    Fact::Contract(id(contract), signed.into())
}

/// A customer, what is told of it, and what that brought.
struct World {
    company: Company,
    known: Vec<(DateTime<Utc>, Fact)>,
    done: BTreeSet<String>,
    brought: Vec<(DateTime<Utc>, Fact)>,
}

impl World {
    fn new(zone: Tz) -> Self {
        Self {
            company: company(zone),
            known: Vec::new(),
            done: BTreeSet::new(),
            brought: Vec::new(),
        }
    }

    fn account(&self) -> Account {
        Account::new(id("acme"), self.known.clone())
    }

    fn settle(&mut self, moment: Moment) {
        for _ in 0..1_000 {
            let wanted = reactions(&self.company, &self.account(), moment);
            let mut is_settled = true;
            for reaction in wanted {
                if !self.done.insert(reaction.command_id) {
                    continue;
                }
                is_settled = false;
                for fact in facts_of(reaction.what) {
                    self.brought.push((reaction.occurred_at, fact.clone()));
                    self.known.push((reaction.occurred_at, fact));
                }
            }
            if is_settled {
                return;
            }
        }
        panic!("it never ends");
    }

    fn tell(&mut self, at: DateTime<Utc>, fact: Fact) {
        self.known.push((at, fact));
        self.settle(Moment::After(at));
    }

    /// Follows what happened since a day began, as is done while the clock stands there.
    fn follow(&mut self, since: NaiveDate, to: DateTime<Utc>) {
        let start = self.company.zone.start(since);
        for at in self
            .account()
            .instants(start, to + TimeDelta::microseconds(1))
        {
            self.settle(Moment::After(at));
        }
    }

    /// Ends days as the clock does: what happened on each is looked at first.
    fn end_days(&mut self, from: NaiveDate, to: NaiveDate) {
        let mut day = from;
        let mut due = None;
        while day < to {
            let zone = &self.company.zone;
            let (start, end) = (zone.start(day), zone.start(day + Days::new(1)));
            let instants = self.account().instants(start, end);
            // A day on which nothing happens and nothing is due brings nothing.
            if !instants.is_empty() || due.is_none_or(|due| due <= day) {
                for at in instants {
                    self.settle(Moment::After(at));
                }
                self.settle(Moment::EndOf(day));
                due = due_next(&self.company, &self.account(), day).or(Some(NaiveDate::MAX));
            }
            day = day + Days::new(1);
        }
    }

    fn tasks(&self) -> BTreeMap<String, Task<'_>> {
        let mut facts: BTreeMap<&TaskId, Vec<(DateTime<Utc>, &TaskEvent)>> = BTreeMap::new();
        let mut known: Vec<_> = self.known.iter().collect();
        known.sort_by_key(|(at, _)| *at);
        for (at, fact) in known {
            if let Fact::Task(task_id, event) = fact {
                facts.entry(task_id).or_default().push((*at, event));
            }
        }
        let tasks = facts.into_iter();
        let tasks = tasks.filter_map(|(id, facts)| Some((id.to_string(), Task::of(facts)?)));
        tasks.collect()
    }

    /// Each task with its day, `!` if it was escalated, `-` if it was cancelled, `+` if it was done.
    fn told(&self) -> Vec<String> {
        let told = self.tasks().into_iter().map(|(id, task)| {
            let escalated = if task.escalated.is_some() { "!" } else { "" };
            let closed = match task.closed {
                None => "",
                Some((_, TaskEvent::TaskCompleted(_))) => "+",
                Some(_) => "-",
            };
            format!("{id} {}{escalated}{closed}", task.due_on)
        });
        told.collect()
    }
}

/// What a reaction brings about.
fn facts_of(what: Wanted) -> Vec<Fact> {
    let task = |task_id: TaskId, event: TaskEvent| vec![Fact::Task(task_id, event)];
    match what {
        Wanted::PlanTask(planned) => task(planned.task_id.clone(), (*planned).into()),
        Wanted::AssignTask(task_id, rep_id) => task(
            task_id,
            TaskAssigned {
                rep_id,
                previous_rep_id: None,
            }
            .into(),
        ),
        Wanted::MoveTask(task_id, due_on) => task(
            task_id,
            TaskMoved {
                due_on,
                previous_due_on: due_on,
                by_playbook: true,
                reason: None,
            }
            .into(),
        ),
        Wanted::EscalateTask(task_id, to_rep_id) => {
            task(task_id, TaskEscalated { to_rep_id }.into())
        }
        Wanted::CancelTask(task_id, reason) => {
            let reason = reason.to_owned();
            task(task_id, TaskCancelled { reason }.into())
        }
        Wanted::ReachMilestone(contract_id, reached) => {
            vec![Fact::Contract(contract_id, reached.into())]
        }
        Wanted::OpenRenewal(contract_id, opened) => {
            let registered = OpportunityRegistered {
                opportunity_id: opened.opportunity_id.clone(),
                name: "Renewal".to_owned(),
                kind: OpportunityKind::Renewal,
                sales_process_id: opened.sales_process_id.clone(),
                stage_id: id("lead"),
                rep_id: opened.rep_id.clone(),
                customer_id: Some(id("acme")),
                product_ids: Vec::new(),
                amount: Some(Money {
                    currency: id("USD"),
                    amount_minor: 0,
                }),
                expected_close_on: None,
                source: None,
                email: None,
                phone: None,
                external_id: None,
            };
            let opportunity_id = opened.opportunity_id.clone();
            let registered = OpportunityEvent::OpportunityRegistered(registered);
            vec![
                Fact::Contract(contract_id, opened.into()),
                Fact::Renewal(opportunity_id, registered),
            ]
        }
        Wanted::WinRenewal(opportunity_id, contract_id) => {
            let won = OpportunityWon {
                stage_id: id("lead"),
                amount: None,
                contract_id: Some(contract_id),
            };
            vec![Fact::Renewal(opportunity_id, won.into())]
        }
        Wanted::LoseRenewal(opportunity_id, reason) => {
            let lost = OpportunityLost {
                stage_id: id("lead"),
                reason: reason.to_owned(),
                note: None,
                competitor: None,
            };
            vec![Fact::Renewal(opportunity_id, lost.into())]
        }
        Wanted::RaiseAlarm(..) | Wanted::ClearAlarm(..) => Vec::new(),
    }
}

fn handed_over(contract: &str, day: &str) -> Fact {
    let over = ContractHandedOver {
        handed_over_on: on(day),
    };
    Fact::Contract(id(contract), over.into())
}

fn reached(contract: &str, milestone: &str, day: &str) -> Fact {
    let reached = MilestoneReached {
        milestone_id: id(milestone),
        reached_on: on(day),
    };
    Fact::Contract(id(contract), reached.into())
}

fn completed(task: &str) -> Fact {
    let completed = TaskCompleted {
        outcome: "done".to_owned(),
        note: None,
    };
    Fact::Task(id(task), completed.into())
}

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

/// Something that may happen to the customer, some minutes after what happened before.
#[derive(Debug, Clone, Copy)]
enum Next {
    Sign { days: u64 },
    HandOver { days: u64 },
    Reach { which: usize },
    Terminate { days: u64 },
    Renew,
    Csm { is_ann: bool },
    Complete { which: usize },
}

fn next() -> impl Strategy<Value = (i64, Next)> {
    let what = prop_oneof![
        3 => (20u64..500).prop_map(|days| Next::Sign { days }),
        1 => (0u64..40).prop_map(|days| Next::HandOver { days }),
        2 => (0usize..2).prop_map(|which| Next::Reach { which }),
        1 => (0u64..100).prop_map(|days| Next::Terminate { days }),
        1 => Just(Next::Renew),
        1 => any::<bool>().prop_map(|is_ann| Next::Csm { is_ann }),
        4 => (0usize..5).prop_map(|which| Next::Complete { which }),
    ];
    ((60i64..100_000), what)
}

/// What that comes to, with what is there.
fn happening(world: &World, next: Next, today: NaiveDate, count: usize) -> Vec<Fact> {
    let contracts: Vec<_> = world
        .known
        .iter()
        .filter_map(|(_, fact)| match fact {
            Fact::Contract(id, event_schemas::contract::ContractEvent::ContractSigned(signed)) => {
                Some((id.to_string(), signed.ends_on.unwrap()))
            }
            _ => None,
        })
        .collect();
    let latest = contracts.last();
    let ended = |contract: &str| {
        world.known.iter().any(|(_, fact)| {
            use event_schemas::contract::ContractEvent as E;
            matches!(fact, Fact::Contract(id, E::ContractTerminated(_) | E::ContractRenewed(_))
                if id.as_str() == contract)
        })
    };
    let reached_already = |contract: &str, milestone: &str| {
        world.known.iter().any(|(_, fact)| {
            use event_schemas::contract::ContractEvent as E;
            matches!(fact, Fact::Contract(id, E::MilestoneReached(m))
                if id.as_str() == contract && m.milestone_id.as_str() == milestone)
        })
    };
    let day = |days: u64| (today + Days::new(days)).to_string();
    match (next, latest) {
        (Next::Sign { days }, _) => {
            let name = format!("k{count}");
            vec![signed(&name, today, Some(today + Days::new(days)), None)]
        }
        (Next::HandOver { days }, Some((contract, _))) => vec![handed_over(contract, &day(days))],
        (Next::Reach { which }, Some((contract, _))) => {
            let milestone = if which == 0 {
                "deployed"
            } else {
                "first_review"
            };
            match reached_already(contract, milestone) || ended(contract) {
                true => Vec::new(),
                false => vec![reached(contract, milestone, &day(0))],
            }
        }
        (Next::Terminate { days }, Some((contract, ends_on)))
            if !ended(contract) && today + Days::new(days) < *ends_on =>
        {
            let terminated = ContractTerminated {
                effective_on: today + Days::new(days),
                reason: "price".to_owned(),
                note: None,
            };
            vec![Fact::Contract(id(contract), terminated.into())]
        }
        (Next::Renew, Some((contract, ends_on))) if !ended(contract) => {
            let name = format!("k{count}");
            let to = *ends_on + Days::new(365);
            let renewed = ContractRenewed {
                renewed_by_contract_id: id(&name),
            };
            vec![
                signed(&name, *ends_on, Some(to), Some(contract)),
                Fact::Contract(id(contract), renewed.into()),
            ]
        }
        (Next::Csm { is_ann }, _) => {
            let assigned = CsmAssigned {
                rep_id: id(if is_ann { "ann" } else { "bob" }),
                previous_rep_id: None,
            };
            vec![Fact::Customer(assigned.into())]
        }
        (Next::Complete { which }, _) => {
            let tasks = world.tasks();
            let open = tasks.iter().filter(|(_, task)| task.is_open());
            let chosen = open.map(|(id, _)| id.clone()).nth(which);
            chosen.iter().map(|id| completed(id)).collect()
        }
        _ => Vec::new(),
    }
}

/// What one brought and the other did not.
fn differences(one: &World, other: &World) -> Vec<String> {
    let told = |world: &World| -> BTreeSet<String> {
        let brought = world.brought.iter();
        brought.map(|(at, fact)| format!("{at} {fact:?}")).collect()
    };
    let (one, other) = (told(one), told(other));
    let missing = one.difference(&other).map(|told| format!("- {told}"));
    let more = other.difference(&one).map(|told| format!("+ {told}"));
    missing.chain(more).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// What is told live brings what it brings when it is told at once, or in two pieces, and the clock
    /// set going only then.
    #[test]
    fn whenever_it_is_told_it_brings_the_same(
        history in prop::collection::vec(next(), 1..14),
        zone in prop::sample::select(vec![Tz::UTC, Tz::Asia__Shanghai, Tz::America__New_York]),
        cut in 0usize..14,
    ) {
        let begin = at("2023-10-20T09:00:00Z");
        let mut live = World::new(zone);
        let first_day = live.company.zone.day(begin);
        let (mut now, mut ended) = (begin, first_day);
        let mut told: Vec<Vec<(DateTime<Utc>, Fact)>> = Vec::new();
        for (count, (minutes, next)) in history.into_iter().enumerate() {
            now += TimeDelta::minutes(minutes) + TimeDelta::microseconds(7);
            let today = live.company.zone.day(now);
            live.end_days(ended, today);
            ended = today;
            let facts = happening(&live, next, today, count);
            let facts: Vec<_> = facts.into_iter().map(|fact| (now, fact)).collect();
            live.known.extend(facts.clone());
            live.settle(Moment::After(now));
            told.push(facts);
        }
        let last_day = ended + Days::new(400);
        live.end_days(ended, last_day);

        let mut whole = World::new(zone);
        for facts in &told {
            whole.known.extend(facts.clone());
        }
        for (at, _) in told.iter().flatten() {
            whole.settle(Moment::After(*at));
        }
        whole.end_days(first_day, last_day);
        prop_assert_eq!(differences(&live, &whole), Vec::<String>::new());
        // Once more, and nothing is left.
        let before = whole.brought.len();
        whole.end_days(first_day, last_day);
        prop_assert_eq!(before, whole.brought.len());

        let mut pieces = World::new(zone);
        let (one, other) = told.split_at(cut.min(told.len()));
        for facts in one {
            pieces.known.extend(facts.clone());
        }
        for (at, _) in one.iter().flatten() {
            pieces.settle(Moment::After(*at));
        }
        let reached = one.iter().flatten().last().map(|(at, _)| pieces.company.zone.day(*at));
        let reached = reached.unwrap_or(first_day);
        pieces.end_days(first_day, reached);
        for facts in other {
            pieces.known.extend(facts.clone());
            if let Some((at, _)) = facts.first() {
                pieces.follow(reached, *at);
            }
        }
        pieces.end_days(reached, last_day);
        prop_assert_eq!(differences(&live, &pieces), Vec::<String>::new());
    }
}
