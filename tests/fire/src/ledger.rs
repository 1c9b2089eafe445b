//! What callers were told, kept outside of the server: it outlives every crash of it.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use proto::v1::{Event, Receipt};

use crate::Tally;

/// Everything that was sent and acknowledged. Moments are counted, not measured.
#[derive(Debug, Default)]
pub(crate) struct Ledger(Mutex<Book>);

#[derive(Debug, Default)]
struct Book {
    moment: u64,
    sent: HashSet<String>,
    acknowledged: Vec<Entry>,
    first: HashMap<String, Receipt>,
    /// The last version of each stream that was acknowledged.
    versions: HashMap<String, u64>,
    tally: Tally,
}

#[derive(Debug, Clone)]
struct Entry {
    receipt: Receipt,
    asked_at: u64,
    answered_at: u64,
}

impl Ledger {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A command is about to be sent; gives the moment.
    pub(crate) fn ask(&self, command_id: &str) -> u64 {
        let mut book = self.book();
        book.moment += 1;
        if !book.sent.contains(command_id) {
            book.sent.insert(command_id.to_owned());
        }
        book.moment
    }

    /// A command was acknowledged. Whoever is told twice must be told the same.
    pub(crate) fn acknowledge(&self, asked_at: u64, receipt: Receipt) {
        let mut book = self.book();
        book.moment += 1;
        book.tally.try_many(1);
        let plain = Receipt {
            duplicate: false,
            ..receipt.clone()
        };
        if let Some(first) = book.first.get(&receipt.command_id).cloned() {
            if !receipt.duplicate {
                book.tally.double(format!("{receipt:?} after {first:?}"));
            } else if first != plain {
                book.tally.wrong(format!("{receipt:?} after {first:?}"));
            }
            return;
        }
        book.first.insert(receipt.command_id.clone(), plain);
        let version = book.versions.entry(receipt.stream.clone()).or_default();
        *version = receipt.version.max(*version);
        let entry = Entry {
            receipt,
            asked_at,
            answered_at: book.moment,
        };
        book.acknowledged.push(entry);
    }

    /// Something that nobody should have been told.
    pub(crate) fn wrong(&self, what: String) {
        self.book().tally.wrong(what);
    }

    /// Something that was known to be there, and was not shown.
    pub(crate) fn lose(&self, what: String) {
        self.book().tally.lose(what);
    }

    /// How many commands have been acknowledged.
    pub(crate) fn acknowledged(&self) -> usize {
        self.book().acknowledged.len()
    }

    /// The highest position that was acknowledged.
    pub(crate) fn highest_position(&self) -> u64 {
        let book = self.book();
        let positions = book.acknowledged.iter().map(|e| e.receipt.position);
        positions.max().unwrap_or_default()
    }

    /// The version of a stream that was acknowledged last: whoever reads from now on must see it.
    pub(crate) fn version(&self, stream: &str) -> u64 {
        self.book()
            .versions
            .get(stream)
            .copied()
            .unwrap_or_default()
    }

    /// A command that was acknowledged, to be sent again.
    pub(crate) fn any(&self, chances: &mut fastrand::Rng) -> Option<String> {
        let book = self.book();
        let entry = chances.choice(&book.acknowledged)?;
        Some(entry.receipt.command_id.clone())
    }

    /// Compares what was told with what there is, and gives what was counted.
    pub(crate) fn settle(&self, events: &[Event]) -> Tally {
        let mut book = self.book();
        let mut tally = std::mem::take(&mut book.tally);
        check_dense(events, &mut tally);
        let mut by_command: HashMap<&str, Vec<&Event>> = HashMap::new();
        for event in events {
            by_command.entry(&event.command_id).or_default().push(event);
            if !book.sent.contains(&event.command_id) {
                tally.wrong(format!("nobody sent {event:?}"));
            }
        }
        for Entry { receipt, .. } in &book.acknowledged {
            let own = by_command.get(receipt.command_id.as_str());
            check_kept(receipt, own.map_or(&[], Vec::as_slice), &mut tally);
        }
        check_moments(&book.acknowledged, &mut tally);
        tally
    }
}

/// Positions run 1, 2, 3 …, and so do the versions of each stream; time does not run backwards.
fn check_dense(events: &[Event], tally: &mut Tally) {
    let mut versions: HashMap<&str, u64> = HashMap::new();
    let mut recorded_at = None;
    for (event, position) in events.iter().zip(1..) {
        if event.position != position {
            tally.disorder(format!("{event:?} at {position}"));
            return;
        }
        let version = versions.entry(&event.stream).or_default();
        *version += 1;
        if event.version != *version {
            tally.disorder(format!("{event:?}, not version {version}"));
        }
        let at = event.recorded_at.map(|at| (at.seconds, at.nanos));
        if at < recorded_at {
            tally.disorder(format!("{event:?} was recorded before the one before it"));
        }
        recorded_at = at;
    }
}

