//! Exchange rates, and what periods cost whatever is sold in them.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use event_schemas::exchange_rate::ExchangeRateSet;
use event_schemas::fixed_cost::FixedCostRecorded;
use event_schemas::vocabulary::{CostId, Currency};
use rust_decimal::Decimal;

use super::Source;
use crate::calendar::Span;
use crate::commission::CalculateError;
use crate::commission::exact::{div, mul};

/// The rates of a pair of currencies, by their first days.
type Rates = BTreeMap<NaiveDate, (Source, Decimal)>;

/// Exchange rates and fixed costs.
#[derive(Default)]
pub(in crate::commission) struct Sums {
    /// The last word on each.
    rates: HashMap<(Currency, Currency), Rates>,
    /// The last word on each.
    costs: BTreeMap<CostId, (Source, FixedCostRecorded)>,
}

impl Sums {
    pub(super) fn set_rate(&mut self, source: Source, set: &ExchangeRateSet) {
        let pair = self.rates.entry((set.from_currency, set.to_currency));
        let said = (source, set.rate.decimal());
        let known = pair.or_default().entry(set.from_on);
        let known = known.or_insert_with(|| said.clone());
        if known.0.position <= said.0.position {
            *known = said;
        }
    }

    /// Gives the first day that the cost falls on, or fell on by what was said before.
    pub(super) fn record_cost(&mut self, source: Source, cost: FixedCostRecorded) -> NaiveDate {
        let from_on = cost.from_on;
        let known = self.costs.entry(cost.cost_id.clone());
        let known = known.or_insert_with(|| (source.clone(), cost.clone()));
        let first = known.1.from_on.min(from_on);
        if known.0.position <= source.position {
            *known = (source, cost);
        }
        first
    }

    /// All fixed costs.
    pub(in crate::commission) fn costs(&self) -> impl Iterator<Item = &FixedCostRecorded> {
        self.costs.values().map(|(_, cost)| cost)
    }

    /// The facts that say what a period costs.
    pub(in crate::commission) fn cost_sources(&self, span: Span) -> impl Iterator<Item = &Source> {
        let costs = self.costs.values();
        let within =
            costs.filter(move |(_, cost)| cost.from_on < span.to_on && span.from_on < cost.to_on);
        within.map(|(source, _)| source)
    }

    /// The fact that says at which rate is converted on a day, if one is needed.
    pub(in crate::commission) fn rate_source(
        &self,
        from: Currency,
        to: Currency,
        on: NaiveDate,
    ) -> Option<&Source> {
        let known = self
            .known(from, to, on)
            .or_else(|| self.known(to, from, on));
        known.filter(|_| from != to).map(|(source, _)| source)
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

    /// The rate of a day, and whether it is that of the other way round.
    pub(in crate::commission) fn rate_on(
        &self,
        from: Currency,
        to: Currency,
        on: NaiveDate,
    ) -> Option<(Decimal, bool)> {
        let direct = self.rate(from, to, on).map(|rate| (rate, false));
        direct.or_else(|| self.rate(to, from, on).map(|rate| (rate, true)))
    }

    fn rate(&self, from: Currency, to: Currency, on: NaiveDate) -> Option<Decimal> {
        self.known(from, to, on).map(|(_, rate)| *rate)
    }

    fn known(&self, from: Currency, to: Currency, on: NaiveDate) -> Option<&(Source, Decimal)> {
        let rates = self.rates.get(&(from, to))?;
        let (_, known) = rates.range(..=on).next_back()?;
        Some(known).filter(|(_, rate)| !rate.is_zero())
    }
}
