//! One command that writes several streams: each decides on its own newest state, and everything
//! lands together, or nothing.
//!
//! All slots are locked at once, always in the order of their streams' names, so that no two commands
//! wait for each other; all lines are joined under those locks, so that two commands come in the same
//! order in every line. From then on all these states hang on one [`Chain`]: what is built on any of
//! them lands only if this did.

use std::collections::HashSet;
use std::sync::{Arc, MutexGuard};

use chrono::{DateTime, Utc};
use domain::{Aggregated, Ask, Decider, Fact, Reads, Reference, Refused, decide_and_evolve};
use event_schemas::vocabulary::{StreamName, TenantId, Version};
use futures::future::BoxFuture;
use log::{Chain, ClaimChange, Log, Slot, StreamWrite};

use crate::begin::{Attempt, Task, Tried, at_once, refused_by_log};
use crate::read::ReadAll;
use crate::room::{Current, Held, Room, Turn, stream_of};
use crate::{Error, Executor, store};

/// One stream that a command writes, whatever the kind of its aggregate.
pub(crate) trait Member: Send + Sync {
    /// The stream.
    fn stream(&self) -> &StreamName;
    /// What the decision reads, on the newest state; loaded if it must be.
    fn references<'a>(
        &'a self,
        log: &'a Log,
        tenant: &'a TenantId,
    ) -> BoxFuture<'a, Result<Vec<Reference>, Error>>;
    /// Locks its slot.
    fn lock(&self) -> Box<dyn Locked + '_>;
    /// Waits for its turn.
    fn wait(&self) -> BoxFuture<'_, ()>;
    /// Forgets its state if the log is ahead of it.
    fn forget_older_than(&self, version: Version);
}

/// A member under its lock. Nobody waits for anything as long as there is one.
pub(crate) trait Locked {
    /// Joins the line, if that is not done, and says whether it is its turn.
    fn has_come(&mut self) -> bool;
    /// Takes the state to decide on, if it is known: its version, and what the decision reads.
    fn look(&mut self) -> Option<(Version, Vec<Reference>)>;
    /// When what is asked is taken to have occurred.
    fn occurs_at(&self, said_at: DateTime<Utc>) -> DateTime<Utc>;
    /// Decides, and tells what that asks of others.
    fn decide(&mut self, reads: &Reads) -> Result<Result<Vec<Ask>, Refused>, Error>;
    /// Takes back what was decided.
    fn take_back(&mut self);
    /// What it adds to the append.
    fn part(&self) -> Result<Part, Error>;
    /// It is on its way. What was decided is its state from now on, as part of a chain.
    fn sent(&mut self, chain: &Chain);
}

/// Locks all of them, in the order of their streams' names.
fn lock_all<'a>(members: &[&'a dyn Member]) -> Result<Vec<Box<dyn Locked + 'a>>, Error> {
    let mut order: Vec<_> = members.iter().copied().enumerate().collect();
    order.sort_by(|(_, one), (_, other)| one.stream().cmp(other.stream()));
    let twice = order.windows(2).any(|pair| match pair {
        [(_, one), (_, next)] => one.stream() == next.stream(),
        _ => false,
    });
    if twice {
        return Err(Error::Log("two things are asked of one stream".to_owned()));
    }
    let locked = order.into_iter().map(|(at, member)| (at, member.lock()));
    let mut locked: Vec<_> = locked.collect();
    locked.sort_by_key(|(at, _)| *at);
    Ok(locked.into_iter().map(|(_, one)| one).collect())
}

