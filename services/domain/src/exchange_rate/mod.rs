//! An exchange rate: what one currency is worth in another, from day to day.

#[cfg(test)]
mod tests;
mod wire;

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use event_schemas::exchange_rate::{ExchangeRateEvent, ExchangeRateSet};
use event_schemas::vocabulary::Number;
use serde::{Deserialize, Serialize};

use crate::reads::{Reads, Reference};
use crate::refusal::Refusal;
use crate::{Decider, Told};

pub use wire::parse;

/// The rates of one pair of currencies, by the day from which on they hold.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ExchangeRate(BTreeMap<NaiveDate, Told<Number>>);

/// What an exchange rate can be asked to do.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is the message of its name")]
pub enum Command {
    Set(ExchangeRateSet),
}

/// An exchange rate refuses nothing.
#[derive(Debug, thiserror::Error, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Never {}

impl Refusal for Never {}

impl Decider for ExchangeRate {
    type Command = Command;
    type Event = ExchangeRateEvent;
    type Refusal = Never;

    fn references(&self, _command: &Command) -> Vec<Reference> {
        Vec::new()
    }

    fn decide(&self, command: Command, reads: &Reads) -> Result<Vec<ExchangeRateEvent>, Never> {
        let Command::Set(set) = command;
        let told = self.0.get(&set.from_on);
        if told.and_then(|told| told.at(reads.occurred_at)) == Some(&set.rate) {
            return Ok(vec![]);
        }
        Ok(vec![set.into()])
    }

    fn evolve(&mut self, event: &ExchangeRateEvent, occurred_at: DateTime<Utc>) {
        let ExchangeRateEvent::ExchangeRateSet(set) = event;
        let told = self.0.entry(set.from_on).or_default();
        told.tell(occurred_at, set.rate);
    }

    fn stands_after(&self, command: &Command) -> Option<DateTime<Utc>> {
        let Command::Set(set) = command;
        self.0.get(&set.from_on)?.latest_at()
    }
}
