//! Sending many commands through one stream: in order, many at a time, surviving a server that is
//! away for a moment.

use std::collections::VecDeque;
use std::fmt;
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use client::{Answers, Client, Error};
use futures::{Stream, StreamExt as _};
use indicatif::ProgressBar;
use proto::v1::submit_response::Outcome;
use proto::v1::{Receipt, Refusal, SubmitRequest, SubmitResponse};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;
use uuid::Uuid;

/// How many commands may wait for their answer; as many as the server takes of one stream.
const IN_FLIGHT: usize = 512;

/// How often in a row sending is tried without a single command being answered for good.
const MAX_TRIES: u32 = 6;

/// How long to wait before the second try; twice as long before each further one.
const FIRST_WAIT: Duration = Duration::from_millis(200);

/// Where a command comes from, for people: `FILE:LINE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The file, or whatever else made it.
    pub(crate) label: Arc<str>,
    /// The line in it, from 1.
    pub(crate) line: u64,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.label, self.line)
    }
}

/// A command to send.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    /// Where it comes from.
    pub(crate) origin: Origin,
    /// The command. Without an id it is given one, so that sending it again is safe.
    pub(crate) request: SubmitRequest,
    /// How far the progress bar moves when it is answered.
    pub(crate) weight: u64,
}

/// What became of the commands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Summary {
    /// Commands that appended events.
    pub(crate) appended: u64,
    /// Commands that asked for what was so already.
    pub(crate) unchanged: u64,
    /// Commands whose id had been accepted before.
    pub(crate) duplicates: u64,
    /// Commands that were refused.
    pub(crate) refused: u64,
    /// Events that were appended.
    pub(crate) events: u64,
    /// The highest position of a receipt: with it as `min_position`, queries see all of it.
    pub(crate) position: u64,
    /// How long it took.
    pub(crate) elapsed: Duration,
}

impl Summary {
    /// Adds what became of other commands, sent at the same time.
    pub(crate) fn add(&mut self, other: &Self) {
        self.appended += other.appended;
        self.unchanged += other.unchanged;
        self.duplicates += other.duplicates;
        self.refused += other.refused;
        self.events += other.events;
        self.position = self.position.max(other.position);
        self.elapsed = self.elapsed.max(other.elapsed);
    }

    /// How a command that sent these ends: 3 if some were refused.
    pub(crate) fn exit_code(&self) -> ExitCode {
        if self.refused == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(3)
        }
    }

    /// How many commands were answered.
    pub(crate) fn commands(&self) -> u64 {
        self.appended + self.unchanged + self.duplicates + self.refused
    }

    fn accept(&mut self, receipt: &Receipt) {
        self.position = self.position.max(receipt.position);
        if receipt.duplicate {
            self.duplicates += 1;
        } else if receipt.event_types.is_empty() {
            self.unchanged += 1;
        } else {
            self.appended += 1;
            self.events += u64::try_from(receipt.event_types.len()).unwrap_or(u64::MAX);
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.elapsed.as_secs_f64();
        // Only told, so the nearest whole number will do.
        #[allow(clippy::cast_precision_loss, reason = "a count, for people")]
        let rate = (self.commands() as f64 / seconds.max(0.001)).round();
        write!(
            f,
            "{} commands: {} appended ({} events), {} unchanged, {} sent before, {} refused; \
             {seconds:.1} s, {rate} a second",
            self.commands(),
            self.appended,
            self.events,
            self.unchanged,
            self.duplicates,
            self.refused,
        )
    }
}

