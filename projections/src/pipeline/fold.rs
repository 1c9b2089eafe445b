//! The rows of one stream: all that is known of it in, its rows out.

use chrono::{DateTime, Utc};
use event_schemas::customer::CustomerEvent;
use event_schemas::product::ProductEvent;
use event_schemas::rep::RepEvent;
use event_schemas::sales_process::SalesProcessEvent;
use event_schemas::team::TeamEvent;
use event_schemas::tenant::TenantEvent;
use event_schemas::vocabulary::{CustomerId, ProductId, RepId, TeamId};
use figures::funnel::Outcome;
use figures::timeline::Timeline;

use super::Event;
use crate::engine::db::{Table, Value};
use crate::engine::fold::{Fact, FoldedRow};

static OPPORTUNITY: Table = Table {
    name: "opportunity",
    key: &["opportunity_id"],
    columns: &[
        "name",
        "kind",
        "sales_process_id",
        "source",
        "customer_id",
        "rep_id",
        "amount_minor",
        "currency",
        "created_at",
        "outcome",
        "closed_at",
        "stage_id",
        "in_stage_since",
    ],
};
static VISIT: Table = Table {
    name: "visit",
    key: &["opportunity_id", "seq"],
    columns: &["stage_id", "entered_at", "left_at"],
};
static OPPORTUNITY_PRODUCT: Table = Table {
    name: "opportunity_product",
    key: &["opportunity_id", "product_id"],
    columns: &[],
};
static SALES_PROCESS: Table = Table {
    name: "sales_process",
    key: &["sales_process_id"],
    columns: &["name"],
};
static STAGE: Table = Table {
    name: "stage",
    key: &["sales_process_id", "stage_id"],
    columns: &[
        "stage_rank",
        "name",
        "target_open_count",
        "target_open_minor",
        "target_currency",
    ],
};
static CUSTOMER: Table = Table {
    name: "customer",
    key: &["customer_id"],
    columns: &["name", "industry"],
};
static PRODUCT: Table = Table {
    name: "product",
    key: &["product_id"],
    columns: &["name"],
};
static REP: Table = Table {
    name: "rep",
    key: &["rep_id"],
    columns: &["name"],
};
static MEMBERSHIP: Table = Table {
    name: "membership",
    key: &["rep_id", "from_at", "team_id"],
    columns: &["to_at"],
};
static TEAM: Table = Table {
    name: "team",
    key: &["team_id"],
    columns: &["name"],
};
static TEAM_REGION: Table = Table {
    name: "team_region",
    key: &["team_id", "from_at"],
    columns: &["region"],
};
static SETTING: Table = Table {
    name: "setting",
    key: &["setting_id"],
    columns: &["time_zone", "currency"],
};

/// A team's first region holds from the beginning of time.
const ALWAYS: i64 = i64::MIN;

fn row(table: &'static Table, values: impl IntoIterator<Item = Value>) -> FoldedRow {
    FoldedRow {
        table,
        values: values.into_iter().collect(),
    }
}

fn micros(at: DateTime<Utc>) -> i64 {
    at.timestamp_micros()
}

