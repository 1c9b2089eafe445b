//! Rates and tiers: sections A, B, C and E9 of the worked examples that others published.

use event_schemas::commission_period::LineKind;
use event_schemas::vocabulary::{Line, RevenueType};
use serde_json::{Value, json};

use super::language::*;

fn flat(percent: &str) -> Value {
    json!({
        "currency": "USD", "statement_period": "MONTH", "timing": "SIGNING", "basis": "REVENUE",
        "rates": [{ "pays": { "PERCENT": percent } }],
    })
}

/// Tiers of percents by thousands of dollars.
fn tiered(mode: &str, window: &str, edge: &str, bounds: &[(i64, Option<i64>, &str)]) -> Value {
    let band = |(from, to, percent): &(i64, Option<i64>, &str)| {
        let mut band = json!({
            "from": (from * 100_000).to_string(), "pays": { "PERCENT": percent },
        });
        if let Some(to) = to {
            band["to"] = json!((to * 100_000).to_string());
        }
        band
    };
    json!({
        "currency": "USD", "statement_period": "MONTH", "timing": "SIGNING", "basis": "REVENUE",
        "tiers": {
            "measure": "BASIS", "window": window, "mode": mode, "edge": edge,
            "bands": bounds.iter().map(band).collect::<Vec<_>>(),
        },
    })
}

fn marginal(bounds: &[(i64, Option<i64>, &str)]) -> Value {
    tiered("MARGINAL", "MONTH", "UPPER", bounds)
}

/// What deals of so many dollars pay, in cents, one after the other.
fn pays(plan: Value, deals: &[i64]) -> Vec<i64> {
    let mut story = Story::of(plan);
    for (at, amount) in deals.iter().enumerate() {
        story.signs(&format!("c{at}"), on(1, 2 + at as u32), *amount);
    }
    amounts(&story.statement("ann", month(1)), LineKind::Commission)
}

#[test]
fn a1_a_flat_rate() {
    assert_eq!(pays(flat("6"), &[55_000]), [330_000]);
}

#[test]
fn a6_five_customers_at_ten_percent() {
    let paid = pays(flat("10"), &[75_000, 60_000, 67_500, 52_500, 45_000]);
    assert_eq!(paid, [750_000, 600_000, 675_000, 525_000, 450_000]);
    assert_eq!(paid.iter().sum::<i64>(), 3_000_000);
}

#[test]
fn b4_a_deal_that_crosses_a_bound_is_paid_at_both_rates() {
    let plan = marginal(&[(0, Some(150), "4"), (150, Some(250), "6"), (250, None, "8")]);
    let paid = pays(plan, &[145_000, 20_000]);
    assert_eq!(paid.last(), Some(&110_000));
}

#[test]
fn b5_b7_b9_each_slice_at_its_own_rate() {
    let plan = marginal(&[(0, Some(100), "5"), (100, Some(250), "7"), (250, None, "9")]);
    assert_eq!(pays(plan, &[180_000]), [1_060_000]);
    let plan = marginal(&[(0, Some(3), "6"), (3, Some(8), "8"), (8, None, "10")]);
    assert_eq!(pays(plan, &[9_000]), [68_000]);
    let plan = marginal(&[(0, Some(25), "1"), (25, Some(95), "3"), (95, None, "5")]);
    assert_eq!(pays(plan, &[100_000]), [260_000]);
}

fn quarterly(accelerators: &str) -> Value {
    json!({
        "currency": "USD", "statement_period": "QUARTER", "timing": "SIGNING", "basis": "REVENUE",
        "tiers": {
            "measure": "BASIS", "window": "QUARTER", "mode": "MARGINAL", "accelerators": accelerators,
            "bands": [
                { "from": "0", "to": "10000000", "pays": { "PERCENT": "5" } },
                { "from": "10000000", "to": "12500000", "pays": { "PERCENT": "6" } },
                { "from": "12500000", "pays": { "PERCENT": "7" } },
            ],
        },
    })
}

