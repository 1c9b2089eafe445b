//! The rules of an opportunity: one function a command.

use chrono::{DateTime, NaiveDate, Utc};
use event_schemas::opportunity::{
    ActivityLogged, AmountChanged, ChecklistItemCompleted, CustomerIdentified,
    ExpectedCloseChanged, LeadAssigned, OpportunityEvent, OpportunityLost, OpportunityRegistered,
    OpportunityReopened, OpportunityWon, ProductsChanged, StageAdvanced, SteppedBack,
};
use event_schemas::vocabulary::{
    ChecklistItemId, ContractId, CustomerId, Money, OpportunityId, ProductId, RepId,
    SalesProcessId, StageId,
};
use serde::Serialize;

use super::{Deal, Opportunity, Outcome, Registration};
use crate::reads::{Reads, SalesProcess};
use crate::refusal::{Refusal, RefusalKind, listed};

/// Rules of an opportunity.
#[derive(Debug, thiserror::Error, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the fields are the things the rule names")]
pub enum Broken {
    /// An opportunity is registered once.
    #[error("opportunity {opportunity_id} is registered already")]
    AlreadyRegistered { opportunity_id: OpportunityId },
    /// Only what is registered can be worked on.
    #[error("there is no such opportunity")]
    NotRegistered,
    /// A closed opportunity is worked on only after it was opened again.
    #[error("the opportunity is closed")]
    AlreadyClosed,
    /// An opportunity is won by one contract.
    #[error("the opportunity was won by contract {contract_id}")]
    AlreadyWon { contract_id: ContractId },
    /// An opportunity is moved, closed and reopened in the order in which that happened. What is
    /// told late must not turn round what is known of its course.
    #[error("it was registered, moved, closed or reopened after that, at {after}")]
    OutOfOrder { after: DateTime<Utc> },
    /// An opportunity goes through the stages of a sales process that exists.
    #[error("there is no sales process {sales_process_id}")]
    UnknownSalesProcess { sales_process_id: SalesProcessId },
    /// A stage is one of the sales process.
    #[error("the sales process has no stage {stage_id}")]
    UnknownStage { stage_id: StageId },
    /// A checklist item is one of the stage the opportunity is in.
    #[error("stage {stage_id} has no checklist item {item_id}")]
    UnknownChecklistItem {
        stage_id: StageId,
        item_id: ChecklistItemId,
    },
    /// The owner is a rep who is registered.
    #[error("there is no rep {rep_id}")]
    UnknownRep { rep_id: RepId },
    /// Nothing is given to a rep from when they sell no more on.
    #[error("rep {rep_id} sells no more")]
    InactiveRep { rep_id: RepId },
    /// The customer is one that is registered.
    #[error("there is no customer {customer_id}")]
    UnknownCustomer { customer_id: CustomerId },
    /// What is to be sold is a product that is registered.
    #[error("there is no product {product_id}")]
    UnknownProduct { product_id: ProductId },
    /// A retired product is not offered from then on.
    #[error("product {product_id} is retired")]
    RetiredProduct { product_id: ProductId },
    /// Advancing goes to a later stage.
    #[error("{to} does not come after {from}")]
    NotForward { from: StageId, to: StageId },
    /// Stepping back goes to an earlier stage.
    #[error("{to} does not come before {from}")]
    NotBackward { from: StageId, to: StageId },
    /// A stage is left forward only when what it requires is done.
    #[error("not done yet: {}", listed(missing))]
    ChecklistIncomplete { missing: Vec<ChecklistItemId> },
}

impl Refusal for Broken {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::AlreadyRegistered { .. } | Self::AlreadyWon { .. } => RefusalKind::AlreadyExists,
            Self::NotRegistered
            | Self::UnknownSalesProcess { .. }
            | Self::UnknownRep { .. }
            | Self::UnknownCustomer { .. }
            | Self::UnknownProduct { .. } => RefusalKind::NotFound,
            Self::AlreadyClosed
            | Self::OutOfOrder { .. }
            | Self::UnknownStage { .. }
            | Self::UnknownChecklistItem { .. }
            | Self::InactiveRep { .. }
            | Self::RetiredProduct { .. }
            | Self::NotForward { .. }
            | Self::NotBackward { .. }
            | Self::ChecklistIncomplete { .. } => RefusalKind::RuleBroken,
        }
    }
}

