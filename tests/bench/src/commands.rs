//! Durable commands through gRPC: each registers a fresh opportunity, with its rules applied.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use proto::v1;
use proto::v1::bulk_command_service_client::BulkCommandServiceClient;
use proto::v1::command::Kind;
use proto::v1::opportunity_command_service_client::OpportunityCommandServiceClient;
use proto::v1::sales_process_command_service_client::SalesProcessCommandServiceClient;
use proto::v1::submit_response::Outcome;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Request;
use tonic::transport::Channel;
use uuid::Uuid;

use crate::load::{Rate, Until, run, run_streams};
use crate::server::Server;

/// The sales process of the opportunities.
pub(crate) const PROCESS: &str = "bench";

/// Streams that bulk commands are spread over.
const STREAMS: usize = 4;

/// A call in the name of the bench.
pub(crate) fn request<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    let metadata = request.metadata_mut();
    metadata.insert(
        "x-tenant",
        tonic::metadata::MetadataValue::from_static("bench"),
    );
    metadata.insert(
        "x-actor",
        tonic::metadata::MetadataValue::from_static("bench"),
    );
    request
}

/// Registers opportunities, `in_flight` at a time.
pub(crate) async fn register(
    server: &Server,
    in_flight: usize,
    span: Duration,
) -> anyhow::Result<Rate> {
    let channels = server.channels(in_flight).await?;
    if let Some(channel) = channels.first() {
        define_process(channel.clone()).await?;
    }
    let callers = channels.into_iter().map(|channel| {
        let client = OpportunityCommandServiceClient::new(channel);
        move || {
            let mut client = client.clone();
            async move {
                client.register_opportunity(request(opportunity())).await?;
                Ok(())
            }
        }
    });
    run(callers.collect(), span).await
}

/// Submits them on streams instead, `in_flight` without an answer at a time.
pub(crate) async fn submit(
    server: &Server,
    in_flight: usize,
    span: Duration,
) -> anyhow::Result<Rate> {
    if let Some(channel) = server.channels(1).await?.first() {
        define_process(channel.clone()).await?;
    }
    let next = |_| || Kind::RegisterOpportunity(opportunity());
    submit_each(server, in_flight, span, next).await
}

/// Submits commands on streams, `in_flight` without an answer at a time; `of_stream` gives what makes
/// the commands of each.
pub(crate) async fn submit_each<N>(
    server: &Server,
    in_flight: usize,
    span: Duration,
    of_stream: impl Fn(usize) -> N,
) -> anyhow::Result<Rate>
where
    N: FnMut() -> Kind + Send + 'static,
{
    let channels = server.channels(in_flight.min(STREAMS)).await?;
    let window = in_flight.div_ceil(channels.len());
    let streams = channels.into_iter().enumerate().map(|(at, channel)| {
        let next = of_stream(at);
        move |until| stream(channel, window, until, next)
    });
    run_streams(streams.collect(), span).await
}

/// One stream: each answer is followed by another command, until it is time.
async fn stream(
    channel: Channel,
    window: usize,
    until: Until,
    mut next: impl FnMut() -> Kind,
) -> anyhow::Result<Vec<Duration>> {
    let mut client = BulkCommandServiceClient::new(channel);
    let (sender, commands) = mpsc::channel(window);
    let mut asked = VecDeque::with_capacity(window);
    for _ in 0..window {
        asked.push_back(Instant::now());
        sender.send(submitted(next())).await?;
    }
    let commands = request(ReceiverStream::new(commands));
    let mut answers = client.submit(commands).await?.into_inner();
    let mut took = Vec::new();
    while let Some(asked_at) = asked.pop_front() {
        let answer = answers.message().await?.context("an answer is missing")?;
        ensure!(
            matches!(answer.outcome, Some(Outcome::Receipt(_))),
            "refused: {answer:?}"
        );
        took.extend(until.counts(asked_at).then(|| asked_at.elapsed()));
        if !until.is_over() {
            asked.push_back(Instant::now());
            sender.send(submitted(next())).await?;
        }
    }
    Ok(took)
}

fn submitted(kind: Kind) -> v1::SubmitRequest {
    v1::SubmitRequest {
        command: Some(v1::Command { kind: Some(kind) }),
        ..v1::SubmitRequest::default()
    }
}

/// Defines the sales process; saying it again changes nothing.
pub(crate) async fn define_process(channel: Channel) -> anyhow::Result<()> {
    let stage = |id: &str| v1::Stage {
        stage_id: id.to_owned(),
        name: id.to_owned(),
        ..v1::Stage::default()
    };
    let process = v1::DefineSalesProcess {
        sales_process_id: PROCESS.to_owned(),
        name: "Bench".to_owned(),
        stages: ["prospecting", "engaging", "proposing"].map(stage).to_vec(),
    };
    let mut client = SalesProcessCommandServiceClient::new(channel);
    client.define_sales_process(request(process)).await?;
    Ok(())
}

fn opportunity() -> v1::RegisterOpportunity {
    v1::RegisterOpportunity {
        opportunity_id: Uuid::now_v7().to_string(),
        name: "A purchase of some size".to_owned(),
        sales_process_id: PROCESS.to_owned(),
        amount: Some(v1::Money {
            currency_code: "USD".to_owned(),
            amount: "1054.00".to_owned(),
        }),
        source: "referral".to_owned(),
        ..v1::RegisterOpportunity::default()
    }
}