/// The time at which all of it is taken to have occurred: that of what stands after the latest fact.
fn at_one_time(locked: &[Box<dyn Locked + '_>], reads: Reads) -> Reads {
    let mut at = reads.occurred_at;
    loop {
        let later = locked.iter().map(|one| one.occurs_at(at)).max();
        match later {
            Some(later) if later > at => at = later,
            _ => return reads.occurring_at(at),
        }
    }
}

/// What one stream adds to an append.
pub(crate) struct Part {
    /// Its events, at the version that was decided on.
    pub(crate) write: StreamWrite,
    /// What they take and give back.
    pub(crate) claims: Vec<ClaimChange>,
    /// What its state hangs on.
    pub(crate) chain: Chain,
}

impl Part {
    /// What facts that led to a state add for its stream.
    pub(crate) fn of<D: Decider>(
        stream: &StreamName,
        after: &D,
        facts: &[Fact<D::Event>],
        version: Version,
        chain: Chain,
    ) -> Result<Self, Error> {
        let events: Result<_, _> = facts.iter().map(store::encode).collect();
        let events = events.map_err(|error| Error::TooLarge(error.to_string()))?;
        Ok(Self {
            write: StreamWrite {
                stream: stream.clone(),
                expected: version,
                events,
            },
            claims: store::claims(stream, after, facts),
            chain,
        })
    }
}

/// One aggregate, and what is asked of it.
#[derive(Debug)]
pub(crate) struct Party<D: Decider> {
    pub(crate) stream: StreamName,
    pub(crate) command: D::Command,
    pub(crate) turn: Turn<D>,
}

impl<D: Decider> Party<D> {
    async fn asked(
        room: &Room<D>,
        tenant: &TenantId,
        id: &str,
        command: D::Command,
    ) -> Result<Box<dyn Member>, Error> {
        let stream = stream_of::<D>(id)?;
        let turn = Turn::at(room.slot(tenant, &stream));
        Ok(Box::new(Self {
            stream,
            command,
            turn,
        }))
    }
}

impl Executor {
    /// Who is asked: one line a kind of aggregate.
    pub(crate) async fn asked(
        &self,
        tenant: &TenantId,
        ask: Ask,
    ) -> Result<Box<dyn Member>, Error> {
        let rooms = &self.rooms;
        match ask {
            Ask::Opportunity(id, command) => {
                Party::asked(&rooms.opportunity, tenant, &id, command).await
            }
            Ask::Quote(id, command) => Party::asked(&rooms.quote, tenant, &id, command).await,
            Ask::Contract(id, command) => Party::asked(&rooms.contract, tenant, &id, command).await,
            Ask::Usage(id, command) => Party::asked(&rooms.usage, tenant, &id, command).await,
            Ask::Task(id, command) => Party::asked(&rooms.task, tenant, &id, command).await,
            Ask::Alarm(id, command) => Party::asked(&rooms.alarm, tenant, &id, command).await,
            Ask::Clock(id, command) => Party::asked(&rooms.clock, tenant, &id, command).await,
        }
    }
}

impl<D: Decider> Task<D> {
    /// Decides and sends what concerns others too. Whoever was asked before keeps their place.
    pub(crate) async fn attempt_together(&mut self, asks: Vec<Ask>) -> Result<Tried, Error> {
        let tenant = &self.envelope.tenant;
        if !self.asked.iter().map(|(ask, _)| ask).eq(&asks) {
            self.asked.clear();
            for ask in asks {
                let member = self.executor.asked(tenant, ask.clone()).await?;
                self.asked.push((ask, member));
            }
        }
        let members = self.members();
        let mut references = Vec::with_capacity(members.len());
        for member in &members {
            references.push(member.references(&self.executor.log, tenant).await?);
        }
        let mut read = references.concat();
        let mut seen = HashSet::with_capacity(read.len());
        read.retain(|reference| seen.insert(reference.clone()));
        let read = self.read_all(&read).await?;
        let place = self.executor.log.reserve(tenant).map_err(refused_by_log)?;
        self.send_together(&members, &references, read, place)
    }

    /// Decides for each of them under the locks of all, and sends that as one.
    fn send_together(
        &self,
        members: &[&dyn Member],
        references: &[Vec<Reference>],
        mut read: ReadAll,
        place: Slot,
    ) -> Result<Tried, Error> {
        let mut locked = lock_all(members)?;
        // All join their lines, before anyone turns back.
        let waiting = locked
            .iter_mut()
            .filter_map(|one| (!one.has_come()).then_some(()));
        if waiting.count() > 0 {
            return Ok(Tried::NotYet);
        }
        for ((one, member), references) in locked.iter_mut().zip(members).zip(references) {
            let stands = |version| {
                let mut read = read.versions.iter();
                read.all(|(stream, seen)| stream != member.stream() || *seen == version)
            };
            match one.look() {
                Some((version, now)) if now == *references && stands(version) => {}
                _ => return Ok(Tried::Moved),
            }
        }
        read.reads = at_one_time(&locked, read.reads);
        let mut refused = None;
        for (at, one) in locked.iter_mut().enumerate() {
            match one.decide(&read.reads)? {
                Ok(asks) if at == 0 && !asks.iter().eq(self.asked.iter().map(|(ask, _)| ask)) => {
                    return Ok(Tried::Moved);
                }
                Ok(asks) if at > 0 && !asks.is_empty() => {
                    return Err(Error::Log("what is asked asks for more".to_owned()));
                }
                Ok(_) => {}
                Err(rule) => {
                    refused = Some(rule);
                    break;
                }
            }
        }
        if refused.is_some() {
            locked.iter_mut().for_each(|one| one.take_back());
        }
        let parts: Result<Vec<Part>, Error> = locked.iter().map(|one| one.part()).collect();
        let occurred_at = read.reads.occurred_at;
        let append = self.append(parts?, read, refused.is_none(), occurred_at);
        let chain = append.chain.clone().unwrap_or_default();
        let pending = place.send(append);
        locked.iter_mut().for_each(|one| one.sent(&chain));
        Ok(Tried::Sent(Attempt {
            references: references.concat(),
            refused,
            pending,
        }))
    }
}

impl<D: Decider> Member for Party<D> {
    fn stream(&self) -> &StreamName {
        &self.stream
    }

    fn references<'a>(
        &'a self,
        log: &'a Log,
        tenant: &'a TenantId,
    ) -> BoxFuture<'a, Result<Vec<Reference>, Error>> {
        Box::pin(async move {
            let creates = D::creates(&self.command);
            let slot = self.turn.slot();
            let seen = slot.current(log, tenant, &self.stream, creates).await?;
            Ok(seen.state.references(&self.command))
        })
    }

    fn lock(&self) -> Box<dyn Locked + '_> {
        Box::new(Under {
            party: self,
            held: self.turn.slot().lock(),
            seen: None,
            decided: None,
        })
    }

    fn wait(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.turn.wait())
    }

    fn forget_older_than(&self, version: Version) {
        self.turn.slot().forget_older_than(version);
    }
}

