//! The steps of a derivation, in words and exact numbers.

use event_schemas::commission_period::{EventRef, Input, Step};
use event_schemas::commission_plan::TierPay;
use event_schemas::vocabulary::Currency;
use rust_decimal::Decimal;

use super::book::Source;
use super::exact::shown;
use super::transactions::Credit;

/// One step.
pub(super) fn step(name: &str, inputs: &[(&str, String)], result: String) -> Step {
    let inputs = inputs.iter().map(|(input, value)| Input {
        input: (*input).to_owned(),
        value: value.clone(),
    });
    Step {
        step: name.to_owned(),
        inputs: inputs.collect(),
        result,
    }
}

/// A sum of minor units, in whole units of its currency, with all digits it has.
pub(super) fn money(minor: Decimal, currency: Currency) -> String {
    let unit = Decimal::from(10u64.saturating_pow(currency.decimals()));
    let mut amount = shown(minor.checked_div(unit).unwrap_or_default());
    if amount.scale() < currency.decimals() {
        amount.rescale(currency.decimals());
    }
    format!("{amount} {}", currency.code())
}

/// The same of a rounded sum.
pub(super) fn money_minor(minor: i64, currency: Currency) -> String {
    money(Decimal::from(minor), currency)
}

pub(super) fn percent(of: Decimal) -> String {
    format!("{} %", shown(of))
}

/// What a tier pays, as people say it.
pub(super) fn pays(pays: TierPay, currency: Currency) -> String {
    match pays {
        TierPay::Percent(of) => percent(of.decimal()),
        TierPay::Multiplier(by) => format!("× {by}"),
        TierPay::LumpMinor(lump) => format!("{} in all", money_minor(lump, currency)),
    }
}

/// Facts by position, each once.
pub(super) fn events(sources: &[&Source]) -> Vec<EventRef> {
    let mut sources: Vec<_> = sources.to_vec();
    sources.sort_by_key(|source| source.position);
    sources.dedup_by_key(|source| source.position);
    sources.into_iter().map(Source::reference).collect()
}

/// How a credit comes to its basis.
pub(super) fn credit(credit: &Credit, currency: Currency, to: Currency) -> Vec<Step> {
    let mut steps = vec![step(
        "credit",
        &[
            ("of the line", money_minor(credit.agreed_minor, currency)),
            ("moved now", money_minor(credit.moved_minor, currency)),
        ],
        percent(Decimal::from(credit.share) / Decimal::ONE_HUNDRED),
    )];
    let mut inputs = vec![("revenue", money_minor(credit.moved_minor, currency))];
    if !credit.cost.is_zero() {
        inputs.push(("direct cost", money(credit.cost, currency)));
    }
    if currency != to {
        if let Some((rate, is_inverse)) = credit.exchange_rate {
            let (rate, pair) = (shown(rate), (currency.code(), to.code()));
            let (of, per) = if is_inverse { (pair.1, pair.0) } else { pair };
            inputs.push(("exchange rate", format!("1 {of} is {rate} {per}")));
        }
        inputs.push(("converted", money(credit.converted, to)));
    }
    if let Some(borne) = credit.overhead {
        let parts = [
            ("fixed cost of the period", money(borne.costs, to)),
            ("revenue of it", money(borne.revenue, to)),
            ("revenue of all in the period", money(borne.revenues, to)),
        ];
        steps.push(step("share of fixed cost", &parts, money(borne.cost, to)));
        inputs.push(("share of fixed cost", money(borne.cost, to)));
    }
    inputs.push((
        "share",
        percent(Decimal::from(credit.share) / Decimal::ONE_HUNDRED),
    ));
    steps.push(step("basis", &inputs, money(credit.basis, to)));
    steps
}
