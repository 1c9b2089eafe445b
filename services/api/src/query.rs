//! Every query: who is calling, ask the read model.

use futures::stream::{self, BoxStream, StreamExt as _};
use projections::{Projections, QueryError, WhatIf};
use proto::commands::CommissionPlanCommand;
use proto::v1;
use proto::v1::alarm_query_service_server::AlarmQueryService;
use proto::v1::commission_query_service_server::CommissionQueryService;
use proto::v1::customer_health_query_service_server::CustomerHealthQueryService;
use proto::v1::customer_picture_query_service_server::CustomerPictureQueryService;
use proto::v1::funnel_conversion_query_service_server::FunnelConversionQueryService;
use proto::v1::pipeline_velocity_query_service_server::PipelineVelocityQueryService;
use proto::v1::read_model_service_server::ReadModelService;
use proto::v1::recurring_revenue_query_service_server::RecurringRevenueQueryService;
use proto::v1::work_list_query_service_server::WorkListQueryService;
use tokio::io::AsyncReadExt as _;
use tonic::{Request, Response, Status};

use crate::door::{Door, Right};
use crate::status;

/// Size of one part of an exported file, in bytes.
const CHUNK_LEN: usize = 256 * 1024;

/// Serves every query service.
#[derive(Debug, Clone)]
pub(crate) struct Queries {
    pub(crate) door: Door,
    pub(crate) projections: Projections,
}

/// Serves one query service: one line a question.
macro_rules! query {
    ($service:ident { $($rpc:ident, $ask:ident: $question:ty => $answer:ty);+ $(;)? }) => {
        #[tonic::async_trait]
        impl $service for Queries {
            $(async fn $rpc(&self, request: Request<$question>) -> Result<Response<$answer>, Status> {
                let caller = self.door.admit(request.metadata())?;
                caller.require(Right::Query)?;
                match self
                    .projections
                    .$ask(&caller.tenant, request.into_inner())
                    .await
                {
                    Ok(answer) => Ok(Response::new(answer)),
                    Err(error) => Err(status::of_query(&error)),
                }
            })+
        }
    };
}

query!(FunnelConversionQueryService {
    get_funnel_conversion,
        funnel_conversion: v1::GetFunnelConversionRequest => v1::FunnelConversion;
});
query!(AlarmQueryService {
    list_alarms,
        list_alarms: v1::ListAlarmsRequest => v1::ListAlarmsResponse;
});
query!(WorkListQueryService {
    list_tasks,
        list_tasks: v1::ListTasksRequest => v1::ListTasksResponse;
    get_task,
        task: v1::GetTaskRequest => v1::TaskView;
});
query!(CustomerHealthQueryService {
    get_customer_health,
        customer_health: v1::GetCustomerHealthRequest => v1::CustomerHealth;
    list_customer_health,
        list_customer_health: v1::ListCustomerHealthRequest => v1::ListCustomerHealthResponse;
    get_health_history,
        health_history: v1::GetHealthHistoryRequest => v1::HealthHistory;
    get_nps,
        nps: v1::GetNpsRequest => v1::NetPromoterScore;
    try_health_model,
        try_health_model: v1::TryHealthModelRequest => v1::HealthModelTrial;
});
query!(CustomerPictureQueryService {
    get_customer_picture,
        customer_picture: v1::GetCustomerPictureRequest => v1::CustomerPicture;
});
query!(PipelineVelocityQueryService {
    get_pipeline_velocity,
        pipeline_velocity: v1::GetPipelineVelocityRequest => v1::PipelineVelocity;
});
query!(RecurringRevenueQueryService {
    get_recurring_revenue,
        recurring_revenue: v1::GetRecurringRevenueRequest => v1::RecurringRevenue;
});
#[tonic::async_trait]
impl CommissionQueryService for Queries {
    async fn list_statements(
        &self,
        request: Request<v1::ListStatementsRequest>,
    ) -> Result<Response<v1::ListStatementsResponse>, Status> {
        let caller = self.door.admit(request.metadata())?;
        caller.require(Right::Query)?;
        let mut asked = request.into_inner();
        let what_if = asked.what_if.take().map(supposed).transpose()?;
        let answer = self
            .projections
            .list_statements(&caller.tenant, asked, what_if);
        told(answer.await)
    }

