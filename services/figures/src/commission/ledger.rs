//! Ledgers: what was paid for what, less what was taken back since.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

/// What was paid, in minor units. What was paid long ago is shared by all who go on from there.
#[derive(Debug, Clone)]
pub(super) struct Ledger<K> {
    before: Arc<HashMap<K, i64>>,
    since: HashMap<K, i64>,
}

impl<K> Default for Ledger<K> {
    fn default() -> Self {
        Self {
            before: Arc::default(),
            since: HashMap::new(),
        }
    }
}

impl<K: Clone + Eq + Hash> Ledger<K> {
    /// What was paid for something and not taken back.
    pub(super) fn paid_minor(&self, key: &K) -> i64 {
        let paid = self.since.get(key).or_else(|| self.before.get(key));
        paid.copied().unwrap_or_default()
    }

    /// Something more was paid, or less.
    pub(super) fn add(&mut self, key: K, minor: i64) {
        let paid = self.paid_minor(&key).saturating_add(minor);
        self.since.insert(key, paid);
    }

    /// From here on others go on.
    pub(super) fn share(&mut self) {
        Arc::make_mut(&mut self.before).extend(self.since.drain());
    }
}
