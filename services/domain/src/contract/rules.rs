//! The rules of a contract's course: signed, amended, given to another rep, renewed, terminated.

use chrono::{DateTime, NaiveDate, Utc};
use event_schemas::contract::{
    AmendmentKind, ContractAmended, ContractEvent, ContractReassigned, ContractSigned, LineChange,
};
use event_schemas::vocabulary::{
    ContractId, CustomerId, InvoiceId, LineId, MilestoneId, OpportunityId, PaymentId, QuoteId,
    RepId, RevenueType, Split,
};
use serde::Serialize;

use super::agreement::Credit;
use super::{Agreement, Amendment, Contract, Signature};
use crate::lines::{self, revenue_type_of};
use crate::reads::Reads;
use crate::refusal::{Refusal, RefusalKind, Told};

/// Rules of a contract.
#[derive(Debug, thiserror::Error, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the fields are the things the rule names")]
pub enum Broken {
    /// A contract is signed once.
    #[error("contract {contract_id} is signed already")]
    AlreadySigned { contract_id: ContractId },
    /// Only what was signed can be worked on.
    #[error("there is no such contract")]
    NotSigned,
    /// Nothing happens before what it is about, and a contract goes its course in order.
    #[error("what it is about happened after that, at {after}")]
    OutOfOrder { after: DateTime<Utc> },
    /// The quote is one that was drafted.
    #[error("there is no quote {quote_id}")]
    UnknownQuote { quote_id: QuoteId },
    /// The opportunity is one that is registered.
    #[error("there is no opportunity {opportunity_id}")]
    UnknownOpportunity { opportunity_id: OpportunityId },
    /// The customer is one that is registered.
    #[error("there is no customer {customer_id}")]
    UnknownCustomer { customer_id: CustomerId },
    /// A contract is with somebody.
    #[error("neither the contract nor what it is signed on names a customer")]
    NoCustomer,
    /// Quote, opportunity and the contract that is renewed are of the contract's customer.
    #[error("it is of customer {customer_id}")]
    OtherCustomer { customer_id: CustomerId },
    /// A contract on a quote wins the opportunity that the quote answers.
    #[error("the quote answers opportunity {opportunity_id}")]
    OtherOpportunity { opportunity_id: OpportunityId },
    /// A contract has a currency: its own, or its quote's.
    #[error("neither the contract nor a quote says in which currency it is")]
    NoCurrency,
    /// What was quoted is what is signed.
    #[error("the lines are those of quote {quote_id}")]
    LinesOfQuote { quote_id: QuoteId },
    /// A contract ends after it starts.
    #[error("a contract ends after it starts")]
    EndsBeforeItStarts,
    /// A contract is amended and terminated within its term.
    #[error("its term is from {starts_on}{}", until(.ends_on.as_ref()))]
    OutsideTerm {
        starts_on: NaiveDate,
        #[serde(skip_serializing_if = "Option::is_none")]
        ends_on: Option<NaiveDate>,
    },
    /// An expansion makes the contract larger.
    #[error("it changes the contract by {difference}")]
    NotAnExpansion { difference: Told },
    /// A contraction makes the contract smaller.
    #[error("it changes the contract by {difference}")]
    NotAContraction { difference: Told },
    /// Who takes the same for another time changes no sum.
    #[error("it changes the contract by {difference}")]
    ChangesTheSum { difference: Told },
    /// An end is moved before it has come, and not into the past.
    #[error("on {told_on} it cannot come to end on {ends_on} any more")]
    EndHasPassed {
        told_on: NaiveDate,
        ends_on: NaiveDate,
    },
    /// What was delivered is not taken off.
    #[error("{delivered} of line {line_id} were delivered")]
    BelowDelivered { line_id: LineId, delivered: Told },
    /// An id stands for one thing within the contract.
    #[error("{id} is known, with other particulars")]
    DuplicateId { id: String },
    /// A sum falls on a line of the contract, the invoice or the payment.
    #[error("there is no line {line_id}")]
    UnknownLine { line_id: LineId },
    /// What is paid was invoiced.
    #[error("there is no invoice {invoice_id}")]
    UnknownInvoice { invoice_id: InvoiceId },
    /// What goes back was paid.
    #[error("there is no payment {payment_id}")]
    UnknownPayment { payment_id: PaymentId },
    /// The parts of a sum make it up.
    #[error("the lines come to {lines}, not to {whole}")]
    SumsDoNotAddUp { whole: Told, lines: Told },
    /// All that is left is something.
    #[error("nothing is left")]
    NothingLeft,
    /// No more of a line is delivered than was agreed.
    #[error("{open} of line {line_id} are left to be delivered")]
    DeliveryBeyondContract { line_id: LineId, open: Told },
    /// No more of a line is invoiced than was agreed.
    #[error("{open} of line {line_id} are left to be invoiced")]
    InvoiceBeyondContract { line_id: LineId, open: Told },
    /// No more of a line is paid than was invoiced.
    #[error("{open} of line {line_id} are open")]
    PaymentBeyondInvoice { line_id: LineId, open: Told },
    /// No more is paid than was invoiced.
    #[error("{open} of the invoice are open")]
    OverPayment { open: Told },
    /// No more goes back than was paid.
    #[error("{open} are left that could go back")]
    RefundBeyondPayment { open: Told },
    /// After it was terminated nothing happens to a contract but invoices, payments, refunds and
    /// costs.
    #[error("it was terminated on {effective_on}")]
    Terminated { effective_on: NaiveDate },
    /// A contract is terminated once.
    #[error("it was terminated on {effective_on}")]
    AlreadyTerminated { effective_on: NaiveDate },
    /// A contract is renewed once.
    #[error("it was renewed by contract {contract_id}")]
    AlreadyRenewed { contract_id: ContractId },
    /// A milestone is reached once.
    #[error("{milestone_id} was reached on {reached_on}")]
    AlreadyReached {
        milestone_id: MilestoneId,
        reached_on: NaiveDate,
    },
    /// One renewal is opened.
    #[error("its renewal is opportunity {opportunity_id}")]
    RenewalIsOpen { opportunity_id: OpportunityId },
    /// See there.
    #[error(transparent)]
    #[serde(untagged)]
    Lines(#[from] lines::Broken),
}

fn until(ends_on: Option<&NaiveDate>) -> String {
    ends_on.map_or_else(String::new, |day| format!(" until {day}"))
}

impl Refusal for Broken {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::AlreadySigned { .. }
            | Self::AlreadyRenewed { .. }
            | Self::DuplicateId { .. }
            | Self::AlreadyReached { .. }
            | Self::RenewalIsOpen { .. } => RefusalKind::AlreadyExists,
            Self::NotSigned
            | Self::UnknownQuote { .. }
            | Self::UnknownOpportunity { .. }
            | Self::UnknownCustomer { .. }
            | Self::UnknownLine { .. }
            | Self::UnknownInvoice { .. }
            | Self::UnknownPayment { .. } => RefusalKind::NotFound,
            Self::OutOfOrder { .. }
            | Self::NoCustomer
            | Self::OtherCustomer { .. }
            | Self::OtherOpportunity { .. }
            | Self::NoCurrency
            | Self::LinesOfQuote { .. }
            | Self::EndsBeforeItStarts
            | Self::OutsideTerm { .. }
            | Self::NotAnExpansion { .. }
            | Self::NotAContraction { .. }
            | Self::ChangesTheSum { .. }
            | Self::EndHasPassed { .. }
            | Self::BelowDelivered { .. }
            | Self::SumsDoNotAddUp { .. }
            | Self::NothingLeft
            | Self::DeliveryBeyondContract { .. }
            | Self::InvoiceBeyondContract { .. }
            | Self::PaymentBeyondInvoice { .. }
            | Self::OverPayment { .. }
            | Self::RefundBeyondPayment { .. }
            | Self::Terminated { .. }
            | Self::AlreadyTerminated { .. } => RefusalKind::RuleBroken,
            Self::Lines(broken) => broken.kind(),
        }
    }
}

