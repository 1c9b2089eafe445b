//! What should be as of an instant, less what is.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDate, Utc};
use event_schemas::contract::{MilestoneReached, RenewalOpened};
use event_schemas::playbook::{Anchor, OwnerRole, PlaybookPublished, Step};
use event_schemas::task::{CONTRACT_ENDED, TaskEvent, TaskOrigin, TaskPlanned};
use event_schemas::vocabulary::{ContractId, OpportunityId, TaskId};

use super::account::{Account, Contract, Owner, Standing};
use super::named::named;
use super::occurrences::{Occurrences, end_of};
use super::standard::RENEWAL_LEAD_DAYS;
use super::task::Task;
use super::{Company, Moment, Reaction, Wanted};

/// Why tasks are cancelled, and renewals lost.
const TERMINATED: &str = "contract_terminated";
const RENEWED: &str = "contract_renewed";
const NOT_RENEWED: &str = "not_renewed";

/// What is to be done at a moment for one customer, in the order in which it is to be done. Once that is
/// done there may be more, which follows from it; in the end there is nothing.
pub fn reactions(company: &Company, account: &Account, moment: Moment) -> Vec<Reaction> {
    let scene = Scene::new(company, account, moment);
    let mut wanted = Vec::new();
    for contract in scene.standing.contracts.values() {
        scene.plan(contract, &mut wanted);
        scene.renew(contract, &mut wanted);
    }
    for task in scene.standing.tasks.values() {
        scene.tend(task, &mut wanted);
    }
    let at = scene.at;
    let wanted = wanted.into_iter();
    wanted.map(|what| Reaction::new(what, at)).collect()
}

/// The next day on whose end there is something to do, if nothing happens until then; as of the end of
/// another.
pub fn due_next(company: &Company, account: &Account, ended: NaiveDate) -> Option<NaiveDate> {
    let scene = Scene::new(company, account, Moment::EndOf(ended));
    let contracts = scene.standing.contracts.values();
    let of_contracts = contracts.flat_map(|contract| scene.days_of(contract));
    let tasks = scene.standing.tasks.values().filter(|task| task.is_open());
    let of_tasks = tasks.filter_map(escalates_on);
    let days = of_contracts.chain(of_tasks);
    days.filter(|day| *day > ended).min()
}

/// The day on whose end an open task goes to a manager, unless it has. To hide it puts nothing off.
fn escalates_on(task: &Task<'_>) -> Option<NaiveDate> {
    let days = task.planned.escalate_after_days?;
    match task.escalated {
        None => task.due_on.checked_add_days(Days::new(days.into())),
        Some(_) => None,
    }
}

/// How things stand at a moment.
struct Scene<'a> {
    company: &'a Company,
    standing: Standing<'a>,
    at: DateTime<Utc>,
    /// The day that has ended, if it is the end of one.
    ended: Option<NaiveDate>,
    /// The last day that is over: that one, or the day before.
    last_on: NaiveDate,
    /// By contract.
    playbooks: BTreeMap<&'a ContractId, &'a PlaybookPublished>,
}

impl<'a> Scene<'a> {
    fn new(company: &'a Company, account: &'a Account, moment: Moment) -> Self {
        let (at, ended) = match moment {
            Moment::After(at) => (at, None),
            Moment::EndOf(day) => (end_of(day, &company.zone), Some(day)),
        };
        let today = company.zone.day(at);
        let last_on = ended.or_else(|| today.pred_opt()).unwrap_or(today);
        let standing = account.standing(at);
        let contracts = standing.contracts.iter();
        let playbooks = contracts.map(|(id, contract)| {
            let playbook = company.playbook(contract.signed, contract.signed_at);
            (*id, playbook)
        });
        Self {
            company,
            at,
            ended,
            last_on,
            playbooks: playbooks.collect(),
            standing,
        }
    }

