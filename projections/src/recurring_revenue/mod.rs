//! Recurring revenue: what do customers pay each month, how does that move, and how much of it stays?
//! For revenue leads, customer success and analysts. A read model that one question is asked of.

mod fold;
mod query;
mod recurring;
mod tell;

use event_schemas::contract::ContractEvent;
use event_schemas::customer::CustomerEvent;
use event_schemas::product::ProductEvent;
use event_schemas::tenant::TenantEvent;
use event_schemas::vocabulary::StreamName;

use crate::engine::fold::{Fact, FoldedRow, ReadModel, folded};
use crate::engine::generation::Model;

pub(crate) use query::answer;

/// What the engine must know of it.
pub(crate) const MODEL: Model = Model::of::<RecurringRevenue>(&["recurring_revenue"]);

/// The read model.
pub(crate) struct RecurringRevenue;

folded! {
    Contract(ContractEvent),
    Customer(CustomerEvent),
    Product(ProductEvent),
    Tenant(TenantEvent),
}

impl ReadModel for RecurringRevenue {
    type Event = Event;

    const NAME: &'static str = "recurring_revenue";
    const VERSION: u32 = 1;
    const TABLES: &'static str = include_str!("tables.sql");

    fn fold(stream: &StreamName, history: &[Fact<'_, Event>]) -> Vec<FoldedRow> {
        fold::rows(stream.id(), history)
    }
}

impl Event {
    /// What changes no row is not kept: a contract may have many invoices and payments.
    fn says_something(&self) -> bool {
        match self {
            Self::Contract(event) => matches!(
                event,
                ContractEvent::ContractSigned(_)
                    | ContractEvent::ContractAmended(_)
                    | ContractEvent::ContractTerminated(_)
            ),
            Self::Customer(event) => matches!(
                event,
                CustomerEvent::CustomerRegistered(_) | CustomerEvent::CustomerUpdated(_)
            ),
            Self::Product(event) => matches!(event, ProductEvent::ProductRegistered(_)),
            Self::Tenant(TenantEvent::TenantConfigured(_)) => true,
        }
    }
}
