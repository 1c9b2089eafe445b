//! Where a story takes place: a log and its read models, and how it is told.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use event_schemas::StreamEvents;
use event_schemas::opportunity::{
    OpportunityEvent, OpportunityKind, OpportunityLost, OpportunityRegistered, OpportunityReopened,
    OpportunityWon, ProductsChanged, StageAdvanced, SteppedBack,
};
use event_schemas::vocabulary::{
    Currency, Money, OpportunityId, ProductId, SalesProcessId, StageId, StreamName, TenantId,
    Version,
};
use log::{Append, Log, Meta, NewEvent, StreamWrite};
use proto::v1;
use support::Postgres;
use tempfile::TempDir;
use twinfunnel_projections::{Home, Options, Projections};

/// Tells each story on both databases.
macro_rules! on_both {
    ($($story:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                super::$story($crate::home::Story::on_sqlite().await).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                super::$story($crate::home::Story::on_postgres().await).await;
            })+
        }
    };
}

/// A log that grows, and read models that follow it.
pub struct Story {
    pub log: Log,
    pub read_models: Projections,
    pub options: Options,
    versions: HashMap<String, u64>,
    pub head: u64,
    _folder: TempDir,
}

pub fn tenant() -> TenantId {
    TenantId::new("acme").unwrap()
}

/// A day of 2024, `5.01` being the fifth of January; its first instant, UTC.
pub fn on(day: &str) -> DateTime<Utc> {
    let date = NaiveDate::parse_from_str(&format!("{day}.2024"), "%d.%m.%Y").unwrap();
    date.and_hms_opt(0, 0, 0).unwrap().and_utc()
}

pub fn timestamp(at: DateTime<Utc>) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: at.timestamp(),
        nanos: 0,
    }
}

pub fn money(amount: &str, currency: &str) -> Money {
    Money::parse(amount, Currency::new(currency).unwrap()).unwrap()
}

pub fn dollars(amount: &str) -> Money {
    money(amount, "USD")
}

pub fn stage(id: &str) -> StageId {
    StageId::new(id).unwrap()
}

