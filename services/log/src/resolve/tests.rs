//! The resolver against a model that takes one append after the other.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::DateTime;
use event_schemas::vocabulary::{StreamName, TenantId, Version};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::{Assumed, Facts, Known, Plan, Remembered, Verdict, count, on_assumptions, on_facts};
use crate::backend::Item;
use crate::claim::Key;
use crate::{
    Append, AppendError, Chain, Claim, ClaimChange, ClaimValue, Command, Meta, NewEvent,
    StreamWrite,
};

const STREAMS: [&str; 3] = ["rep-1", "rep-2", "team-1"];
const HOLDERS: [&str; 2] = ["rep-1", "rep-2"];
const CHAINS: usize = 2;

/// An append to come. Versions are told by how far they are from the right ones.
#[derive(Debug, Clone)]
struct Wish {
    command: Option<(u8, u8)>,
    writes: Vec<(usize, i64, usize)>,
    reads: Vec<(usize, i64)>,
    claims: Vec<(bool, u8, usize)>,
    chain: Option<usize>,
    depends_on: Option<usize>,
}

fn wish() -> impl Strategy<Value = Wish> {
    let off = || prop_oneof![8 => Just(0_i64), 1 => Just(1), 1 => Just(-1)];
    let stream = || 0..STREAMS.len();
    (
        option::of((0..6_u8, 0..2_u8)),
        vec((stream(), off(), 0..3_usize), 0..3),
        vec((stream(), off()), 0..2),
        vec((any::<bool>(), 0..3_u8, 0..HOLDERS.len()), 0..2),
        option::weighted(0.4, 0..CHAINS),
        option::weighted(0.2, 0..CHAINS),
    )
        .prop_map(|(command, writes, reads, claims, chain, depends_on)| {
            let names_a_stream = !(writes.is_empty() && reads.is_empty());
            Wish {
                command,
                writes,
                reads,
                claims,
                chain: chain.filter(|_| names_a_stream),
                depends_on: depends_on.filter(|_| names_a_stream),
            }
        })
}

/// What became of an append, as the model has it.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Lands { position: u64, events: u64 },
    Duplicate(Known),
    Conflict(String, u64, u64),
    Claimed(String),
    Reused,
}

/// A log in memory.
#[derive(Debug, Default, Clone)]
struct Model {
    events: Vec<(String, u64, Vec<u8>)>,
    versions: BTreeMap<String, u64>,
    commands: BTreeMap<String, Known>,
    claims: BTreeMap<Key, String>,
    cut: HashSet<usize>,
}

impl Model {
    fn version(&self, stream: &str) -> u64 {
        self.versions.get(stream).copied().unwrap_or_default()
    }

    fn append(&mut self, item: &Item, wish: &Wish) -> Outcome {
        let mut after = self.clone();
        let outcome = after.try_append(item, wish);
        if matches!(outcome, Outcome::Lands { .. }) {
            *self = after;
        } else if item.append.event_count() > 0 {
            self.cut.extend(wish.chain);
        }
        outcome
    }

