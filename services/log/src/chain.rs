//! Chains: nothing lands that was built on what did not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Ties appends together that were decided on one another's results before those were durable.
///
/// An expected version alone does not protect them: if the first of two appends fails because
/// another node wrote the very version it meant to write, the second one's expected version is
/// there all the same, with another event in it. So once the events of an append of a chain do not
/// land, no later append of that chain, and none that depends on it, lands either. That goes for a
/// command that is sent again, too: its events landed before, somewhere else. On an append without
/// events nothing can be built: whether it lands or not, its chain stays whole.
#[derive(Debug, Clone, Default)]
pub struct Chain(Arc<AtomicBool>);

impl Chain {
    /// A whole chain.
    pub fn new() -> Self {
        Self::default()
    }

    /// Cuts it: no append of it that has not landed yet will.
    pub fn cut(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether it was cut.
    pub fn is_cut(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// Whether both are the same chain.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
