//! The rows of an export as commands: first what the others need, then all in the order in which it
//! occurred. Pure.
//!
//! A customer is registered as of the day on which it signed up, though usage and tickets may lie
//! before: so the customers come first, whatever their day.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use proto::v1;
use proto::v1::command::Kind;

use super::dirt::{Dirt, Oddity};
use super::read::{Account, Churn, Export, Subscription};
use super::{usage, voice};
use crate::export::{self, Row, amount, day};
use crate::submit::{Origin, Outgoing};

/// The export tells sums in US dollars.
const CURRENCY: &str = "USD";

/// A command, and when it occurred.
pub(super) struct Dated {
    pub(super) at: DateTime<Utc>,
    pub(super) origin: Origin,
    /// What the command is about, as in its id: `saas:<kind>:<id>`.
    pub(super) kind_name: &'static str,
    pub(super) id: String,
    pub(super) kind: Kind,
}

/// A subscription that was read.
pub(super) struct Term<'a> {
    pub(super) account_id: &'a str,
    pub(super) starts_on: NaiveDate,
    pub(super) ends_on: Option<NaiveDate>,
}

/// What the other files name, by id.
#[derive(Default)]
pub(super) struct Catalog<'a> {
    /// The day on which each account signed up.
    pub(super) accounts: BTreeMap<&'a str, NaiveDate>,
    pub(super) subscriptions: BTreeMap<&'a str, Term<'a>>,
}

impl Catalog<'_> {
    pub(super) fn signed_up_on(&self, account_id: &str) -> Result<NaiveDate, String> {
        let known = self.accounts.get(account_id).copied();
        known.ok_or_else(|| format!("unknown account {account_id:?}"))
    }
}

/// The commands that an export comes to; what it says badly is noted.
pub(crate) fn commands(export: &Export, dirt: &mut Dirt) -> Vec<Outgoing> {
    let mut catalog = Catalog::default();
    let mut customers = Vec::new();
    for row in &export.accounts {
        match customer(row, &mut catalog) {
            Ok(command) => customers.push(command),
            Err(reason) => dirt.refuse(&row.origin, reason),
        }
    }
    let mut plans = BTreeMap::new();
    let mut dated = Vec::new();
    for row in &export.subscriptions {
        match contract(row, &mut catalog, dirt) {
            Ok(Some(command)) => {
                plans.entry(&*row.cells.plan_tier).or_insert(&row.origin);
                dated.push(command);
            }
            Ok(None) => {}
            Err(reason) => dirt.refuse(&row.origin, reason),
        }
    }
    let (metrics, used) = usage::commands(&export.usage, &catalog, dirt);
    dated.extend(used);
    for row in &export.tickets {
        match voice::ticket(row, &catalog, dirt) {
            Ok(story) => dated.extend(story),
            Err(reason) => dirt.refuse(&row.origin, reason),
        }
    }
    for row in &export.churns {
        match churn(row, &catalog) {
            Ok(command) => dated.push(command),
            Err(reason) => dirt.refuse(&row.origin, reason),
        }
    }
    customers.sort_by_key(|command| command.at);
    // Stable: what occurred at the same instant stays in the order of the rows.
    dated.sort_by_key(|command| command.at);
    let times = customers.iter().chain(&dated).map(|command| command.at);
    let earliest = times.min().unwrap_or(DateTime::UNIX_EPOCH);
    let day_before = earliest.checked_sub_days(Days::new(1)).unwrap_or(earliest);
    let master = plans.into_iter().filter_map(|(plan, at)| product(plan, at));
    let model = health_model(export, day_before.date_naive());
    let master = settings(export).into_iter().chain(master).chain(metrics);
    let master = master.chain(model).chain(renewals(export));
    let master = master.map(|command| Dated {
        at: day_before,
        ..command
    });
    master.chain(customers).chain(dated).map(outgoing).collect()
}

fn outgoing(command: Dated) -> Outgoing {
    // The id is the same in every run, so that a second one appends nothing.
    let command_id = format!("saas:{}:{}", command.kind_name, command.id);
    export::outgoing(command.origin, command_id, command.at, command.kind)
}

