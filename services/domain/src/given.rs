//! The language of the rules' tests: given what happened, when a caller asks, then that follows.
//!
//! Commands are messages, read as the door reads them. Whatever a test is about, it holds for each
//! command too that a decision reads nothing but what it declared, that what is decided evolves
//! the state to what a replay gives, and that what is said twice is said once.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on ends"
)]

use std::fmt::Debug;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, TimeZone as _, Utc};
use event_schemas::StreamEvents;
use event_schemas::customer::{ContactAdded, CustomerEvent, CustomerRegistered};
use event_schemas::rep::{RepEvent, RepRegistered};
use event_schemas::vocabulary::{Currency, Money};
use futures::FutureExt as _;
use proto::commands::Route;
use proto::v1;
use proto::v1::command::Kind;
use serde_json::Value;

use crate::{
    Addressed, Aggregated, Ask, Claim, ClaimChange, Decider, Fact, InvalidCommand, Read, Reads,
    Reference, Refused, decide_and_evolve,
};

/// Nine o'clock on a day of March 2017.
pub(crate) fn day(day: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2017, 3, day, 9, 0, 0).unwrap()
}

/// The same as a message says it.
pub(crate) fn told(at: DateTime<Utc>) -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp {
        seconds: at.timestamp(),
        nanos: i32::try_from(at.timestamp_subsec_nanos()).unwrap(),
    })
}

/// Whole dollars as a message says them.
pub(crate) fn dollars(amount: u32) -> Option<v1::Money> {
    Some(v1::Money {
        currency_code: "USD".to_owned(),
        amount: amount.to_string(),
    })
}

/// Whole dollars.
pub(crate) fn usd(amount: i64) -> Money {
    Money {
        currency: Currency::new("USD").unwrap(),
        amount_minor: amount * 100,
    }
}

/// Any identifier.
pub(crate) fn id<T: TryFrom<String, Error: Debug>>(text: &str) -> T {
    T::try_from(text.to_owned()).unwrap()
}

/// The customer Acme, with Ann there.
pub(crate) fn acme() -> Given<crate::customer::Customer> {
    let profile = serde_json::json!({ "customer_id": "acme", "profile": { "name": "Acme" } });
    let person = serde_json::json!({ "contact_id": "ann", "profile": { "name": "Ann" } });
    let registered: CustomerRegistered = serde_json::from_value(profile).unwrap();
    let added: ContactAdded = serde_json::from_value(person).unwrap();
    given([CustomerEvent::from(registered), added.into()])
}

/// A rep who is registered.
pub(crate) fn rep(rep_id: &str) -> Given<crate::rep::Rep> {
    given([RepEvent::from(RepRegistered {
        rep_id: id(rep_id),
        name: rep_id.to_owned(),
        email: None,
    })])
}

/// An aggregate that is asked as callers ask it.
pub(crate) trait Asked: Decider<Event: Happened<To = Self>> {
    fn parse(command: Kind) -> Result<Addressed<Self>, InvalidCommand>;
}

/// To what an event happens.
pub(crate) trait Happened: StreamEvents + Debug + PartialEq {
    type To: Asked<Event = Self>;
}

macro_rules! asked {
    ($($noun:ident $room:ident $event:ident),+ $(,)?) => {$(
        impl Asked for crate::$room::$noun {
            fn parse(command: Kind) -> Result<Addressed<Self>, InvalidCommand> {
                match Route::from(command) {
                    Route::$noun(command) => crate::$room::parse(command),
                    other => panic!("this is not for {}: {other:?}", stringify!($noun)),
                }
            }
        }

        impl Happened for event_schemas::$room::$event {
            type To = crate::$room::$noun;
        }
    )+};
}

asked! {
    CommissionPlan commission_plan CommissionPlanEvent,
    CommissionStatement commission_period CommissionPeriodEvent,
    Contract contract ContractEvent,
    Customer customer CustomerEvent,
    ExchangeRate exchange_rate ExchangeRateEvent,
    FixedCost fixed_cost FixedCostEvent,
    HealthModel health_model HealthModelEvent,
    Interaction interaction InteractionEvent,
    Metric metric MetricEvent,
    Opportunity opportunity OpportunityEvent,
    Playbook playbook PlaybookEvent,
    Product product ProductEvent,
    Quote quote QuoteEvent,
    Rep rep RepEvent,
    SalesProcess sales_process SalesProcessEvent,
    Survey survey SurveyEvent,
    Task task TaskEvent,
    Team team TeamEvent,
    Tenant tenant TenantEvent,
    Ticket ticket TicketEvent,
    Usage usage UsageEvent,
}

