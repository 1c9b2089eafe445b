//! Scratch databases: where they are, and how long.

use std::path::{Path, PathBuf};
use std::time::Duration;

use proto::v1::as_of::KnownAt;
use proto::v1::{AsOf, Consistency, FunnelConversion, GetFunnelConversionRequest};
use twinfunnel_projections::{Home, Projections, QueryError};

use crate::home::{Story, tenant};

fn scratch_dir(story: &Story) -> PathBuf {
    let Home::Sqlite { dir } = &story.options.home else {
        panic!("on SQLite")
    };
    dir.join("scratch")
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let Ok(files) = std::fs::read_dir(dir) else {
        return Vec::new();
    };
    let paths = files.map(|file| file.unwrap().path());
    let mut paths: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|kind| kind == "sqlite"))
        .collect();
    paths.sort();
    paths
}

async fn as_of_head(read_models: &Projections, head: u64) -> Result<FunnelConversion, QueryError> {
    let as_of = AsOf {
        known_at: Some(KnownAt::Position(head)),
        happened_by: None,
    };
    let asked = GetFunnelConversionRequest {
        consistency: Some(Consistency {
            as_of: Some(as_of),
            min_position: 0,
        }),
        ..Default::default()
    };
    read_models.funnel_conversion(&tenant(), asked).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn they_are_kept_at_home_and_go_at_the_end_or_the_next_beginning() {
    let mut story = Story::on_sqlite().await;
    story.standard_process().await;
    let dir = scratch_dir(&story);
    as_of_head(&story.read_models, story.head).await.unwrap();
    assert_eq!(files(&dir).len(), 1);
    story.read_models.shutdown().await;
    assert_eq!(files(&dir).len(), 0);
    // A crash leaves some.
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("as-of-left.sqlite"), "left").unwrap();
    let again = Projections::start(story.log.clone(), story.options.clone())
        .await
        .unwrap();
    assert_eq!(files(&dir).len(), 0);
    as_of_head(&again, story.head).await.unwrap();
    again.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_is_finished_though_whoever_asked_for_it_has_gone() {
    let mut story = Story::on_sqlite().await;
    story.standard_process().await;
    story.leads(5).await;
    let dir = scratch_dir(&story);
    let asking = tokio::spawn({
        let (read_models, head) = (story.read_models.clone(), story.head);
        async move { as_of_head(&read_models, head).await.map(drop) }
    });
    while files(&dir).is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    asking.abort();
    assert!(
        asking.await.unwrap_err().is_cancelled(),
        "it was not there yet"
    );
    let begun = files(&dir);
    let answer = as_of_head(&story.read_models, story.head).await.unwrap();
    assert_eq!(answer.overall.unwrap().created, 5_000);
    assert_eq!(files(&dir), begun, "the same one");
}