/// The first instant of a day, UTC, as the export tells them.
pub(super) fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

/// A day that a row has to say.
pub(super) fn some_day(column: &str, text: &str) -> Result<NaiveDate, String> {
    day(column, text)?.ok_or_else(|| format!("has no {column}"))
}

/// How figures are told: what no row of the export says.
fn settings(export: &Export) -> Option<Dated> {
    let first = export.accounts.first()?;
    let configure = v1::ConfigureTenant {
        time_zone: "UTC".to_owned(),
        currency_code: CURRENCY.to_owned(),
    };
    Some(Dated {
        at: DateTime::UNIX_EPOCH,
        origin: first.origin.clone(),
        kind_name: "configure_tenant",
        id: "self".to_owned(),
        kind: Kind::ConfigureTenant(configure),
    })
}

/// How contracts are renewed: without a sales process no opportunity to renew one could be opened.
fn renewals(export: &Export) -> Option<Dated> {
    let first = export.subscriptions.first()?;
    let stage = |id: &str, name: &str| v1::Stage {
        stage_id: id.to_owned(),
        name: name.to_owned(),
        ..v1::Stage::default()
    };
    let define = v1::DefineSalesProcess {
        sales_process_id: "renewal".to_owned(),
        name: "Renewal".to_owned(),
        stages: vec![stage("open", "Open"), stage("agreed", "Agreed")],
    };
    Some(Dated {
        at: DateTime::UNIX_EPOCH,
        origin: first.origin.clone(),
        kind_name: "define_sales_process",
        id: "renewal".to_owned(),
        kind: Kind::DefineSalesProcess(define),
    })
}

/// How healthy customers are said to be, until somebody publishes another version: what no row of the
/// export says, either. A customer is to use half of what others use, and to have no open tickets.
fn health_model(export: &Export, effective_from: NaiveDate) -> Option<Dated> {
    let first = export.usage.first()?;
    let terms = v1::HealthTerms {
        metrics: vec![v1::HealthMetricFactor {
            metric_id: usage::TOTAL.to_owned(),
            weight: "1".to_owned(),
            threshold: "0.5".to_owned(),
            ..v1::HealthMetricFactor::default()
        }],
        open_tickets: Some(v1::HealthTicketPoints {
            points_each: "5".to_owned(),
            points_at_most: "20".to_owned(),
        }),
        ticket_open_days: Some(3),
        grace_days: Some(30),
        ..v1::HealthTerms::default()
    };
    let publish = v1::PublishHealthModel {
        health_model_id: "standard".to_owned(),
        effective_from: effective_from.to_string(),
        terms: Some(terms),
    };
    Some(Dated {
        at: DateTime::UNIX_EPOCH,
        origin: first.origin.clone(),
        kind_name: "publish_health_model",
        id: "standard".to_owned(),
        kind: Kind::PublishHealthModel(publish),
    })
}

/// Each plan is a product.
fn product(plan: &str, origin: &Origin) -> Option<Dated> {
    let product_id = plan.to_ascii_lowercase();
    let register = v1::RegisterProduct {
        product_id: product_id.clone(),
        name: plan.to_owned(),
        category: "plan".to_owned(),
        list_price: None,
    };
    (!plan.is_empty()).then(|| Dated {
        at: DateTime::UNIX_EPOCH,
        origin: origin.clone(),
        kind_name: "register_product",
        id: product_id,
        kind: Kind::RegisterProduct(register),
    })
}

fn customer<'a>(
    Row { origin, cells }: &'a Row<Account>,
    catalog: &mut Catalog<'a>,
) -> Result<Dated, String> {
    let signed_up_on = some_day("signup_date", &cells.signup_date)?;
    if catalog.accounts.contains_key(&*cells.account_id) {
        return Err(format!("account {:?} is there twice", cells.account_id));
    }
    catalog.accounts.insert(&cells.account_id, signed_up_on);
    let profile = v1::CustomerProfile {
        name: cells.account_name.clone(),
        industry: cells.industry.clone(),
        country: cells.country.clone(),
        ..v1::CustomerProfile::default()
    };
    let register = v1::RegisterCustomer {
        customer_id: cells.account_id.clone(),
        profile: Some(profile),
        external_id: None,
    };
    Ok(Dated {
        at: midnight(signed_up_on),
        origin: origin.clone(),
        kind_name: "register_customer",
        id: cells.account_id.clone(),
        kind: Kind::RegisterCustomer(register),
    })
}

