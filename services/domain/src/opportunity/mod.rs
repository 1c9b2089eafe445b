//! An opportunity: one customer's possible purchase, from first contact to won or lost.
//!
//! New command: a variant, an arm in `decide`, a line in wire.rs, a test. The compiler asks for the
//! rest.

mod rules;
#[cfg(test)]
mod tests;
mod wire;

use std::sync::Arc;

use chrono::NaiveDate;
use event_schemas::opportunity::{ActivityLogged, OpportunityEvent, OpportunityRegistered};
use event_schemas::vocabulary::{
    ActivityId, ChecklistItemId, CustomerId, Money, ProductId, RepId, StageId,
};
use serde::{Deserialize, Serialize};

use crate::Decider;
use crate::claim::{Claim, ClaimChange};
use crate::reads::{Reads, Reference};

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
    Won,
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
    /// Its owner.
    pub rep_id: Option<RepId>,
    /// Whose purchase it is.
    pub customer_id: Option<CustomerId>,
    /// What is to be sold.
    pub product_ids: Vec<ProductId>,
    /// What it is worth.
    pub amount: Option<Money>,
    /// When it is expected to close.
    pub expected_close_on: Option<NaiveDate>,
    /// Checklist items done.
    pub done: Vec<(StageId, ChecklistItemId)>,
    /// Activities logged.
    pub activities: Vec<ActivityId>,
}

/// What an opportunity can be asked to do.
#[derive(Debug, Clone)]
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
#[derive(Debug, Clone)]
pub struct Registration {
    /// The first stage of the process if absent.
    pub stage_id: Option<StageId>,
    /// All else, with any stage.
    pub facts: OpportunityRegistered,
}

impl Opportunity {
    fn deal(&self) -> Option<&Deal> {
        match self {
            Self::Unregistered => None,
            Self::Open(deal) | Self::Closed(deal, _) => Some(deal),
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
            Command::ChangeAmount { amount } => self.change_amount(amount),
            Command::ChangeExpectedClose { expected_close_on } => {
                self.change_expected_close(expected_close_on)
            }
            Command::ChangeProducts { product_ids } => self.change_products(product_ids, reads),
            Command::IdentifyCustomer { customer_id } => self.identify_customer(customer_id, reads),
            Command::Win { amount } => self.win(amount),
            Command::Lose {
                reason,
                note,
                competitor,
            } => self.lose(reason, note, competitor),
            Command::Reopen { stage_id, reason } => self.reopen_in(stage_id, reason, reads),
        }
    }

    fn evolve(&mut self, event: &OpportunityEvent) {
        if let OpportunityEvent::OpportunityRegistered(registered) = event {
            *self = Self::Open(Deal::new(registered));
            return;
        }
        match event {
            OpportunityEvent::OpportunityWon(_) => self.close(Outcome::Won),
            OpportunityEvent::OpportunityLost(e) => {
                self.close(Outcome::Lost {
                    reason: e.reason.clone(),
                });
            }
            OpportunityEvent::OpportunityReopened(_) => self.reopen(),
            _ => {}
        }
        if let Some(deal) = self.deal_mut() {
            deal.evolve(event);
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
                let external = registered.external_id.as_ref().map(|external| Claim {
                    scope: "opportunity.external_id",
                    value: format!("{}/{}", external.system, external.id),
                    personal: false,
                });
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
    fn new(registered: &OpportunityRegistered) -> Self {
        Self {
            registered: Arc::new(registered.clone()),
            stage_id: registered.stage_id.clone(),
            rep_id: registered.rep_id.clone(),
            customer_id: registered.customer_id.clone(),
            product_ids: registered.product_ids.clone(),
            amount: registered.amount,
            expected_close_on: registered.expected_close_on,
            done: Vec::new(),
            activities: Vec::new(),
        }
    }

    fn evolve(&mut self, event: &OpportunityEvent) {
        match event {
            OpportunityEvent::OpportunityRegistered(_) | OpportunityEvent::OpportunityLost(_) => {}
            OpportunityEvent::LeadAssigned(e) => self.rep_id = Some(e.rep_id.clone()),
            OpportunityEvent::StageAdvanced(e) => self.stage_id = e.to_stage_id.clone(),
            OpportunityEvent::SteppedBack(e) => self.stage_id = e.to_stage_id.clone(),
            OpportunityEvent::ChecklistItemCompleted(e) => {
                self.done.push((e.stage_id.clone(), e.item_id.clone()));
            }
            OpportunityEvent::ActivityLogged(e) => self.activities.push(e.activity_id.clone()),
            OpportunityEvent::AmountChanged(e) => self.amount = Some(e.amount),
            OpportunityEvent::ExpectedCloseChanged(e) => {
                self.expected_close_on = Some(e.expected_close_on);
            }
            OpportunityEvent::ProductsChanged(e) => self.product_ids = e.product_ids.clone(),
            OpportunityEvent::CustomerIdentified(e) => {
                self.customer_id = Some(e.customer_id.clone());
            }
            OpportunityEvent::OpportunityWon(e) => self.amount = e.amount.or(self.amount),
            OpportunityEvent::OpportunityReopened(e) => self.stage_id = e.stage_id.clone(),
        }
    }
}
