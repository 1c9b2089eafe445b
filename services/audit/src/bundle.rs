//! A bundle: everything that someone needs to check one statement, in one JSON file.

use std::collections::HashSet;

use chrono::NaiveDate;
use event_schemas::StreamEvents as _;
use event_schemas::contract::{ContractEvent, ContractSigned};
use event_schemas::vocabulary::{CommissionPlanId, OpportunityId, Recorded, RepId, TenantId};
use figures::commission::{Needed, needed};
use merkle::Hash;
use serde::{Deserialize, Serialize};

use crate::entry::Entry;

/// What a bundle says it is.
pub const FORMAT: &str = "twinfunnel-audit-bundle/v1";

/// Everything that is needed to check one statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// [`FORMAT`].
    pub format: String,
    /// Whose log it is.
    pub tenant: TenantId,
    /// The plan the statement pays by.
    pub commission_plan_id: CommissionPlanId,
    /// Whose statement it is.
    pub rep_id: RepId,
    /// The first day of its period.
    pub from_on: NaiveDate,
    /// The signed checkpoint, as a C2SP signed note.
    pub checkpoint: String,
    /// The keys of the log as the server told them. Trust them only as far as you trust who gave you
    /// the bundle: compare them with what you know from elsewhere.
    pub keys: Vec<Key>,
    /// Every position of the log from 1 to the size of the checkpoint.
    pub entries: Vec<Entry>,
}

/// A key of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// As verifiers of signed notes take it: `NAME+ID+KEY`.
    pub verifier_key: String,
    /// The size of the first checkpoint that it signed.
    pub from_size: u64,
}

impl Bundle {
    /// Puts together what was read of a log: all its events up to the checkpoint, in order, and the
    /// hashes of their leaves as they were sealed. Nothing if a payload is no text, which no event of
    /// ours is.
    pub fn of(
        statement: (CommissionPlanId, RepId, NaiveDate),
        checkpoint: String,
        keys: Vec<Key>,
        tenant: TenantId,
        events: &[Recorded],
        sealed: &[Hash],
    ) -> Option<Self> {
        let (commission_plan_id, rep_id, from_on) = statement;
        let unowned = unowned(events.iter());
        let entries = events.iter().map(|event| {
            // What was never sealed has no place in the checkpoint, which the verifier finds.
            let index = usize::try_from(event.position.0.wrapping_sub(1));
            let sealed = index.ok().and_then(|index| sealed.get(index)).copied();
            let sealed = sealed.unwrap_or_else(|| merkle::event_hash(event));
            let (category, id) = (event.stream.category(), event.stream.id());
            if is_needed(&unowned, category, id, &event.event_type) {
                Entry::whole(event, sealed)
            } else {
                Some(Entry::bare(event, sealed))
            }
        });
        Some(Self {
            format: FORMAT.to_owned(),
            tenant,
            commission_plan_id,
            rep_id,
            from_on,
            checkpoint,
            keys,
            entries: entries.collect::<Option<_>>()?,
        })
    }
}

/// Whether a statement may depend on an event. An opportunity says who owned it, which counts where
/// the contract that won it names nobody.
pub(crate) fn is_needed(
    unowned: &HashSet<OpportunityId>,
    category: &str,
    id: &str,
    event_type: &str,
) -> bool {
    match needed(category, event_type) {
        Needed::Always => true,
        Needed::WhereUnowned => OpportunityId::new(id).is_ok_and(|id| unowned.contains(&id)),
        Needed::Never => false,
    }
}

/// The opportunities of contracts that name nobody who is credited.
pub(crate) fn unowned<'e>(events: impl Iterator<Item = &'e Recorded>) -> HashSet<OpportunityId> {
    let contracts = events.filter(|event| event.stream.category() == ContractEvent::CATEGORY);
    let signed = contracts.filter_map(|event| {
        let (version, payload) = (event.schema_version, &event.payload);
        match ContractEvent::decode(&event.event_type, version, payload) {
            Ok(ContractEvent::ContractSigned(signed)) => Some(signed),
            _ => None,
        }
    });
    let names_nobody =
        |signed: &ContractSigned| signed.rep_id.is_none() && signed.splits.is_empty();
    signed
        .filter(names_nobody)
        .filter_map(|signed| signed.opportunity_id)
        .collect()
}
