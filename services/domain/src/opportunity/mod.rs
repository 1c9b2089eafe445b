//! An opportunity: one customer's possible purchase, from first contact to won or lost.
//!
//! Facts may be told late, and land where they happened. What it is worth, who owns it and the like
//! may be told in any order. Its course (registered, moved, closed, reopened) may not: a move is
//! refused that would have happened before the last one. So what the rules see is what the read
//! models show, which fold in the order in which things happened.
//!
//! New command: a variant, an arm in `decide`, a line in wire.rs, a test. The compiler asks for the
//! rest.

mod rules;
#[cfg(test)]
mod tests;
mod wire;

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use event_schemas::opportunity::{ActivityLogged, OpportunityEvent, OpportunityRegistered};
use event_schemas::vocabulary::{
    ActivityId, ChecklistItemId, ContractId, CustomerId, Money, ProductId, RepId, StageId,
};
use serde::{Deserialize, Serialize};

use crate::claim::{Claim, ClaimChange};
use crate::reads::{Reads, Reference};
use crate::{Decider, Told};

pub use rules::Broken;
pub use wire::parse;

/// An opportunity, as far as it has come.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub enum Opportunity {
    /// Nobody has recorded it.
    #[default]
    Unregistered,
    /// It may still be won or lost.
    Open(Deal),
    /// It is over, unless it is opened again.
    Closed(Deal, Outcome),
}

/// How an opportunity ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// The customer bought.
    Won {
        /// The contract that was signed on it, if that won it.
        contract_id: Option<ContractId>,
    },
    /// The customer did not buy.
    Lost {
        /// Why.
        reason: String,
    },
}

/// What is known of an opportunity, open or closed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Deal {
    /// As it was recorded.
    pub registered: Arc<OpportunityRegistered>,
    /// Where it stands.
    pub stage_id: StageId,
    /// When it was last registered, moved, closed or reopened.
    pub moved_at: DateTime<Utc>,
    /// Its owner.
    pub rep_id: Told<RepId>,
    /// Whose purchase it is.
    pub customer_id: Told<CustomerId>,
    /// What is to be sold.
    pub product_ids: Told<Vec<ProductId>>,
    /// What it is worth.
    pub amount: Told<Money>,
    /// When it is expected to close.
    pub expected_close_on: Told<NaiveDate>,
    /// Checklist items done.
    pub done: Vec<(StageId, ChecklistItemId)>,
    /// Activities logged.
    pub activities: Vec<ActivityId>,
}

/// What an opportunity can be asked to do.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "each is the message of its name")]
pub enum Command {
    Register(Registration),
    Assign {
        rep_id: RepId,
        reason: Option<String>,
    },
    AdvanceStage {
        to: StageId,
        note: Option<String>,
    },
    StepBack {
        to: StageId,
        reason: Option<String>,
    },
    CompleteChecklistItem {
        item_id: ChecklistItemId,
    },
    LogActivity(ActivityLogged),
    ChangeAmount {
        amount: Money,
    },
    ChangeExpectedClose {
        expected_close_on: NaiveDate,
    },
    ChangeProducts {
        product_ids: Vec<ProductId>,
    },
    IdentifyCustomer {
        customer_id: CustomerId,
    },
    Win {
        amount: Option<Money>,
        contract_id: Option<ContractId>,
    },
    Lose {
        reason: String,
        note: Option<String>,
        competitor: Option<String>,
    },
    Reopen {
        stage_id: Option<StageId>,
        reason: Option<String>,
    },
}

/// A registration whose stage may be left to the sales process.
#[derive(Debug, Clone, PartialEq)]
pub struct Registration {
    /// The first stage of the process if absent.
    pub stage_id: Option<StageId>,
    /// All else, with any stage.
    pub facts: OpportunityRegistered,
}

impl Opportunity {
    /// What is known of it, if it is registered.
    pub fn deal(&self) -> Option<&Deal> {
        match self {
            Self::Unregistered => None,
            Self::Open(deal) | Self::Closed(deal, _) => Some(deal),
        }
    }

    /// Whether it could still be won or lost at an instant, as far as its last move tells.
    pub fn is_open_at(&self, at: DateTime<Utc>) -> bool {
        match self {
            Self::Unregistered => false,
            Self::Open(_) => true,
            Self::Closed(deal, _) => at < deal.moved_at,
        }
    }

    fn deal_mut(&mut self) -> Option<&mut Deal> {
        match self {
            Self::Unregistered => None,
            Self::Open(deal) | Self::Closed(deal, _) => Some(deal),
        }
    }

