//! What of an export was mended, what is odd, and which rows could not be taken: counted and told.

use std::collections::BTreeMap;
use std::fmt;

use super::read::{BadRow, Export};
use crate::submit::Origin;

/// Spellings that the export is known to get wrong: column, as it is written, as it is meant.
const MISSPELT: &[(&str, &str, &str)] = &[
    ("product", "GTXPro", "GTX Pro"),
    ("sector", "technolgy", "technology"),
    ("office_location", "Philipines", "Philippines"),
];

/// What a row lacks or says too much of, and is taken nevertheless.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Oddity {
    /// It names no account: the opportunity has no customer.
    NoAccount,
    /// It names an account that is not in the accounts: the opportunity has no customer.
    UnknownAccount,
    /// It was won, but names no account that could have signed: it is won without a contract.
    NobodyToSign,
    /// It was lost, but has a value: the value is left out.
    ValueOfLost,
    /// It is open, but has a close date or a value: they are left out.
    ClosingOfOpen,
    /// The account belongs to one that is not in the accounts: that is left out.
    UnknownParent,
    /// A number of an account that is none: it is left out.
    NotANumber,
    /// An agent without a manager is in no team.
    NoManager,
    /// A manager of two regions: the team is in the first.
    SecondRegion,
}

impl fmt::Display for Oddity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoAccount => "opportunity without account: it has no customer",
            Self::UnknownAccount => "opportunity of an unknown account: it has no customer",
            Self::NobodyToSign => "won opportunity without customer: won without a contract",
            Self::ValueOfLost => "lost opportunity with a close value: left out",
            Self::ClosingOfOpen => "open opportunity with a close date or value: left out",
            Self::UnknownParent => "account of an unknown account: left out",
            Self::NotANumber => "year, revenue or employees of an account is no number: left out",
            Self::NoManager => "agent without manager: in no team",
            Self::SecondRegion => "manager of a second region: the first is kept",
        })
    }
}

/// How often something was seen, and where first.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    count: u64,
    first: Origin,
}

/// What was found.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dirt {
    mended: BTreeMap<(&'static str, &'static str, &'static str), Seen>,
    odd: BTreeMap<Oddity, Seen>,
    unmapped: Vec<BadRow>,
}

impl Dirt {
    /// Begins with the rows that could not even be read.
    pub(crate) fn of(export: &Export) -> Self {
        Self {
            unmapped: export.bad_rows.clone(),
            ..Self::default()
        }
    }

    /// A cell as it is meant; a mended one is counted.
    pub(super) fn mend<'a>(&mut self, column: &str, written: &'a str, origin: &Origin) -> &'a str {
        let known = MISSPELT
            .iter()
            .find(|&&(at, wrong, _)| at == column && wrong == written);
        let Some(&mend) = known else { return written };
        see(&mut self.mended, mend, origin);
        mend.2
    }

    /// Counts what is odd.
    pub(super) fn note(&mut self, oddity: Oddity, origin: &Origin) {
        see(&mut self.odd, oddity, origin);
    }

    /// Notes a row that gives no command.
    pub(super) fn refuse(&mut self, origin: &Origin, reason: String) {
        self.unmapped.push(BadRow {
            origin: origin.clone(),
            reason,
        });
    }

    /// How many rows give no command.
    pub(crate) fn unmapped_count(&self) -> u64 {
        u64::try_from(self.unmapped.len()).unwrap_or(u64::MAX)
    }

    /// How often this was mended.
    #[cfg(test)]
    pub(super) fn mended_count(&self, written: &str) -> u64 {
        self.mended
            .iter()
            .filter(|((_, wrong, _), _)| *wrong == written)
            .map(|(_, s)| s.count)
            .sum()
    }

    /// How often this was seen.
    #[cfg(test)]
    pub(super) fn odd_count(&self, oddity: Oddity) -> u64 {
        self.odd.get(&oddity).map_or(0, |seen| seen.count)
    }
}

fn see<K: Ord>(counts: &mut BTreeMap<K, Seen>, key: K, origin: &Origin) {
    let seen = counts.entry(key).or_insert_with(|| Seen {
        count: 0,
        first: origin.clone(),
    });
    seen.count += 1;
}

/// A line for each kind, and one for each row that gives no command; nothing if all is clean.
impl fmt::Display for Dirt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for ((column, wrong, right), Seen { count, first }) in &self.mended {
            writeln!(
                f,
                "mended: {column} {wrong:?} to {right:?}, {count} times, first at {first}"
            )?;
        }
        for (oddity, Seen { count, first }) in &self.odd {
            writeln!(f, "odd: {oddity}; {count} times, first at {first}")?;
        }
        for BadRow { origin, reason } in &self.unmapped {
            writeln!(f, "left out: {origin}: {reason}")?;
        }
        Ok(())
    }
}
