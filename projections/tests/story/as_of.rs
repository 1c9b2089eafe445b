//! As of any moment: what was known, and what had happened.

use proto::v1::as_of::KnownAt;
use proto::v1::{AsOf, Consistency, FunnelConversion, GetFunnelConversionRequest};
use twinfunnel_projections::{Projections, QueryError};

use crate::home::{Story, on, tenant, timestamp};

on_both!(
    live_is_as_of_the_head_and_as_of_the_answer,
    what_was_known_at_a_position_is_told_again,
    what_was_known_at_an_instant_is_told_again,
    what_had_happened_by_an_instant_is_strictly_before_it,
    a_late_fact_lands_where_it_happened_once_it_is_known,
    both_times_together,
    what_is_said_to_happen_later_than_it_is_known_is_told_again,
    a_moment_after_the_head_is_refused,
    what_had_happened_is_told_once_the_position_is_there,
    an_export_is_a_database_of_that_moment,
);

fn as_of(as_of: AsOf) -> GetFunnelConversionRequest {
    let consistency = Some(Consistency {
        as_of: Some(as_of),
        min_position: 0,
    });
    GetFunnelConversionRequest {
        consistency,
        ..Default::default()
    }
}

fn known_at(position: u64) -> AsOf {
    AsOf {
        known_at: Some(KnownAt::Position(position)),
        happened_by: None,
    }
}

fn happened_by(day: &str) -> AsOf {
    AsOf {
        known_at: None,
        happened_by: Some(timestamp(on(day))),
    }
}

fn won(answer: &FunnelConversion) -> u32 {
    answer.overall.as_ref().unwrap().won
}

async fn one_won_one_open(story: &mut Story) {
    story.standard_process().await;
    let lead = story.lead("o-1", "2.01").await;
    story.lead("o-2", "3.01").await;
    story.win(&lead, "5.01", "").await;
}

async fn live_is_as_of_the_head_and_as_of_the_answer(mut story: Story) {
    one_won_one_open(&mut story).await;
    let live = story.funnel(GetFunnelConversionRequest::default()).await;
    let from = live.answered_from.unwrap();
    assert_eq!(from.position, story.head);
    let again = as_of(AsOf {
        known_at: Some(KnownAt::Position(from.position)),
        happened_by: from.at,
    });
    assert_eq!(
        story.funnel(again).await,
        live,
        "asked as of the answer, it is the same"
    );
    // Later events change nothing of it.
    story.lead("o-3", "4.01").await;
    let again = as_of(AsOf {
        known_at: Some(KnownAt::Position(from.position)),
        happened_by: from.at,
    });
    assert_eq!(story.funnel(again).await, live);
}

async fn what_was_known_at_a_position_is_told_again(mut story: Story) {
    one_won_one_open(&mut story).await;
    for (position, created, won) in [(2, 1, 0), (3, 2, 0), (4, 2, 1)] {
        let answer = story.funnel(as_of(known_at(position))).await;
        let overall = answer.overall.unwrap();
        assert_eq!(
            (overall.created, overall.won),
            (created, won),
            "known at {position}"
        );
        assert_eq!(answer.answered_from.unwrap().position, position);
    }
    let nothing = as_of(known_at(0));
    let nothing = story
        .read_models
        .funnel_conversion(&tenant(), nothing)
        .await;
    assert!(
        matches!(nothing, Err(QueryError::NotFound(_))),
        "no process was known"
    );
}

async fn what_was_known_at_an_instant_is_told_again(mut story: Story) {
    one_won_one_open(&mut story).await;
    let third = log::Filter::default();
    let page = story
        .log
        .read(&tenant(), event_schemas::vocabulary::Position(2), &third, 1)
        .await;
    let recorded_at = page.unwrap().events[0].recorded_at;
    let at = prost_types::Timestamp {
        seconds: recorded_at.timestamp(),
        nanos: i32::try_from(recorded_at.timestamp_subsec_nanos()).unwrap(),
    };
    let asked = AsOf {
        known_at: Some(KnownAt::RecordedBefore(at)),
        happened_by: None,
    };
    let answer = story.funnel(as_of(asked)).await;
    let from = answer.answered_from.unwrap();
    assert!(from.position < 3, "strictly before");
    assert_eq!(from.at, Some(at));
}

async fn what_had_happened_by_an_instant_is_strictly_before_it(mut story: Story) {
    one_won_one_open(&mut story).await;
    for (day, created, won) in [
        ("3.01", 1, 0),
        ("4.01", 2, 0),
        ("5.01", 2, 0),
        ("6.01", 2, 1),
    ] {
        let overall = story.funnel(as_of(happened_by(day))).await.overall.unwrap();
        assert_eq!((overall.created, overall.won), (created, won), "by {day}");
    }
}

