//! History: the events themselves, of one stream or of the whole log as it grows.

use proto::v1;
use proto::v1::history_service_client::HistoryServiceClient;

use crate::connection::ANSWER_MAX_LEN;
use crate::{Answer, Answers, Client};

impl Client {
    /// The events of one stream, in order.
    pub fn read_stream(
        &self,
        question: v1::ReadStreamRequest,
    ) -> Answer<'_, Answers<v1::ReadStreamResponse>> {
        Box::pin(self.open(question, |channel, request| async {
            HistoryServiceClient::new(channel)
                .max_decoding_message_size(ANSWER_MAX_LEN)
                .read_stream(request)
                .await
        }))
    }

    /// The tenant's log in order, from a position on, as it grows.
    pub fn follow(&self, question: v1::FollowRequest) -> Answer<'_, Answers<v1::FollowResponse>> {
        Box::pin(self.open(question, |channel, request| async {
            HistoryServiceClient::new(channel)
                .max_decoding_message_size(ANSWER_MAX_LEN)
                .follow(request)
                .await
        }))
    }
}
