//! What comes from outside: whatever a message holds, it is a command that cannot be wrong, or it is
//! told which fields are.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on ends"
)]

extern crate twinfunnel_domain as domain;

mod commission;
mod customers;
mod fields;
mod follow_up;
mod messages;
mod samples;

use domain::InvalidCommand;
use proto::commands::Route;
use proto::v1::command::Kind;
use serde_json::Value;

/// Reads a command as the executor does; only its wrong fields are of interest here.
fn read(command: Kind) -> Result<(), InvalidCommand> {
    match Route::from(command) {
        Route::CommissionPlan(command) => domain::commission_plan::parse(command).map(drop),
        Route::CommissionStatement(command) => domain::commission_period::parse(command).map(drop),
        Route::Contract(command) => domain::contract::parse(command).map(drop),
        Route::Customer(command) => domain::customer::parse(command).map(drop),
        Route::ExchangeRate(command) => domain::exchange_rate::parse(command).map(drop),
        Route::FixedCost(command) => domain::fixed_cost::parse(command).map(drop),
        Route::HealthModel(command) => domain::health_model::parse(command).map(drop),
        Route::Interaction(command) => domain::interaction::parse(command).map(drop),
        Route::Metric(command) => domain::metric::parse(command).map(drop),
        Route::Opportunity(command) => domain::opportunity::parse(command).map(drop),
        Route::Playbook(command) => domain::playbook::parse(command).map(drop),
        Route::Product(command) => domain::product::parse(command).map(drop),
        Route::Quote(command) => domain::quote::parse(command).map(drop),
        Route::Rep(command) => domain::rep::parse(command).map(drop),
        Route::SalesProcess(command) => domain::sales_process::parse(command).map(drop),
        Route::Survey(command) => domain::survey::parse(command).map(drop),
        Route::Task(command) => domain::task::parse(command).map(drop),
        Route::Team(command) => domain::team::parse(command).map(drop),
        Route::Tenant(command) => domain::tenant::parse(command).map(drop),
        Route::Ticket(command) => domain::ticket::parse(command).map(drop),
        Route::Usage(command) => domain::usage::parse(command).map(drop),
    }
}

/// The wrong fields of a command written as JSON.
fn wrong_fields(command: &Value) -> Vec<String> {
    let command: proto::v1::Command = proto::json::from_str(&command.to_string()).unwrap();
    match read(command.kind.unwrap()) {
        Ok(()) => Vec::new(),
        Err(wrong) => {
            assert!(!wrong.violations.is_empty(), "what is refused has a reason");
            wrong
                .violations
                .into_iter()
                .map(|violation| violation.field)
                .collect()
        }
    }
}
