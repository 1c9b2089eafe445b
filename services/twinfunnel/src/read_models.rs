//! `twinfunnel status`, `rebuild` and `replay`: how the read models stand, and building them anew.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use futures::StreamExt as _;
use proto::v1::ExportReadModelRequest;
use tempfile::NamedTempFile;

use crate::connect::ConnectArgs;
use crate::instant::AsOfArgs;
use crate::output;
use crate::render::{self, Format};

/// Options of `status`.
#[derive(Debug, clap::Args)]
pub(crate) struct StatusArgs {
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    output: Format,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Options of `rebuild`.
#[derive(Debug, clap::Args)]
pub(crate) struct RebuildArgs {
    /// The read model, or a question it answers.
    name: String,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Options of `replay`.
#[derive(Debug, clap::Args)]
pub(crate) struct ReplayArgs {
    /// The read model, or a question it answers.
    name: String,
    /// The SQLite file to make; it must not be there yet.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    as_of: AsOfArgs,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Prints how far each read model has come.
pub(crate) async fn status(args: StatusArgs) -> anyhow::Result<ExitCode> {
    let answer = args.connect.client()?.list_read_models().await?;
    let text = match args.output {
        Format::Table => render::status::table(&answer),
        Format::Csv => render::status::csv(&answer)?,
        Format::Json => render::json(&answer)?,
    };
    output::write(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// Builds a read model anew and tells which generation is live.
pub(crate) async fn rebuild(args: RebuildArgs) -> anyhow::Result<ExitCode> {
    let rebuilt = match args.connect.client()?.rebuild_read_model(&args.name).await {
        Err(client::Error::DeadlineExceeded) => {
            bail!("the rebuild takes longer than --timeout; it goes on, see `twinfunnel status`")
        }
        rebuilt => rebuilt?,
    };
    let model = rebuilt
        .read_model
        .context("the answer names no read model")?;
    output::write_line(&format!(
        "{}: generation {} is live",
        model.name, model.generation
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// Writes a SQLite file with a read model as of some time.
pub(crate) async fn replay(args: ReplayArgs) -> anyhow::Result<ExitCode> {
    let out = &args.out;
    let named = || out.display().to_string();
    if out.try_exists().with_context(named)? {
        bail!("{} exists; it is not overwritten", out.display());
    }
    let question = ExportReadModelRequest {
        name: args.name.clone(),
        as_of: args.as_of.as_of(),
    };
    let mut parts = args.connect.client()?.export_read_model(question).await?;
    // Made beside its place and moved there when it is whole: half a database is none.
    let dir = out.parent().filter(|dir| !dir.as_os_str().is_empty());
    let mut file = NamedTempFile::new_in(dir.unwrap_or(".".as_ref())).with_context(named)?;
    let mut len = 0_u64;
    while let Some(part) = parts.next().await {
        let chunk = part?.chunk;
        file.write_all(&chunk).with_context(named)?;
        len = len.saturating_add(u64::try_from(chunk.len())?);
    }
    file.as_file().sync_all().with_context(named)?;
    file.persist_noclobber(out).with_context(named)?;
    output::write_line(&format!(
        "{}: {} bytes",
        out.display(),
        render::grouped(&len.to_string())
    ))?;
    Ok(ExitCode::SUCCESS)
}
