//! The rows of one stream: all that is known of it in, its rows out.

use event_schemas::customer::CustomerEvent;
use event_schemas::product::ProductEvent;
use event_schemas::tenant::TenantEvent;
use event_schemas::vocabulary::ContractId;
use figures::recurring_revenue::Recurring;

use super::Event;
use crate::calendar::day_number;
use crate::engine::db::{Table, Value};
use crate::engine::fold::{Fact, FoldedRow};

static CONTRACT: Table = Table {
    name: "contract",
    key: &["contract_id"],
    columns: &[
        "customer_id",
        "currency",
        "renews_contract_id",
        "starts_on",
        "ends_on",
    ],
};
static RECURRING: Table = Table {
    name: "recurring",
    key: &["contract_id", "line_id", "from_on"],
    columns: &["to_on", "product_id", "monthly_minor"],
};
static CUSTOMER: Table = Table {
    name: "customer",
    key: &["customer_id"],
    columns: &["name", "industry", "country"],
};
static PRODUCT: Table = Table {
    name: "product",
    key: &["product_id"],
    columns: &["name"],
};
static SETTING: Table = Table {
    name: "setting",
    key: &["setting_id"],
    columns: &["time_zone", "currency"],
};

fn row(table: &'static Table, values: impl IntoIterator<Item = Value>) -> FoldedRow {
    FoldedRow {
        table,
        values: values.into_iter().collect(),
    }
}

/// The rows of the stream of one thing, by its id.
pub(super) fn rows(id: &str, history: &[Fact<'_, Event>]) -> Vec<FoldedRow> {
    // All facts of a stream are of one kind: its category's. Of all but a contract the latest holds.
    let latest = history.iter().rev().find_map(|fact| match fact.event {
        Event::Contract(_) => None,
        Event::Customer(CustomerEvent::CustomerRegistered(event)) => {
            Some(customer(id, &event.profile))
        }
        Event::Customer(CustomerEvent::CustomerUpdated(event)) => {
            Some(customer(id, &event.profile))
        }
        Event::Customer(_) => None,
        Event::Product(ProductEvent::ProductRegistered(event)) => {
            Some(row(&PRODUCT, [id.into(), event.name.as_str().into()]))
        }
        Event::Product(_) => None,
        Event::Tenant(TenantEvent::TenantConfigured(event)) => {
            let values = [
                id.into(),
                event.time_zone.as_str().into(),
                event.currency.code().into(),
            ];
            Some(row(&SETTING, values))
        }
    });
    match latest {
        Some(latest) => vec![latest],
        None => contract(id, history),
    }
}

fn customer(id: &str, profile: &event_schemas::customer::CustomerProfile) -> FoldedRow {
    row(
        &CUSTOMER,
        [
            id.into(),
            profile.name.as_str().into(),
            profile.industry.as_deref().into(),
            profile.country.as_deref().into(),
        ],
    )
}

fn contract(id: &str, history: &[Fact<'_, Event>]) -> Vec<FoldedRow> {
    let facts = history.iter().filter_map(|fact| match fact.event {
        Event::Contract(event) => Some(event),
        _ => None,
    });
    let Some(recurring) = Recurring::of(facts) else {
        return Vec::new();
    };
    let renews = recurring.renews_contract_id.as_ref();
    let contract = row(
        &CONTRACT,
        [
            id.into(),
            recurring.customer_id.as_str().into(),
            recurring.currency.code().into(),
            renews.map(ContractId::as_str).into(),
            day_number(recurring.starts_on).into(),
            recurring.ends_on.map(day_number).into(),
        ],
    );
    let lines = recurring.lines.iter().map(|line| {
        row(
            &RECURRING,
            [
                id.into(),
                line.line_id.as_str().into(),
                day_number(line.segment.from_on).into(),
                line.segment.to_on.map(day_number).into(),
                line.product_id.as_str().into(),
                line.segment.monthly_minor.into(),
            ],
        )
    });
    std::iter::once(contract).chain(lines).collect()
}
