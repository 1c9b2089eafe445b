//! The pipeline: every opportunity's course, and all it can be cut by. One read model, because both
//! of its questions, [funnel conversion](crate::funnel_conversion) and [pipeline
//! velocity](crate::pipeline_velocity), are about the same rows.

mod fold;
mod picked;
mod process;

use event_schemas::customer::CustomerEvent;
use event_schemas::opportunity::OpportunityEvent;
use event_schemas::product::ProductEvent;
use event_schemas::rep::RepEvent;
use event_schemas::sales_process::SalesProcessEvent;
use event_schemas::team::TeamEvent;
use event_schemas::tenant::TenantEvent;
use event_schemas::vocabulary::StreamName;

use crate::engine::fold::{Fact, FoldedRow, ReadModel, folded};
use crate::engine::generation::Model;

pub(crate) use picked::{Gathered, Labels, Measure, Picked};
pub(crate) use process::{Process, Stage};

/// What the engine must know of it.
pub(crate) const MODEL: Model = Model::of::<Pipeline>(&["funnel_conversion", "pipeline_velocity"]);

/// The read model.
pub(crate) struct Pipeline;

folded! {
    Customer(CustomerEvent),
    Opportunity(OpportunityEvent),
    Product(ProductEvent),
    Rep(RepEvent),
    SalesProcess(SalesProcessEvent),
    Team(TeamEvent),
    Tenant(TenantEvent),
}

impl ReadModel for Pipeline {
    type Event = Event;

    const NAME: &'static str = "pipeline";
    const VERSION: u32 = 1;
    const TABLES: &'static str = include_str!("tables.sql");

    fn fold(stream: &StreamName, history: &[Fact<'_, Event>]) -> Vec<FoldedRow> {
        fold::rows(stream.id(), history)
    }
}

impl Event {
    /// What changes no row is not kept: an opportunity may have thousands of activities.
    fn says_something(&self) -> bool {
        !matches!(
            self,
            Self::Opportunity(
                OpportunityEvent::ActivityLogged(_)
                    | OpportunityEvent::ChecklistItemCompleted(_)
                    | OpportunityEvent::ExpectedCloseChanged(_)
            ) | Self::Customer(
                CustomerEvent::ContactAdded(_)
                    | CustomerEvent::ContactUpdated(_)
                    | CustomerEvent::ContactRemoved(_)
                    | CustomerEvent::CsmAssigned(_)
                    | CustomerEvent::ChurnRecorded(_)
            ) | Self::Product(ProductEvent::ListPriceChanged(_) | ProductEvent::ProductRetired(_))
                | Self::Rep(RepEvent::RepDeactivated(_))
                | Self::Team(TeamEvent::ManagerAppointed(_))
        )
    }
}
