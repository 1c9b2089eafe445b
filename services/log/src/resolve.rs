//! Decides which appends of a batch land. Pure: the database's facts in, verdicts and rows out.
//!
//! The appends of one tenant are tried one after the other, each on top of what landed before it in
//! the same batch; the result is the same as if each had had a transaction of its own. The property
//! test beside this file holds that against a model that does just that.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use event_schemas::vocabulary::{StreamName, Version};

use crate::backend::Item;
use crate::claim::Key;
use crate::{Append, AppendError, Chain, ClaimChange, NewEvent, StreamWrite};

/// A command that was carried out before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Known {
    /// Hash of its body.
    pub(crate) digest: [u8; 32],
    /// Its last position; without events the head at that time.
    pub(crate) position: u64,
    /// How many events it added.
    pub(crate) events: u64,
    /// The version of the first stream it wrote, after it.
    pub(crate) version: u64,
}

impl Known {
    /// Its first position; without events the same as the last.
    pub(crate) fn first_position(&self) -> u64 {
        (self.position + 1).saturating_sub(self.events.max(1))
    }

    /// The positions of its events.
    pub(crate) fn positions(&self) -> std::ops::Range<u64> {
        let end = self.position + 1;
        end.saturating_sub(self.events)..end
    }
}

/// What the database held before the batch, about everything the batch names.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// Versions of streams; an absent one has none.
    pub(crate) streams: HashMap<String, u64>,
    /// Commands carried out before; an absent one was not.
    pub(crate) commands: HashMap<String, Known>,
    /// Holders of claims; an absent one is free.
    pub(crate) claims: HashMap<Key, String>,
}

/// What one batch takes for granted, when it does not ask the database first: that every stream has
/// the version which is first expected of it, that no command was seen before, that what is claimed
/// is free and what is released is held by who releases it. The database checks it when it writes.
#[derive(Debug, Default)]
pub(crate) struct Assumed<'a> {
    pub(crate) streams: HashMap<&'a str, u64>,
    pub(crate) commands: Vec<&'a str>,
    pub(crate) claims: HashMap<&'a Key, Option<&'a str>>,
}

impl<'a> Assumed<'a> {
    /// What a batch takes for granted.
    pub(crate) fn by(items: &'a [Item]) -> Self {
        let mut assumed = Self::default();
        for item in items {
            let append = &item.append;
            assumed
                .commands
                .extend(append.command.as_ref().map(|command| command.id.as_str()));
            let writes = append
                .writes
                .iter()
                .map(|write| (&write.stream, write.expected));
            let reads = append
                .reads
                .iter()
                .map(|(stream, version)| (stream, *version));
            for (stream, expected) in writes.chain(reads) {
                assumed.streams.entry(stream.as_str()).or_insert(expected.0);
            }
            for (change, key) in append.claims.iter().zip(&item.keys) {
                let holder = match change {
                    ClaimChange::Claim { .. } => None,
                    ClaimChange::Release { holder, .. } => Some(&**holder),
                };
                assumed.claims.entry(key).or_insert(holder);
            }
        }
        assumed
    }
}

/// What becomes of one append. Positions count from the head before the batch.
#[derive(Debug, Clone)]
pub(crate) enum Verdict {
    /// It lands, with `events` events, the last at `offset`.
    Lands { offset: u64, events: u64 },
    /// Its command was carried out before this batch.
    Known(Known),
    /// Its command is carried out by an earlier append of this batch.
    Repeats { earlier: usize },
    /// It does not land.
    Refused(AppendError),
}

/// An event to be written, at the place it has in [`Plan::events`].
#[derive(Debug)]
pub(crate) struct Row<'a> {
    pub(crate) append: &'a Append,
    pub(crate) stream: &'a StreamName,
    pub(crate) event: &'a NewEvent,
    pub(crate) version: u64,
}

impl<'a> Row<'a> {
    /// The id of its command; empty if there is none.
    pub(crate) fn command_id(&self) -> &'a str {
        self.append
            .command
            .as_ref()
            .map_or("", |command| command.id.as_str())
    }
}

