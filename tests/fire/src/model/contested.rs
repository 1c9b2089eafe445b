//! Tasks that fight over one tenant. What each is answered cannot be known beforehand; but all of it
//! together must be what one caller would have been answered who asked one thing after another.
//!
//! The order is known: it is that of the positions. So all that landed is played again in that order,
//! and each answer must come out the same. Of what was refused there is no trace in the log; what the
//! refusal says must have been so at some moment between question and answer.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use event_schemas::vocabulary::{Position, Recorded, StreamName, TenantId};
use fastrand::Rng;
use log::{Append, Filter, Log};

use super::act;
use super::state::{Answer, State};
use crate::Tally;

/// What was asked, what was answered, and when: moments are counted, not measured.
#[derive(Debug)]
pub(crate) struct Outcome {
    append: Append,
    answer: Answer,
    asked_at: u64,
    answered_at: u64,
}

/// The tenant that all fight over.
pub(crate) struct Arena {
    log: Log,
    tenant: TenantId,
    moments: Arc<AtomicU64>,
    sent: Arc<Mutex<Vec<Append>>>,
}

/// One of those who fight.
pub(crate) struct Rival {
    log: Log,
    tenant: TenantId,
    moments: Arc<AtomicU64>,
    /// What any of them has sent so far.
    sent: Arc<Mutex<Vec<Append>>>,
    task: u64,
}

impl Arena {
    pub(crate) fn new(log: Log, tenant: TenantId) -> Self {
        Self {
            log,
            tenant,
            moments: Arc::default(),
            sent: Arc::default(),
        }
    }

    pub(crate) fn rival(&self, task: u64) -> Rival {
        Rival {
            log: self.log.clone(),
            tenant: self.tenant.clone(),
            moments: Arc::clone(&self.moments),
            sent: Arc::clone(&self.sent),
            task,
        }
    }
}

impl Rival {
    /// Takes its turns. Every append has an event, so that it has a place in the order.
    pub(crate) async fn act(self, turns: usize, mut chances: Rng) -> Vec<Outcome> {
        let mut outcomes: Vec<Outcome> = Vec::new();
        for turn in 0..turns {
            // Now and then what it, or another one, has sent already.
            let again = if chances.u8(..) < 40 {
                let sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
                chances.choice(&*sent).cloned()
            } else {
                None
            };
            let append = match again {
                Some(again) => again,
                None => match self.choose(&mut chances, turn).await {
                    Some(new) => new,
                    None => continue,
                },
            };
            let sent = || self.sent.lock().unwrap_or_else(PoisonError::into_inner);
            sent().push(append.clone());
            let asked_at = self.moments.fetch_add(1, Ordering::SeqCst);
            let answer = self.log.append(append.clone()).await;
            let answered_at = self.moments.fetch_add(1, Ordering::SeqCst);
            outcomes.push(Outcome {
                append,
                answer: Answer::of(&answer),
                asked_at,
                answered_at,
            });
        }
        outcomes
    }

    async fn choose(&self, chances: &mut Rng, turn: usize) -> Option<Append> {
        let mut versions = HashMap::new();
        for name in act::STREAMS {
            let stream = act::stream(name).ok()?;
            let version = self.log.stream_head(&self.tenant, &stream).await.ok()?;
            versions.insert(stream, version.0);
        }
        let believed = |stream: &StreamName| versions.get(stream).copied().unwrap_or_default();
        let id = Some(format!("c{}.{turn}", self.task));
        act::append(chances, &self.tenant, id, 1, believed).ok()
    }
}

/// Says what cannot have been.
pub(crate) async fn judge(
    log: &Log,
    tenant: &TenantId,
    outcomes: Vec<Outcome>,
) -> anyhow::Result<Tally> {
    let mut tally = Tally::default();
    tally.try_many(u64::try_from(outcomes.len())?);
    let mut recorded: Vec<Recorded> = Vec::new();
    loop {
        let after = recorded.last().map_or(Position(0), |last| last.position);
        let page = log.read(tenant, after, &Filter::default(), 1_000).await?;
        if page.events.is_empty() {
            break;
        }
        recorded.extend(page.events);
    }
    let state = play_again(&recorded, &outcomes, &mut tally);
    check_repeats(&outcomes, &mut tally);
    check_moments(&outcomes, &mut tally);
    check_refusals(&outcomes, &state, &mut tally);
    Ok(tally)
}

fn place(outcome: &Outcome) -> Option<u64> {
    match outcome.answer {
        Answer::Receipt {
            position,
            duplicate: false,
            ..
        } => Some(position),
        _ => None,
    }
}

