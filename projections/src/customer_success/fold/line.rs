//! What happened, as a line of a customer's time line: short, and without personal text.

use event_schemas::StreamEvents as _;
use event_schemas::alarm::AlarmEvent;
use event_schemas::contract::ContractEvent;
use event_schemas::customer::CustomerEvent;
use event_schemas::interaction::InteractionEvent;
use event_schemas::survey::SurveyEvent;
use event_schemas::task::TaskEvent;
use event_schemas::ticket::TicketEvent;
use event_schemas::vocabulary::StreamName;

use super::{micros, row, version};
use crate::customer_success::Event;
use crate::engine::db::Table;
use crate::engine::fold::{Fact, FoldedRow};

static TIME_LINE: Table = Table {
    name: "time_line",
    key: &["customer_id", "occurred_at", "stream", "version"],
    columns: &["event_type", "line"],
};

/// One line for each fact that has one.
pub(super) fn lines(
    customer_id: &str,
    stream: &StreamName,
    history: &[Fact<'_, Event>],
    rows: &mut Vec<FoldedRow>,
) {
    for fact in history {
        let Some((event_type, line)) = told(stream.id(), fact.event) else {
            continue;
        };
        rows.push(row(
            &TIME_LINE,
            [
                customer_id.into(),
                micros(fact.occurred_at).into(),
                stream.as_str().into(),
                version(fact.version),
                event_type.into(),
                line.as_str().into(),
            ],
        ));
    }
}

fn told(id: &str, event: &Event) -> Option<(&'static str, String)> {
    match event {
        Event::Alarm(event) => Some((event.event_type(), alarm(event))),
        Event::Contract(event) => Some((event.event_type(), contract(id, event))),
        Event::Customer(event) => Some((event.event_type(), customer(event))),
        Event::Interaction(event) => Some((event.event_type(), interaction(event))),
        Event::Survey(event) => Some((event.event_type(), survey(event))),
        Event::Task(event) => Some((event.event_type(), task(id, event))),
        Event::Ticket(event) => Some((event.event_type(), ticket(id, event))),
        Event::HealthModel(_)
        | Event::Metric(_)
        | Event::Rep(_)
        | Event::Tenant(_)
        | Event::Usage(_) => None,
    }
}

fn customer(event: &CustomerEvent) -> String {
    match event {
        CustomerEvent::CustomerRegistered(_) => "customer registered".into(),
        CustomerEvent::CustomerUpdated(_) => "what is known of it was replaced".into(),
        CustomerEvent::ContactAdded(event) => {
            format!(
                "contact {} added{}",
                event.contact_id,
                super::customer::as_roles(&event.profile)
            )
        }
        CustomerEvent::ContactUpdated(event) => {
            format!(
                "contact {} updated{}",
                event.contact_id,
                super::customer::as_roles(&event.profile)
            )
        }
        CustomerEvent::ContactRemoved(event) => format!("contact {} has gone", event.contact_id),
        CustomerEvent::CsmAssigned(event) => format!("given to {}", event.rep_id),
        CustomerEvent::ChurnRecorded(event) => {
            format!("leaves on {}: {}", event.churned_on, event.reason)
        }
    }
}

fn contract(id: &str, event: &ContractEvent) -> String {
    match event {
        ContractEvent::ContractSigned(event) => {
            let ends = event.ends_on.map(|on| format!(" to {on}"));
            let ends = ends.unwrap_or_default();
            format!(
                "contract {id} signed, in force from {}{ends}",
                event.starts_on
            )
        }
        ContractEvent::ContractAmended(event) => {
            let kind = match event.kind {
                event_schemas::contract::AmendmentKind::Expansion => "expanded",
                event_schemas::contract::AmendmentKind::Contraction => "contracted",
                event_schemas::contract::AmendmentKind::Term => "goes on the same",
            };
            let ends = event.ends_on.map(|on| format!(" to {on}"));
            let ends = ends.unwrap_or_default();
            format!("contract {id} {kind} from {}{ends}", event.effective_on)
        }
        ContractEvent::ContractReassigned(event) => {
            format!("contract {id} given to {}", event.rep_id)
        }
        ContractEvent::RevenueRecognized(event) => {
            format!("delivery {} under contract {id}", event.delivery_id)
        }
        ContractEvent::InvoiceIssued(event) => {
            format!(
                "invoice {} issued, due on {}",
                event.invoice_id, event.due_on
            )
        }
        ContractEvent::PaymentReceived(event) => {
            format!(
                "payment {} for invoice {}",
                event.payment_id, event.invoice_id
            )
        }
        ContractEvent::PaymentRefunded(event) => {
            format!("refund {} of payment {}", event.refund_id, event.payment_id)
        }
        ContractEvent::DirectCostRecorded(event) => format!("cost {}", event.cost_id),
        ContractEvent::ContractTerminated(event) => {
            format!(
                "contract {id} terminated on {}: {}",
                event.effective_on, event.reason
            )
        }
        ContractEvent::ContractRenewed(event) => {
            format!("contract {id} renewed by {}", event.renewed_by_contract_id)
        }
        ContractEvent::ContractHandedOver(event) => {
            format!("contract {id} handed over on {}", event.handed_over_on)
        }
        ContractEvent::MilestoneReached(event) => {
            format!(
                "contract {id} reached {} on {}",
                event.milestone_id, event.reached_on
            )
        }
        ContractEvent::RenewalOpened(event) => {
            format!(
                "renewal of contract {id} opened as {}",
                event.opportunity_id
            )
        }
    }
}

fn ticket(id: &str, event: &TicketEvent) -> String {
    match event {
        TicketEvent::TicketOpened(event) => {
            format!(
                "ticket {id} opened, {}",
                super::voice::priority(event.priority)
            )
        }
        TicketEvent::TicketAnswered(_) => format!("ticket {id} answered"),
        TicketEvent::TicketEscalated(_) => format!("ticket {id} escalated"),
        TicketEvent::TicketClosed(_) => format!("ticket {id} closed"),
        TicketEvent::TicketReopened(_) => format!("ticket {id} opened again"),
        TicketEvent::TicketRated(event) => {
            format!("ticket {id} rated {} of 5", event.satisfaction)
        }
    }
}

fn survey(event: &SurveyEvent) -> String {
    match event {
        SurveyEvent::SurveyAnswered(event) => {
            let by = event.contact_id.as_ref().map(|id| format!(" by {id}"));
            format!(
                "survey answered{}: {} of 10",
                by.unwrap_or_default(),
                event.score
            )
        }
    }
}

fn interaction(event: &InteractionEvent) -> String {
    match event {
        InteractionEvent::InteractionLogged(event) => {
            let by = event.rep_id.as_ref().map(|id| format!(" by {id}"));
            format!("{}{}", event.channel.as_str(), by.unwrap_or_default())
        }
    }
}

fn task(id: &str, event: &TaskEvent) -> String {
    match event {
        TaskEvent::TaskPlanned(event) => {
            format!("task {id} planned for {}: {}", event.due_on, event.name)
        }
        TaskEvent::TaskAssigned(event) => format!("task {id} given to {}", event.rep_id),
        TaskEvent::TaskMoved(event) => format!("task {id} moved to {}", event.due_on),
        TaskEvent::TaskSnoozed(event) => format!("task {id} snoozed until {}", event.until_on),
        TaskEvent::TaskItemCompleted(event) => format!("task {id}: {} done", event.item_id),
        TaskEvent::TaskEscalated(event) => {
            let to = event.to_rep_id.as_ref().map(|id| format!(" to {id}"));
            format!("task {id} escalated{}", to.unwrap_or_default())
        }
        TaskEvent::TaskCompleted(event) => format!("task {id} done: {}", event.outcome),
        TaskEvent::TaskCancelled(event) => format!("task {id} cancelled: {}", event.reason),
    }
}

fn alarm(event: &AlarmEvent) -> String {
    match event {
        AlarmEvent::AlarmRaised(event) => {
            format!("{}: {}", event.cause.as_str(), event.explanation)
        }
        AlarmEvent::AlarmCleared(event) => format!("no more cause to worry on {}", event.on),
    }
}
