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
use event_schemas::{DecodeError, StreamEvents as _};

use crate::engine::fold::{Fact, FoldedRow, ReadModel};
use crate::engine::generation::Model;

pub(crate) use picked::{Gathered, Labels, Measure, Picked};
pub(crate) use process::{Process, Stage};

/// What the engine must know of it.
pub(crate) const MODEL: Model = Model::of::<Pipeline>(&["funnel_conversion", "pipeline_velocity"]);

/// The read model.
pub(crate) struct Pipeline;

/// What it folds.
#[derive(Debug)]
pub(crate) enum Event {
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
    const CATEGORIES: &'static [&'static str] = &[
        CustomerEvent::CATEGORY,
        OpportunityEvent::CATEGORY,
        ProductEvent::CATEGORY,
        RepEvent::CATEGORY,
        SalesProcessEvent::CATEGORY,
        TeamEvent::CATEGORY,
        TenantEvent::CATEGORY,
    ];

    fn decode(
        category: &str,
        event_type: &str,
        version: u32,
        payload: &[u8],
    ) -> Result<Option<Event>, DecodeError> {
        let event = match category {
            CustomerEvent::CATEGORY => {
                Event::Customer(CustomerEvent::decode(event_type, version, payload)?)
            }
            OpportunityEvent::CATEGORY => {
                Event::Opportunity(OpportunityEvent::decode(event_type, version, payload)?)
            }
            ProductEvent::CATEGORY => {
                Event::Product(ProductEvent::decode(event_type, version, payload)?)
            }
            RepEvent::CATEGORY => Event::Rep(RepEvent::decode(event_type, version, payload)?),
            SalesProcessEvent::CATEGORY => {
                Event::SalesProcess(SalesProcessEvent::decode(event_type, version, payload)?)
            }
            TeamEvent::CATEGORY => Event::Team(TeamEvent::decode(event_type, version, payload)?),
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
