//! The command line against a server that runs, and against one that does not.

use std::process::Stdio;

use serde_json::Value;
use sqlx::Connection as _;
use tokio::io::{AsyncBufReadExt as _, BufReader};

use crate::company::{assign, found, lead, tell, win};
use crate::home::{Home, Ran, client, head, program, twinfunnel};

on_both! {
    a_command_is_sent_and_its_receipt_printed,
    events_are_printed_one_a_line,
    answers_are_printed_for_people_and_for_programs,
    history_is_replayed_into_a_file_of_ones_own,
}

/// Runs a command against a node, for the tenant `acme`.
async fn run(node: &support::Node, arguments: &[&str]) -> Ran {
    let url = node.url();
    twinfunnel(&[arguments, &["--server", &url, "--tenant", "acme"]].concat()).await
}

/// Likewise; fails unless it went well, and gives what was printed.
async fn printed(node: &support::Node, arguments: &[&str]) -> String {
    let ran = run(node, arguments).await;
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (Some(0), ""),
        "{arguments:?}: {ran:?}"
    );
    ran.out
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

async fn a_command_is_sent_and_its_receipt_printed(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    found(&client).await;
    let register =
        r#"{"registerOpportunity":{"opportunityId":"o1","name":"Deal","salesProcessId":"b2b"}}"#;
    let options = [
        "--command-id",
        "c1",
        "--occurred-at",
        "2017-03-01",
        "--actor",
        "zoe",
    ];
    let send = [&["send", register][..], &options].concat();
    let receipt = json(&printed(&node, &send).await);
    assert_eq!(receipt["stream"], "opportunity-o1");
    assert_eq!(
        receipt["position"], "4",
        "proto3 JSON writes 64 bits as text"
    );
    assert_eq!(
        receipt["eventTypes"],
        serde_json::json!(["OpportunityRegistered"])
    );
    let receipt = json(&printed(&node, &send).await);
    assert_eq!(receipt["duplicate"], true);

    let cases = [
        (
            r#"{"winOpportunity":{"opportunityId":"o9"}}"#,
            "NOT_REGISTERED",
        ),
        (
            r#"{"winOpportunity":{"opportunityId":"o 9"}}"#,
            "opportunity_id",
        ),
        (r#"{"winOportunity":{}}"#, "winOportunity"),
        (r"{}", "command"),
        ("nonsense", "expected"),
    ];
    for (command, told) in cases {
        let ran = run(&node, &["send", command]).await;
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(ran.err.contains(told) && ran.out.is_empty(), "{ran:?}");
    }
    assert_eq!(head(&client).await, 4);
}

async fn events_are_printed_one_a_line(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    found(&client).await;
    tell(&client, lead("o1")).await;
    tell(&client, assign("o1", "ann")).await;
    tell(&client, win("o1")).await;
    let lines = async |arguments: &[&str]| {
        printed(&node, arguments)
            .await
            .lines()
            .map(json)
            .collect::<Vec<Value>>()
    };
    let positions = |lines: &[Value]| {
        lines
            .iter()
            .map(|line| line["position"].as_u64().unwrap())
            .collect::<Vec<_>>()
    };
    let all = lines(&["log"]).await;
    assert_eq!(positions(&all), [1, 2, 3, 4, 5, 6]);
    assert_eq!(all[3]["type"], "OpportunityRegistered");
    assert_eq!(all[3]["payload"]["opportunity_id"], "o1");
    assert_eq!(positions(&lines(&["log", "--limit", "2"]).await), [1, 2]);
    assert_eq!(
        positions(&lines(&["log", "--from-position", "5"]).await),
        [5, 6]
    );
    assert_eq!(
        positions(&lines(&["log", "--stream", "opportunity-o1"]).await),
        [4, 5, 6]
    );
    assert_eq!(
        positions(&lines(&["log", "--type", "OpportunityWon,LeadAssigned"]).await),
        [5, 6]
    );
    assert_eq!(
        positions(&lines(&["log", "--category", "rep", "--limit", "1"]).await),
        [2]
    );
    let followed = lines(&["follow", "--from-position", "2", "--limit", "3"]).await;
    assert_eq!(positions(&followed), [2, 3, 4]);

    // A follower prints what comes, and says where it was when the server went away.
    let mut command = program();
    let url = node.url();
    command.args([
        "follow",
        "--from-position",
        "7",
        "--server",
        &url,
        "--tenant",
        "acme",
    ]);
    let mut running = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut printed = BufReader::new(running.stdout.take().unwrap()).lines();
    tell(&client, lead("o2")).await;
    let line = json(&printed.next_line().await.unwrap().unwrap());
    assert_eq!(line["position"], 7);
    tokio::task::block_in_place(|| node.kill());
    let output = running.wait_with_output().await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("after position 7"), "{told}");
}

