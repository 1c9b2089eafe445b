//! A task with a tenant of its own: every answer is known beforehand, exactly.

use std::time::Duration;

use event_schemas::vocabulary::{Position, Recorded, TenantId, Version};
use fastrand::Rng;
use futures::StreamExt as _;
use log::{Append, Filter, Log, Pending};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::act;
use super::state::{Answer, State};
use crate::Tally;

/// How long a follower may take to hear of the last event.
const HEARD_WITHIN: Duration = Duration::from_secs(20);

/// Appends that are sent before the first of them is waited for, at most.
const TOGETHER: usize = 6;

/// A tenant, as it should be and as it is.
pub(crate) struct Owner {
    log: Log,
    tenant: TenantId,
    chances: Rng,
    state: State,
    sent: Vec<Append>,
    tally: Tally,
}

impl Owner {
    pub(crate) fn new(log: Log, tenant: TenantId, chances: Rng) -> Self {
        Self {
            log,
            tenant,
            chances,
            state: State::default(),
            sent: Vec::new(),
            tally: Tally::default(),
        }
    }

    pub(crate) fn take_tally(&mut self) -> Tally {
        std::mem::take(&mut self.tally)
    }

    /// Takes its turns while a follower listens.
    pub(crate) async fn act(mut self, turns: usize) -> Self {
        let filter = self.filter();
        let (until, head) = tokio::sync::oneshot::channel();
        let following = follow(&self.log, &self.tenant, filter.clone(), head);
        if let Err(error) = self.turns(turns).await {
            self.tally.wrong(format!("{}: {error:#}", self.tenant));
        }
        // It has gone only if it broke, which is told below.
        let _ = until.send(self.state.head());
        match timeout(HEARD_WITHIN, following).await {
            Ok(Ok(Ok(heard))) => self.compare(&heard, 0, u64::MAX, &filter, "followed"),
            Ok(Ok(Err(error))) => self.tally.wrong(format!("follow: {error:#}")),
            Ok(Err(error)) => self.tally.wrong(format!("follow: {error}")),
            Err(_) => self
                .tally
                .lose(format!("{}: a follower waits", self.tenant)),
        }
        self
    }

    async fn turns(&mut self, turns: usize) -> anyhow::Result<()> {
        for _ in 0..turns {
            match self.chances.u8(..) {
                0..=169 => self.append().await?,
                170..=200 => self.read().await?,
                201..=225 => self.read_stream().await?,
                _ => self.ask().await?,
            }
        }
        Ok(())
    }

    /// Sends some appends at once, and waits for their answers.
    async fn append(&mut self) -> anyhow::Result<()> {
        let mut sent: Vec<(Append, Answer, Pending)> = Vec::new();
        for _ in 0..self.chances.usize(1..=TOGETHER) {
            let append = self.choose()?;
            let slot = self.log.reserve(&self.tenant)?;
            // Tried in the order of sending: so the next one is chosen on what this one leaves.
            let expected = self.state.append(&append);
            sent.push((append.clone(), expected, slot.send(append)));
        }
        for (append, expected, answer) in sent {
            let answer = answer.await;
            self.tally.try_many(1);
            let answered = Answer::of(&answer);
            if answered != expected {
                let told = format!(
                    "{}: {append:?}: {answered:?}, not {expected:?}",
                    self.tenant
                );
                match (&expected, &answered) {
                    (
                        Answer::Receipt {
                            duplicate: true, ..
                        },
                        Answer::Receipt {
                            duplicate: false, ..
                        },
                    ) => self.tally.double(told),
                    _ => self.tally.wrong(told),
                }
            }
            self.sent.push(append);
        }
        Ok(())
    }

    /// A new append, or one that was sent before, as it was or with another body.
    fn choose(&mut self) -> anyhow::Result<Append> {
        let chance = self.chances.u8(..);
        if chance < 45
            && let Some(before) = self.chances.choice(&self.sent)
        {
            let mut again = before.clone();
            if chance < 10
                && let Some(command) = &mut again.command
            {
                command.digest = std::array::from_fn(|_| chance);
            }
            // Without a command it is just one more append.
            return Ok(again);
        }
        let id = format!("c{}", self.chances.u64(..));
        let id = (self.chances.u8(..) < 190).then_some(id);
        let state = &self.state;
        act::append(&mut self.chances, &self.tenant, id, 0, |stream| {
            state.version(stream)
        })
    }

    fn filter(&mut self) -> Filter {
        let mut filter = Filter::default();
        if self.chances.bool() {
            return filter;
        }
        let chances = &mut self.chances;
        if chances.bool() {
            filter.categories = vec![act::pick(chances, &act::CATEGORIES).to_owned()];
        }
        if chances.bool() {
            filter.event_types = vec![act::pick(chances, &act::TYPES).to_owned()];
        }
        if chances.bool() {
            let name = act::pick(chances, &act::STREAMS);
            filter.streams = act::stream(name).into_iter().collect();
        }
        filter
    }

