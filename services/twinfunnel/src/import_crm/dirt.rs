//! What of a CRM export is mended, and what is odd.

use std::fmt;

use crate::export;
use crate::submit::Origin;

/// What was found.
pub(crate) type Dirt = export::Dirt<Oddity>;

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

impl Dirt {
    /// A cell as it is meant; a mended one is counted.
    pub(super) fn mend<'a>(&mut self, column: &str, written: &'a str, origin: &Origin) -> &'a str {
        let known = MISSPELT
            .iter()
            .find(|&&(at, wrong, _)| at == column && wrong == written);
        let Some(&mend) = known else { return written };
        self.note_mended(mend, origin);
        mend.2
    }
}