/// A command to be remembered.
#[derive(Debug)]
pub(crate) struct Remembered<'a> {
    pub(crate) id: &'a str,
    pub(crate) digest: &'a [u8; 32],
    pub(crate) offset: u64,
    pub(crate) events: u64,
    pub(crate) version: u64,
}

/// What a batch comes to.
#[derive(Debug, Default)]
pub(crate) struct Plan<'a> {
    pub(crate) verdicts: Vec<Verdict>,
    pub(crate) events: Vec<Row<'a>>,
    pub(crate) commands: Vec<Remembered<'a>>,
    /// Who holds a claim afterwards, if anyone.
    pub(crate) claims: HashMap<&'a Key, Option<&'a str>>,
}

impl Plan<'_> {
    /// Whether anything is to be written.
    pub(crate) fn writes(&self) -> bool {
        !(self.events.is_empty() && self.commands.is_empty() && self.claims.is_empty())
    }
}

/// What is known while the batch is gone through: what was before, and what landed since.
trait Before {
    fn version(&self, stream: &str) -> u64;
    fn known(&self, command: &str) -> Option<Known>;
    fn holder(&self, key: &Key) -> Option<&str>;
}

impl Before for Facts {
    fn version(&self, stream: &str) -> u64 {
        self.streams.get(stream).copied().unwrap_or_default()
    }
    fn known(&self, command: &str) -> Option<Known> {
        self.commands.get(command).copied()
    }
    fn holder(&self, key: &Key) -> Option<&str> {
        self.claims.get(key).map(String::as_str)
    }
}

impl Before for Assumed<'_> {
    fn version(&self, stream: &str) -> u64 {
        self.streams.get(stream).copied().unwrap_or_default()
    }
    fn known(&self, _command: &str) -> Option<Known> {
        None
    }
    fn holder(&self, key: &Key) -> Option<&str> {
        self.claims.get(key).copied().flatten()
    }
}

/// Plans a batch on what the database said.
pub(crate) fn on_facts<'a>(items: &'a [Item], facts: &Facts) -> Plan<'a> {
    Resolver::new(facts).run(items)
}

/// Plans a batch on what it takes for granted. Right if, and only if, all of that is so.
pub(crate) fn on_assumptions<'a>(items: &'a [Item], assumed: &Assumed<'a>) -> Plan<'a> {
    Resolver::new(assumed).run(items)
}

struct Resolver<'a, 'b, B> {
    before: &'b B,
    plan: Plan<'a>,
    versions: HashMap<&'a str, u64>,
    commands: HashMap<&'a str, (usize, &'a [u8; 32])>,
    cut: Vec<&'a Chain>,
}

impl<'a, 'b, B: Before> Resolver<'a, 'b, B> {
    fn new(before: &'b B) -> Self {
        Self {
            before,
            plan: Plan::default(),
            versions: HashMap::new(),
            commands: HashMap::new(),
            cut: Vec::new(),
        }
    }

