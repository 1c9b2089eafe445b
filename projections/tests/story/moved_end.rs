//! Given a contract whose end was moved, when it is asked whether it is in force and what recurs, then
//! the end that was agreed last counts, live, as of any moment, and rebuilt.

use proto::v1::{self, GetRecurringRevenueRequest};
use serde_json::json;

use crate::customers::day;
use crate::home::{Story, on, timestamp};
use crate::revenue::{told, until};

on_both!(a_contract_is_in_force_until_the_end_that_was_agreed_last);

impl Story {
    /// A contract comes to end on another day, from a day on.
    async fn moves_end(&mut self, id: &str, from: &str, to: &str) {
        let payload = json!({
            "amendment_id": format!("a-{from}"), "kind": "TERM",
            "effective_on": day(from).to_string(), "ends_on": day(to).to_string(), "changes": []
        });
        let payload = payload.to_string().into_bytes();
        self.raw("contract", id, on(from), "ContractAmended", 2, payload)
            .await;
    }

    /// What recurs by the start of a day, by what had happened by another, or by now.
    async fn recurs(&self, to: &str, by: Option<&str>) -> String {
        let as_of = by.map(|by| v1::AsOf {
            known_at: None,
            happened_by: Some(timestamp(on(by))),
        });
        let consistency = as_of.map(|as_of| v1::Consistency {
            as_of: Some(as_of),
            min_position: 0,
        });
        let asked = GetRecurringRevenueRequest {
            consistency,
            ..until(to)
        };
        let answer = told(self.revenue(asked).await.overall.as_ref());
        let (_, end) = answer.rsplit_once('=').unwrap();
        end.to_owned()
    }
}

async fn a_contract_is_in_force_until_the_end_that_was_agreed_last(mut story: Story) {
    story.health_model(1, "1.01", json!({})).await;
    for customer in ["ann", "bob"] {
        story.customer_of(customer, "steel").await;
    }
    story.sign("k-1", "ann", "1.01", "1.04", 10_000).await;
    story.sign("k-2", "bob", "1.01", "1.09", 5_000).await;
    assert_eq!(story.recurs("1.05", None).await, "50/1");
    assert!(!story.health("ann", "15.04").await.is_active);

    story.moves_end("k-1", "1.03", "1.06").await;
    story.moves_end("k-2", "1.03", "1.04").await;
    for rebuilt in [false, true] {
        if rebuilt {
            for model in ["recurring_revenue", "customer_success"] {
                story.read_models.rebuild(model).await.unwrap();
            }
        }
        assert_eq!(story.recurs("1.04", None).await, "100/1");
        assert_eq!(story.recurs("1.05", None).await, "100/1");
        assert_eq!(story.recurs("1.06", None).await, "0/0");
        // As it was agreed before.
        assert_eq!(story.recurs("1.05", Some("1.02")).await, "50/1");
        let ann = async |day| story.health("ann", day).await.is_active;
        let bob = async |day| story.health("bob", day).await.is_active;
        assert!(ann("15.04").await && !ann("1.06").await);
        // Of a day that was over by then nothing has changed.
        assert!(ann("28.02").await && bob("28.02").await);
        assert!(bob("31.03").await && !bob("1.04").await);
    }
}
