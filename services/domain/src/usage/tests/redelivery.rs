//! Whatever is sent again, in whatever order: the same records come in as if each were sent once.

use std::collections::{BTreeMap, HashSet};

use chrono::TimeDelta;
use event_schemas::usage::UsageEvent;
use proptest::prelude::*;
use proto::v1;

use super::{Usage, record, recorded, told, unused};
use crate::Decider as _;
use crate::given::{Given, day, id, live};

/// What the records of a day come to, by their ids.
fn known(given: &Given<Usage>) -> BTreeMap<String, String> {
    let mut known = BTreeMap::new();
    for fact in given.history() {
        if let UsageEvent::UsageRecorded(event) = &fact.event {
            for record in &event.records {
                let id = record.record_id.to_string();
                let before = known.insert(id, record.quantity.to_string());
                assert_eq!(before, None, "no record comes in twice");
            }
        }
    }
    known
}

fn of_number(number: u32) -> v1::UsageRecord {
    told(&format!("r{number}"), &number.to_string(), 1)
}

/// Batches of which each is sent once or more often, in any order, and at any time.
fn sendings() -> impl Strategy<Value = (Vec<Vec<u32>>, Vec<(usize, i64)>)> {
    let batches = prop::collection::vec(prop::collection::vec(0..40u32, 1..12), 1..8);
    batches.prop_flat_map(|batches| {
        let again = prop::collection::vec((0..batches.len(), -900..900i64), 0..12);
        let once: Vec<_> = (0..batches.len()).map(|at| (at, 0)).collect();
        let sent = again.prop_map(move |again| [once.clone(), again].concat());
        (Just(batches), sent.prop_shuffle())
    })
}

proptest! {
    #[test]
    fn batches_sent_again_in_any_order_give_the_records_of_each_sent_once((batches, sent) in sendings()) {
        let commands = sent.iter().map(|(at, minutes)| {
            let records = batches[*at].iter().copied().map(of_number);
            (*minutes, record(records))
        });
        let again = known(&live(unused(), commands));
        let once: HashSet<u32> = batches.iter().flatten().copied().collect();
        let once: BTreeMap<_, _> = once.into_iter().map(|n| (format!("r{n}"), n.to_string())).collect();
        prop_assert_eq!(again, once);
    }

    #[test]
    fn what_is_known_is_found_however_it_came_in(batches in prop::collection::vec(prop::collection::vec(0..3_000u32, 1..60), 1..40)) {
        let mut state = Usage::default();
        for (batch, minutes) in batches.iter().zip(0..) {
            let ids: Vec<_> = batch.iter().map(|number| format!("r{number}")).collect();
            let records = recorded(ids.iter().map(|id| (id.as_str(), "1")));
            state.evolve(&records, day(1) + TimeDelta::minutes(minutes));
        }
        for number in batches.iter().flatten() {
            let first = batches.iter().zip(0..).find(|(batch, _)| batch.contains(number));
            let first = first.map(|(_, minutes)| day(1) + TimeDelta::minutes(minutes));
            let known = state.records.get(&id(&format!("r{number}")));
            prop_assert_eq!(known.map(|known| known.recorded_at), first);
        }
        prop_assert!(state.records.runs() <= 12);
    }
}
