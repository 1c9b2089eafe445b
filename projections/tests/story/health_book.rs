//! The health of all customers together: the book of business, and a model tried on what happened.

use proto::v1::{self, HealthBand};
use serde_json::json;

use crate::customers::noon;
use crate::health::{logins, two_customers};
use crate::home::{Story, tenant, timestamp};

on_both!(
    a_book_is_told_worst_first,
    a_model_is_tried_against_who_left,
);

async fn a_book_is_told_worst_first(mut story: Story) {
    two_customers(&mut story).await;
    story.signed("cy", "1.01", None).await;
    story.customer_of("dan", "glass").await;
    let csm = json!({"rep_id": "mia"});
    story
        .fact("customer-bob", noon("2.01"), "CsmAssigned", csm)
        .await;
    let asked = v1::ListCustomerHealthRequest {
        on: "2024-01-10".into(),
        cut_by: vec![v1::BookDimension::Csm.into()],
        page_size: 2,
        consistency: story.now(),
        ..Default::default()
    };
    let ask = async |asked| {
        story
            .read_models
            .list_customer_health(&tenant(), asked)
            .await
            .unwrap()
    };
    let told = ask(asked.clone()).await;
    let rows = |told: &v1::ListCustomerHealthResponse| -> Vec<(String, String)> {
        told.rows
            .iter()
            .map(|row| (row.customer_id.clone(), row.score.clone()))
            .collect()
    };
    let row = |id: &str, score: &str| (id.to_owned(), score.to_owned());
    assert_eq!(rows(&told), [row("cy", "0"), row("ann", "100")]);
    let overall = told.overall.unwrap();
    assert_eq!(
        (overall.customers, overall.critical, overall.healthy),
        (3, 1, 2)
    );
    assert_eq!(overall.mean_score, "66.67");
    let cut: Vec<_> = told.cuts[0]
        .rows
        .iter()
        .map(|row| (&*row.key, row.distribution.as_ref().unwrap().customers))
        .collect();
    assert_eq!(cut, [("", 2), ("mia", 1)]);
    let next = v1::ListCustomerHealthRequest {
        page_token: told.next_page_token.clone(),
        ..asked.clone()
    };
    let next = ask(next).await;
    assert_eq!(
        (rows(&next), &*next.next_page_token),
        (vec![row("bob", "100")], "")
    );
    let of_mia = v1::ListCustomerHealthRequest {
        csm_id: "mia".into(),
        ..asked
    };
    assert_eq!(rows(&ask(of_mia).await), [row("bob", "100")]);
}

async fn a_model_is_tried_against_who_left(mut story: Story) {
    story.metric("logins", "SUM").await;
    // Good, flagged and gone, flagged and there, gone without a flag.
    story.signed("good", "1.01", None).await;
    story.signed("hit", "1.01", Some("15.02")).await;
    story.signed("alarm", "1.01", None).await;
    story.signed("missed", "1.01", None).await;
    for (customer, much) in [
        ("good", "12"),
        ("hit", "1"),
        ("alarm", "1"),
        ("missed", "10"),
    ] {
        story
            .used(customer, "logins", "31.01", much, noon("31.01"))
            .await;
    }
    let churn = json!({"churn_id": "x", "churned_on": "2024-02-20", "reason": "price"});
    story
        .fact("customer-missed", noon("10.02"), "ChurnRecorded", churn)
        .await;
    let asked = v1::TryHealthModelRequest {
        terms_json: logins().to_string(),
        from_on: "2024-01-01".into(),
        to_on: "2024-02-01".into(),
        below: HealthBand::Healthy.into(),
        within_days: 30,
        consistency: story.now(),
    };
    let told = story
        .read_models
        .try_health_model(&tenant(), asked.clone())
        .await
        .unwrap();
    let [month] = told.months.as_slice() else {
        panic!("{told:?}")
    };
    let customers: Vec<_> = month
        .customers
        .iter()
        .map(|c| (&*c.customer_id, &*c.outcome, &*c.churned_on))
        .collect();
    assert_eq!(
        customers,
        [
            ("alarm", "FALSE_ALARM", ""),
            ("hit", "HIT", "2024-02-15"),
            ("missed", "MISSED", "2024-02-20"),
        ]
    );
    let overall = told.overall.unwrap();
    assert_eq!(
        (overall.precision, overall.recall, overall.quiet),
        (Some(0.5), Some(0.5), 1)
    );
    // Ten days on nobody could tell.
    let as_of = v1::AsOf {
        known_at: None,
        happened_by: Some(timestamp(noon("10.02"))),
    };
    let early = v1::TryHealthModelRequest {
        consistency: Some(v1::Consistency {
            as_of: Some(as_of),
            min_position: 0,
        }),
        ..asked.clone()
    };
    let told = story.read_models.try_health_model(&tenant(), early).await;
    let told = told.unwrap();
    assert_eq!(
        (told.months.len(), told.overall.unwrap().false_alarms),
        (1, 0)
    );
    let unknown = v1::TryHealthModelRequest {
        terms_json: logins().to_string().replace("logins", "nope"),
        ..asked.clone()
    };
    let refused = story.read_models.try_health_model(&tenant(), unknown).await;
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("nope"), "{refused}");
    // A renewal the day after the end is no departure.
    story.contract("k-2", "hit", "15.02", None).await;
    let consistency = story.now();
    let asked = v1::TryHealthModelRequest {
        consistency,
        ..asked
    };
    let told = story
        .read_models
        .try_health_model(&tenant(), asked)
        .await
        .unwrap();
    assert_eq!(told.overall.unwrap().false_alarms, 2);
}
