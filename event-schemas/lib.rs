//! The published facts: per stream category one room with its event types, the JSON Schema of
//! every version, the upcasters, and a sample of every version.
//!
//! Every event is a promise: once published, a schema never changes; a new shape is a new version
//! and an upcaster. `tests/published.rs` holds that.

#[macro_use]
mod events;
pub mod commission_period;
pub mod commission_plan;
pub mod contract;
pub mod customer;
pub mod exchange_rate;
pub mod fixed_cost;
pub mod opportunity;
pub mod product;
pub mod quote;
pub mod rep;
pub mod sales_process;
pub mod team;
pub mod tenant;
pub mod vocabulary;

pub use events::{DecodeError, Lift, Published, Room, StreamEvents, Upcast, no_upcast, read};

/// All rooms: the one list of what is published.
pub fn rooms() -> Vec<Room> {
    vec![
        Room::of::<commission_period::CommissionPeriodEvent>(),
        Room::of::<commission_plan::CommissionPlanEvent>(),
        Room::of::<contract::ContractEvent>(),
        Room::of::<customer::CustomerEvent>(),
        Room::of::<exchange_rate::ExchangeRateEvent>(),
        Room::of::<fixed_cost::FixedCostEvent>(),
        Room::of::<opportunity::OpportunityEvent>(),
        Room::of::<product::ProductEvent>(),
        Room::of::<quote::QuoteEvent>(),
        Room::of::<rep::RepEvent>(),
        Room::of::<sales_process::SalesProcessEvent>(),
        Room::of::<team::TeamEvent>(),
        Room::of::<tenant::TenantEvent>(),
    ]
}