/// What a receipt tells of stands at its position, once.
fn check_kept(receipt: &Receipt, own: &[&Event], tally: &mut Tally) {
    let types: Vec<&str> = own.iter().map(|event| event.r#type.as_str()).collect();
    if types.len() < receipt.event_types.len() {
        tally.lose(format!("{receipt:?}: there is {types:?}"));
    } else if types.len() > receipt.event_types.len() {
        tally.double(format!("{receipt:?}: there is {types:?}"));
    } else if let Some(last) = own.last()
        && (last.position, &last.stream, last.version)
            != (receipt.position, &receipt.stream, receipt.version)
    {
        tally.disorder(format!("{receipt:?}: {last:?}"));
    }
}

/// What was acknowledged before another was sent stands before it.
fn check_moments(entries: &[Entry], tally: &mut Tally) {
    let mut asked: Vec<&Entry> = entries
        .iter()
        .filter(|entry| !entry.receipt.duplicate && !entry.receipt.event_types.is_empty())
        .collect();
    let mut answered = asked.clone();
    asked.sort_by_key(|entry| entry.asked_at);
    answered.sort_by_key(|entry| entry.answered_at);
    let (mut answered, mut highest) = (answered.into_iter().peekable(), 0);
    for entry in asked {
        while let Some(before) = answered.next_if(|before| before.answered_at < entry.asked_at) {
            highest = highest.max(before.receipt.position);
        }
        if entry.receipt.position <= highest {
            let receipt = &entry.receipt;
            tally.disorder(format!("{receipt:?} was sent when {highest} was told"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt(id: &str, position: u64, duplicate: bool) -> Receipt {
        Receipt {
            command_id: id.to_owned(),
            position,
            stream: "rep-a".to_owned(),
            version: position,
            event_types: vec!["Changed".to_owned()],
            duplicate,
        }
    }

    fn event(id: &str, position: u64) -> Event {
        Event {
            command_id: id.to_owned(),
            position,
            stream: "rep-a".to_owned(),
            version: position,
            r#type: "Changed".to_owned(),
            ..Event::default()
        }
    }

    fn told(receipts: &[(&str, u64, bool)]) -> Ledger {
        let ledger = Ledger::default();
        for (id, position, duplicate) in receipts {
            let asked_at = ledger.ask(id);
            ledger.acknowledge(asked_at, receipt(id, *position, *duplicate));
        }
        ledger
    }

    fn counted(ledger: &Ledger, events: &[Event]) -> String {
        ledger.settle(events).to_string()
    }

    #[test]
    fn what_is_as_it_was_told_has_held() {
        let ledger = told(&[("a", 1, false), ("b", 2, false), ("a", 1, true)]);
        let tally = ledger.settle(&[event("a", 1), event("b", 2)]);
        assert!(tally.has_held() && tally.tried() == 3, "{tally}");
    }

    #[test]
    fn what_is_missing_doubled_or_misplaced_is_counted() {
        let both = [("a", 1, false), ("b", 2, false)];
        let lost = counted(&told(&both), &[event("a", 1)]);
        assert_eq!(lost, "2 tried, 1 lost, 0 doubled, 0 out of order, 0 wrong");
        let doubled = counted(&told(&both), &[event("a", 1), event("b", 2), event("b", 3)]);
        assert_eq!(
            doubled,
            "2 tried, 0 lost, 1 doubled, 0 out of order, 0 wrong"
        );
        let swapped = counted(&told(&both), &[event("b", 1), event("a", 2)]);
        assert_eq!(
            swapped,
            "2 tried, 0 lost, 0 doubled, 2 out of order, 0 wrong"
        );
        let gap = counted(&told(&both), &[event("a", 1), event("b", 3)]);
        assert_eq!(gap, "2 tried, 0 lost, 0 doubled, 2 out of order, 0 wrong");
        let twice = told(&[("a", 1, false), ("a", 1, false)]);
        let twice = counted(&twice, &[event("a", 1)]);
        assert_eq!(twice, "2 tried, 0 lost, 1 doubled, 0 out of order, 0 wrong");
    }

    #[test]
    fn what_was_told_later_stands_later() {
        let late = counted(
            &told(&[("a", 2, false), ("b", 1, false)]),
            &[event("b", 1), event("a", 2)],
        );
        assert_eq!(late, "2 tried, 0 lost, 0 doubled, 1 out of order, 0 wrong");
    }
}
