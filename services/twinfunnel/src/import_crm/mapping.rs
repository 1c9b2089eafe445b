//! The rows of an export as commands, in the order in which they occurred. Pure.

use std::sync::Arc;

use chrono::{Days, NaiveDate, NaiveTime};
use proto::v1;
use proto::v1::command::Kind;

use super::dirt::{Dirt, Oddity};
use super::master::{Catalog, Undated, master};
use super::read::{Deal, Export};
use crate::export::{self, Row, amount, day};
use crate::submit::{Origin, Outgoing};

/// The sales process that the export tells of.
const PROCESS: &str = "crm";
const PROSPECTING: &str = "prospecting";
const ENGAGING: &str = "engaging";

/// The export tells sums in US dollars.
const CURRENCY: &str = "USD";

/// The day on which the export was taken: what has no engage date was registered by then.
const TAKEN_ON: NaiveDate = match NaiveDate::from_ymd_opt(2017, 12, 31) {
    Some(day) => day,
    None => NaiveDate::MIN,
};

/// What a won row of the pipeline comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contracts {
    /// Its opportunity is won, and that is all.
    Untold,
    /// A contract is signed, which wins its opportunity.
    Signed,
}

/// The commands that an export comes to; what it says badly is noted.
pub(crate) fn commands(export: &Export, contracts: Contracts, dirt: &mut Dirt) -> Vec<Outgoing> {
    let (catalog, master) = master(export, dirt);
    let mut dated = Vec::new();
    for row in &export.deals {
        match deal(row, &catalog, contracts, dirt) {
            Ok(story) => dated.extend(story),
            Err(reason) => dirt.refuse(&row.origin, reason),
        }
    }
    let earliest = dated.iter().map(|&(day, _)| day).min().unwrap_or(TAKEN_ON);
    let day_before = earliest.checked_sub_days(Days::new(1)).unwrap_or(earliest);
    let origin = Origin {
        label: export_label(export),
        line: 1,
    };
    let before = settings(&origin).into_iter().chain(master);
    let mut all: Vec<_> = before
        .map(|command| (day_before, command))
        .chain(dated)
        .collect();
    // Stable: what occurred at the same instant stays in the order of the rows.
    all.sort_by_key(|&(day, _)| day);
    all.into_iter()
        .map(|(day, command)| outgoing(day, command))
        .collect()
}

/// The file whose header tells of stages and days.
fn export_label(export: &Export) -> Arc<str> {
    export.deals.first().map_or_else(
        || "sales_pipeline.csv".into(),
        |row| row.origin.label.clone(),
    )
}

/// How figures are told, and the stages: what no row of the export says.
fn settings(origin: &Origin) -> [Undated; 2] {
    let stage = |stage_id: &str, name: &str| v1::Stage {
        stage_id: stage_id.to_owned(),
        name: name.to_owned(),
        ..v1::Stage::default()
    };
    let configure = v1::ConfigureTenant {
        time_zone: "UTC".to_owned(),
        currency_code: CURRENCY.to_owned(),
    };
    let define = v1::DefineSalesProcess {
        sales_process_id: PROCESS.to_owned(),
        name: "CRM sales opportunities".to_owned(),
        stages: vec![
            stage(PROSPECTING, "Prospecting"),
            stage(ENGAGING, "Engaging"),
        ],
    };
    let undated = |kind_name, id: &str, kind| Undated {
        origin: origin.clone(),
        kind_name,
        id: id.to_owned(),
        kind,
    };
    [
        undated("configure_tenant", "self", Kind::ConfigureTenant(configure)),
        undated(
            "define_sales_process",
            PROCESS,
            Kind::DefineSalesProcess(define),
        ),
    ]
}

/// How far a row says that the opportunity came.
enum Course {
    Prospecting,
    Engaging {
        since: NaiveDate,
    },
    Won {
        since: NaiveDate,
        on: NaiveDate,
        amount: String,
    },
    Lost {
        since: NaiveDate,
        on: NaiveDate,
    },
}

