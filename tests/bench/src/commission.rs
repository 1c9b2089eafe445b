//! Commission: how fast statements are recomputed from the log, what one more deal costs, and how fast
//! a bundle is verified.

use std::time::Instant;

use anyhow::Context as _;
use audit::Bundle;
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use event_schemas::vocabulary::{
    CommissionPlanId, Position, Recorded, RepId, StreamName, TenantId, Version,
};
use log::{Append, Log, Meta, NewEvent, StreamWrite};
use merkle::{Checkpoint, DatedKey, Edge, Hash, SigningKey, VerifierKey};
use projections::{Home, Options, Projections};
use proto::v1;

use crate::report::Report;

/// Who takes part.
const PARTICIPANTS: usize = 1_000;

/// Events of one append.
const CHUNK: usize = 500;

/// Times that one more deal is signed.
const MORE: usize = 50;

/// Events behind a bundle.
const BUNDLED: usize = 10_000;

const TENANT: &str = "bench";
const PLAN: &str = "plan";

/// Fills a log with the deals of some years, asks for all statements of the last quarter, and adds
/// some more deals to that.
pub(crate) async fn statements(
    report: &mut Report,
    deals: usize,
    years: i32,
) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let log = Log::open_sqlite(folder.path(), log::Options::default()).await?;
    let mut position = 0;
    for chunk in history(PARTICIPANTS, deals, years)?.chunks(CHUNK) {
        position = append(&log, chunk).await?;
    }
    let home = Home::Sqlite {
        dir: folder.path().join("read-models"),
    };
    let mut options = Options::at(home);
    options.run_workers = false;
    let projections = Projections::start(log.clone(), options).await?;
    let tenant = TenantId::new(TENANT)?;
    let started = Instant::now();
    let question = v1::ListStatementsRequest {
        commission_plan_id: PLAN.to_owned(),
        period_on: "2017-12-31".to_owned(),
        ..v1::ListStatementsRequest::default()
    };
    let answer = projections.list_statements(&tenant, question, None).await?;
    let rate = position as f64 / started.elapsed().as_secs_f64();
    anyhow::ensure!(
        answer.statements.len() == PARTICIPANTS,
        "a statement is missing"
    );
    let name =
        format!("statements of 1,000 participants, {deals} deals in {years} years, from the log");
    report.add(&name, rate, "events/s", None);

    let mut took = Vec::with_capacity(MORE);
    for more in 0..MORE {
        let event = signed(deals + more, PARTICIPANTS, deals + MORE, years)?;
        let asked = Instant::now();
        let min_position = append(&log, &[event]).await?;
        let question = v1::GetStatementRequest {
            commission_plan_id: PLAN.to_owned(),
            rep_id: rep((deals + more) % PARTICIPANTS),
            period_on: "2017-12-31".to_owned(),
            consistency: Some(v1::Consistency {
                min_position,
                as_of: None,
            }),
        };
        projections.get_statement(&tenant, question).await?;
        took.push(asked.elapsed().as_secs_f64() * 1e3);
    }
    took.sort_by(f64::total_cmp);
    let median = took.get(MORE / 2).copied().unwrap_or_default();
    let name =
        format!("one more deal after {deals} in {years} years, until its statement is told, p50");
    report.add(&name, median, "ms", None);
    projections.shutdown().await;
    log.close().await;
    Ok(())
}

