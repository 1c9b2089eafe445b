//! The rules of a quote: one function a command.

use chrono::{DateTime, NaiveDate, Utc};
use event_schemas::quote::{
    DiscountApproved, QuoteAccepted, QuoteDeclined, QuoteDrafted, QuoteEvent, QuoteExpired,
    QuoteRevised, QuoteSent, QuoteSigned,
};
use event_schemas::vocabulary::{
    ContractId, Currency, CustomerId, Line, Number, OpportunityId, QuoteId,
};
use rust_decimal::Decimal;
use serde::Serialize;

use super::{Draft, Offer, Quote, Status};
use crate::lines::{self, LineAsked, revenue_type_of};
use crate::reads::Reads;
use crate::refusal::{Refusal, RefusalKind};

/// Rules of a quote.
#[derive(Debug, thiserror::Error, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the fields are the things the rule names")]
pub enum Broken {
    /// A quote is drafted once.
    #[error("quote {quote_id} is drafted already")]
    AlreadyDrafted { quote_id: QuoteId },
    /// Only what was drafted can be worked on.
    #[error("there is no such quote")]
    NotDrafted,
    /// A quote goes its course in the order in which that happened.
    #[error("it was drafted, changed or answered after that, at {after}")]
    OutOfOrder { after: DateTime<Utc> },
    /// A quote answers an opportunity that is registered.
    #[error("there is no opportunity {opportunity_id}")]
    UnknownOpportunity { opportunity_id: OpportunityId },
    /// A quote is drafted while its opportunity is open.
    #[error("opportunity {opportunity_id} is closed")]
    OpportunityClosed { opportunity_id: OpportunityId },
    /// The customer is one that is registered.
    #[error("there is no customer {customer_id}")]
    UnknownCustomer { customer_id: CustomerId },
    /// A quote is made to somebody: who is named, or whose opportunity it is.
    #[error("neither the quote nor its opportunity names a customer")]
    NoCustomer,
    /// A quote is made to the customer whose opportunity it is.
    #[error("the opportunity is of customer {customer_id}")]
    OtherCustomer { customer_id: CustomerId },
    /// What was sent is changed only by revising it.
    #[error("the quote is no draft")]
    NotADraft,
    /// A quote that was accepted or declined, or has expired, goes no further.
    #[error("the quote was answered, or has expired")]
    AlreadyAnswered,
    /// Only a quote with a discount needs approval.
    #[error("the quote has no discount")]
    NoDiscount,
    /// A quote with a discount is sent once that is approved.
    #[error("a discount of {discount_percent} % is not approved")]
    DiscountNotApproved { discount_percent: Number },
    /// The customer accepts what was sent.
    #[error("the quote was not sent")]
    NotSent,
    /// A quote is accepted up to its last day.
    #[error("it could be accepted until {valid_until}")]
    Expired { valid_until: NaiveDate },
    /// A quote expires once its last day is over.
    #[error("it can be accepted until {}", told(.valid_until.as_ref()))]
    StillValid { valid_until: Option<NaiveDate> },
    /// A contract is signed on a quote that was accepted.
    #[error("the quote is not accepted")]
    NotAccepted,
    /// One contract is signed on a quote.
    #[error("contract {contract_id} was signed on the quote")]
    AlreadySigned { contract_id: ContractId },
    /// See there.
    #[error(transparent)]
    #[serde(untagged)]
    Lines(#[from] lines::Broken),
}

fn told(valid_until: Option<&NaiveDate>) -> String {
    valid_until.map_or_else(|| "any day".to_owned(), NaiveDate::to_string)
}

impl Refusal for Broken {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::AlreadyDrafted { .. } | Self::AlreadySigned { .. } => RefusalKind::AlreadyExists,
            Self::NotDrafted | Self::UnknownOpportunity { .. } | Self::UnknownCustomer { .. } => {
                RefusalKind::NotFound
            }
            Self::OutOfOrder { .. }
            | Self::OpportunityClosed { .. }
            | Self::NoCustomer
            | Self::OtherCustomer { .. }
            | Self::NotADraft
            | Self::AlreadyAnswered
            | Self::NoDiscount
            | Self::DiscountNotApproved { .. }
            | Self::NotSent
            | Self::Expired { .. }
            | Self::StillValid { .. }
            | Self::NotAccepted => RefusalKind::RuleBroken,
            Self::Lines(broken) => broken.kind(),
        }
    }
}

