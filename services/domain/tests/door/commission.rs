//! Commission plans and statements at the door: good samples, and terms that cannot be meant.

use domain::commission_plan::Command;
use proto::commands::CommissionPlanCommand;
use proto::v1::command::Kind;
use serde_json::{Value, json};

use super::wrong_fields;

/// Terms with something in every field.
fn all_terms() -> Value {
    let tiers = |pays: [Value; 2]| {
        let [mut first, mut last] = pays;
        first["from"] = json!("0");
        first["to"] = json!("50000");
        last["from"] = json!("50000.00");
        json!({
            "measure": "TIER_MEASURE_BASIS", "window": "TIER_WINDOW_QUARTER",
            "mode": "TIER_MODE_MARGINAL", "edge": "TIER_EDGE_LOWER",
            "accelerators": "TIER_ACCELERATORS_ALWAYS", "bands": [first, last],
        })
    };
    json!({
        "currency_code": "USD", "statement_period": "COMMISSION_PERIOD_MONTH",
        "timing": "COMMISSION_TIMING_PAYMENT", "basis": "COMMISSION_BASIS_REVENUE",
        "credit": { "overlays": true, "direct_on_subordinates": true },
        "rates": [
            {
                "product_id": "gtx", "product_category": "graphics",
                "revenue_type": "REVENUE_TYPE_NEW", "fixed": "20.50",
            },
            { "product_id": "toy", "nothing": true },
            { "percent": "5.5" },
        ],
        "tiers": tiers([json!({ "multiplier": "1" }), json!({ "multiplier": "1.5" })]),
        "discounts": [{ "above_percent": "20", "keeps_percent": "50" }],
        "spifs": [{
            "name": "Spring", "amount": "250", "from_on": "2017-03-01", "to_on": "2017-06-01",
            "product_id": "gtx", "product_category": "graphics",
            "revenue_type": "REVENUE_TYPE_NEW",
        }],
        "overrides": [
            { "on": "OVERRIDE_ON_TEAM_COMMISSION", "percent": "10" },
            {
                "on": "OVERRIDE_ON_TEAM_BASIS",
                "tiers": tiers([json!({ "rate_percent": "0" }), json!({ "rate_percent": "1" })]),
            },
        ],
        "floor": { "amount": "100" },
        "cap": { "amount": "9000", "refundable": true },
        "guarantee": "500",
        "holdback": { "percent": "10", "months": 3 },
        "clawback": {
            "on": ["CLAWBACK_CAUSE_REFUND", "CLAWBACK_CAUSE_TERMINATION"], "within_months": 12,
            "extent": "CLAWBACK_EXTENT_PRORATED",
        },
        "draw": { "amount": "1000", "recoverable": true },
        "quota_proration": "QUOTA_PRORATION_MONTHS",
    })
}

fn publish(terms: &Value) -> Value {
    json!({ "publish_commission_plan": {
        "commission_plan_id": "field", "effective_from": "2017-01-01", "terms": terms,
    } })
}

/// One of every command about commission, with something in every field.
pub(crate) fn samples() -> Vec<Value> {
    let plan = |name: &str, rest: Value| {
        let mut fields = json!({ "commission_plan_id": "field", "rep_id": "ann" });
        let all = fields.as_object_mut().unwrap();
        all.extend(rest.as_object().unwrap().clone());
        json!({ name: fields })
    };
    let span = json!({ "from_on": "2017-01-01", "to_on": "2018-01-01" });
    let statement = "field~ann~2017-01-01";
    let adjustment = json!({
        "adjustment_id": "a1", "amount": { "currency_code": "USD", "amount": "-12.50" },
        "reason": "A deal\nwas split by word of mouth",
        "concerns": { "statement_id": statement, "line_id": "17:c1:seats" },
    });
    vec![
        publish(&all_terms()),
        plan("enroll_participant", span),
        plan("withdraw_participant", json!({ "to_on": "2018-01-01" })),
        json!({ "approve_statement": { "statement_id": statement } }),
        json!({ "pay_statement": {
            "statement_id": statement, "payout_reference": "SEPA 7", "paid_on": "2017-02-10",
        } }),
        json!({ "dispute_statement": { "statement_id": statement, "reason": "why" } }),
        json!({ "resolve_dispute": { "statement_id": statement, "resolution": "so" } }),
        plan("propose_adjustment", adjustment),
        json!({ "approve_adjustment": { "adjustment_id": "a1" } }),
        json!({ "reject_adjustment": { "adjustment_id": "a1", "reason": "why" } }),
    ]
}

/// The wrong fields of terms, without `terms.`, after something in them was changed.
fn wrong(pointer: &str, value: Value) -> Vec<String> {
    let mut terms = all_terms();
    *terms.pointer_mut(pointer).unwrap() = value;
    let mut fields = wrong_fields(&publish(&terms));
    fields.sort();
    let fields = fields.into_iter();
    fields
        .map(|field| field.strip_prefix("terms.").unwrap().to_owned())
        .collect()
}

#[test]
fn what_is_said_without_a_default_is_missed() {
    let none = wrong_fields(&publish(&json!({})));
    let missing = ["currency_code", "statement_period", "timing", "basis"];
    let missing = missing.map(|field| format!("terms.{field}"));
    assert_eq!(none, missing);
    let nothing = json!({ "publish_commission_plan": {} });
    let missing = ["commission_plan_id", "effective_from", "terms"];
    assert_eq!(wrong_fields(&nothing), missing);
}

