//! A statement that was calculated is closed once, and approved by another person.

use domain::commission_period::CommissionStatement;
use event_schemas::commission_period::{Statement, StatementClosed};
use event_schemas::vocabulary::StreamName;
use proto::v1;
use proto::v1::command::Kind;
use sha2::{Digest as _, Sha256};
use twinfunnel_executor::{Envelope, Error, Executor, LogStore, Options};

use crate::home::{envelope, log_in, tenant};

/// What is closed of February, with this last position.
fn february(at_position: u64) -> StatementClosed {
    let statement: Statement = serde_json::from_value(serde_json::json!({
        "plan_id": "field", "plan_version": 1, "rep_id": "zoe",
        "from_on": "2017-02-01", "to_on": "2017-03-01", "currency": "USD", "lines": [],
        "total_minor": 0, "attainment": { "credited_minor": "0" },
        "carried": { "draw_owed_minor": 0, "cap_withheld_minor": 0 },
    }))
    .unwrap();
    let digest = Sha256::digest(serde_json::to_vec(&statement).unwrap());
    StatementClosed {
        statement_id: "field~zoe~2017-02-01".to_owned().try_into().unwrap(),
        plan_id: statement.plan_id.clone(),
        plan_version: 1,
        rep_id: statement.rep_id.clone(),
        from_on: statement.from_on,
        to_on: statement.to_on,
        at_position,
        digest: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
        statement: Box::new(statement),
    }
}

fn approve() -> Kind {
    let statement_id = "field~zoe~2017-02-01".to_owned();
    Kind::ApproveStatement(v1::ApproveStatement { statement_id })
}

#[tokio::test]
async fn a_statement_is_closed_once_and_approved_by_another_person() {
    let folder = tempfile::tempdir().unwrap();
    let log = log_in(&folder).await;
    let executor = Executor::new(log.clone(), &Options::default());
    let closed = executor.close_statement(envelope("c1"), february(7)).await;
    let closed = closed.unwrap();
    assert_eq!(closed.event_types, ["StatementClosed"]);
    assert_eq!(
        closed.stream.as_str(),
        "commission_period-field~zoe~2017-02-01"
    );

    // Tried again after the log has grown, it is the same command.
    let again = executor.close_statement(envelope("c1"), february(9)).await;
    let again = again.unwrap();
    assert!(again.duplicate && again.position == closed.position);
    let anew = executor.close_statement(envelope("c2"), february(9)).await;
    assert_eq!(anew.unwrap().event_types, <[String; 0]>::default());
    let reused = executor.execute(envelope("c1"), approve()).await;
    assert!(matches!(reused, Err(Error::CommandIdReused)), "{reused:?}");

    // Who closed it is known from the log, too.
    let executor = Executor::new(log.clone(), &Options::default());
    let own = executor.execute(envelope("c3"), approve()).await;
    let Err(Error::Refused(own)) = own else {
        panic!("{own:?}")
    };
    assert_eq!(own.reason, "SELF_APPROVAL");
    let by_bob = Envelope {
        actor: "bob".to_owned(),
        ..envelope("c4")
    };
    let approved = executor.execute(by_bob, approve()).await.unwrap();
    assert_eq!(approved.event_types, ["StatementApproved"]);

    let stream = StreamName::new("commission_period", "field~zoe~2017-02-01").unwrap();
    let store = LogStore::new(log, tenant());
    let loaded = store.load::<CommissionStatement>(&stream).await.unwrap();
    assert_eq!(loaded.version, approved.version);
}
