//! The command line: which commands there are, and where each is carried out.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The event-sourced record of the sales and success funnels of a B2B revenue team.
#[derive(Debug, Parser)]
#[command(
    name = "twinfunnel",
    version,
    propagate_version = true,
    max_term_width = 100
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server.
    Serve(crate::serve_command::Args),
    /// Send the commands of files, one a line as JSON. A second run of a file appends nothing.
    Import(crate::import::Args),
    /// Send the history that a CRM export tells.
    ImportCrm(crate::import_crm::Args),
    /// Send the history that the export of a subscription business tells.
    ImportSaas(crate::import_saas::Args),
    /// Send one command and print its receipt.
    Send(crate::send::Args),
    /// Ask a question and print the answer.
    #[command(subcommand)]
    Show(crate::show::Show),
    /// Freeze the commission statements of a period.
    ClosePeriod(crate::show::ClosePeriodArgs),
    /// Prove why a participant was paid a sum.
    #[command(subcommand)]
    Audit(crate::audit::Audit),
    /// Print recorded events, one a line as JSON.
    Log(crate::events::LogArgs),
    /// Print events as they are recorded, one a line as JSON.
    Follow(crate::events::FollowArgs),
    /// End the tenant's days up to one, in order: all is done that was due by then.
    Tick(crate::tick::TickArgs),
    /// Tell how far each read model has come.
    Status(crate::read_models::StatusArgs),
    /// Build a read model anew beside the live one, then swap.
    Rebuild(crate::read_models::RebuildArgs),
    /// Replay history into a SQLite file, as of any time.
    Replay(crate::read_models::ReplayArgs),
    /// Prove that the log is what it was.
    #[command(subcommand)]
    Seal(crate::seal::Seal),
    /// Copy the log of a data directory into a file, while a server runs or not.
    Backup(crate::backup::BackupArgs),
    /// Put such a copy into a data directory that has no log.
    Restore(crate::backup::RestoreArgs),
    /// See it work: a server of its own, a company's history, the answers.
    Demo(crate::demo::Args),
}

/// Carries the command out. An error means that it could not; the code says how it went otherwise.
pub(crate) async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Serve(args) => crate::serve_command::run(args).await,
        Command::Import(args) => crate::import::run(args).await,
        Command::ImportCrm(args) => crate::import_crm::run(args).await,
        Command::ImportSaas(args) => crate::import_saas::run(args).await,
        Command::Send(args) => crate::send::run(args).await,
        Command::Show(show) => crate::show::run(show).await,
        Command::ClosePeriod(args) => crate::show::close_period(args).await,
        Command::Audit(audit) => crate::audit::run(audit).await,
        Command::Log(args) => crate::events::log(args).await,
        Command::Follow(args) => crate::events::follow(args).await,
        Command::Tick(args) => crate::tick::run(args).await,
        Command::Status(args) => crate::read_models::status(args).await,
        Command::Rebuild(args) => crate::read_models::rebuild(args).await,
        Command::Replay(args) => crate::read_models::replay(args).await,
        Command::Seal(seal) => crate::seal::run(seal).await,
        Command::Backup(args) => crate::backup::backup(args).await,
        Command::Restore(args) => crate::backup::restore(args).await,
        Command::Demo(args) => crate::demo::run(args).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
