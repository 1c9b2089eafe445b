//! The questions about customers: how healthy they are, and all that is known of one.

use chrono::NaiveDate;
use event_schemas::vocabulary::TenantId;
use figures::health::Finding;
use proto::v1;

use super::Scene;
use crate::{Answer, Projections, QueryError, customer_health};

/// One method a question: opens the part of history it is about, and answers from it.
macro_rules! questions {
    ($($(#[$doc:meta])* $name:ident = $answer:path: $request:ident => $told:ident;)+) => {
        impl Projections {$(
            $(#[$doc])*
            pub fn $name<'a>(
                &'a self,
                tenant: &'a TenantId,
                request: v1::$request,
            ) -> Answer<'a, v1::$told> {
                Box::pin(async move {
                    let consistency = request.consistency.unwrap_or_default();
                    let mut scene = self.scene(tenant, consistency).await?;
                    $answer(&mut scene, &request).await
                })
            }
        )+}
    };
}

questions! {
    /// One customer's health on a day, and what moved it.
    customer_health = customer_health::get: GetCustomerHealthRequest => CustomerHealth;
    /// The health of the active customers, and how many are in each band.
    list_customer_health = customer_health::list:
        ListCustomerHealthRequest => ListCustomerHealthResponse;
    /// One customer's scores, day by day.
    health_history = customer_health::history: GetHealthHistoryRequest => HealthHistory;
    /// The net promoter score of a period.
    nps = customer_health::nps: GetNpsRequest => NetPromoterScore;
    /// Whom a model that is not published would have flagged, and who left.
    try_health_model = customer_health::trial: TryHealthModelRequest => HealthModelTrial;
}

impl Projections {
    pub(crate) async fn scene(
        &self,
        tenant: &TenantId,
        consistency: v1::Consistency,
    ) -> Result<Scene, QueryError> {
        let asked = self.0.ask("customer_health", tenant, consistency).await?;
        Scene::new(asked, &self.0.baselines).await
    }

    /// All that gives cause for worry at the end of a day of the tenant's time zone, from what had
    /// happened by then, as far as the log went when it was asked for. Nothing while no health model
    /// holds.
    pub fn findings<'a>(
        &'a self,
        tenant: &'a TenantId,
        day: NaiveDate,
    ) -> Answer<'a, Vec<Finding>> {
        Box::pin(async move {
            let head = self.0.log.head(tenant).await?;
            let consistency = v1::Consistency {
                as_of: None,
                min_position: head.0,
            };
            let mut scene = self.scene(tenant, consistency).await?;
            let day = scene.calendar.day(day);
            scene.findings(day).await
        })
    }
}