pub(super) type Decided = Result<Vec<ContractEvent>, Broken>;

pub(super) fn not_before(after: DateTime<Utc>, reads: &Reads) -> Result<(), Broken> {
    if reads.occurred_at < after {
        return Err(Broken::OutOfOrder { after });
    }
    Ok(())
}

impl Contract {
    /// What was agreed, by the time of what is told.
    pub(super) fn signed(&self, reads: &Reads) -> Result<&Agreement, Broken> {
        let agreement = self.agreement().ok_or(Broken::NotSigned)?;
        not_before(agreement.signed_at, reads)?;
        Ok(agreement)
    }

    /// Whoever signs, on whatever, says the same of its customer; and it has a term.
    pub(super) fn sign(&self, signature: Signature, reads: &Reads) -> Decided {
        let signed = signature.complete(reads)?;
        match self {
            Self::Signed(agreement) if *agreement.signed == signed => Ok(vec![]),
            Self::Signed(_) => Err(Broken::AlreadySigned {
                contract_id: signed.contract_id,
            }),
            Self::Unsigned => Ok(vec![signed.into()]),
        }
    }

    /// An expansion makes it larger, a contraction smaller, but not smaller than what was delivered;
    /// any of them may give it another end.
    pub(super) fn amend(&self, amendment: Amendment, reads: &Reads) -> Decided {
        let agreement = self.signed(reads)?;
        let changes = agreement.changes(&amendment, reads)?;
        let amended = ContractAmended {
            amendment_id: amendment.amendment_id,
            kind: amendment.kind,
            effective_on: amendment.effective_on,
            ends_on: amendment.ends_on,
            changes,
            splits: amendment.splits,
        };
        let mut known = agreement.amendments.iter();
        if let Some(known) = known.find(|known| known.amendment_id == amended.amendment_id) {
            let lines = |told: &ContractAmended| -> Vec<_> {
                let lines = told.changes.iter().map(|change| change.line.clone());
                lines.collect()
            };
            let terms = |told: &ContractAmended| (told.kind, told.effective_on, told.ends_on);
            let is_same = terms(known) == terms(&amended)
                && known.splits == amended.splits
                && lines(known) == lines(&amended);
            return said_before(is_same, &amended.amendment_id);
        }
        agreement.in_force(reads)?;
        not_before(agreement.moved_at, reads)?;
        agreement.within_term(amended.effective_on)?;
        if let Some(ends_on) = amended.ends_on {
            agreement.move_end(ends_on, amended.effective_on, reads)?;
        }
        lines::credit(None, &amended.splits, reads)?;
        for change in &amended.changes {
            let line = &change.line;
            let delivered = agreement.line(&line.line_id);
            let delivered_minor = delivered.map_or(0, |line| line.delivered.total());
            if line.amount_minor < delivered_minor {
                let delivered = agreement.told(delivered_minor);
                return Err(Broken::BelowDelivered {
                    line_id: line.line_id.clone(),
                    delivered,
                });
            }
        }
        let changes = amended.changes.iter();
        let difference =
            changes.map(|change| change.line.amount_minor - change.amount_before_minor);
        let difference_minor: i64 = difference.sum();
        let difference = agreement.told(difference_minor);
        match amended.kind {
            AmendmentKind::Expansion if difference_minor <= 0 => {
                Err(Broken::NotAnExpansion { difference })
            }
            AmendmentKind::Contraction if difference_minor >= 0 => {
                Err(Broken::NotAContraction { difference })
            }
            AmendmentKind::Term if difference_minor != 0 => {
                Err(Broken::ChangesTheSum { difference })
            }
            _ => Ok(vec![amended.into()]),
        }
    }

