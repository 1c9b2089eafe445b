//! The rules of what is delivered, invoiced, paid, refunded and spent under a contract.

use chrono::{Days, NaiveDate};
use event_schemas::contract::{
    DirectCostRecorded, InvoiceIssued, PaymentReceived, PaymentRefunded, RevenueRecognized,
};
use event_schemas::vocabulary::{
    CostId, DeliveryId, InvoiceId, LineAmount, LineId, Money, PaymentId, RefundId,
};

use super::agreement::Payment;
use super::rules::{Broken, Decided, not_before, said_before};
use super::{Agreement, Contract};
use crate::lines::minor;
use crate::reads::Reads;
use crate::refusal::Told;
use crate::sums::{SumAsked, Wrong};

impl Contract {
    /// What is delivered was agreed, and was not delivered before.
    pub(super) fn recognize_revenue(
        &self,
        delivery_id: DeliveryId,
        sum: &SumAsked,
        reads: &Reads,
    ) -> Decided {
        let agreement = self.signed(reads)?;
        let mut known = agreement.deliveries.iter();
        if let Some(known) = known.find(|known| known.delivery_id == delivery_id) {
            return said_before(sum.is(&known.amounts), &delivery_id);
        }
        agreement.in_force(reads)?;
        let left = agreement.left_from(reads.occurred_at, |line| &line.delivered);
        let amounts = agreement.of(sum, &left, |line_id, open| Broken::DeliveryBeyondContract {
            line_id,
            open,
        })?;
        Ok(vec![
            RevenueRecognized {
                delivery_id,
                amounts,
            }
            .into(),
        ])
    }

    /// What is invoiced was agreed, and was not invoiced before.
    pub(super) fn issue_invoice(
        &self,
        invoice_id: InvoiceId,
        sum: &SumAsked,
        due_on: Option<NaiveDate>,
        reads: &Reads,
    ) -> Decided {
        let agreement = self.signed(reads)?;
        if let Some(known) = agreement.invoice(&invoice_id) {
            let is_same_day = due_on.is_none_or(|due_on| due_on == known.issued.due_on);
            return said_before(is_same_day && sum.is(&known.issued.amounts), &invoice_id);
        }
        let left = agreement.left_from(reads.occurred_at, |line| &line.invoiced);
        let amounts = agreement.of(sum, &left, |line_id, open| Broken::InvoiceBeyondContract {
            line_id,
            open,
        })?;
        let until_due = Days::new(agreement.signed.billing.payment_days.into());
        let due_on = due_on.unwrap_or_else(|| reads.day() + until_due);
        Ok(vec![
            InvoiceIssued {
                invoice_id,
                amounts,
                due_on,
            }
            .into(),
        ])
    }

    /// What is paid was invoiced, and is open.
    pub(super) fn record_payment(
        &self,
        payment_id: PaymentId,
        invoice_id: InvoiceId,
        sum: &SumAsked,
        reads: &Reads,
    ) -> Decided {
        let agreement = self.signed(reads)?;
        if let Some(Payment { received, .. }) = agreement.payment(&payment_id) {
            let is_same = received.invoice_id == invoice_id && sum.is(&received.amounts);
            return said_before(is_same, &payment_id);
        }
        let Some(invoice) = agreement.invoice(&invoice_id) else {
            return Err(Broken::UnknownInvoice { invoice_id });
        };
        not_before(invoice.issued_at, reads)?;
        let left = invoice.left_from(reads.occurred_at);
        let amounts = agreement.of(sum, &left, |line_id, open| Broken::PaymentBeyondInvoice {
            line_id,
            open,
        })?;
        Ok(vec![
            PaymentReceived {
                payment_id,
                invoice_id,
                amounts,
            }
            .into(),
        ])
    }

    /// What goes back was paid, and did not go back before.
    pub(super) fn record_refund(
        &self,
        refund_id: RefundId,
        payment_id: PaymentId,
        sum: &SumAsked,
        reads: &Reads,
    ) -> Decided {
        let agreement = self.signed(reads)?;
        let mut known = agreement.refunds.iter();
        if let Some(known) = known.find(|known| known.refund_id == refund_id) {
            let is_same = known.payment_id == payment_id && sum.is(&known.amounts);
            return said_before(is_same, &refund_id);
        }
        let Some(payment) = agreement.payment(&payment_id) else {
            return Err(Broken::UnknownPayment { payment_id });
        };
        not_before(payment.received_at, reads)?;
        let amounts = agreement
            .of(sum, &payment.left(), |_, open| {
                Broken::RefundBeyondPayment { open }
            })
            .map_err(|broken| match broken {
                Broken::OverPayment { open } => Broken::RefundBeyondPayment { open },
                other => other,
            })?;
        Ok(vec![
            PaymentRefunded {
                refund_id,
                payment_id,
                amounts,
            }
            .into(),
        ])
    }

    /// What is spent falls on lines of the contract.
    pub(super) fn record_direct_cost(
        &self,
        cost_id: CostId,
        costs: &[(LineId, Money)],
        reads: &Reads,
    ) -> Decided {
        let agreement = self.signed(reads)?;
        let amounts: Result<Vec<_>, Broken> = costs
            .iter()
            .map(|(line_id, cost)| {
                let line_id = line_id.clone();
                if agreement.line(&line_id).is_none() {
                    return Err(Broken::UnknownLine { line_id });
                }
                let amount_minor = minor(*cost, agreement.signed.currency)?;
                Ok(LineAmount {
                    line_id,
                    amount_minor,
                })
            })
            .collect();
        let amounts = amounts?;
        let mut known = agreement.costs.iter();
        if let Some(known) = known.find(|known| known.cost_id == cost_id) {
            return said_before(known.amounts == amounts, &cost_id);
        }
        Ok(vec![DirectCostRecorded { cost_id, amounts }.into()])
    }
}

impl Agreement {
    /// A sum of the contract, as a refusal tells it.
    pub(super) fn told(&self, amount_minor: i64) -> Told {
        let currency = self.signed.currency;
        Told(Money {
            currency,
            amount_minor,
        })
    }

    /// What falls on each line; `beyond` is the rule that a line with no more than that breaks.
    fn of(
        &self,
        sum: &SumAsked,
        left: &[(LineId, i64)],
        beyond: fn(LineId, Told) -> Broken,
    ) -> Result<Vec<LineAmount>, Broken> {
        sum.of(left, self.signed.currency)
            .map_err(|wrong| match wrong {
                Wrong::Currency(broken) => broken.into(),
                Wrong::NoSuchLine(line_id) => Broken::UnknownLine { line_id },
                Wrong::Line {
                    line_id,
                    open_minor,
                } => beyond(line_id, self.told(open_minor)),
                Wrong::Whole { open_minor } => Broken::OverPayment {
                    open: self.told(open_minor),
                },
                Wrong::DoesNotAddUp {
                    whole_minor,
                    lines_minor,
                } => Broken::SumsDoNotAddUp {
                    whole: self.told(whole_minor),
                    lines: self.told(lines_minor),
                },
                Wrong::NothingOpen => Broken::NothingLeft,
            })
    }
}
