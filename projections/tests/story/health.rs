//! Customer health: given what customers did, when it is asked how they are, then figures.

use proto::v1::{self, HealthBand, HealthDirection};
use serde_json::json;

use crate::customers::{day, noon};
use crate::home::{Story, on, tenant};

on_both!(
    usage_is_held_against_the_mean_of_the_active_customers,
    a_baseline_follows_what_is_told_later,
    a_last_value_holds_on_and_different_subjects_count_once,
    points_are_taken_off_and_explained,
    of_each_person_the_latest_answer_counts,
    without_a_model_there_is_no_score,
    a_day_ends_where_the_tenant_is,
    each_day_of_a_history_has_its_own_model,
    live_as_of_and_rebuilt_agree,
);

/// One metric over two days, against all over four.
pub fn logins() -> serde_json::Value {
    json!({"metrics": [
        {"metric_id": "logins", "weight": "1", "window_days": 2, "baseline_days": 4}
    ]})
}

pub async fn two_customers(story: &mut Story) {
    story.metric("logins", "SUM").await;
    story.health_model(1, "1.01", logins()).await;
    story.signed("ann", "1.01", None).await;
    story.signed("bob", "1.01", None).await;
    for used in ["7.01", "8.01", "9.01", "10.01"] {
        story.used("ann", "logins", used, "9.5", noon(used)).await;
        story.used("bob", "logins", used, "5.5", noon(used)).await;
    }
}

async fn usage_is_held_against_the_mean_of_the_active_customers(mut story: Story) {
    two_customers(&mut story).await;
    // Neither is active: neither counts in the baseline.
    story.customer_of("eve", "glass").await;
    story
        .used("eve", "logins", "10.01", "1000", noon("10.01"))
        .await;
    story.signed("old", "1.01", Some("10.01")).await;
    story
        .used("old", "logins", "9.01", "1000", noon("9.01"))
        .await;

    let bob = story.health("bob", "10.01").await;
    let [logins] = bob.factors.as_slice() else {
        panic!("{bob:?}")
    };
    assert_eq!((&*logins.value, &*logins.baseline), ("5.5", "7.5"));
    assert_eq!((&*logins.factor, &*bob.score), ("73.33", "73.33"));
    assert_eq!(bob.band(), HealthBand::AtRisk);
    assert!(bob.is_active);
    assert_eq!(logins.events.len(), 2);
    assert_eq!(logins.events[0].stream, "usage-bob~2024-01-09");
    let ann = story.health("ann", "10.01").await;
    assert_eq!((&*ann.score, ann.band()), ("100", HealthBand::Healthy));
    // A day without records counts as 0, for the customer and for all.
    let bob = story.health("bob", "11.01").await;
    assert_eq!(
        (&*bob.factors[0].value, &*bob.factors[0].baseline),
        ("2.75", "5.625")
    );
    assert_eq!(
        story.worries("10.01").await,
        ["bob METRIC_BELOW_THRESHOLD logins"]
    );
}

async fn a_baseline_follows_what_is_told_later(mut story: Story) {
    two_customers(&mut story).await;
    let baseline = |health: v1::CustomerHealth| health.factors[0].baseline.clone();
    assert_eq!(baseline(story.health("ann", "10.01").await), "7.5");
    // Told on the twelfth: unseen at the end of the tenth, as it was then.
    story
        .used("bob", "logins", "10.01", "8", noon("12.01"))
        .await;
    assert_eq!(baseline(story.health("ann", "10.01").await), "7.5");
    // Told late, of what was told then.
    story
        .used("bob", "logins", "10.01", "8", noon("10.01"))
        .await;
    assert_eq!(baseline(story.health("ann", "10.01").await), "8.5");
    story.signed("new", "9.01", None).await;
    assert_eq!(baseline(story.health("ann", "10.01").await), "5.6667");
    story
        .used("new", "logins", "10.01", "12", noon("10.01"))
        .await;
    assert_eq!(baseline(story.health("ann", "10.01").await), "6.6667");
    let corrected = json!({
        "customer_id": "new", "used_on": "2024-01-10", "record_id": "nothing",
        "metric_id": "logins", "quantity": "0"
    });
    story
        .fact(
            "usage-new~2024-01-10",
            noon("10.01"),
            "UsageCorrected",
            corrected,
        )
        .await;
    let terminated = json!({"effective_on": "2024-01-10", "reason": "price"});
    story
        .fact(
            "contract-k-new",
            noon("10.01"),
            "ContractTerminated",
            terminated,
        )
        .await;
    assert_eq!(baseline(story.health("ann", "10.01").await), "8.5");
    // What is kept equals what is summed up anew.
    let other = story.only_asks().await;
    let asked = v1::GetCustomerHealthRequest {
        customer_id: "ann".into(),
        on: "2024-01-10".into(),
        consistency: story.now(),
        ..Default::default()
    };
    let anew = other.customer_health(&tenant(), asked).await.unwrap();
    assert_eq!(baseline(anew), "8.5");
}

