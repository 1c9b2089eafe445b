//! Messages about an exchange rate.

use event_schemas::exchange_rate::ExchangeRateSet;
use event_schemas::vocabulary::Number;
use proto::commands::ExchangeRateCommand as Message;

use super::{Command, ExchangeRate};
use crate::wire::Fields;
use crate::{Addressed, InvalidCommand};

/// Most units of one currency that one of another is worth.
const RATE_MAX: i64 = 1_000_000_000;

/// Reads a command about an exchange rate. Its id is the two codes.
pub fn parse(message: Message) -> Result<Addressed<ExchangeRate>, InvalidCommand> {
    let Message::SetExchangeRate(m) = message;
    let mut f = Fields::default();
    let from_currency = f.currency("from_currency_code", &m.from_currency_code);
    let to_currency = f.currency("to_currency_code", &m.to_currency_code);
    if from_currency.is_some() && from_currency == to_currency {
        f.wrong("to_currency_code", "is the same currency");
    }
    let from_on = f.some_date("from_on", &m.from_on);
    if m.rate.is_empty() {
        f.wrong("rate", "is missing");
    }
    let rate = f.number("rate", &m.rate, 0..=RATE_MAX);
    if rate.is_some_and(|rate: Number| rate.decimal().is_zero()) {
        f.wrong("rate", "is 0");
    }
    f.finish(|| {
        let (from_currency, to_currency) = (from_currency?, to_currency?);
        Some(Addressed {
            id: format!("{}-{}", from_currency.code(), to_currency.code()),
            command: Command::Set(ExchangeRateSet {
                from_currency,
                to_currency,
                from_on: from_on?,
                rate: rate?,
            }),
        })
    })
}