type Decided = Result<Vec<OpportunityEvent>, Broken>;

impl Opportunity {
    fn registered(&self) -> Result<&Deal, Broken> {
        self.deal().ok_or(Broken::NotRegistered)
    }

    fn open(&self) -> Result<&Deal, Broken> {
        match self {
            Self::Unregistered => Err(Broken::NotRegistered),
            Self::Closed(..) => Err(Broken::AlreadyClosed),
            Self::Open(deal) => Ok(deal),
        }
    }

    /// What is known of an opportunity that is to be moved, if it was not moved later.
    fn before_move(&self, reads: &Reads) -> Result<&Deal, Broken> {
        let deal = self.registered()?;
        if reads.occurred_at < deal.moved_at {
            let after = deal.moved_at;
            return Err(Broken::OutOfOrder { after });
        }
        Ok(deal)
    }

    /// It begins in a stage of its process, with an owner, customer and products that exist.
    pub(super) fn register(&self, registration: Registration, reads: &Reads) -> Decided {
        let Registration { stage_id, facts } = registration;
        let process = process(&facts.sales_process_id, reads)?;
        let stage_id = match stage_id.as_ref().or(process.first_stage()) {
            Some(stage_id) if process.stage(stage_id).is_some() => stage_id.clone(),
            Some(stage_id) => {
                return Err(Broken::UnknownStage {
                    stage_id: stage_id.clone(),
                });
            }
            None => return Err(unknown_process(&facts.sales_process_id)),
        };
        let registered = OpportunityRegistered { stage_id, ..facts };
        if let Some(deal) = self.deal() {
            if *deal.registered == registered {
                return Ok(vec![]);
            }
            let opportunity_id = registered.opportunity_id;
            return Err(Broken::AlreadyRegistered { opportunity_id });
        }
        registered
            .rep_id
            .as_ref()
            .map_or(Ok(()), |id| active_rep(id, reads))?;
        registered
            .customer_id
            .as_ref()
            .map_or(Ok(()), |id| customer(id, reads))?;
        sold(&registered.product_ids, reads)?;
        Ok(vec![registered.into()])
    }

    /// An open opportunity has an owner who still sells.
    pub(super) fn assign(&self, rep_id: RepId, reason: Option<String>, reads: &Reads) -> Decided {
        let open = self.open()?;
        let previous_rep_id = open.rep_id.at(reads.occurred_at);
        if previous_rep_id == Some(&rep_id) {
            return Ok(vec![]);
        }
        active_rep(&rep_id, reads)?;
        Ok(vec![
            LeadAssigned {
                rep_id,
                previous_rep_id: previous_rep_id.cloned(),
                reason,
            }
            .into(),
        ])
    }

    /// A stage is left only forward, and only when its checklist is done.
    pub(super) fn advance_stage(
        &self,
        to: StageId,
        note: Option<String>,
        reads: &Reads,
    ) -> Decided {
        let open = self.open()?;
        self.before_move(reads)?;
        if open.stage_id == to {
            return Ok(vec![]);
        }
        let process = process(&open.registered.sales_process_id, reads)?;
        let (from, was, will_be) = (
            open.stage_id.clone(),
            rank(process, &open.stage_id)?,
            rank(process, &to)?,
        );
        if will_be < was {
            return Err(Broken::NotForward { from, to });
        }
        let is_done =
            |item: &ChecklistItemId| open.done.iter().any(|(s, i)| *s == from && i == item);
        let missing: Vec<_> = process
            .required(&from)
            .filter(|i| !is_done(i))
            .cloned()
            .collect();
        if !missing.is_empty() {
            return Err(Broken::ChecklistIncomplete { missing });
        }
        Ok(vec![
            StageAdvanced {
                from_stage_id: from,
                to_stage_id: to,
                note,
            }
            .into(),
        ])
    }