/// Plays all that landed again, in the order of positions.
fn play_again(recorded: &[Recorded], outcomes: &[Outcome], tally: &mut Tally) -> State {
    let mut landed: Vec<&Outcome> = outcomes.iter().filter(|o| place(o).is_some()).collect();
    landed.sort_by_key(|outcome| place(outcome));
    let mut state = State::default();
    for outcome in landed {
        let expected = state.append(&outcome.append);
        if expected != outcome.answer {
            tally.wrong(format!("{outcome:?} should have been {expected:?}"));
        }
    }
    let (kept, acknowledged) = (recorded.len(), state.facts.len());
    if kept < acknowledged {
        tally.lose(format!(
            "{acknowledged} events were acknowledged, {kept} are there"
        ));
    }
    if kept > acknowledged {
        tally.double(format!(
            "{acknowledged} events were acknowledged, {kept} are there"
        ));
    }
    for ((event, fact), position) in recorded.iter().zip(&state.facts).zip(1..) {
        if event.position.0 != position || !fact.is(event) {
            tally.disorder(format!("{event:?} at {position}, not {fact:?}"));
        }
    }
    state
}

/// A command that was sent more than once landed once, and each answer is the first receipt.
fn check_repeats(outcomes: &[Outcome], tally: &mut Tally) {
    let mut firsts: HashMap<&str, &Answer> = HashMap::new();
    let id = |outcome: &Outcome| outcome.append.command.clone().map(|command| command.id);
    for outcome in outcomes.iter().filter(|outcome| place(outcome).is_some()) {
        if let Some(command) = &outcome.append.command
            && firsts.insert(&command.id, &outcome.answer).is_some()
        {
            tally.double(format!("{} landed twice", command.id));
        }
    }
    for outcome in outcomes {
        let Answer::Receipt {
            position,
            duplicate: true,
            ..
        } = outcome.answer
        else {
            continue;
        };
        let first = id(outcome).and_then(|id| firsts.get(id.as_str()).copied());
        let same = matches!(first, Some(Answer::Receipt { position: at, .. }) if *at == position);
        if !same {
            tally.wrong(format!("{outcome:?}, but first {first:?}"));
        }
    }
}

/// What was answered before another was asked stands before it.
fn check_moments(outcomes: &[Outcome], tally: &mut Tally) {
    let mut by_question: Vec<_> = outcomes
        .iter()
        .filter_map(|outcome| Some((outcome.asked_at, outcome.answered_at, place(outcome)?)))
        .collect();
    by_question.sort_unstable();
    let mut by_answer: Vec<_> = by_question
        .iter()
        .map(|(_, at, place)| (*at, *place))
        .collect();
    by_answer.sort_unstable();
    let (mut answered, mut highest) = (by_answer.into_iter().peekable(), 0);
    for (asked_at, _, place) in by_question {
        while let Some((_, before)) = answered.next_if(|(at, _)| *at < asked_at) {
            highest = highest.max(before);
        }
        if place < highest {
            tally.disorder(format!(
                "{place} was asked for after {highest} was answered"
            ));
        }
    }
}

/// A refusal tells of a version, or a holder, that there was while the call was under way.
fn check_refusals(outcomes: &[Outcome], state: &State, tally: &mut Tally) {
    for refused in outcomes {
        match &refused.answer {
            Answer::Conflict { stream, actual } => {
                // Versions that were acknowledged before it was asked are there.
                let known = outcomes
                    .iter()
                    .filter(|o| o.answered_at < refused.asked_at)
                    .filter_map(place)
                    .max();
                let known = known.unwrap_or_default();
                let upto = usize::try_from(known).unwrap_or(usize::MAX);
                let of_stream = |fact: &&super::state::Fact| fact.stream.as_str() == stream;
                let least = state.facts.iter().take(upto).filter(of_stream).count();
                let most = state.facts.iter().filter(of_stream).count();
                let own: usize = refused.append.writes.iter().map(|w| w.events.len()).sum();
                let actual = usize::try_from(*actual).unwrap_or(usize::MAX);
                if actual < least || actual > most + own {
                    tally.wrong(format!("{refused:?}: {stream} had {least} to {most}"));
                }
            }
            Answer::Claimed { holder } => {
                let claims = outcomes
                    .iter()
                    .filter(|o| place(o).is_some() && o.asked_at < refused.answered_at)
                    .chain([refused])
                    .flat_map(|o| &o.append.claims);
                let held = claims.into_iter().any(|change| {
                    matches!(change, log::ClaimChange::Claim { holder: by, .. } if **by == *holder)
                });
                if !held {
                    tally.wrong(format!("{refused:?}: {holder} never claimed anything"));
                }
            }
            Answer::Other(_) | Answer::Reused => tally.wrong(format!("{refused:?}")),
            Answer::Receipt { .. } => {}
        }
    }
}
