//! History: the events themselves, of one stream or of the whole log as it grows.

use proto::v1;
use proto::v1::history_service_client::HistoryServiceClient;

use crate::connection::ANSWER_MAX_LEN;
use crate::{Answers, Client, Error};

impl Client {
    /// The events of one stream, in order.
    pub async fn read_stream(
        &self,
        question: v1::ReadStreamRequest,
    ) -> Result<Answers<v1::ReadStreamResponse>, Error> {
        self.open(question, |channel, request| async {
            HistoryServiceClient::new(channel)
                .max_decoding_message_size(ANSWER_MAX_LEN)
                .read_stream(request)
                .await
        })
        .await
    }

    /// The tenant's log in order, from a position on, as it grows.
    pub async fn follow(
        &self,
        question: v1::FollowRequest,
    ) -> Result<Answers<v1::FollowResponse>, Error> {
        self.open(question, |channel, request| async {
            HistoryServiceClient::new(channel)
                .max_decoding_message_size(ANSWER_MAX_LEN)
                .follow(request)
                .await
        })
        .await
    }
}
