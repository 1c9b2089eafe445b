//! `twinfunnel backup` and `twinfunnel restore`: a copy of the log of a data directory, and back.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use event_schemas::vocabulary::{Position, TenantId};

use crate::output;

/// Options of `backup`.
#[derive(Debug, clap::Args)]
pub(crate) struct BackupArgs {
    /// The file to be made.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Whose log is copied; a server may run on it.
    #[arg(long, env = "TWINFUNNEL_DATA_DIR", value_name = "DIR")]
    data_dir: PathBuf,
}

/// Options of `restore`.
#[derive(Debug, clap::Args)]
pub(crate) struct RestoreArgs {
    /// A file made by `backup`.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Where the log is put; there must be none.
    #[arg(long, env = "TWINFUNNEL_DATA_DIR", value_name = "DIR")]
    data_dir: PathBuf,
}

/// Copies the log.
pub(crate) async fn backup(args: BackupArgs) -> anyhow::Result<ExitCode> {
    let heads = log::backup(&args.data_dir, &args.file).await;
    tell(&heads.with_context(|| format!("copying the log of {}", args.data_dir.display()))?)
}

/// Puts a copy back.
pub(crate) async fn restore(args: RestoreArgs) -> anyhow::Result<ExitCode> {
    let heads = log::restore(&args.file, &args.data_dir).await;
    tell(&heads.with_context(|| format!("restoring into {}", args.data_dir.display()))?)
}

/// Prints what is in it: each tenant, and how many events.
fn tell(heads: &[(TenantId, Position)]) -> anyhow::Result<ExitCode> {
    for (tenant, head) in heads {
        output::write_line(&format!("{tenant} {head}"))?;
    }
    Ok(ExitCode::SUCCESS)
}
