//! The records of a day that are known: looked up for each that comes in, and copied with each
//! decision, so that neither may cost more the more there are.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use event_schemas::vocabulary::{MetricId, Number, UsageRecordId};
use serde::{Deserialize, Serialize};

/// A record as it came in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Known {
    pub(super) metric_id: MetricId,
    pub(super) quantity: Number,
    pub(super) recorded_at: DateTime<Utc>,
}

type Run = HashMap<UsageRecordId, Known>;

/// Records in runs, each larger than the next one, so that there are few: a run is shared by all copies,
/// and what comes in is put together with those that are no larger.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct KnownRecords(Vec<Arc<Run>>);

impl KnownRecords {
    pub(super) fn get(&self, record_id: &UsageRecordId) -> Option<&Known> {
        self.0.iter().find_map(|run| run.get(record_id))
    }

    /// Takes in records. Of one that is known already, what was known stands.
    pub(super) fn add(&mut self, records: impl Iterator<Item = (UsageRecordId, Known)>) {
        let mut run = Run::with_capacity(records.size_hint().0);
        for (record_id, known) in records {
            if self.get(&record_id).is_none() {
                run.entry(record_id).or_insert(known);
            }
        }
        while let Some(last) = self.0.pop_if(|last| last.len() <= run.len()) {
            run.extend(Arc::unwrap_or_clone(last));
        }
        if !run.is_empty() {
            self.0.push(Arc::new(run));
        }
    }

    #[cfg(test)]
    pub(super) fn runs(&self) -> usize {
        self.0.len()
    }
}
