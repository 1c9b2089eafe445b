//! `twinfunnel audit reconcile`: all closed statements of a tenant, computed anew.

use std::process::ExitCode;

use anyhow::Context as _;
use event_schemas::vocabulary::TenantId;
use futures::StreamExt as _;
use proto::v1;
use proto::v1::follow_request::From;
use proto::v1::follow_response::Item;

use crate::connect::ConnectArgs;
use crate::{output, progress, seal};

/// Options of `audit reconcile`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// One JSON object a statement, instead of text for those that differ.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Prints what differs; fails if anything does.
pub(crate) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let client = args.connect.client()?;
    let tenant = TenantId::new(args.connect.tenant())?;
    let head = client.list_read_models().await?.head;
    let bar = progress::bar(head, "events");
    let filter = v1::EventFilter {
        categories: projections::COMMISSION_CATEGORIES
            .map(str::to_owned)
            .to_vec(),
        ..v1::EventFilter::default()
    };
    let question = v1::FollowRequest {
        from: Some(From::AfterPosition(0)),
        filter: Some(filter),
        until_head: true,
        ..v1::FollowRequest::default()
    };
    let mut answers = client.follow(question).await?;
    let mut events = Vec::new();
    while let Some(answer) = answers.next().await {
        match answer?.item {
            Some(Item::Event(event)) => {
                bar.set_position(event.position);
                events.push(seal::recorded(&tenant, event)?);
            }
            Some(Item::CaughtUpTo(position)) => bar.set_position(position),
            Some(Item::Heartbeat(_)) | None => {}
        }
    }
    bar.finish_and_clear();
    let mut lines = Vec::new();
    let found = audit::reconcile(&events, |one| {
        if args.json {
            lines.extend(serde_json::to_string(one).ok());
            return;
        }
        for difference in &one.differences {
            lines.push(format!("statement {}: {difference}", one.statement_id));
        }
    });
    let found = found.context("an event cannot be read")?;
    for line in &lines {
        output::write_line(line)?;
    }
    let differing = found.iter().filter(|one| !one.differences.is_empty());
    let differing = differing.count();
    output::tell_line(&format!(
        "{} closed statements computed anew from {} events: {}",
        found.len(),
        events.len(),
        match differing {
            0 => "all are what was frozen".to_owned(),
            count => format!("{count} differ"),
        }
    ));
    Ok(if differing == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
