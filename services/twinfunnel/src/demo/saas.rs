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

/// Customers that are shown to people, and to programs: more than the export has.
const WORST: u32 = 10;
const ALL: u32 = 1_000;

/// Sends the history, and asks; the answers as text.
pub(super) async fn show(client: &Client, format: Format) -> anyhow::Result<String> {
    let export = Export::read(&embedded())?;
    let mut dirt = Dirt::of(&export.bad_rows);
    let commands = import_saas::commands(&export, &mut dirt);
    output::tell(&dirt.to_string());
    let summary = export::send(client, commands).await?;
    output::tell_line(&summary.to_string());

    let consistency = Some(happened_by(ASKED_ON, summary.position));
    let revenue = client.recurring_revenue(v1::GetRecurringRevenueRequest {
        with_cohorts: true,
        consistency,
        ..v1::GetRecurringRevenueRequest::default()
    });
    let health = client.list_customer_health(v1::ListCustomerHealthRequest {
        cut_by: vec![v1::BookDimension::Industry.into()],
        page_size: match format {
            Format::Table => WORST,
            Format::Json => ALL,
        },
        consistency,
        ..v1::ListCustomerHealthRequest::default()
    });
    let (revenue, health) = (revenue.await?, health.await?);
    match format {
        Format::Table => {
            let revenue = render::revenue::table(&revenue);
            Ok(format!("{revenue}\n{}", render::health::book(&health)))
        }
        Format::Json => {
            let all = serde_json::json!({
                "recurringRevenue": proto::json::to_value(&revenue)?,
                "health": proto::json::to_value(&health)?,
            });
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
         \n  twinfunnel show health --customer A-2e4581 --on 2024-12-31 {server}\
         \n  twinfunnel show customer A-2e4581 {server}\
         \n  twinfunnel tick --at 2023-12-31 {server}    # what a year would have asked of whom\
         \n  twinfunnel show tasks --on 2023-12-31 {server}",
    ));
}
