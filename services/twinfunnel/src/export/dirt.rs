//! What of an export was mended, what is odd, and which rows could not be taken: counted and told.

use std::collections::BTreeMap;
use std::fmt;

use super::rows::BadRow;
use crate::submit::Origin;

/// A misspelling: column, as it is written, as it is meant.
pub(crate) type Mended = (&'static str, &'static str, &'static str);

/// How often something was seen, and where first.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    count: u64,
    first: Origin,
}

/// What was found.
#[derive(Debug, Clone)]
pub(crate) struct Dirt<O> {
    mended: BTreeMap<Mended, Seen>,
    odd: BTreeMap<O, Seen>,
    unmapped: Vec<BadRow>,
}

impl<O: Ord + Copy> Dirt<O> {
    /// Begins with the rows that could not even be read.
    pub(crate) fn of(bad_rows: &[BadRow]) -> Self {
        Self {
            mended: BTreeMap::new(),
            odd: BTreeMap::new(),
            unmapped: bad_rows.to_vec(),
        }
    }

    /// Counts what was mended.
    pub(crate) fn note_mended(&mut self, mended: Mended, origin: &Origin) {
        see(&mut self.mended, mended, origin);
    }

    /// Counts what is odd.
    pub(crate) fn note(&mut self, oddity: O, origin: &Origin) {
        see(&mut self.odd, oddity, origin);
    }

    /// Notes a row that gives no command.
    pub(crate) fn refuse(&mut self, origin: &Origin, reason: String) {
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
    pub(crate) fn mended_count(&self, written: &str) -> u64 {
        self.mended
            .iter()
            .filter(|((_, wrong, _), _)| *wrong == written)
            .map(|(_, s)| s.count)
            .sum()
    }

    /// How often this was seen.
    #[cfg(test)]
    pub(crate) fn odd_count(&self, oddity: O) -> u64 {
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
impl<O: fmt::Display> fmt::Display for Dirt<O> {
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
