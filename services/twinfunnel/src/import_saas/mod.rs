//! `twinfunnel import-saas`: the history that the export of a subscription business tells, as
//! commands, or written as an import file.

mod dirt;
mod mapping;
mod read;
#[cfg(test)]
mod tests;
mod usage;
mod voice;

use std::path::PathBuf;
use std::process::ExitCode;

pub(crate) use dirt::Dirt;
pub(crate) use mapping::commands;
pub(crate) use read::{Export, Sources};

use crate::export::{self, Delivery};
use crate::output;

/// Options of `import-saas`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Folder with ravenstack_accounts.csv, …_subscriptions.csv, …_feature_usage.csv,
    /// …_support_tickets.csv and …_churn_events.csv.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    #[command(flatten)]
    delivery: Delivery,
}

/// Imports the export. Exit code 3 if some rows could not be taken or commands were refused.
pub(crate) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let export = Export::read(&Sources::of_folder(&args.folder)?)?;
    let mut dirt = Dirt::of(&export.bad_rows);
    let commands = commands(&export, &mut dirt);
    output::tell(&dirt.to_string());
    let unmapped = dirt.unmapped_count();
    export::deliver(&args.delivery, commands, unmapped).await
}
