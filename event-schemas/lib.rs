//! The published facts: per stream category one room with its event types, the JSON Schema of
//! every version, the upcasters, and a sample of every version.
//!
//! Every event is a promise: once published, a schema never changes; a new shape is a new version
//! and an upcaster. `tests/published.rs` holds that.

#[macro_use]
mod events;
pub mod alarm;
pub mod clock;
pub mod commission_period;
pub mod commission_plan;
pub mod contract;
pub mod customer;
pub mod exchange_rate;
pub mod fixed_cost;
pub mod health_model;
pub mod interaction;
pub mod metric;
pub mod opportunity;
pub mod playbook;
pub mod product;
pub mod quote;
pub mod rep;
pub mod sales_process;
pub mod survey;
pub mod task;
pub mod team;
pub mod tenant;
pub mod ticket;
pub mod usage;
pub mod vocabulary;

pub use events::{DecodeError, Lift, Published, Room, StreamEvents, Upcast, no_upcast, read};

/// All rooms: the one list of what is published.
pub fn rooms() -> Vec<Room> {
    vec![
        Room::of::<alarm::AlarmEvent>(),
        Room::of::<clock::ClockEvent>(),
        Room::of::<commission_period::CommissionPeriodEvent>(),
        Room::of::<commission_plan::CommissionPlanEvent>(),
        Room::of::<contract::ContractEvent>(),
        Room::of::<customer::CustomerEvent>(),
        Room::of::<exchange_rate::ExchangeRateEvent>(),
        Room::of::<fixed_cost::FixedCostEvent>(),
        Room::of::<health_model::HealthModelEvent>(),
        Room::of::<interaction::InteractionEvent>(),
        Room::of::<metric::MetricEvent>(),
        Room::of::<opportunity::OpportunityEvent>(),
        Room::of::<playbook::PlaybookEvent>(),
        Room::of::<product::ProductEvent>(),
        Room::of::<quote::QuoteEvent>(),
        Room::of::<rep::RepEvent>(),
        Room::of::<sales_process::SalesProcessEvent>(),
        Room::of::<survey::SurveyEvent>(),
        Room::of::<task::TaskEvent>(),
        Room::of::<team::TeamEvent>(),
        Room::of::<tenant::TenantEvent>(),
        Room::of::<ticket::TicketEvent>(),
        Room::of::<usage::UsageEvent>(),
    ]
}