async fn a_last_value_holds_on_and_different_subjects_count_once(mut story: Story) {
    story.metric("seats", "LAST").await;
    story.metric("users", "DISTINCT").await;
    let terms = json!({"metrics": [
        {"metric_id": "seats", "weight": "1", "window_days": 4, "baseline_days": 4},
        {"metric_id": "users", "weight": "3", "window_days": 2, "baseline_days": 2}
    ]});
    story.health_model(1, "1.01", terms).await;
    story.signed("ann", "1.01", None).await;
    story.used("ann", "seats", "3.01", "10", noon("3.01")).await;
    story.used("ann", "seats", "9.01", "14", noon("9.01")).await;
    story.used("ann", "seats", "9.01", "20", noon("9.01")).await;
    for (used, who) in [("9.01", "a"), ("9.01", "a"), ("9.01", "b"), ("10.01", "a")] {
        story
            .used_by("ann", "users", used, "1", noon(used), Some(who))
            .await;
    }
    let ann = story.health("ann", "10.01").await;
    // Two days of 10, two of 20; two people and one.
    assert_eq!(
        [&*ann.factors[0].value, &*ann.factors[1].value],
        ["15", "1.5"]
    );
    // Told later, for the day before: by then it held for a day less.
    story
        .used("ann", "seats", "8.01", "30", noon("11.01"))
        .await;
    assert_eq!(story.health("ann", "10.01").await.factors[0].value, "15");
    // On the eleventh: 8.01 30, and then 20.
    assert_eq!(story.health("ann", "11.01").await.factors[0].value, "22.5");
}

async fn points_are_taken_off_and_explained(mut story: Story) {
    two_customers(&mut story).await;
    let mut terms = logins();
    terms["open_tickets"] = json!({"points_each": "4", "points_at_most": "6"});
    terms["without_contact"] = json!({"after_days": 5, "points": "10"});
    terms["decision_maker_departed_points"] = json!("20");
    story.health_model(2, "2.01", terms).await;
    story.talked("i-1", "ann", "4.01").await;
    assert!(
        story.health("ann", "9.01").await.points.is_empty(),
        "five days are not more than five"
    );
    story.ticket("t-1", "ann", "10.01").await;
    story.ticket("t-2", "ann", "10.01").await;
    story
        .contact("ann", "c-1", "5.01", &["DECISION_MAKER"])
        .await;
    story.gone("ann", "c-1", "10.01").await;

    let ann = story.health("ann", "10.01").await;
    let points: Vec<_> = ann
        .points
        .iter()
        .map(|p| (&*p.kind, &*p.points, p.count))
        .collect();
    assert_eq!(
        points,
        [
            ("OPEN_TICKETS", "6", 2),
            ("WITHOUT_CONTACT", "10", 6),
            ("DECISION_MAKER_DEPARTED", "20", 0)
        ]
    );
    assert_eq!((&*ann.score, ann.band()), ("64", HealthBand::AtRisk));
    assert_eq!(ann.points[1].events[0].stream, "interaction-i-1");
    assert_eq!(ann.points[2].events[0].version, 3);

    let later = story.health("ann", "9.02").await;
    assert_eq!(
        (&*later.score, &*later.compared_score),
        ("", "64"),
        "no usage, no baseline"
    );
    assert_eq!(later.direction(), HealthDirection::Unspecified);
    for used in ["8.02", "9.02"] {
        story.used("ann", "logins", used, "5", noon(used)).await;
    }
    story.of_ticket("t-1", "8.02", "TicketClosed").await;
    story
        .contact("ann", "c-2", "8.02", &["DECISION_MAKER", "USER"])
        .await;
    let later = story.health("ann", "9.02").await;
    assert_eq!((&*later.score, &*later.change), ("86", "22"));
    assert_eq!(later.direction(), HealthDirection::Up);
    let moved: Vec<_> = later
        .movements
        .iter()
        .map(|m| (&*m.name, &*m.change))
        .collect();
    assert_eq!(
        moved,
        [
            ("DECISION_MAKER_DEPARTED", "20"),
            ("OPEN_TICKETS", "2"),
            ("logins", "0"),
            ("WITHOUT_CONTACT", "0")
        ]
    );
}

async fn of_each_person_the_latest_answer_counts(mut story: Story) {
    let terms = json!({"nps": {"weight": "1", "window_days": 30}});
    story.health_model(1, "1.01", terms).await;
    story.signed("ann", "1.01", None).await;
    story.answered("a-1", "ann", Some("c-1"), "2.01", 3).await;
    assert_eq!(story.worries("2.01").await, ["ann NPS_DETRACTOR c-1"]);
    story.answered("a-2", "ann", Some("c-1"), "3.01", 9).await;
    story.answered("a-3", "ann", None, "4.01", 6).await;
    story.answered("a-4", "ann", None, "4.01", 10).await;
    let ann = story.health("ann", "4.01").await;
    assert_eq!((&*ann.factors[0].value, &*ann.score), ("8.3333", "83.33"));
    assert_eq!(story.worries("4.01").await, ["ann NPS_DETRACTOR a-3"]);
    // The answer of the fourth has its thirty days, and no more.
    assert_eq!(story.worries("2.02").await.len(), 1);
    assert_eq!(story.worries("3.02").await.len(), 0);

    let asked = v1::GetNpsRequest {
        to_on: "2024-01-05".into(),
        consistency: story.now(),
        ..Default::default()
    };
    let nps = story.read_models.nps(&tenant(), asked).await.unwrap();
    assert_eq!(
        (nps.answers, nps.promoters, nps.passives, nps.detractors),
        (4, 2, 0, 2)
    );
    assert_eq!(nps.points, "0");
}

