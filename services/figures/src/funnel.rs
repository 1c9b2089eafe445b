//! Funnel conversion: how many opportunities reach each stage, and how many are won.

use crate::rate;

/// What became of an opportunity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Nothing yet.
    Open,
    /// It was won.
    Won,
    /// It was lost.
    Lost,
}

/// A number of opportunities that came equally far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    /// Rank of the furthest stage they were in: 0 is the first. None if they were in no stage that
    /// the sales process knows.
    pub furthest: Option<usize>,
    /// What became of them.
    pub outcome: Outcome,
    /// How many they are.
    pub count: u64,
}

/// Counts of a funnel. The stages are those of the sales process, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Funnel {
    /// Opportunities created.
    pub created: u64,
    /// Still open.
    pub open: u64,
    /// Won.
    pub won: u64,
    /// Lost.
    pub lost: u64,
    /// By stage: opportunities whose furthest stage is that one or later. A skipped stage counts as
    /// passed; a won opportunity reached all.
    pub reached: Vec<u64>,
}

impl Funnel {
    /// A funnel of so many stages in which nothing is.
    pub fn empty(stages: usize) -> Self {
        Self {
            reached: vec![0; stages],
            ..Self::default()
        }
    }

    /// Counts one group of a cohort.
    pub fn add(&mut self, group: Group) {
        self.created += group.count;
        match group.outcome {
            Outcome::Open => self.open += group.count,
            Outcome::Won => self.won += group.count,
            Outcome::Lost => self.lost += group.count,
        }
        let passed = match (group.outcome, group.furthest) {
            (Outcome::Won, _) => self.reached.len(),
            (_, Some(rank)) => rank + 1,
            (_, None) => 0,
        };
        for reached in self.reached.iter_mut().take(passed) {
            *reached += group.count;
        }
    }

    /// `won / created`.
    pub fn conversion(&self) -> Option<f64> {
        rate(self.won, self.created)
    }

    /// `won / (won + lost)`.
    pub fn win_rate(&self) -> Option<f64> {
        rate(self.won, self.won + self.lost)
    }

    /// `reached(next stage) / reached(this stage)`; of the last stage `won / reached`.
    pub fn conversion_to_next(&self, rank: usize) -> Option<f64> {
        let here = *self.reached.get(rank)?;
        rate(
            self.reached.get(rank + 1).copied().unwrap_or(self.won),
            here,
        )
    }

    /// `reached(this stage) / reached(first stage)`.
    pub fn share_of_first(&self, rank: usize) -> Option<f64> {
        rate(*self.reached.get(rank)?, *self.reached.first()?)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing, reason = "a test fails by panicking")]
    use proptest::prelude::*;

    use super::*;

    fn group(furthest: usize, outcome: Outcome, count: u64) -> Group {
        Group {
            furthest: Some(furthest),
            outcome,
            count,
        }
    }

    fn funnel(stages: usize, groups: &[Group]) -> Funnel {
        let mut funnel = Funnel::empty(stages);
        for group in groups {
            funnel.add(*group);
        }
        funnel
    }

    #[test]
    fn a_skipped_stage_counts_as_passed_and_a_won_one_reached_all() {
        let all = [
            group(2, Outcome::Lost, 1),
            group(0, Outcome::Won, 2),
            group(0, Outcome::Open, 3),
        ];
        let funnel = funnel(4, &all);
        assert_eq!(funnel.reached, [6, 3, 3, 2]);
        assert_eq!(
            (funnel.created, funnel.open, funnel.won, funnel.lost),
            (6, 3, 2, 1)
        );
        assert_eq!(funnel.conversion_to_next(0), Some(0.5));
        assert_eq!(funnel.conversion_to_next(3), Some(1.0));
        assert_eq!(funnel.share_of_first(1), Some(0.5));
        assert_eq!(funnel.win_rate(), Some(2.0 / 3.0));
    }

    #[test]
    fn without_a_denominator_there_is_no_value() {
        let empty = Funnel::empty(1);
        assert_eq!(empty.conversion(), None);
        assert_eq!(empty.win_rate(), None);
        assert_eq!(empty.conversion_to_next(0), None);
        assert_eq!(empty.share_of_first(0), None);
        assert_eq!(empty.conversion_to_next(7), None);
    }

    /// Published by funnelcast.com: 586 new deals of which 89 were won, though the product of the
    /// adjacent stage rates predicts 7, because deals skip stages. Ours count what was reached.
    #[test]
    fn skipped_stages_do_not_shrink_the_overall_rate() {
        let funnel = funnel(
            3,
            &[group(0, Outcome::Won, 89), group(0, Outcome::Lost, 497)],
        );
        let chained: f64 = (0..3)
            .filter_map(|rank| funnel.conversion_to_next(rank))
            .product();
        let overall = funnel.conversion().unwrap_or_default();
        assert_eq!((overall * 100.0).round(), 15.0);
        assert!((chained - overall).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn a_later_stage_is_never_reached_by_more(groups in prop::collection::vec((0usize..5, 0u8..3, 0u64..9), 0..30)) {
            let groups: Vec<Group> = groups
                .into_iter()
                .map(|(furthest, outcome, count)| {
                    let outcome = [Outcome::Open, Outcome::Won, Outcome::Lost][usize::from(outcome)];
                    group(furthest, outcome, count)
                })
                .collect();
            let funnel = funnel(5, &groups);
            prop_assert!(funnel.reached.windows(2).all(|pair| pair[0] >= pair[1]));
            prop_assert_eq!(funnel.created, funnel.open + funnel.won + funnel.lost);
            prop_assert_eq!(funnel.reached[0], funnel.created);
            prop_assert!(funnel.reached[4] >= funnel.won);
        }
    }
}
