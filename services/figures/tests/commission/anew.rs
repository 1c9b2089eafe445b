//! What a book has worked out before never shows: whatever arrives, and whatever was asked in between,
//! a statement is what an empty book makes of the same facts.

use event_schemas::contract::ContractSigned;
use event_schemas::opportunity::{LeadAssigned, OpportunityEvent};
use event_schemas::rep::{RepEvent, TeamLeft};
use event_schemas::vocabulary::*;
use proptest::prelude::*;
use serde_json::{Value, json};
use twinfunnel_figures::commission::{Book, CalculateError, Zone, statement};

use super::language::*;

const REPS: [&str; 3] = ["ann", "bob", "meg"];
const TIMINGS: [&str; 3] = ["SIGNING", "DELIVERY", "PAYMENT"];

fn tiers(window: &str, measure: &str) -> Value {
    let to = if measure == "BASIS" { "150000" } else { "40" };
    json!({
        "measure": measure, "window": window, "mode": "MARGINAL",
        "bands": [
            { "from": "0", "to": to, "pays": { "PERCENT": "3.3" } },
            { "from": to, "pays": { "PERCENT": "7.1" } },
        ],
    })
}

/// Plans that remember much.
fn plan(number: usize, timing: usize) -> Value {
    let mut plan = json!({
        "currency": "USD", "statement_period": "MONTH", "timing": TIMINGS[timing],
        "basis": "REVENUE", "tiers": tiers("YEAR", "BASIS"),
        "spifs": [{ "name": "win", "amount_minor": 700, "from_on": "2024-01-01", "to_on": "2024-12-31" }],
        "overrides": [
            { "on": "TEAM_BASIS", "rate": { "PERCENT": "1" } },
            { "on": "TEAM_COMMISSION", "rate": { "TIERS": tiers("QUARTER", "BASIS") } },
        ],
        "clawback": {
            "on": ["REFUND", "TERMINATION"], "within_months": 12, "extent": "PRORATED",
            "also": ["SPIFS", "OVERRIDES"],
        },
        "draw": { "amount_minor": 4_000, "recoverable": true },
        "cap": { "amount_minor": 9_000, "refundable": true },
        "holdback": { "percent": "10", "months": 1 },
        "credit": { "direct_on_subordinates": true },
    });
    match number {
        0 => {}
        1 => {
            plan["tiers"] = tiers("QUARTER", "ATTAINMENT");
            plan["tiers"]["accelerators"] = json!("YEAR_TO_DATE_QUOTA_MET");
            plan["credit"] = json!({});
        }
        2 => {
            plan.as_object_mut().unwrap().remove("tiers");
            plan["basis"] = json!("NET_MARGIN");
            plan["rates"] = json!([{ "pays": { "PERCENT": "9.9" } }]);
        }
        3 => plan["tiers"] = tiers("WEEK", "ATTAINMENT"),
        _ => {
            plan["tiers"]["mode"] = json!("RETROACTIVE");
            plan["cap"] = json!({ "amount_minor": 6_000, "refundable": false });
            plan["floor"] = json!({ "AMOUNT_MINOR": 900 });
        }
    }
    plan
}

/// Something that happens, to whom, for how much, and when.
type Happening = (u8, usize, usize, i64, u32, u32);

