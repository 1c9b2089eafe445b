//! Every query: who is calling, ask the read model.

use futures::stream::{self, BoxStream, StreamExt as _};
use projections::Projections;
use proto::v1;
use proto::v1::commission_query_service_server::CommissionQueryService;
use proto::v1::funnel_conversion_query_service_server::FunnelConversionQueryService;
use proto::v1::pipeline_velocity_query_service_server::PipelineVelocityQueryService;
use proto::v1::read_model_service_server::ReadModelService;
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
query!(PipelineVelocityQueryService {
    get_pipeline_velocity,
        pipeline_velocity: v1::GetPipelineVelocityRequest => v1::PipelineVelocity;
});
query!(CommissionQueryService {
    list_statements,
        list_statements: v1::ListStatementsRequest => v1::ListStatementsResponse;
    get_statement,
        get_statement: v1::GetStatementRequest => v1::GetStatementResponse;
    estimate_commission,
        estimate_commission: v1::EstimateCommissionRequest => v1::EstimateCommissionResponse;
    list_commission_signals,
        commission_signals: v1::ListCommissionSignalsRequest => v1::ListCommissionSignalsResponse;
});

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