#[test]
fn b10_accelerators_wait_for_the_year_to_date() {
    for (clause, third) in [("ALWAYS", 1_175_000), ("YEAR_TO_DATE_QUOTA_MET", 1_000_000)] {
        let mut story = Story::of(quarterly(clause));
        story.quota("ann", year(), 400_000, &[25, 25, 25, 25]);
        story.signs("q1", on(2, 1), 50_000);
        story.signs("q2", on(5, 1), 75_000);
        story.signs("q3", on(8, 1), 200_000);
        assert_eq!(story.total("ann", quarter(1)), 250_000);
        assert_eq!(story.total("ann", quarter(2)), 375_000);
        assert_eq!(story.total("ann", quarter(3)), third);
    }
    let mut story = Story::of(quarterly("YEAR_TO_DATE_QUOTA_MET"));
    story.quota("ann", year(), 400_000, &[25, 25, 25, 25]);
    story.signs("q1", on(2, 1), 150_000);
    story.signs("q2", on(5, 1), 150_000);
    assert_eq!(
        story.total("ann", quarter(1)),
        825_000,
        "nothing came before"
    );
    assert_eq!(
        story.total("ann", quarter(2)),
        825_000,
        "the year is on quota"
    );
}

#[test]
fn b11_lumps_in_proportion() {
    let plan = json!({
        "currency": "USD", "statement_period": "MONTH", "timing": "SIGNING", "basis": "REVENUE",
        "tiers": {
            "measure": "BASIS", "window": "TRANSACTION", "mode": "INTERPOLATED",
            "bands": [
                { "from": "0", "to": "100000", "pays": { "LUMP_MINOR": 1000 } },
                { "from": "100000", "to": "300000", "pays": { "LUMP_MINOR": 4000 } },
                { "from": "300000", "to": "800000", "pays": { "LUMP_MINOR": 10000 } },
                { "from": "800000", "pays": { "LUMP_MINOR": 0 } },
            ],
        },
    });
    let paid = pays(plan, &[200, 300, 1500, 1200, 2000, 4500]);
    assert_eq!(paid, [200, 300, 2000, 1400, 3000, 8000]);
    assert_eq!(paid.iter().sum::<i64>(), 14_900);
}

const OF_TEN: [(i64, Option<i64>, &str); 4] = [
    (0, Some(10), "1"),
    (10, Some(50), "2"),
    (50, Some(100), "3"),
    (100, None, "4"),
];

#[test]
fn c1_all_at_the_rate_reached_or_each_slice_at_its_own() {
    let deals = [5_000, 15_000, 60_000];
    let cliff = tiered("RETROACTIVE", "TRANSACTION", "UPPER", &OF_TEN);
    assert_eq!(pays(cliff, &deals), [5_000, 30_000, 180_000]);
    let sliced = tiered("MARGINAL", "TRANSACTION", "UPPER", &OF_TEN);
    assert_eq!(pays(sliced, &deals), [5_000, 20_000, 120_000]);
}

#[test]
fn c4_c5_on_the_edge_is_the_upper_tier_unless_the_plan_says_lower() {
    let bounds = [(0, Some(25), "1"), (25, Some(50), "2"), (50, None, "3")];
    let upper = tiered("RETROACTIVE", "MONTH", "UPPER", &bounds);
    assert_eq!(pays(upper, &[50_000]), [150_000]);
    let lower = tiered("RETROACTIVE", "MONTH", "LOWER", &bounds);
    assert_eq!(pays(lower.clone(), &[50_000]), [100_000]);
    assert_eq!(pays(lower, &[50_001]), [150_003]);
}

fn by_attainment(percent: &str, mode: &str) -> Value {
    json!({
        "currency": "USD", "statement_period": "YEAR", "timing": "SIGNING", "basis": "REVENUE",
        "rates": [{ "pays": { "PERCENT": percent } }],
        "tiers": {
            "measure": "ATTAINMENT", "window": "YEAR", "mode": mode,
            "bands": [
                { "from": "0", "to": "100", "pays": { "MULTIPLIER": "1" } },
                { "from": "100", "to": "125", "pays": { "MULTIPLIER": "1.5" } },
                { "from": "125", "to": "150", "pays": { "MULTIPLIER": "2" } },
                { "from": "150", "pays": { "MULTIPLIER": "2.5" } },
            ],
        },
    })
}

