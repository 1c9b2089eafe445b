//! `twinfunnel audit`: why a participant was paid a sum, and a file that proves it to someone who
//! trusts neither server nor database.

mod bundle;
mod explain;
mod reconcile;
mod render;
mod verify;

use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use chrono::{Months, NaiveDate};
use proto::v1;

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
    pub(crate) period: Days,
}

/// Days from one to another, which does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Days {
    pub(crate) from_on: NaiveDate,
    pub(crate) to_on: NaiveDate,
}

impl StatementArgs {
    /// The question for it.
    fn question(&self) -> v1::GetStatementRequest {
        v1::GetStatementRequest {
            commission_plan_id: self.plan.clone(),
            rep_id: self.participant.clone(),
            period_on: self.period.from_on.to_string(),
            consistency: None,
        }
    }

    /// Takes the statement for the one that was meant only where no others are meant, too.
    fn only(
        &self,
        told: Option<v1::CommissionStatement>,
    ) -> anyhow::Result<v1::CommissionStatement> {
        let told = told.context("the answer holds no statement")?;
        let to_on: NaiveDate = told.to_on.parse()?;
        ensure!(
            self.period.to_on <= to_on,
            "the plan's periods are shorter than that: name one of them, such as {}, from {} to {}",
            told.from_on,
            told.from_on,
            told.to_on
        );
        Ok(told)
    }
}

/// The days of a period.
pub(crate) fn period(text: &str) -> Result<Days, String> {
    let day = |text: String| text.parse::<NaiveDate>().ok();
    let (first, months) = match text.split_once('-') {
        None => (day(format!("{text}-01-01")), 12),
        Some((year, quarter)) if quarter.starts_with(['Q', 'q']) => {
            let number = quarter.get(1..).and_then(|number| number.parse().ok());
            let month = number.filter(|number: &u32| (1..=4).contains(number));
            let first = month.and_then(|number| day(format!("{year}-{:02}-01", number * 3 - 2)));
            (first, 3)
        }
        Some((_, month)) if month.len() == 2 => (day(format!("{text}-01")), 1),
        Some(_) => (day(text.to_owned()), 0),
    };
    let days = first.and_then(|from_on| {
        let to_on = match months {
            0 => from_on.succ_opt(),
            months => from_on.checked_add_months(Months::new(months)),
        };
        to_on.map(|to_on| Days { from_on, to_on })
    });
    days.ok_or_else(|| "is no period such as 2017, 2017-Q1, 2017-03 or 2017-03-31".to_owned())
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
        for (text, from_on, to_on) in [
            ("2017", "2017-01-01", "2018-01-01"),
            ("2017-Q1", "2017-01-01", "2017-04-01"),
            ("2017-q4", "2017-10-01", "2018-01-01"),
            ("2017-03", "2017-03-01", "2017-04-01"),
            ("2017-03-31", "2017-03-31", "2017-04-01"),
        ] {
            let days = super::period(text).unwrap();
            assert_eq!(days.from_on.to_string(), from_on);
            assert_eq!(days.to_on.to_string(), to_on);
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
