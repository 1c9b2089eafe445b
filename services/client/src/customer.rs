//! Customers: how healthy they are, and all that is known of one.

use proto::v1;
use proto::v1::customer_health_query_service_client::CustomerHealthQueryServiceClient;
use proto::v1::customer_picture_query_service_client::CustomerPictureQueryServiceClient;

use crate::connection::ANSWER_MAX_LEN;
use crate::{Client, Error};

impl Client {
    /// One customer's health on a day, and what moved it.
    pub async fn customer_health(
        &self,
        question: v1::GetCustomerHealthRequest,
    ) -> Result<v1::CustomerHealth, Error> {
        self.call(self.caller.metadata(), question, |channel, request| async {
            CustomerHealthQueryServiceClient::new(channel)
                .max_decoding_message_size(ANSWER_MAX_LEN)
                .get_customer_health(request)
                .await
        })
        .await
    }

    /// The health of the active customers, worst first, and how many are in each band.
    pub async fn list_customer_health(
        &self,
        question: v1::ListCustomerHealthRequest,
    ) -> Result<v1::ListCustomerHealthResponse, Error> {
        self.call(self.caller.metadata(), question, |channel, request| async {
            CustomerHealthQueryServiceClient::new(channel)
                .max_decoding_message_size(ANSWER_MAX_LEN)
                .list_customer_health(request)
                .await
        })
        .await
    }

    /// One customer's scores, day by day.
    pub async fn health_history(
        &self,
        question: v1::GetHealthHistoryRequest,
    ) -> Result<v1::HealthHistory, Error> {
        self.call(self.caller.metadata(), question, |channel, request| async {
            CustomerHealthQueryServiceClient::new(channel)
                .max_decoding_message_size(ANSWER_MAX_LEN)
                .get_health_history(request)
                .await
        })
        .await
    }

    /// The net promoter score of a period.
    pub async fn nps(&self, question: v1::GetNpsRequest) -> Result<v1::NetPromoterScore, Error> {
        self.call(self.caller.metadata(), question, |channel, request| async {
            CustomerHealthQueryServiceClient::new(channel)
                .max_decoding_message_size(ANSWER_MAX_LEN)
                .get_nps(request)
                .await
        })
        .await
    }

    /// Whom a health model that is not published would have flagged, and who left.
    pub async fn try_health_model(
        &self,
        question: v1::TryHealthModelRequest,
    ) -> Result<v1::HealthModelTrial, Error> {
        self.call(self.caller.metadata(), question, |channel, request| async {
            CustomerHealthQueryServiceClient::new(channel)
                .max_decoding_message_size(ANSWER_MAX_LEN)
                .try_health_model(request)
                .await
        })
        .await
    }

    /// What is known of a customer, with a time line.
    pub async fn customer_picture(
        &self,
        question: v1::GetCustomerPictureRequest,
    ) -> Result<v1::CustomerPicture, Error> {
        self.call(self.caller.metadata(), question, |channel, request| async {
            CustomerPictureQueryServiceClient::new(channel)
                .max_decoding_message_size(ANSWER_MAX_LEN)
                .get_customer_picture(request)
                .await
        })
        .await
    }
}