/// Sends commands in the order given and waits for all answers. A refused one is told to
/// `on_refusal` and the rest goes on; an error means that the server cannot be reached or does not
/// take the stream, after several tries.
pub(crate) async fn submit_all(
    client: &Client,
    items: impl Stream<Item = Outgoing>,
    progress: &ProgressBar,
    on_refusal: impl FnMut(&Origin, &str),
) -> anyhow::Result<Summary> {
    let begun = Instant::now();
    let mut items = pin!(items);
    let mut sender = Sender {
        unsent: VecDeque::new(),
        pending: VecDeque::new(),
        again: VecDeque::new(),
        summary: Summary::default(),
        progress,
        on_refusal,
    };
    let mut tries = 0;
    loop {
        let answered = sender.summary.commands();
        let outcome = sender.run(client, items.as_mut()).await;
        sender.requeue();
        if sender.summary.commands() > answered {
            tries = 0;
        }
        tries += 1;
        match outcome {
            Ok(()) if sender.unsent.is_empty() => break,
            // Some are to be sent again.
            Ok(()) => {}
            Err(error) if tries < MAX_TRIES && is_transient(&error) => {
                tracing::warn!(%error, "the stream broke and is begun again");
            }
            Err(error) => {
                let done = sender.summary.commands();
                return Err(error).with_context(|| format!("stopped after {done} answers"));
            }
        }
        if tries >= MAX_TRIES {
            bail!("the server was too busy {MAX_TRIES} times in a row");
        }
        tokio::time::sleep(FIRST_WAIT * 2_u32.pow(tries - 1)).await;
    }
    let mut summary = sender.summary;
    summary.elapsed = begun.elapsed();
    Ok(summary)
}

fn is_transient(error: &Error) -> bool {
    matches!(
        error,
        Error::Transport { .. } | Error::Unavailable { .. } | Error::DeadlineExceeded
    )
}

/// What stands between the commands and the stream that carries them.
struct Sender<'a, F> {
    /// To be sent before any new one, in order.
    unsent: VecDeque<Outgoing>,
    /// Sent and not answered, in order.
    pending: VecDeque<Outgoing>,
    /// Refused only for now, and what was refused after it perhaps only therefore.
    again: VecDeque<Outgoing>,
    summary: Summary,
    progress: &'a ProgressBar,
    on_refusal: F,
}

impl<F: FnMut(&Origin, &str)> Sender<'_, F> {
    /// Runs one stream until all is answered, or until something has to be sent again.
    async fn run<S>(
        &mut self,
        client: &Client,
        mut items: std::pin::Pin<&mut S>,
    ) -> Result<(), Error>
    where
        S: Stream<Item = Outgoing>,
    {
        let (commands, carried) = mpsc::channel(IN_FLIGHT);
        let mut answers = client.submit(ReceiverStream::new(carried)).await?;
        let mut exhausted = false;
        loop {
            // Once one has to be sent again nothing new is sent, so that order is kept.
            let may_send = !exhausted && self.again.is_empty() && self.pending.len() < IN_FLIGHT;
            if may_send && let Some(next) = self.unsent.pop_front() {
                if !self.send(&commands, next) {
                    return ended(client, &mut answers).await;
                }
                continue;
            }
            tokio::select! {
                answer = answers.next(), if !self.pending.is_empty() => match answer {
                    Some(answer) => self.settle(answer?),
                    None => return Err(cut_short(client)),
                },
                next = items.next(), if may_send => match next {
                    Some(next) => if !self.send(&commands, next) {
                        return ended(client, &mut answers).await;
                    },
                    None => exhausted = true,
                },
                else => return Ok(()),
            }
        }
    }

    /// Hands a command to the stream; false if the stream has ended.
    fn send(&mut self, commands: &mpsc::Sender<SubmitRequest>, mut next: Outgoing) -> bool {
        if next.request.command_id.is_empty() {
            next.request.command_id = Uuid::now_v7().to_string();
        }
        // There is room: no more wait in the channel than wait for their answer.
        let sent = commands.try_send(next.request.clone()).is_ok();
        self.pending.push_back(next);
        sent
    }

    fn settle(&mut self, answer: SubmitResponse) {
        let Some(asked) = self.pending.pop_front() else {
            return;
        };
        match answer.outcome {
            Some(Outcome::Receipt(receipt)) => self.summary.accept(&receipt),
            Some(Outcome::Refusal(refusal)) => {
                if !self.again.is_empty() || is_for_now(&refusal) {
                    self.again.push_back(asked);
                    return;
                }
                self.summary.refused += 1;
                (self.on_refusal)(&asked.origin, &told(&refusal));
            }
            None => {
                self.summary.refused += 1;
                (self.on_refusal)(&asked.origin, "the server answered neither yes nor no");
            }
        }
        self.progress.inc(asked.weight);
    }

    /// Puts back, in order, what has to be sent again.
    fn requeue(&mut self) {
        let mut first = std::mem::take(&mut self.again);
        first.append(&mut self.pending);
        first.append(&mut self.unsent);
        self.unsent = first;
    }
}

