//! The second funnel of the demo: what the export of a subscription business tells of its customers.

use std::net::SocketAddr;

use chrono::NaiveDate;
use client::Client;
use proto::v1;

use super::{Format, happened_by};
use crate::export::{self, Source};
use crate::import_saas::{self, Dirt, Export, Sources};
use crate::{output, render};

/// The day after the last that the data tell of: all of it has happened by then.
const ASKED_ON: NaiveDate = match NaiveDate::from_ymd_opt(2025, 1, 1) {
    Some(day) => day,
    None => NaiveDate::MAX,
};

/// Sends the history, and asks; the answers as text.
pub(super) async fn show(client: &Client, format: Format) -> anyhow::Result<String> {
    let export = Export::read(&embedded())?;
    let mut dirt = Dirt::of(&export.bad_rows);
    let commands = import_saas::commands(&export, &mut dirt);
    output::tell(&dirt.to_string());
    let summary = export::send(client, commands).await?;
    output::tell_line(&summary.to_string());

    let question = v1::GetRecurringRevenueRequest {
        with_cohorts: true,
        consistency: Some(happened_by(ASKED_ON, summary.position)),
        ..v1::GetRecurringRevenueRequest::default()
    };
    let revenue = client.recurring_revenue(question).await?;
    match format {
        Format::Table => Ok(render::revenue::table(&revenue)),
        Format::Json => {
            let all = serde_json::json!({ "recurringRevenue": proto::json::to_value(&revenue)? });
            Ok(format!("{all}\n"))
        }
    }
}

/// The history that comes with the program.
fn embedded() -> Sources {
    macro_rules! source {
        ($name:literal) => {
            Source::embedded(
                $name,
                include_str!(concat!("../../../../tests/data/saas/", $name)),
            )
        };
    }
    Sources {
        accounts: source!("ravenstack_accounts.csv"),
        subscriptions: source!("ravenstack_subscriptions.csv"),
        usage: source!("ravenstack_feature_usage.csv"),
        tickets: source!("ravenstack_support_tickets.csv"),
        churns: source!("ravenstack_churn_events.csv"),
    }
}

/// Says what to do with a server that stays up.
pub(super) fn invite(address: SocketAddr) {
    let server = format!("--server http://{address}");
    output::tell_line(&format!(
        "\nIt listens on {address} until Ctrl-C. Ask it more from another terminal:\n\
         \n  twinfunnel show revenue --period quarter --by industry,product --to {ASKED_ON} {server}\
         \n  twinfunnel show revenue --filter customer=A-2e4581 --happened-by 2024-07-01 {server}\
         \n  twinfunnel show customer A-2e4581 {server}",
    ));
}