    /// It is given to a rep who sells, with shares that make up the whole.
    pub(super) fn reassign(
        &self,
        rep_id: RepId,
        splits: Vec<Split>,
        reason: Option<String>,
        reads: &Reads,
    ) -> Decided {
        let agreement = self.signed(reads)?;
        agreement.in_force(reads)?;
        lines::credit([&rep_id], &splits, reads)?;
        let then = agreement.credit.at(reads.occurred_at);
        let previous_rep_id = then.and_then(|credit| credit.rep_id.clone());
        let credit = Credit {
            rep_id: Some(rep_id.clone()),
            splits: splits.clone(),
        };
        if then == Some(&credit) {
            return Ok(vec![]);
        }
        Ok(vec![
            ContractReassigned {
                rep_id,
                previous_rep_id,
                splits,
                reason,
            }
            .into(),
        ])
    }
}

impl Agreement {
    /// It was not terminated yet when that happened.
    pub(super) fn in_force(&self, reads: &Reads) -> Result<(), Broken> {
        match &self.terminated {
            Some((terminated, at)) if reads.occurred_at >= *at => Err(Broken::Terminated {
                effective_on: terminated.effective_on,
            }),
            _ => Ok(()),
        }
    }

    pub(super) fn within_term(&self, day: NaiveDate) -> Result<(), Broken> {
        self.within(day, self.ends_on)
    }

