//! Following up: what is known of how customers are followed up. Two questions are asked of it, the [work
//! list](crate::work_list) and [alarms](crate::alarm); and [what should be done](figures::follow_up)
//! follows from it.
//!
//! Rows tell which streams are about whom. How things stood at any instant is folded from their facts
//! when it is asked, by the calculator that the reactors use, so that the two cannot differ.

mod facts;
mod fold;

use event_schemas::alarm::AlarmEvent;
use event_schemas::clock::ClockEvent;
use event_schemas::contract::ContractEvent;
use event_schemas::customer::CustomerEvent;
use event_schemas::opportunity::OpportunityEvent;
use event_schemas::playbook::PlaybookEvent;
use event_schemas::product::ProductEvent;
use event_schemas::rep::RepEvent;
use event_schemas::sales_process::SalesProcessEvent;
use event_schemas::task::TaskEvent;
use event_schemas::team::TeamEvent;
use event_schemas::tenant::TenantEvent;
use event_schemas::vocabulary::StreamName;

pub(crate) use facts::facts_of;

use crate::engine::fold::{Fact, FoldedRow, ReadModel, folded};
use crate::engine::generation::Model;

/// What the engine must know of it.
pub(crate) const MODEL: Model = Model::of::<FollowUp>(&["work_list", "alarm"]);

/// The read model.
pub(crate) struct FollowUp;

folded! {
    Alarm(AlarmEvent),
    Clock(ClockEvent),
    Contract(ContractEvent),
    Customer(CustomerEvent),
    Opportunity(OpportunityEvent),
    Playbook(PlaybookEvent),
    Product(ProductEvent),
    Rep(RepEvent),
    SalesProcess(SalesProcessEvent),
    Task(TaskEvent),
    Team(TeamEvent),
    Tenant(TenantEvent),
}

impl ReadModel for FollowUp {
    type Event = Event;

    const NAME: &'static str = "follow_up";
    const VERSION: u32 = 1;
    const TABLES: &'static str = include_str!("tables.sql");

    fn fold(stream: &StreamName, history: &[Fact<'_, Event>]) -> Vec<FoldedRow> {
        fold::rows(stream, history)
    }
}

impl Event {
    /// What nothing follows from is not kept.
    fn says_something(&self) -> bool {
        match self {
            Self::Contract(event) => !matches!(
                event,
                ContractEvent::RevenueRecognized(_)
                    | ContractEvent::InvoiceIssued(_)
                    | ContractEvent::PaymentReceived(_)
                    | ContractEvent::PaymentRefunded(_)
                    | ContractEvent::DirectCostRecorded(_)
            ),
            Self::Customer(event) => matches!(event, CustomerEvent::CsmAssigned(_)),
            Self::Opportunity(event) => matches!(
                event,
                OpportunityEvent::OpportunityRegistered(_)
                    | OpportunityEvent::OpportunityWon(_)
                    | OpportunityEvent::OpportunityLost(_)
            ),
            Self::Product(event) => matches!(event, ProductEvent::ProductRetired(_)),
            Self::Rep(event) => matches!(
                event,
                RepEvent::RepDeactivated(_) | RepEvent::TeamJoined(_) | RepEvent::TeamLeft(_)
            ),
            Self::SalesProcess(event) => {
                matches!(event, SalesProcessEvent::SalesProcessDefined(_))
            }
            Self::Team(event) => !matches!(event, TeamEvent::RegionMoved(_)),
            Self::Alarm(_)
            | Self::Clock(_)
            | Self::Playbook(_)
            | Self::Task(_)
            | Self::Tenant(_) => true,
        }
    }
}
