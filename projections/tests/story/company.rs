//! The company the stories are about: its sales process, reps, teams, customers and products.

use event_schemas::customer::{CustomerEvent, CustomerProfile, CustomerRegistered};
use event_schemas::product::{ProductEvent, ProductRegistered};
use event_schemas::rep::{RepEvent, RepRegistered, TeamJoined, TeamLeft};
use event_schemas::sales_process::{
    SalesProcessDefined, SalesProcessEvent, SalesProcessRevised, Stage,
};
use event_schemas::team::{RegionMoved, TeamEvent, TeamFormed};
use event_schemas::tenant::{TenantConfigured, TenantEvent};
use event_schemas::vocabulary::{Currency, CustomerId, ProductId, RepId, SalesProcessId, TeamId};

use crate::home::{Story, dollars, on, stage};

/// `lead`, `demo`, `offer`, where the team wants two open ones of 3,000 dollars in `lead`.
pub fn stages(ids: &[&str]) -> Vec<Stage> {
    let of = |id: &&str| Stage {
        stage_id: stage(id),
        name: id.to_uppercase(),
        checklist: vec![],
        suggested_document_ids: vec![],
        target_open_count: (*id == "lead").then_some(2),
        target_open_amount: (*id == "lead").then(|| dollars("3000")),
    };
    ids.iter().map(of).collect()
}

impl Story {
    pub async fn process(&mut self, id: &str, ids: &[&str]) {
        let sales_process_id = SalesProcessId::new(id).unwrap();
        let event = SalesProcessDefined {
            sales_process_id,
            name: id.into(),
            stages: stages(ids),
        };
        self.event::<SalesProcessEvent>(id, "1.01", event).await;
    }

    pub async fn revise(&mut self, id: &str, day: &str, ids: &[&str]) {
        let event = SalesProcessRevised {
            name: id.into(),
            stages: stages(ids),
        };
        self.event::<SalesProcessEvent>(id, day, event).await;
    }

    /// The usual one.
    pub async fn standard_process(&mut self) {
        self.process("standard", &["lead", "demo", "offer"]).await;
    }

    pub async fn currency(&mut self, code: &str) {
        let currency = Currency::new(code).unwrap();
        let event = TenantConfigured {
            time_zone: "UTC".into(),
            currency,
        };
        self.event::<TenantEvent>("self", "1.01", event).await;
    }

    pub async fn team(&mut self, id: &str, region: &str) {
        let team_id = TeamId::new(id).unwrap();
        let region = Some(region.to_owned());
        let event = TeamFormed {
            team_id,
            name: id.to_uppercase(),
            region,
            manager_id: None,
        };
        self.event::<TeamEvent>(id, "1.01", event).await;
    }

    pub async fn move_team(&mut self, id: &str, day: &str, region: &str) {
        let event = RegionMoved {
            region: region.into(),
            from_at: on(day),
        };
        self.event::<TeamEvent>(id, day, event).await;
    }

    pub async fn rep(&mut self, id: &str, team: &str) {
        let event = RepRegistered {
            rep_id: RepId::new(id).unwrap(),
            name: id.to_uppercase(),
            email: None,
        };
        self.event::<RepEvent>(id, "1.01", event).await;
        self.join(id, "1.01", team).await;
    }

    pub async fn join(&mut self, rep: &str, day: &str, team: &str) {
        let team_id = TeamId::new(team).unwrap();
        let event = TeamJoined {
            team_id,
            from_at: on(day),
            to_at: None,
        };
        self.event::<RepEvent>(rep, day, event).await;
    }

    pub async fn leave(&mut self, rep: &str, joined: &str, day: &str, team: &str) {
        let team_id = TeamId::new(team).unwrap();
        let event = TeamLeft {
            team_id,
            from_at: on(joined),
            to_at: on(day),
        };
        self.event::<RepEvent>(rep, day, event).await;
    }

    pub async fn customer(&mut self, id: &str, industry: &str) {
        let profile = CustomerProfile {
            name: id.to_uppercase(),
            industry: Some(industry.into()),
            country: None,
            employees: None,
            founded_year: None,
            annual_revenue: None,
            parent_customer_id: None,
        };
        let customer_id = CustomerId::new(id).unwrap();
        let event = CustomerRegistered {
            customer_id,
            profile,
            external_id: None,
        };
        self.event::<CustomerEvent>(id, "1.01", event).await;
    }

    pub async fn product(&mut self, id: &str) {
        let event = ProductRegistered {
            product_id: ProductId::new(id).unwrap(),
            name: id.to_uppercase(),
            category: None,
            list_price: None,
        };
        self.event::<ProductEvent>(id, "1.01", event).await;
    }
}
