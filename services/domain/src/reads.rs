//! What a decision may know besides its own aggregate: who asks, when the command occurred, and the
//! other aggregates it declared to read.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, SubsecRound as _, Utc};

use crate::claim::Claim;
use crate::commission_period::CommissionStatement;
use crate::commission_plan::CommissionPlan;
use crate::contract::Contract;
use crate::customer::Customer;
use crate::metric::Metric;
use crate::opportunity::Opportunity;
use crate::product::Product;
use crate::quote::Quote;
use crate::rep::Rep;
pub(crate) use crate::sales_process::SalesProcess;
use crate::team::Team;
use crate::tenant::Tenant;

/// Names the kinds of aggregate that decisions may read: one line a kind.
macro_rules! readable {
    ($($(#[$doc:meta])* $kind:ident, $get:ident);+ $(;)?) => {
        /// Another aggregate that a decision reads.
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub enum Reference {
            $($(#[$doc])* $kind(String)),+
        }

        /// The state of another aggregate, as it was when the decision was taken.
        #[derive(Debug, Clone)]
        pub enum Read {
            $($(#[$doc])* $kind(Arc<$kind>)),+
        }

        impl Reads {
            $($(#[$doc])*
            /// `None` where it was not declared.
            pub fn $get(&self, id: &str) -> Option<&$kind> {
                self.found.iter().find_map(|(reference, read)| match (reference, read) {
                    (Reference::$kind(name), Read::$kind(state)) if name == id => Some(&**state),
                    _ => None,
                })
            })+
        }
    };
}

readable! {
    /// A sales process.
    SalesProcess, sales_process;
    /// A rep.
    Rep, rep;
    /// A team.
    Team, team;
    /// A customer.
    Customer, customer;
    /// A metric.
    Metric, metric;
    /// A product.
    Product, product;
    /// An opportunity.
    Opportunity, opportunity;
    /// A quote.
    Quote, quote;
    /// A contract.
    Contract, contract;
    /// A commission plan.
    CommissionPlan, commission_plan;
    /// A closed commission statement.
    CommissionStatement, commission_statement;
    /// The tenant itself.
    Tenant, tenant;
}

/// What a decision may know besides its own aggregate.
#[derive(Debug, Clone)]
pub struct Reads {
    /// When what the command tells occurred; whole microseconds, as the log keeps it.
    pub occurred_at: DateTime<Utc>,
    /// Who asks.
    pub actor: String,
    found: Vec<(Reference, Read)>,
    taken: Arc<HashSet<Claim>>,
}

impl Reads {
    /// A decision that reads nothing but who asks, and the time.
    pub fn new(actor: impl Into<String>, occurred_at: DateTime<Utc>) -> Self {
        Self {
            occurred_at: occurred_at.trunc_subsecs(6),
            actor: actor.into(),
            found: Vec::new(),
            taken: Arc::default(),
        }
    }

    /// The same, taken to have occurred at another time.
    pub fn occurring_at(self, occurred_at: DateTime<Utc>) -> Self {
        Self {
            occurred_at,
            ..self
        }
    }

    /// Refers to the tenant itself: what [`Reads::day`] needs.
    pub(crate) fn own_tenant() -> Reference {
        Reference::Tenant(crate::tenant::ID.to_owned())
    }

    /// The day on which the command occurred, in the tenant's time zone.
    pub(crate) fn day(&self) -> NaiveDate {
        self.day_of(self.occurred_at)
    }

    /// The day that an instant falls on, in the tenant's time zone.
    pub(crate) fn day_of(&self, at: DateTime<Utc>) -> NaiveDate {
        match self.tenant(crate::tenant::ID) {
            Some(tenant) => tenant.day_of(at),
            None => at.date_naive(),
        }
    }

    /// The same, when it was found that these are another's.
    pub fn when_taken(self, taken: Arc<HashSet<Claim>>) -> Self {
        Self { taken, ..self }
    }

    /// Whether a value that the command can do without is known to be another's. See
    /// [`Decider::goes_without`](crate::Decider::goes_without).
    pub(crate) fn is_taken(&self, claim: impl FnOnce() -> Claim) -> bool {
        !self.taken.is_empty() && self.taken.contains(&claim())
    }

    /// With another aggregate's state. One that never was has its default state.
    pub fn with(mut self, reference: Reference, read: Read) -> Self {
        self.found.push((reference, read));
        self
    }
}