/// What no caller may ask for is asked by the service itself.
macro_rules! asked_within {
    ($($noun:ident $room:ident $event:ident),+ $(,)?) => {$(
        impl Asked for crate::$room::$noun {
            fn parse(command: Kind) -> Result<Addressed<Self>, InvalidCommand> {
                panic!("nobody asks {} for {command:?}", stringify!($noun))
            }
        }

        impl Happened for event_schemas::$room::$event {
            type To = crate::$room::$noun;
        }
    )+};
}

asked_within!(Alarm alarm AlarmEvent, Clock clock ClockEvent);

/// An aggregate that others read.
pub(crate) trait Readable: Asked {
    fn read(id: &str, state: Self) -> (Reference, Read);
}

macro_rules! readable {
    ($($noun:ident $room:ident),+ $(,)?) => {$(
        impl Readable for crate::$room::$noun {
            fn read(id: &str, state: Self) -> (Reference, Read) {
                (Reference::$noun(id.to_owned()), Read::$noun(Arc::new(state)))
            }
        }
    )+};
}

readable!(
    CommissionPlan commission_plan, CommissionStatement commission_period, Contract contract,
    Customer customer, Metric metric, Opportunity opportunity, Product product, Quote quote, Rep rep,
    SalesProcess sales_process, Team team, Tenant tenant,
);

/// What happened, and what else there is.
#[derive(Debug, Clone)]
pub(crate) struct Given<D: Decider> {
    history: Vec<Fact<D::Event>>,
    others: Vec<(Reference, Read)>,
    taken: Vec<Claim>,
    asked_at: DateTime<Utc>,
    actor: &'static str,
}

/// Given what happened on the first of March; what is asked is asked on the tenth; Ann does it all.
pub(crate) fn given<E: Happened>(events: impl IntoIterator<Item = E>) -> Given<E::To> {
    nothing().and_on(1, events)
}

/// Given that nothing happened.
pub(crate) fn nothing<D: Asked>() -> Given<D> {
    Given {
        history: Vec::new(),
        others: Vec::new(),
        taken: Vec::new(),
        asked_at: day(10),
        actor: "ann",
    }
}

impl<D: Asked> Given<D> {
    /// And, recorded after that, what happened on another day.
    pub(crate) fn and_on(mut self, on: u32, events: impl IntoIterator<Item = D::Event>) -> Self {
        let facts = events.into_iter().map(|event| Fact {
            event,
            occurred_at: day(on),
            actor: self.actor.to_owned(),
        });
        self.history.extend(facts);
        self
    }

    /// With another aggregate to read.
    pub(crate) fn knowing<O: Readable>(mut self, id: &str, other: &Given<O>) -> Self {
        self.others.push(O::read(id, other.state()));
        self
    }

    /// A value that the command can do without is another's.
    pub(crate) fn taken(mut self, scope: &'static str, value: &str) -> Self {
        self.taken.push(Claim {
            scope,
            value: value.to_owned(),
            personal: false,
        });
        self
    }

    /// Somebody else does what comes next.
    pub(crate) fn by(mut self, actor: &'static str) -> Self {
        self.actor = actor;
        self
    }

    /// What is asked occurs on another day.
    pub(crate) fn on(self, on: u32) -> Self {
        self.at(day(on))
    }

    /// What is asked occurs at an instant.
    pub(crate) fn at(mut self, asked_at: DateTime<Utc>) -> Self {
        self.asked_at = asked_at;
        self
    }

    /// The state that what happened comes to.
    pub(crate) fn state(&self) -> D {
        let mut state = D::default();
        for fact in &self.history {
            state.evolve(&fact.event, fact.occurred_at);
            state.done_by(&fact.event, &fact.actor);
        }
        state
    }

    /// What happened, in the order in which it was recorded.
    pub(crate) fn history(&self) -> &[Fact<D::Event>] {
        &self.history
    }

    fn reads(&self, references: &[Reference]) -> Reads {
        let declared = |(reference, _): &&(Reference, Read)| references.contains(reference);
        let others = self.others.iter().filter(declared).cloned();
        let reads = Reads::new(self.actor, self.asked_at);
        others.fold(
            reads.when_taken(Arc::new(self.taken.iter().cloned().collect())),
            |reads, (reference, read)| reads.with(reference, read),
        )
    }

    /// When a caller asks for something.
    pub(crate) fn when(self, command: Kind) -> Then<D> {
        let parsed = D::parse(command);
        let parsed = parsed.unwrap_or_else(|wrong| panic!("not a command: {wrong}"));
        self.when_asked(parsed.command)
    }

