//! Values that a command would take and can do without: which of them are another's is asked only after
//! the log has refused one, so that a command whose values are all free pays nothing for it.

use std::sync::Arc;

use domain::{Decider, Reference};

use crate::begin::Task;
use crate::read::ReadAll;
use crate::{Error, store};

impl<D: Decider> Task<D> {
    /// Reads what a decision declared to read, and says what is known to be taken.
    pub(crate) async fn read_all(&self, references: &[Reference]) -> Result<ReadAll, Error> {
        let mut read = self.executor.read_all(&self.envelope, references).await?;
        read.reads = read.reads.when_taken(Arc::clone(&self.taken));
        Ok(read)
    }

    /// Finds out which of the values that it can do without are another's; whether there are more than
    /// it was decided on. What its own stream has, the decision knows already.
    pub(crate) async fn finds_taken(&mut self) -> Result<bool, Error> {
        let claims = D::goes_without(&self.own.command);
        if claims.is_empty() {
            return Ok(false);
        }
        let asked: Vec<_> = claims.iter().cloned().map(store::claim_of).collect();
        let held = self.executor.log.held(&self.envelope.tenant, &asked).await;
        let held = held.map_err(|error| Error::Log(error.to_string()))?;
        let taken = claims.into_iter().zip(held).filter(|(_, is_held)| *is_held);
        let before = self.taken.len();
        self.taken = Arc::new(taken.map(|(claim, _)| claim).collect());
        Ok(self.taken.len() > before)
    }
}