/// Verifies a bundle of ten thousand events.
pub(crate) fn bundle(report: &mut Report) -> anyhow::Result<()> {
    let mut events: Vec<Recorded> = history(10, BUNDLED - 13, 1)?;
    number(&mut events)?;
    let (plan, rep) = (CommissionPlanId::new(PLAN)?, RepId::new(&rep(0))?);
    let closing = closing(&events, &plan, &rep)?;
    events.push(closing);
    number(&mut events)?;
    let mut edge = Edge::default();
    let hashes: Vec<Hash> = events.iter().map(merkle::event_hash).collect();
    for hash in &hashes {
        edge.push(*hash);
    }
    let origin = format!("twinfunnel/{TENANT}");
    let key = SigningKey::generate()?;
    let checkpoint = Checkpoint {
        origin: origin.clone(),
        size: edge.size(),
        root: edge.root(),
    };
    let note = checkpoint.sign(&key)?;
    let asked = (plan, rep, day("2017-10-01")?);
    let made = Bundle::of(
        asked,
        note,
        Vec::new(),
        TenantId::new(TENANT)?,
        &events,
        &hashes,
    );
    let file = serde_json::to_vec(&made.context("a payload is no text")?)?;
    let trusted = [DatedKey {
        key: VerifierKey::new(&origin, key.public())?,
        from_size: 0,
    }];
    let started = Instant::now();
    let bundle: Bundle = serde_json::from_slice(&file)?;
    let outcome = audit::verify(&bundle, &trusted);
    let took = started.elapsed().as_secs_f64();
    anyhow::ensure!(
        outcome.holds,
        "the bundle does not hold: {:?}",
        outcome.checks
    );
    report.add(
        "a bundle of 10,000 events read and verified",
        took,
        "s",
        None,
    );
    report.add("its file", file.len() as f64 / 1e6, "MB", None);
    Ok(())
}

fn closing(events: &[Recorded], plan: &CommissionPlanId, rep: &RepId) -> anyhow::Result<Recorded> {
    use figures::commission::{Book, Span, digest, statement};
    let mut book = Book::new(|_| None);
    for event in events {
        book.fold(event)?;
    }
    let period = Span {
        from_on: day("2017-10-01")?,
        to_on: day("2018-01-01")?,
    };
    let statement = statement(&book, plan, rep, period)?;
    let id = figures::statement_id(plan, rep, period.from_on)?;
    let closed = event_schemas::commission_period::StatementClosed {
        statement_id: id.clone(),
        plan_id: plan.clone(),
        plan_version: statement.plan_version,
        rep_id: rep.clone(),
        from_on: period.from_on,
        to_on: period.to_on,
        at_position: u64::try_from(events.len())?,
        digest: digest(&statement)?,
        statement: Box::new(statement),
    };
    let payload = serde_json::to_string(&closed)?;
    let stream = format!("commission_period-{id}");
    event(
        &stream,
        "StatementClosed",
        "2018-01-02T00:00:00Z".parse()?,
        payload,
    )
}

/// When so many years begin of which 2017 is the last.
fn start(years: i32) -> anyhow::Result<DateTime<Utc>> {
    let first = NaiveDate::from_ymd_opt(2018 - years, 1, 1).context("there is no such year")?;
    Ok(first.and_time(NaiveTime::MIN).and_utc())
}

/// A plan, its participants, and their deals over some years up to the end of 2017.
fn history(participants: usize, deals: usize, years: i32) -> anyhow::Result<Vec<Recorded>> {
    let start = start(years)?;
    let from_on = start.date_naive();
    let terms = r#"{"currency":"USD","statement_period":"QUARTER","timing":"SIGNING",
        "basis":"REVENUE","tiers":{"measure":"BASIS","window":"QUARTER","mode":"MARGINAL","bands":[
        {"from":"0","to":"5000000","pays":{"PERCENT":"5"}},
        {"from":"5000000","to":"10000000","pays":{"PERCENT":"7"}},
        {"from":"10000000","pays":{"PERCENT":"10"}}]}}"#;
    let published = format!(
        r#"{{"plan_id":"{PLAN}","version":1,"effective_from":"{from_on}","terms":{terms}}}"#
    );
    let stream = format!("commission_plan-{PLAN}");
    let mut events = vec![event(&stream, "CommissionPlanPublished", start, published)?];
    for participant in 0..participants {
        let rep = rep(participant);
        let enrolled = format!(r#"{{"rep_id":"{rep}","from_on":"{from_on}"}}"#);
        events.push(event(&stream, "ParticipantEnrolled", start, enrolled)?);
    }
    for deal in 0..deals {
        events.push(signed(deal, participants, deals, years)?);
    }
    Ok(events)
}

