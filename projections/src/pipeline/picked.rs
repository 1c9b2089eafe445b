//! The opportunities that a request picks, and the dimensions they are cut by.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use event_schemas::vocabulary::TenantId;
use proto::v1::{CutFilter, Dimension};

use super::Process;
use crate::QueryError;
use crate::asked::text;
use crate::engine::db::{Row, Session, Value};

/// Values that all filters of a request may name together.
const MAX_FILTER_KEYS: usize = 1_000;

/// The dimensions that are a column of an opportunity, in the order of the columns. PRODUCT is none:
/// an opportunity may have several.
const COLUMNS: [(Dimension, &str); 6] = [
    (Dimension::Rep, "rep_id"),
    (Dimension::Team, "team_id"),
    (Dimension::Source, "source"),
    (Dimension::Region, "region"),
    (Dimension::Industry, "industry"),
    (Dimension::Kind, "kind"),
];

/// Values of those columns; none where it has none, or where nobody asked.
pub(crate) type Dims = [Option<String>; COLUMNS.len()];

/// What a request picks.
#[derive(Debug)]
pub(crate) struct Picked {
    /// `WITH … picked AS (…)`: `opportunity_id`, the columns above, and those of `opportunity`.
    with: String,
    /// `$1` is the tenant, `$2` the sales process, `$3` the instant asked about.
    values: Vec<Value>,
    /// The dimensions whose columns are worth working out.
    needed: Vec<Dimension>,
    /// The dimensions asked for, in that order.
    pub(crate) cut_by: Vec<Dimension>,
    /// What the team beside a rep is told of, where it is not these: a team is whole, whichever reps
    /// are asked for.
    of_teams: Option<Box<Picked>>,
}

/// What is counted of the picked opportunities.
pub(crate) struct Measure<'a> {
    /// More common table expressions, each beginning with a comma.
    pub(crate) with: String,
    /// More to join to `picked`.
    pub(crate) join: &'a str,
    /// Columns by which to group, beside the dimensions.
    pub(crate) by: &'a str,
    /// Aggregates.
    pub(crate) of: String,
    /// Which of the picked; values from `$first` on.
    pub(crate) condition: String,
    /// Those values.
    pub(crate) values: &'a [Value],
}

impl Picked {
    /// Reads the cuts and filters of a request.
    pub(crate) fn new(
        tenant: &TenantId,
        process: &Process,
        at: DateTime<Utc>,
        cut_by: &[i32],
        filters: &[CutFilter],
    ) -> Result<Self, QueryError> {
        let cut_by = dimensions(cut_by)?;
        let key_count: usize = filters.iter().map(|filter| filter.keys.len()).sum();
        if key_count > MAX_FILTER_KEYS {
            return Err(invalid(
                "filters",
                &format!("name more than {MAX_FILTER_KEYS} keys"),
            ));
        }
        let mut values: Vec<Value> = vec![
            tenant.as_str().into(),
            process.id.as_str().into(),
            at.timestamp_micros().into(),
        ];
        let mut needed = cut_by.clone();
        // A rep stands beside the team.
        if needed.contains(&Dimension::Rep) {
            needed.push(Dimension::Team);
        }
        let mut conditions = String::new();
        for (at, filter) in filters.iter().enumerate() {
            let field = format!("filters[{at}]");
            let dimension = dimension(filter.dimension, &format!("{field}.dimension"))?;
            if filter.keys.is_empty() {
                return Err(invalid(&format!("{field}.keys"), "must name at least one"));
            }
            needed.push(dimension);
            let mut places = Vec::new();
            for (at, key) in filter.keys.iter().enumerate() {
                values.push(text(key, &format!("{field}.keys[{at}]"))?.into());
                places.push(format!("${}", values.len()));
            }
            let places = places.join(", ");
            conditions.push_str(&match column(dimension) {
                Some(column) => format!(" AND COALESCE({column}, '') IN ({places})"),
                None => format!(
                    " AND {}",
                    include_str!("of_product.sql").replace("$keys", &places)
                ),
            });
        }
        let is_by_rep = |filter: &&CutFilter| filter.dimension == i32::from(Dimension::Rep);
        let mut of_teams = None;
        if cut_by.contains(&Dimension::Rep) && filters.iter().any(|filter| is_by_rep(&filter)) {
            let others = filters.iter().filter(|filter| !is_by_rep(filter));
            let others: Vec<CutFilter> = others.cloned().collect();
            let cut_by = [Dimension::Team.into()];
            of_teams = Some(Box::new(Self::new(tenant, process, at, &cut_by, &others)?));
        }
        let with = with(&needed, &conditions);
        Ok(Self {
            with,
            values,
            needed,
            cut_by,
            of_teams,
        })
    }

