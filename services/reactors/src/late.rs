//! Those of whom something was told late: of days before the one that ends, since it was last looked.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use event_schemas::vocabulary::{CustomerId, Position, TenantId};

use crate::follow::{ended_before, wanted};
use crate::{Error, Reactors};

/// Events read at once.
const PAGE: usize = 1_000;

impl Reactors {
    /// Customers to whom something happened before a day began, told since the day before the last was
    /// ended. The last alone is not enough: what was told while it was being ended may not have been seen.
    /// To look at a customer again does no harm.
    pub(crate) async fn late(
        &self,
        tenant: &TenantId,
        day_began: DateTime<Utc>,
        known: Position,
    ) -> Result<BTreeSet<CustomerId>, Error> {
        let mut late = BTreeSet::new();
        let since = ended_before(self, tenant, 1).await?;
        let mut after = since.map_or(Position(0), |(_, position)| position);
        while after < known {
            let page = self.0.log.read(tenant, after, &wanted(), PAGE).await?;
            after = page.scanned_to;
            let told = page.events.iter();
            let told =
                told.filter(|event| event.occurred_at < day_began && event.position <= known);
            let mut streams: Vec<&str> = told.map(|event| event.stream.as_str()).collect();
            streams.sort_unstable();
            streams.dedup();
            let customers = self.0.projections.customers_of(tenant, &streams, known);
            late.extend(customers.await?.into_values());
        }
        Ok(late)
    }
}
