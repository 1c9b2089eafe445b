//! What a statement is called: the same wherever it is calculated, closed or asked for.

use chrono::NaiveDate;
use event_schemas::vocabulary::{CommissionPlanId, Invalid, RepId, StatementId};
use sha2::{Digest as _, Sha256};

/// How much of a hash tells two statements apart, in bytes.
const HASH_LEN: usize = 20;

/// The id of a participant's statement of the period that begins on a day: `plan~rep~2017-01-01`
/// where that is an id and can be read in one way only, else a hash of plan and rep in their place.
/// No two statements have one id. A day after the year 9999 is refused.
pub fn statement_id(
    plan_id: &CommissionPlanId,
    rep_id: &RepId,
    from_on: NaiveDate,
) -> Result<StatementId, Invalid> {
    let (plan, rep) = (plan_id.as_str(), rep_id.as_str());
    if !plan.contains('~')
        && !rep.contains('~')
        && let Ok(readable) = StatementId::new(&format!("{plan}~{rep}~{from_on}"))
    {
        return Ok(readable);
    }
    // No id holds a space, so that no other pair is written alike.
    let hash = Sha256::digest(format!("{plan} {rep}"));
    let hash = hash.iter().take(HASH_LEN).copied().collect::<Vec<u8>>();
    StatementId::new(&format!("{}~{from_on}", hex::encode(hash)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use proptest::prelude::*;

    use super::*;

    fn called(plan: &str, rep: &str) -> StatementId {
        let plan_id = CommissionPlanId::new(plan).unwrap();
        let from_on = NaiveDate::from_ymd_opt(2017, 1, 1).unwrap();
        statement_id(&plan_id, &RepId::new(rep).unwrap(), from_on).unwrap()
    }

    #[test]
    fn a_short_one_can_be_read() {
        assert_eq!(called("field", "ann").as_str(), "field~ann~2017-01-01");
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_told_apart() {
        assert_ne!(called("a~b", "c"), called("a", "b~c"));
        assert_ne!(called("a~b", "c"), called("a~b~c", "c"));
    }

    proptest! {
        #[test]
        fn every_plan_and_rep_have_one_of_their_own(
            plans in prop::array::uniform2("[A-Za-z0-9][A-Za-z0-9._:~-]{0,63}"),
            reps in prop::array::uniform2("[A-Za-z0-9][A-Za-z0-9._:~-]{0,63}"),
        ) {
            let [one, other] = [0, 1].map(|at: usize| (plans.get(at), reps.get(at)));
            let named = |of: (Option<&String>, Option<&String>)| called(of.0.unwrap(), of.1.unwrap());
            prop_assert_eq!(named(one) == named(other), one == other);
        }
    }
}
