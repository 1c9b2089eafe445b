//! Pipeline velocity, computed from the files.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use crate::answer::{Cut, Dwell, Row, StageVelocity, Stalled, Usd, Velocity, VelocityFigures};
use crate::arithmetic::{mean, percentile, quotient, scaled};
use crate::export::{Deal, Key};
use crate::funnel::{STAGES, stage_at, team_of};
use crate::question::{Dimension, Period, VelocityQuestion};

const SECONDS_PER_DAY: u32 = 86_400;

/// What opportunities have to do with the question.
#[derive(Debug, Default, Clone)]
struct Heap<'a> {
    /// Open at the instant asked about.
    open: Vec<&'a Deal>,
    /// Won in the look-back, with the sum.
    won: Vec<(&'a Deal, Decimal)>,
    /// Lost in the look-back.
    lost: Vec<&'a Deal>,
}

impl Heap<'_> {
    fn is_empty(&self) -> bool {
        self.open.is_empty() && self.won.is_empty() && self.lost.is_empty()
    }
}

/// When the answer is measured, and what taught it.
struct Measured<'a> {
    at: DateTime<Utc>,
    look_back: Period,
    deals: &'a [Deal],
    /// Won and closed of those that reached each stage.
    taught: [(u32, u32); STAGES.len()],
}

/// The answer, with what had happened by an instant.
pub(crate) fn velocity(deals: &[Deal], question: &VelocityQuestion, at: DateTime<Utc>) -> Velocity {
    let look_back = Period::days_before(question.look_back_days.into(), at);
    let mut measured = Measured {
        at,
        look_back,
        deals,
        taught: Default::default(),
    };
    let whole = measured.heap(deals);
    for (stage, taught) in measured.taught.iter_mut().enumerate() {
        // What is won has reached every stage.
        let won = count(&whole.won);
        let is_reached = |deal: &&&Deal| stage == 0 || deal.engaged_at.is_some();
        *taught = (won, won + count(whole.lost.iter().filter(is_reached)));
    }
    let stages: Vec<_> = (0..STAGES.len())
        .map(|stage| measured.stage(stage, &whole))
        .collect();
    let mut stalled: Vec<_> = (0..STAGES.len())
        .flat_map(|stage| measured.stalled(stage, &whole, &stages[stage]))
        .collect();
    // Longest over the 90 % first.
    stalled.sort_by(|a, b| {
        over(b)
            .total_cmp(&over(a))
            .then(a.opportunity_id.cmp(&b.opportunity_id))
    });
    Velocity {
        answered_from: None,
        sales_process_id: "crm".to_owned(),
        look_back_from: look_back.from.unwrap(),
        look_back_to: at,
        overall: measured.figures(&whole),
        cuts: question.by.iter().map(|&by| measured.cut(by)).collect(),
        stalled_count: count(&stalled),
        stalled,
        stages,
    }
}

/// By how many days a stalled opportunity is over its stage's limit.
pub(crate) fn over(stalled: &Stalled) -> f64 {
    stalled.days_in_stage - stalled.p90_days
}