    fn close(&mut self, outcome: Outcome) {
        if let Self::Open(deal) | Self::Closed(deal, _) = std::mem::take(self) {
            *self = Self::Closed(deal, outcome);
        }
    }

    fn reopen(&mut self) {
        if let Self::Open(deal) | Self::Closed(deal, _) = std::mem::take(self) {
            *self = Self::Open(deal);
        }
    }
}

impl Decider for Opportunity {
    type Command = Command;
    type Event = OpportunityEvent;
    type Refusal = Broken;

    fn references(&self, command: &Command) -> Vec<Reference> {
        let process = || {
            let id = self
                .deal()
                .map(|deal| deal.registered.sales_process_id.to_string());
            id.map(Reference::SalesProcess)
        };
        let products = |ids: &[ProductId]| {
            ids.iter()
                .map(|id| Reference::Product(id.to_string()))
                .collect::<Vec<_>>()
        };
        match command {
            Command::Register(Registration { facts, .. }) => {
                let mut all = products(&facts.product_ids);
                all.push(Reference::SalesProcess(facts.sales_process_id.to_string()));
                all.extend(facts.rep_id.iter().map(|id| Reference::Rep(id.to_string())));
                all.extend(
                    facts
                        .customer_id
                        .iter()
                        .map(|id| Reference::Customer(id.to_string())),
                );
                all
            }
            Command::Assign { rep_id, .. } => vec![Reference::Rep(rep_id.to_string())],
            Command::ChangeProducts { product_ids } => products(product_ids),
            Command::IdentifyCustomer { customer_id } => {
                vec![Reference::Customer(customer_id.to_string())]
            }
            Command::AdvanceStage { .. }
            | Command::StepBack { .. }
            | Command::CompleteChecklistItem { .. }
            | Command::Reopen { .. } => process().into_iter().collect(),
            Command::LogActivity(_)
            | Command::ChangeAmount { .. }
            | Command::ChangeExpectedClose { .. }
            | Command::Win { .. }
            | Command::Lose { .. } => Vec::new(),
        }
    }

    fn decide(&self, command: Command, reads: &Reads) -> Result<Vec<OpportunityEvent>, Broken> {
        match command {
            Command::Register(registration) => self.register(registration, reads),
            Command::Assign { rep_id, reason } => self.assign(rep_id, reason, reads),
            Command::AdvanceStage { to, note } => self.advance_stage(to, note, reads),
            Command::StepBack { to, reason } => self.step_back(to, reason, reads),
            Command::CompleteChecklistItem { item_id } => self.complete_item(item_id, reads),
            Command::LogActivity(activity) => self.log_activity(activity),
            Command::ChangeAmount { amount } => self.change_amount(amount, reads),
            Command::ChangeExpectedClose { expected_close_on } => {
                self.change_expected_close(expected_close_on, reads)
            }
            Command::ChangeProducts { product_ids } => self.change_products(product_ids, reads),
            Command::IdentifyCustomer { customer_id } => self.identify_customer(customer_id, reads),
            Command::Win {
                amount,
                contract_id,
            } => self.win(amount, contract_id, reads),
            Command::Lose {
                reason,
                note,
                competitor,
            } => self.lose(reason, note, competitor, reads),
            Command::Reopen { stage_id, reason } => self.reopen_in(stage_id, reason, reads),
        }
    }

    fn evolve(&mut self, event: &OpportunityEvent, occurred_at: DateTime<Utc>) {
        if let OpportunityEvent::OpportunityRegistered(registered) = event {
            *self = Self::Open(Deal::new(registered, occurred_at));
            return;
        }
        match event {
            OpportunityEvent::OpportunityWon(e) => {
                self.close(Outcome::Won {
                    contract_id: e.contract_id.clone(),
                });
            }
            OpportunityEvent::OpportunityLost(e) => {
                self.close(Outcome::Lost {
                    reason: e.reason.clone(),
                });
            }
            OpportunityEvent::OpportunityReopened(_) => self.reopen(),
            _ => {}
        }
        if let Some(deal) = self.deal_mut() {
            deal.evolve(event, occurred_at);
        }
    }

