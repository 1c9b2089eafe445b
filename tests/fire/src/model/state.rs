//! The log as it should be: one tenant of it, in memory, written down as plainly as possible.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use event_schemas::vocabulary::{Recorded, StreamName};
use log::{Append, AppendError, Appended, Claim, ClaimChange};

/// What an append should be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It lands, or has landed before.
    Receipt {
        position: u64,
        first_position: u64,
        version: u64,
        duplicate: bool,
    },
    Conflict {
        stream: String,
        actual: u64,
    },
    Claimed {
        holder: String,
    },
    Reused,
    /// What no model answers.
    Other(String),
}

impl Answer {
    /// What was really answered.
    pub(crate) fn of(answer: &Result<Appended, AppendError>) -> Self {
        match answer {
            Ok(appended) => Self::Receipt {
                position: appended.position.0,
                first_position: appended.first_position.0,
                version: appended.version.0,
                duplicate: appended.duplicate,
            },
            Err(AppendError::Conflict { stream, actual, .. }) => Self::Conflict {
                stream: stream.to_string(),
                actual: actual.0,
            },
            Err(AppendError::Claimed { holder, .. }) => Self::Claimed {
                holder: holder.clone(),
            },
            Err(AppendError::CommandReused) => Self::Reused,
            Err(other) => Self::Other(other.to_string()),
        }
    }
}

/// An event as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fact {
    pub(crate) stream: StreamName,
    pub(crate) version: u64,
    pub(crate) event_type: String,
    pub(crate) payload: Vec<u8>,
    pub(crate) command_id: String,
}

impl Fact {
    /// Whether that is what was recorded at this place.
    pub(crate) fn is(&self, recorded: &Recorded) -> bool {
        self.stream == recorded.stream
            && self.version == recorded.version.0
            && self.event_type == recorded.event_type
            && self.payload == recorded.payload
            && self.command_id == recorded.command_id
    }
}

/// One tenant's log.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) facts: Vec<Fact>,
    versions: BTreeMap<StreamName, u64>,
    commands: HashMap<String, ([u8; 32], Answer)>,
    claims: HashMap<Claim, Arc<str>>,
}

impl State {
    pub(crate) fn head(&self) -> u64 {
        u64::try_from(self.facts.len()).unwrap_or(u64::MAX)
    }

    pub(crate) fn version(&self, stream: &StreamName) -> u64 {
        self.versions.get(stream).copied().unwrap_or_default()
    }

    /// Appends, and says what it should be answered.
    pub(crate) fn append(&mut self, append: &Append) -> Answer {
        if let Some(command) = &append.command
            && let Some((digest, first)) = self.commands.get(&command.id)
        {
            return match first {
                _ if *digest != command.digest => Answer::Reused,
                Answer::Receipt {
                    position,
                    first_position,
                    version,
                    ..
                } => Answer::Receipt {
                    position: *position,
                    first_position: *first_position,
                    version: *version,
                    duplicate: true,
                },
                other => other.clone(),
            };
        }
        let answer = self.land(append);
        if let (Some(command), Answer::Receipt { .. }) = (&append.command, &answer) {
            let remembered = (command.digest, answer.clone());
            self.commands.insert(command.id.clone(), remembered);
        }
        answer
    }

    fn land(&mut self, append: &Append) -> Answer {
        for (stream, expected) in &append.reads {
            let actual = self.version(stream);
            if actual != expected.0 {
                let stream = stream.to_string();
                return Answer::Conflict { stream, actual };
            }
        }
        // Written on copies, which are kept if all of it lands.
        let (mut versions, mut claims) = (self.versions.clone(), self.claims.clone());
        let mut facts = Vec::new();
        for write in &append.writes {
            let version = versions.entry(write.stream.clone()).or_default();
            if *version != write.expected.0 {
                return Answer::Conflict {
                    stream: write.stream.to_string(),
                    actual: *version,
                };
            }
            for event in &write.events {
                *version += 1;
                let command = append.command.as_ref();
                facts.push(Fact {
                    stream: write.stream.clone(),
                    version: *version,
                    event_type: event.event_type.to_string(),
                    payload: event.payload.clone(),
                    command_id: command.map(|c| c.id.clone()).unwrap_or_default(),
                });
            }
        }
        for change in &append.claims {
            match change {
                ClaimChange::Claim { claim, holder } => {
                    let held = claims
                        .entry(claim.clone())
                        .or_insert_with(|| Arc::clone(holder));
                    if held != holder {
                        return Answer::Claimed {
                            holder: held.to_string(),
                        };
                    }
                }
                ClaimChange::Release { claim, holder } => {
                    if claims.get(claim) == Some(holder) {
                        claims.remove(claim);
                    }
                }
            }
        }
        let first = append.writes.first().map(|write| &write.stream);
        let before = self.head();
        (self.versions, self.claims) = (versions, claims);
        let added = facts.len();
        self.facts.extend(facts);
        Answer::Receipt {
            position: self.head(),
            first_position: if added == 0 { before } else { before + 1 },
            version: first.map_or(0, |stream| self.version(stream)),
            duplicate: false,
        }
    }
}