    async fn get_statement(
        &self,
        request: Request<v1::GetStatementRequest>,
    ) -> Result<Response<v1::GetStatementResponse>, Status> {
        let caller = self.door.admit(request.metadata())?;
        caller.require(Right::Query)?;
        let asked = request.into_inner();
        told(self.projections.get_statement(&caller.tenant, asked).await)
    }

    async fn estimate_commission(
        &self,
        request: Request<v1::EstimateCommissionRequest>,
    ) -> Result<Response<v1::EstimateCommissionResponse>, Status> {
        let caller = self.door.admit(request.metadata())?;
        caller.require(Right::Query)?;
        let asked = request.into_inner();
        let answer = self.projections.estimate_commission(&caller.tenant, asked);
        told(answer.await)
    }

    async fn list_commission_signals(
        &self,
        request: Request<v1::ListCommissionSignalsRequest>,
    ) -> Result<Response<v1::ListCommissionSignalsResponse>, Status> {
        let caller = self.door.admit(request.metadata())?;
        caller.require(Right::Query)?;
        let asked = request.into_inner();
        let answer = self.projections.commission_signals(&caller.tenant, asked);
        told(answer.await)
    }
}

fn told<A>(answer: Result<A, QueryError>) -> Result<Response<A>, Status> {
    answer
        .map(Response::new)
        .map_err(|error| status::of_query(&error))
}

/// A version that is only supposed is read as one that is published.
fn supposed(what_if: v1::PublishCommissionPlan) -> Result<WhatIf, Status> {
    use domain::commission_plan::{Command, parse};
    let parsed = parse(CommissionPlanCommand::PublishCommissionPlan(what_if));
    let addressed = parsed.map_err(|error| {
        let violations = error.violations.iter();
        status::invalid_fields(violations.map(|v| (v.field.as_str(), v.description.as_str())))
    })?;
    let Command::Publish(publication) = addressed.command else {
        return Err(status::invalid_field("what_if", "is no version of a plan"));
    };
    Ok(WhatIf {
        plan_id: publication.plan_id,
        effective_from: publication.effective_from,
        terms: publication.terms,
    })
}

#[tonic::async_trait]
impl ReadModelService for Queries {
    type ExportReadModelStream = BoxStream<'static, Result<v1::ExportReadModelResponse, Status>>;

    async fn list_read_models(
        &self,
        request: Request<v1::ListReadModelsRequest>,
    ) -> Result<Response<v1::ListReadModelsResponse>, Status> {
        let caller = self.door.admit(request.metadata())?;
        caller.require(Right::Query)?;
        let status = self.projections.status(&caller.tenant).await;
        status
            .map(Response::new)
            .map_err(|error| status::of_query(&error))
    }

    async fn rebuild_read_model(
        &self,
        request: Request<v1::RebuildReadModelRequest>,
    ) -> Result<Response<v1::RebuildReadModelResponse>, Status> {
        let caller = self.door.admit(request.metadata())?;
        caller.require(Right::Operate)?;
        let rebuilt = self.projections.rebuild(&request.into_inner().name).await;
        let read_model = Some(rebuilt.map_err(|error| status::of_query(&error))?);
        Ok(Response::new(v1::RebuildReadModelResponse { read_model }))
    }

    async fn export_read_model(
        &self,
        request: Request<v1::ExportReadModelRequest>,
    ) -> Result<Response<Self::ExportReadModelStream>, Status> {
        let caller = self.door.admit(request.metadata())?;
        caller.require(Right::Query)?;
        let asked = request.into_inner();
        let as_of = asked.as_of.unwrap_or_default();
        let exported = self
            .projections
            .export(&caller.tenant, &asked.name, as_of)
            .await;
        let exported = exported.map_err(|error| status::of_query(&error))?;
        let file = tokio::fs::File::open(&exported).await?;
        // The temporary file lives as long as the stream that reads it.
        let chunks = stream::try_unfold((file, exported), |(mut file, exported)| async move {
            let mut chunk = Vec::with_capacity(CHUNK_LEN);
            (&mut file)
                .take(CHUNK_LEN as u64)
                .read_to_end(&mut chunk)
                .await?;
            let answer = v1::ExportReadModelResponse { chunk };
            Ok((!answer.chunk.is_empty()).then_some((answer, (file, exported))))
        });
        Ok(Response::new(chunks.boxed()))
    }
}
