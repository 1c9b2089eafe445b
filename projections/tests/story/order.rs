//! The order of arrival does not matter: streams in any order, and late facts of one stream.

use event_schemas::opportunity::{
    AmountChanged, LeadAssigned, OpportunityEvent, OpportunityLost, OpportunityRegistered,
    OpportunityWon, StageAdvanced, SteppedBack,
};
use event_schemas::vocabulary::RepId;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use proto::v1::{
    AsOf, Consistency, Dimension, FunnelConversion, GetFunnelConversionRequest,
    GetPipelineVelocityRequest, PipelineVelocity,
};

use crate::home::{Story, dollars, lead, on, stage, timestamp};

/// Something that happened to one of a few opportunities.
#[derive(Debug, Clone)]
struct Happened {
    opportunity: usize,
    /// Minutes after the second of January; each of one opportunity is another.
    minutes: i64,
    event: OpportunityEvent,
}

fn event() -> impl Strategy<Value = OpportunityEvent> {
    let stages = prop::sample::select(vec!["lead", "demo", "offer"]);
    let reps = prop::sample::select(vec!["ada", "eve"]);
    prop_oneof![
        stages.clone().prop_map(|to| {
            let (from_stage_id, to_stage_id) = (stage("lead"), stage(to));
            StageAdvanced {
                from_stage_id,
                to_stage_id,
                note: None,
            }
            .into()
        }),
        stages.prop_map(|to| {
            let (from_stage_id, to_stage_id) = (stage("lead"), stage(to));
            SteppedBack {
                from_stage_id,
                to_stage_id,
                reason: None,
            }
            .into()
        }),
        reps.prop_map(|rep| {
            let rep_id = RepId::new(rep).unwrap();
            LeadAssigned {
                rep_id,
                previous_rep_id: None,
                reason: None,
            }
            .into()
        }),
        (1u32..9_999).prop_map(|cents| {
            AmountChanged {
                amount: dollars(&format!("{}.{:02}", cents / 100, cents % 100)),
            }
            .into()
        }),
        Just(
            OpportunityWon {
                stage_id: stage("offer"),
                amount: None,
                contract_id: None,
            }
            .into()
        ),
        Just(
            OpportunityLost {
                stage_id: stage("offer"),
                reason: "price".into(),
                note: None,
                competitor: None
            }
            .into()
        ),
    ]
}

/// Every opportunity's registration and what happened to it, in the order in which it happened.
fn history() -> impl Strategy<Value = Vec<Happened>> {
    let happened =
        (0usize..4, 1i64..200_000, event()).prop_map(|(opportunity, minutes, event)| Happened {
            opportunity,
            minutes,
            event,
        });
    prop::collection::vec(happened, 0..25).prop_map(|mut happened| {
        for opportunity in 0..4 {
            let event = OpportunityEvent::from(OpportunityRegistered {
                ..lead(&format!("o-{opportunity}"))
            });
            happened.push(Happened {
                opportunity,
                minutes: 0,
                event,
            });
        }
        happened.sort_by_key(|happened| (happened.minutes, happened.opportunity));
        happened.dedup_by_key(|happened| (happened.minutes, happened.opportunity));
        happened
    })
}

async fn told(happened: &[Happened], company_first: bool) -> (FunnelConversion, PipelineVelocity) {
    let mut story = Story::on_sqlite().await;
    if company_first {
        company(&mut story).await;
    }
    for Happened {
        opportunity,
        minutes,
        event,
    } in happened
    {
        let at = on("2.01") + chrono::TimeDelta::minutes(*minutes);
        let id = format!("o-{opportunity}");
        story
            .event_at::<OpportunityEvent>(&id, at, event.clone())
            .await;
    }
    if !company_first {
        company(&mut story).await;
    }
    answers(&story).await
}

async fn company(story: &mut Story) {
    story.standard_process().await;
    story.team("north", "Oslo").await;
    story.team("south", "Rome").await;
    story.rep("ada", "north").await;
    story.rep("eve", "south").await;
    story.move_team("north", "1.03", "Bergen").await;
}

/// Live must be as-of must be rebuilt; what is told of it.
async fn answers(story: &Story) -> (FunnelConversion, PipelineVelocity) {
    let cut_by: Vec<i32> = [Dimension::Rep, Dimension::Team, Dimension::Region]
        .map(i32::from)
        .to_vec();
    let funnel = |consistency| GetFunnelConversionRequest {
        cut_by: cut_by.clone(),
        consistency,
        ..Default::default()
    };
    let live = story.funnel(funnel(story.now())).await;
    let from = live.answered_from.unwrap();
    let as_of = AsOf {
        known_at: Some(proto::v1::as_of::KnownAt::Position(from.position)),
        happened_by: from.at,
    };
    let as_of = Some(Consistency {
        as_of: Some(as_of),
        min_position: 0,
    });
    assert_eq!(story.funnel(funnel(as_of)).await, live, "as of");
    story.read_models.rebuild("pipeline").await.unwrap();
    let rebuilt = story.funnel(funnel(story.now())).await;
    assert_eq!(
        (&rebuilt.overall, &rebuilt.cuts),
        (&live.overall, &live.cuts),
        "rebuilt"
    );

    let july = AsOf {
        known_at: None,
        happened_by: Some(timestamp(on("1.07"))),
    };
    let consistency = Some(Consistency {
        as_of: Some(july),
        min_position: 0,
    });
    let mut funnel = story.funnel(funnel(consistency)).await;
    let asked = GetPipelineVelocityRequest {
        cut_by,
        consistency,
        ..Default::default()
    };
    let mut velocity = story.velocity(asked).await;
    (funnel.answered_from, velocity.answered_from) = (None, None);
    (funnel, velocity)
}

#[test]
fn whatever_the_order_of_arrival_the_figures_are_the_same() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let runtime = runtime.unwrap();
    let mut runner = TestRunner::new(Config {
        cases: 24,
        ..Config::default()
    });
    let shuffled = history().prop_flat_map(|history| {
        (
            Just(history.clone()),
            Just(history).prop_shuffle(),
            any::<bool>(),
        )
    });
    let outcome = runner.run(&shuffled, |(history, shuffled, company_first)| {
        let straight = runtime.block_on(told(&history, true));
        let late = runtime.block_on(told(&shuffled, company_first));
        prop_assert_eq!(straight, late);
        Ok(())
    });
    outcome.unwrap();
}