/// A party under its lock.
struct Under<'a, D: Decider> {
    party: &'a Party<D>,
    held: MutexGuard<'a, Held<D>>,
    /// The state to decide on. Its chain may be cut at any time; then the append does not land.
    seen: Option<Current<D>>,
    decided: Option<(D, Vec<Fact<D::Event>>)>,
}

impl<D: Decider> Under<'_, D> {
    fn seen(&self) -> Result<&Current<D>, Error> {
        let unseen = || Error::Log("a decision had no state".to_owned());
        self.seen.as_ref().ok_or_else(unseen)
    }
}

impl<D: Decider> Locked for Under<'_, D> {
    fn has_come(&mut self) -> bool {
        self.party.turn.has_come(&mut self.held.line)
    }

    fn look(&mut self) -> Option<(Version, Vec<Reference>)> {
        let current = self.held.current()?.clone();
        let references = current.state.references(&self.party.command);
        let version = current.version;
        self.seen = Some(current);
        Some((version, references))
    }

    fn occurs_at(&self, said_at: DateTime<Utc>) -> DateTime<Utc> {
        let Some(current) = &self.seen else {
            return said_at;
        };
        domain::occurs_at(&*current.state, &self.party.command, said_at)
    }

    fn decide(&mut self, reads: &Reads) -> Result<Result<Vec<Ask>, Refused>, Error> {
        let mut next = Aggregated(D::clone(&self.seen()?.state));
        let command = self.party.command.clone();
        match at_once(decide_and_evolve(&mut next, command, reads)) {
            Some(Ok(facts)) => {
                let mut asks = D::asks_with(&self.party.command);
                asks.extend(facts.iter().flat_map(|fact| next.0.asks(&fact.event)));
                self.decided = Some((next.0, facts));
                Ok(Ok(asks))
            }
            Some(Err(refused)) => Ok(Err(Refused::from(refused))),
            None => Err(Error::Log("a decision waited".to_owned())),
        }
    }

    fn take_back(&mut self) {
        self.decided = None;
    }

    fn part(&self) -> Result<Part, Error> {
        let current = self.seen()?;
        let (after, facts) = match &self.decided {
            Some((after, facts)) => (after, &facts[..]),
            None => (&*current.state, &[][..]),
        };
        let (version, chain) = (current.version, current.chain.clone());
        Part::of(&self.party.stream, after, facts, version, chain)
    }

    fn sent(&mut self, chain: &Chain) {
        if let (Some((after, facts)), Some(seen)) = (self.decided.take(), &self.seen)
            && !facts.is_empty()
        {
            self.held.go_on_with(Current {
                state: Arc::new(after),
                version: Version(seen.version.0 + facts.len() as u64),
                chain: chain.clone(),
            });
        }
        self.party.turn.taken(&mut self.held.line);
    }
}
