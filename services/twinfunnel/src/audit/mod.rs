//! `twinfunnel audit`: why a participant was paid a sum, and a file that proves it to someone who
//! trusts neither server nor database.

mod bundle;
mod explain;
mod reconcile;
mod render;
mod verify;

use std::process::ExitCode;

use chrono::NaiveDate;

pub(crate) use bundle::{make, trusted};
pub(crate) use render::summary;

/// Prove why a participant was paid a sum.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Audit {
    /// Write everything that someone needs to check one closed statement into a file.
    Bundle(bundle::Args),
    /// Check such a file. It needs no server.
    Verify(verify::Args),
    /// Print how the lines of a statement follow from the events.
    Explain(explain::Args),
    /// Compute all closed statements of the tenant anew, and report any difference.
    Reconcile(reconcile::Args),
}

/// Which statement.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct StatementArgs {
    /// The commission plan.
    #[arg(long, value_name = "ID")]
    pub(crate) plan: String,
    /// Whose statement: the rep's id.
    #[arg(long, value_name = "ID")]
    pub(crate) participant: String,
    /// The period: 2017, 2017-Q1, 2017-03, or any day in it.
    #[arg(long, value_name = "PERIOD", value_parser = period)]
    pub(crate) period: NaiveDate,
}

/// The first day of a period.
pub(crate) fn period(text: &str) -> Result<NaiveDate, String> {
    let day = |text: String| text.parse::<NaiveDate>().ok();
    let parsed = match text.split_once('-') {
        None => day(format!("{text}-01-01")),
        Some((year, quarter)) if quarter.starts_with(['Q', 'q']) => {
            let number = quarter.get(1..).and_then(|number| number.parse().ok());
            let month = number.filter(|number: &u32| (1..=4).contains(number));
            month.and_then(|number| day(format!("{year}-{:02}-01", number * 3 - 2)))
        }
        Some((_, month)) if month.len() == 2 => day(format!("{text}-01")),
        Some(_) => day(text.to_owned()),
    };
    parsed.ok_or_else(|| "is no period such as 2017, 2017-Q1, 2017-03 or 2017-03-31".to_owned())
}

/// Carries the command out.
pub(crate) async fn run(audit: Audit) -> anyhow::Result<ExitCode> {
    match audit {
        Audit::Bundle(args) => bundle::run(args).await,
        Audit::Verify(args) => verify::run(args).await,
        Audit::Explain(args) => explain::run(args).await,
        Audit::Reconcile(args) => reconcile::run(args).await,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    #[test]
    fn a_period_is_named_as_people_do() {
        for (text, day) in [
            ("2017", "2017-01-01"),
            ("2017-Q1", "2017-01-01"),
            ("2017-q4", "2017-10-01"),
            ("2017-03", "2017-03-01"),
            ("2017-03-31", "2017-03-31"),
        ] {
            assert_eq!(super::period(text).unwrap().to_string(), day);
        }
        for nonsense in [
            "",
            "2017-Q5",
            "2017-Q",
            "2017-13",
            "17-1",
            "2017-02-30",
            "Q1-2017",
        ] {
            assert!(super::period(nonsense).is_err(), "{nonsense}");
        }
    }
}
