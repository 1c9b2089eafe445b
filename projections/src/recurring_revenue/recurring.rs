//! What recurs, line by line, as a request picks it; and the MRR that it comes to.

use std::collections::{BTreeMap, HashMap};

use event_schemas::vocabulary::{Currency, TenantId};
use figures::recurring_revenue::{Mrr, Segment};
use proto::v1::{RevenueDimension, RevenueFilter};

use crate::QueryError;
use crate::asked::text;
use crate::calendar::day_of;
use crate::engine::db::{Row, Session, Value};

/// Values that all filters of a request may name together.
const MAX_FILTER_KEYS: usize = 1_000;

/// What a line of a contract brings for a time, and by what it is told apart.
#[derive(Debug)]
pub(super) struct Recurring {
    customer_id: String,
    customer_name: Option<String>,
    industry: String,
    country: String,
    product_id: String,
    product_name: Option<String>,
    segment: Segment,
}

/// Which of it a request picks.
#[derive(Debug, Default)]
pub(super) struct Picked {
    conditions: String,
    /// From `$3` on.
    values: Vec<Value>,
}

impl Picked {
    /// Reads the filters of a request.
    pub(super) fn new(filters: &[RevenueFilter]) -> Result<Self, QueryError> {
        let key_count: usize = filters.iter().map(|filter| filter.keys.len()).sum();
        if key_count > MAX_FILTER_KEYS {
            let why = format!("name more than {MAX_FILTER_KEYS} keys");
            return Err(invalid("filters", &why));
        }
        let mut picked = Self::default();
        for (at, filter) in filters.iter().enumerate() {
            let field = format!("filters[{at}]");
            let dimension = dimension(filter.dimension, &format!("{field}.dimension"))?;
            if filter.keys.is_empty() {
                return Err(invalid(&format!("{field}.keys"), "must name at least one"));
            }
            let mut places = Vec::new();
            for (at, key) in filter.keys.iter().enumerate() {
                let key = text(key, &format!("{field}.keys[{at}]"))?;
                picked.values.push(key.into());
                places.push(format!("${}", picked.values.len() + 2));
            }
            let column = match dimension {
                RevenueDimension::Customer | RevenueDimension::Unspecified => "c.customer_id",
                RevenueDimension::Industry => "COALESCE(customer.industry, '')",
                RevenueDimension::Country => "COALESCE(customer.country, '')",
                RevenueDimension::Product => "r.product_id",
            };
            let condition = format!(" AND {column} IN ({})", places.join(", "));
            picked.conditions.push_str(&condition);
        }
        Ok(picked)
    }

    /// All that recurs in a currency, and is picked.
    pub(super) async fn load(
        self,
        session: &mut Session,
        tenant: &TenantId,
        currency: Currency,
    ) -> Result<Vec<Recurring>, QueryError> {
        let sql = include_str!("recurring.sql").replace("$conditions", &self.conditions);
        let mut values = vec![tenant.as_str().into(), currency.code().into()];
        values.extend(self.values);
        let rows = session.rows(&sql, &values).await?;
        let rows: Result<_, sqlx::Error> = rows.iter().map(Recurring::read).collect();
        Ok(rows?)
    }
}

impl Recurring {
    fn read(row: &Row) -> Result<Self, sqlx::Error> {
        let segment = Segment {
            from_on: day_of(row.int(6)?.unwrap_or_default()),
            to_on: row.int(7)?.map(day_of),
            monthly_minor: row.int(8)?.unwrap_or_default(),
        };
        Ok(Self {
            customer_id: row.text(0)?.unwrap_or_default(),
            customer_name: row.text(1)?,
            industry: row.text(2)?.unwrap_or_default(),
            country: row.text(3)?.unwrap_or_default(),
            product_id: row.text(4)?.unwrap_or_default(),
            product_name: row.text(5)?,
            segment: segment.before(row.int(9)?.map(day_of)),
        })
    }

    /// What it is in a dimension, and how people call that.
    fn key(&self, dimension: RevenueDimension) -> (&str, &str) {
        match dimension {
            RevenueDimension::Customer | RevenueDimension::Unspecified => {
                let name = self.customer_name.as_deref();
                (&self.customer_id, name.unwrap_or(&self.customer_id))
            }
            RevenueDimension::Industry => (&self.industry, &self.industry),
            RevenueDimension::Country => (&self.country, &self.country),
            RevenueDimension::Product => {
                let name = self.product_name.as_deref();
                (&self.product_id, name.unwrap_or(&self.product_id))
            }
        }
    }
}

/// The MRR of each customer that has some.
pub(super) fn of_customers<'a>(recurring: impl IntoIterator<Item = &'a Recurring>) -> Vec<Mrr> {
    let mut segments: HashMap<&str, Vec<Segment>> = HashMap::new();
    for one in recurring {
        let of_customer = segments.entry(&one.customer_id).or_default();
        of_customer.push(one.segment);
    }
    segments.into_values().map(Mrr::of).collect()
}

/// What recurs by the values of a dimension: key and label, in the order of the labels; what has no
/// key comes last.
pub(super) fn by(
    recurring: &[Recurring],
    dimension: RevenueDimension,
) -> Vec<(&str, &str, Vec<&Recurring>)> {
    let mut rows: BTreeMap<_, Vec<&Recurring>> = BTreeMap::new();
    for one in recurring {
        let (key, label) = one.key(dimension);
        let place = (key.is_empty(), label, key);
        rows.entry(place).or_default().push(one);
    }
    let row = |((_, label, key), of)| (key, label, of);
    rows.into_iter().map(row).collect()
}

/// The dimensions of a request, each named once.
pub(super) fn dimensions(asked: &[i32]) -> Result<Vec<RevenueDimension>, QueryError> {
    let mut dimensions = Vec::new();
    for (at, asked) in asked.iter().enumerate() {
        let field = format!("cut_by[{at}]");
        let dimension = dimension(*asked, &field)?;
        if dimensions.contains(&dimension) {
            return Err(invalid(&field, "is named twice"));
        }
        dimensions.push(dimension);
    }
    Ok(dimensions)
}

fn dimension(asked: i32, field: &str) -> Result<RevenueDimension, QueryError> {
    match RevenueDimension::try_from(asked) {
        Ok(RevenueDimension::Unspecified) | Err(_) => Err(invalid(field, "is no dimension")),
        Ok(dimension) => Ok(dimension),
    }
}

pub(super) fn invalid(field: &str, description: &str) -> QueryError {
    QueryError::Invalid {
        field: field.to_owned(),
        description: description.to_owned(),
    }
}
