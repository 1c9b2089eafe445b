//! `twinfunnel audit verify`: checks a bundle on one's own machine.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use audit::Bundle;
use merkle::DatedKey;

use super::{bundle, render};
use crate::{output, seal};

/// Options of `audit verify`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The bundle.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Trust only this key, as `twinfunnel seal public-key` printed it for the owner of the log. May be
    /// given several times: then each but the first that the log had says since which size it signs, as
    /// `twinfunnel seal keys` told when it was new. Without it the keys are those in the file: then it is
    /// only shown to be whole in itself.
    #[arg(long = "public-key", value_name = "NAME+ID+KEY[@SIZE]")]
    public_keys: Vec<DatedKey>,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    output: Format,
}

/// How a report is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
    /// A page for people.
    Html,
}

/// Prints what holds and what does not; fails if anything does not.
pub(crate) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let shown = || args.file.display().to_string();
    let file = tokio::fs::read(&args.file).await.with_context(shown)?;
    let bundle: Bundle = serde_json::from_slice(&file)
        .with_context(|| format!("{} is no audit bundle", args.file.display()))?;
    let is_pinned = !args.public_keys.is_empty();
    let trusted = if is_pinned {
        seal::pinned(args.public_keys)?
    } else {
        bundle::trusted(&bundle.keys)?
    };
    let report = audit::verify(&bundle, &trusted);
    let text = match args.output {
        Format::Text => render::text(&report, is_pinned),
        Format::Json => serde_json::to_string_pretty(&report)? + "\n",
        Format::Html => render::html(&report, is_pinned),
    };
    output::write(&text)?;
    Ok(if report.holds {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
