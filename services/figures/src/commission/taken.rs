//! What is taken back: of what was really paid for something, the part that its credit loses. What floor
//! or cap never let be paid is not taken.

use event_schemas::commission_period::{LineKind, StatementLine, Step};
use event_schemas::vocabulary::Currency;
use rust_decimal::Decimal;

use super::CalculateError;
use super::earn::{Earned, Participant};
use super::exact::{mul_div, round};
use super::ledger::{Ledger, PaidFor};
use super::opening::Own;
use super::steps::{money, money_minor, percent, step};
use super::transactions::Transaction;
use super::window::Window;

/// A part that is lost of what is credited and stands, in minor units of the contract's currency.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lost {
    pub(super) part: Decimal,
    pub(super) of: Decimal,
    pub(super) currency: Currency,
}

impl Lost {
    /// So much of a sum.
    fn of_minor(self, minor: i64) -> Result<Decimal, CalculateError> {
        if self.of.is_zero() {
            return Ok(Decimal::ZERO);
        }
        mul_div(Decimal::from(minor), self.part, self.of)
    }

    /// What it takes of what was earned with something, so far and less what was taken before; and how that
    /// follows. Nothing if nothing was. In the windows that are open it earns no more.
    pub(super) fn take<'w>(
        self,
        key: &PaidFor,
        paid: &mut Ledger,
        windows: impl Iterator<Item = &'w mut Window>,
        currency: Currency,
    ) -> Result<Option<(i64, Vec<Step>)>, CalculateError> {
        let paid_minor = paid.of(key);
        if self.of.is_zero() {
            return Ok(None);
        }
        for window in windows {
            window.lose(key, self)?;
        }
        if paid_minor == 0 {
            return Ok(None);
        }
        let taken = self.of_minor(paid_minor)?;
        let amount_minor = -round(taken)?;
        paid.add(key.clone(), amount_minor);
        let paid_for = match key {
            PaidFor::Win(..) => "paid for the win",
            PaidFor::Line(..) | PaidFor::Team { .. } => "paid for the line",
        };
        let part = mul_div(self.part, Decimal::ONE_HUNDRED, self.of)?;
        let inputs = [
            (paid_for, money_minor(paid_minor, currency)),
            ("credited and standing", money(self.of, self.currency)),
            ("lost", money(self.part, self.currency)),
            ("part", percent(part)),
        ];
        let steps = vec![
            step("claw-back", &inputs, money(-taken, currency)),
            step("rounded", &[], money_minor(amount_minor, currency)),
        ];
        Ok(Some((amount_minor, steps)))
    }
}

/// Lets go of what a floor or a cap keeps of a period: everything that was earned in it bears its part,
/// rounded so that together it is the whole.
pub(super) fn forgo(
    forgone: &mut Ledger,
    brought: &[Vec<(PaidFor, i64)>],
    kept_minor: i64,
) -> Result<(), CalculateError> {
    let each = || brought.iter().flatten();
    let whole: Decimal = each().map(|(_, minor)| Decimal::from(*minor)).sum();
    if kept_minor == 0 || whole.is_zero() {
        return Ok(());
    }
    let (mut sum, mut before) = (Decimal::ZERO, 0i64);
    for (key, minor) in each() {
        sum += Decimal::from(*minor);
        let up_to = round(mul_div(kept_minor.into(), sum, whole)?)?;
        forgone.add(key.clone(), up_to.saturating_sub(before));
        before = up_to;
    }
    Ok(())
}

/// Takes nothing back that was not paid. What is no claw-back stays as it is.
pub(super) fn spare(
    forgone: &mut Ledger,
    taken: Earned<'_>,
    currency: Currency,
) -> Result<Option<StatementLine>, CalculateError> {
    let mut line = taken.line;
    let Some((key, lost)) = taken.lost else {
        return Ok(Some(line));
    };
    let forgone_minor = forgone.of(&key);
    let taken_minor = line.amount_minor.saturating_neg();
    let spared = round(lost.of_minor(forgone_minor)?)?.clamp(0, taken_minor.max(0));
    if spared > 0 {
        forgone.add(key, spared.saturating_neg());
        line.amount_minor = line.amount_minor.saturating_add(spared);
        if !line.derivation.steps.is_empty() {
            let inputs = [
                ("kept by floor or cap", money_minor(forgone_minor, currency)),
                ("of what is lost", money_minor(spared, currency)),
            ];
            let left = money_minor(line.amount_minor, currency);
            line.derivation
                .steps
                .push(step("never paid", &inputs, left));
        }
    }
    Ok(Some(line).filter(|line| line.amount_minor != 0))
}

impl<'b> Participant<'b> {
    /// What is taken back of an own line.
    pub(super) fn clawback(
        &self,
        transaction: &Transaction<'b>,
        own: &mut Own,
        lost: Lost,
    ) -> Result<Option<Earned<'b>>, CalculateError> {
        let currency = transaction.version.terms.currency;
        let (contract_id, line_id) = (transaction.contract_id, &transaction.line.line_id);
        let key = PaidFor::Line(contract_id.clone(), line_id.clone());
        let taken = lost.take(&key, &mut own.paid, own.window.iter_mut(), currency)?;
        let mut sources = transaction.sources.clone();
        sources.push(&transaction.version.source);
        Ok(taken.map(|(amount_minor, steps)| Earned {
            at: transaction.at,
            position: transaction.position,
            day: transaction.day,
            line: StatementLine {
                line_id: format!("clawback:{}:{contract_id}:{line_id}", transaction.position),
                kind: LineKind::Clawback,
                contract_id: Some(contract_id.clone()),
                contract_line_id: Some(line_id.clone()),
                occurred_at: transaction.at,
                basis_minor: None,
                rates_percent: Vec::new(),
                amount_minor,
                origin: None,
                derivation: self.derivation(transaction.day, &sources, steps),
            },
            sources,
            brings: Vec::new(),
            lost: Some((key, lost)),
        }))
    }
}