type Decided = Result<Vec<QuoteEvent>, Broken>;

impl Quote {
    /// What is known of it, if nothing happened to it later.
    fn before_move(&self, reads: &Reads) -> Result<&Offer, Broken> {
        let offer = self.offer().ok_or(Broken::NotDrafted)?;
        if reads.occurred_at < offer.moved_at {
            let after = offer.moved_at;
            return Err(Broken::OutOfOrder { after });
        }
        Ok(offer)
    }

    /// It answers an open opportunity, and is made to its customer.
    pub(super) fn draft(&self, draft: Draft, reads: &Reads) -> Decided {
        let opportunity_id = draft.opportunity_id;
        let opportunity = reads.opportunity(opportunity_id.as_str());
        let Some((opportunity, deal)) = opportunity.and_then(|o| Some((o, o.deal()?))) else {
            return Err(Broken::UnknownOpportunity { opportunity_id });
        };
        let known = deal.customer_id.at(reads.occurred_at);
        let customer_id = match (draft.customer_id, known) {
            (Some(customer_id), Some(known)) if customer_id != *known => {
                let customer_id = known.clone();
                return Err(Broken::OtherCustomer { customer_id });
            }
            (Some(customer_id), _) => customer(customer_id, reads)?,
            (None, Some(known)) => known.clone(),
            (None, None) => return Err(Broken::NoCustomer),
        };
        let drafted = QuoteDrafted {
            quote_id: draft.quote_id,
            lines: price(&draft.lines, draft.currency, &opportunity_id, reads)?,
            opportunity_id,
            customer_id,
            currency: draft.currency,
            valid_until: draft.valid_until,
        };
        match self {
            Self::Drafted(offer) if *offer.drafted == drafted => Ok(vec![]),
            Self::Drafted(_) => Err(Broken::AlreadyDrafted {
                quote_id: drafted.quote_id,
            }),
            Self::Undrafted if !opportunity.is_open_at(reads.occurred_at) => {
                Err(Broken::OpportunityClosed {
                    opportunity_id: drafted.opportunity_id,
                })
            }
            Self::Undrafted => Ok(vec![drafted.into()]),
        }
    }

    /// What was drafted or sent, and not answered yet, can be changed.
    pub(super) fn revise(
        &self,
        lines: &[LineAsked],
        valid_until: Option<NaiveDate>,
        reads: &Reads,
    ) -> Decided {
        let offer = self.before_move(reads)?;
        let drafted = &offer.drafted;
        let lines = price(lines, drafted.currency, &drafted.opportunity_id, reads)?;
        let is_same = offer.lines == lines && offer.valid_until == valid_until;
        match offer.status {
            Status::Draft { .. } if is_same => Ok(vec![]),
            Status::Draft { .. } | Status::Sent => {
                Ok(vec![QuoteRevised { lines, valid_until }.into()])
            }
            _ => Err(Broken::AlreadyAnswered),
        }
    }

    /// What is approved is the largest discount.
    pub(super) fn approve_discount(&self, reads: &Reads) -> Decided {
        let offer = self.before_move(reads)?;
        match (&offer.status, offer.largest_discount()) {
            (Status::Draft { is_approved: true }, _) => Ok(vec![]),
            (Status::Draft { .. }, None) => Err(Broken::NoDiscount),
            (Status::Draft { .. }, Some(discount_percent)) => {
                Ok(vec![DiscountApproved { discount_percent }.into()])
            }
            (Status::Sent, _) => Err(Broken::NotADraft),
            _ => Err(Broken::AlreadyAnswered),
        }
    }