    async fn read(&mut self) -> anyhow::Result<()> {
        let filter = self.filter();
        let after = self.chances.u64(0..=self.state.head());
        let limit = self.chances.usize(0..50);
        let page = self.log.read(&self.tenant, Position(after), &filter, limit);
        let page = page.await?;
        self.tally.try_many(1);
        self.compare(&page.events, after, page.scanned_to.0, &filter, "read");
        let full = page.events.len() == limit;
        if page.events.len() > limit || (!full && page.scanned_to.0 != self.state.head()) {
            let told = format!("{}: read {limit} after {after}", self.tenant);
            self.tally
                .wrong(format!("{told}, scanned to {}", page.scanned_to));
        }
        Ok(())
    }

    async fn read_stream(&mut self) -> anyhow::Result<()> {
        let stream = act::stream(act::pick(&mut self.chances, &act::STREAMS))?;
        let after = self.chances.u64(0..=self.state.version(&stream));
        let limit = self.chances.usize(1..30);
        let log = &self.log;
        let events = log.read_stream(&self.tenant, &stream, Version(after), limit);
        let events = events.await?;
        self.tally.try_many(1);
        let facts = self.state.facts.iter();
        let of_stream = facts.filter(|fact| fact.stream == stream && fact.version > after);
        let expected: Vec<_> = of_stream.take(limit).collect();
        let same = events.len() == expected.len()
            && expected
                .iter()
                .zip(&events)
                .all(|(fact, event)| fact.is(event));
        if !same {
            let told = format!("{}: {stream} after {after}: {events:?}", self.tenant);
            self.tally.wrong(told);
        }
        Ok(())
    }

    /// Asks for what is told in one word.
    async fn ask(&mut self) -> anyhow::Result<()> {
        self.tally.try_many(2);
        let head = self.log.head(&self.tenant).await?.0;
        if head != self.state.head() {
            let told = format!("{}: head {head}, not {}", self.tenant, self.state.head());
            self.tally.wrong(told);
        }
        let stream = act::stream(act::pick(&mut self.chances, &act::STREAMS))?;
        let version = self.log.stream_head(&self.tenant, &stream).await?.0;
        if version != self.state.version(&stream) {
            let told = format!("{}: {stream} at {version}", self.tenant);
            self.tally.wrong(told);
        }
        Ok(())
    }

    /// Compares what was read of a stretch with what there should be.
    fn compare(&mut self, read: &[Recorded], after: u64, to: u64, filter: &Filter, how: &str) {
        let facts = (1..).zip(&self.state.facts);
        let wanted = facts.filter(|(position, fact)| {
            let categories = &filter.categories;
            let types = &filter.event_types;
            *position > after
                && *position <= to
                && (categories.is_empty() || categories.iter().any(|c| c == fact.stream.category()))
                && (types.is_empty() || types.contains(&fact.event_type))
                && (filter.streams.is_empty() || filter.streams.contains(&fact.stream))
        });
        let wanted: Vec<_> = wanted.collect();
        let same = wanted.len() == read.len()
            && wanted
                .iter()
                .zip(read)
                .all(|((position, fact), event)| *position == event.position.0 && fact.is(event));
        if !same {
            let positions: Vec<u64> = read.iter().map(|event| event.position.0).collect();
            let wanted: Vec<u64> = wanted.iter().map(|(position, _)| *position).collect();
            let told = format!("{}: {how} {positions:?}, not {wanted:?}", self.tenant);
            match read.len() < wanted.len() {
                true => self.tally.lose(told),
                false => self.tally.wrong(told),
            }
        }
    }

    /// Compares all there is with all there should be, in a log that was opened again.
    pub(crate) async fn compare_all(&mut self, log: &Log) -> anyhow::Result<()> {
        let mut events: Vec<Recorded> = Vec::new();
        loop {
            let after = events.last().map_or(Position(0), |last| last.position);
            let page = log
                .read(&self.tenant, after, &Filter::default(), 1_000)
                .await?;
            if page.events.is_empty() {
                break;
            }
            events.extend(page.events);
        }
        self.tally.try_many(1);
        self.compare(&events, 0, u64::MAX, &Filter::default(), "kept");
        Ok(())
    }
}

/// Follows a tenant until it has heard of everything up to a head that is told later.
fn follow(
    log: &Log,
    tenant: &TenantId,
    filter: Filter,
    mut head: tokio::sync::oneshot::Receiver<u64>,
) -> JoinHandle<anyhow::Result<Vec<Recorded>>> {
    let mut pages = log.follow(tenant.clone(), Position(0), filter).boxed();
    tokio::spawn(async move {
        let (mut heard, mut reached, mut until) = (Vec::new(), 0, None);
        while until.is_none_or(|until| reached < until) {
            tokio::select! {
                page = pages.next() => {
                    let Some(page) = page else { anyhow::bail!("it ended") };
                    let page = page?;
                    reached = page.scanned_to.0;
                    heard.extend(page.events);
                }
                told = &mut head, if until.is_none() => until = Some(told?),
            }
        }
        Ok(heard)
    })
}
