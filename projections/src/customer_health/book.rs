//! The question: how healthy is a book of business, and who in it is not?

use std::collections::{BTreeMap, HashMap};

use ::figures::health::{Band, Health, TREND_DAYS, Trend, health};
use proto::v1;
use rust_decimal::Decimal;

use super::{Scene, held, tell};
use crate::QueryError;
use crate::asked::{count, text};

/// Rows of a page, where the request names no number, and at most.
const PAGE: (u32, u32) = (50, 1_000);

/// A customer, by what it can be told apart.
#[derive(Debug, Clone, Default)]
pub(super) struct Account {
    pub(super) name: String,
    industry: String,
    country: String,
    csm_id: String,
}

/// A customer's health.
struct Entry {
    customer_id: String,
    account: Account,
    health: Health,
}

/// Answers one request.
pub(crate) async fn list(
    scene: &mut Scene,
    request: &v1::ListCustomerHealthRequest,
) -> Result<v1::ListCustomerHealthResponse, QueryError> {
    let day = scene.calendar.asked(&request.on, "on", scene.asked.at)?;
    let dimensions = dimensions(&request.cut_by)?;
    let band = wanted_band(request.band)?;
    let csm_id = text(&request.csm_id, "csm_id")?;
    let industry = text(&request.industry, "industry")?;
    let model = held(scene.models.on(day, &request.health_model_id)?, day)?;
    let accounts = accounts(scene).await?;

    let standings = scene.standings(&model.terms, day).await?;
    let active = standings.iter().filter(|standing| standing.is_active);
    let entries = active.map(|standing| {
        let customer_id = standing.customer_id.to_string();
        Entry {
            account: accounts.get(&customer_id).cloned().unwrap_or_default(),
            health: health(&model.terms, standing),
            customer_id,
        }
    });
    let is_picked = |entry: &Entry| {
        (csm_id.is_empty() || entry.account.csm_id == csm_id)
            && (industry.is_empty() || entry.account.industry == industry)
            && band.is_none_or(|band| entry.health.band == Some(band))
    };
    let mut entries: Vec<Entry> = entries.filter(is_picked).collect();
    entries.sort_by(|a, b| order(a).cmp(&order(b)));

    // All are held against the same.
    let measured = standings.first().map(|standing| &standing.usage);
    let baselines = measured.into_iter().flatten().map(tell::baseline).collect();
    let cuts = cuts(scene, &dimensions, &entries).await?;
    let overall = distribution(entries.iter());
    let begin = offset(&request.page_token)?;
    let size = match request.page_size {
        0 => PAGE.0,
        asked => asked.min(PAGE.1),
    };
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let page = entries.iter().skip(begin).take(size);
    let former_day = day.before(TREND_DAYS, scene.calendar);
    let mut rows = Vec::new();
    for entry in page {
        let former = scene
            .standing(&model.terms, former_day, &entry.customer_id)
            .await?;
        let former = health(&model.terms, &former);
        rows.push(row(entry, Trend::between(&former, &entry.health)));
    }
    let end = begin.saturating_add(size);
    Ok(v1::ListCustomerHealthResponse {
        answered_from: Some(scene.asked.answered_from()),
        on: day.on.to_string(),
        health_model: Some(tell::model(&model)),
        overall: Some(overall),
        cuts,
        rows,
        next_page_token: match end < entries.len() {
            true => end.to_string(),
            false => String::new(),
        },
        baselines,
    })
}

/// Lowest score first, those without one last.
fn order(entry: &Entry) -> (bool, Option<Decimal>, &str) {
    let score = entry.health.score;
    (score.is_none(), score, &entry.customer_id)
}

fn row(entry: &Entry, trend: Option<Trend>) -> v1::CustomerHealthRow {
    v1::CustomerHealthRow {
        customer_id: entry.customer_id.clone(),
        name: entry.account.name.clone(),
        industry: entry.account.industry.clone(),
        country: entry.account.country.clone(),
        csm_id: entry.account.csm_id.clone(),
        score: tell::score(entry.health.score),
        band: tell::band(entry.health.band).into(),
        change: tell::score(trend.map(|trend| trend.change)),
        direction: tell::direction(trend).into(),
    }
}

fn invalid(field: &str, description: &str) -> QueryError {
    QueryError::Invalid {
        field: field.to_owned(),
        description: description.to_owned(),
    }
}

/// Where a page begins: how many rows lie before it.
fn offset(token: &str) -> Result<usize, QueryError> {
    match token {
        "" => Ok(0),
        token => token
            .parse()
            .map_err(|_| invalid("page_token", "is not from an answer to this question")),
    }
}