    /// A quote is sent with no discount, or with one that was approved.
    pub(super) fn send(&self, reads: &Reads) -> Decided {
        let offer = self.before_move(reads)?;
        match (&offer.status, offer.largest_discount()) {
            (Status::Sent, _) => Ok(vec![]),
            (Status::Draft { is_approved: false }, Some(discount_percent)) => {
                Err(Broken::DiscountNotApproved { discount_percent })
            }
            (Status::Draft { .. }, _) => Ok(vec![QuoteSent {}.into()]),
            _ => Err(Broken::AlreadyAnswered),
        }
    }

    /// A quote is accepted while it is valid.
    pub(super) fn accept(&self, reads: &Reads) -> Decided {
        let offer = self.before_move(reads)?;
        match (&offer.status, offer.valid_until) {
            (Status::Accepted, _) => Ok(vec![]),
            (Status::Sent, Some(valid_until)) if reads.day() > valid_until => {
                Err(Broken::Expired { valid_until })
            }
            (Status::Sent, _) => Ok(vec![QuoteAccepted {}.into()]),
            (Status::Draft { .. }, _) => Err(Broken::NotSent),
            _ => Err(Broken::AlreadyAnswered),
        }
    }

    /// Whatever was not signed can be declined or withdrawn.
    pub(super) fn decline(&self, reason: Option<String>, reads: &Reads) -> Decided {
        match &self.before_move(reads)?.status {
            Status::Declined => Ok(vec![]),
            Status::Signed { contract_id } => Err(Broken::AlreadySigned {
                contract_id: contract_id.clone(),
            }),
            Status::Draft { .. } | Status::Sent | Status::Accepted | Status::Expired => {
                Ok(vec![QuoteDeclined { reason }.into()])
            }
        }
    }

    /// What was not answered expires after its last day.
    pub(super) fn expire(&self, reads: &Reads) -> Decided {
        let offer = self.before_move(reads)?;
        match (&offer.status, offer.valid_until) {
            (Status::Expired, _) => Ok(vec![]),
            (Status::Draft { .. } | Status::Sent, valid_until) => {
                if valid_until.is_some_and(|last| reads.day() > last) {
                    Ok(vec![QuoteExpired {}.into()])
                } else {
                    Err(Broken::StillValid { valid_until })
                }
            }
            _ => Err(Broken::AlreadyAnswered),
        }
    }

    /// One contract is signed on an accepted quote.
    pub(super) fn sign(&self, contract_id: ContractId, reads: &Reads) -> Decided {
        match &self.before_move(reads)?.status {
            Status::Signed { contract_id: by } if *by == contract_id => Ok(vec![]),
            Status::Signed { contract_id } => Err(Broken::AlreadySigned {
                contract_id: contract_id.clone(),
            }),
            Status::Accepted => Ok(vec![QuoteSigned { contract_id }.into()]),
            _ => Err(Broken::NotAccepted),
        }
    }
}

impl Offer {
    fn largest_discount(&self) -> Option<Number> {
        let discounts = self.lines.iter().map(|line| line.discount_percent);
        discounts
            .max()
            .filter(|most| most.decimal() > Decimal::ZERO)
    }
}

fn customer(customer_id: CustomerId, reads: &Reads) -> Result<CustomerId, Broken> {
    match reads.customer(customer_id.as_str()) {
        Some(customer) if customer.is_registered() => Ok(customer_id),
        _ => Err(Broken::UnknownCustomer { customer_id }),
    }
}

/// What an opportunity of a kind brings is of that kind, unless the line says otherwise.
fn price(
    lines: &[LineAsked],
    currency: Currency,
    opportunity_id: &OpportunityId,
    reads: &Reads,
) -> Result<Vec<Line>, Broken> {
    let opportunity = reads.opportunity(opportunity_id.as_str());
    let Some(deal) = opportunity.and_then(|opportunity| opportunity.deal()) else {
        let opportunity_id = opportunity_id.clone();
        return Err(Broken::UnknownOpportunity { opportunity_id });
    };
    let usual = revenue_type_of(deal.registered.kind);
    Ok(lines::price(lines, currency, usual, reads)?)
}