fn happens(story: &mut Story, (kind, who, which, dollars, month, day): Happening) {
    let (id, at, who_id) = (format!("c{which}"), on(month, day), REPS[who]);
    let opportunity = OpportunityId::new(&format!("o{which}")).unwrap();
    let euros = |signed: ContractSigned| ContractSigned {
        currency: Currency::new("EUR").unwrap(),
        ..signed
    };
    let lines = || vec![line("it", dollars), line("more", dollars / 3)];
    match kind {
        0..=2 => story.signs_for(&[split(who_id, 100)], &id, at, dollars),
        3 => story.signs_for(&[split("ann", 40), split("bob", 60)], &id, at, dollars),
        4 => story.contract(&id, at, euros(Story::signing(&id, at, lines()))),
        5 => {
            let signed = ContractSigned {
                rep_id: None,
                opportunity_id: Some(opportunity),
                ..Story::signing(&id, at, lines())
            };
            story.contract(&id, at, signed)
        }
        6 => {
            let assigned = LeadAssigned {
                rep_id: rep(who_id),
                previous_rep_id: None,
                reason: None,
            };
            story.record::<OpportunityEvent>(opportunity.as_str(), noon(at), "boss", assigned)
        }
        7 | 8 => story.pays(&id, at, dollars),
        9 => story.refunds(&id, at, dollars / 2),
        10 => story.delivers(&id, at, dollars),
        11 => story.costs(&id, at, dollars / 9),
        12 => story.terminates(&id, at),
        13 => story.amends(&id, at, dollars, dollars / 2),
        14 => story.reassigns(&id, at, who_id),
        15 => story.quota(who_id, quarter(month.div_ceil(3)), dollars, &[20, 30, 50]),
        16 => story.quota(who_id, year(), dollars * 7, &[]),
        17 => story.joins(who_id, "team", at, None),
        18 => {
            let left = TeamLeft {
                team_id: TeamId::new("team").unwrap(),
                from_at: noon(on(1, 1)) - chrono::Duration::hours(12),
                to_at: noon(at),
            };
            story.record::<RepEvent>(who_id, noon(at), "boss", left)
        }
        19 => story.leads(who_id, "team", at),
        20 => story.rate("EUR", "USD", at, "1.07"),
        21 => story.fixed_cost(super::language::month(month), dollars / 5),
        22 => story.adjusts(&format!("a{}", story.events.len()), at, dollars, "boss"),
        23 => {
            let version = story.events.len() as u32;
            story.publish(version, at, plan(which, who))
        }
        24 => story.publish_as("other", 1, at, plan(0, who)),
        25 => story.enrol_in("other", who_id, at, None),
        26 => story.withdraw(who_id, on(1, 1), at),
        _ => {
            if story.ask("ann", super::language::month(month)).is_ok() {
                story.close(super::language::month(month));
            }
            story
        }
    };
}

fn ask(book: &Book, who: usize, asked: u32) -> Result<String, CalculateError> {
    let told = statement(book, &plan_id(), &rep(REPS[who]), month(asked))?;
    Ok(serde_json::to_string(&told).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_statement_is_what_an_empty_book_makes_of_the_same_facts(
        number in 0usize..5, timing in 0usize..3,
        facts in prop::collection::vec(
            ((0u8..28, 0usize..3, 0usize..5, 10i64..3_000, 1u32..7, 1u32..28), 0usize..3, 1u32..8), 1..40,
        ),
    ) {
        let mut story = Story::of(plan(number, timing));
        story.enrol("bob", on(1, 1), None);
        story.enrol("meg", on(1, 1), None);
        story.leads("meg", "team", on(1, 1));
        story.joins("ann", "team", on(1, 1), None);
        story.joins("bob", "team", on(1, 1), None);
        story.rate("EUR", "USD", on(1, 1), "1.1");
        for who in REPS {
            story.quota(who, year(), 9_000, &[]);
        }
        let mut book = Book::new(|_| None::<Zone>);
        let mut known = 0;
        for (happening, who, asked) in facts {
            happens(&mut story, happening);
            for event in &story.events[known..] {
                book.fold(event).unwrap();
            }
            known = story.events.len();
            let told = ask(&book, who, asked);
            prop_assert_eq!(&told, &ask(&story.book(), who, asked));
            prop_assert_eq!(&told, &ask(&book, who, asked));
        }
        let anew = story.book();
        for who in 0..REPS.len() {
            for asked in 1..8 {
                prop_assert_eq!(ask(&book, who, asked), ask(&anew, who, asked));
            }
        }
    }
}
