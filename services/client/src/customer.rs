//! Customers: how healthy they are, and all that is known of one.

use proto::v1;
use proto::v1::customer_health_query_service_client::CustomerHealthQueryServiceClient;
use proto::v1::customer_picture_query_service_client::CustomerPictureQueryServiceClient;

use crate::connection::ANSWER_MAX_LEN;
use crate::{Answer, Client};

impl Client {
    /// One customer's health on a day, and what moved it.
    pub fn customer_health(
        &self,
        question: v1::GetCustomerHealthRequest,
    ) -> Answer<'_, v1::CustomerHealth> {
        Box::pin(
            self.call(self.caller.metadata(), question, |channel, request| async {
                CustomerHealthQueryServiceClient::new(channel)
                    .max_decoding_message_size(ANSWER_MAX_LEN)
                    .get_customer_health(request)
                    .await
            }),
        )
    }

    /// The health of the active customers, worst first, and how many are in each band.
    pub fn list_customer_health(
        &self,
        question: v1::ListCustomerHealthRequest,
    ) -> Answer<'_, v1::ListCustomerHealthResponse> {
        Box::pin(
            self.call(self.caller.metadata(), question, |channel, request| async {
                CustomerHealthQueryServiceClient::new(channel)
                    .max_decoding_message_size(ANSWER_MAX_LEN)
                    .list_customer_health(request)
                    .await
            }),
        )
    }

    /// One customer's scores, day by day.
    pub fn health_history(
        &self,
        question: v1::GetHealthHistoryRequest,
    ) -> Answer<'_, v1::HealthHistory> {
        Box::pin(
            self.call(self.caller.metadata(), question, |channel, request| async {
                CustomerHealthQueryServiceClient::new(channel)
                    .max_decoding_message_size(ANSWER_MAX_LEN)
                    .get_health_history(request)
                    .await
            }),
        )
    }

    /// The net promoter score of a period.
    pub fn nps(&self, question: v1::GetNpsRequest) -> Answer<'_, v1::NetPromoterScore> {
        Box::pin(
            self.call(self.caller.metadata(), question, |channel, request| async {
                CustomerHealthQueryServiceClient::new(channel)
                    .max_decoding_message_size(ANSWER_MAX_LEN)
                    .get_nps(request)
                    .await
            }),
        )
    }

    /// Whom a health model that is not published would have flagged, and who left.
    pub fn try_health_model(
        &self,
        question: v1::TryHealthModelRequest,
    ) -> Answer<'_, v1::HealthModelTrial> {
        Box::pin(
            self.call(self.caller.metadata(), question, |channel, request| async {
                CustomerHealthQueryServiceClient::new(channel)
                    .max_decoding_message_size(ANSWER_MAX_LEN)
                    .try_health_model(request)
                    .await
            }),
        )
    }

    /// What is known of a customer, with a time line.
    pub fn customer_picture(
        &self,
        question: v1::GetCustomerPictureRequest,
    ) -> Answer<'_, v1::CustomerPicture> {
        Box::pin(
            self.call(self.caller.metadata(), question, |channel, request| async {
                CustomerPictureQueryServiceClient::new(channel)
                    .max_decoding_message_size(ANSWER_MAX_LEN)
                    .get_customer_picture(request)
                    .await
            }),
        )
    }
}