fn dimensions(asked: &[i32]) -> Result<Vec<v1::BookDimension>, QueryError> {
    let mut dimensions = Vec::new();
    for (at, dimension) in asked.iter().enumerate() {
        match v1::BookDimension::try_from(*dimension) {
            Ok(v1::BookDimension::Unspecified) | Err(_) => {
                return Err(invalid(&format!("cut_by[{at}]"), "is no dimension"));
            }
            Ok(dimension) if dimensions.contains(&dimension) => {
                return Err(invalid(&format!("cut_by[{at}]"), "is asked for twice"));
            }
            Ok(dimension) => dimensions.push(dimension),
        }
    }
    Ok(dimensions)
}

/// The band a request names.
pub(super) fn wanted_band(asked: i32) -> Result<Option<Band>, QueryError> {
    match v1::HealthBand::try_from(asked) {
        Ok(v1::HealthBand::Unspecified) => Ok(None),
        Ok(v1::HealthBand::Critical) => Ok(Some(Band::Critical)),
        Ok(v1::HealthBand::AtRisk) => Ok(Some(Band::AtRisk)),
        Ok(v1::HealthBand::Healthy) => Ok(Some(Band::Healthy)),
        Err(_) => Err(invalid("band", "is no band")),
    }
}

/// What all customers can be told apart by.
pub(super) async fn accounts(scene: &mut Scene) -> Result<HashMap<String, Account>, QueryError> {
    let sql = "SELECT customer_id, name, industry, country, csm_id FROM customer WHERE tenant = $1";
    let values = [scene.asked.tenant.as_str().into()];
    let mut accounts = HashMap::new();
    for row in scene.asked.session.rows(sql, &values).await? {
        let account = Account {
            name: row.text(1)?.unwrap_or_default(),
            industry: row.text(2)?.unwrap_or_default(),
            country: row.text(3)?.unwrap_or_default(),
            csm_id: row.text(4)?.unwrap_or_default(),
        };
        accounts.insert(row.text(0)?.unwrap_or_default(), account);
    }
    Ok(accounts)
}

fn distribution<'a>(entries: impl Iterator<Item = &'a Entry>) -> v1::HealthDistribution {
    let mut counts = [0u64; 4];
    let (mut sum, mut scores) = (Decimal::ZERO, 0u64);
    for entry in entries {
        let [healthy, at_risk, critical, without] = &mut counts;
        let counted = match entry.health.band {
            Some(Band::Healthy) => healthy,
            Some(Band::AtRisk) => at_risk,
            Some(Band::Critical) => critical,
            None => without,
        };
        *counted += 1;
        if let Some(score) = entry.health.score {
            sum = sum.saturating_add(score);
            scores += 1;
        }
    }
    let [healthy, at_risk, critical, without_score] = counts.map(count);
    v1::HealthDistribution {
        customers: count(counts.iter().sum()),
        healthy,
        at_risk,
        critical,
        without_score,
        mean_score: tell::score(sum.checked_div(Decimal::from(scores))),
    }
}

async fn cuts(
    scene: &mut Scene,
    dimensions: &[v1::BookDimension],
    entries: &[Entry],
) -> Result<Vec<v1::HealthCut>, QueryError> {
    let mut names = HashMap::new();
    if dimensions.contains(&v1::BookDimension::Csm) {
        let sql = "SELECT rep_id, name FROM rep WHERE tenant = $1";
        let values = [scene.asked.tenant.as_str().into()];
        for row in scene.asked.session.rows(sql, &values).await? {
            names.insert(row.text(0)?.unwrap_or_default(), row.text(1)?);
        }
    }
    let cut = |dimension: &v1::BookDimension| {
        let mut groups: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
        for entry in entries {
            let key = match dimension {
                v1::BookDimension::Csm => &entry.account.csm_id,
                v1::BookDimension::Country => &entry.account.country,
                v1::BookDimension::Industry | v1::BookDimension::Unspecified => {
                    &entry.account.industry
                }
            };
            groups.entry(key).or_default().push(entry);
        }
        let row = |(key, entries): (&str, Vec<&Entry>)| {
            let name = names.get(key).cloned().flatten();
            v1::HealthCutRow {
                key: key.to_owned(),
                label: name.unwrap_or_else(|| key.to_owned()),
                distribution: Some(distribution(entries.into_iter())),
            }
        };
        v1::HealthCut {
            dimension: (*dimension).into(),
            rows: groups.into_iter().map(row).collect(),
        }
    };
    Ok(dimensions.iter().map(cut).collect())
}
