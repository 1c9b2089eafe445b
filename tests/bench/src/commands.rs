//! Durable commands through gRPC: each registers a fresh opportunity, with its rules applied.

use std::time::Duration;

use proto::v1;
use proto::v1::opportunity_command_service_client::OpportunityCommandServiceClient;
use proto::v1::sales_process_command_service_client::SalesProcessCommandServiceClient;
use tonic::Request;
use uuid::Uuid;

use crate::load::{Rate, run};
use crate::server::Server;

/// The sales process of the opportunities.
pub(crate) const PROCESS: &str = "bench";

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

/// Defines the sales process; saying it again changes nothing.
pub(crate) async fn define_process(channel: tonic::transport::Channel) -> anyhow::Result<()> {
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
