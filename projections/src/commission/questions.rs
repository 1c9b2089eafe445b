//! The questions about commission, as they are asked from outside.

use event_schemas::vocabulary::TenantId;
use proto::v1;

use super::{Closable, WhatIf};
use crate::{Answer, Projections};

impl Projections {
    /// The commission statements of a period, as they are or as they would be.
    pub fn list_statements<'a>(
        &'a self,
        tenant: &'a TenantId,
        request: v1::ListStatementsRequest,
        what_if: Option<WhatIf>,
    ) -> Answer<'a, v1::ListStatementsResponse> {
        Box::pin(async move {
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
        })
    }

    /// One participant's commission statement.
    pub fn get_statement<'a>(
        &'a self,
        tenant: &'a TenantId,
        request: v1::GetStatementRequest,
    ) -> Answer<'a, v1::GetStatementResponse> {
        Box::pin(async move {
            let consistency = request.consistency.unwrap_or_default();
            self.0
                .ask_book(tenant, consistency, move |scene| scene.get(&request))
                .await
        })
    }

    /// What a deal that is not signed would pay.
    pub fn estimate_commission<'a>(
        &'a self,
        tenant: &'a TenantId,
        request: v1::EstimateCommissionRequest,
    ) -> Answer<'a, v1::EstimateCommissionResponse> {
        Box::pin(async move {
            let consistency = request.consistency.unwrap_or_default();
            self.0
                .ask_book(tenant, consistency, move |scene| scene.estimate(&request))
                .await
        })
    }

    /// What someone should look at.
    pub fn commission_signals<'a>(
        &'a self,
        tenant: &'a TenantId,
        request: v1::ListCommissionSignalsRequest,
    ) -> Answer<'a, v1::ListCommissionSignalsResponse> {
        Box::pin(async move {
            let consistency = request.consistency.unwrap_or_default();
            self.0
                .ask_book(tenant, consistency, move |scene| scene.signals(&request))
                .await
        })
    }

    /// What closing a period would freeze, as of the log's head.
    pub fn closable<'a>(
        &'a self,
        tenant: &'a TenantId,
        request: v1::ClosePeriodRequest,
    ) -> Answer<'a, Closable> {
        Box::pin(async move {
            self.0
                .ask_book(tenant, v1::Consistency::default(), move |scene| {
                    scene.closable(&request)
                })
                .await
        })
    }
}
