//! A copy of a data directory, made while the server runs, and what comes of it.

use proto::v1::GetFunnelConversionRequest;

use crate::company::{found, lead, tell};
use crate::home::{client, history, twinfunnel};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_of_a_running_server_is_a_server_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).display().to_string();
    let (old, copy, new) = (place("old"), place("copy.sqlite"), place("new"));
    let start = |directory: &str| {
        let directory = std::path::PathBuf::from(directory);
        tokio::task::block_in_place(|| support::Node::start_sqlite(&directory)).unwrap()
    };
    let node = start(&old);
    let first = client(&node, "acme");
    found(&first).await;
    tell(&first, lead("o1")).await;
    let copied = twinfunnel(&["backup", &copy, "--data-dir", &old]).await;
    assert_eq!(
        (copied.code, copied.out.as_str()),
        (Some(0), "acme 4\n"),
        "{}",
        copied.err
    );
    // What comes later is not in it.
    let kept = history(&first).await;
    tell(&first, lead("o2")).await;

    let restored = twinfunnel(&["restore", &copy, "--data-dir", &new]).await;
    assert_eq!(
        (restored.code, restored.out.as_str()),
        (Some(0), "acme 4\n"),
        "{}",
        restored.err
    );
    let other = start(&new);
    let other = client(&other, "acme");
    assert_eq!(history(&other).await, kept);
    let question = GetFunnelConversionRequest {
        consistency: Some(client::at_least(4)),
        ..GetFunnelConversionRequest::default()
    };
    let answer = other.funnel_conversion(question).await.unwrap();
    assert_eq!(answer.overall.unwrap().created, 1);

    // Nothing that is there is written over, least of all under a running server.
    for (command, place) in [("backup", &old), ("restore", &old), ("restore", &new)] {
        let refused = twinfunnel(&[command, &copy, "--data-dir", place]).await;
        assert_eq!(refused.code, Some(1), "{command} {place}");
        let why = if command == "backup" {
            "exists"
        } else {
            "in use by another process"
        };
        assert!(refused.err.contains(why), "{}", refused.err);
    }
    let second = twinfunnel(&["serve", "--data-dir", &old, "--listen", "127.0.0.1:0"]).await;
    assert_eq!(second.code, Some(1));
    assert!(
        second.err.contains("in use by another process"),
        "{}",
        second.err
    );
}
