//! `twinfunnel import`: the commands of files, one a line as JSON, sent in the order they stand.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, bail};
use client::Client;
use event_schemas::vocabulary::TenantId;
use indicatif::{ProgressBar, ProgressStyle};
use proto::v1::{ImportLine, SubmitRequest};
use sha2::{Digest as _, Sha256};
use tokio::fs::File;
use tokio::io::{AsyncBufRead, AsyncRead, BufReader};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_stream::wrappers::ReceiverStream;

use crate::connect::ConnectArgs;
use crate::lines::{Line, Lines};
use crate::output;
use crate::submit::{Origin, Outgoing, Summary, submit_all};

/// How many tenants are sent to at a time: each takes a stream, and a connection has so many.
const LANES_MAX: usize = 64;

/// How much of a file is read at a time, in bytes.
const BUFFER_LEN: usize = 256 * 1024;

/// Options of `import`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Files to read, `-` for standard input. A line without a tenant goes to `--tenant`.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Imports the files one after another. Exit code 3 if some lines were refused.
pub(crate) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let begun = Instant::now();
    let progress = progress_bar(&args.files).await?;
    let client = args.connect.client()?;
    let mut lanes = Lanes {
        named: args.connect.tenant.clone(),
        by_token: args.connect.token.is_some(),
        default_tenant: args.connect.tenant().to_owned(),
        client,
        progress,
        open: HashMap::new(),
        running: JoinSet::new(),
        summary: Summary::default(),
    };
    let mut bad_lines = 0;
    let mut outcome = Ok(());
    for path in &args.files {
        outcome = import(path, &mut lanes, &mut bad_lines).await;
        if outcome.is_err() {
            break;
        }
    }
    // Answers that are under way are waited for even if a file could not be read to its end; why
    // a lane ended says more than that it did.
    lanes.settle().await?;
    lanes.progress.finish_and_clear();
    outcome?;
    let mut summary = lanes.summary;
    summary.refused += bad_lines;
    summary.elapsed = begun.elapsed();
    output::write_line(&format!("{summary}"))?;
    Ok(summary.exit_code())
}

/// A bar of the bytes of all files, if they are known.
async fn progress_bar(files: &[PathBuf]) -> anyhow::Result<ProgressBar> {
    let mut total = Some(0);
    for path in files {
        if path.as_os_str() == "-" {
            total = None;
            continue;
        }
        let metadata = tokio::fs::metadata(path).await;
        let metadata = metadata.with_context(|| path.display().to_string())?;
        total = total
            .filter(|_| metadata.is_file())
            .map(|total| total + metadata.len());
    }
    // Drawn on standard error, and only if that is a terminal.
    Ok(match total {
        Some(total) => ProgressBar::new(total).with_style(ProgressStyle::with_template(
            "{bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta}",
        )?),
        None => ProgressBar::no_length().with_style(ProgressStyle::with_template(
            "{spinner} {bytes} {bytes_per_sec}",
        )?),
    })
}

async fn import(path: &PathBuf, lanes: &mut Lanes, bad_lines: &mut u64) -> anyhow::Result<()> {
    let source: Box<dyn AsyncRead + Send + Unpin> = if path.as_os_str() == "-" {
        Box::new(tokio::io::stdin())
    } else {
        let file = File::open(path).await;
        Box::new(file.with_context(|| path.display().to_string())?)
    };
    let label: Arc<str> = match path.as_os_str() {
        dash if dash == "-" => "stdin".into(),
        _ => path.display().to_string().into(),
    };
    let lines = Lines::new(BufReader::with_capacity(BUFFER_LEN, source));
    send_lines(&label, lines, lanes, bad_lines).await
}

async fn send_lines<R: AsyncBufRead + Unpin>(
    label: &Arc<str>,
    mut lines: Lines<R>,
    lanes: &mut Lanes,
    bad_lines: &mut u64,
) -> anyhow::Result<()> {
    let mut ids = LineIds::default();
    while let Some(line) = lines.next().await.with_context(|| label.to_string())? {
        let origin = Origin {
            label: Arc::clone(label),
            line: line.number,
        };
        match read_line(&line, &mut ids) {
            Ok(None) => lanes.progress.inc(line.len),
            Ok(Some((tenant, request))) => match lanes.tenant(tenant) {
                Ok(tenant) => {
                    lanes
                        .send(
                            &tenant,
                            Outgoing {
                                origin,
                                request,
                                weight: line.len,
                            },
                        )
                        .await?;
                }
                Err(reason) => {
                    *bad_lines += 1;
                    tell(&lanes.progress, &origin, &reason);
                    lanes.progress.inc(line.len);
                }
            },
            Err(reason) => {
                *bad_lines += 1;
                tell(&lanes.progress, &origin, &reason);
                lanes.progress.inc(line.len);
            }
        }
    }
    Ok(())
}

/// Tells on standard error what was refused, without spoiling the progress bar.
fn tell(progress: &ProgressBar, origin: &Origin, reason: &str) {
    progress.suspend(|| output::tell_line(&format!("{origin}: {reason}")));
}

/// What a line asks for, and of which tenant; `None` if it is empty.
fn read_line(line: &Line, ids: &mut LineIds) -> Result<Option<(String, SubmitRequest)>, String> {
    let text = line.text.as_ref().map_err(ToString::to_string)?;
    if text.trim().is_empty() {
        return Ok(None);
    }
    let read: ImportLine = proto::json::from_str(text).map_err(|error| error.to_string())?;
    if read
        .command
        .as_ref()
        .is_none_or(|command| command.kind.is_none())
    {
        return Err("the line has no command".to_owned());
    }
    let command_id = match read.command_id {
        absent if absent.is_empty() => ids.next(text),
        given => given,
    };
    let request = SubmitRequest {
        command_id,
        actor: read.actor,
        occurred_at: read.occurred_at,
        command: read.command,
        ..SubmitRequest::default()
    };
    Ok(Some((read.tenant, request)))
}