async fn a_late_fact_lands_where_it_happened_once_it_is_known(mut story: Story) {
    one_won_one_open(&mut story).await;
    let before = story.funnel(as_of(happened_by("5.01"))).await;
    assert_eq!(before.overall.unwrap().created, 2);
    let head = story.head;
    story.lead("late", "4.01").await;
    let after = story.funnel(as_of(happened_by("5.01"))).await;
    assert_eq!(after.overall.unwrap().created, 3, "it had happened");
    let known = AsOf {
        known_at: Some(KnownAt::Position(head)),
        ..happened_by("5.01")
    };
    assert_eq!(
        story.funnel(as_of(known)).await.overall.unwrap().created,
        2,
        "nobody knew"
    );
}

async fn both_times_together(mut story: Story) {
    one_won_one_open(&mut story).await;
    let asked = AsOf {
        known_at: Some(KnownAt::Position(3)),
        ..happened_by("6.01")
    };
    assert_eq!(
        won(&story.funnel(as_of(asked)).await),
        0,
        "the win was not known"
    );
    let asked = AsOf {
        known_at: Some(KnownAt::Position(4)),
        ..happened_by("6.01")
    };
    let answer = story.funnel(as_of(asked)).await;
    assert_eq!(won(&answer), 1);
    assert_eq!(
        answer.answered_from.unwrap().at,
        Some(timestamp(on("6.01")))
    );
}

async fn what_is_said_to_happen_later_than_it_is_known_is_told_again(mut story: Story) {
    story.standard_process().await;
    // The clock of whoever said so runs ahead.
    let ahead = on("2.01") + chrono::TimeDelta::days(365 * 200);
    let event = event_schemas::opportunity::OpportunityEvent::from(crate::home::lead("o-1"));
    story
        .event_at::<event_schemas::opportunity::OpportunityEvent>("o-1", ahead, event)
        .await;
    let answer = story.funnel(as_of(known_at(story.head))).await;
    assert_eq!(answer.overall.as_ref().unwrap().created, 1);
    let from = answer.answered_from.unwrap();
    let again = AsOf {
        happened_by: from.at,
        ..known_at(from.position)
    };
    assert_eq!(story.funnel(as_of(again)).await, answer);
}

async fn what_had_happened_is_told_once_the_position_is_there(mut story: Story) {
    one_won_one_open(&mut story).await;
    let mut asked = as_of(happened_by("5.01"));
    asked.consistency.as_mut().unwrap().min_position = story.head + 1;
    let waiting = tokio::spawn({
        let read_models = story.read_models.clone();
        async move { read_models.funnel_conversion(&tenant(), asked).await }
    });
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    assert!(!waiting.is_finished());
    story.lead("o-3", "4.01").await;
    let answer = waiting.await.unwrap().unwrap();
    assert_eq!(answer.overall.unwrap().created, 3);
    assert_eq!(answer.answered_from.unwrap().position, story.head);
}

async fn a_moment_after_the_head_is_refused(mut story: Story) {
    one_won_one_open(&mut story).await;
    let asked = story
        .read_models
        .funnel_conversion(&tenant(), as_of(known_at(story.head + 1)))
        .await;
    let Err(QueryError::Invalid { field, .. }) = asked else {
        panic!("refused")
    };
    assert_eq!(field, "consistency.as_of.position");
    let mut asked = as_of(known_at(1));
    asked.consistency.as_mut().unwrap().min_position = 2;
    let asked = story.read_models.funnel_conversion(&tenant(), asked).await;
    assert!(
        matches!(asked, Err(QueryError::Invalid { .. })),
        "it can never hold that"
    );
}

async fn an_export_is_a_database_of_that_moment(mut story: Story) {
    one_won_one_open(&mut story).await;
    let read_models: &Projections = &story.read_models;
    let file = read_models
        .export(&tenant(), "funnel_conversion", known_at(3))
        .await
        .unwrap();
    use sqlx::{Connection as _, SqliteConnection};
    let url = format!("sqlite://{}", file.display());
    let mut database = SqliteConnection::connect(&url).await.unwrap();
    let rows: Vec<(String, String)> =
        sqlx::query_as("SELECT opportunity_id, outcome FROM opportunity ORDER BY opportunity_id")
            .fetch_all(&mut database)
            .await
            .unwrap();
    let open = |id: &str| (id.to_owned(), "OPEN".to_owned());
    assert_eq!(rows, [open("o-1"), open("o-2")]);
    let unknown = read_models
        .export(&tenant(), "weather", AsOf::default())
        .await;
    assert!(matches!(unknown, Err(QueryError::NotFound(_))));
}