    fn within(&self, day: NaiveDate, ends_on: Option<NaiveDate>) -> Result<(), Broken> {
        let starts_on = self.signed.starts_on;
        if day < starts_on || ends_on.is_some_and(|ends_on| day >= ends_on) {
            return Err(Broken::OutsideTerm { starts_on, ends_on });
        }
        Ok(())
    }

    /// It may come to end on another day: so that no day that is over is in force, or not, in
    /// hindsight.
    fn move_end(
        &self,
        ends_on: NaiveDate,
        effective_on: NaiveDate,
        reads: &Reads,
    ) -> Result<(), Broken> {
        if let Some(contract_id) = self.renewed_by.clone() {
            return Err(Broken::AlreadyRenewed { contract_id });
        }
        self.within(effective_on, Some(ends_on))?;
        let told_on = reads.day();
        let has_ended = self.ends_on.is_some_and(|ends_on| ends_on <= told_on);
        if has_ended || ends_on < told_on {
            return Err(Broken::EndHasPassed { told_on, ends_on });
        }
        Ok(())
    }

    /// The lines of an amendment, beside what they came to.
    fn changes(&self, amendment: &Amendment, reads: &Reads) -> Result<Vec<LineChange>, Broken> {
        let usual = match amendment.kind {
            AmendmentKind::Expansion => RevenueType::Expansion,
            AmendmentKind::Contraction | AmendmentKind::Term => RevenueType::New,
        };
        let changes = amendment.lines.iter().map(|asked| {
            let before = self.line(&asked.line_id);
            let before = before.and_then(|line| line.line.latest());
            let line = asked.price(self.signed.currency, usual, before, reads)?;
            let amount_before_minor = before.map_or(0, |before| before.amount_minor);
            Ok(LineChange {
                line,
                amount_before_minor,
            })
        });
        changes.collect()
    }
}