#[test]
fn a_field_that_cannot_be_taken_is_named_wherever_it_is() {
    for (pointer, value, field) in [
        ("/rates/0/fixed", json!("1.005"), "rates[0].fixed"),
        ("/rates/1/nothing", json!(false), "rates[1]"),
        ("/rates/2/percent", json!("5,5"), "rates[2].percent"),
        ("/tiers/bands/0/to", json!("many"), "tiers.bands[0].to"),
        (
            "/tiers/bands/1/multiplier",
            json!("-1"),
            "tiers.bands[1].multiplier",
        ),
        (
            "/discounts/0/keeps_percent",
            json!("101"),
            "discounts[0].keeps_percent",
        ),
        ("/spifs/0/amount", json!(""), "spifs[0].amount"),
        (
            "/overrides/0",
            json!({ "on": "OVERRIDE_ON_TEAM_BASIS" }),
            "overrides[0]",
        ),
        (
            "/overrides/1/tiers/mode",
            json!(9),
            "overrides[1].tiers.mode",
        ),
        ("/floor", json!({}), "floor"),
        ("/cap/amount", json!("-5"), "cap.amount"),
        ("/guarantee", json!("lots"), "guarantee"),
        ("/clawback/extent", json!(0), "clawback.extent"),
        ("/draw/amount", json!("1e3"), "draw.amount"),
    ] {
        assert_eq!(wrong(pointer, value), [field], "{pointer}");
    }
}

#[test]
fn fields_that_do_not_go_together_are_named_by_the_names_of_the_message() {
    let band = |from: &str, to: &str, pays: &str| json!({ "from": from, "to": to, pays: "1" });
    let bands = |bands: [Value; 2]| wrong("/tiers/bands", json!(bands));
    let last = || band("300", "", "multiplier");
    let overlap = bands([band("0", "400", "multiplier"), last()]);
    assert_eq!(overlap, ["tiers.bands[1].from"]);
    let gap = bands([band("0", "200", "multiplier"), last()]);
    assert_eq!(gap, ["tiers.bands[1].from"]);
    let closed = bands([
        band("0", "300", "multiplier"),
        band("300", "500", "multiplier"),
    ]);
    assert_eq!(closed, ["tiers.bands[1].to"]);
    let lump = bands([band("0", "300", "multiplier"), band("300", "", "lump")]);
    assert_eq!(lump, ["tiers.bands", "tiers.bands[1]"]);
    assert_eq!(
        wrong("/cap/amount", json!("0")),
        ["cap.amount", "guarantee"]
    );
    assert_eq!(wrong("/draw/amount", json!("0")), ["draw.amount"]);
    assert_eq!(wrong("/rates/2/percent", json!("1")), [""; 0]);
    assert_eq!(wrong("/holdback/months", json!(0)), ["holdback.months"]);
    assert_eq!(
        wrong("/spifs/0/to_on", json!("2017-03-01")),
        ["spifs[0].to_on"]
    );
    let team = wrong("/overrides/1/tiers/bands/1/from", json!("60000"));
    assert_eq!(team, ["overrides[1].tiers.bands[1].from"]);
    let accelerators = json!("TIER_ACCELERATORS_YEAR_TO_DATE_QUOTA_MET");
    let team = wrong("/overrides/1/tiers/accelerators", accelerators);
    assert_eq!(team, ["overrides[1].tiers.accelerators"]);
}

#[test]
fn sums_are_in_units_of_the_currency_and_bounds_in_what_they_count() {
    let published = |terms: Value| {
        let command = publish(&terms).to_string();
        let command: proto::v1::Command = proto::json::from_str(&command).unwrap();
        let Some(Kind::PublishCommissionPlan(message)) = command.kind else {
            panic!("it is a publication")
        };
        let message = CommissionPlanCommand::PublishCommissionPlan(message);
        match domain::commission_plan::parse(message).unwrap().command {
            Command::Publish(new) => serde_json::to_value(new.terms).unwrap(),
            other => panic!("{other:?}"),
        }
    };
    let dollars = published(all_terms());
    assert_eq!(dollars["rates"][0]["pays"], json!({ "FIXED_MINOR": 2_050 }));
    assert_eq!(dollars["rates"][2]["pays"], json!({ "PERCENT": "5.5" }));
    assert_eq!(dollars["tiers"]["bands"][0]["to"], "5000000");
    assert_eq!(dollars["guarantee_minor"], 50_000);
    let mut of_quota = all_terms();
    of_quota["tiers"]["measure"] = json!("TIER_MEASURE_ATTAINMENT");
    assert_eq!(published(of_quota)["tiers"]["bands"][0]["to"], "50000");
    let mut yen = all_terms();
    yen["currency_code"] = json!("JPY");
    yen["rates"][0]["fixed"] = json!("20");
    yen["tiers"]["bands"][1]["from"] = json!("50000");
    yen["overrides"][1]["tiers"]["bands"][1]["from"] = json!("50000");
    assert_eq!(published(yen)["tiers"]["bands"][0]["to"], "50000");
}

#[test]
fn the_example_of_the_documentation_is_taken() {
    let page = include_str!("../../../../docs/microservices.md");
    let examples = page.split("```json\n").skip(1);
    let examples = examples.filter_map(|rest| rest.split("```").next());
    let mut found = 0;
    for example in examples.filter(|text| text.contains("commissionPlanId")) {
        let command: Value = serde_json::from_str(example).unwrap();
        assert_eq!(wrong_fields(&command), [""; 0], "{example}");
        found += 1;
    }
    assert_eq!(found, 2);
}
