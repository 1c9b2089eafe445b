//! Following customers up: work lists, alarms, and the clock.

use proto::v1;
use proto::v1::alarm_query_service_client::AlarmQueryServiceClient;
use proto::v1::clock_service_client::ClockServiceClient;
use proto::v1::work_list_query_service_client::WorkListQueryServiceClient;

use crate::connection::ANSWER_MAX_LEN;
use crate::{Answer, Answers, Client, Error};

impl Client {
    /// The tasks of someone, of a customer, or of all.
    pub fn list_tasks(&self, question: v1::ListTasksRequest) -> Answer<'_, v1::ListTasksResponse> {
        Box::pin(
            self.call(self.caller.metadata(), question, |channel, request| async {
                WorkListQueryServiceClient::new(channel)
                    .max_decoding_message_size(ANSWER_MAX_LEN)
                    .list_tasks(request)
                    .await
            }),
        )
    }

    /// One task with its whole course.
    pub fn task(&self, question: v1::GetTaskRequest) -> Answer<'_, v1::TaskView> {
        Box::pin(
            self.call(self.caller.metadata(), question, |channel, request| async {
                WorkListQueryServiceClient::new(channel)
                    .max_decoding_message_size(ANSWER_MAX_LEN)
                    .get_task(request)
                    .await
            }),
        )
    }

    /// Which alarms are raised, or were.
    pub fn list_alarms(
        &self,
        question: v1::ListAlarmsRequest,
    ) -> Answer<'_, v1::ListAlarmsResponse> {
        Box::pin(
            self.call(self.caller.metadata(), question, |channel, request| async {
                AlarmQueryServiceClient::new(channel)
                    .max_decoding_message_size(ANSWER_MAX_LEN)
                    .list_alarms(request)
                    .await
            }),
        )
    }

    /// Ends the tenant's days up to one, such as "2024-12-31"; tells of each as it ends.
    pub async fn tick(
        &self,
        through_on: impl Into<String>,
    ) -> Result<Answers<v1::TickResponse>, Error> {
        let question = v1::TickRequest {
            through_on: through_on.into(),
        };
        self.open(question, |channel, request| async {
            ClockServiceClient::new(channel).tick(request).await
        })
        .await
    }
}