    /// What the team beside a rep is told of, where it is not these.
    pub(crate) fn of_teams(&self) -> Option<&Self> {
        self.of_teams.as_deref()
    }

    /// The condition that an instant lies in a period: the measure's two values.
    pub(crate) fn in_period(&self, column: &str) -> String {
        let (from, to) = (self.first_value(), self.first_value() + 1);
        format!("{column} >= ${from} AND {column} < ${to}")
    }

    /// The number of the first parameter that a measure's values have.
    pub(crate) fn first_value(&self) -> usize {
        self.values.len() + 1
    }

    /// Counts by all dimensions at once but PRODUCT. Each row begins with the measure's columns.
    pub(crate) async fn cells(
        &self,
        session: &mut Session,
        measure: &Measure<'_>,
    ) -> Result<Vec<(Dims, Row)>, QueryError> {
        let dims: Vec<&str> = COLUMNS.iter().map(|(_, column)| *column).collect();
        let rows = self
            .measured(session, &dims.join(", "), "", measure)
            .await?;
        rows.into_iter()
            .map(|row| Ok((read_dims(&row)?, row)))
            .collect()
    }

    /// Counts by product. Each row begins with the measure's columns.
    pub(crate) async fn product_cells(
        &self,
        session: &mut Session,
        measure: &Measure<'_>,
    ) -> Result<Vec<(Option<String>, Row)>, QueryError> {
        let join = "LEFT JOIN opportunity_product ON opportunity_product.tenant = $1 \
                    AND opportunity_product.opportunity_id = picked.opportunity_id";
        let rows = self.measured(session, "product_id", join, measure).await?;
        rows.into_iter()
            .map(|row| Ok((row.text(row.len() - 1)?, row)))
            .collect()
    }

    async fn measured(
        &self,
        session: &mut Session,
        columns: &str,
        join: &str,
        measure: &Measure<'_>,
    ) -> Result<Vec<Row>, QueryError> {
        let Measure {
            with,
            join: more_join,
            by,
            of,
            condition,
            values: more,
        } = measure;
        let sql = format!(
            "{}{with} SELECT {by}, {of}, {columns} FROM picked {join} {more_join} \
             WHERE {condition} GROUP BY {by}, {columns}",
            self.with
        );
        self.rows(session, &sql, more).await
    }

    /// Asks anything of `picked`: `SELECT …`.
    pub(crate) async fn select(
        &self,
        session: &mut Session,
        select: &str,
        more: &[Value],
    ) -> Result<Vec<Row>, QueryError> {
        self.rows(session, &format!("{} {select}", self.with), more)
            .await
    }

    async fn rows(
        &self,
        session: &mut Session,
        sql: &str,
        more: &[Value],
    ) -> Result<Vec<Row>, QueryError> {
        let mut values = self.values.clone();
        values.extend_from_slice(more);
        Ok(session.rows(sql, &values).await?)
    }

    /// Whether a cut, or the team beside a rep, is asked for.
    fn cuts(&self) -> impl Iterator<Item = Dimension> {
        COLUMNS
            .iter()
            .map(|(dimension, _)| *dimension)
            .filter(|d| self.needed.contains(d))
    }

    /// The keys of one cell by the dimensions that are worth it.
    pub(crate) fn keys<'a>(&self, dims: &'a Dims) -> Vec<(Dimension, &'a Option<String>)> {
        self.cuts()
            .filter_map(|dimension| {
                let at = COLUMNS
                    .iter()
                    .position(|(column, _)| *column == dimension)?;
                Some((dimension, dims.get(at)?))
            })
            .collect()
    }

    /// Whether products are asked for.
    pub(crate) fn by_product(&self) -> bool {
        self.cut_by.contains(&Dimension::Product)
    }
}

fn read_dims(row: &Row) -> Result<Dims, QueryError> {
    let mut dims = Dims::default();
    for (dim, at) in dims.iter_mut().zip(row.len() - COLUMNS.len()..) {
        *dim = row.text(at)?;
    }
    Ok(dims)
}

fn column(dimension: Dimension) -> Option<&'static str> {
    COLUMNS
        .iter()
        .find(|(column, _)| *column == dimension)
        .map(|(_, column)| *column)
}

/// The common table expressions. What nobody asked for is not worked out.
fn with(needed: &[Dimension], conditions: &str) -> String {
    let needs = |dimension| needed.contains(&dimension);
    let none = "CAST(NULL AS TEXT)";
    let team = match needs(Dimension::Team) || needs(Dimension::Region) {
        true => include_str!("team_of.sql"),
        false => none,
    };
    let region = if needs(Dimension::Region) {
        include_str!("region_of.sql")
    } else {
        none
    };
    let industry = if needs(Dimension::Industry) {
        include_str!("industry_of.sql")
    } else {
        none
    };
    include_str!("picked.sql")
        .replace("$team_of", team)
        .replace("$region_of", region)
        .replace("$industry_of", industry)
        .replace("$conditions", conditions)
}

