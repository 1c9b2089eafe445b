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
use event_schemas::{DecodeError, StreamEvents as _};

use crate::engine::fold::{Fact, FoldedRow, ReadModel};
use crate::engine::generation::Model;

pub(crate) use query::answer;

/// What the engine must know of it.
pub(crate) const MODEL: Model = Model::of::<RecurringRevenue>(&["recurring_revenue"]);

/// The read model.
pub(crate) struct RecurringRevenue;

/// What it folds.
#[derive(Debug)]
pub(crate) enum Event {
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
    const CATEGORIES: &'static [&'static str] = &[
        ContractEvent::CATEGORY,
        CustomerEvent::CATEGORY,
        ProductEvent::CATEGORY,
        TenantEvent::CATEGORY,
    ];

    fn decode(
        category: &str,
        event_type: &str,
        version: u32,
        payload: &[u8],
    ) -> Result<Option<Event>, DecodeError> {
        let event = match category {
            ContractEvent::CATEGORY => {
                Event::Contract(ContractEvent::decode(event_type, version, payload)?)
            }
            CustomerEvent::CATEGORY => {
                Event::Customer(CustomerEvent::decode(event_type, version, payload)?)
            }
            ProductEvent::CATEGORY => {
                Event::Product(ProductEvent::decode(event_type, version, payload)?)
            }
            TenantEvent::CATEGORY => {
                Event::Tenant(TenantEvent::decode(event_type, version, payload)?)
            }
            _ => return Ok(None),
        };
        Ok(event.says_something().then_some(event))
    }

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