    /// An opportunity that turns out less far than thought goes to an earlier stage.
    pub(super) fn step_back(&self, to: StageId, reason: Option<String>, reads: &Reads) -> Decided {
        let open = self.open()?;
        self.before_move(reads)?;
        if open.stage_id == to {
            return Ok(vec![]);
        }
        let process = process(&open.registered.sales_process_id, reads)?;
        let from = open.stage_id.clone();
        if rank(process, &to)? > rank(process, &from)? {
            return Err(Broken::NotBackward { from, to });
        }
        Ok(vec![
            SteppedBack {
                from_stage_id: from,
                to_stage_id: to,
                reason,
            }
            .into(),
        ])
    }

    /// Done once is done, also when the opportunity comes to the stage again.
    pub(super) fn complete_item(&self, item_id: ChecklistItemId, reads: &Reads) -> Decided {
        let open = self.open()?;
        let stage_id = open.stage_id.clone();
        let process = process(&open.registered.sales_process_id, reads)?;
        let checklist = process
            .stage(&stage_id)
            .map(|stage| stage.checklist.as_slice());
        if !checklist
            .unwrap_or_default()
            .iter()
            .any(|item| item.item_id == item_id)
        {
            return Err(Broken::UnknownChecklistItem { stage_id, item_id });
        }
        let item = (stage_id, item_id);
        if open.done.contains(&item) {
            return Ok(vec![]);
        }
        let (stage_id, item_id) = item;
        Ok(vec![ChecklistItemCompleted { stage_id, item_id }.into()])
    }

    /// What was done is recorded whenever it was done; the same activity once.
    pub(super) fn log_activity(&self, activity: ActivityLogged) -> Decided {
        if self
            .registered()?
            .activities
            .contains(&activity.activity_id)
        {
            return Ok(vec![]);
        }
        Ok(vec![activity.into()])
    }

    /// Only an open opportunity changes its worth.
    pub(super) fn change_amount(&self, amount: Money, reads: &Reads) -> Decided {
        if self.open()?.amount.at(reads.occurred_at) == Some(&amount) {
            return Ok(vec![]);
        }
        Ok(vec![AmountChanged { amount }.into()])
    }

    /// Only an open opportunity is expected to close.
    pub(super) fn change_expected_close(
        &self,
        expected_close_on: NaiveDate,
        reads: &Reads,
    ) -> Decided {
        let then = self.open()?.expected_close_on.at(reads.occurred_at);
        if then == Some(&expected_close_on) {
            return Ok(vec![]);
        }
        Ok(vec![ExpectedCloseChanged { expected_close_on }.into()])
    }

    /// What is offered can be had.
    pub(super) fn change_products(&self, product_ids: Vec<ProductId>, reads: &Reads) -> Decided {
        if self.open()?.product_ids.at(reads.occurred_at) == Some(&product_ids) {
            return Ok(vec![]);
        }
        sold(&product_ids, reads)?;
        Ok(vec![ProductsChanged { product_ids }.into()])
    }

    /// The customer may become known, or known better, while the opportunity is open.
    pub(super) fn identify_customer(&self, customer_id: CustomerId, reads: &Reads) -> Decided {
        if self.open()?.customer_id.at(reads.occurred_at) == Some(&customer_id) {
            return Ok(vec![]);
        }
        customer(&customer_id, reads)?;
        Ok(vec![CustomerIdentified { customer_id }.into()])
    }

