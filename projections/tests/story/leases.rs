//! Of the nodes that share a home one folds, and another takes over when it dies.

use std::time::{Duration, Instant};

use sqlx::{Connection as _, PgConnection};
use twinfunnel_projections::{Home, Projections};

use crate::home::Story;
use crate::keeping::{created, pipeline, some};

/// How long a dead node's work may wait.
const TAKEN_OVER_WITHIN: Duration = Duration::from_secs(6);

/// Who folds, as the home says.
struct Leases(PgConnection);

impl Leases {
    async fn of(story: &Story) -> Self {
        let Home::Postgres { url } = &story.options.home else {
            panic!("nodes share a PostgreSQL only");
        };
        Self(PgConnection::connect(url).await.unwrap())
    }

    async fn held(&mut self) -> (String, i64) {
        let sql = "SELECT holder, token FROM read_models.lease WHERE name = 'pipeline'";
        sqlx::query_as(sql).fetch_one(&mut self.0).await.unwrap()
    }

    async fn change(&mut self, set: &'static str) {
        sqlx::query(set).execute(&mut self.0).await.unwrap();
    }
}

async fn another(story: &Story) -> Projections {
    let node = Projections::start(story.log.clone(), story.options.clone());
    node.await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_nodes_work_is_taken_over_within_seconds() {
    let mut story = Story::on_postgres().await;
    let mut leases = Leases::of(&story).await;
    some(&mut story).await;
    assert_eq!(created(&story.read_models, story.head).await, 3);
    let other = another(&story).await;
    let (first, token) = leases.held().await;
    // Both answer, from what one of them folds.
    story.lead("d", "2.01").await;
    assert_eq!(created(&other, story.head).await, 4);
    assert_eq!(leases.held().await, (first.clone(), token));
    // It dies without a word: the lease stays, until it ends.
    let dead = std::mem::replace(&mut story.read_models, other);
    drop(dead);
    story.lead("e", "2.01").await;
    let died = Instant::now();
    assert_eq!(created(&story.read_models, story.head).await, 5);
    assert!(died.elapsed() < TAKEN_OVER_WITHIN, "{:?}", died.elapsed());
    let (holder, next) = leases.held().await;
    assert!(holder != first && next > token);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_stops_hands_over_at_once() {
    let mut story = Story::on_postgres().await;
    some(&mut story).await;
    assert_eq!(created(&story.read_models, story.head).await, 3);
    let other = another(&story).await;
    std::mem::replace(&mut story.read_models, other)
        .shutdown()
        .await;
    story.lead("d", "2.01").await;
    let stopped = Instant::now();
    assert_eq!(created(&story.read_models, story.head).await, 4);
    assert!(
        stopped.elapsed() < Duration::from_secs(2),
        "{:?}",
        stopped.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_lost_its_lease_writes_nothing() {
    let mut story = Story::on_postgres().await;
    let mut leases = Leases::of(&story).await;
    some(&mut story).await;
    assert_eq!(created(&story.read_models, story.head).await, 3);
    let held = story.head;
    // As if it had been frozen, and another had taken over meanwhile.
    let taken = "UPDATE read_models.lease SET holder = 'other', token = token + 1,
         until = CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT) + 2000000";
    leases.change(taken).await;
    story.lead("d", "2.01").await;
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    assert_eq!(pipeline(&story.read_models).await.position, held);
    // The other one dies, too.
    assert_eq!(created(&story.read_models, story.head).await, 4);
    assert!(leases.held().await.1 >= 3);
}