async fn without_a_model_there_is_no_score(mut story: Story) {
    story.signed("ann", "1.01", None).await;
    let ann = story.health("ann", "2.01").await;
    assert_eq!(
        (&*ann.score, ann.band(), ann.health_model),
        ("", HealthBand::Unspecified, None)
    );
    assert!(ann.is_active);
    story.ticket("t-1", "ann", "2.01").await;
    assert!(story.findings("2.01").await.is_empty());
    story.metric("logins", "SUM").await;
    story.health_model(1, "5.01", logins()).await;
    assert!(story.health("ann", "4.01").await.health_model.is_none());
    assert_eq!(
        story
            .health("ann", "5.01")
            .await
            .health_model
            .unwrap()
            .version,
        1
    );
}

async fn a_day_ends_where_the_tenant_is(mut story: Story) {
    story.zone("Asia/Shanghai").await;
    story.metric("logins", "SUM").await;
    story.health_model(1, "1.01", logins()).await;
    story.signed("ann", "2.01", None).await;
    let value = |health: v1::CustomerHealth| health.factors[0].value.clone();
    // Told at 23:30 and at 0:30 in Shanghai.
    story
        .used(
            "ann",
            "logins",
            "10.01",
            "4",
            on("10.01") + chrono::TimeDelta::minutes(930),
        )
        .await;
    story
        .used(
            "ann",
            "logins",
            "10.01",
            "2",
            on("10.01") + chrono::TimeDelta::minutes(990),
        )
        .await;
    assert_eq!(value(story.health("ann", "10.01").await), "2");
    assert_eq!(value(story.health("ann", "11.01").await), "3");
}

async fn each_day_of_a_history_has_its_own_model(mut story: Story) {
    two_customers(&mut story).await;
    let mut terms = logins();
    terms["open_tickets"] = json!({"points_each": "25"});
    story.health_model(2, "10.01", terms).await;
    story.ticket("t-1", "ann", "8.01").await;
    let asked = v1::GetHealthHistoryRequest {
        customer_id: "ann".into(),
        from_on: "2024-01-06".into(),
        to_on: "2024-01-11".into(),
        consistency: story.now(),
    };
    let told = story
        .read_models
        .health_history(&tenant(), asked)
        .await
        .unwrap();
    let days: Vec<_> = told
        .days
        .iter()
        .map(|d| (&*d.on, &*d.score, d.health_model.as_ref().unwrap().version))
        .collect();
    assert_eq!(
        days,
        [
            ("2024-01-06", "", 1),
            ("2024-01-07", "100", 1),
            ("2024-01-08", "100", 1),
            ("2024-01-09", "100", 1),
            ("2024-01-10", "75", 2),
        ]
    );
}

async fn live_as_of_and_rebuilt_agree(mut story: Story) {
    two_customers(&mut story).await;
    story.ticket("t-1", "bob", "3.01").await;
    story.answered("a-1", "bob", None, "3.01", 4).await;
    let live = story.health("bob", "10.01").await;
    let from = live.answered_from.unwrap();
    let as_of = v1::AsOf {
        known_at: Some(v1::as_of::KnownAt::Position(from.position)),
        happened_by: from.at,
    };
    let asked = |as_of| v1::GetCustomerHealthRequest {
        customer_id: "bob".into(),
        on: day("10.01").to_string(),
        consistency: Some(v1::Consistency {
            as_of,
            min_position: story.head,
        }),
        ..Default::default()
    };
    let ask = async |as_of| {
        story
            .read_models
            .customer_health(&tenant(), asked(as_of))
            .await
            .unwrap()
    };
    assert_eq!(ask(Some(as_of)).await, live);
    story.read_models.rebuild("customer_success").await.unwrap();
    let rebuilt = ask(None).await;
    assert_eq!(
        v1::CustomerHealth {
            answered_from: None,
            ..rebuilt
        },
        v1::CustomerHealth {
            answered_from: None,
            ..live
        }
    );
    // By the fourth, less had happened.
    let by = v1::AsOf {
        known_at: None,
        happened_by: Some(crate::home::timestamp(on("4.01"))),
    };
    let asked = v1::GetCustomerHealthRequest {
        on: String::new(),
        ..asked(Some(by))
    };
    let fourth = story
        .read_models
        .customer_health(&tenant(), asked)
        .await
        .unwrap();
    assert_eq!((&*fourth.on, &*fourth.score), ("2024-01-03", ""));
}
