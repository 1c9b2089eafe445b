//! Customers of the stories: what they sign, use, say and pay.

use chrono::{DateTime, NaiveDate, Utc};
use event_schemas::alarm::Evidence;
use figures::health::Finding;
use proto::v1;
use serde_json::{Value, json};

use crate::home::{Story, on, tenant};

/// A day of 2024, `5.01` being the fifth of January.
pub fn day(text: &str) -> NaiveDate {
    on(text).date_naive()
}

/// Noon of a day.
pub fn noon(text: &str) -> DateTime<Utc> {
    on(text) + chrono::TimeDelta::hours(12)
}

pub fn event(stream: &str, version: u64) -> Evidence {
    Evidence {
        stream: stream.into(),
        version,
    }
}

impl Story {
    /// Appends one event, its payload as it is written in the log.
    pub async fn fact(
        &mut self,
        stream: &str,
        at: DateTime<Utc>,
        event_type: &'static str,
        payload: Value,
    ) {
        let (category, id) = stream.split_once('-').unwrap();
        let payload = payload.to_string().into_bytes();
        self.raw(category, id, at, event_type, 1, payload).await;
    }

    pub async fn zone(&mut self, time_zone: &str) {
        let payload = json!({"time_zone": time_zone, "currency": "USD"});
        self.fact("tenant-self", on("1.01"), "TenantConfigured", payload)
            .await;
    }

    pub async fn metric(&mut self, id: &str, aggregation: &str) {
        let payload = json!({
            "metric_id": id, "name": id, "unit": "times", "aggregation": aggregation
        });
        self.fact(
            &format!("metric-{id}"),
            on("1.01"),
            "MetricDeclared",
            payload,
        )
        .await;
    }

    /// Publishes the next version of a model.
    pub async fn health_model(&mut self, version: u32, from: &str, terms: Value) {
        let payload = json!({
            "health_model_id": "standard", "version": version,
            "effective_from": day(from).to_string(), "terms": terms
        });
        self.fact(
            "health_model-standard",
            on(from),
            "HealthModelPublished",
            payload,
        )
        .await;
    }

    /// A customer with a contract of 100 dollars a month from a day on, to another or open.
    pub async fn signed(&mut self, id: &str, from: &str, to: Option<&str>) {
        self.customer_of(id, "steel").await;
        self.contract(&format!("k-{id}"), id, from, to).await;
    }

    pub async fn customer_of(&mut self, id: &str, industry: &str) {
        let profile = json!({"name": id.to_uppercase(), "industry": industry});
        let payload = json!({"customer_id": id, "profile": profile});
        self.fact(
            &format!("customer-{id}"),
            on("1.01"),
            "CustomerRegistered",
            payload,
        )
        .await;
    }

    pub async fn contract(&mut self, id: &str, customer: &str, from: &str, to: Option<&str>) {
        let line = json!({
            "line_id": "1", "product_id": "p", "quantity": "1", "list_price_minor": 120000,
            "discount_percent": "0", "amount_minor": 120000, "revenue_type": "NEW",
            "monthly_recurring_minor": 10000
        });
        let payload = json!({
            "contract_id": id, "customer_id": customer, "currency": "USD",
            "starts_on": day(from).to_string(), "ends_on": to.map(|to| day(to).to_string()),
            "billing": {"frequency": "YEARLY", "payment_days": 30}, "lines": [line]
        });
        self.fact(
            &format!("contract-{id}"),
            on(from),
            "ContractSigned",
            payload,
        )
        .await;
    }

    /// One record of usage of a day, told at an instant.
    pub async fn used(
        &mut self,
        customer: &str,
        metric: &str,
        used: &str,
        quantity: &str,
        told: DateTime<Utc>,
    ) {
        self.used_by(customer, metric, used, quantity, told, None)
            .await;
    }