    /// Leaves itself half changed if it does not land.
    fn try_append(&mut self, item: &Item, wish: &Wish) -> Outcome {
        let append = &item.append;
        if let Some(command) = &append.command
            && let Some(known) = self.commands.get(&command.id)
        {
            return if known.digest == command.digest {
                Outcome::Duplicate(*known)
            } else {
                Outcome::Reused
            };
        }
        let broken = [wish.chain, wish.depends_on]
            .iter()
            .flatten()
            .any(|chain| self.cut.contains(chain));
        for (stream, expected) in &append.reads {
            let actual = self.version(stream.as_str());
            if broken || expected.0 != actual {
                return Outcome::Conflict(stream.to_string(), expected.0, actual);
            }
        }
        let before = self.events.len();
        for write in &append.writes {
            let stream = write.stream.to_string();
            let actual = self.version(&stream);
            if broken || write.expected.0 != actual {
                return Outcome::Conflict(stream, write.expected.0, actual);
            }
            for event in &write.events {
                let version = self.version(&stream) + 1;
                self.versions.insert(stream.clone(), version);
                self.events
                    .push((stream.clone(), version, event.payload.clone()));
            }
        }
        for (change, key) in append.claims.iter().zip(&item.keys) {
            let held_by = self.claims.get(key).cloned();
            match (change, held_by) {
                (ClaimChange::Claim { holder, .. }, Some(by)) if *by != **holder => {
                    return Outcome::Claimed(by);
                }
                (ClaimChange::Claim { holder, .. }, _) => {
                    self.claims.insert(key.clone(), holder.to_string());
                }
                (ClaimChange::Release { holder, .. }, Some(by)) if *by == **holder => {
                    self.claims.remove(key);
                }
                (ClaimChange::Release { .. }, _) => {}
            }
        }
        let position = count(self.events.len());
        let events = count(self.events.len() - before);
        if let Some(Command { id, digest }) = &append.command {
            let first = append.writes.first();
            let version = first.map_or(0, |write| self.version(write.stream.as_str()));
            let known = Known {
                digest: *digest,
                position,
                events,
                version,
            };
            self.commands.insert(id.clone(), known);
        }
        Outcome::Lands { position, events }
    }

    /// What a database that holds the same would say.
    fn facts(&self) -> Facts {
        Facts {
            streams: self.versions.clone().into_iter().collect(),
            commands: self.commands.clone().into_iter().collect(),
            claims: self.claims.clone().into_iter().collect(),
        }
    }

    /// Whether all of it is so.
    fn bears_out(&self, assumed: &Assumed<'_>) -> bool {
        let holder = |key: &Key| self.claims.get(key).map(String::as_str);
        let mut streams = assumed.streams.iter();
        let mut commands = assumed.commands.iter();
        let mut claims = assumed.claims.iter();
        streams.all(|(stream, version)| self.version(stream) == *version)
            && commands.all(|id| !self.commands.contains_key(*id))
            && claims.all(|(key, by)| holder(key) == *by)
    }

    fn item(&self, wish: &Wish, chains: &[Chain], serial: usize) -> Item {
        let mut versions = self.versions.clone();
        let mut at = |stream: usize, off: i64, added: usize| {
            let name = STREAMS[stream];
            let version = versions.entry(name.to_owned()).or_default();
            let expected = Version(version.saturating_add_signed(off));
            *version += count(added);
            (StreamName::parse(name).unwrap(), expected)
        };
        let reads = wish.reads.iter().map(|(stream, off)| at(*stream, *off, 0));
        let reads = reads.collect();
        let event = |n: usize| NewEvent {
            event_type: "Happened".into(),
            schema_version: 1,
            payload: format!("{serial}/{n}").into_bytes(),
        };
        let writes = wish.writes.iter().map(|(stream, off, added)| {
            let (stream, expected) = at(*stream, *off, *added);
            let events = (0..*added).map(event).collect();
            StreamWrite {
                stream,
                expected,
                events,
            }
        });
        let writes = writes.collect();
        let claims = wish.claims.iter().map(|(take, value, holder)| {
            let claim = Claim {
                scope: "seat".into(),
                value: ClaimValue::Plain(value.to_string()),
            };
            let holder = HOLDERS[*holder].into();
            if *take {
                ClaimChange::Claim { claim, holder }
            } else {
                ClaimChange::Release { claim, holder }
            }
        });
        let claims: Vec<ClaimChange> = claims.collect();
        let keys = claims
            .iter()
            .map(|change| Key::of(change.parts().0, None).unwrap());
        Item {
            keys: keys.collect(),
            append: Append {
                tenant: TenantId::new("acme").unwrap(),
                command: wish.command.map(|(id, body)| Command {
                    id: format!("c-{id}"),
                    digest: [body; 32],
                }),
                writes,
                reads,
                claims,
                chain: wish.chain.map(|chain| chains[chain].clone()),
                depends_on: wish
                    .depends_on
                    .map(|chain| chains[chain].clone())
                    .into_iter()
                    .collect(),
                meta: Meta {
                    occurred_at: DateTime::UNIX_EPOCH,
                    actor: String::new(),
                    correlation_id: None,
                    causation_id: None,
                    trace_context: None,
                },
            },
            reply: None,
        }
    }
}