    fn run(mut self, items: &'a [Item]) -> Plan<'a> {
        self.plan.verdicts.reserve(items.len());
        self.plan.events.reserve(items.len());
        self.plan.commands.reserve(items.len());
        for (index, item) in items.iter().enumerate() {
            let verdict = self.judge(item);
            match (&verdict, &item.append.command) {
                (Verdict::Lands { .. }, Some(command)) => {
                    self.commands.insert(&command.id, (index, &command.digest));
                }
                (Verdict::Lands { .. }, None) => {}
                _ if item.append.event_count() > 0 => self.cut.extend(&item.append.chain),
                _ => {}
            }
            self.plan.verdicts.push(verdict);
        }
        self.plan
    }

    fn judge(&mut self, item: &'a Item) -> Verdict {
        let append = &item.append;
        if let Some(seen) = self.seen(append) {
            return seen;
        }
        match self.check(append).and_then(|()| self.claim(item)) {
            Ok(()) => self.land(append),
            Err(error) => Verdict::Refused(error),
        }
    }

    /// Whether its command was carried out before.
    fn seen(&self, append: &Append) -> Option<Verdict> {
        let command = append.command.as_ref()?;
        let (digest, verdict) = match self.commands.get(command.id.as_str()) {
            Some((earlier, digest)) => (**digest, Verdict::Repeats { earlier: *earlier }),
            None => {
                let known = self.before.known(&command.id)?;
                (known.digest, Verdict::Known(known))
            }
        };
        let same = digest == command.digest;
        Some(if same {
            verdict
        } else {
            Verdict::Refused(AppendError::CommandReused)
        })
    }

    /// Its chains are whole and its streams at the versions it expects.
    fn check(&self, append: &'a Append) -> Result<(), AppendError> {
        let is_cut = |chain: &Chain| chain.is_cut() || self.cut.iter().any(|cut| cut.is(chain));
        let broken = append.chains().any(is_cut);
        let mut own: Vec<(&StreamName, u64)> = Vec::new();
        let writes = append
            .writes
            .iter()
            .map(|write| (&write.stream, write.expected, &write.events[..]));
        let reads = append
            .reads
            .iter()
            .map(|(stream, expected)| (stream, *expected, &[][..]));
        // What it only read is checked as it was before it writes.
        for (stream, expected, events) in reads.chain(writes) {
            let added = own
                .iter()
                .filter(|(name, _)| *name == stream)
                .map(|(_, count)| count);
            let actual = self.version(stream) + added.sum::<u64>();
            if broken || actual != expected.0 {
                let (stream, actual) = (stream.clone(), Version(actual));
                return Err(AppendError::Conflict {
                    stream,
                    expected,
                    actual,
                });
            }
            if append.writes.len() > 1 && !events.is_empty() {
                own.push((stream, count(events.len())));
            }
        }
        Ok(())
    }

    /// Takes and gives back what it claims; all of it, or nothing.
    fn claim(&mut self, item: &'a Item) -> Result<(), AppendError> {
        let before = self.before;
        let mut changed = Vec::with_capacity(item.keys.len());
        for (change, key) in item.append.claims.iter().zip(&item.keys) {
            let entry = self.plan.claims.entry(key);
            let planned = match &entry {
                Entry::Occupied(planned) => Some(*planned.get()),
                Entry::Vacant(_) => None,
            };
            let holder = planned.unwrap_or_else(|| before.holder(key));
            match change {
                ClaimChange::Claim { claim, holder: by } => match holder {
                    None => {
                        entry.insert_entry(Some(&**by));
                        changed.push((key, planned));
                    }
                    Some(holder) if *holder == **by => {}
                    Some(holder) => {
                        let (scope, holder) = (claim.scope.to_string(), holder.to_owned());
                        self.take_back(changed);
                        return Err(AppendError::Claimed { scope, holder });
                    }
                },
                ClaimChange::Release { holder: by, .. } => {
                    if holder == Some(&**by) {
                        entry.insert_entry(None);
                        changed.push((key, planned));
                    }
                }
            }
        }
        Ok(())
    }

    /// Plans claims as they were planned before.
    fn take_back(&mut self, changed: Vec<(&'a Key, Option<Option<&'a str>>)>) {
        for (key, planned) in changed.into_iter().rev() {
            match planned {
                Some(planned) => self.plan.claims.insert(key, planned),
                None => self.plan.claims.remove(key),
            };
        }
    }

    fn land(&mut self, append: &'a Append) -> Verdict {
        let before = self.plan.events.len();
        for StreamWrite { stream, events, .. } in &append.writes {
            let mut version = self.version(stream);
            for event in events {
                version += 1;
                self.plan.events.push(Row {
                    append,
                    stream,
                    event,
                    version,
                });
            }
            self.versions.insert(stream.as_str(), version);
        }
        let offset = count(self.plan.events.len());
        let events = offset - count(before);
        if let Some(command) = &append.command {
            self.plan.commands.push(Remembered {
                id: &command.id,
                digest: &command.digest,
                offset,
                events,
                version: append.version_after().0,
            });
        }
        Verdict::Lands { offset, events }
    }

    fn version(&self, stream: &StreamName) -> u64 {
        let name = stream.as_str();
        self.versions
            .get(name)
            .copied()
            .unwrap_or_else(|| self.before.version(name))
    }
}

/// Counts in memory as the log counts: no machine holds 2^64 of anything.
pub(crate) fn count(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
