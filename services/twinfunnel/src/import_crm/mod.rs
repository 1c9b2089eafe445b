//! `twinfunnel import-crm`: the history that a CRM export tells, as commands, sent in the order in
//! which they occurred, or written as an import file.

mod dirt;
mod mapping;
mod master;
mod read;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::process::ExitCode;

pub(crate) use dirt::Dirt;
pub(crate) use mapping::{Contracts, commands};
pub(crate) use read::{Export, Sources};

use crate::export::{self, Delivery};
use crate::output;

/// Options of `import-crm`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Folder with accounts.csv, products.csv, sales_teams.csv and sales_pipeline.csv.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Sign a contract for each won opportunity: what commission is calculated from.
    #[arg(long)]
    with_contracts: bool,
    #[command(flatten)]
    delivery: Delivery,
}

/// Imports the export. Exit code 3 if some rows could not be taken or commands were refused.
pub(crate) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let export = Export::read(&Sources::of_folder(&args.folder)?)?;
    let mut dirt = Dirt::of(&export.bad_rows);
    let contracts = if args.with_contracts {
        Contracts::Signed
    } else {
        Contracts::Untold
    };
    let commands = commands(&export, contracts, &mut dirt);
    output::tell(&dirt.to_string());
    let unmapped = dirt.unmapped_count();
    export::deliver(&args.delivery, commands, unmapped).await
}