/// Command ids for lines that bear none: the same for the same file, so that a second run appends
/// nothing, and the same for a line when others are put before it.
#[derive(Debug, Default)]
struct LineIds {
    /// How often each line was seen, by half of its hash. Should two lines share that half, their
    /// ids differ nevertheless, and are the same in the next run.
    seen: HashMap<u64, u64>,
}

impl LineIds {
    fn next(&mut self, line: &str) -> String {
        let digest = Sha256::digest(line.as_bytes());
        let (key, _) = digest
            .split_first_chunk()
            .map_or((0, &[][..]), |(first, rest)| {
                (u64::from_be_bytes(*first), rest)
            });
        let seen = self.seen.entry(key).or_default();
        *seen += 1;
        let shown = digest.get(..16).unwrap_or_default();
        format!("import:{}:{seen}", hex::encode(shown))
    }
}

/// One stream for each tenant, so that the commands of each take effect in order.
struct Lanes {
    /// Whose log it is, if `--tenant` said so.
    named: Option<String>,
    /// Whether a token says whose log it is.
    by_token: bool,
    default_tenant: String,
    client: Client,
    progress: ProgressBar,
    open: HashMap<String, mpsc::Sender<Outgoing>>,
    running: JoinSet<anyhow::Result<Summary>>,
    summary: Summary,
}

impl Lanes {
    /// Whose log a line goes to.
    fn tenant(&self, named: String) -> Result<String, String> {
        if named.is_empty() {
            return Ok(self.default_tenant.clone());
        }
        if self.by_token && self.named.as_ref() != Some(&named) {
            return Err(format!(
                "the line is for {named}, and a token is for one tenant: if for that one, say --tenant {named}"
            ));
        }
        TenantId::new(&named).map_err(|error| error.to_string())?;
        Ok(named)
    }

    async fn send(&mut self, tenant: &str, outgoing: Outgoing) -> anyhow::Result<()> {
        if !self.open.contains_key(tenant) {
            if self.open.len() >= LANES_MAX {
                self.settle().await?;
            }
            self.open(tenant)?;
        }
        let lane = self.open.get(tenant).context("the lane is open")?;
        if lane.send(outgoing).await.is_err() {
            self.settle().await?;
            bail!("a stream ended before the file did");
        }
        Ok(())
    }

    fn open(&mut self, tenant: &str) -> anyhow::Result<()> {
        // So many more lines are read ahead while others are on their way.
        let (lane, carried) = mpsc::channel(256);
        let client = self.client.with_tenant(tenant)?;
        let progress = self.progress.clone();
        self.running.spawn(async move {
            let told = |origin: &Origin, reason: &str| tell(&progress, origin, reason);
            submit_all(&client, ReceiverStream::new(carried), &progress, told).await
        });
        self.open.insert(tenant.to_owned(), lane);
        Ok(())
    }

    /// Waits for all answers; new commands open new streams.
    async fn settle(&mut self) -> anyhow::Result<()> {
        self.open.clear();
        let mut first_failure = None;
        while let Some(ended) = self.running.join_next().await {
            match ended
                .context("a stream panicked")
                .and_then(|summary| summary)
            {
                Ok(summary) => self.summary.add(&summary),
                Err(error) => first_failure = first_failure.or(Some(error)),
            }
        }
        first_failure.map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn read(text: &str, ids: &mut LineIds) -> Result<Option<(String, SubmitRequest)>, String> {
        let line = Line {
            number: 1,
            len: 1,
            text: Ok(text.to_owned()),
        };
        read_line(&line, ids)
    }

    const WIN: &str = r#"{"command":{"winOpportunity":{"opportunityId":"o1"}}}"#;

    #[test]
    fn a_line_without_an_id_gets_the_same_in_every_run() {
        let id = |ids: &mut LineIds| read(WIN, ids).unwrap().unwrap().1.command_id;
        let (mut first, mut second) = (LineIds::default(), LineIds::default());
        let (one, two) = (id(&mut first), id(&mut first));
        assert_ne!(one, two, "the same line twice is two commands");
        assert_eq!([one.clone(), two], [id(&mut second), id(&mut second)]);
        assert!(
            one.starts_with("import:") && one.ends_with(":1") && one.len() <= 128,
            "{one}"
        );
    }

    #[test]
    fn an_id_that_is_given_is_kept() {
        let line =
            r#"{"tenant":"t","commandId":"c1","command":{"retireProduct":{"productId":"p"}}}"#;
        let (tenant, request) = read(line, &mut LineIds::default()).unwrap().unwrap();
        assert_eq!((tenant.as_str(), request.command_id.as_str()), ("t", "c1"));
    }

    #[test]
    fn bad_lines_are_told() {
        let reason = |text: &str| read(text, &mut LineIds::default()).unwrap_err();
        assert_eq!(reason(r#"{"tenant":"t"}"#), "the line has no command");
        assert!(reason(r#"{"comand":{}}"#).contains("comand"));
        assert!(reason("nonsense").contains("expected"));
        assert_eq!(read("  ", &mut LineIds::default()), Ok(None));
    }
}
