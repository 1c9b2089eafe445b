//! Sums that fall on the lines of a contract: said by line, in one sum that is spread, or all there
//! is.

use event_schemas::vocabulary::{Currency, LineAmount, LineId, Money};
use proto::v1;

use crate::lines::{self, minor};
use crate::wire::{Fields, LIST_MAX};

/// A sum as a caller asks for it. If it is said in neither way, it is all there is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SumAsked {
    /// By line.
    pub by_line: Vec<(LineId, Money)>,
    /// In one sum.
    pub whole: Option<Money>,
}

/// Why a sum cannot be had.
#[derive(Debug)]
pub(crate) enum Wrong {
    /// It is in another currency.
    Currency(lines::Broken),
    /// It falls on a line that is not there.
    NoSuchLine(LineId),
    /// One line has no more than that.
    Line { line_id: LineId, open_minor: i64 },
    /// All lines have no more than that.
    Whole { open_minor: i64 },
    /// The sum is another than its lines make up.
    DoesNotAddUp { whole_minor: i64, lines_minor: i64 },
    /// Nothing is left.
    NothingOpen,
}

impl From<lines::Broken> for Wrong {
    fn from(currency: lines::Broken) -> Self {
        Self::Currency(currency)
    }
}

impl SumAsked {
    /// Whether what was recorded is what is asked for, as far as that says it.
    pub(crate) fn is(&self, recorded: &[LineAmount]) -> bool {
        let said = self.by_line.iter().map(|(id, sum)| (id, sum.amount_minor));
        let known = recorded.iter().map(|sum| (&sum.line_id, sum.amount_minor));
        let whole: i64 = recorded.iter().map(|sum| sum.amount_minor).sum();
        (self.by_line.is_empty() || said.eq(known))
            && self.whole.is_none_or(|asked| asked.amount_minor == whole)
    }

    /// What falls on each line, of what is open of each. Lines on which nothing falls are left out.
    pub(crate) fn of(
        &self,
        open: &[(LineId, i64)],
        currency: Currency,
    ) -> Result<Vec<LineAmount>, Wrong> {
        let whole = self.whole.map(|whole| minor(whole, currency)).transpose()?;
        if !self.by_line.is_empty() {
            let by_line = self.by_line(open, currency)?;
            let lines_minor = by_line.iter().map(|sum| sum.amount_minor).sum();
            return match whole {
                Some(whole_minor) if whole_minor != lines_minor => Err(Wrong::DoesNotAddUp {
                    whole_minor,
                    lines_minor,
                }),
                _ => Ok(by_line),
            };
        }
        // A line of which more was taken than there is takes nothing from the others.
        let open: Vec<_> = open.iter().filter(|(_, open)| *open > 0).collect();
        let open_minor = open.iter().map(|(_, open)| open).sum();
        let whole = whole.unwrap_or(open_minor);
        if open_minor == 0 {
            return Err(Wrong::NothingOpen);
        }
        if whole > open_minor {
            return Err(Wrong::Whole { open_minor });
        }
        let parts: Vec<i64> = open.iter().map(|(_, open)| *open).collect();
        let spread = open.iter().zip(spread(whole, &parts));
        let sums = spread.map(|((line_id, _), amount_minor)| LineAmount {
            line_id: line_id.clone(),
            amount_minor,
        });
        Ok(sums.filter(|sum| sum.amount_minor != 0).collect())
    }

    fn by_line(
        &self,
        open: &[(LineId, i64)],
        currency: Currency,
    ) -> Result<Vec<LineAmount>, Wrong> {
        let each = self.by_line.iter().map(|(line_id, sum)| {
            let amount_minor = minor(*sum, currency)?;
            let line_id = line_id.clone();
            match open.iter().find(|(open_id, _)| *open_id == line_id) {
                None => Err(Wrong::NoSuchLine(line_id)),
                Some((_, open)) if amount_minor > *open => Err(Wrong::Line {
                    line_id,
                    open_minor: (*open).max(0),
                }),
                Some(_) => Ok(LineAmount {
                    line_id,
                    amount_minor,
                }),
            }
        });
        each.collect()
    }
}

