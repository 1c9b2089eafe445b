//! Reading other aggregates for a decision: their state, and the versions the append is to check.

use std::sync::Arc;

use domain::{Decider, Read, Reads, Reference};
use event_schemas::vocabulary::{StreamName, Version};
use log::Chain;

use crate::room::{Current, Room};
use crate::{Envelope, Error, Executor};

/// Everything a decision read besides its own aggregate.
#[derive(Debug)]
pub(crate) struct ReadAll {
    pub(crate) reads: Reads,
    /// What the append is to check.
    pub(crate) versions: Vec<(StreamName, Version)>,
    /// What the decision hangs on, if it was read before it was durable.
    pub(crate) chains: Vec<Chain>,
}

/// Goes to the room of what is referred to: one line a kind.
macro_rules! in_room_of {
    ($executor:ident, $reference:ident, |$room:ident, $id:ident, $wrap:ident| $do:expr) => {
        in_room_of!(@ $executor, $reference, |$room, $id, $wrap| $do;
            SalesProcess sales_process, Rep rep, Team team, Customer customer, Metric metric, Product product,
            Opportunity opportunity, Quote quote, Contract contract, CommissionPlan commission_plan,
            CommissionStatement commission_period, Tenant tenant)
    };
    (@ $executor:ident, $reference:ident, |$room:ident, $id:ident, $wrap:ident| $do:expr;
        $($kind:ident $field:ident),+) => {
        match $reference {
            $(Reference::$kind($id) => {
                let ($room, $wrap) = (&$executor.rooms.$field, Read::$kind);
                $do
            })+
        }
    };
}

impl Executor {
    /// Reads what a decision declared to read.
    pub(crate) async fn read_all(
        &self,
        envelope: &Envelope,
        references: &[Reference],
    ) -> Result<ReadAll, Error> {
        let mut all = ReadAll {
            reads: Reads::new(&*envelope.actor, envelope.occurred_at),
            versions: Vec::with_capacity(references.len()),
            chains: Vec::with_capacity(references.len()),
        };
        for reference in references {
            let (read, stream, version, chain) = in_room_of!(self, reference, |room, id, wrap| {
                self.read(room, envelope, id, wrap).await?
            });
            all.reads = all.reads.with(reference.clone(), read);
            all.versions.push((stream, version));
            all.chains.push(chain);
        }
        Ok(all)
    }

    async fn read<D: Decider>(
        &self,
        room: &Room<D>,
        envelope: &Envelope,
        id: &str,
        wrap: fn(Arc<D>) -> Read,
    ) -> Result<(Read, StreamName, Version, Chain), Error> {
        let stream = room.stream(id)?;
        let slot = room.slot(&envelope.tenant, &stream);
        let Current {
            state,
            version,
            chain,
        } = slot
            .current(&self.log, &envelope.tenant, &stream, false)
            .await?;
        Ok((wrap(state), stream, version, chain))
    }

    /// Forgets what was read of a stream, if the log is ahead of it.
    pub(crate) async fn forget_older_than(
        &self,
        version: Version,
        stream: &StreamName,
        envelope: &Envelope,
        references: &[Reference],
    ) {
        for reference in references {
            in_room_of!(self, reference, |room, id, _wrap| {
                if room.stream(id).is_ok_and(|name| name == *stream) {
                    let slot = room.slot(&envelope.tenant, stream);
                    slot.forget_older_than(version);
                }
            });
        }
    }
}
