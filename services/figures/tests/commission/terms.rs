//! Which terms are refused, and where they say what is wrong.

use event_schemas::commission_plan::Terms;
use serde_json::{Value, json};
use twinfunnel_figures::commission::{check_successor, validate};

use super::language::terms;

fn good() -> Value {
    json!({
        "currency": "USD", "statement_period": "MONTH", "timing": "SIGNING", "basis": "REVENUE",
        "tiers": {
            "measure": "BASIS", "window": "MONTH", "mode": "MARGINAL",
            "bands": [
                { "from": "0", "to": "100", "pays": { "PERCENT": "5" } },
                { "from": "100", "to": "200", "pays": { "PERCENT": "6" } },
                { "from": "200", "pays": { "PERCENT": "7" } },
            ],
        },
    })
}

fn refused(pointer: &str, value: Value) -> Vec<String> {
    let mut json = good();
    let (parent, field) = pointer.rsplit_once('/').unwrap();
    let parent = json.pointer_mut(parent).unwrap();
    match field.parse::<usize>() {
        Ok(at) => parent[at] = value,
        Err(_) => parent[field] = value,
    }
    let violations = validate(&terms(json)).unwrap_err();
    violations
        .into_iter()
        .map(|violation| violation.field)
        .collect()
}

#[test]
fn good_terms_are_good() {
    assert_eq!(validate(&terms(good())), Ok(()));
}

#[test]
fn tiers_begin_at_0_leave_no_gap_do_not_overlap_and_end_open() {
    assert_eq!(
        refused("/tiers/bands/0/from", json!("1")),
        ["tiers.bands[0].from"]
    );
    assert_eq!(
        refused("/tiers/bands/1/from", json!("101")),
        ["tiers.bands[1].from"]
    );
    assert_eq!(
        refused("/tiers/bands/1/from", json!("99")),
        ["tiers.bands[1].from"]
    );
    assert_eq!(
        refused("/tiers/bands/2/to", json!("300")),
        ["tiers.bands[2].to"]
    );
    assert_eq!(
        refused("/tiers/bands/1/to", Value::Null),
        ["tiers.bands[2].from"]
    );
    assert_eq!(refused("/tiers/bands", json!([])), ["tiers.bands"]);
}

#[test]
fn a_percentage_is_not_negative_and_all_tiers_pay_alike() {
    assert_eq!(
        refused("/tiers/bands/1/pays", json!({ "PERCENT": "-1" })),
        ["tiers.bands[1].pays"]
    );
    assert_eq!(
        refused("/tiers/bands/1/pays", json!({ "MULTIPLIER": "2" })),
        ["tiers.bands"]
    );
    let lump = refused("/tiers/bands/1/pays", json!({ "LUMP_MINOR": 2 }));
    assert_eq!(lump, ["tiers.bands[1].pays", "tiers.bands"]);
}

#[test]
fn every_line_has_a_rate_and_only_one() {
    assert_eq!(refused("/tiers", Value::Null), ["rates"]);
    let general = json!({ "pays": { "PERCENT": "5" } });
    assert_eq!(refused("/rates", json!([general])), ["tiers"]);
    let same = json!({ "product_id": "a", "pays": "NOTHING" });
    assert_eq!(refused("/rates", json!([same, same])), ["rates[1]"]);
}

#[test]
fn a_single_transaction_has_no_quota() {
    let mut json = good();
    json["tiers"]["measure"] = json!("ATTAINMENT");
    json["tiers"]["window"] = json!("TRANSACTION");
    let violations = validate(&terms(json)).unwrap_err();
    assert_eq!(violations[0].field, "tiers.window");
}

#[test]
fn every_sum_and_every_span_makes_sense() {
    let spif =
        json!([{ "name": "s", "amount_minor": 0, "from_on": "2024-02-01", "to_on": "2024-01-01" }]);
    assert_eq!(
        refused("/spifs", spif),
        ["spifs[0].amount_minor", "spifs[0].to_on"]
    );
    assert_eq!(
        refused("/cap", json!({ "amount_minor": -1 })),
        ["cap.amount_minor"]
    );
    assert_eq!(
        refused("/floor", json!({ "QUOTA_PERCENT": "-5" })),
        ["floor"]
    );
    assert_eq!(
        refused("/draw", json!({ "amount_minor": 0, "recoverable": true })),
        ["draw.amount_minor"]
    );
    let clawback = json!({ "on": [], "within_months": 0, "extent": "FULL" });
    assert_eq!(
        refused("/clawback", clawback),
        ["clawback.on", "clawback.within_months"]
    );
    let cut = json!([{ "above_percent": "10", "keeps_percent": "101" }]);
    assert_eq!(refused("/discounts", cut), ["discounts[0].keeps_percent"]);
}

#[test]
fn an_unknown_field_is_no_plan() {
    let mut json = good();
    json["tires"] = json!({});
    assert!(serde_json::from_value::<Terms>(json).is_err());
}

#[test]
fn a_version_keeps_currency_and_statement_period() {
    let mut next = good();
    next["timing"] = json!("PAYMENT");
    assert_eq!(
        check_successor(&terms(good()), &terms(next.clone())),
        Ok(())
    );
    next["currency"] = json!("EUR");
    next["statement_period"] = json!("YEAR");
    let violations = check_successor(&terms(good()), &terms(next)).unwrap_err();
    let fields: Vec<_> = violations
        .iter()
        .map(|violation| &violation.field[..])
        .collect();
    assert_eq!(fields, ["currency", "statement_period"]);
}