    /// An opportunity can be won from any stage; by one contract, which settles the sum of one that
    /// was said to be won before.
    pub(super) fn win(
        &self,
        amount: Option<Money>,
        contract_id: Option<ContractId>,
        reads: &Reads,
    ) -> Decided {
        let deal = self.before_move(reads)?;
        if let Self::Closed(_, Outcome::Won { contract_id: by }) = self {
            let is_at = |amount| deal.amount.at(deal.moved_at) == Some(&amount);
            match (by, &contract_id) {
                (Some(by), Some(other)) if by != other => {
                    return Err(Broken::AlreadyWon {
                        contract_id: by.clone(),
                    });
                }
                (None, Some(_)) => {}
                _ if amount.is_none_or(is_at) => return Ok(vec![]),
                _ => return Err(Broken::AlreadyClosed),
            }
        } else {
            self.open()?;
        }
        let amount = amount.or(deal.amount.at(reads.occurred_at).copied());
        Ok(vec![
            OpportunityWon {
                stage_id: deal.stage_id.clone(),
                amount,
                contract_id,
            }
            .into(),
        ])
    }

    /// An opportunity is lost for a reason.
    pub(super) fn lose(
        &self,
        reason: String,
        note: Option<String>,
        competitor: Option<String>,
        reads: &Reads,
    ) -> Decided {
        self.before_move(reads)?;
        if matches!(self, Self::Closed(_, Outcome::Lost { reason: known }) if *known == reason) {
            return Ok(vec![]);
        }
        let stage_id = self.open()?.stage_id.clone();
        Ok(vec![
            OpportunityLost {
                stage_id,
                reason,
                note,
                competitor,
            }
            .into(),
        ])
    }

    /// A closed opportunity can go on, where it was or elsewhere.
    pub(super) fn reopen_in(
        &self,
        stage_id: Option<StageId>,
        reason: Option<String>,
        reads: &Reads,
    ) -> Decided {
        let deal = self.before_move(reads)?;
        if matches!(self, Self::Open(_)) {
            return Ok(vec![]);
        }
        let stage_id = stage_id.unwrap_or_else(|| deal.stage_id.clone());
        rank(
            process(&deal.registered.sales_process_id, reads)?,
            &stage_id,
        )?;
        Ok(vec![OpportunityReopened { stage_id, reason }.into()])
    }
}

fn unknown_process(id: &SalesProcessId) -> Broken {
    Broken::UnknownSalesProcess {
        sales_process_id: id.clone(),
    }
}

fn process<'a>(id: &SalesProcessId, reads: &'a Reads) -> Result<&'a SalesProcess, Broken> {
    let process = reads
        .sales_process(id.as_str())
        .filter(|process| process.is_defined());
    process.ok_or_else(|| unknown_process(id))
}

fn rank(process: &SalesProcess, stage_id: &StageId) -> Result<usize, Broken> {
    process.rank(stage_id).ok_or_else(|| Broken::UnknownStage {
        stage_id: stage_id.clone(),
    })
}

fn active_rep(rep_id: &RepId, reads: &Reads) -> Result<(), Broken> {
    match reads.rep(rep_id.as_str()) {
        Some(rep) if rep.is_active_at(reads.occurred_at) => Ok(()),
        Some(rep) if rep.is_registered() => Err(Broken::InactiveRep {
            rep_id: rep_id.clone(),
        }),
        _ => Err(Broken::UnknownRep {
            rep_id: rep_id.clone(),
        }),
    }
}

fn customer(customer_id: &CustomerId, reads: &Reads) -> Result<(), Broken> {
    match reads.customer(customer_id.as_str()) {
        Some(customer) if customer.is_registered() => Ok(()),
        _ => Err(Broken::UnknownCustomer {
            customer_id: customer_id.clone(),
        }),
    }
}

fn sold(product_ids: &[ProductId], reads: &Reads) -> Result<(), Broken> {
    for product_id in product_ids {
        match reads.product(product_id.as_str()) {
            Some(product) if product.is_sold_at(reads.occurred_at) => {}
            Some(product) if product.is_registered() => {
                return Err(Broken::RetiredProduct {
                    product_id: product_id.clone(),
                });
            }
            _ => {
                return Err(Broken::UnknownProduct {
                    product_id: product_id.clone(),
                });
            }
        }
    }
    Ok(())
}
