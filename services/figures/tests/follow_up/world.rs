//! A customer, what is told of it, and what that brings.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use event_schemas::contract::{
    AmendmentKind, BillingFrequency, BillingTerms, ContractAmended, ContractEvent,
    ContractHandedOver, ContractSigned, MilestoneReached,
};
use event_schemas::opportunity::{
    ExpectedCloseChanged, OpportunityEvent, OpportunityKind, OpportunityLost,
    OpportunityRegistered, OpportunityWon,
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

pub(crate) fn id<T: TryFrom<String, Error: std::fmt::Debug>>(text: &str) -> T {
    T::try_from(text.to_owned()).unwrap()
}

pub(crate) fn on(day: &str) -> NaiveDate {
    day.parse().unwrap()
}

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(crate) fn company(zone: Tz) -> Company {
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

pub(crate) fn signed(
    contract: &str,
    from: NaiveDate,
    to: Option<NaiveDate>,
    renews: Option<&str>,
) -> Fact {
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
pub(crate) struct World {
    pub(crate) company: Company,
    pub(crate) known: Vec<(DateTime<Utc>, Fact)>,
    done: BTreeSet<String>,
    pub(crate) brought: Vec<(DateTime<Utc>, Fact)>,
}

impl World {
    pub(crate) fn new(zone: Tz) -> Self {
        Self {
            company: company(zone),
            known: Vec::new(),
            done: BTreeSet::new(),
            brought: Vec::new(),
        }
    }

    pub(crate) fn account(&self) -> Account {
        Account::new(id("acme"), self.known.clone())
    }

    pub(crate) fn settle(&mut self, moment: Moment) {
        for _ in 0..1_000 {
            let wanted = reactions(&self.company, &self.account(), moment);
            let mut is_settled = true;
            for reaction in wanted {
                if !self.done.insert(reaction.command_id) {
                    continue;
                }
                is_settled = false;
                for fact in self.facts_of(reaction.what, reaction.occurred_at) {
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

    pub(crate) fn tell(&mut self, at: DateTime<Utc>, fact: Fact) {
        self.known.push((at, fact));
        self.settle(Moment::After(at));
    }

    /// Follows what happened since a day began, as is done while the clock stands there.
    pub(crate) fn follow(&mut self, since: NaiveDate, to: DateTime<Utc>) {
        let start = self.company.zone.start(since);
        for at in self
            .account()
            .instants(start, to + TimeDelta::microseconds(1))
        {
            self.settle(Moment::After(at));
        }
    }

    /// Ends days as the clock does: what happened on each is looked at first.
    pub(crate) fn end_days(&mut self, from: NaiveDate, to: NaiveDate) {
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

    pub(crate) fn tasks(&self) -> BTreeMap<String, Task<'_>> {
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
    pub(crate) fn told(&self) -> Vec<String> {
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

impl World {
    /// When a contract ends, as was agreed by an instant.
    fn agreed_end_on(&self, contract_id: &ContractId, by: DateTime<Utc>) -> Option<NaiveDate> {
        let mut known: Vec<_> = self.known.iter().filter(|(at, _)| *at <= by).collect();
        known.sort_by_key(|(at, _)| *at);
        let told = known.into_iter().filter_map(|(_, fact)| match fact {
            Fact::Contract(id, event) if id == contract_id => Some(event),
            _ => None,
        });
        let mut ends = told.filter_map(|event| match event {
            ContractEvent::ContractSigned(signed) => signed.ends_on,
            ContractEvent::ContractAmended(amended) => amended.ends_on,
            _ => None,
        });
        ends.next_back()
    }

    /// What a reaction brings about.
    fn facts_of(&self, what: Wanted, occurred_at: DateTime<Utc>) -> Vec<Fact> {
        let expected_close_on = match &what {
            Wanted::OpenRenewal(contract_id, _) => self.agreed_end_on(contract_id, occurred_at),
            _ => None,
        };
        facts_of(what, expected_close_on)
    }
}

/// What a reaction brings about; a renewal is expected to close on a day.
fn facts_of(what: Wanted, expected_close_on: Option<NaiveDate>) -> Vec<Fact> {
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
                expected_close_on,
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
        Wanted::MoveRenewal(opportunity_id, expected_close_on) => {
            let changed = ExpectedCloseChanged { expected_close_on };
            vec![Fact::Renewal(opportunity_id, changed.into())]
        }
        Wanted::WinRenewal(opportunity_id, contract_id, value) => {
            let won = OpportunityWon {
                stage_id: id("lead"),
                amount: Some(value),
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

pub(crate) fn handed_over(contract: &str, day: &str) -> Fact {
    let over = ContractHandedOver {
        handed_over_on: on(day),
    };
    Fact::Contract(id(contract), over.into())
}

pub(crate) fn moved_end(contract: &str, from: NaiveDate, ends_on: NaiveDate) -> Fact {
    let amended = ContractAmended {
        amendment_id: id("a"),
        kind: AmendmentKind::Term,
        effective_on: from,
        ends_on: Some(ends_on),
        changes: Vec::new(),
        splits: Vec::new(),
    };
    Fact::Contract(id(contract), amended.into())
}

pub(crate) fn reached(contract: &str, milestone: &str, day: &str) -> Fact {
    let reached = MilestoneReached {
        milestone_id: id(milestone),
        reached_on: on(day),
    };
    Fact::Contract(id(contract), reached.into())
}

pub(crate) fn completed(task: &str) -> Fact {
    let completed = TaskCompleted {
        outcome: "done".to_owned(),
        note: None,
    };
    Fact::Task(id(task), completed.into())
}