/// Why a stream has ended that takes no more commands.
async fn ended(client: &Client, answers: &mut Answers<SubmitResponse>) -> Result<(), Error> {
    while let Some(answer) = answers.next().await {
        // What was answered meanwhile is answered again, by the command's id.
        answer?;
    }
    Err(cut_short(client))
}

fn cut_short(client: &Client) -> Error {
    Error::Transport {
        endpoint: client.config().endpoint.clone(),
        cause: "the server ended the stream".to_owned(),
    }
}

fn is_for_now(refusal: &Refusal) -> bool {
    matches!(
        Code::from_i32(refusal.code),
        Code::ResourceExhausted | Code::Aborted | Code::Unavailable
    )
}

fn told(refusal: &Refusal) -> String {
    match refusal.reason.as_str() {
        "" => refusal.message.clone(),
        reason => format!("{reason}: {}", refusal.message),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn outgoing(line: u64) -> Outgoing {
        let request = SubmitRequest {
            command_id: format!("c{line}"),
            ..SubmitRequest::default()
        };
        Outgoing {
            origin: Origin {
                label: "f".into(),
                line,
            },
            request,
            weight: 1,
        }
    }

    fn sender<F: FnMut(&Origin, &str)>(progress: &ProgressBar, on_refusal: F) -> Sender<'_, F> {
        Sender {
            unsent: VecDeque::new(),
            pending: (1..=4).map(outgoing).collect(),
            again: VecDeque::new(),
            summary: Summary::default(),
            progress,
            on_refusal,
        }
    }

    fn receipt(event_types: &[&str], duplicate: bool) -> SubmitResponse {
        let event_types = event_types.iter().map(|&name| name.to_owned()).collect();
        let receipt = Receipt {
            position: 7,
            event_types,
            duplicate,
            ..Receipt::default()
        };
        SubmitResponse {
            outcome: Some(Outcome::Receipt(receipt)),
        }
    }

    fn refusal(code: Code, reason: &str) -> SubmitResponse {
        let refusal = Refusal {
            code: code.into(),
            reason: reason.to_owned(),
            message: "no".to_owned(),
        };
        SubmitResponse {
            outcome: Some(Outcome::Refusal(refusal)),
        }
    }

    #[test]
    fn answers_are_counted_by_kind() {
        let (progress, mut refusals) = (ProgressBar::hidden(), Vec::new());
        let mut sender = sender(&progress, |origin, reason| {
            refusals.push(format!("{origin}: {reason}"));
        });
        sender.settle(receipt(&["A", "B"], false));
        sender.settle(receipt(&[], false));
        sender.settle(receipt(&["A"], true));
        sender.settle(refusal(Code::FailedPrecondition, "CLOSED"));
        let expected = Summary {
            appended: 1,
            unchanged: 1,
            duplicates: 1,
            refused: 1,
            events: 2,
            position: 7,
            ..Summary::default()
        };
        assert_eq!(sender.summary, expected);
        assert_eq!(refusals, ["f:4: CLOSED: no"]);
    }

    #[test]
    fn what_is_refused_after_an_overload_is_sent_again_in_order() {
        let progress = ProgressBar::hidden();
        let mut sender = sender(&progress, |_, _| {});
        sender.settle(refusal(Code::ResourceExhausted, "OVERLOADED"));
        sender.settle(refusal(Code::NotFound, "NOT_FOUND"));
        sender.settle(receipt(&["A"], false));
        sender.requeue();
        let lines: Vec<_> = sender
            .unsent
            .iter()
            .map(|outgoing| outgoing.origin.line)
            .collect();
        assert_eq!(lines, [1, 2, 4]);
        assert_eq!(sender.summary.commands(), 1);
    }
}