#[test]
fn c7_the_highest_multiplier_reached_on_all_above_quota() {
    let paid = |amount, percent, mode| {
        let mut story = Story::of(by_attainment(percent, mode));
        story.quota("ann", year(), 100_000, &[]);
        story.signs("c", on(3, 1), amount);
        story.total("ann", year())
    };
    assert_eq!(paid(80_000, "60", "OVERAGE"), 4_800_000);
    assert_eq!(paid(110_000, "60", "OVERAGE"), 6_900_000);
    assert_eq!(paid(140_000, "50", "OVERAGE"), 9_000_000);
    assert_eq!(paid(175_000, "60", "OVERAGE"), 17_250_000);
    assert_eq!(paid(100_010, "50", "OVERAGE"), 5_000_750);
    assert_eq!(
        paid(140_000, "50", "MARGINAL"),
        8_375_000,
        "strictly by slices"
    );
}

#[test]
fn d1_an_accelerator_above_quota() {
    let mut plan = by_attainment("6", "MARGINAL");
    plan["tiers"]["bands"] = json!([
        { "from": "0", "to": "100", "pays": { "MULTIPLIER": "1" } },
        { "from": "100", "pays": { "MULTIPLIER": "1.25" } },
    ]);
    let mut story = Story::of(plan);
    story.quota("ann", year(), 1_000_000, &[]);
    story.signs("before", on(3, 1), 1_150_000);
    story.signs("deal", on(4, 1), 50_000);
    let statement = story.statement("ann", year());
    assert_eq!(statement.lines.last().unwrap().amount_minor, 375_000);
    assert_eq!(
        statement.lines.last().unwrap().rates_percent,
        [number("7.5")]
    );
}

#[test]
fn d3_a_seasonal_quota_is_prorated_by_months_of_participation() {
    let mut plan = flat("1");
    plan["statement_period"] = json!("YEAR");
    plan["quota_proration"] = json!("MONTHS");
    let mut story = Story::default();
    story.publish(1, on(1, 1), plan);
    story.enrol("ann", on(3, 1), None);
    story.quota("ann", year(), 100_000, &[20, 20, 20, 40]);
    let quota = story
        .statement("ann", year())
        .attainment
        .quota_minor
        .unwrap();
    assert_eq!(quota.decimal().round_dp(0), number("8666667").decimal());
}

#[test]
fn a_quota_that_no_month_divides_is_reached_to_the_cent() {
    let paid = |quota, amount, edge: &str| {
        let mut plan = by_attainment("10", "RETROACTIVE");
        plan["tiers"]["edge"] = json!(edge);
        plan["tiers"]["bands"] = json!([
            { "from": "0", "to": "100", "pays": { "MULTIPLIER": "1" } },
            { "from": "100", "pays": { "MULTIPLIER": "2" } },
        ]);
        let mut story = Story::of(plan);
        story.quota("ann", year(), quota, &[]);
        story.signs("c", on(3, 1), amount);
        story.total("ann", year())
    };
    for quota in [50_000, 70_000, 100_000, 200_000, 350_000] {
        assert_eq!(paid(quota, quota, "UPPER"), quota * 20, "{quota}");
        assert_eq!(paid(quota, quota, "LOWER"), quota * 10, "{quota}");
        assert_eq!(paid(quota, quota - 1, "UPPER"), (quota - 1) * 10, "{quota}");
    }
}

#[test]
fn a_quota_is_prorated_by_days_whatever_its_months() {
    let mut plan = flat("1");
    plan["statement_period"] = json!("YEAR");
    plan["quota_proration"] = json!("DAYS");
    let mut story = Story::default();
    story.publish(1, on(1, 1), plan);
    story.enrol("ann", on(4, 1), None);
    let days = year().days();
    story.quota("ann", year(), days * 1_000, &[]);
    let attainment = story.statement("ann", year()).attainment;
    let worked = days - (on(4, 1) - on(1, 1)).num_days();
    assert_eq!(
        attainment.quota_minor,
        Some(number(&(worked * 100_000).to_string()))
    );
}

