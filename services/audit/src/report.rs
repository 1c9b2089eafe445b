//! What a check came to.

use event_schemas::commission_period::Statement;
use serde::Serialize;

/// One thing that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What should hold.
    pub claim: &'static str,
    /// What was looked at.
    pub seen: String,
    /// What does not hold, if anything.
    pub findings: Vec<String>,
}

/// What a bundle's verification came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether all holds.
    pub holds: bool,
    /// All that was checked, in order.
    pub checks: Vec<Check>,
    /// The statement as it was recomputed, if it could be.
    pub statement: Option<Statement>,
}

impl Report {
    pub(crate) fn of(checks: Vec<Check>, statement: Option<Statement>) -> Self {
        Self {
            holds: checks.iter().all(|check| check.findings.is_empty()),
            checks,
            statement,
        }
    }
}
