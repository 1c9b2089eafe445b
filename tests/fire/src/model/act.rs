//! Appends chosen at random: right ones, stale ones, repeated ones, and such that claim.

use std::borrow::Cow;

use chrono::DateTime;
use event_schemas::vocabulary::{StreamName, TenantId, Version};
use fastrand::Rng;
use log::{Append, Claim, ClaimChange, ClaimValue, Command, Meta, NewEvent, StreamWrite};

/// The streams of a tenant: few, so that appends meet.
pub(crate) const STREAMS: [&str; 5] = ["rep-a", "rep-b", "team-a", "team-b", "quote-a"];

/// Categories and types that are filtered by.
pub(crate) const CATEGORIES: [&str; 3] = ["rep", "team", "quote"];
pub(crate) const TYPES: [&str; 3] = ["Begun", "Changed", "Ended"];

const VALUES: [&str; 4] = ["ann@x.example", "bob@x.example", "room 1", "room 2"];
const HOLDERS: [&str; 3] = ["contact-1", "contact-2", "contact-3"];

pub(crate) fn pick<'a>(chances: &mut Rng, of: &[&'a str]) -> &'a str {
    chances.choice(of).copied().unwrap_or_default()
}

pub(crate) fn stream(name: &str) -> anyhow::Result<StreamName> {
    Ok(StreamName::parse(name)?)
}

/// An append by someone who believes that streams have the versions `believed`, mostly.
pub(crate) fn append(
    chances: &mut Rng,
    tenant: &TenantId,
    command_id: Option<String>,
    at_least: usize,
    believed: impl Fn(&StreamName) -> u64,
) -> anyhow::Result<Append> {
    let mut writes: Vec<StreamWrite> = Vec::new();
    let most = if chances.u8(..) < 200 { 1 } else { 3 };
    for _ in 0..chances.usize(at_least..=most) {
        let stream = stream(pick(chances, &STREAMS))?;
        let own = writes.iter().filter(|write| write.stream == stream);
        let added: usize = own.map(|write| write.events.len()).sum();
        let events: Vec<NewEvent> = (0..chances.usize(at_least..=3))
            .map(|_| event(chances))
            .collect();
        let expected = believed(&stream) + u64::try_from(added)?;
        let expected = Version(stale(chances, expected));
        writes.push(StreamWrite {
            stream,
            expected,
            events,
        });
    }
    let mut reads = Vec::new();
    if chances.u8(..) < 50 {
        let stream = stream(pick(chances, &STREAMS))?;
        let expected = believed(&stream);
        reads.push((stream, Version(stale(chances, expected))));
    }
    let claims = if chances.u8(..) < 80 {
        (0..chances.usize(1..=2)).map(|_| claim(chances)).collect()
    } else {
        Vec::new()
    };
    let command = command_id.map(|id| Command {
        id,
        digest: std::array::from_fn(|_| chances.u8(..)),
    });
    Ok(Append {
        tenant: tenant.clone(),
        command,
        writes,
        reads,
        claims,
        chain: None,
        depends_on: Vec::new(),
        meta: meta(),
    })
}

/// One event for one stream, under a command.
pub(crate) fn one(
    tenant: &TenantId,
    command_id: String,
    stream: &StreamName,
    expected: Version,
) -> Append {
    let event = NewEvent {
        event_type: Cow::Borrowed("Changed"),
        schema_version: 1,
        payload: b"{}".to_vec(),
    };
    Append {
        tenant: tenant.clone(),
        command: Some(Command {
            id: command_id,
            digest: [1; 32],
        }),
        writes: vec![StreamWrite {
            stream: stream.clone(),
            expected,
            events: vec![event],
        }],
        reads: Vec::new(),
        claims: Vec::new(),
        chain: None,
        depends_on: Vec::new(),
        meta: meta(),
    }
}

fn meta() -> Meta {
    Meta {
        occurred_at: DateTime::UNIX_EPOCH,
        actor: "ann".to_owned(),
        correlation_id: None,
        causation_id: None,
        trace_context: None,
    }
}

/// Mostly the version itself, now and then one that was or will be.
fn stale(chances: &mut Rng, version: u64) -> u64 {
    match chances.u8(..) {
        0..=15 => version.saturating_sub(1),
        16..=25 => version + 1,
        _ => version,
    }
}

fn event(chances: &mut Rng) -> NewEvent {
    let len = if chances.u8(..) < 250 {
        chances.usize(0..64)
    } else {
        chances.usize(0..20_000)
    };
    NewEvent {
        event_type: Cow::Borrowed(pick(chances, &TYPES)),
        schema_version: chances.u32(1..4),
        payload: std::iter::repeat_with(|| chances.u8(..))
            .take(len)
            .collect(),
    }
}

fn claim(chances: &mut Rng) -> ClaimChange {
    let value = pick(chances, &VALUES).to_owned();
    let claim = Claim {
        scope: "slot".into(),
        value: if value.contains('@') {
            ClaimValue::Personal(value)
        } else {
            ClaimValue::Plain(value)
        },
    };
    let holder = pick(chances, &HOLDERS).into();
    if chances.u8(..) < 150 {
        ClaimChange::Claim { claim, holder }
    } else {
        ClaimChange::Release { claim, holder }
    }
}
