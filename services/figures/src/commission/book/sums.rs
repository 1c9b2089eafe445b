//! Exchange rates, and what periods cost whatever is sold in them.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use event_schemas::exchange_rate::ExchangeRateSet;
use event_schemas::fixed_cost::FixedCostRecorded;
use event_schemas::vocabulary::{CostId, Currency};
use rust_decimal::Decimal;

use crate::commission::CalculateError;
use crate::commission::exact::{div, mul};

/// Exchange rates and fixed costs.
#[derive(Default)]
pub(in crate::commission) struct Sums {
    /// By pair and first day: the last word, and its position.
    rates: HashMap<(Currency, Currency), BTreeMap<NaiveDate, (u64, Decimal)>>,
    /// The last word on each, and its position.
    costs: BTreeMap<CostId, (u64, FixedCostRecorded)>,
}

impl Sums {
    pub(super) fn set_rate(&mut self, position: u64, set: &ExchangeRateSet) {
        let pair = self.rates.entry((set.from_currency, set.to_currency));
        let said = (position, set.rate.decimal());
        let known = pair.or_default().entry(set.from_on).or_insert(said);
        *known = (*known).max(said);
    }

    pub(super) fn record_cost(&mut self, position: u64, cost: FixedCostRecorded) {
        let known = self.costs.entry(cost.cost_id.clone());
        let known = known.or_insert_with(|| (position, cost.clone()));
        if known.0 <= position {
            *known = (position, cost);
        }
    }

    /// All fixed costs.
    pub(in crate::commission) fn costs(&self) -> impl Iterator<Item = &FixedCostRecorded> {
        self.costs.values().map(|(_, cost)| cost)
    }

    /// A sum of minor units in the minor units of another currency, at the rate of a day: that of
    /// the pair, or else the inverse of the other way round.
    pub(in crate::commission) fn convert(
        &self,
        minor: Decimal,
        from: Currency,
        to: Currency,
        on: NaiveDate,
    ) -> Result<Decimal, CalculateError> {
        if from == to || minor.is_zero() {
            return Ok(minor);
        }
        let (wider, narrower) = (to.decimals(), from.decimals());
        let unit = |places: u32| Decimal::from(10u64.saturating_pow(places));
        let converted = if let Some(rate) = self.rate(from, to, on) {
            mul(minor, rate)?
        } else if let Some(rate) = self.rate(to, from, on) {
            div(minor, rate)?
        } else {
            return Err(CalculateError::NoExchangeRate { from, to, on });
        };
        div(mul(converted, unit(wider))?, unit(narrower))
    }

    fn rate(&self, from: Currency, to: Currency, on: NaiveDate) -> Option<Decimal> {
        let rates = self.rates.get(&(from, to))?;
        let (_, (_, rate)) = rates.range(..=on).next_back()?;
        Some(*rate).filter(|rate| !rate.is_zero())
    }
}
