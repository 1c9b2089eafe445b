//! Commission: what plans pay and why, what a deal would pay, and the closing of periods.

use proto::v1;
use proto::v1::commission_closing_service_client::CommissionClosingServiceClient;
use proto::v1::commission_query_service_client::CommissionQueryServiceClient;

use crate::connection::ANSWER_MAX_LEN;
use crate::{Answer, Client};

impl Client {
    /// The statements of a period: open ones as they stand, closed ones as they were frozen.
    pub fn list_statements(
        &self,
        question: v1::ListStatementsRequest,
    ) -> Answer<'_, v1::ListStatementsResponse> {
        Box::pin(
            self.call(self.caller.metadata(), question, |channel, request| async {
                CommissionQueryServiceClient::new(channel)
                    .max_decoding_message_size(ANSWER_MAX_LEN)
                    .list_statements(request)
                    .await
            }),
        )
    }

    /// One participant's statement, with the derivation of each line.
    pub fn statement(
        &self,
        question: v1::GetStatementRequest,
    ) -> Answer<'_, v1::GetStatementResponse> {
        Box::pin(
            self.call(self.caller.metadata(), question, |channel, request| async {
                CommissionQueryServiceClient::new(channel)
                    .max_decoding_message_size(ANSWER_MAX_LEN)
                    .get_statement(request)
                    .await
            }),
        )
    }

    /// What a deal that is not signed would pay a participant now, at the margin.
    pub fn estimate_commission(
        &self,
        question: v1::EstimateCommissionRequest,
    ) -> Answer<'_, v1::EstimateCommissionResponse> {
        Box::pin(
            self.call(self.caller.metadata(), question, |channel, request| async {
                CommissionQueryServiceClient::new(channel)
                    .max_decoding_message_size(ANSWER_MAX_LEN)
                    .estimate_commission(request)
                    .await
            }),
        )
    }

    /// What someone should look at, each with the facts behind it.
    pub fn list_commission_signals(
        &self,
        question: v1::ListCommissionSignalsRequest,
    ) -> Answer<'_, v1::ListCommissionSignalsResponse> {
        Box::pin(
            self.call(self.caller.metadata(), question, |channel, request| async {
                CommissionQueryServiceClient::new(channel)
                    .max_decoding_message_size(ANSWER_MAX_LEN)
                    .list_commission_signals(request)
                    .await
            }),
        )
    }

    /// Freezes the statements of a period. Asked again, it answers with what was frozen first.
    pub fn close_period(
        &self,
        question: v1::ClosePeriodRequest,
    ) -> Answer<'_, v1::ClosePeriodResponse> {
        Box::pin(
            self.call(self.caller.metadata(), question, |channel, request| async {
                CommissionClosingServiceClient::new(channel)
                    .max_decoding_message_size(ANSWER_MAX_LEN)
                    .close_period(request)
                    .await
            }),
        )
    }
}
