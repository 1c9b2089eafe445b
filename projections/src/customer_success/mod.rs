//! Customer success: everything about a customer under its id, and what its health follows from. One
//! read model, because both of its questions, [customer health](crate::customer_health) and [the
//! whole picture of a customer](crate::customer_picture), are about the same rows.
//!
//! Rows hold the instants at which they became true, so that the end of any day can be asked about.

mod fold;
pub(crate) mod models;
pub(crate) mod standing;
pub(crate) mod usage;

use event_schemas::alarm::AlarmEvent;
use event_schemas::contract::ContractEvent;
use event_schemas::customer::CustomerEvent;
use event_schemas::health_model::HealthModelEvent;
use event_schemas::interaction::InteractionEvent;
use event_schemas::metric::MetricEvent;
use event_schemas::rep::RepEvent;
use event_schemas::survey::SurveyEvent;
use event_schemas::task::TaskEvent;
use event_schemas::tenant::TenantEvent;
use event_schemas::ticket::TicketEvent;
use event_schemas::usage::UsageEvent;
use event_schemas::vocabulary::StreamName;

use crate::engine::fold::{Fact, FoldedRow, ReadModel, folded};
use crate::engine::generation::Model;

/// What the engine must know of it.
pub(crate) const MODEL: Model =
    Model::of::<CustomerSuccess>(&["customer_health", "customer_picture"]);

/// The read model.
pub(crate) struct CustomerSuccess;

folded! {
    Alarm(AlarmEvent),
    Contract(ContractEvent),
    Customer(CustomerEvent),
    HealthModel(HealthModelEvent),
    Interaction(InteractionEvent),
    Metric(MetricEvent),
    Rep(RepEvent),
    Survey(SurveyEvent),
    Task(TaskEvent),
    Tenant(TenantEvent),
    Ticket(TicketEvent),
    Usage(UsageEvent),
}

impl ReadModel for CustomerSuccess {
    type Event = Event;

    const NAME: &'static str = "customer_success";
    const VERSION: u32 = 2;
    const TABLES: &'static str = include_str!("tables.sql");

    fn fold(stream: &StreamName, history: &[Fact<'_, Event>]) -> Vec<FoldedRow> {
        fold::rows(stream, history)
    }
}

impl Event {
    /// What changes no row is not kept: what we earn and spend says nothing of how a customer stands.
    fn says_something(&self) -> bool {
        !matches!(
            self,
            Self::Contract(
                ContractEvent::RevenueRecognized(_) | ContractEvent::DirectCostRecorded(_)
            ) | Self::Rep(
                RepEvent::TeamJoined(_)
                    | RepEvent::TeamLeft(_)
                    | RepEvent::QuotaSet(_)
                    | RepEvent::TerritoryAssigned(_)
                    | RepEvent::RepDeactivated(_)
            )
        )
    }
}