fn invalid(field: &str, description: &str) -> QueryError {
    QueryError::Invalid {
        field: field.to_owned(),
        description: description.to_owned(),
    }
}

fn dimension(asked: i32, field: &str) -> Result<Dimension, QueryError> {
    match Dimension::try_from(asked) {
        Ok(Dimension::Unspecified) | Err(_) => Err(invalid(field, "is no dimension")),
        Ok(dimension) => Ok(dimension),
    }
}

fn dimensions(asked: &[i32]) -> Result<Vec<Dimension>, QueryError> {
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

/// Names for people, and who is in which team at the instant asked about.
#[derive(Debug, Default)]
pub(crate) struct Labels {
    names: HashMap<(Dimension, String), String>,
    teams: HashMap<String, String>,
}

impl Labels {
    pub(crate) async fn load(
        session: &mut Session,
        tenant: &TenantId,
        at: DateTime<Utc>,
        cut_by: &[Dimension],
    ) -> Result<Self, QueryError> {
        let mut labels = Self::default();
        for (dimension, sql) in [
            (
                Dimension::Rep,
                "SELECT rep_id, name FROM rep WHERE tenant = $1",
            ),
            (
                Dimension::Team,
                "SELECT team_id, name FROM team WHERE tenant = $1",
            ),
            (
                Dimension::Product,
                "SELECT product_id, name FROM product WHERE tenant = $1",
            ),
        ] {
            if cut_by.contains(&dimension) {
                for row in session.rows(sql, &[tenant.as_str().into()]).await? {
                    if let Some((id, name)) = row.text(0)?.zip(row.text(1)?) {
                        labels.names.insert((dimension, id), name);
                    }
                }
            }
        }
        if cut_by.contains(&Dimension::Rep) {
            let sql = "SELECT rep_id, team_id FROM membership WHERE tenant = $1 AND from_at <= $2 \
                       AND (to_at IS NULL OR to_at > $2) ORDER BY rep_id, from_at, team_id DESC";
            let values = [tenant.as_str().into(), at.timestamp_micros().into()];
            for row in session.rows(sql, &values).await? {
                if let Some((rep, team)) = row.text(0)?.zip(row.text(1)?) {
                    labels.teams.insert(rep, team);
                }
            }
        }
        Ok(labels)
    }

    /// The name of what has a key; the key itself where it has no name.
    fn name(&self, dimension: Dimension, key: &str) -> String {
        let known = self.names.get(&(dimension, key.to_owned()));
        known.map_or_else(|| key.to_owned(), Clone::clone)
    }

    /// Rows with key and label in the order of their labels; what has no key comes last.
    pub(crate) fn in_order<'a, T>(
        &self,
        dimension: Dimension,
        rows: impl Iterator<Item = (&'a Option<String>, &'a T)>,
    ) -> Vec<(&'a str, String, &'a T)> {
        let mut rows: Vec<_> = rows
            .map(|(key, row)| {
                let key = key.as_deref().unwrap_or_default();
                (key, self.name(dimension, key), row)
            })
            .collect();
        rows.sort_by(|(a, named_a, _), (b, named_b, _)| {
            (a.is_empty(), named_a, a).cmp(&(b.is_empty(), named_b, b))
        });
        rows
    }

    /// The team a rep is in.
    pub(crate) fn team_of(&self, rep_id: &str) -> Option<&str> {
        self.teams.get(rep_id).map(String::as_str)
    }
}

/// What belongs to each key of each dimension, gathered cell by cell.
pub(crate) struct Gathered<T> {
    pub(crate) overall: T,
    by: HashMap<Dimension, BTreeMap<Option<String>, T>>,
    empty: T,
}

impl<T: Clone> Gathered<T> {
    pub(crate) fn new(empty: T) -> Self {
        Self {
            overall: empty.clone(),
            by: HashMap::new(),
            empty,
        }
    }

    /// Adds a cell to one key.
    pub(crate) fn at(&mut self, dimension: Dimension, key: Option<String>) -> &mut T {
        let rows = self.by.entry(dimension).or_default();
        rows.entry(key).or_insert_with(|| self.empty.clone())
    }

    /// What belongs to a key.
    pub(crate) fn get(&self, dimension: Dimension, key: Option<&str>) -> Option<&T> {
        self.by.get(&dimension)?.get(&key.map(str::to_owned))
    }

    /// The rows of a dimension.
    pub(crate) fn rows(
        &self,
        dimension: Dimension,
    ) -> impl Iterator<Item = (&Option<String>, &T)> + use<'_, T> {
        self.by.get(&dimension).into_iter().flatten()
    }
}
