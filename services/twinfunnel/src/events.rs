//! `twinfunnel log` and `twinfunnel follow`: recorded events, one a line as JSON.

use std::process::ExitCode;

use anyhow::Context as _;
use chrono::SecondsFormat;
use client::Client;
use futures::StreamExt as _;
use prost_types::Timestamp;
use proto::instant::from_timestamp;
use proto::v1::follow_request::From;
use proto::v1::follow_response::Item;
use proto::v1::{Event, EventFilter, FollowRequest, ReadStreamRequest};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::connect::ConnectArgs;
use crate::output;

/// Options of `log`.
#[derive(Debug, clap::Args)]
pub(crate) struct LogArgs {
    #[command(flatten)]
    filter: FilterArgs,
    /// Begin at this position.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    from_position: Option<u64>,
    /// Print at most this many.
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Options of `follow`.
#[derive(Debug, clap::Args)]
pub(crate) struct FollowArgs {
    #[command(flatten)]
    filter: FilterArgs,
    /// Begin at this position; with what comes next if not given.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    from_position: Option<u64>,
    /// End after this many.
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Which events are printed.
#[derive(Debug, clap::Args)]
struct FilterArgs {
    /// Only of this stream, such as opportunity-1C1I7A6R. May be given several times.
    #[arg(long, value_name = "STREAM")]
    stream: Vec<String>,
    /// Only of these types, such as OpportunityWon,OpportunityLost.
    #[arg(long = "type", value_name = "TYPE", value_delimiter = ',')]
    types: Vec<String>,
    /// Only of these categories, such as opportunity.
    #[arg(long, value_name = "CATEGORY", value_delimiter = ',')]
    category: Vec<String>,
}

impl FilterArgs {
    fn filter(self) -> EventFilter {
        EventFilter {
            categories: self.category,
            types: self.types,
            streams: self.stream,
        }
    }
}

/// Prints what is recorded, up to the head.
pub(crate) async fn log(args: LogArgs) -> anyhow::Result<ExitCode> {
    let client = args.connect.client()?;
    let mut printer = Printer {
        left: args.limit.unwrap_or(u64::MAX),
        position: 0,
    };
    let filter = args.filter.filter();
    // The events of one stream lie together: they are not looked for in the whole log.
    if let (None, [stream], [], []) = (
        args.from_position,
        filter.streams.as_slice(),
        filter.types.as_slice(),
        filter.categories.as_slice(),
    ) {
        let question = ReadStreamRequest {
            stream: stream.clone(),
            ..ReadStreamRequest::default()
        };
        let mut answers = client.read_stream(question).await?;
        while printer.left > 0 {
            let Some(answer) = answers.next().await else {
                break;
            };
            if let Some(event) = answer?.event {
                printer.print(&event)?;
            }
        }
        return Ok(ExitCode::SUCCESS);
    }
    let from = From::AfterPosition(args.from_position.unwrap_or(1).saturating_sub(1));
    print_log(&client, from, filter, true, &mut printer).await?;
    Ok(ExitCode::SUCCESS)
}

/// Prints what comes.
pub(crate) async fn follow(args: FollowArgs) -> anyhow::Result<ExitCode> {
    let client = args.connect.client()?;
    let from = match args.from_position {
        Some(position) => From::AfterPosition(position.saturating_sub(1)),
        None => From::FromNow(true),
    };
    let mut printer = Printer {
        left: args.limit.unwrap_or(u64::MAX),
        position: 0,
    };
    print_log(&client, from, args.filter.filter(), false, &mut printer)
        .await
        .with_context(|| format!("after position {}", printer.position))?;
    Ok(ExitCode::SUCCESS)
}

async fn print_log(
    client: &Client,
    from: From,
    filter: EventFilter,
    until_head: bool,
    printer: &mut Printer,
) -> anyhow::Result<()> {
    let question = FollowRequest {
        from: Some(from),
        filter: Some(filter),
        until_head,
        ..FollowRequest::default()
    };
    let mut answers = client.follow(question).await?;
    while printer.left > 0 {
        let Some(answer) = answers.next().await else {
            break;
        };
        match answer?.item {
            Some(Item::Event(event)) => printer.print(&event)?,
            Some(Item::CaughtUpTo(position)) => printer.position = position,
            Some(Item::Heartbeat(_)) | None => {}
        }
    }
    Ok(())
}

/// Prints events until enough are printed or nobody reads any more.
struct Printer {
    left: u64,
    position: u64,
}

impl Printer {
    fn print(&mut self, event: &Event) -> anyhow::Result<()> {
        let line = serde_json::to_string(&Line::of(event)?)?;
        self.left = if output::write_line(&line)? {
            self.left.saturating_sub(1)
        } else {
            0
        };
        self.position = event.position;
        Ok(())
    }
}

/// An event as a line: the payload stands in it as recorded, not as a text of JSON in JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    position: u64,
    stream: &'a str,
    version: u64,
    event_id: &'a str,
    r#type: &'a str,
    schema_version: u32,
    occurred_at: Option<String>,
    recorded_at: Option<String>,
    actor: &'a str,
    command_id: &'a str,
    correlation_id: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    causation_id: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    trace_context: &'a str,
    payload: &'a RawValue,
}

impl<'a> Line<'a> {
    fn of(event: &'a Event) -> anyhow::Result<Self> {
        let payload = serde_json::from_str(&event.payload)
            .with_context(|| format!("the payload at position {}", event.position))?;
        Ok(Self {
            position: event.position,
            stream: &event.stream,
            version: event.version,
            event_id: &event.event_id,
            r#type: &event.r#type,
            schema_version: event.schema_version,
            occurred_at: event.occurred_at.as_ref().and_then(rfc3339),
            recorded_at: event.recorded_at.as_ref().and_then(rfc3339),
            actor: &event.actor,
            command_id: &event.command_id,
            correlation_id: &event.correlation_id,
            causation_id: &event.causation_id,
            trace_context: &event.trace_context,
            payload,
        })
    }
}

fn rfc3339(at: &Timestamp) -> Option<String> {
    from_timestamp(at).map(|at| at.to_rfc3339_opts(SecondsFormat::AutoSi, true))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn a_payload_is_printed_as_recorded() {
        let event = Event {
            position: 3,
            stream: "opportunity-o1".to_owned(),
            version: 1,
            r#type: "OpportunityWon".to_owned(),
            occurred_at: Some(Timestamp {
                seconds: 0,
                nanos: 0,
            }),
            payload: r#"{"z": 1.50,"a":2}"#.to_owned(),
            ..Event::default()
        };
        let line = serde_json::to_string(&Line::of(&event).unwrap()).unwrap();
        assert!(
            line.starts_with(r#"{"position":3,"stream":"opportunity-o1","version":1,"#),
            "{line}"
        );
        assert!(
            line.contains(r#""occurredAt":"1970-01-01T00:00:00Z""#),
            "{line}"
        );
        assert!(line.ends_with(r#""payload":{"z": 1.50,"a":2}}"#), "{line}");
    }
}
