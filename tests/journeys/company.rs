//! The company of the journeys: what it says, in its own words.

use client::{Client, CommandOptions, IntoKind, Refused};
use futures::future::join_all;
use proto::v1;
use proto::v1::{Command, Receipt, SubmitRequest};

/// The stages of its sales process, in order.
pub(crate) const STAGES: [&str; 4] = ["lead", "qualified", "proposal", "negotiation"];

/// A sum in US dollars.
pub(crate) fn usd(amount: &str) -> Option<v1::Money> {
    Some(v1::Money {
        currency_code: "USD".into(),
        amount: amount.into(),
    })
}

/// Its sales process, `b2b`.
pub(crate) fn process() -> v1::DefineSalesProcess {
    let stages = STAGES.map(|id| v1::Stage {
        stage_id: id.into(),
        name: id.to_uppercase(),
        ..v1::Stage::default()
    });
    v1::DefineSalesProcess {
        sales_process_id: "b2b".into(),
        name: "New business".into(),
        stages: stages.into(),
    }
}

/// The same process, with what has to be done in the first stage.
pub(crate) fn process_with_checklist() -> v1::DefineSalesProcess {
    let item = |id: &str, required| v1::ChecklistItem {
        item_id: id.into(),
        text: format!("Ask about the {id}"),
        required,
    };
    let mut process = process();
    process.stages[0].checklist = vec![item("budget", true), item("pain", false)];
    process
}

pub(crate) fn rep(id: &str) -> v1::RegisterRep {
    v1::RegisterRep {
        rep_id: id.into(),
        name: format!("Rep {id}"),
        email: String::new(),
    }
}

pub(crate) fn lead(id: &str) -> v1::RegisterOpportunity {
    v1::RegisterOpportunity {
        opportunity_id: id.into(),
        name: format!("Deal {id}"),
        sales_process_id: "b2b".into(),
        ..v1::RegisterOpportunity::default()
    }
}

pub(crate) fn assign(id: &str, rep: &str) -> v1::AssignLead {
    v1::AssignLead {
        opportunity_id: id.into(),
        rep_id: rep.into(),
        reason: String::new(),
    }
}

pub(crate) fn advance(id: &str, stage: &str) -> v1::AdvanceStage {
    v1::AdvanceStage {
        opportunity_id: id.into(),
        to_stage_id: stage.into(),
        note: String::new(),
    }
}

pub(crate) fn worth(id: &str, amount: &str) -> v1::ChangeAmount {
    v1::ChangeAmount {
        opportunity_id: id.into(),
        amount: usd(amount),
    }
}

pub(crate) fn win(id: &str) -> v1::WinOpportunity {
    v1::WinOpportunity {
        opportunity_id: id.into(),
        amount: None,
    }
}

pub(crate) fn customer(id: &str) -> v1::RegisterCustomer {
    let profile = v1::CustomerProfile {
        name: format!("Customer {id}"),
        ..Default::default()
    };
    v1::RegisterCustomer {
        customer_id: id.into(),
        profile: Some(profile),
        external_id: None,
    }
}

/// Defines the sales process and registers the reps Ann and Bob: three events.
pub(crate) async fn found(client: &Client) {
    tell(client, process()).await;
    tell(client, rep("ann")).await;
    tell(client, rep("bob")).await;
}

/// An element of a bulk stream.
pub(crate) fn element(command_id: &str, command: impl IntoKind) -> SubmitRequest {
    let command = Some(Command {
        kind: command.into_kind(),
    });
    SubmitRequest {
        command_id: command_id.into(),
        command,
        ..SubmitRequest::default()
    }
}

/// A command under an id.
pub(crate) fn under(id: &str) -> CommandOptions {
    CommandOptions {
        command_id: Some(id.to_owned()),
        ..CommandOptions::default()
    }
}

/// Sends a command that is taken.
pub(crate) async fn tell(client: &Client, command: impl IntoKind) -> Receipt {
    client
        .command(CommandOptions::default(), command)
        .await
        .unwrap()
}

/// Sends commands that are taken, all at once.
pub(crate) async fn tell_all<C: IntoKind>(
    client: &Client,
    commands: impl IntoIterator<Item = C>,
) -> Vec<Receipt> {
    join_all(commands.into_iter().map(|command| tell(client, command))).await
}

/// Sends a command that is refused.
pub(crate) async fn refused(client: &Client, command: impl IntoKind) -> Refused {
    let answer = client.command(CommandOptions::default(), command).await;
    let error = answer.expect_err("a refusal");
    error.refused().unwrap_or_else(|| panic!("{error}")).clone()
}
