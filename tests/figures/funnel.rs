//! Funnel conversion, computed from the files.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use crate::answer::{Cut, Funnel, FunnelFigures, Row, StageConversion, StageDistribution, Usd};
use crate::arithmetic::quotient;
use crate::export::{Deal, Key};
use crate::question::{Dimension, FunnelQuestion, Mode};

/// Id and name of each stage, in order.
pub(crate) const STAGES: [(&str, &str); 2] =
    [("prospecting", "Prospecting"), ("engaging", "Engaging")];

/// What one opportunity, or several, add to the figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Tally {
    created: u32,
    open: u32,
    won: u32,
    lost: u32,
    reached: [u32; STAGES.len()],
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.created += other.created;
        self.open += other.open;
        self.won += other.won;
        self.lost += other.lost;
        for (mine, others) in self.reached.iter_mut().zip(other.reached) {
            *mine += others;
        }
    }
}

impl Tally {
    /// What an opportunity adds, as it stood at an instant.
    fn of(deal: &Deal, question: &FunnelQuestion, at: DateTime<Utc>) -> Self {
        let known = |instant: Option<DateTime<Utc>>| instant.filter(|&instant| instant < at);
        let Some(created_at) = known(Some(deal.registered_at)) else {
            return Self::default();
        };
        let closed = deal.closed_by(at);
        let won_at = closed
            .filter(|closed| closed.won.is_some())
            .map(|closed| closed.at);
        let lost_at = closed
            .filter(|closed| closed.won.is_none())
            .map(|closed| closed.at);
        // What is won has reached every stage, then if not before.
        let engaged_at = known(deal.engaged_at).or(won_at);

        let is_created = question.period.holds(created_at);
        let counts = |instant: Option<DateTime<Utc>>| match question.mode {
            Mode::Cohort => u32::from(is_created && instant.is_some()),
            Mode::Period => u32::from(instant.is_some_and(|at| question.period.holds(at))),
        };
        Self {
            created: u32::from(is_created),
            open: u32::from(is_created && closed.is_none()),
            won: counts(won_at),
            lost: counts(lost_at),
            reached: [counts(Some(created_at)), counts(engaged_at)],
        }
    }

    fn figures(self) -> FunnelFigures {
        let [first, ..] = self.reached;
        // Behind the last stage comes winning.
        let next = self.reached.into_iter().skip(1).chain([self.won]);
        let stages = STAGES.iter().zip(self.reached).zip(next);
        FunnelFigures {
            created: self.created,
            open: self.open,
            won: self.won,
            lost: self.lost,
            conversion: quotient(self.won, self.created),
            win_rate: quotient(self.won, self.won + self.lost),
            stages: stages
                .map(|((&(id, name), reached), next)| StageConversion {
                    stage_id: id.to_owned(),
                    name: name.to_owned(),
                    reached,
                    conversion_to_next: quotient(next, reached),
                    share_of_created: quotient(reached, first),
                })
                .collect(),
        }
    }
}

/// The answer, with what had happened by an instant.
pub(crate) fn funnel(deals: &[Deal], question: &FunnelQuestion, at: DateTime<Utc>) -> Funnel {
    let mut overall = Tally::default();
    for deal in deals {
        overall += Tally::of(deal, question, at);
    }
    Funnel {
        answered_from: None,
        sales_process_id: "crm".to_owned(),
        mode: question.mode.name().to_owned(),
        from: question.period.from,
        to: Some(question.period.to.unwrap_or(at)),
        overall: overall.figures(),
        cuts: question
            .by
            .iter()
            .map(|&by| cut(deals, question, at, by))
            .collect(),
        distribution: distribution(deals, at),
    }
}

/// A row for each value of which anything is to be told.
fn cut(
    deals: &[Deal],
    question: &FunnelQuestion,
    at: DateTime<Utc>,
    by: Dimension,
) -> Cut<FunnelFigures> {
    let tallies = tallies(deals, question, at, by);
    let of_teams = tallies_by_id(deals, question, at);
    let rows = tallies.into_iter().map(|(key, tally)| {
        let team_id = team_of(deals, by, &key);
        Row {
            team_figures: team_id.as_ref().map(|team_id| of_teams[team_id].figures()),
            team_id: team_id.unwrap_or_default(),
            key: key.id,
            label: key.label,
            figures: tally.figures(),
        }
    });
    Cut {
        dimension: by.name(),
        rows: rows.collect(),
    }
}

fn tallies(
    deals: &[Deal],
    question: &FunnelQuestion,
    at: DateTime<Utc>,
    by: Dimension,
) -> BTreeMap<Key, Tally> {
    let mut tallies: BTreeMap<Key, Tally> = BTreeMap::new();
    for deal in deals {
        let tally = Tally::of(deal, question, at);
        if tally != Tally::default() {
            *tallies.entry(deal.key(by).clone()).or_default() += tally;
        }
    }
    tallies
}

fn tallies_by_id(
    deals: &[Deal],
    question: &FunnelQuestion,
    at: DateTime<Utc>,
) -> BTreeMap<String, Tally> {
    let of_teams = tallies(deals, question, at, Dimension::Team);
    of_teams
        .into_iter()
        .map(|(key, tally)| (key.id, tally))
        .collect()
}

/// The team of a rep; nobody else has one. Here nobody ever changes teams.
pub(crate) fn team_of(deals: &[Deal], by: Dimension, key: &Key) -> Option<String> {
    let of_rep = deals
        .iter()
        .find(|deal| by == Dimension::Rep && deal.key(by) == key);
    of_rep.map(|deal| deal.key(Dimension::Team).id.clone())
}

/// The stage an open opportunity is in at an instant, as its place in the process, and since when.
pub(crate) fn stage_at(deal: &Deal, at: DateTime<Utc>) -> (usize, DateTime<Utc>) {
    match deal.engaged_at.filter(|&engaged_at| engaged_at < at) {
        Some(engaged_at) => (1, engaged_at),
        None => (0, deal.registered_at),
    }
}

fn distribution(deals: &[Deal], at: DateTime<Utc>) -> Vec<StageDistribution> {
    let mut by_stage = [(0_u32, Decimal::ZERO); STAGES.len()];
    for deal in deals.iter().filter(|deal| deal.is_open_at(at)) {
        let (count, amount) = &mut by_stage[stage_at(deal, at).0];
        *count += 1;
        *amount += deal.list_price;
    }
    let open: u32 = by_stage.iter().map(|&(count, _)| count).sum();
    let stages = STAGES.iter().zip(by_stage);
    stages
        .map(|(&(id, name), (count, amount))| StageDistribution {
            stage_id: id.to_owned(),
            name: name.to_owned(),
            open_count: count,
            open_amount: Some(Usd::rounded(amount)),
            share: quotient(count, open),
            ..StageDistribution::default()
        })
        .collect()
}
