//! Keeping read models: exactly once, rebuilt beside, on many nodes.

use std::time::Duration;

use proto::v1::{GetFunnelConversionRequest, GetPipelineVelocityRequest, ReadModel};
use twinfunnel_projections::{Home, Projections, QueryError};

use crate::home::{Story, append, on, registering, tenant};

on_both!(
    a_query_waits_for_the_position_it_needs,
    what_is_rebuilt_is_what_was_live,
    a_rebuild_goes_on_while_events_come,
    a_new_start_goes_on_where_the_last_ended,
    what_cannot_be_read_stops_the_read_model_and_loses_nothing,
    how_far_each_has_come_is_told,
    activities_change_nothing,
    a_tenant_that_cannot_be_folded_holds_up_no_other,
);

pub async fn some(story: &mut Story) {
    story.standard_process().await;
    for id in ["a", "b", "c"] {
        let lead = story.lead(id, "2.01").await;
        story.advance(&lead, "3.01", "demo").await;
    }
}

/// How far the funnel's read model has come.
pub async fn pipeline(read_models: &Projections) -> ReadModel {
    let status = read_models.status(&tenant()).await.unwrap();
    let mut all = status.read_models.into_iter();
    all.find(|one| one.name == "pipeline").unwrap()
}

pub async fn created(read_models: &Projections, min_position: u64) -> u32 {
    let consistency = Some(proto::v1::Consistency {
        as_of: None,
        min_position,
    });
    let asked = GetFunnelConversionRequest {
        consistency,
        ..Default::default()
    };
    let answer = read_models
        .funnel_conversion(&tenant(), asked)
        .await
        .unwrap();
    answer.overall.unwrap().created
}

