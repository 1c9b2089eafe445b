//! From what is to be done to commands.

use domain::{Ask, alarm, clock, contract, opportunity, task};
use event_schemas::vocabulary::{Position, TenantId};
use executor::Envelope;
use figures::follow_up::{Reaction, Wanted};

use crate::{ACTOR, Error, Reactors};

/// Who is asked for what.
fn ask(what: Wanted) -> Ask {
    match what {
        Wanted::PlanTask(planned) => {
            Ask::Task(planned.task_id.to_string(), task::Command::Plan(planned))
        }
        Wanted::AssignTask(task_id, rep_id) => {
            Ask::Task(task_id.to_string(), task::Command::Assign { rep_id })
        }
        Wanted::MoveTask(task_id, due_on) => {
            let command = task::Command::Move {
                due_on,
                by_playbook: true,
                reason: None,
            };
            Ask::Task(task_id.to_string(), command)
        }
        Wanted::EscalateTask(task_id, to_rep_id) => {
            Ask::Task(task_id.to_string(), task::Command::Escalate { to_rep_id })
        }
        Wanted::CancelTask(task_id, reason) => {
            let reason = reason.to_owned();
            Ask::Task(task_id.to_string(), task::Command::Cancel { reason })
        }
        Wanted::ReachMilestone(contract_id, reached) => Ask::Contract(
            contract_id.to_string(),
            contract::Command::ReachMilestone(reached),
        ),
        Wanted::OpenRenewal(contract_id, opened) => Ask::Contract(
            contract_id.to_string(),
            contract::Command::OpenRenewal(opened),
        ),
        Wanted::MoveRenewal(opportunity_id, expected_close_on) => {
            let command = opportunity::Command::ChangeExpectedClose { expected_close_on };
            Ask::Opportunity(opportunity_id.to_string(), command)
        }
        Wanted::WinRenewal(opportunity_id, contract_id, value) => {
            let command = opportunity::Command::Win {
                amount: Some(value),
                contract_id: Some(contract_id),
            };
            Ask::Opportunity(opportunity_id.to_string(), command)
        }
        Wanted::LoseRenewal(opportunity_id, reason) => {
            let command = opportunity::Command::Lose {
                reason: reason.to_owned(),
                note: None,
                competitor: None,
            };
            Ask::Opportunity(opportunity_id.to_string(), command)
        }
        Wanted::RaiseAlarm(alarm_id, raised) => Ask::Alarm(alarm_id, alarm::Command::Raise(raised)),
        Wanted::ClearAlarm(alarm_id, cleared) => {
            Ask::Alarm(alarm_id, alarm::Command::Clear(cleared))
        }
    }
}

impl Reactors {
    /// Carries a reaction out. What a rule forbids is not done: somebody was faster, or wants it
    /// otherwise. None then; else the position that holds what was done.
    pub(crate) async fn carry_out(
        &self,
        tenant: &TenantId,
        reaction: Reaction,
    ) -> Result<Option<Position>, Error> {
        let envelope = envelope(tenant, reaction.command_id, reaction.occurred_at);
        let command_id = envelope.command_id.clone();
        match self.0.executor.react(envelope, ask(reaction.what)).await {
            Ok(receipt) => {
                metrics::counter!("reactions_total").increment(1);
                Ok(Some(receipt.position))
            }
            Err(
                error @ (executor::Error::Refused(_)
                | executor::Error::Invalid(_)
                | executor::Error::Taken { .. }
                | executor::Error::CommandIdReused
                | executor::Error::TooLarge(_)),
            ) => {
                tracing::debug!(%error, %tenant, %command_id, "a reaction was refused");
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Records that a day has ended.
    pub(crate) async fn end(
        &self,
        tenant: &TenantId,
        day: chrono::NaiveDate,
        at: chrono::DateTime<chrono::Utc>,
    ) -> Result<Position, Error> {
        let envelope = envelope(tenant, format!("react~day~{day}"), at);
        let command = Ask::Clock(clock::ID.to_owned(), clock::Command::EndDay { day });
        Ok(self.0.executor.react(envelope, command).await?.position)
    }
}

fn envelope(
    tenant: &TenantId,
    command_id: String,
    occurred_at: chrono::DateTime<chrono::Utc>,
) -> Envelope {
    Envelope {
        tenant: tenant.clone(),
        command_id,
        actor: ACTOR.to_owned(),
        occurred_at,
        correlation_id: None,
        causation_id: None,
        trace_context: None,
    }
}
