//! Facts of an exchange rate: what one currency was worth in another, day by day.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::events::no_upcast;
use crate::vocabulary::{Currency, Number};

events! {
    /// What can happen to the exchange rate of a pair of currencies. Its stream's id is the two
    /// codes, such as `EUR-USD`.
    pub enum ExchangeRateEvent in "exchange_rate" via no_upcast {
        ExchangeRateSet = 1,
    }
}

/// It was set from a day on, until another is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExchangeRateSet {
    /// The currency one unit of which is priced.
    pub from_currency: Currency,
    /// The currency it is priced in.
    pub to_currency: Currency,
    /// From which day on, in the tenant's time zone.
    pub from_on: NaiveDate,
    /// Units of `to_currency` for one of `from_currency`; above 0.
    pub rate: Number,
}