async fn a_query_waits_for_the_position_it_needs(mut story: Story) {
    story.standard_process().await;
    let waiting = tokio::spawn({
        let read_models = story.read_models.clone();
        async move { created(&read_models, 2).await }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!waiting.is_finished());
    story.lead("o-1", "2.01").await;
    assert_eq!(waiting.await.unwrap(), 1);
    // Every write is read at once, whatever the timing.
    for number in 2..20 {
        story.lead(&format!("o-{number}"), "2.01").await;
        assert_eq!(created(&story.read_models, story.head).await, number);
    }
}

async fn what_is_rebuilt_is_what_was_live(mut story: Story) {
    some(&mut story).await;
    let mut funnel = story.funnel(GetFunnelConversionRequest::default()).await;
    let mut velocity = story.velocity(GetPipelineVelocityRequest::default()).await;
    let rebuilt = story
        .read_models
        .rebuild("funnel_conversion")
        .await
        .unwrap();
    assert_eq!((rebuilt.name.as_str(), rebuilt.generation), ("pipeline", 2));
    assert_eq!(rebuilt.position, 0, "a rebuild is of all tenants");
    let mut funnel_again = story.funnel(GetFunnelConversionRequest::default()).await;
    let mut velocity_again = story.velocity(GetPipelineVelocityRequest::default()).await;
    for answer in [&mut funnel, &mut funnel_again] {
        answer.answered_from.as_mut().unwrap().at = None;
        answer.to = None;
    }
    for answer in [&mut velocity, &mut velocity_again] {
        answer.answered_from.as_mut().unwrap().at = None;
        (answer.look_back_from, answer.look_back_to) = (None, None);
        answer
            .stalled
            .iter_mut()
            .for_each(|stalled| stalled.days_in_stage = 0.0);
    }
    assert_eq!(funnel, funnel_again);
    assert_eq!(velocity, velocity_again);
    let unknown = story.read_models.rebuild("weather").await;
    assert!(matches!(unknown, Err(QueryError::NotFound(_))));
}

async fn a_rebuild_goes_on_while_events_come(mut story: Story) {
    some(&mut story).await;
    let rebuilding = tokio::spawn({
        let read_models = story.read_models.clone();
        async move { read_models.rebuild("pipeline").await.unwrap().generation }
    });
    for number in 4..30 {
        story.lead(&format!("o-{number}"), "2.01").await;
        assert_eq!(created(&story.read_models, story.head).await, number);
    }
    assert_eq!(rebuilding.await.unwrap(), 2);
    story.lead("last", "2.01").await;
    assert_eq!(created(&story.read_models, story.head).await, 30);
}

async fn a_new_start_goes_on_where_the_last_ended(mut story: Story) {
    some(&mut story).await;
    assert_eq!(created(&story.read_models, story.head).await, 3);
    story.read_models.shutdown().await;
    story.lead("d", "2.01").await;
    let again = Projections::start(story.log.clone(), story.options.clone())
        .await
        .unwrap();
    assert_eq!(created(&again, story.head).await, 4);
    assert_eq!(
        pipeline(&again).await.generation,
        1,
        "it was not built anew"
    );
    again.shutdown().await;
}

async fn what_cannot_be_read_stops_the_read_model_and_loses_nothing(mut story: Story) {
    some(&mut story).await;
    let head = story.head;
    assert_eq!(created(&story.read_models, head).await, 3);
    story
        .raw(
            "opportunity",
            "a",
            on("9.01"),
            "OpportunityWon",
            99,
            b"{}".to_vec(),
        )
        .await;
    story.lead("d", "2.01").await;
    let waiting = created(&story.read_models, story.head);
    assert!(
        tokio::time::timeout(Duration::from_millis(300), waiting)
            .await
            .is_err()
    );
    let status = story.read_models.status(&tenant()).await.unwrap();
    assert_eq!(
        (status.head, pipeline(&story.read_models).await.position),
        (head + 2, head)
    );
    assert_eq!(
        created(&story.read_models, 0).await,
        3,
        "it answers from where it stands"
    );
}

async fn how_far_each_has_come_is_told(mut story: Story) {
    some(&mut story).await;
    created(&story.read_models, story.head).await;
    let status = story.read_models.status(&tenant()).await.unwrap();
    let pipeline = pipeline(&story.read_models).await;
    assert_eq!(
        (
            pipeline.name.as_str(),
            pipeline.version,
            pipeline.generation
        ),
        ("pipeline", 1, 1)
    );
    assert_eq!((status.head, pipeline.position), (story.head, story.head));
    assert_eq!(pipeline.answers, ["funnel_conversion", "pipeline_velocity"]);
}

async fn activities_change_nothing(mut story: Story) {
    use event_schemas::opportunity::{ActivityKind, ActivityLogged, OpportunityEvent};
    some(&mut story).await;
    let activity = ActivityLogged {
        activity_id: event_schemas::vocabulary::ActivityId::new("call-1").unwrap(),
        kind: ActivityKind::Call,
        subject: "hello".into(),
        note: None,
        duration_minutes: None,
        contact_id: None,
    };
    story.event::<OpportunityEvent>("a", "4.01", activity).await;
    assert_eq!(created(&story.read_models, story.head).await, 3);
}

async fn a_tenant_that_cannot_be_folded_holds_up_no_other(mut story: Story) {
    some(&mut story).await;
    let mut unreadable = registering("x");
    unreadable.events[0].schema_version = 99;
    let other = event_schemas::vocabulary::TenantId::new("aaa").unwrap();
    append(&story.log, &other, on("2.01"), vec![unreadable]).await;
    let anew = Projections::start(story.log.clone(), story.elsewhere().await)
        .await
        .unwrap();
    let built = async {
        assert_eq!(created(&anew, story.head).await, 3);
        let asked = GetFunnelConversionRequest::default();
        // It needs no position to answer: it is ready.
        while anew
            .funnel_conversion(&tenant(), asked.clone())
            .await
            .is_err()
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let built = tokio::time::timeout(Duration::from_secs(10), built).await;
    built.expect("the other tenant is served");
    anew.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_sees_nothing_of_another() {
    let mut story = Story::on_sqlite().await;
    some(&mut story).await;
    let stranger = event_schemas::vocabulary::TenantId::new("stranger").unwrap();
    created(&story.read_models, story.head).await;
    let asked = GetFunnelConversionRequest::default();
    let answer = story.read_models.funnel_conversion(&stranger, asked).await;
    assert!(matches!(answer, Err(QueryError::NotFound(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn read_models_that_are_lost_are_built_anew() {
    let mut story = Story::on_sqlite().await;
    some(&mut story).await;
    story.read_models.shutdown().await;
    let Home::Sqlite { dir } = &story.options.home else {
        panic!("on SQLite")
    };
    std::fs::remove_dir_all(dir).unwrap();
    let again = Projections::start(story.log.clone(), story.options.clone())
        .await
        .unwrap();
    assert_eq!(created(&again, story.head).await, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_crash_left_of_a_build_is_in_nobodys_way() {
    let story = Story::on_sqlite().await;
    let options = story.elsewhere().await;
    let Home::Sqlite { dir } = &options.home else {
        panic!("on SQLite")
    };
    // The files were made, and nobody came to say so in the registry.
    let Home::Sqlite { dir: made } = &story.options.home else {
        panic!("on SQLite")
    };
    std::fs::create_dir(dir).unwrap();
    for suffix in ["", "-wal", "-shm"] {
        let name = format!("pipeline-g1.sqlite{suffix}");
        std::fs::copy(made.join(&name), dir.join(&name)).unwrap();
    }
    let again = Projections::start(story.log.clone(), options).await;
    again.unwrap().shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_knows_at_once_how_large_the_tables_are() {
    use sqlx::Connection as _;
    let mut story = Story::on_postgres().await;
    story.standard_process().await;
    story.leads(2).await;
    assert_eq!(created(&story.read_models, story.head).await, 2_000);
    story.read_models.rebuild("pipeline").await.unwrap();
    let Home::Postgres { url } = &story.options.home else {
        panic!("on PostgreSQL")
    };
    let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
    let size = "SELECT reltuples FROM pg_class WHERE oid = 'pipeline_g2.opportunity'::regclass";
    let size: f32 = sqlx::query_scalar(size)
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(size, 2_000.0);
}
