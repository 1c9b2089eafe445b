//! One line of a contract: what was agreed, delivered, paid and spent, and what of it is credited.

use chrono::NaiveDate;
use event_schemas::commission_plan::{Basis, Terms, Timing};
use event_schemas::vocabulary::{Currency, Line};
use rust_decimal::Decimal;

use super::{Credit, Credits};
use crate::commission::CalculateError;
use crate::commission::book::{Book, Source};
use crate::commission::exact::mul_div;

pub(super) struct LineState<'b> {
    /// As it stands.
    pub(super) line: &'b Line,
    /// The fact that says so.
    pub(super) source: &'b Source,
    /// Who is credited with it, if not who is with the contract.
    pub(super) credits: Option<Credits<'b>>,
    pub(super) delivered_minor: i64,
    pub(super) paid_minor: i64,
    /// What went back to the customer without being taken back from anybody.
    pub(super) refunded_minor: i64,
    pub(super) cost_minor: i64,
    /// How much of it was credited, by whatever timing.
    pub(super) credited_minor: i64,
    /// Of that, what was taken back.
    pub(super) taken: Decimal,
    /// The cost charged to what was credited.
    charged: Decimal,
}

impl<'b> LineState<'b> {
    pub(super) fn new(line: &'b Line, source: &'b Source) -> Self {
        Self {
            line,
            source,
            credits: None,
            delivered_minor: 0,
            paid_minor: 0,
            refunded_minor: 0,
            cost_minor: 0,
            credited_minor: 0,
            taken: Decimal::ZERO,
            charged: Decimal::ZERO,
        }
    }

    pub(super) fn agreed_minor(&self) -> i64 {
        self.line.amount_minor
    }

    /// What is credited and was not taken back.
    pub(super) fn standing(&self) -> Decimal {
        Decimal::from(self.credited_minor) - self.taken
    }

    /// Credits less, with the cost that belonged to it.
    pub(super) fn uncredit(&mut self, less_minor: i64) -> Result<(), CalculateError> {
        if less_minor > 0 {
            let left_minor = self.credited_minor - less_minor;
            let (left, all) = (
                Decimal::from(left_minor),
                Decimal::from(self.credited_minor),
            );
            self.charged = mul_div(self.charged, left, all)?;
            self.credited_minor = left_minor;
            self.taken = self.taken.min(left);
        }
        Ok(())
    }

    /// Credits what a timing has reached beyond what was credited: how much, and the cost that is
    /// charged with it.
    pub(super) fn advance(&mut self, timing: Timing) -> Result<(i64, Decimal), CalculateError> {
        let reached = match timing {
            Timing::Signing => self.agreed_minor(),
            Timing::Delivery => self.delivered_minor,
            Timing::Payment => self.paid_minor.saturating_sub(self.refunded_minor),
        };
        let beyond = reached.saturating_sub(self.credited_minor);
        // A line that takes something off the whole goes the other way.
        let moved = if self.agreed_minor() < 0 {
            beyond.min(0)
        } else {
            beyond.max(0)
        };
        self.credited_minor = self.credited_minor.saturating_add(moved);
        let cost = Decimal::from(self.cost_minor);
        let charge = if self.agreed_minor() == 0 {
            cost
        } else {
            let (part, whole) = (self.credited_minor, self.agreed_minor());
            mul_div(cost, Decimal::from(part), Decimal::from(whole))?
        };
        let charged = charge - self.charged;
        self.charged = charge;
        Ok((moved, charged))
    }

    /// What a rate is applied to; nothing if nothing moved.
    pub(super) fn credit(
        &self,
        book: &Book,
        terms: &Terms,
        currency: Currency,
        day: NaiveDate,
        (moved_minor, charged, share): (i64, Decimal, u64),
    ) -> Result<Option<Credit>, CalculateError> {
        let cost = match terms.basis {
            Basis::Revenue => Decimal::ZERO,
            Basis::GrossMargin | Basis::NetMargin => charged,
        };
        if moved_minor == 0 && cost.is_zero() {
            return Ok(None);
        }
        let convert = |minor| book.sums.convert(minor, currency, terms.currency, day);
        let converted = convert(Decimal::from(moved_minor) - cost)?;
        let overhead = if terms.basis == Basis::NetMargin {
            let revenue = convert(Decimal::from(moved_minor))?;
            book.overheads.share(book, terms, day, revenue)?
        } else {
            None
        };
        let fixed_cost = overhead.map_or(Decimal::ZERO, |borne| borne.cost);
        let (share_of, whole) = (Decimal::from(share), Decimal::from(10_000));
        Ok(Some(Credit {
            moved_minor,
            credited_minor: self.credited_minor,
            agreed_minor: self.agreed_minor(),
            cost,
            converted,
            exchange_rate: book.sums.rate_on(currency, terms.currency, day),
            overhead,
            share,
            basis: mul_div(converted - fixed_cost, share_of, whole)?,
        }))
    }
}
