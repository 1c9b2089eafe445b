//! The questions about commission, as they are asked from outside.

use event_schemas::vocabulary::TenantId;
use proto::v1;

use super::{Closable, WhatIf};
use crate::{Projections, QueryError};

impl Projections {
    /// The commission statements of a period, as they are or as they would be.
    pub async fn list_statements(
        &self,
        tenant: &TenantId,
        request: v1::ListStatementsRequest,
        what_if: Option<WhatIf>,
    ) -> Result<v1::ListStatementsResponse, QueryError> {
        let consistency = request.consistency.unwrap_or_default();
        if let Some(what_if) = what_if {
            return self
                .0
                .ask_what_if(tenant, consistency, what_if, move |scene| {
                    scene.list(&request)
                })
                .await;
        }
        self.0
            .ask_book(tenant, consistency, move |scene| scene.list(&request))
            .await
    }

    /// One participant's commission statement.
    pub async fn get_statement(
        &self,
        tenant: &TenantId,
        request: v1::GetStatementRequest,
    ) -> Result<v1::GetStatementResponse, QueryError> {
        let consistency = request.consistency.unwrap_or_default();
        self.0
            .ask_book(tenant, consistency, move |scene| scene.get(&request))
            .await
    }

    /// What a deal that is not signed would pay.
    pub async fn estimate_commission(
        &self,
        tenant: &TenantId,
        request: v1::EstimateCommissionRequest,
    ) -> Result<v1::EstimateCommissionResponse, QueryError> {
        let consistency = request.consistency.unwrap_or_default();
        self.0
            .ask_book(tenant, consistency, move |scene| scene.estimate(&request))
            .await
    }

    /// What someone should look at.
    pub async fn commission_signals(
        &self,
        tenant: &TenantId,
        request: v1::ListCommissionSignalsRequest,
    ) -> Result<v1::ListCommissionSignalsResponse, QueryError> {
        let consistency = request.consistency.unwrap_or_default();
        self.0
            .ask_book(tenant, consistency, move |scene| scene.signals(&request))
            .await
    }

    /// What closing a period would freeze, as of the log's head.
    pub async fn closable(
        &self,
        tenant: &TenantId,
        request: v1::ClosePeriodRequest,
    ) -> Result<Closable, QueryError> {
        self.0
            .ask_book(tenant, v1::Consistency::default(), move |scene| {
                scene.closable(&request)
            })
            .await
    }
}