/// A subscription is a contract of its own, signed on its first day. What is billed at a time is what
/// its line comes to.
fn contract<'a>(
    Row { origin, cells }: &'a Row<Subscription>,
    catalog: &mut Catalog<'a>,
    dirt: &mut Dirt,
) -> Result<Option<Dated>, String> {
    let starts_on = some_day("start_date", &cells.start_date)?;
    let ends_on = day("end_date", &cells.end_date)?;
    catalog.signed_up_on(&cells.account_id)?;
    if ends_on.is_some_and(|ends_on| ends_on < starts_on) {
        return Err(format!("ends on {}, before it starts", cells.end_date));
    }
    let monthly = amount(&cells.mrr_amount).map_err(|reason| format!("mrr_amount {reason}"))?;
    let yearly = amount(&cells.arr_amount).map_err(|reason| format!("arr_amount {reason}"))?;
    let (frequency, billed) = match cells.billing_frequency.as_str() {
        "monthly" => (v1::BillingFrequency::Monthly, &monthly),
        "annual" => (v1::BillingFrequency::Yearly, &yearly),
        other => return Err(format!("unknown billing_frequency {other:?}")),
    };
    if cells.plan_tier.is_empty() {
        return Err("has no plan_tier".to_owned());
    }
    let term = Term {
        account_id: &cells.account_id,
        starts_on,
        ends_on,
    };
    if catalog.subscriptions.contains_key(&*cells.subscription_id) {
        let id = &cells.subscription_id;
        return Err(format!("subscription {id:?} is there twice"));
    }
    // Its usage is the account's, whether it was ever in force or not.
    catalog.subscriptions.insert(&cells.subscription_id, term);
    if ends_on == Some(starts_on) {
        dirt.note(Oddity::NoDay, origin);
        return Ok(None);
    }
    let line = v1::Line {
        line_id: "1".to_owned(),
        product_id: cells.plan_tier.to_ascii_lowercase(),
        list_price: Some(money(billed)),
        monthly_recurring: Some(money(&monthly)),
        ..v1::Line::default()
    };
    let billing = v1::BillingTerms {
        frequency: frequency.into(),
        ..v1::BillingTerms::default()
    };
    let sign = v1::SignContract {
        contract_id: cells.subscription_id.clone(),
        customer_id: cells.account_id.clone(),
        currency_code: CURRENCY.to_owned(),
        starts_on: starts_on.to_string(),
        ends_on: ends_on.map(|day| day.to_string()).unwrap_or_default(),
        billing: Some(billing),
        lines: vec![line],
        ..v1::SignContract::default()
    };
    Ok(Some(Dated {
        at: midnight(starts_on),
        origin: origin.clone(),
        kind_name: "sign_contract",
        id: cells.subscription_id.clone(),
        kind: Kind::SignContract(sign),
    }))
}

fn churn(Row { origin, cells }: &Row<Churn>, catalog: &Catalog<'_>) -> Result<Dated, String> {
    let churned_on = some_day("churn_date", &cells.churn_date)?;
    catalog.signed_up_on(&cells.account_id)?;
    let record = v1::RecordChurn {
        customer_id: cells.account_id.clone(),
        churn_id: cells.churn_event_id.clone(),
        churned_on: churned_on.to_string(),
        reason: cells.reason_code.clone(),
        feedback: cells.feedback_text.clone(),
    };
    Ok(Dated {
        at: midnight(churned_on),
        origin: origin.clone(),
        kind_name: "record_churn",
        id: cells.churn_event_id.clone(),
        kind: Kind::RecordChurn(record),
    })
}

fn money(amount: &str) -> v1::Money {
    v1::Money {
        currency_code: CURRENCY.to_owned(),
        amount: amount.to_owned(),
    }
}
