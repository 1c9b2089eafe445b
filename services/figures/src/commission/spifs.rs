//! SPIFs: fixed bonuses for wins. A win is a signing, whatever the timing of the plan.

use event_schemas::commission_period::{LineKind, StatementLine};
use event_schemas::vocabulary::Line;
use rust_decimal::Decimal;

use super::CalculateError;
use super::earn::{Earned, Earnings, Participant, fits, fits_category};
use super::exact::{mul_div, round};
use super::steps::{self, money_minor, step};
use super::timeline::Paid;
use super::transactions::Signing;

/// Adds a bonus for each win.
pub(super) fn spifs<'b>(
    of: &Participant<'b>,
    earnings: &mut Earnings<'b>,
) -> Result<(), CalculateError> {
    for contract in of.contracts() {
        let Some(won) = Signing::of(of.book, contract) else {
            continue;
        };
        let day = of.book.day(won.at);
        let Some(Paid::Here(version, _)) = of.timeline.on(day).map(|s| s.paid) else {
            continue;
        };
        if !of.within.contains(day) || version.terms.spifs.is_empty() {
            continue;
        }
        let share = of.share(&won.credits, won.at, &version.terms)?;
        for spif in &version.terms.spifs {
            let fits = |line: &Line| {
                fits(&spif.product_id, &line.product_id)
                    && fits_category(spif.product_category.as_ref(), line)
                    && fits(&spif.revenue_type, &line.revenue_type)
            };
            let in_time = spif.from_on <= day && day < spif.to_on;
            if share == 0 || !in_time || !won.signed.lines.iter().any(fits) {
                continue;
            }
            let bonus = mul_div(spif.amount_minor.into(), share.into(), 10_000.into())?;
            let currency = version.terms.currency;
            let amount_minor = round(bonus)?;
            let inputs = [
                ("bonus", money_minor(spif.amount_minor, currency)),
                (
                    "share",
                    steps::percent(Decimal::from(share) / Decimal::ONE_HUNDRED),
                ),
            ];
            let result = money_minor(amount_minor, currency);
            let steps = vec![step(&format!("SPIF {}", spif.name), &inputs, result)];
            let sources = vec![won.source, won.credits.source, &version.source];
            let line = StatementLine {
                line_id: format!("spif:{}:{}", spif.name, contract.id),
                kind: LineKind::Spif,
                contract_id: Some(contract.id.clone()),
                contract_line_id: None,
                occurred_at: won.at,
                basis_minor: None,
                rates_percent: Vec::new(),
                amount_minor,
                origin: None,
                derivation: of.derivation(day, &sources, steps),
            };
            earnings.lines.push(Earned {
                at: won.at,
                position: won.source.position,
                day,
                line,
                sources,
            });
        }
    }
    Ok(())
}
