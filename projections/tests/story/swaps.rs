//! Swaps on a home that nodes share: whoever rebuilds, all go on with the new generation.

use std::time::Duration;

use proto::v1::GetFunnelConversionRequest;
use twinfunnel_projections::Projections;

use crate::home::{Story, tenant};
use crate::keeping::{created, pipeline, some};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(15);

async fn another(story: &Story) -> Projections {
    Projections::start(story.log.clone(), story.options.clone())
        .await
        .unwrap()
}

async fn created_soon(node: &Projections, min_position: u64) -> u32 {
    let created = tokio::time::timeout(PATIENCE, created(node, min_position)).await;
    created.expect("somebody folds it")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_fold_each_event_once() {
    let mut story = Story::on_postgres().await;
    let other = another(&story).await;
    let third = story.only_asks().await;
    story.standard_process().await;
    for number in 1..40 {
        story.lead(&format!("o-{number}"), "2.01").await;
        assert_eq!(created(&other, story.head).await, number);
        assert_eq!(
            created(&third, story.head).await,
            number,
            "it follows those that work"
        );
    }
    // One rebuilds; the others go on with the new generation.
    assert_eq!(
        story
            .read_models
            .rebuild("pipeline")
            .await
            .unwrap()
            .generation,
        2
    );
    story.lead("last", "2.01").await;
    for node in [&third, &story.read_models, &other] {
        assert_eq!(created(node, story.head).await, 40);
        assert_eq!(pipeline(node).await.generation, 2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_only_fold_go_on_with_what_another_has_built() {
    let mut story = Story::on_postgres().await;
    let asks = story.only_asks().await;
    some(&mut story).await;
    // The generation they were at stays for one more swap.
    for generation in 2..5 {
        let rebuilt = asks.rebuild("pipeline").await.unwrap();
        assert_eq!(rebuilt.generation, generation);
        story.lead(&format!("o-{generation}"), "2.01").await;
        assert_eq!(
            created_soon(&asks, story.head).await,
            u32::try_from(generation).unwrap() + 2
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_refused_at_a_swap() {
    let mut story = Story::on_postgres().await;
    let nodes = [another(&story).await, story.only_asks().await];
    some(&mut story).await;
    let asking = nodes.map(|node| tokio::spawn(ask_on_and_on(node, story.head)));
    for _ in 0..4 {
        story.read_models.rebuild("pipeline").await.unwrap();
    }
    for asking in asking {
        assert!(!asking.is_finished(), "it was never refused");
        asking.abort();
    }
}

async fn ask_on_and_on(node: Projections, head: u64) {
    assert_eq!(created(&node, head).await, 3);
    loop {
        let asked = GetFunnelConversionRequest::default();
        let answer = node.funnel_conversion(&tenant(), asked).await.unwrap();
        assert_eq!(answer.overall.unwrap().created, 3);
        node.status(&tenant()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_rebuild_at_the_same_time() {
    let mut story = Story::on_postgres().await;
    let other = another(&story).await;
    some(&mut story).await;
    let (first, second) = tokio::join!(
        story.read_models.rebuild("pipeline"),
        other.rebuild("pipeline")
    );
    let mut generations = [first.unwrap().generation, second.unwrap().generation];
    generations.sort_unstable();
    assert_eq!(generations, [2, 3]);
    story.lead("last", "2.01").await;
    for node in [&story.read_models, &other] {
        assert_eq!(created_soon(node, story.head).await, 4);
        assert_eq!(pipeline(node).await.generation, 3);
    }
}