/// Spreads a sum over parts in proportion, exactly: each gets its share rounded down, and what is
/// left goes, one unit each, to those with the largest remainders; of equal ones to the first. No part
/// is negative, and the sum is not above theirs, so that none gets more than it is.
fn spread(sum: i64, parts: &[i64]) -> Vec<i64> {
    let whole: i128 = parts.iter().map(|part| i128::from(*part)).sum();
    if whole == 0 {
        return vec![0; parts.len()];
    }
    let share = |part: &i64| {
        let product = i128::from(sum) * i128::from(*part);
        (product / whole, product % whole)
    };
    let mut shares: Vec<_> = parts.iter().map(share).enumerate().collect();
    let given: i128 = shares.iter().map(|(_, (share, _))| share).sum();
    // Stable: of equal remainders the first comes first.
    shares.sort_by_key(|(_, (_, remainder))| std::cmp::Reverse(*remainder));
    for ((_, (share, _)), _) in shares.iter_mut().zip(given..i128::from(sum)) {
        *share += 1;
    }
    shares.sort_by_key(|(at, _)| *at);
    let amounts = shares.into_iter().map(|(_, (share, _))| share);
    amounts
        .map(|share| i64::try_from(share).unwrap_or_default())
        .collect()
}

impl Fields {
    /// A sum, by line and whole; each above 0.
    pub(crate) fn sum(
        &mut self,
        amounts: &[v1::LineAmount],
        whole: Option<&v1::Money>,
    ) -> SumAsked {
        let by_line = self.line_amounts(amounts, |sum| (sum <= 0).then_some("is not above 0"));
        let whole = self.money("amount", whole);
        if whole.is_some_and(|whole| whole.amount_minor == 0) {
            self.wrong("amount.amount", "is not above 0");
        }
        SumAsked { by_line, whole }
    }

    /// Sums by line, each line named once.
    pub(crate) fn line_amounts(
        &mut self,
        amounts: &[v1::LineAmount],
        wrong: fn(i64) -> Option<&'static str>,
    ) -> Vec<(LineId, Money)> {
        let mut asked: Vec<(LineId, Money)> = Vec::new();
        if !self.fits("amounts", amounts.len(), LIST_MAX) {
            return asked;
        }
        for (at, amount) in amounts.iter().enumerate() {
            let field = format!("amounts[{at}]");
            let line_id: Option<LineId> = self.id(&format!("{field}.line_id"), &amount.line_id);
            let field_of_sum = format!("{field}.amount");
            if amount.amount.is_none() {
                self.wrong(&field_of_sum, "is missing");
            }
            let sum = self.signed_money(&field_of_sum, amount.amount.as_ref());
            if let Some(why) = sum.and_then(|sum| wrong(sum.amount_minor)) {
                self.wrong(&format!("{field_of_sum}.amount"), why);
            }
            let (Some(line_id), Some(sum)) = (line_id, sum) else {
                continue;
            };
            if asked.iter().any(|(other, _)| *other == line_id) {
                self.wrong(&format!("{field}.line_id"), "is there twice");
            }
            asked.push((line_id, sum));
        }
        asked
    }
}

#[cfg(test)]
mod tests {
    use super::spread;
    use proptest::prelude::*;

    #[test]
    fn what_is_left_goes_to_the_largest_remainders() {
        assert_eq!(spread(100, &[1, 1, 1]), [34, 33, 33]);
        assert_eq!(spread(10, &[5, 3, 7]), [3, 2, 5]);
        assert_eq!(spread(1, &[1, 2]), [0, 1]);
        assert_eq!(spread(0, &[1, 2]), [0, 0]);
        assert_eq!(spread(0, &[]), [0; 0]);
    }

    proptest! {
        #[test]
        fn a_sum_is_spread_exactly_and_no_part_gets_more_than_it_is(
            parts in prop::collection::vec(0..=1_000_000_000_000_000_i64, 1..100),
            share in 0..=1_000_000_i64,
        ) {
            let whole: i64 = parts.iter().sum();
            let sum = i64::try_from(i128::from(whole) * i128::from(share) / 1_000_000)?;
            let spread = spread(sum, &parts);
            prop_assert_eq!(spread.iter().sum::<i64>(), sum);
            for (amount, part) in spread.iter().zip(&parts) {
                prop_assert!((0..=*part).contains(amount));
                // Less than one unit away from its exact share.
                let off = i128::from(*amount) * i128::from(whole) - i128::from(sum) * i128::from(*part);
                prop_assert!(whole == 0 || off.abs() < i128::from(whole));
            }
        }
    }
}