    fn playbook(&self, contract: &Contract<'a>) -> Option<&'a PlaybookPublished> {
        self.playbooks.get(&contract.signed.contract_id).copied()
    }

    /// Whether a contract's days are over, without another that goes on from it.
    fn is_over(&self, contract: &Contract<'a>) -> bool {
        let over_on = contract.over_on(&self.company.zone);
        over_on.is_some_and(|over_on| over_on <= self.last_on)
    }

    /// Whether a contract is not over with this day either.
    fn lasts(&self, contract: &Contract<'a>) -> bool {
        let zone = &self.company.zone;
        let today = zone.day(self.at);
        let over_on = contract.over_on(zone);
        over_on.is_none_or(|over_on| over_on > today)
    }

    /// Whether nothing comes of a step any more: what is counted from the end of a contract has no
    /// meaning once it is settled what becomes of it.
    fn is_settled(step: &Step, contract: &Contract<'a>) -> Option<&'static str> {
        match (&step.anchor, contract.terminated, contract.renewed_by) {
            (Anchor::ContractEnd, Some(_), _) => Some(TERMINATED),
            (Anchor::ContractEnd, None, Some(_)) => Some(RENEWED),
            _ => None,
        }
    }

    /// Tasks that the steps of its playbook should have brought.
    fn plan(&self, contract: &Contract<'a>, wanted: &mut Vec<Wanted>) {
        let Some(playbook) = self.playbook(contract).filter(|_| !self.is_over(contract)) else {
            return;
        };
        for step in &playbook.plays.steps {
            if Self::is_settled(step, contract).is_some() {
                continue;
            }
            let zone = &self.company.zone;
            let Some(occurrences) = Occurrences::of(step, contract, &self.standing, zone) else {
                continue;
            };
            for (occurrence, due_on) in occurrences.planned_by(self.ended).0 {
                let task = self.planned(playbook, step, contract, occurrence, due_on);
                let new = task.filter(|task| !self.standing.tasks.contains_key(&task.task_id));
                wanted.extend(new.map(|task| Wanted::PlanTask(Box::new(task))));
            }
        }
    }

    fn planned(
        &self,
        playbook: &PlaybookPublished,
        step: &Step,
        contract: &Contract<'a>,
        occurrence: u32,
        due_on: NaiveDate,
    ) -> Option<TaskPlanned> {
        let contract_id = &contract.signed.contract_id;
        let task_id = task_id(contract_id, step, occurrence)?;
        let owner = self.owner(step.owner, Some(contract));
        Some(TaskPlanned {
            task_id,
            customer_id: contract.signed.customer_id.clone(),
            contract_id: Some(contract_id.clone()),
            origin: TaskOrigin::Scheduled {
                playbook_id: playbook.playbook_id.clone(),
                version: playbook.version,
                step_id: step.step_id.clone(),
                occurrence,
            },
            name: step.name.clone(),
            due_on,
            rep_id: owner.map(|owner| owner.rep_id.clone()),
            checklist: step.checklist.clone(),
            document_ids: step.document_ids.clone(),
            escalate_after_days: step.escalate_after_days,
            reaches: step.reaches.clone(),
        })
    }

    /// Whose tasks of a role are: nobody's if that person has left.
    fn owner(&self, role: OwnerRole, contract: Option<&Contract<'a>>) -> Option<Owner<'a>> {
        let owner = match role {
            OwnerRole::Csm => self.standing.csm,
            OwnerRole::Rep => contract?.rep,
        };
        owner.filter(|owner| self.company.employs(owner.rep_id, self.at))
    }

    /// What a task should have become.
    fn tend(&self, task: &Task<'a>, wanted: &mut Vec<Wanted>) {
        let task_id = &task.planned.task_id;
        let contract_id = task.planned.contract_id.as_ref();
        let contract = contract_id.and_then(|id| self.standing.contracts.get(id));
        if let Some((closed_at, TaskEvent::TaskCompleted(_))) = task.closed {
            wanted.extend(contract.and_then(|contract| self.reach(task, contract, closed_at)));
        }
        let is_over = contract.is_some_and(|contract| self.is_over(contract));
        let step = contract.and_then(|contract| self.step(task, contract));
        if task.waits_for_its_contract()
            && let (Some(contract), Some((step, occurrence))) = (contract, step)
            && self.lasts(contract)
            && let Place::Due(due_on) = self.place(step, occurrence, contract)
        {
            // Its contract goes on after all.
            wanted.push(Wanted::MoveTask(task_id.clone(), due_on));
        }
        // What the end of a day settles is left to it: between two days it may not have been told yet.
        if !task.is_open() || (is_over && self.ended.is_none()) {
            return;
        }
        if let (Some(contract), Some((step, occurrence))) = (contract, step) {
            match self.place(step, occurrence, contract) {
                Place::Gone(reason) => {
                    wanted.push(Wanted::CancelTask(task_id.clone(), reason));
                    return;
                }
                Place::Due(due_on) if due_on != task.scheduled_on => {
                    wanted.push(Wanted::MoveTask(task_id.clone(), due_on));
                }
                Place::Due(_) | Place::Unknown => {}
            }
        }
        let role = step.map_or(OwnerRole::Csm, |(step, _)| step.owner);
        let owner = self.owner(role, contract).filter(|owner| {
            let was_former = task.rep_id == owner.former && task.owned_since <= owner.since;
            task.rep_id.is_none() || (was_former && task.rep_id != Some(owner.rep_id))
        });
        if let Some(owner) = owner {
            wanted.push(Wanted::AssignTask(task_id.clone(), owner.rep_id.clone()));
        }
        if let (Some(ended), Some(escalates_on)) = (self.ended, escalates_on(task))
            && escalates_on <= ended
        {
            // Whose it has just become is asked, too.
            let rep_id = owner.map(|owner| owner.rep_id).or(task.rep_id);
            let to = rep_id.and_then(|rep_id| self.company.manager_of(rep_id, self.at));
            wanted.push(Wanted::EscalateTask(task_id.clone(), to.cloned()));
        }
    }

    /// The milestone that a task which is done brings its contract to.
    fn reach(
        &self,
        task: &Task<'a>,
        contract: &Contract<'a>,
        closed_at: DateTime<Utc>,
    ) -> Option<Wanted> {
        let milestone_id = task.planned.reaches.clone()?;
        if contract.milestones.contains_key(&milestone_id) || contract.terminated.is_some() {
            return None;
        }
        let reached_on = self.company.zone.day(closed_at);
        let reached = MilestoneReached {
            milestone_id,
            reached_on,
        };
        let contract_id = contract.signed.contract_id.clone();
        Some(Wanted::ReachMilestone(contract_id, reached))
    }

    /// The step that a task comes from, and which of its tasks it is.
    fn step(&self, task: &Task<'a>, contract: &Contract<'a>) -> Option<(&'a Step, u32)> {
        let TaskOrigin::Scheduled {
            step_id,
            occurrence,
            ..
        } = &task.planned.origin
        else {
            return None;
        };
        let mut steps = self.playbook(contract)?.plays.steps.iter();
        let step = steps.find(|step| step.step_id == *step_id)?;
        Some((step, *occurrence))
    }

    /// Where a task of a step belongs.
    fn place(&self, step: &Step, occurrence: u32, contract: &Contract<'a>) -> Place {
        if let Some(reason) = Self::is_settled(step, contract) {
            return Place::Gone(reason);
        }
        if self.is_over(contract) {
            let was_terminated = contract.terminated.is_some();
            return Place::Gone(if was_terminated {
                TERMINATED
            } else {
                CONTRACT_ENDED
            });
        }
        let zone = &self.company.zone;
        let occurrences = Occurrences::of(step, contract, &self.standing, zone);
        match occurrences.and_then(|all| Some((all, all.due(occurrence)?))) {
            None => Place::Unknown,
            Some((all, due_on)) if all.allows(due_on) => Place::Due(due_on),
            Some(_) if contract.terminated.is_some() => Place::Gone(TERMINATED),
            Some(_) => Place::Gone(CONTRACT_ENDED),
        }
    }

    /// What should have become of a contract's renewal.
    fn renew(&self, contract: &Contract<'a>, wanted: &mut Vec<Wanted>) {
        let Some(opened) = contract.renewal else {
            wanted.extend(self.open(contract));
            return;
        };
        let opportunity_id = &opened.opportunity_id;
        let renewal = self.standing.renewals.get(opportunity_id);
        let Some(renewal) = renewal.filter(|renewal| !renewal.is_closed) else {
            return;
        };
        let lost = |reason| Wanted::LoseRenewal(opportunity_id.clone(), reason);
        match (contract.renewed_by, contract.terminated) {
            // What the end of a day settles is left to it.
            _ if self.is_over(contract) => {
                wanted.extend(self.ended.map(|_| lost(NOT_RENEWED)));
            }
            (Some(by), _) => {
                let value = self.standing.contracts.get(by).unwrap_or(contract).value();
                wanted.push(Wanted::WinRenewal(
                    opportunity_id.clone(),
                    by.clone(),
                    value,
                ));
            }
            (None, Some(_)) => wanted.push(lost(TERMINATED)),
            (None, None) => {
                // Unless a person expects it on a day of their own.
                let expected_on = renewal.expected_close_on;
                let follows = expected_on.is_some_and(|on| contract.former_ends.contains(&on));
                let ends_on = contract.agreed_end_on.filter(|_| follows);
                let moved = ends_on.filter(|ends_on| Some(*ends_on) != expected_on);
                let moved = moved.map(|on| Wanted::MoveRenewal(opportunity_id.clone(), on));
                wanted.extend(moved);
            }
        }
    }

    /// The day on whose end the renewal of a contract opens, if it is to.
    fn opens_on(&self, contract: &Contract<'a>) -> Option<NaiveDate> {
        let is_settled = contract.terminated.is_some() || contract.renewed_by.is_some();
        if is_settled || contract.renewal.is_some() {
            return None;
        }
        let lead_days = self.playbook(contract)?.plays.renewal_lead_days;
        let lead_days = Days::new(lead_days.unwrap_or(RENEWAL_LEAD_DAYS).into());
        contract.agreed_end_on?.checked_sub_days(lead_days)
    }

    fn open(&self, contract: &Contract<'a>) -> Option<Wanted> {
        let ended = self.ended?;
        if ended < self.opens_on(contract)? || self.is_over(contract) {
            return None;
        }
        let sales_process_id = self.company.sales_process(self.at)?.clone();
        let owners = [self.standing.csm, contract.rep].into_iter().flatten();
        let mut owners = owners.filter(|owner| self.company.employs(owner.rep_id, self.at));
        let lines = contract.lines.values();
        let products = lines.map(|line| &line.product_id);
        let sold = products.filter(|product_id| self.company.sells(product_id, self.at));
        let mut product_ids: Vec<_> = sold.cloned().collect();
        product_ids.sort();
        product_ids.dedup();
        let contract_id = contract.signed.contract_id.clone();
        let opportunity_id: OpportunityId = named(&["renewal", contract_id.as_str()]).ok()?;
        let opened = RenewalOpened {
            opportunity_id,
            sales_process_id,
            rep_id: owners.next().map(|owner| owner.rep_id.clone()),
            amount: contract.value(),
            product_ids,
        };
        Some(Wanted::OpenRenewal(contract_id, opened))
    }

    /// Days on whose end there is something to do for a contract.
    fn days_of(&self, contract: &Contract<'a>) -> Vec<NaiveDate> {
        let over_on = contract.over_on(&self.company.zone);
        let mut days: Vec<_> = over_on.into_iter().collect();
        if let Some(opens_on) = self.opens_on(contract).filter(|_| !self.is_over(contract)) {
            // Without a sales process it could not be opened: every day is looked again.
            let today = self.ended.filter(|ended| opens_on <= *ended);
            days.push(today.and_then(|today| today.succ_opt()).unwrap_or(opens_on));
        }
        let playbook = self.playbook(contract).filter(|_| !self.is_over(contract));
        let steps = playbook.map(|playbook| &playbook.plays.steps);
        let next = steps.into_iter().flatten().filter_map(|step| {
            let zone = &self.company.zone;
            let occurrences = Occurrences::of(step, contract, &self.standing, zone)?;
            occurrences.planned_by(self.ended).1
        });
        days.extend(next);
        days
    }
}

/// Where a task belongs.
enum Place {
    /// On a day.
    Due(NaiveDate),
    /// Nowhere any more.
    Gone(&'static str),
    /// Where it is.
    Unknown,
}

fn task_id(contract_id: &ContractId, step: &Step, occurrence: u32) -> Option<TaskId> {
    let occurrence = occurrence.to_string();
    named(&[contract_id.as_str(), step.step_id.as_str(), &occurrence]).ok()
}
