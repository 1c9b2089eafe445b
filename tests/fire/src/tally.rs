//! What was tried, and what did not hold.

use std::fmt;

/// How many faults are told in words; the others are only counted.
const TOLD: usize = 20;

/// What was tried, and what did not hold.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    tried: u64,
    lost: u64,
    doubled: u64,
    disordered: u64,
    wrong: u64,
    notes: Vec<String>,
    faults: Vec<String>,
}

impl Tally {
    /// How much was tried.
    pub fn tried(&self) -> u64 {
        self.tried
    }

    /// Whether all of it held.
    pub fn has_held(&self) -> bool {
        self.lost + self.doubled + self.disordered + self.wrong == 0
    }

    /// What did not hold, in words; the first few.
    pub fn faults(&self) -> &[String] {
        &self.faults
    }

    /// Counts what was tried.
    pub(crate) fn try_many(&mut self, count: u64) {
        self.tried += count;
    }

    /// Says something else that was counted.
    pub(crate) fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// Something that was acknowledged is not there.
    pub(crate) fn lose(&mut self, what: impl Into<String>) {
        self.lost += 1;
        self.tell("lost", what);
    }

    /// Something is there twice.
    pub(crate) fn double(&mut self, what: impl Into<String>) {
        self.doubled += 1;
        self.tell("doubled", what);
    }

    /// Something is not where it belongs.
    pub(crate) fn disorder(&mut self, what: impl Into<String>) {
        self.disordered += 1;
        self.tell("out of order", what);
    }

    /// Something else is not as it should be.
    pub(crate) fn wrong(&mut self, what: impl Into<String>) {
        self.wrong += 1;
        self.tell("wrong", what);
    }

    /// Adds what another one counted.
    pub(crate) fn add(&mut self, other: Self) {
        self.tried += other.tried;
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.disordered += other.disordered;
        self.wrong += other.wrong;
        self.notes.extend(other.notes);
        self.faults.extend(other.faults);
        self.faults.truncate(TOLD);
    }

    fn tell(&mut self, kind: &str, what: impl Into<String>) {
        if self.faults.len() < TOLD {
            self.faults.push(format!("{kind}: {}", what.into()));
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} tried, {} lost, {} doubled, {} out of order, {} wrong",
            self.tried, self.lost, self.doubled, self.disordered, self.wrong
        )?;
        for note in &self.notes {
            write!(f, "; {note}")?;
        }
        Ok(())
    }
}
