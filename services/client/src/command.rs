//! Commands: one at a time with its receipt, or a stream of them.

use chrono::{DateTime, Utc};
use futures::Stream;
use prost::Message as _;
use prost::bytes::Bytes;
use proto::v1;
use proto::v1::bulk_command_service_client::BulkCommandServiceClient;
use proto::v1::command::Kind;
use proto::v1::{Receipt, SubmitRequest, SubmitResponse};
use tonic::Status;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::metadata::MetadataMap;
use uuid::Uuid;

use crate::encoded::Encoded;
use crate::{Answer, Answers, Client, Error};

/// What a command carries besides its message.
#[derive(Debug, Clone, Default)]
pub struct CommandOptions {
    /// Idempotency key; a new UUID (v7) if absent. The same one on every attempt.
    pub command_id: Option<String>,
    /// Business time; now if absent. The past needs the import right.
    pub occurred_at: Option<DateTime<Utc>>,
    /// What larger affair it belongs to.
    pub correlation_id: Option<String>,
    /// The event or command that caused it.
    pub causation_id: Option<String>,
}

/// Whatever says what is to be done: any command message, a [`Kind`], or a [`v1::Command`].
pub trait IntoKind {
    /// What is to be done; `None` if nothing is said.
    fn into_kind(self) -> Option<Kind>;
}

impl IntoKind for Kind {
    fn into_kind(self) -> Option<Kind> {
        Some(self)
    }
}

impl IntoKind for v1::Command {
    fn into_kind(self) -> Option<Kind> {
        self.kind
    }
}

/// Which service takes which command. The match has no other arm, so that a command of the contract
/// that is missing here does not compile.
macro_rules! routes {
    ($($service:literal { $($message:ident),+ $(,)? })+) => {
        $($(
            impl IntoKind for v1::$message {
                fn into_kind(self) -> Option<Kind> {
                    Some(Kind::$message(self))
                }
            }
        )+)+

        impl Client {
            fn send(&self, metadata: MetadataMap, kind: Kind) -> Answer<'_, Receipt> {
                let (path, message) = match kind {
                    $($(Kind::$message(message) => (
                        concat!("/twinfunnel.v1.", $service, "/", stringify!($message)),
                        message.encode_to_vec(),
                    ),)+)+
                };
                Box::pin(self.unary(metadata, path, message.into()))
            }
        }

        #[cfg(test)]
        const PATHS: &[&str] =
            &[$($(concat!("/twinfunnel.v1.", $service, "/", stringify!($message))),+),+];
    };
}

routes! {
    "TenantCommandService" { ConfigureTenant }
    "SalesProcessCommandService" { DefineSalesProcess, ReviseSalesProcess }
    "OpportunityCommandService" {
        RegisterOpportunity, AssignLead, AdvanceStage, StepBack, CompleteChecklistItem, LogActivity,
        ChangeAmount, ChangeExpectedClose, ChangeProducts, IdentifyCustomer, WinOpportunity,
        LoseOpportunity, ReopenOpportunity,
    }
    "CustomerCommandService" {
        RegisterCustomer, UpdateCustomer, AddContact, UpdateContact, RemoveContact, AssignCsm,
        RecordChurn,
    }
    "ProductCommandService" { RegisterProduct, ChangeListPrice, RetireProduct }
    "RepCommandService" {
        RegisterRep, DeactivateRep, JoinTeam, LeaveTeam, SetQuota, AssignTerritory,
    }
    "TeamCommandService" { FormTeam, AppointManager, MoveRegion }
    "QuoteCommandService" {
        DraftQuote, ReviseQuote, ApproveDiscount, SendQuote, AcceptQuote, DeclineQuote, ExpireQuote,
    }
    "ContractCommandService" {
        SignContract, AmendContract, ReassignContract, RecognizeRevenue, IssueInvoice,
        RecordPayment, RecordRefund, RecordDirectCost, TerminateContract, HandOverContract,
        ReachMilestone,
    }
    "PlaybookCommandService" { PublishPlaybook }
    "TaskCommandService" {
        PlanTask, AssignTask, MoveTask, SnoozeTask, CompleteTaskItem, CompleteTask, EscalateTask,
        CancelTask,
    }
    "ExchangeRateCommandService" { SetExchangeRate }
    "FixedCostCommandService" { RecordFixedCost }
    "CommissionPlanCommandService" {
        PublishCommissionPlan, EnrollParticipant, WithdrawParticipant,
    }
    "CommissionStatementCommandService" {
        ApproveStatement, PayStatement, DisputeStatement, ResolveDispute, ProposeAdjustment,
        ApproveAdjustment, RejectAdjustment,
    }
    "MetricCommandService" { DeclareMetric, RetireMetric }
    "UsageCommandService" { RecordUsage, CorrectUsage }
    "TicketCommandService" {
        OpenTicket, AnswerTicket, EscalateTicket, CloseTicket, ReopenTicket, RateTicket,
    }
    "SurveyCommandService" { AnswerSurvey }
    "InteractionCommandService" { LogInteraction }
    "HealthModelCommandService" { PublishHealthModel }
}

impl Client {
    /// Sends a command; its receipt once what it brought about is durable. While the server is away
    /// it is sent again under the same command id, so that it takes effect once.
    pub async fn command(
        &self,
        options: CommandOptions,
        command: impl IntoKind,
    ) -> Result<Receipt, Error> {
        let kind = command
            .into_kind()
            .ok_or_else(|| Error::Config("the command does not say what to do".to_owned()))?;
        let command_id = match &options.command_id {
            Some(given) => given.clone(),
            None => Uuid::now_v7().to_string(),
        };
        self.send(self.caller.of_command(&command_id, &options)?, kind)
            .await
    }

    /// Sends a stream of commands of one tenant, which take effect in that order; the answers come
    /// in the same order. Answers must be taken while commands are sent: the server holds back a
    /// sender whose answers wait.
    pub async fn submit(
        &self,
        commands: impl Stream<Item = SubmitRequest> + Send + 'static,
    ) -> Result<Answers<SubmitResponse>, Error> {
        self.open(commands, |channel, request| async {
            BulkCommandServiceClient::new(channel).submit(request).await
        })
        .await
    }

    async fn unary(
        &self,
        metadata: MetadataMap,
        path: &'static str,
        message: Bytes,
    ) -> Result<Receipt, Error> {
        self.call(metadata, message, |channel, request| async {
            let mut grpc = Grpc::new(channel);
            let not_ready = |error| Status::from_error(Box::new(error));
            grpc.ready().await.map_err(not_ready)?;
            let path = PathAndQuery::from_static(path);
            grpc.unary(request, path, Encoded).await
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use prost_types::FileDescriptorSet;

    use super::*;

    #[test]
    fn every_path_is_in_the_contract() {
        let contract = FileDescriptorSet::decode(proto::FILE_DESCRIPTOR_SET).unwrap_or_default();
        let services = contract.file.iter().flat_map(|file| &file.service);
        let commands = services.filter(|service| service.name().ends_with("CommandService"));
        let methods = commands.flat_map(|service| {
            let path = |method: &str| format!("/twinfunnel.v1.{}/{method}", service.name());
            let methods = service.method.iter();
            methods.map(move |method| path(method.name()))
        });
        let bulk = "/twinfunnel.v1.BulkCommandService/Submit";
        let contract: BTreeSet<_> = methods.filter(|path| path != bulk).collect();
        let own: BTreeSet<_> = PATHS.iter().map(|&path| path.to_owned()).collect();
        assert_eq!(own, contract);
        assert!(!own.is_empty());
    }
}