async fn answers_are_printed_for_people_and_for_programs(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    found(&client).await;
    tell(&client, lead("o1")).await;
    tell(&client, lead("o2")).await;
    let receipt = tell(&client, win("o1")).await;
    let position = receipt.position.to_string();

    for question in ["funnel", "velocity"] {
        let show = [
            "show",
            question,
            "--by",
            "rep,source",
            "--min-position",
            &position,
        ];
        let table = printed(&node, &[&show[..], &["--output", "table"]].concat()).await;
        assert!(
            table.contains("b2b") && table.contains("log position 6"),
            "{table}"
        );
        assert!(
            printed(&node, &show).await.contains("log position 6"),
            "a table, if nothing else is asked for"
        );
        let answer = json(&printed(&node, &[&show[..], &["--output", "json"]].concat()).await);
        assert_eq!(answer["answeredFrom"]["position"], position.as_str());
        assert_eq!(answer["cuts"].as_array().unwrap().len(), 2);
        let text = printed(&node, &[&show[..], &["--output", "csv"]].concat()).await;
        let mut rows = csv::Reader::from_reader(text.as_bytes());
        let width = rows.headers().unwrap().len();
        let rows: Vec<_> = rows.records().map(Result::unwrap).collect();
        assert!(width > 3 && rows.len() >= 3, "{text}");
    }
    let funnel = json(&printed(&node, &["show", "funnel", "--output", "json"]).await);
    assert_eq!(
        (&funnel["overall"]["created"], &funnel["overall"]["won"]),
        (&2.into(), &1.into())
    );
    let before = ["show", "funnel", "--output", "json", "--known-at", "5"];
    let funnel = json(&printed(&node, &before).await);
    assert_eq!(funnel["overall"]["won"], 0);

    let status = json(&printed(&node, &["status", "--output", "json"]).await);
    assert_eq!(
        (&status["head"], &status["readModels"][0]["position"]),
        (&"6".into(), &"6".into())
    );
    assert!(printed(&node, &["status"]).await.contains("Log position 6"));
    assert!(
        printed(&node, &["status", "--output", "csv"])
            .await
            .contains("pipeline,")
    );
    assert!(
        printed(&node, &["rebuild", "pipeline"])
            .await
            .contains("generation 2 is live")
    );

    let ran = run(&node, &["show", "funnel", "--process", "b2c"]).await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("b2c"), "{ran:?}");
    let ran = run(&node, &["show", "funnel", "--from", "2017-02-30"]).await;
    assert_eq!(ran.code, Some(2), "{ran:?}");
}

async fn history_is_replayed_into_a_file_of_ones_own(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    found(&client).await;
    tell(&client, lead("o1")).await;
    tell(&client, lead("o2")).await;
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (all, before) = (path("all.sqlite"), path("before.sqlite"));
    printed(&node, &["replay", "funnel_conversion", "--out", &all]).await;
    printed(
        &node,
        &["replay", "pipeline", "--known-at", "4", "--out", &before],
    )
    .await;
    for (file, expected) in [(&all, 2_i64), (&before, 1)] {
        assert!(
            std::fs::read(file)
                .unwrap()
                .starts_with(b"SQLite format 3\0")
        );
        let url = format!("sqlite://{file}?mode=ro");
        let mut database = sqlx::SqliteConnection::connect(&url).await.unwrap();
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM opportunity")
            .fetch_one(&mut database)
            .await
            .unwrap();
        assert_eq!(count, expected);
    }
    // What is there is not overwritten.
    let kept = std::fs::read(&all).unwrap();
    let ran = run(&node, &["replay", "pipeline", "--out", &all]).await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("exists"), "{ran:?}");
    assert_eq!(std::fs::read(&all).unwrap(), kept);
    let ran = run(
        &node,
        &["replay", "nothing", "--out", &path("nothing.sqlite")],
    )
    .await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let files = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(files, 2, "nothing half made is left");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_not_there_is_named() {
    let url = format!("http://127.0.0.1:{}", support::free_port().unwrap());
    let commands: [&[&str]; 5] = [
        &["status"],
        &["show", "funnel"],
        &["log"],
        &["follow", "--from-position", "1"],
        &["send", r#"{"winOpportunity":{"opportunityId":"o1"}}"#],
    ];
    let asked = commands.map(async |command| {
        let ran = twinfunnel(&[command, &["--server", &url, "--timeout", "1"]].concat()).await;
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(
            ran.err.contains(&url) && ran.err.contains("refused"),
            "{ran:?}"
        );
        assert!(
            ran.err.contains("twinfunnel serve") && ran.out.is_empty(),
            "{ran:?}"
        );
    });
    futures::future::join_all(asked).await;
    for server in ["nonsense", "ftp://127.0.0.1", "http://"] {
        let ran = twinfunnel(&["status", "--server", server]).await;
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(ran.err.contains(server), "{ran:?}");
    }
}