/// One deal of many, each participant's in turn.
fn signed(deal: usize, participants: usize, deals: usize, years: i32) -> anyhow::Result<Recorded> {
    let start = start(years)?;
    let whole = self::start(0)? - start;
    let whole = i128::from(whole.num_microseconds().unwrap_or_default());
    let part = i64::try_from(whole * i128::try_from(deal)? / i128::try_from(deals)?)?;
    let rep = rep(deal % participants);
    let amount = 10_000 + (deal * 37) % 90_000;
    let payload = format!(
        r#"{{"contract_id":"c{deal}","customer_id":"acme","currency":"USD","starts_on":"2017-01-01","billing":{{"frequency":"ONCE","payment_days":30}},"lines":[{{"line_id":"1","product_id":"suite","quantity":"1","list_price_minor":{amount},"discount_percent":"0","amount_minor":{amount},"revenue_type":"NEW"}}],"rep_id":"{rep}"}}"#
    );
    let at = start + TimeDelta::microseconds(part);
    event(&format!("contract-c{deal}"), "ContractSigned", at, payload)
}

fn rep(number: usize) -> String {
    format!("rep-{number}")
}

fn day(text: &str) -> anyhow::Result<NaiveDate> {
    Ok(text.parse()?)
}

fn event(
    stream: &str,
    event_type: &str,
    at: DateTime<Utc>,
    payload: String,
) -> anyhow::Result<Recorded> {
    Ok(Recorded {
        tenant: TenantId::new(TENANT)?,
        position: Position(0),
        stream: StreamName::parse(stream)?,
        version: Version(0),
        event_id: uuid::Uuid::now_v7(),
        event_type: event_type.to_owned(),
        schema_version: 1,
        occurred_at: at,
        recorded_at: at,
        actor: "bench".to_owned(),
        command_id: String::new(),
        correlation_id: String::new(),
        causation_id: None,
        trace_context: None,
        payload: payload.into_bytes(),
    })
}

/// Gives events the places a log would give them.
fn number(events: &mut [Recorded]) -> anyhow::Result<()> {
    let mut versions = std::collections::HashMap::new();
    for (index, event) in events.iter_mut().enumerate() {
        let version = versions.entry(event.stream.to_string()).or_insert(0_u64);
        *version += 1;
        event.version = Version(*version);
        event.position = Position(u64::try_from(index)? + 1);
    }
    Ok(())
}

/// Appends events together; gives the head.
async fn append(log: &Log, events: &[Recorded]) -> anyhow::Result<u64> {
    let tenant = TenantId::new(TENANT)?;
    let mut writes: Vec<StreamWrite> = Vec::new();
    let mut occurred_at = DateTime::<Utc>::MIN_UTC;
    for event in events {
        let new = NewEvent {
            event_type: event.event_type.clone().into(),
            schema_version: 1,
            payload: event.payload.clone(),
        };
        occurred_at = event.occurred_at;
        match writes.last_mut().filter(|last| last.stream == event.stream) {
            Some(write) => write.events.push(new),
            None => writes.push(StreamWrite {
                stream: event.stream.clone(),
                expected: log.stream_head(&tenant, &event.stream).await?,
                events: vec![new],
            }),
        }
    }
    let appended = log.append(Append {
        tenant,
        command: None,
        writes,
        reads: Vec::new(),
        claims: Vec::new(),
        chain: None,
        depends_on: Vec::new(),
        meta: Meta {
            occurred_at,
            actor: "bench".to_owned(),
            correlation_id: None,
            causation_id: None,
            trace_context: None,
        },
    });
    Ok(appended.await?.position.0)
}