/// The rows of the stream of one thing, by its id.
pub(super) fn rows(id: &str, history: &[Fact<'_, Event>]) -> Vec<FoldedRow> {
    let mut rows = Vec::new();
    // All facts of a stream are of one kind: its category's.
    match history.first().map(|fact| fact.event) {
        Some(Event::Opportunity(_)) => opportunity(id, history, &mut rows),
        Some(Event::SalesProcess(_)) => sales_process(id, history, &mut rows),
        Some(Event::Customer(_)) => customer(id, history, &mut rows),
        Some(Event::Product(_)) => product(id, history, &mut rows),
        Some(Event::Rep(_)) => rep(id, history, &mut rows),
        Some(Event::Team(_)) => team(id, history, &mut rows),
        Some(Event::Tenant(_)) => tenant(id, history, &mut rows),
        None => {}
    }
    rows
}

fn opportunity(id: &str, history: &[Fact<'_, Event>], rows: &mut Vec<FoldedRow>) {
    let facts = history.iter().filter_map(|fact| match fact.event {
        Event::Opportunity(event) => Some((fact.occurred_at, event)),
        _ => None,
    });
    let Some(timeline) = Timeline::of(facts) else {
        return;
    };
    let Some(current) = timeline.current() else {
        return;
    };
    let outcome = match timeline.outcome {
        Outcome::Open => "OPEN",
        Outcome::Won => "WON",
        Outcome::Lost => "LOST",
    };
    rows.push(row(
        &OPPORTUNITY,
        [
            id.into(),
            timeline.name.as_str().into(),
            timeline.kind.as_str().into(),
            timeline.sales_process_id.as_str().into(),
            timeline.source.as_deref().into(),
            timeline.customer_id.as_ref().map(CustomerId::as_str).into(),
            timeline.rep_id.as_ref().map(RepId::as_str).into(),
            timeline.amount.map(|amount| amount.amount_minor).into(),
            timeline.amount.map(|amount| amount.currency.code()).into(),
            micros(timeline.created_at).into(),
            outcome.into(),
            timeline.closed_at.map(micros).into(),
            current.stage_id.as_str().into(),
            micros(current.entered_at).into(),
        ],
    ));
    for (seq, visit) in (0..).zip(&timeline.visits) {
        rows.push(row(
            &VISIT,
            [
                id.into(),
                Value::Int(Some(seq)),
                visit.stage_id.as_str().into(),
                micros(visit.entered_at).into(),
                visit.left_at.map(micros).into(),
            ],
        ));
    }
    let products = timeline.product_ids.iter().map(ProductId::as_str);
    rows.extend(products.map(|product| row(&OPPORTUNITY_PRODUCT, [id.into(), product.into()])));
}

fn sales_process(id: &str, history: &[Fact<'_, Event>], rows: &mut Vec<FoldedRow>) {
    let latest = history.iter().rev().find_map(|fact| match fact.event {
        Event::SalesProcess(SalesProcessEvent::SalesProcessDefined(event)) => {
            Some((&event.name, &event.stages))
        }
        Event::SalesProcess(SalesProcessEvent::SalesProcessRevised(event)) => {
            Some((&event.name, &event.stages))
        }
        _ => None,
    });
    let Some((name, stages)) = latest else { return };
    rows.push(row(&SALES_PROCESS, [id.into(), name.as_str().into()]));
    for (rank, stage) in (0i64..).zip(stages) {
        rows.push(row(
            &STAGE,
            [
                id.into(),
                stage.stage_id.as_str().into(),
                rank.into(),
                stage.name.as_str().into(),
                stage.target_open_count.map(i64::from).into(),
                stage
                    .target_open_amount
                    .map(|target| target.amount_minor)
                    .into(),
                stage
                    .target_open_amount
                    .map(|target| target.currency.code())
                    .into(),
            ],
        ));
    }
}

fn customer(id: &str, history: &[Fact<'_, Event>], rows: &mut Vec<FoldedRow>) {
    let latest = history.iter().rev().find_map(|fact| match fact.event {
        Event::Customer(CustomerEvent::CustomerRegistered(event)) => Some(&event.profile),
        Event::Customer(CustomerEvent::CustomerUpdated(event)) => Some(&event.profile),
        _ => None,
    });
    let of = |profile: &event_schemas::customer::CustomerProfile| {
        row(
            &CUSTOMER,
            [
                id.into(),
                profile.name.as_str().into(),
                profile.industry.as_deref().into(),
            ],
        )
    };
    rows.extend(latest.map(of));
}

fn product(id: &str, history: &[Fact<'_, Event>], rows: &mut Vec<FoldedRow>) {
    for fact in history {
        if let Event::Product(ProductEvent::ProductRegistered(event)) = fact.event {
            rows.push(row(&PRODUCT, [id.into(), event.name.as_str().into()]));
        }
    }
}

fn rep(id: &str, history: &[Fact<'_, Event>], rows: &mut Vec<FoldedRow>) {
    // By team and begin: a membership that ended before it was known to begin ended all the same.
    let mut memberships: Vec<(&TeamId, i64, Option<i64>)> = Vec::new();
    let mut set = |team_id, from_at, to_at: Option<i64>| {
        let known = memberships
            .iter_mut()
            .find(|(team, from, _)| *team == team_id && *from == from_at);
        match known {
            Some((_, _, to)) => *to = to_at.or(*to),
            None => memberships.push((team_id, from_at, to_at)),
        }
    };
    for fact in history {
        match fact.event {
            Event::Rep(RepEvent::RepRegistered(event)) => {
                rows.push(row(&REP, [id.into(), event.name.as_str().into()]));
            }
            Event::Rep(RepEvent::TeamJoined(event)) => {
                set(
                    &event.team_id,
                    micros(event.from_at),
                    event.to_at.map(micros),
                );
            }
            Event::Rep(RepEvent::TeamLeft(event)) => {
                set(
                    &event.team_id,
                    micros(event.from_at),
                    Some(micros(event.to_at)),
                );
            }
            _ => {}
        }
    }
    for (team_id, from_at, to_at) in memberships {
        let values = [
            id.into(),
            from_at.into(),
            team_id.as_str().into(),
            to_at.into(),
        ];
        rows.push(row(&MEMBERSHIP, values));
    }
}

fn team(id: &str, history: &[Fact<'_, Event>], rows: &mut Vec<FoldedRow>) {
    let mut regions = std::collections::BTreeMap::new();
    for fact in history {
        match fact.event {
            Event::Team(TeamEvent::TeamFormed(event)) => {
                rows.push(row(&TEAM, [id.into(), event.name.as_str().into()]));
                if let Some(region) = &event.region {
                    regions.insert(ALWAYS, region);
                }
            }
            Event::Team(TeamEvent::RegionMoved(event)) => {
                regions.insert(micros(event.from_at), &event.region);
            }
            _ => {}
        }
    }
    let of = |(from_at, region): (i64, &String)| {
        row(
            &TEAM_REGION,
            [id.into(), from_at.into(), region.as_str().into()],
        )
    };
    rows.extend(regions.into_iter().map(of));
}

fn tenant(id: &str, history: &[Fact<'_, Event>], rows: &mut Vec<FoldedRow>) {
    if let Some(Event::Tenant(TenantEvent::TenantConfigured(event))) =
        history.last().map(|fact| fact.event)
    {
        let values = [
            id.into(),
            event.time_zone.as_str().into(),
            event.currency.code().into(),
        ];
        rows.push(row(&SETTING, values));
    }
}