impl<'a> Measured<'a> {
    fn heap(&self, deals: impl IntoIterator<Item = &'a Deal>) -> Heap<'a> {
        let mut heap = Heap::default();
        for deal in deals {
            if deal.is_open_at(self.at) {
                heap.open.push(deal);
            }
            let closed = deal.closed_by(self.at);
            if let Some(closed) = closed.filter(|closed| self.look_back.holds(closed.at)) {
                match closed.won {
                    Some(amount) => heap.won.push((deal, amount)),
                    None => heap.lost.push(deal),
                }
            }
        }
        heap
    }

    fn figures(&self, heap: &Heap) -> VelocityFigures {
        let (open, won, lost) = (count(&heap.open), count(&heap.won), count(&heap.lost));
        let won_amount: Decimal = heap.won.iter().map(|&(_, amount)| amount).sum();
        let cycles: Vec<f64> = heap.won.iter().map(|(deal, _)| cycle(deal)).collect();
        // To the second, which is exact: the files tell only days.
        let cycle_seconds: i64 = heap.won.iter().map(|(deal, _)| cycle_seconds(deal)).sum();
        let cycle_days = Decimal::from(cycle_seconds) / Decimal::from(SECONDS_PER_DAY);
        let forecast = self.forecast(&heap.open);
        let per_day = |money: Decimal| {
            (!cycle_days.is_zero()).then(|| money * Decimal::from(won) / cycle_days)
        };
        // open × won / closed × amount / won, by the days: divided only once at the end.
        let common = scaled(won_amount * Decimal::from(open), 1, won + lost);
        VelocityFigures {
            open_count: open,
            open_amount: Some(Usd::rounded(
                heap.open.iter().map(|deal| deal.list_price).sum(),
            )),
            without_amount_count: 0,
            other_currency_count: 0,
            won,
            lost,
            win_rate: quotient(won, won + lost),
            average_won_amount: scaled(won_amount, 1, won).map(Usd::rounded),
            average_cycle_days: mean(&cycles),
            median_cycle_days: percentile(&cycles, 0.5),
            forecast: forecast.map(Usd::rounded),
            velocity_per_day: forecast.and_then(per_day).map(Usd::rounded),
            common_velocity_per_day: common.and_then(per_day).map(Usd::rounded),
        }
    }

    /// What the open ones are worth, each by the chance of its stage; none if one is in a stage
    /// that nothing is known of.
    fn forecast(&self, open: &[&Deal]) -> Option<Decimal> {
        let mut sum = Decimal::ZERO;
        for (stage, &(won, closed)) in self.taught.iter().enumerate() {
            let here: Vec<_> = open
                .iter()
                .filter(|deal| stage_at(deal, self.at).0 == stage)
                .collect();
            let amount: Decimal = here.iter().map(|deal| deal.list_price).sum();
            if !here.is_empty() {
                sum += scaled(amount, won, closed)?;
            }
        }
        Some(sum)
    }

    fn stage(&self, stage: usize, whole: &Heap) -> StageVelocity {
        let (id, name) = STAGES[stage];
        let (won, closed) = self.taught[stage];
        let here: Vec<_> = whole
            .open
            .iter()
            .copied()
            .filter(|deal| stage_at(deal, self.at).0 == stage)
            .collect();
        let visits: Vec<f64> = self
            .deals
            .iter()
            .filter_map(|deal| self.visit(deal, stage))
            .collect();
        let mut figures = StageVelocity {
            stage_id: id.to_owned(),
            name: name.to_owned(),
            closed,
            won,
            win_probability: quotient(won, closed),
            open_count: count(&here),
            open_amount: Some(Usd::rounded(here.iter().map(|deal| deal.list_price).sum())),
            forecast: self.forecast(&here).map(Usd::rounded),
            dwell: Some(Dwell {
                visits: count(&visits),
                mean_days: mean(&visits),
                median_days: percentile(&visits, 0.5),
                p90_days: percentile(&visits, 0.9),
            }),
            stalled_count: 0,
        };
        figures.stalled_count = count(self.stalled(stage, whole, &figures));
        figures
    }

    /// How long the opportunity was in the stage, if it was and left it in the look-back: for the
    /// next stage or by closing. Who passes through at one instant was there for no time.
    fn visit(&self, deal: &Deal, stage: usize) -> Option<f64> {
        let closed_at = deal.closed_by(self.at).map(|closed| closed.at);
        let engaged_at = deal.engaged_at.filter(|&engaged_at| engaged_at < self.at);
        let (since, until) = match stage {
            0 => (deal.registered_at, engaged_at.or(closed_at)?),
            _ => (engaged_at?, closed_at?),
        };
        self.look_back.holds(until).then(|| days(since, until))
    }

    /// Those that have been in the stage for longer than 90 % of its visits lasted.
    fn stalled(&self, stage: usize, whole: &Heap, figures: &StageVelocity) -> Vec<Stalled> {
        let Some(p90_days) = figures.dwell.as_ref().and_then(|dwell| dwell.p90_days) else {
            return vec![];
        };
        let here = whole
            .open
            .iter()
            .map(|deal| (deal, stage_at(deal, self.at)));
        here.filter(|(_, (at, since))| *at == stage && days(*since, self.at) > p90_days)
            .map(|(deal, (_, since))| Stalled {
                opportunity_id: deal.id.clone(),
                name: deal.name.clone(),
                stage_id: STAGES[stage].0.to_owned(),
                rep_id: deal.key(Dimension::Rep).id.clone(),
                amount: Some(Usd::rounded(deal.list_price)),
                in_stage_since: since,
                days_in_stage: days(since, self.at),
                p90_days,
            })
            .collect()
    }

    /// A row for each value of which anything is to be told.
    fn cut(&self, by: Dimension) -> Cut<VelocityFigures> {
        let of_teams: BTreeMap<String, VelocityFigures> = match by {
            Dimension::Rep => {
                let teams = self.by_value(Dimension::Team).into_iter();
                teams.map(|(key, figures)| (key.id, figures)).collect()
            }
            _ => BTreeMap::new(),
        };
        let rows = self.by_value(by).into_iter().map(|(key, figures)| {
            let team_id = team_of(self.deals, by, &key);
            Row {
                team_figures: team_id.as_ref().map(|team_id| of_teams[team_id].clone()),
                team_id: team_id.unwrap_or_default(),
                key: key.id,
                label: key.label,
                figures,
            }
        });
        Cut {
            dimension: by.name(),
            rows: rows.collect(),
        }
    }

    fn by_value(&self, by: Dimension) -> BTreeMap<Key, VelocityFigures> {
        let mut by_value: BTreeMap<&Key, Vec<&Deal>> = BTreeMap::new();
        for deal in self.deals {
            by_value.entry(deal.key(by)).or_default().push(deal);
        }
        let heaps = by_value
            .into_iter()
            .map(|(key, deals)| (key, self.heap(deals)));
        heaps
            .filter(|(_, heap)| !heap.is_empty())
            .map(|(key, heap)| (key.clone(), self.figures(&heap)))
            .collect()
    }
}

/// From creation to winning.
fn cycle(won: &Deal) -> f64 {
    days(won.registered_at, won.closed.as_ref().unwrap().at)
}

fn cycle_seconds(won: &Deal) -> i64 {
    (won.closed.as_ref().unwrap().at - won.registered_at).num_seconds()
}

fn days(since: DateTime<Utc>, until: DateTime<Utc>) -> f64 {
    (until - since).as_seconds_f64() / f64::from(SECONDS_PER_DAY)
}

fn count<T>(items: impl IntoIterator<Item = T>) -> u32 {
    u32::try_from(items.into_iter().count()).unwrap()
}
