//! What gives cause for worry, as alarms: raised when it begins, cleared when it is over, and a task each
//! time.

use std::collections::BTreeSet;

use chrono::{DateTime, Days, NaiveDate, Utc};
use event_schemas::alarm::{AlarmCleared, AlarmRaised};
use event_schemas::playbook::Guide;
use event_schemas::task::{TaskOrigin, TaskPlanned};
use event_schemas::vocabulary::{Invalid, Number, TaskId};
use rust_decimal::Decimal;

use super::account::Account;
use super::named::named;
use super::occurrences::end_of;
use super::{Company, Reaction, Wanted, standard};
use crate::health::Finding;

/// Places to which what was seen is told.
const NUMBER_PLACES: u32 = 6;

/// What is to be done about one customer's alarms once a day has ended, of whose end the findings are.
/// Raising comes first; the task of an alarm that is raised follows.
pub fn alarms(
    company: &Company,
    account: &Account,
    findings: &[Finding],
    day: NaiveDate,
) -> Result<Vec<Reaction>, Invalid> {
    let at = end_of(day, &company.zone);
    let standing = account.standing(at);
    let mut wanted = Vec::new();
    let mut holding = BTreeSet::new();
    for finding in findings {
        let alarm_id = alarm_id(finding)?;
        if !holding.insert(alarm_id.clone()) || standing.alarms.contains_key(alarm_id.as_str()) {
            continue;
        }
        let raised = AlarmRaised {
            customer_id: finding.customer_id.clone(),
            cause: finding.cause,
            subject_id: finding.subject_id.clone(),
            contract_id: finding.contract_id.clone(),
            on: day,
            value: finding.value.map(number),
            threshold: finding.threshold.map(number),
            explanation: finding.explanation.clone(),
            evidence: finding.evidence.clone(),
            task_id: task_id(&alarm_id, day)?,
        };
        wanted.push(Wanted::RaiseAlarm(alarm_id, Box::new(raised)));
    }
    let raised = standing.alarms.keys();
    for alarm_id in raised.filter(|id| !holding.contains(**id)) {
        let cleared = AlarmCleared {
            on: day,
            value: None,
        };
        wanted.push(Wanted::ClearAlarm((*alarm_id).to_owned(), cleared));
    }
    for raised in standing.alarms.values() {
        if !standing.tasks.contains_key(&raised.task_id) {
            let owner = standing.csm.map(|csm| csm.rep_id);
            let owner = owner.filter(|rep_id| company.employs(rep_id, at)).cloned();
            let guide = guide(company, raised, at, day);
            let due_on = guide
                .and_then(|guide| raised.on.checked_add_days(Days::new(guide.due_days.into())));
            let planned = TaskPlanned {
                task_id: raised.task_id.clone(),
                customer_id: raised.customer_id.clone(),
                contract_id: raised.contract_id.clone(),
                origin: TaskOrigin::Event {
                    cause: raised.cause,
                    subject_id: raised.subject_id.clone(),
                    explanation: raised.explanation.clone(),
                },
                name: guide.map_or_else(|| raised.explanation.clone(), |guide| guide.name.clone()),
                due_on: due_on.unwrap_or(raised.on),
                rep_id: owner,
                checklist: guide.map_or_else(Vec::new, |guide| guide.checklist.clone()),
                document_ids: guide.map_or_else(Vec::new, |guide| guide.document_ids.clone()),
                escalate_after_days: guide.and_then(|guide| guide.escalate_after_days),
                reaches: None,
            };
            wanted.push(Wanted::PlanTask(Box::new(planned)));
        }
    }
    let wanted = wanted.into_iter();
    Ok(wanted.map(|what| Reaction::new(what, at)).collect())
}

/// What is done about a cause: as the playbook says that holds for all, else the built-in one.
fn guide<'a>(
    company: &'a Company,
    raised: &AlarmRaised,
    at: DateTime<Utc>,
    day: NaiveDate,
) -> Option<&'a Guide> {
    let own = company.plays(at, day).guides.iter();
    let mut all = own.chain(&standard::playbook().plays.guides);
    all.find(|guide| guide.cause == raised.cause)
}

/// One alarm a customer, cause and subject.
fn alarm_id(finding: &Finding) -> Result<String, Invalid> {
    let cause = finding.cause.as_str().to_lowercase();
    let parts = [finding.customer_id.as_str(), cause.as_str()];
    let subject = finding.subject_id.as_deref();
    let parts: Vec<&str> = parts.into_iter().chain(subject).collect();
    named::<TaskId>(&parts).map(|id| id.to_string())
}

fn task_id(alarm_id: &str, day: NaiveDate) -> Result<TaskId, Invalid> {
    let readable = TaskId::new(&format!("{alarm_id}~{day}"));
    readable.or_else(|_| named(&[alarm_id, &day.to_string()]))
}

/// As it is told: a quotient has more digits than say something.
fn number(value: Decimal) -> Number {
    Number::from(value.round_dp(NUMBER_PLACES))
}