impl Signature {
    /// With all that follows from the quote, the opportunity and the products.
    fn complete(self, reads: &Reads) -> Result<ContractSigned, Broken> {
        let offer = match &self.quote_id {
            None => None,
            Some(quote_id) => {
                let quote = reads.quote(quote_id.as_str());
                let offer = quote.and_then(|quote| quote.offer());
                Some(offer.ok_or_else(|| Broken::UnknownQuote {
                    quote_id: quote_id.clone(),
                })?)
            }
        };
        let deal = match &self.opportunity_id {
            None => None,
            Some(opportunity_id) => {
                let opportunity = reads.opportunity(opportunity_id.as_str());
                let deal = opportunity.and_then(|opportunity| opportunity.deal());
                Some(deal.ok_or_else(|| Broken::UnknownOpportunity {
                    opportunity_id: opportunity_id.clone(),
                })?)
            }
        };
        let quoted = offer.map(|offer| &offer.drafted);
        if let (Some(quoted), Some(said)) = (quoted, &self.opportunity_id)
            && quoted.opportunity_id != *said
        {
            let opportunity_id = quoted.opportunity_id.clone();
            return Err(Broken::OtherOpportunity { opportunity_id });
        }
        let of_quote = quoted.map(|quoted| &quoted.customer_id);
        let of_deal = deal.and_then(|deal| deal.customer_id.at(reads.occurred_at));
        let customer_id = match (&self.customer_id, of_quote.or(of_deal)) {
            (Some(said), _) => registered(said, reads)?,
            (None, Some(known)) => known,
            (None, None) => return Err(Broken::NoCustomer),
        };
        for known in of_quote.into_iter().chain(of_deal) {
            same_customer(customer_id, known)?;
        }
        if self
            .ends_on
            .is_some_and(|ends_on| ends_on <= self.starts_on)
        {
            return Err(Broken::EndsBeforeItStarts);
        }
        lines::credit(&self.rep_id, &self.splits, reads)?;
        let of_quote = quoted.map(|quoted| quoted.currency);
        let currency = match (self.currency, of_quote) {
            (Some(found), Some(currency)) if found != currency => {
                return Err(lines::Broken::CurrencyMismatch { currency, found }.into());
            }
            (said, of_quote) => said.or(of_quote).ok_or(Broken::NoCurrency)?,
        };
        let lines = match (offer, &self.quote_id) {
            (Some(_), Some(quote_id)) if !self.lines.is_empty() => {
                let quote_id = quote_id.clone();
                return Err(Broken::LinesOfQuote { quote_id });
            }
            (Some(offer), _) => offer.lines.clone(),
            (None, _) => {
                let of_deal = deal.map(|deal| revenue_type_of(deal.registered.kind));
                let usual = match self.renews_contract_id {
                    Some(_) => RevenueType::Renewal,
                    None => of_deal.unwrap_or(RevenueType::New),
                };
                lines::price(&self.lines, currency, usual, reads)?
            }
        };
        let owner = deal.and_then(|deal| deal.rep_id.at(reads.occurred_at));
        Ok(ContractSigned {
            contract_id: self.contract_id,
            customer_id: customer_id.clone(),
            opportunity_id: quoted
                .map(|quoted| quoted.opportunity_id.clone())
                .or(self.opportunity_id),
            quote_id: self.quote_id,
            renews_contract_id: self.renews_contract_id,
            currency,
            starts_on: self.starts_on,
            ends_on: self.ends_on,
            billing: self.billing,
            lines,
            rep_id: self.rep_id.or_else(|| owner.cloned()),
            splits: self.splits,
        })
    }
}

fn registered<'a>(customer_id: &'a CustomerId, reads: &Reads) -> Result<&'a CustomerId, Broken> {
    let customer = reads.customer(customer_id.as_str());
    let is_known = customer.is_some_and(|customer| customer.is_registered());
    is_known
        .then_some(customer_id)
        .ok_or_else(|| Broken::UnknownCustomer {
            customer_id: customer_id.clone(),
        })
}

pub(super) fn same_customer(customer_id: &CustomerId, known: &CustomerId) -> Result<(), Broken> {
    if customer_id == known {
        return Ok(());
    }
    let customer_id = known.clone();
    Err(Broken::OtherCustomer { customer_id })
}

/// What is known under an id is said once; another thing under it is refused.
pub(super) fn said_before(is_same: bool, id: &impl ToString) -> Decided {
    if is_same {
        return Ok(vec![]);
    }
    Err(Broken::DuplicateId { id: id.to_string() })
}
