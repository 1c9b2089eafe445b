//! Commission: what a plan pays a participant, exact, and explained down to the events.
//!
//! A [`Book`] gathers facts, in whatever order they arrive; [`statement`] evaluates one plan for one
//! participant and one period from them, in one order: credit, basis, discount, tiers and rates,
//! SPIFs, overrides, floor, cap, guaranteed minimum, holdback, claw-backs and adjustments, draw.
//!
//! Transactions count in the order in which they occurred, then in that of their positions. A line
//! is rounded half up, and cumulatively within a window (that of the tiers, or the statement's
//! period where there are none): `line = round(earned up to it) − round(earned before it)`. So the
//! lines of a window sum to its rounded whole, however a sum is cut into deals, and a statement is
//! the sum of its lines.
//!
//! What a claw-back takes is money that was paid, at the rate that was applied in the end: it does not move
//! a window back, and what floor or cap kept is not taken.

mod ask;
mod book;
mod earn;
mod estimate;
mod exact;
mod explain;
mod late;
mod ledger;
mod needed;
mod opening;
mod overrides;
mod quota;
mod settle;
mod signals;
mod spifs;
mod statement;
mod steps;
mod taken;
mod terms;
mod tiers;
mod timeline;
mod transactions;
mod window;

use chrono::NaiveDate;
use event_schemas::vocabulary::{CommissionPlanId, ContractId, Currency, LineId, RepId};

pub use crate::calendar::{Span, Zone};
pub use ask::OpenDeal;
pub use book::{Book, BookError, Life, SUPPOSED, Standing};
pub use estimate::{Deal, Estimate, estimate};
pub use exact::half_up;
pub use explain::explain;
pub use needed::{Needed, needed};
pub use signals::{Signal, SignalKind, Watch, signals};
pub use statement::{digest, statement};
pub use terms::{Violation, check_successor, validate};

/// Why a statement cannot be calculated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalculateError {
    /// No version of the plan is published.
    #[error("no version of plan {0} is published")]
    UnknownPlan(CommissionPlanId),
    /// The rep never took part in the plan up to then.
    #[error("{rep_id} takes no part in plan {plan_id} up to {until_on}")]
    NotEnrolled {
        /// Who.
        rep_id: RepId,
        /// The plan.
        plan_id: CommissionPlanId,
        /// The end of the period asked for.
        until_on: NaiveDate,
    },
    /// The plan has other periods.
    #[error("the plan has no period from {from_on} to {to_on}")]
    NotAPeriod {
        /// The first day asked for.
        from_on: NaiveDate,
        /// The day after the last.
        to_on: NaiveDate,
    },
    /// A sum in another currency cannot be converted.
    #[error("no exchange rate from {} to {} is known on {on}", from.code(), to.code())]
    NoExchangeRate {
        /// From which currency.
        from: Currency,
        /// To which.
        to: Currency,
        /// On which day.
        on: NaiveDate,
    },
    /// Tiers count attainment, and there is no quota to reach.
    #[error("{rep_id} has no quota from {from_on} to {to_on}")]
    NoQuota {
        /// Whose.
        rep_id: RepId,
        /// The first day of the window.
        from_on: NaiveDate,
        /// The day after its last.
        to_on: NaiveDate,
    },
    /// The plan has no rate for a line.
    #[error("the plan has no rate for line {line_id} of contract {contract_id}")]
    NoRate {
        /// The contract.
        contract_id: ContractId,
        /// Its line.
        line_id: LineId,
    },
    /// The shares of a contract, overlays apart, are not the whole.
    #[error("the shares of contract {contract_id} make up {total} of 10000")]
    SharesNotWhole {
        /// The contract.
        contract_id: ContractId,
        /// Their sum, in basis points.
        total: u64,
    },
    /// A sum is larger than can be held exactly.
    #[error("a sum is out of range")]
    OutOfRange,
}
