//! A part of the subscription business's export, followed up to its last day: told at once, in pieces
//! with a restart, and by two nodes on the other database, the same events come of it.

use std::collections::BTreeSet;
use std::path::Path;

use client::Client;
use futures::TryStreamExt as _;
use proto::v1;
use support::Node;

use crate::following_up::{brought, tell_at, tick};
use crate::home::{Home, client, head, twinfunnel, write};

on_both! {
    a_real_history_brings_the_same_however_it_is_told,
}

/// Accounts of the export that are told: the first that signed up on a day or later.
const ACCOUNTS: usize = 25;
const SIGNED_UP_FROM: &str = "2024-05-01";

/// The first day that is not told at first, as an instant begins.
const CUT: &str = "2024-09-01";

/// The last day that is ended.
const LAST: &str = "2024-12-31";

/// Writes the rows of an export's file that name something known; gives what they are known by.
fn keep(name: &str, to: &Path, known: Option<(usize, &BTreeSet<String>)>) -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/saas");
    let text = std::fs::read_to_string(folder.join(name)).unwrap();
    let mut lines = text.lines();
    let mut kept = format!("{}\n", lines.next().unwrap());
    let mut ids = BTreeSet::new();
    for line in lines {
        let mut cells = line.split(',');
        let is_kept = match known {
            None => ids.len() < ACCOUNTS && cells.clone().nth(4).unwrap() >= SIGNED_UP_FROM,
            Some((column, known)) => known.contains(cells.clone().nth(column).unwrap()),
        };
        if is_kept {
            ids.insert(cells.next().unwrap().to_owned());
            kept.push_str(line);
            kept.push('\n');
        }
    }
    write(to, name, kept);
    ids
}

/// The export of some accounts, as the lines of an import file: those of the master data and of what
/// happened before the cut, and those after it.
async fn lines(folder: &Path) -> (String, String) {
    let accounts = keep("ravenstack_accounts.csv", folder, None);
    let of = Some((1, &accounts));
    let subscriptions = keep("ravenstack_subscriptions.csv", folder, of);
    keep(
        "ravenstack_feature_usage.csv",
        folder,
        Some((1, &subscriptions)),
    );
    keep("ravenstack_support_tickets.csv", folder, of);
    keep("ravenstack_churn_events.csv", folder, of);
    let ran = twinfunnel(&["import-saas", "--json-lines", "-", folder.to_str().unwrap()]).await;
    let is_later = |line: &&str| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let is_master = line["command"].get("registerCustomer").is_some();
        !is_master && line["occurredAt"].as_str().unwrap() >= CUT
    };
    let (later, sooner): (Vec<&str>, Vec<&str>) = ran.out.lines().partition(is_later);
    assert!(sooner.len() > 100 && later.len() > 100, "{ran:?}");
    (sooner.join("\n"), later.join("\n"))
}

/// Sends the lines of an import file.
async fn import(node: &Node, tenant: &str, file: &str) {
    let url = node.url();
    let words = ["import", file, "--server", &url, "--tenant", tenant];
    let ran = twinfunnel(&words).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
}

/// What customers are held to, from the beginning: half of what all use, tickets closed within a week.
async fn held_to(client: &Client) {
    let usage = v1::HealthMetricFactor {
        metric_id: "feature_usage".to_owned(),
        weight: "1".to_owned(),
        window_days: Some(60),
        baseline_days: Some(90),
        threshold: "0.5".to_owned(),
    };
    let model = v1::PublishHealthModel {
        health_model_id: "standard".to_owned(),
        effective_from: "2023-01-01".to_owned(),
        terms: Some(v1::HealthTerms {
            metrics: vec![usage],
            ticket_open_days: Some(1),
            grace_days: Some(60),
            ..v1::HealthTerms::default()
        }),
    };
    let beginning = "2023-01-01T00:00:00Z";
    tell_at(client, beginning, model).await;
    tell_at(client, beginning, crate::company::process()).await;
}

async fn a_real_history_brings_the_same_however_it_is_told(home: Home) {
    let folder = tempfile::tempdir().unwrap();
    let (sooner, later) = lines(folder.path()).await;
    let all = write(folder.path(), "all", format!("{sooner}\n{later}"));
    let sooner = write(folder.path(), "sooner", sooner);
    let later = write(folder.path(), "later", later);
    let alone = Home::sqlite();
    let node = alone.start();
    let whole = client(&node, "whole");
    import(&node, "whole", &all).await;
    held_to(&whole).await;
    tick(&whole, LAST).await;
    let expected = brought(&whole).await;
    for (what, at_least) in [
        ("AlarmRaised", 5),
        ("AlarmCleared", 2),
        ("TaskPlanned", 30),
        ("TaskEscalated", 10),
        ("RenewalOpened", 1),
        ("DayEnded", 200),
    ] {
        let count = expected.iter().filter(|told| told.contains(what)).count();
        assert!(count >= at_least, "{count} {what}");
    }
    let before = head(&whole).await;
    assert!(tick(&whole, LAST).await.is_empty());
    assert_eq!(head(&whole).await, before);

    let mut node = home.start();
    if matches!(home, Home::Sqlite(_)) {
        // In pieces, the clock set going between them, and the node stopped.
        import(&node, "pieces", &sooner).await;
        held_to(&client(&node, "pieces")).await;
        tick(&client(&node, "pieces"), "2024-08-31").await;
        node.stop().unwrap();
        node = home.start();
        import(&node, "pieces", &later).await;
        tick(&client(&node, "pieces"), LAST).await;
        same(&brought(&client(&node, "pieces")).await, &expected);
        return;
    }
    // Two nodes at once.
    let other = home.start();
    let (one, two) = (client(&node, "doubled"), client(&other, "doubled"));
    import(&node, "doubled", &sooner).await;
    import(&other, "doubled", &later).await;
    held_to(&one).await;
    let (days, others) = futures::join!(one.tick(LAST), two.tick(LAST));
    let ended = futures::join!(
        days.unwrap().try_collect::<Vec<_>>(),
        others.unwrap().try_collect::<Vec<_>>()
    );
    assert!(ended.0.is_ok() && ended.1.is_ok(), "{ended:?}");
    same(&brought(&one).await, &expected);
}

/// Fails unless they are the same; tells what only one of them has.
fn same(one: &BTreeSet<String>, other: &BTreeSet<String>) {
    let more: Vec<_> = one.difference(other).collect();
    let missing: Vec<_> = other.difference(one).collect();
    assert!(
        more.is_empty() && missing.is_empty(),
        "+ {more:#?} - {missing:#?}"
    );
}
