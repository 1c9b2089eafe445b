//! A quote: an offer to a customer, from its draft to the contract that is signed on it.
//!
//! It goes its course in the order in which things happened: what would have happened before the last
//! step is refused, as for an opportunity.

mod rules;
#[cfg(test)]
mod tests;
mod wire;

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use event_schemas::quote::{QuoteDrafted, QuoteEvent};
use event_schemas::vocabulary::{ContractId, Currency, CustomerId, Line, OpportunityId, QuoteId};
use serde::{Deserialize, Serialize};

use crate::Decider;
use crate::lines::{self, LineAsked};
use crate::reads::{Reads, Reference};

pub use rules::Broken;
pub use wire::parse;

/// A quote, as far as it has come.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub enum Quote {
    /// Nobody has drafted it.
    #[default]
    Undrafted,
    /// It was drafted.
    Drafted(Offer),
}

/// What is known of a quote.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Offer {
    /// As it was drafted.
    pub drafted: Arc<QuoteDrafted>,
    /// What is offered.
    pub lines: Vec<Line>,
    /// The last day on which it can be accepted.
    pub valid_until: Option<NaiveDate>,
    /// How far it has come.
    pub status: Status,
    /// When it came there.
    pub moved_at: DateTime<Utc>,
}

/// How far a quote has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// It may be changed, and sent.
    Draft {
        /// Whether its discounts were approved.
        is_approved: bool,
    },
    /// The customer has it.
    Sent,
    /// The customer accepted it.
    Accepted,
    /// The customer declined it, or it was withdrawn.
    Declined,
    /// Its time has run out.
    Expired,
    /// A contract was signed on it.
    Signed {
        /// The contract.
        contract_id: ContractId,
    },
}

/// What a quote can be asked to do.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "each is the message of its name")]
pub enum Command {
    Draft(Draft),
    Revise {
        lines: Vec<LineAsked>,
        valid_until: Option<NaiveDate>,
    },
    ApproveDiscount,
    Send,
    Accept,
    Decline {
        reason: Option<String>,
    },
    Expire,
    /// Asked by the contract that was signed on it.
    Sign {
        contract_id: ContractId,
    },
}

/// A draft whose lines are to be priced.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "each is the field of its name")]
pub struct Draft {
    pub quote_id: QuoteId,
    pub opportunity_id: OpportunityId,
    pub customer_id: Option<CustomerId>,
    pub currency: Currency,
    pub lines: Vec<LineAsked>,
    pub valid_until: Option<NaiveDate>,
}

impl Quote {
    /// What is offered, if it was drafted.
    pub fn offer(&self) -> Option<&Offer> {
        match self {
            Self::Undrafted => None,
            Self::Drafted(offer) => Some(offer),
        }
    }
}

impl Decider for Quote {
    type Command = Command;
    type Event = QuoteEvent;
    type Refusal = Broken;

    fn references(&self, command: &Command) -> Vec<Reference> {
        let opportunity = |id: &OpportunityId| Reference::Opportunity(id.to_string());
        match command {
            Command::Draft(draft) => {
                let customer = draft.customer_id.as_ref();
                let customer = customer.map(|id| Reference::Customer(id.to_string()));
                let mut all: Vec<_> = lines::products(&draft.lines).collect();
                all.push(opportunity(&draft.opportunity_id));
                all.extend(customer);
                all
            }
            Command::Revise { lines, .. } => {
                let offer = self.offer();
                let opportunity = offer.map(|offer| opportunity(&offer.drafted.opportunity_id));
                lines::products(lines).chain(opportunity).collect()
            }
            Command::Accept | Command::Expire => vec![Reads::own_tenant()],
            Command::ApproveDiscount
            | Command::Send
            | Command::Decline { .. }
            | Command::Sign { .. } => Vec::new(),
        }
    }

    fn decide(&self, command: Command, reads: &Reads) -> Result<Vec<QuoteEvent>, Broken> {
        match command {
            Command::Draft(draft) => self.draft(draft, reads),
            Command::Revise { lines, valid_until } => self.revise(&lines, valid_until, reads),
            Command::ApproveDiscount => self.approve_discount(reads),
            Command::Send => self.send(reads),
            Command::Accept => self.accept(reads),
            Command::Decline { reason } => self.decline(reason, reads),
            Command::Expire => self.expire(reads),
            Command::Sign { contract_id } => self.sign(contract_id, reads),
        }
    }

    fn evolve(&mut self, event: &QuoteEvent, occurred_at: DateTime<Utc>) {
        if let QuoteEvent::QuoteDrafted(drafted) = event {
            *self = Self::Drafted(Offer {
                drafted: Arc::new(drafted.clone()),
                lines: drafted.lines.clone(),
                valid_until: drafted.valid_until,
                status: Status::Draft { is_approved: false },
                moved_at: occurred_at,
            });
            return;
        }
        let Self::Drafted(offer) = self else {
            return;
        };
        offer.moved_at = occurred_at;
        offer.status = match event {
            QuoteEvent::QuoteDrafted(_) => return,
            QuoteEvent::QuoteRevised(e) => {
                offer.lines.clone_from(&e.lines);
                offer.valid_until = e.valid_until;
                Status::Draft { is_approved: false }
            }
            QuoteEvent::DiscountApproved(_) => Status::Draft { is_approved: true },
            QuoteEvent::QuoteSent(_) => Status::Sent,
            QuoteEvent::QuoteAccepted(_) => Status::Accepted,
            QuoteEvent::QuoteDeclined(_) => Status::Declined,
            QuoteEvent::QuoteExpired(_) => Status::Expired,
            QuoteEvent::QuoteSigned(e) => Status::Signed {
                contract_id: e.contract_id.clone(),
            },
        };
    }

    fn stands_after(&self, command: &Command) -> Option<DateTime<Utc>> {
        match command {
            Command::Draft(_) => None,
            Command::Revise { .. }
            | Command::ApproveDiscount
            | Command::Send
            | Command::Accept
            | Command::Decline { .. }
            | Command::Expire
            | Command::Sign { .. } => self.offer().map(|offer| offer.moved_at),
        }
    }

    fn creates(command: &Command) -> bool {
        matches!(command, Command::Draft(_))
    }
}
