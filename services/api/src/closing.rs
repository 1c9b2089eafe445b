//! Closing a period: what is to be frozen is asked of the read model, and then sent as commands, one a
//! statement.

use executor::{Envelope, Executor};
use projections::Projections;
use proto::v1;
use proto::v1::commission_closing_service_server::CommissionClosingService;
use tonic::{Request, Response, Status};

use crate::door::Door;
use crate::{metadata, status};

/// Serves `CommissionClosingService`.
#[derive(Debug, Clone)]
pub(crate) struct Closing {
    pub(crate) door: Door,
    pub(crate) executor: Executor,
    pub(crate) projections: Projections,
}

#[tonic::async_trait]
impl CommissionClosingService for Closing {
    async fn close_period(
        &self,
        request: Request<v1::ClosePeriodRequest>,
    ) -> Result<Response<v1::ClosePeriodResponse>, Status> {
        let caller = self.door.admit(request.metadata())?;
        let envelope = metadata::of_call(caller, request.metadata())?;
        let asked = request.into_inner();
        let closable = self.projections.closable(&envelope.tenant, asked).await;
        let closable = closable.map_err(|error| status::of_query(&error))?;
        let mut statements = Vec::with_capacity(closable.statements.len());
        for (closed, was_closed_at) in closable.statements {
            let mut answer = v1::ClosedStatement {
                statement_id: closed.statement_id.to_string(),
                rep_id: closed.rep_id.to_string(),
                total: Some(projections::money(
                    closed.statement.currency,
                    closed.statement.total_minor,
                )),
                digest: closed.digest.clone(),
                at_position: closed.at_position,
                was_closed: was_closed_at.is_some(),
                position: was_closed_at.unwrap_or_default().0,
            };
            if was_closed_at.is_none() {
                // Each its own command, so that a closing that was cut short goes on where it was.
                let envelope = Envelope {
                    command_id: format!("{}~{}", envelope.command_id, closed.rep_id),
                    correlation_id: envelope
                        .correlation_id
                        .clone()
                        .or_else(|| Some(envelope.command_id.clone())),
                    ..envelope.clone()
                };
                let receipt = self.executor.close_statement(envelope, closed).await;
                let receipt = receipt.map_err(|error| status::of_command(&error))?;
                answer.position = receipt.position.0;
            }
            statements.push(answer);
        }
        Ok(Response::new(v1::ClosePeriodResponse { statements }))
    }
}