    pub async fn used_by(
        &mut self,
        customer: &str,
        metric: &str,
        used: &str,
        quantity: &str,
        told: DateTime<Utc>,
        subject: Option<&str>,
    ) {
        let used_on = day(used);
        let stream = format!("usage-{customer}~{used_on}");
        let record = json!({
            "record_id": format!("r-{}", self.head), "metric_id": metric, "quantity": quantity,
            "subject": subject
        });
        let payload = json!({
            "customer_id": customer, "used_on": used_on.to_string(), "records": [record]
        });
        self.fact(&stream, told, "UsageRecorded", payload).await;
    }

    pub async fn answered(
        &mut self,
        id: &str,
        customer: &str,
        contact: Option<&str>,
        at: &str,
        score: u8,
    ) {
        let payload = json!({
            "survey_answer_id": id, "customer_id": customer, "contact_id": contact,
            "score": score, "comment": "between us"
        });
        self.fact(&format!("survey-{id}"), noon(at), "SurveyAnswered", payload)
            .await;
    }

    pub async fn ticket(&mut self, id: &str, customer: &str, at: &str) {
        let payload = json!({"ticket_id": id, "customer_id": customer, "priority": "HIGH"});
        self.fact(&format!("ticket-{id}"), noon(at), "TicketOpened", payload)
            .await;
    }

    pub async fn of_ticket(&mut self, id: &str, at: &str, event_type: &'static str) {
        self.fact(&format!("ticket-{id}"), noon(at), event_type, json!({}))
            .await;
    }

    pub async fn contact(&mut self, customer: &str, id: &str, at: &str, roles: &[&str]) {
        let payload = json!({"contact_id": id, "profile": {"name": "Ann", "roles": roles}});
        self.fact(
            &format!("customer-{customer}"),
            noon(at),
            "ContactAdded",
            payload,
        )
        .await;
    }

    pub async fn gone(&mut self, customer: &str, id: &str, at: &str) {
        let payload = json!({"contact_id": id});
        self.fact(
            &format!("customer-{customer}"),
            noon(at),
            "ContactRemoved",
            payload,
        )
        .await;
    }

    pub async fn talked(&mut self, id: &str, customer: &str, at: &str) {
        let payload = json!({"interaction_id": id, "customer_id": customer, "channel": "CALL"});
        self.fact(
            &format!("interaction-{id}"),
            noon(at),
            "InteractionLogged",
            payload,
        )
        .await;
    }

    pub async fn invoice(&mut self, contract: &str, id: &str, at: &str, due: &str, minor: i64) {
        let payload = json!({
            "invoice_id": id, "amounts": [{"line_id": "1", "amount_minor": minor}],
            "due_on": day(due).to_string()
        });
        self.fact(
            &format!("contract-{contract}"),
            noon(at),
            "InvoiceIssued",
            payload,
        )
        .await;
    }

    pub async fn paid(&mut self, contract: &str, id: &str, invoice: &str, at: &str, minor: i64) {
        let payload = json!({
            "payment_id": id, "invoice_id": invoice,
            "amounts": [{"line_id": "1", "amount_minor": minor}]
        });
        self.fact(
            &format!("contract-{contract}"),
            noon(at),
            "PaymentReceived",
            payload,
        )
        .await;
    }

    pub async fn health(&self, customer: &str, at: &str) -> v1::CustomerHealth {
        let asked = v1::GetCustomerHealthRequest {
            customer_id: customer.into(),
            on: day(at).to_string(),
            consistency: self.now(),
            ..Default::default()
        };
        self.read_models
            .customer_health(&tenant(), asked)
            .await
            .unwrap()
    }

    pub async fn findings(&self, at: &str) -> Vec<Finding> {
        self.read_models.findings(&tenant(), day(at)).await.unwrap()
    }

    /// What is found on a day: customer, cause, subject.
    pub async fn worries(&self, at: &str) -> Vec<String> {
        let found = self.findings(at).await;
        let told = |found: &Finding| {
            let subject = found.subject_id.as_deref().unwrap_or("-");
            format!("{} {} {subject}", found.customer_id, found.cause.as_str())
        };
        found.iter().map(told).collect()
    }
}
