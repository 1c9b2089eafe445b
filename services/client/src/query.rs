//! Queries: a question, an answer; and the read models that answer.

use proto::v1;
use proto::v1::funnel_conversion_query_service_client::FunnelConversionQueryServiceClient;
use proto::v1::pipeline_velocity_query_service_client::PipelineVelocityQueryServiceClient;
use proto::v1::read_model_service_client::ReadModelServiceClient;
use proto::v1::recurring_revenue_query_service_client::RecurringRevenueQueryServiceClient;

use crate::connection::ANSWER_MAX_LEN;
use crate::{Answer, Answers, Client, Error};

/// Asks to wait until the read model holds a position: that of a receipt, to read one's own write.
pub fn at_least(position: u64) -> v1::Consistency {
    v1::Consistency {
        as_of: None,
        min_position: position,
    }
}

impl Client {
    /// How many opportunities of a period reached each stage and were won.
    pub fn funnel_conversion(
        &self,
        question: v1::GetFunnelConversionRequest,
    ) -> Answer<'_, v1::FunnelConversion> {
        Box::pin(
            self.call(self.caller.metadata(), question, |channel, request| async {
                FunnelConversionQueryServiceClient::new(channel)
                    .max_decoding_message_size(ANSWER_MAX_LEN)
                    .get_funnel_conversion(request)
                    .await
            }),
        )
    }

    /// Forecast, cycle, velocity, dwell times and stalled opportunities.
    pub fn pipeline_velocity(
        &self,
        question: v1::GetPipelineVelocityRequest,
    ) -> Answer<'_, v1::PipelineVelocity> {
        Box::pin(
            self.call(self.caller.metadata(), question, |channel, request| async {
                PipelineVelocityQueryServiceClient::new(channel)
                    .max_decoding_message_size(ANSWER_MAX_LEN)
                    .get_pipeline_velocity(request)
                    .await
            }),
        )
    }

    /// What recurs each month, how it moves, and how much of it stays.
    pub fn recurring_revenue(
        &self,
        question: v1::GetRecurringRevenueRequest,
    ) -> Answer<'_, v1::RecurringRevenue> {
        Box::pin(
            self.call(self.caller.metadata(), question, |channel, request| async {
                RecurringRevenueQueryServiceClient::new(channel)
                    .max_decoding_message_size(ANSWER_MAX_LEN)
                    .get_recurring_revenue(request)
                    .await
            }),
        )
    }

    /// How far each read model has come.
    pub fn list_read_models(&self) -> Answer<'_, v1::ListReadModelsResponse> {
        Box::pin(async move {
            let question = v1::ListReadModelsRequest {};
            self.call(self.caller.metadata(), question, |channel, request| async {
                ReadModelServiceClient::new(channel)
                    .list_read_models(request)
                    .await
            })
            .await
        })
    }

    /// Builds a read model anew beside the live one and swaps. Answers when that is done; a rebuild
    /// that outlasts the client's timeout goes on without it.
    pub async fn rebuild_read_model(
        &self,
        name: impl Into<String>,
    ) -> Result<v1::RebuildReadModelResponse, Error> {
        let question = v1::RebuildReadModelRequest { name: name.into() };
        // Not asked again if the answer is lost: it would be built again.
        self.call_once(self.caller.metadata(), question, |channel, request| async {
            ReadModelServiceClient::new(channel)
                .rebuild_read_model(request)
                .await
        })
        .await
    }

    /// Replays history into a SQLite database; its bytes, part by part.
    pub fn export_read_model(
        &self,
        question: v1::ExportReadModelRequest,
    ) -> Answer<'_, Answers<v1::ExportReadModelResponse>> {
        Box::pin(self.open(question, |channel, request| async {
            ReadModelServiceClient::new(channel)
                .export_read_model(request)
                .await
        }))
    }
}