/// What a row of the pipeline comes to, or why it comes to nothing.
fn deal(
    Row { origin, cells }: &Row<Deal>,
    catalog: &Catalog,
    contracts: Contracts,
    dirt: &mut Dirt,
) -> Result<Vec<(NaiveDate, Undated)>, String> {
    let id = &cells.opportunity_id;
    if id.is_empty() {
        return Err("has no opportunity_id".to_owned());
    }
    let product = dirt.mend("product", &cells.product, origin);
    let (product_id, list_price) = catalog
        .products
        .get(product)
        .ok_or_else(|| format!("unknown product {product:?}"))?;
    let rep_id = catalog.reps.get(&cells.sales_agent);
    let rep_id = rep_id.ok_or_else(|| format!("unknown agent {:?}", cells.sales_agent))?;
    let course = course(cells)?;
    let customer_id = catalog.customers.get(&cells.account);
    note_oddities(&course, customer_id.is_some(), cells, origin, dirt);

    let register = v1::RegisterOpportunity {
        opportunity_id: id.clone(),
        name: match cells.account.as_str() {
            "" => product.to_owned(),
            account => format!("{product} for {account}"),
        },
        kind: v1::OpportunityKind::New.into(),
        sales_process_id: PROCESS.to_owned(),
        stage_id: PROSPECTING.to_owned(),
        rep_id: rep_id.clone(),
        customer_id: customer_id.cloned().unwrap_or_default(),
        product_ids: vec![product_id.clone()],
        amount: Some(money(list_price)),
        ..v1::RegisterOpportunity::default()
    };
    let undated = |kind_name, kind| Undated {
        origin: origin.clone(),
        kind_name,
        id: id.clone(),
        kind,
    };
    let begun_on = match course {
        Course::Prospecting => TAKEN_ON,
        Course::Engaging { since } | Course::Won { since, .. } | Course::Lost { since, .. } => {
            since
        }
    };
    let registered = undated("register_opportunity", Kind::RegisterOpportunity(register));
    let mut story = vec![(begun_on, registered)];
    if !matches!(course, Course::Prospecting) {
        let advance = v1::AdvanceStage {
            opportunity_id: id.clone(),
            to_stage_id: ENGAGING.to_owned(),
            note: String::new(),
        };
        story.push((
            begun_on,
            undated("advance_stage", Kind::AdvanceStage(advance)),
        ));
    }
    match course {
        Course::Prospecting | Course::Engaging { .. } => {}
        Course::Won { on, amount, .. } => match (contracts, customer_id) {
            (Contracts::Signed, Some(customer_id)) => {
                let sign = v1::SignContract {
                    // Each opportunity brings one contract, which goes by its id.
                    contract_id: id.clone(),
                    customer_id: customer_id.clone(),
                    opportunity_id: id.clone(),
                    currency_code: CURRENCY.to_owned(),
                    starts_on: on.to_string(),
                    lines: vec![agreed(product_id, &amount)],
                    rep_id: rep_id.clone(),
                    ..v1::SignContract::default()
                };
                story.push((on, undated("sign_contract", Kind::SignContract(sign))));
            }
            (Contracts::Signed, None) | (Contracts::Untold, _) => {
                if contracts == Contracts::Signed {
                    dirt.note(Oddity::NobodyToSign, origin);
                }
                let win = v1::WinOpportunity {
                    opportunity_id: id.clone(),
                    amount: Some(money(&amount)),
                };
                story.push((on, undated("win_opportunity", Kind::WinOpportunity(win))));
            }
        },
        Course::Lost { on, .. } => {
            let lose = v1::LoseOpportunity {
                opportunity_id: id.clone(),
                reason: "unknown".to_owned(),
                ..v1::LoseOpportunity::default()
            };
            story.push((on, undated("lose_opportunity", Kind::LoseOpportunity(lose))));
        }
    }
    Ok(story)
}

/// The line of a contract: a product, at what was agreed for it.
fn agreed(product_id: &str, amount: &str) -> v1::Line {
    v1::Line {
        line_id: "1".to_owned(),
        product_id: product_id.to_owned(),
        amount: Some(money(amount)),
        is_agreed: true,
        ..v1::Line::default()
    }
}

fn course(cells: &Deal) -> Result<Course, String> {
    let engaged_on = day("engage_date", &cells.engage_date)?;
    let closed_on = day("close_date", &cells.close_date)?;
    let stage = cells.deal_stage.as_str();
    let since = || engaged_on.ok_or_else(|| format!("{stage} without engage_date"));
    let closed = || {
        let (since, on) = (
            since()?,
            closed_on.ok_or_else(|| format!("{stage} without close_date"))?,
        );
        if on < since {
            Err(format!("closed on {on}, before {since}"))
        } else {
            Ok((since, on))
        }
    };
    // What will be left out is read nevertheless: a negative value says that the row is wrong.
    let value = match cells.close_value.as_str() {
        "" => None,
        text => Some(amount(text).map_err(|reason| format!("close_value {reason}"))?),
    };
    match stage {
        "Prospecting" => match engaged_on {
            None => Ok(Course::Prospecting),
            Some(_) => Err("Prospecting with an engage_date".to_owned()),
        },
        "Engaging" => Ok(Course::Engaging { since: since()? }),
        "Won" => {
            let (since, on) = closed()?;
            let amount = value.ok_or_else(|| "Won without close_value".to_owned())?;
            Ok(Course::Won { since, on, amount })
        }
        "Lost" => {
            let (since, on) = closed()?;
            Ok(Course::Lost { since, on })
        }
        other => Err(format!("unknown deal_stage {other:?}")),
    }
}

fn note_oddities(
    course: &Course,
    has_customer: bool,
    cells: &Deal,
    origin: &Origin,
    dirt: &mut Dirt,
) {
    if cells.account.is_empty() {
        dirt.note(Oddity::NoAccount, origin);
    } else if !has_customer {
        dirt.note(Oddity::UnknownAccount, origin);
    }
    let has_value = cells
        .close_value
        .bytes()
        .any(|byte| matches!(byte, b'1'..=b'9'));
    match course {
        Course::Won { .. } => {}
        Course::Lost { .. } if has_value => dirt.note(Oddity::ValueOfLost, origin),
        Course::Lost { .. } => {}
        Course::Prospecting | Course::Engaging { .. } => {
            if has_value || !cells.close_date.is_empty() {
                dirt.note(Oddity::ClosingOfOpen, origin);
            }
        }
    }
}

/// A sum, in the currency of the export.
pub(super) fn money(amount: &str) -> v1::Money {
    v1::Money {
        currency_code: CURRENCY.to_owned(),
        amount: amount.to_owned(),
    }
}

/// An id made of a name: its letters and digits, small, with single hyphens between; none of a name
/// without any.
pub(super) fn slug(name: &str) -> Option<String> {
    let words = name
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    let slug = words
        .map(str::to_ascii_lowercase)
        .collect::<Vec<_>>()
        .join("-");
    (!slug.is_empty()).then_some(slug)
}

fn outgoing(day: NaiveDate, command: Undated) -> Outgoing {
    // The id is the same in every run, so that a second one appends nothing.
    let command_id = format!("crm:{}:{}", command.kind_name, command.id);
    let midnight = day.and_time(NaiveTime::MIN).and_utc();
    export::outgoing(command.origin, command_id, midnight, command.kind)
}