    fn stands_after(&self, command: &Command) -> Option<DateTime<Utc>> {
        let deal = self.deal()?;
        match command {
            Command::AdvanceStage { .. }
            | Command::StepBack { .. }
            | Command::Lose { .. }
            | Command::Reopen { .. } => Some(deal.moved_at),
            // It settles the sum, too.
            Command::Win { .. } => Some(deal.moved_at).max(deal.amount.latest_at()),
            Command::Assign { .. } => deal.rep_id.latest_at(),
            Command::ChangeAmount { .. } => deal.amount.latest_at(),
            Command::ChangeExpectedClose { .. } => deal.expected_close_on.latest_at(),
            Command::ChangeProducts { .. } => deal.product_ids.latest_at(),
            Command::IdentifyCustomer { .. } => deal.customer_id.latest_at(),
            Command::Register(_)
            | Command::CompleteChecklistItem { .. }
            | Command::LogActivity(_) => None,
        }
    }

    /// A lead's address, number and external id are its own: the first two while it is open, the
    /// last for ever.
    fn claims(&self, event: &OpportunityEvent) -> Vec<ClaimChange> {
        let Some(deal) = self.deal() else {
            return Vec::new();
        };
        let registered = &deal.registered;
        let person = |scope, value: &Option<String>| {
            value.clone().map(|value| Claim {
                scope,
                value,
                personal: true,
            })
        };
        let people = [
            person("opportunity.email", &registered.email),
            person("opportunity.phone", &registered.phone),
        ];
        let people = people.into_iter().flatten();
        match event {
            OpportunityEvent::OpportunityRegistered(_) => {
                let external = registered.external_id.as_ref();
                let external = external.map(|id| Claim::external_id("opportunity.external_id", id));
                people.chain(external).map(ClaimChange::Take).collect()
            }
            OpportunityEvent::OpportunityReopened(_) => people.map(ClaimChange::Take).collect(),
            OpportunityEvent::OpportunityWon(_) | OpportunityEvent::OpportunityLost(_) => {
                people.map(ClaimChange::GiveBack).collect()
            }
            _ => Vec::new(),
        }
    }

    fn creates(command: &Command) -> bool {
        matches!(command, Command::Register(_))
    }
}

impl Deal {
    fn new(registered: &OpportunityRegistered, occurred_at: DateTime<Utc>) -> Self {
        Self {
            registered: Arc::new(registered.clone()),
            stage_id: registered.stage_id.clone(),
            moved_at: occurred_at,
            rep_id: Told::at_first(registered.rep_id.clone()),
            customer_id: Told::at_first(registered.customer_id.clone()),
            product_ids: Told::at_first(registered.product_ids.clone()),
            amount: Told::at_first(registered.amount),
            expected_close_on: Told::at_first(registered.expected_close_on),
            done: Vec::new(),
            activities: Vec::new(),
        }
    }

    fn evolve(&mut self, event: &OpportunityEvent, occurred_at: DateTime<Utc>) {
        match event {
            OpportunityEvent::OpportunityRegistered(_) => {}
            OpportunityEvent::LeadAssigned(e) => self.rep_id.tell(occurred_at, e.rep_id.clone()),
            OpportunityEvent::StageAdvanced(e) => self.enter(&e.to_stage_id, occurred_at),
            OpportunityEvent::SteppedBack(e) => self.enter(&e.to_stage_id, occurred_at),
            OpportunityEvent::ChecklistItemCompleted(e) => {
                self.done.push((e.stage_id.clone(), e.item_id.clone()));
            }
            OpportunityEvent::ActivityLogged(e) => self.activities.push(e.activity_id.clone()),
            OpportunityEvent::AmountChanged(e) => self.amount.tell(occurred_at, e.amount),
            OpportunityEvent::ExpectedCloseChanged(e) => {
                self.expected_close_on
                    .tell(occurred_at, e.expected_close_on);
            }
            OpportunityEvent::ProductsChanged(e) => {
                self.product_ids.tell(occurred_at, e.product_ids.clone());
            }
            OpportunityEvent::CustomerIdentified(e) => {
                self.customer_id.tell(occurred_at, e.customer_id.clone());
            }
            OpportunityEvent::OpportunityWon(e) => {
                if let Some(amount) = e.amount {
                    self.amount.tell(occurred_at, amount);
                }
                self.moved_at = occurred_at;
            }
            OpportunityEvent::OpportunityLost(_) => self.moved_at = occurred_at,
            OpportunityEvent::OpportunityReopened(e) => self.enter(&e.stage_id, occurred_at),
        }
    }

    fn enter(&mut self, stage_id: &StageId, occurred_at: DateTime<Utc>) {
        self.stage_id = stage_id.clone();
        self.moved_at = occurred_at;
    }
}