#[test]
fn all_at_the_tier_reached_is_told_as_that() {
    let mut plan = flat("1");
    plan["statement_period"] = json!("YEAR");
    plan["rates"] = json!([]);
    plan["tiers"] = json!({
        "measure": "BASIS", "window": "YEAR", "mode": "RETROACTIVE",
        "bands": [
            { "from": "0", "to": "1000000", "pays": { "PERCENT": "5" } },
            { "from": "1000000", "pays": { "PERCENT": "10" } },
        ],
    });
    let mut story = Story::of(plan);
    story.signs("one", on(3, 1), 9_000);
    story.signs("two", on(4, 1), 9_000);
    let statement = story.statement("ann", year());
    let steps = &statement.lines.last().unwrap().derivation.steps;
    let step = steps.iter().find(|step| step.step == "at tier 2").unwrap();
    assert_eq!(step.inputs.first().unwrap().value, "18000.00 USD");
    assert_eq!(step.result, "10 %");
    assert!(steps.iter().all(|step| !step.step.starts_with("slice")));
}

#[test]
fn d4_attainment_is_credited_over_quota() {
    let mut plan = flat("1");
    plan["statement_period"] = json!("YEAR");
    let mut story = Story::of(plan);
    story.quota("ann", year(), 500_000, &[]);
    story.signs("c", on(3, 1), 450_000);
    assert_eq!(
        story.statement("ann", year()).attainment.percent,
        Some(number("90"))
    );
}

#[test]
fn a_quota_falls_on_its_months_evenly_and_on_days_of_participation() {
    let mut story = Story::default();
    story.publish(1, on(1, 1), flat("1"));
    story.enrol("ann", on(2, 16), None);
    story.quota("ann", year(), 120_000, &[]);
    let quota = |n| {
        story
            .statement("ann", month(n))
            .attainment
            .quota_minor
            .unwrap()
    };
    assert_eq!(quota(3), number("1000000"));
    let february = quota(2).decimal() * number("29").decimal() / number("14").decimal();
    assert_eq!(
        february.round_dp(4),
        number("1000000").decimal(),
        "14 of 29 days"
    );
}

#[test]
fn e9_the_most_specific_rate_wins() {
    let mut plan = flat("1");
    plan["rates"] = json!([
        { "pays": { "FIXED_MINOR": 1000 } },
        { "product_category": "chairs", "pays": { "FIXED_MINOR": 2000 } },
        { "product_id": "stool", "pays": { "PERCENT": "5" } },
        { "product_id": "stool", "revenue_type": "RENEWAL", "pays": { "PERCENT": "15" } },
        { "product_id": "gift", "pays": "NOTHING" },
    ]);
    let chair = |product, revenue_type| Line {
        product_category: Some("chairs".into()),
        revenue_type,
        ..line(product, 1_000)
    };
    let paid = |line: Line| {
        let mut story = Story::of(plan.clone());
        story.contract("c", on(1, 2), Story::signing("c", on(1, 2), vec![line]));
        story.total("ann", month(1))
    };
    assert_eq!(paid(line("lamp", 1_000)), 1_000);
    assert_eq!(paid(chair("sofa", RevenueType::New)), 2_000);
    assert_eq!(paid(chair("stool", RevenueType::New)), 5_000);
    assert_eq!(paid(chair("stool", RevenueType::Renewal)), 15_000);
    assert_eq!(paid(chair("gift", RevenueType::New)), 0);
}

#[test]
fn a_retroactive_tier_pays_the_difference_with_the_deal_that_reaches_it() {
    let plan = tiered("RETROACTIVE", "MONTH", "UPPER", &OF_TEN);
    assert_eq!(pays(plan, &[5_000, 5_000, 1_000]), [5_000, 15_000, 2_000]);
}