impl Story {
    pub async fn on_sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = Log::open_sqlite(folder.path(), log::Options::default())
            .await
            .unwrap();
        let home = Home::Sqlite {
            dir: folder.path().join("read-models"),
        };
        Self::of(log, home, folder).await
    }

    pub async fn on_postgres() -> Self {
        let url = Postgres::shared().unwrap().create_database().await.unwrap();
        let log = Log::connect_postgres(&url, log::Options::default())
            .await
            .unwrap();
        Self::of(log, Home::Postgres { url }, tempfile::tempdir().unwrap()).await
    }

    async fn of(log: Log, home: Home, folder: TempDir) -> Self {
        let options = Options::at(home);
        let read_models = Projections::start(log.clone(), options.clone())
            .await
            .unwrap();
        let versions = HashMap::new();
        Self {
            log,
            read_models,
            options,
            versions,
            head: 0,
            _folder: folder,
        }
    }

    /// Another home, where nothing has been built yet.
    pub async fn elsewhere(&self) -> Options {
        let home = match &self.options.home {
            Home::Sqlite { dir } => Home::Sqlite {
                dir: dir.with_file_name("elsewhere"),
            },
            Home::Postgres { .. } => Home::Postgres {
                url: Postgres::shared().unwrap().create_database().await.unwrap(),
            },
        };
        Options::at(home)
    }

    /// Another node on the same home, that answers and leaves the work to others.
    pub async fn only_asks(&self) -> Projections {
        let options = Options {
            run_workers: false,
            ..self.options.clone()
        };
        Projections::start(self.log.clone(), options).await.unwrap()
    }

    /// Appends one event that happened at an instant.
    pub async fn event_at<E: StreamEvents>(
        &mut self,
        id: &str,
        at: DateTime<Utc>,
        event: impl Into<E>,
    ) {
        let event: E = event.into();
        let payload = event.encode().unwrap();
        let event_type = event.event_type();
        self.raw(
            E::CATEGORY,
            id,
            at,
            event_type,
            event.schema_version(),
            payload,
        )
        .await;
    }

    pub async fn raw(
        &mut self,
        category: &str,
        id: &str,
        occurred_at: DateTime<Utc>,
        event_type: &'static str,
        schema_version: u32,
        payload: Vec<u8>,
    ) {
        let stream = StreamName::new(category, id).unwrap();
        let version = self.versions.entry(stream.to_string()).or_default();
        let expected = Version(*version);
        *version += 1;
        let event = NewEvent {
            event_type: event_type.into(),
            schema_version,
            payload,
        };
        let write = StreamWrite {
            stream,
            expected,
            events: vec![event],
        };
        self.head = append(&self.log, &tenant(), occurred_at, vec![write]).await;
    }

    /// Appends one event that happened at the first instant of a day.
    pub async fn event<E: StreamEvents>(&mut self, id: &str, day: &str, event: impl Into<E>) {
        self.event_at::<E>(id, on(day), event).await;
    }

    /// A lead of 1,000 dollars in the first stage.
    pub async fn lead(&mut self, id: &str, day: &str) -> Lead {
        let registered = lead(id);
        self.register(id, day, registered).await
    }

    pub async fn register(&mut self, id: &str, day: &str, event: OpportunityRegistered) -> Lead {
        self.opportunity(id, day, event).await;
        Lead(id.to_owned())
    }

    async fn opportunity(&mut self, id: &str, day: &str, event: impl Into<OpportunityEvent>) {
        self.event::<OpportunityEvent>(id, day, event).await;
    }

    pub async fn advance(&mut self, lead: &Lead, day: &str, to: &str) {
        let (from_stage_id, to_stage_id) = (stage("lead"), stage(to));
        let event = StageAdvanced {
            from_stage_id,
            to_stage_id,
            note: None,
        };
        self.opportunity(&lead.0, day, event).await;
    }

    pub async fn step_back(&mut self, lead: &Lead, day: &str, to: &str) {
        let (from_stage_id, to_stage_id) = (stage("offer"), stage(to));
        let event = SteppedBack {
            from_stage_id,
            to_stage_id,
            reason: None,
        };
        self.opportunity(&lead.0, day, event).await;
    }

    pub async fn products(&mut self, lead: &Lead, day: &str, products: &[&str]) {
        let product_ids = products
            .iter()
            .map(|id| ProductId::new(id).unwrap())
            .collect();
        self.opportunity(&lead.0, day, ProductsChanged { product_ids })
            .await;
    }

    pub async fn win(&mut self, lead: &Lead, day: &str, amount: &str) {
        let amount = (!amount.is_empty()).then(|| dollars(amount));
        self.opportunity(
            &lead.0,
            day,
            OpportunityWon {
                stage_id: stage("offer"),
                amount,
                contract_id: None,
            },
        )
        .await;
    }

    pub async fn lose(&mut self, lead: &Lead, day: &str) {
        let reason = "price".to_owned();
        let stage_id = stage("lead");
        let event = OpportunityLost {
            stage_id,
            reason,
            note: None,
            competitor: None,
        };
        self.opportunity(&lead.0, day, event).await;
    }

    pub async fn reopen(&mut self, lead: &Lead, day: &str, to: &str) {
        let event = OpportunityReopened {
            stage_id: stage(to),
            reason: None,
        };
        self.opportunity(&lead.0, day, event).await;
    }

    /// Thousands of leads at once.
    pub async fn leads(&mut self, thousands: usize) {
        for thousand in 0..thousands {
            let ids = (0..1_000).map(|number| format!("m-{thousand}-{number}"));
            let writes = ids.map(|id| registering(&id)).collect();
            self.head = append(&self.log, &tenant(), on("2.01"), writes).await;
        }
    }

    /// How the read models answer once they hold all that was told.
    pub fn now(&self) -> Option<v1::Consistency> {
        Some(v1::Consistency {
            as_of: None,
            min_position: self.head,
        })
    }

    pub async fn funnel(&self, asked: v1::GetFunnelConversionRequest) -> v1::FunnelConversion {
        let asked = self.with_consistency(asked);
        self.read_models
            .funnel_conversion(&tenant(), asked)
            .await
            .unwrap()
    }

    fn with_consistency(
        &self,
        mut asked: v1::GetFunnelConversionRequest,
    ) -> v1::GetFunnelConversionRequest {
        asked.consistency = asked.consistency.or(self.now());
        asked
    }

    pub async fn velocity(
        &self,
        mut asked: v1::GetPipelineVelocityRequest,
    ) -> v1::PipelineVelocity {
        asked.consistency = asked.consistency.or(self.now());
        self.read_models
            .pipeline_velocity(&tenant(), asked)
            .await
            .unwrap()
    }
}

/// Appends to any tenant's log; gives its head.
pub async fn append(
    log: &Log,
    tenant: &TenantId,
    occurred_at: DateTime<Utc>,
    writes: Vec<StreamWrite>,
) -> u64 {
    let appended = log.append(Append {
        tenant: tenant.clone(),
        command: None,
        writes,
        reads: vec![],
        claims: vec![],
        chain: None,
        depends_on: vec![],
        meta: Meta {
            occurred_at,
            actor: "story".into(),
            correlation_id: Some("story".into()),
            causation_id: None,
            trace_context: None,
        },
    });
    appended.await.unwrap().position.0
}

/// What registers a new opportunity.
pub fn registering(id: &str) -> StreamWrite {
    let event = OpportunityEvent::from(lead(id));
    let event = NewEvent {
        event_type: event.event_type().into(),
        schema_version: event.schema_version(),
        payload: event.encode().unwrap(),
    };
    StreamWrite {
        stream: StreamName::new(OpportunityEvent::CATEGORY, id).unwrap(),
        expected: Version(0),
        events: vec![event],
    }
}

/// One that was registered.
pub struct Lead(pub String);

/// A lead of 1,000 dollars in the first stage.
pub fn lead(id: &str) -> OpportunityRegistered {
    OpportunityRegistered {
        opportunity_id: OpportunityId::new(id).unwrap(),
        name: format!("Lead {id}"),
        kind: OpportunityKind::New,
        sales_process_id: SalesProcessId::new("standard").unwrap(),
        stage_id: stage("lead"),
        rep_id: None,
        customer_id: None,
        product_ids: vec![],
        amount: Some(dollars("1000")),
        expected_close_on: None,
        source: None,
        email: None,
        phone: None,
        external_id: None,
    }
}
