//! A bundle holds, and each way of tampering with it is found and named.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

use audit::{Bundle, reconcile, verify};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, NaiveDate, Utc};
use event_schemas::commission_period::{Statement, StatementClosed};
use event_schemas::vocabulary::{
    CommissionPlanId, Position, Recorded, RepId, StreamName, TenantId, Version,
};
use figures::commission::{Book, Span, Zone, digest, statement};
use figures::statement_id;
use merkle::{Checkpoint, DatedKey, Edge, Hash, SigningKey, VerifierKey, event_hash};
use serde_json::{Value, json};
use uuid::Uuid;

/// A log in memory.
#[derive(Default)]
struct Log(Vec<Recorded>);

impl Log {
    fn add(&mut self, stream: &str, event_type: &str, at: &str, payload: &Value) {
        let stream = StreamName::parse(stream).unwrap();
        let before = self.0.iter().filter(|event| event.stream == stream);
        let (version, position) = (before.count() as u64 + 1, self.0.len() as u64 + 1);
        self.0.push(Recorded {
            tenant: tenant(),
            position: Position(position),
            stream,
            version: Version(version),
            event_id: Uuid::from_u128(u128::from(position)),
            event_type: event_type.to_owned(),
            schema_version: 1,
            occurred_at: at.parse::<DateTime<Utc>>().unwrap(),
            recorded_at: at.parse::<DateTime<Utc>>().unwrap(),
            actor: "ann".to_owned(),
            command_id: format!("c{position}"),
            correlation_id: format!("c{position}"),
            causation_id: None,
            trace_context: None,
            payload: serde_json::to_vec(payload).unwrap(),
        });
    }

    /// Freezes the statement of the first quarter.
    fn close(&mut self) {
        let mut book = Book::new(|name| name.parse::<chrono_tz::Tz>().ok().map(Zone::of));
        for event in &self.0 {
            book.fold(event).unwrap();
        }
        let period = Span {
            from_on: day("2017-01-01"),
            to_on: day("2017-04-01"),
        };
        let statement = statement(&book, &plan(), &rep(), period).unwrap();
        self.freeze(statement);
    }

    fn freeze(&mut self, statement: Statement) {
        let id = statement_id(&plan(), &rep(), statement.from_on).unwrap();
        let closed = StatementClosed {
            statement_id: id.clone(),
            plan_id: plan(),
            plan_version: statement.plan_version,
            rep_id: rep(),
            from_on: statement.from_on,
            to_on: statement.to_on,
            at_position: self.0.len() as u64,
            digest: digest(&statement).unwrap(),
            statement: Box::new(statement),
        };
        let stream = format!("commission_period-{id}");
        let payload = serde_json::to_value(closed).unwrap();
        self.add(&stream, "StatementClosed", "2017-04-02T00:00:00Z", &payload);
    }

    /// What the seal keeps: a signed checkpoint, and the hashes of the leaves.
    fn sealed(&self, key: &SigningKey) -> (String, Vec<Hash>) {
        let mut edge = Edge::default();
        for event in &self.0 {
            edge.push(event_hash(event));
        }
        let checkpoint = Checkpoint {
            origin: origin(),
            size: edge.size(),
            root: edge.root(),
        };
        let hashes = self.0.iter().map(event_hash);
        (checkpoint.sign(key).unwrap(), hashes.collect())
    }

    fn bundle(&self, (checkpoint, sealed): (String, Vec<Hash>)) -> Bundle {
        let statement = (plan(), rep(), day("2017-01-01"));
        Bundle::of(
            statement,
            checkpoint,
            Vec::new(),
            tenant(),
            &self.0,
            &sealed,
        )
        .unwrap()
    }
}

fn tenant() -> TenantId {
    TenantId::new("main").unwrap()
}

fn plan() -> CommissionPlanId {
    CommissionPlanId::new("field").unwrap()
}