#[test]
fn a_margin_bears_its_cost_and_its_share_of_the_fixed_cost() {
    let mut plan = flat("10");
    plan["basis"] = json!("NET_MARGIN");
    let mut story = Story::of(plan);
    story.signs("mine", on(1, 5), 6_000);
    story.costs("mine", on(1, 5), 1_000);
    story.signs_for(&[split("bob", 100)], "theirs", on(1, 6), 4_000);
    story.fixed_cost(month(1), 2_000);
    // 6,000 − 1,000 − 2,000 × 6,000 / 10,000 = 3,800.
    assert_eq!(story.total("ann", month(1)), 38_000);
    let ann = story.statement("ann", month(1));
    let steps = &ann.lines[0].derivation.steps;
    let step = steps.iter().find(|step| step.step == "share of fixed cost");
    let step = step.unwrap();
    let inputs = step.inputs.iter().map(|one| one.value.as_str());
    assert_eq!(
        inputs.collect::<Vec<_>>(),
        ["2000.00 USD", "6000.00 USD", "10000.00 USD"]
    );
    assert_eq!(step.result, "1200.00 USD");
}

#[test]
fn a_cost_that_becomes_known_later_is_charged_then() {
    let mut plan = flat("10");
    plan["basis"] = json!("GROSS_MARGIN");
    let mut story = Story::of(plan);
    story.signs("c", on(1, 5), 1_000);
    story.costs("c", on(2, 5), 400);
    assert_eq!(story.total("ann", month(1)), 10_000);
    assert_eq!(story.total("ann", month(2)), -4_000);
}

#[test]
fn another_currency_is_converted_at_the_rate_of_the_day() {
    let mut story = Story::of(flat("10"));
    story.rate("EUR", "USD", on(1, 1), "1.10");
    story.rate("EUR", "USD", on(1, 10), "1.20");
    for (id, day) in [("a", on(1, 9)), ("b", on(1, 10))] {
        let mut signed = Story::signing(id, day, vec![line("it", 1_000)]);
        signed.currency = event_schemas::vocabulary::Currency::new("EUR").unwrap();
        story.contract(id, day, signed);
    }
    let mut yen = Story::signing("y", on(1, 11), vec![cents("it", 150_000)]);
    yen.currency = event_schemas::vocabulary::Currency::new("JPY").unwrap();
    story.contract("y", on(1, 11), yen);
    story.rate("USD", "JPY", on(1, 1), "150");
    let paid = amounts(&story.statement("ann", month(1)), LineKind::Commission);
    assert_eq!(paid, [11_000, 12_000, 10_000]);
}

#[test]
fn a_new_version_goes_on_with_the_volume_and_leaves_what_was_paid() {
    for (mode, march) in [("MARGINAL", 3_500), ("RETROACTIVE", 6_000)] {
        let quarter = |rate| {
            tiered(
                mode,
                "QUARTER",
                "UPPER",
                &[(0, Some(10), "1"), (10, None, rate)],
            )
        };
        let mut story = Story::of(quarter("2"));
        story.publish(2, on(3, 1), quarter("6"));
        story.signs("a", on(1, 5), 9_500);
        story.signs("b", on(3, 5), 1_000);
        assert_eq!(story.total("ann", month(1)), 9_500);
        // 500 at 1 % and 500 at 6 %, or all 1,000 at 6 %; what January was paid stays.
        assert_eq!(story.total("ann", month(3)), march);
    }
}

#[test]
fn a_week_begins_on_monday() {
    let mut plan = flat("10");
    plan["statement_period"] = json!("WEEK");
    let mut story = Story::of(plan);
    // The first of January 2024 is a Monday.
    story.signs("sunday", on(1, 7), 100);
    story.signs("monday", on(1, 8), 200);
    let week = |day| twinfunnel_figures::commission::Span {
        from_on: on(1, day),
        to_on: on(1, day + 7),
    };
    assert_eq!(story.total("ann", week(1)), 1_000);
    assert_eq!(story.total("ann", week(8)), 2_000);
}