    /// When another aggregate asks for something.
    #[expect(clippy::needless_pass_by_value, reason = "it reads as `when` does")]
    pub(crate) fn when_asked(mut self, command: D::Command) -> Then<D> {
        let before = self.state();
        let reads = self.reads(&before.references(&command));
        let mut state = Aggregated(before);
        let ask = |state: &mut Aggregated<D>| {
            let decided = decide_and_evolve(state, command.clone(), &reads);
            let decided = decided.now_or_never().unwrap();
            decided.map_err(Refused::from)
        };
        let decided = ask(&mut state);
        let claims = decided.iter().flatten();
        let claims = claims
            .flat_map(|fact| state.0.claims(&fact.event))
            .collect();
        let mut asks = D::asks_with(&command);
        let facts = decided.iter().flatten();
        asks.extend(facts.flat_map(|fact| state.0.asks(&fact.event)));
        self.history.extend(decided.iter().flatten().cloned());
        assert_eq!(
            told_of(&state.0),
            told_of(&self.state()),
            "what was decided evolves as a replay does"
        );
        let again = ask(&mut state);
        match (&decided, &again) {
            (Ok(_), again) => assert_eq!(*again, Ok(Vec::new()), "said twice is said once"),
            (refused, again) => assert_eq!(refused, again, "a refusal changes nothing"),
        }
        Then {
            given: self,
            decided,
            claims,
            asks,
        }
    }
}

fn told_of(state: &impl serde::Serialize) -> Value {
    serde_json::to_value(state).unwrap()
}

/// What follows.
#[derive(Debug)]
pub(crate) struct Then<D: Decider> {
    given: Given<D>,
    decided: Result<Vec<Fact<D::Event>>, Refused>,
    claims: Vec<ClaimChange>,
    asks: Vec<Ask>,
}

impl<D: Asked> Then<D> {
    /// Then that happens.
    #[track_caller]
    pub(crate) fn then(self, events: impl IntoIterator<Item = D::Event>) -> Self {
        let events: Vec<_> = events.into_iter().collect();
        match &self.decided {
            Ok(facts) => {
                let decided: Vec<_> = facts.iter().map(|fact| fact.event.clone()).collect();
                assert_eq!(decided, events);
            }
            Err(refused) => panic!("{}: {refused}", refused.reason),
        }
        self
    }

    /// Then nothing happens: it is so already.
    #[track_caller]
    pub(crate) fn then_nothing(self) -> Self {
        self.then([])
    }

    /// Then it is refused, for that reason and with those facts, written `name=value`.
    #[track_caller]
    pub(crate) fn then_refused(self, reason: &str, facts: &[&str]) {
        match &self.decided {
            Ok(events) => panic!("it is not refused: {events:?}"),
            Err(refused) => {
                let told = refused
                    .facts
                    .iter()
                    .map(|(name, fact)| format!("{name}={fact}"));
                let told: Vec<_> = told.collect();
                assert_eq!(refused.reason, reason);
                assert_eq!(told, facts);
            }
        }
    }

    /// And it is recorded as having occurred then.
    #[track_caller]
    pub(crate) fn and_occurred(self, at: DateTime<Utc>) -> Self {
        for fact in self.decided.iter().flatten() {
            assert_eq!(fact.occurred_at, at);
        }
        self
    }

    /// And values are taken (`+`) and given back (`-`), written `+scope value`.
    #[track_caller]
    pub(crate) fn and_claims(self, claims: &[&str]) -> Self {
        let told = self.claims.iter().map(|change| match change {
            ClaimChange::Take(claim) => format!("+{} {}", claim.scope, claim.value),
            ClaimChange::GiveBack(claim) => format!("-{} {}", claim.scope, claim.value),
        });
        assert_eq!(told.collect::<Vec<_>>(), claims);
        self
    }

    /// And that is asked of others.
    #[track_caller]
    pub(crate) fn and_asks(self, asks: impl IntoIterator<Item = Ask>) -> Self {
        assert_eq!(self.asks, asks.into_iter().collect::<Vec<_>>());
        self
    }

    /// And after that.
    pub(crate) fn and(self) -> Given<D> {
        self.given
    }
}

/// Asks one thing after another, each at its own time: minutes after the first of March. Nothing
/// panics, and what holds for every command holds for each of them.
pub(crate) fn live<D: Asked>(
    given: Given<D>,
    commands: impl IntoIterator<Item = (i64, Kind)>,
) -> Given<D> {
    commands
        .into_iter()
        .fold(given, |given, (minutes, command)| {
            let at = day(1) + TimeDelta::minutes(minutes);
            given.at(at).when(command).and()
        })
}
