//! `twinfunnel import` and `import-crm`: what can be taken is, what cannot is told by its line, and a
//! second run appends nothing.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;

use tokio::io::AsyncWriteExt as _;

use crate::home::{
    Home, assert_dense, client, eventually, head, history, program, twinfunnel, write,
};

on_both! {
    a_file_is_imported_line_by_line_and_once,
    a_crm_export_is_imported_once,
    standard_input_is_a_file_too,
    an_import_outlives_a_crash_of_the_server,
}

/// A line of an import file, as JSON.
fn line(command: &str) -> String {
    format!(r#"{{"command":{command}}}"#)
}

fn process(id: &str) -> String {
    let stages = r#"[{"stageId":"lead","name":"Lead"},{"stageId":"proposal","name":"Proposal"}]"#;
    line(&format!(
        r#"{{"defineSalesProcess":{{"salesProcessId":"{id}","name":"N","stages":{stages}}}}}"#
    ))
}

fn lead(id: &str) -> String {
    line(&format!(
        r#"{{"registerOpportunity":{{"opportunityId":"{id}","name":"Deal","salesProcessId":"b2b"}}}}"#
    ))
}

/// The same line, for a tenant.
fn of(tenant: &str, line: &str) -> String {
    line.replacen('{', &format!(r#"{{"tenant":"{tenant}","#), 1)
}

/// The same line, of an instant.
fn at(instant: &str, line: &str) -> String {
    line.replacen('{', &format!(r#"{{"occurredAt":"{instant}","#), 1)
}

/// What standard error tells of lines, by their number.
fn told(err: &str, path: &str) -> BTreeMap<u32, String> {
    let mut told = BTreeMap::new();
    for text in err.lines() {
        let rest = text
            .strip_prefix(path)
            .and_then(|rest| rest.strip_prefix(':'));
        let (number, reason) = rest.and_then(|rest| rest.split_once(": ")).expect(text);
        assert!(
            told.insert(number.parse().expect(text), reason.to_owned())
                .is_none(),
            "{text}"
        );
    }
    told
}

async fn a_file_is_imported_line_by_line_and_once(home: Home) {
    let node = home.start();
    let folder = tempfile::tempdir().unwrap();
    let nowhere = line(r#"{"advanceStage":{"opportunityId":"o1","toStageId":"nowhere"}}"#);
    let deep = format!(r#"{{"command":{}"#, r#"{"command":"#.repeat(100_000));
    let past = r#"{"occurredAt":"2017-03-01T00:00:00Z","actor":"zoe","commandId":"c-11",
        "command":{"advanceStage":{"opportunityId":"o1","toStageId":"proposal"}}}"#;
    let too_long = line(&format!(
        r#"{{"registerRep":{{"repId":"{}"}}}}"#,
        "x".repeat(4 << 20)
    ));
    let lines: Vec<Vec<u8>> = vec![
        process("b2b").into(),
        br#"{"command":{"registerRep":{"repId":"ann""#.to_vec(),
        br#"{"command":{"registerRep":{"repId":"ann","name":"Ann","shoeSize":44}}}"#.to_vec(),
        at("2017-02-01T00:00:00Z", &lead("o1")).into(),
        nowhere.into(),
        too_long.into(),
        b"{\"command\":{\"registerRep\":{\"repId\":\"ann\",\"name\":\"\xff\xfe\"}}}".to_vec(),
        b"   ".to_vec(),
        of("bolt", &process("b2b")).into(),
        deep.into(),
        past.replace('\n', " ").into(),
        of("not a tenant", &lead("o7")).into(),
        br#"{"tenant":"acme"}"#.to_vec(),
        br#"{"occurredAt":"2017-02-30T00:00:00Z","command":{"retireProduct":{"productId":"p"}}}"#
            .to_vec(),
        b"null".to_vec(),
        b"[]".to_vec(),
        of("bolt", &lead("o1")).into(),
        lead("o2").into(),
    ];
    let text = lines.join(&b"\r\n"[..]);
    let path = write(folder.path(), "funnel.jsonl", text);
    let url = node.url();
    let import = ["import", &path, "--server", &url, "--tenant", "acme"];

    let ran = twinfunnel(&import).await;
    assert_eq!(ran.code, Some(3), "{ran:?}");
    let bad = told(&ran.err, &path);
    assert_eq!(
        bad.keys().copied().collect::<Vec<_>>(),
        [2, 3, 5, 6, 7, 10, 12, 13, 14, 15, 16]
    );
    assert!(bad[&3].contains("shoeSize"), "{bad:?}");
    assert!(bad[&5].contains("UNKNOWN_STAGE"), "{bad:?}");
    assert!(bad[&6].contains("longer"), "{bad:?}");
    assert!(bad[&7].contains("UTF-8"), "{bad:?}");
    assert!(bad[&13].contains("no command"), "{bad:?}");
    assert!(
        ran.out.contains("6 appended (6 events)") && ran.out.contains("11 refused"),
        "{ran:?}"
    );

    let (acme, bolt) = (client(&node, "acme"), client(&node, "bolt"));
    let events = history(&acme).await;
    assert_dense(&events);
    let types: Vec<_> = events.iter().map(|event| event.r#type.as_str()).collect();
    let registered = "OpportunityRegistered";
    assert_eq!(
        types,
        [
            "SalesProcessDefined",
            registered,
            "StageAdvanced",
            registered
        ]
    );
    assert_eq!(
        (events[2].actor.as_str(), events[2].command_id.as_str()),
        ("zoe", "c-11")
    );
    assert_eq!(events[2].occurred_at.unwrap().seconds, 1_488_326_400);
    assert_eq!(history(&bolt).await.len(), 2);

    let again = twinfunnel(&import).await;
    assert_eq!(again.code, Some(3), "{again:?}");
    assert_eq!(told(&again.err, &path), bad);
    assert!(again.out.contains("0 appended (0 events)"), "{again:?}");
    assert!(again.out.contains("6 sent before"), "{again:?}");
    assert_eq!((head(&acme).await, head(&bolt).await), (4, 2));

    // A file without fault says nothing, and one that is not there is named.
    let good = write(folder.path(), "good.jsonl", lead("o3") + "\n");
    let ran = twinfunnel(&["import", &good, "--server", &url, "--tenant", "acme"]).await;
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
    let ran = twinfunnel(&["import", "missing.jsonl", "--server", &url]).await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("missing.jsonl"), "{ran:?}");
}

async fn a_crm_export_is_imported_once(home: Home) {
    let node = home.start();
    let folder = tempfile::tempdir().unwrap();
    // The published export, but only the first of its opportunities.
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/crm");
    for name in [
        "accounts.csv",
        "products.csv",
        "sales_teams.csv",
        "sales_pipeline.csv",
    ] {
        let text = std::fs::read_to_string(data.join(name)).unwrap();
        let few: Vec<&str> = text.lines().take(301).collect();
        write(folder.path(), name, few.join("\n"));
    }
    let dir = folder.path().to_str().unwrap();
    let url = node.url();
    let import = ["import-crm", dir, "--server", &url, "--tenant", "crm"];
    let ran = twinfunnel(&import).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.contains("0 refused"), "{ran:?}");
    let client = client(&node, "crm");
    let recorded = head(&client).await;
    let events = history(&client).await;
    assert_dense(&events);
    let registered = events
        .iter()
        .filter(|event| event.r#type == "OpportunityRegistered")
        .count();
    assert_eq!(registered, 300);

    let again = twinfunnel(&import).await;
    assert_eq!(again.code, Some(0), "{again:?}");
    assert!(again.out.contains("0 appended (0 events)"), "{again:?}");
    assert_eq!(head(&client).await, recorded);

    // The same as an import file: the same commands, so nothing is appended either.
    let file = folder.path().join("crm.jsonl").to_str().unwrap().to_owned();
    let ran = twinfunnel(&["import-crm", dir, "--json-lines", &file]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let ran = twinfunnel(&["import", &file, "--server", &url, "--tenant", "crm"]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.contains("0 appended (0 events)"), "{ran:?}");
    assert_eq!(head(&client).await, recorded);

    std::fs::remove_file(folder.path().join("products.csv")).unwrap();
    let ran = twinfunnel(&import).await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("products.csv"), "{ran:?}");
}

async fn standard_input_is_a_file_too(home: Home) {
    let node = home.start();
    let mut command = program();
    command.args(["import", "-", "--server", &node.url(), "--tenant", "acme"]);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut running = command.spawn().unwrap();
    let mut input = running.stdin.take().unwrap();
    let text = format!("{}\nnonsense\n{}\n", process("b2b"), lead("o1"));
    input.write_all(text.as_bytes()).await.unwrap();
    drop(input);
    let output = running.wait_with_output().await.unwrap();
    assert_eq!(output.status.code(), Some(3));
    let bad = told(std::str::from_utf8(&output.stderr).unwrap(), "stdin");
    assert_eq!(bad.keys().copied().collect::<Vec<_>>(), [2]);
    assert_eq!(head(&client(&node, "acme")).await, 2);
}

async fn an_import_outlives_a_crash_of_the_server(home: Home) {
    let address = format!("127.0.0.1:{}", support::free_port().unwrap());
    let node = home.start_with(&["--listen", &address]);
    let mut command = program();
    command.args(["import", "-", "--server", &node.url(), "--tenant", "acme"]);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut running = command.spawn().unwrap();
    let mut input = running.stdin.take().unwrap();
    let leads = |from: u32, to: u32| {
        let lines = (from..to).map(|n| lead(&format!("o{n}")) + "\n");
        lines.collect::<String>()
    };
    let first = process("b2b") + "\n" + &leads(0, 400);
    input.write_all(first.as_bytes()).await.unwrap();
    let before = client(&node, "acme");
    eventually("some are there", async || head(&before).await > 200).await;
    tokio::task::block_in_place(|| node.kill());
    input.write_all(leads(400, 600).as_bytes()).await.unwrap();

    let node = home.start_with(&["--listen", &address]);
    input.write_all(leads(600, 800).as_bytes()).await.unwrap();
    drop(input);
    let output = running.wait_with_output().await.unwrap();
    let (out, err) = (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    );
    assert_eq!(output.status.code(), Some(0), "{out} {err}");
    assert!(out.starts_with("801 commands"), "{out}");
    let events = history(&client(&node, "acme")).await;
    assert_eq!(events.len(), 801);
    assert_dense(&events);
    let in_order = events.iter().skip(1).zip(0..);
    for (event, n) in in_order {
        assert_eq!(event.stream, format!("opportunity-o{n}"));
    }
}