fn rep() -> RepId {
    RepId::new("ann").unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn origin() -> String {
    "twinfunnel/main".to_owned()
}

fn trusted(key: &SigningKey) -> Vec<DatedKey> {
    let key = VerifierKey::new(&origin(), key.public()).unwrap();
    vec![DatedKey { key, from_size: 0 }]
}

/// A plan of 5 % to 50,000 and 7 % above, and two deals of 40,000.
fn history() -> Log {
    let mut log = Log::default();
    let at = "2017-01-01T00:00:00Z";
    let named = json!({"rep_id": "ann", "name": "Ann"});
    log.add("rep-ann", "RepRegistered", at, &named);
    let bands = json!([
        {"from": "0", "to": "5000000", "pays": {"PERCENT": "5"}},
        {"from": "5000000", "pays": {"PERCENT": "7"}},
    ]);
    let terms = json!({
        "currency": "USD", "statement_period": "QUARTER", "timing": "SIGNING", "basis": "REVENUE",
        "tiers": {"measure": "BASIS", "window": "QUARTER", "mode": "MARGINAL", "bands": bands},
    });
    let published = json!({
        "plan_id": "field", "version": 1, "effective_from": "2017-01-01", "terms": terms,
    });
    log.add(
        "commission_plan-field",
        "CommissionPlanPublished",
        at,
        &published,
    );
    let enrolled = json!({"rep_id": "ann", "from_on": "2017-01-01"});
    log.add(
        "commission_plan-field",
        "ParticipantEnrolled",
        at,
        &enrolled,
    );
    for (deal, at) in [
        ("one", "2017-01-20T10:00:00Z"),
        ("two", "2017-02-20T10:00:00Z"),
    ] {
        let line = json!({
            "line_id": "1", "product_id": "suite", "quantity": "1", "list_price_minor": 4_000_000,
            "discount_percent": "0", "amount_minor": 4_000_000, "revenue_type": "NEW",
        });
        let signed = json!({
            "contract_id": deal, "customer_id": "acme", "currency": "USD",
            "starts_on": "2017-02-01", "billing": {"frequency": "ONCE", "payment_days": 30},
            "lines": [line], "rep_id": "ann",
        });
        log.add(&format!("contract-{deal}"), "ContractSigned", at, &signed);
    }
    log
}

fn closed() -> Log {
    let mut log = history();
    log.close();
    let reason = json!({"reason": "who knows"});
    log.add("rep-ann", "RepDeactivated", "2017-04-03T00:00:00Z", &reason);
    log
}

fn findings(bundle: &Bundle, key: &SigningKey) -> String {
    let report = verify(bundle, &trusted(key));
    assert!(!report.holds, "it should not hold: {report:#?}");
    let checks = report.checks.iter();
    let found: Vec<String> = checks.flat_map(|check| check.findings.clone()).collect();
    found.join("\n")
}

#[test]
fn what_is_whole_holds_and_is_recomputed() {
    let (log, key) = (closed(), SigningKey::generate().unwrap());
    let bundle = log.bundle(log.sealed(&key));
    let report = verify(&bundle, &trusted(&key));
    assert!(report.holds, "{report:#?}");
    // 50,000 at 5 % and 30,000 at 7 %.
    assert_eq!(report.statement.unwrap().total_minor, 460_000);
    // Names of people are not shown.
    let file = serde_json::to_string(&bundle).unwrap();
    assert!(!file.contains("\\\"Ann\\\"") && !file.contains("who knows"));
    assert_eq!(serde_json::from_str::<Bundle>(&file).unwrap(), bundle);
}

#[test]
fn a_changed_byte_is_found_and_named() {
    let (log, key) = (closed(), SigningKey::generate().unwrap());
    let mut bundle = log.bundle(log.sealed(&key));
    let event = bundle.entries[3].event.as_mut().unwrap();
    event.payload = event.payload.replace("4000000", "4000001");
    let found = findings(&bundle, &key);
    assert!(
        found.contains("position 4 (ContractSigned of contract-one): it was changed"),
        "{found}"
    );
}

#[test]
fn a_byte_changed_in_the_database_is_found_and_named() {
    let (mut log, key) = (closed(), SigningKey::generate().unwrap());
    let checkpoint = log.sealed(&key);
    let payload = String::from_utf8(log.0[3].payload.clone()).unwrap();
    log.0[3].payload = payload
        .replace("\"amount_minor\":4000000", "\"amount_minor\":9000000")
        .into();
    let found = findings(&log.bundle(checkpoint), &key);
    assert!(
        found.contains("position 4 (ContractSigned of contract-one): it was changed"),
        "{found}"
    );
    assert!(
        found.contains("line commission:4:one:1: was frozen with 2000.00 USD"),
        "the lines that no longer follow are named: {found}"
    );
}

#[test]
fn an_event_that_is_dropped_is_missed() {
    let (mut log, key) = (closed(), SigningKey::generate().unwrap());
    let checkpoint = log.sealed(&key);
    log.0.remove(4);
    let found = findings(&log.bundle(checkpoint), &key);
    assert!(
        found.contains("position 5: the event is missing") && !found.contains("here stands"),
        "{found}"
    );
    assert!(
        found.contains("covers 7 events, and there are 6"),
        "{found}"
    );
}

#[test]
fn two_events_that_change_places_are_found() {
    let (mut log, key) = (closed(), SigningKey::generate().unwrap());
    let checkpoint = log.sealed(&key);
    log.0.swap(3, 4);
    let found = findings(&log.bundle(checkpoint), &key);
    assert!(
        found.contains("position 4: here stands the event of position 5"),
        "{found}"
    );
}

#[test]
fn an_event_that_is_hidden_is_asked_for() {
    let (log, key) = (closed(), SigningKey::generate().unwrap());
    let mut bundle = log.bundle(log.sealed(&key));
    let leaf = merkle::leaf(&log.0[4]);
    bundle.entries[4].leaf = Some(STANDARD.encode(leaf));
    bundle.entries[4].event = None;
    let found = findings(&bundle, &key);
    assert!(
        found.contains("position 5: ContractSigned of contract-two is not shown"),
        "{found}"
    );
}

#[test]
fn an_edited_line_does_not_follow() {
    let mut log = history();
    log.close();
    let honest: StatementClosed = serde_json::from_slice(&log.0[5].payload).unwrap();
    let mut log = history();
    let mut edited = honest.statement;
    edited.lines[0].amount_minor += 100;
    edited.total_minor += 100;
    log.freeze(*edited);
    let key = SigningKey::generate().unwrap();
    let found = findings(&log.bundle(log.sealed(&key)), &key);
    assert!(
        found.contains("was frozen with 2001.00 USD, and the events give 2000.00 USD"),
        "{found}"
    );
    let recomputed = reconcile(&log.0, |_| {}).unwrap();
    assert_eq!(recomputed[0].differences.len(), 1, "{recomputed:?}");
}

#[test]
fn another_key_is_not_trusted() {
    let (log, key) = (closed(), SigningKey::generate().unwrap());
    let bundle = log.bundle(log.sealed(&SigningKey::generate().unwrap()));
    let found = findings(&bundle, &key);
    assert!(
        found.contains("signed by none of the keys that are trusted"),
        "{found}"
    );
}

#[test]
fn what_comes_late_leaves_the_closed_statement_as_it_was() {
    let mut log = closed();
    let line = json!({
        "line_id": "1", "product_id": "suite", "quantity": "1", "list_price_minor": 100,
        "discount_percent": "0", "amount_minor": 100, "revenue_type": "NEW",
    });
    let signed = json!({
        "contract_id": "late", "customer_id": "acme", "currency": "USD", "starts_on": "2017-02-01",
        "billing": {"frequency": "ONCE", "payment_days": 30}, "lines": [line], "rep_id": "ann",
    });
    log.add(
        "contract-late",
        "ContractSigned",
        "2017-03-01T00:00:00Z",
        &signed,
    );
    let key = SigningKey::generate().unwrap();
    let report = verify(&log.bundle(log.sealed(&key)), &trusted(&key));
    assert!(report.holds, "{report:#?}");
    let recomputed = reconcile(&log.0, |_| {}).unwrap();
    assert!(recomputed.iter().all(|one| one.differences.is_empty()));
}