/// A verdict as the model would say it.
fn outcome_of(verdict: &Verdict, items: &[Item], plan: &Plan<'_>, head: u64) -> Outcome {
    match verdict {
        Verdict::Lands { offset, events } => Outcome::Lands {
            position: head + offset,
            events: *events,
        },
        Verdict::Known(known) => Outcome::Duplicate(*known),
        Verdict::Repeats { earlier } => {
            let command = items[*earlier].append.command.as_ref().unwrap();
            let mut landed = plan.commands.iter();
            let first = landed.find(|one| one.id == command.id).unwrap();
            Outcome::Duplicate(remembered(first, head))
        }
        Verdict::Refused(AppendError::Conflict {
            stream,
            expected,
            actual,
        }) => Outcome::Conflict(stream.to_string(), expected.0, actual.0),
        Verdict::Refused(AppendError::Claimed { holder, .. }) => Outcome::Claimed(holder.clone()),
        Verdict::Refused(AppendError::CommandReused) => Outcome::Reused,
        Verdict::Refused(other) => panic!("{other}"),
    }
}

/// A command of a plan, once it is remembered.
fn remembered(command: &Remembered<'_>, head: u64) -> Known {
    Known {
        digest: *command.digest,
        position: head + command.offset,
        events: command.events,
        version: command.version,
    }
}

/// Everything a plan writes.
fn written(plan: &Plan<'_>) -> String {
    let events = plan.events.iter().map(|row| {
        let payload = String::from_utf8_lossy(&row.event.payload);
        format!("{} {} {payload}", row.stream, row.version)
    });
    let claims: BTreeMap<_, _> = plan.claims.iter().collect();
    let events: Vec<String> = events.collect();
    format!(
        "{:?} {events:?} {:?} {claims:?}",
        plan.verdicts, plan.commands
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_batch_comes_to_the_same_as_one_append_after_the_other(
        batches in vec(vec(wish(), 1..8), 1..8)
    ) {
        let chains: Vec<Chain> = (0..CHAINS).map(|_| Chain::new()).collect();
        let mut model = Model::default();
        let mut serial = 0;
        for wishes in batches {
            let before = model.clone();
            let head = count(before.events.len());
            let mut items = Vec::new();
            let mut expected = Vec::new();
            for wish in &wishes {
                serial += 1;
                let item = model.item(wish, &chains, serial);
                expected.push(model.append(&item, wish));
                items.push(item);
            }

            let plan = on_facts(&items, &before.facts());
            let outcomes: Vec<Outcome> = plan
                .verdicts
                .iter()
                .map(|verdict| outcome_of(verdict, &items, &plan, head))
                .collect();
            prop_assert_eq!(&outcomes, &expected);
            let events: Vec<_> = plan
                .events
                .iter()
                .map(|row| (row.stream.to_string(), row.version, row.event.payload.clone()))
                .collect();
            prop_assert_eq!(&events[..], &model.events[before.events.len()..]);
            let mut commands = before.commands.clone();
            for one in &plan.commands {
                let known = remembered(one, head);
                prop_assert!(commands.insert(one.id.to_owned(), known).is_none());
            }
            prop_assert_eq!(&commands, &model.commands);
            let mut claims: HashMap<Key, String> = before.claims.clone().into_iter().collect();
            for (key, holder) in &plan.claims {
                match holder {
                    Some(holder) => claims.insert((*key).clone(), (*holder).to_owned()),
                    None => claims.remove(*key),
                };
            }
            prop_assert_eq!(claims, model.claims.clone().into_iter().collect());

            let assumed = Assumed::by(&items);
            if before.bears_out(&assumed) {
                prop_assert_eq!(written(&on_assumptions(&items, &assumed)), written(&plan));
            }
            // As the lane does, once it is committed.
            for (item, verdict) in items.iter().zip(&plan.verdicts) {
                if !matches!(verdict, Verdict::Lands { .. }) {
                    item.append.cut_chain();
                }
            }
        }
    }
}
