//! Pipeline velocity: forecast, cycle, both velocities, dwell times, stalled ones. Ages are measured
//! on 1 July 2024.

use event_schemas::opportunity::OpportunityRegistered;
use proto::v1::{
    AsOf, Consistency, GetFunnelConversionRequest, GetPipelineVelocityRequest, Money,
    PipelineVelocity,
};

use crate::home::{Story, dollars, lead, money, on, timestamp};

on_both!(
    each_amount_is_weighed_by_the_chance_of_its_stage,
    a_stage_that_taught_nothing_leaves_no_forecast,
    a_cycle_is_from_created_to_won,
    what_closed_before_the_look_back_teaches_nothing,
    other_currencies_and_missing_amounts_are_counted_not_summed,
    stays_that_ended_in_the_look_back_tell_how_long_they_last,
    those_in_a_stage_longer_than_its_p90_are_stalled,
    an_empty_pipeline_has_no_figures,
    sums_of_the_largest_amounts_are_exact,
);

fn amount(money: &Option<Money>) -> Option<&str> {
    money.as_ref().map(|money| money.amount.as_str())
}

/// Asks as of 1 July.
async fn asked_in_july(story: &Story, asked: GetPipelineVelocityRequest) -> PipelineVelocity {
    let as_of = AsOf {
        happened_by: Some(timestamp(on("1.07"))),
        ..AsOf::default()
    };
    let consistency = Some(Consistency {
        as_of: Some(as_of),
        min_position: 0,
    });
    story
        .velocity(GetPipelineVelocityRequest {
            consistency,
            ..asked
        })
        .await
}

async fn in_july(story: &Story) -> PipelineVelocity {
    asked_in_july(story, GetPipelineVelocityRequest::default()).await
}

/// Of three that reached `demo` one was won; a fourth was lost in `lead`.
async fn lessons(story: &mut Story) {
    story.standard_process().await;
    let won = story.lead("won", "1.02").await;
    story.advance(&won, "2.02", "demo").await;
    story.win(&won, "11.02", "2500").await;
    for id in ["lost-1", "lost-2"] {
        let lost = story.lead(id, "1.02").await;
        story.advance(&lost, "2.02", "demo").await;
        story.lose(&lost, "3.02").await;
    }
    let early = story.lead("lost-3", "1.02").await;
    story.lose(&early, "2.02").await;
}

async fn each_amount_is_weighed_by_the_chance_of_its_stage(mut story: Story) {
    lessons(&mut story).await;
    story.lead("open-1", "1.06").await;
    let second = story.lead("open-2", "1.06").await;
    story.advance(&second, "2.06", "demo").await;
    let answer = in_july(&story).await;
    let [first, demo, offer] = &answer.stages[..] else {
        panic!("three stages")
    };
    assert_eq!(
        (first.closed, first.won, first.win_probability),
        (4, 1, Some(0.25))
    );
    assert_eq!(
        (demo.closed, demo.won, demo.win_probability),
        (3, 1, Some(1.0 / 3.0))
    );
    assert_eq!(
        (offer.closed, offer.won, offer.win_probability),
        (1, 1, Some(1.0)),
        "it reached all"
    );
    assert_eq!(amount(&first.forecast), Some("250.00"));
    assert_eq!(amount(&demo.forecast), Some("333.33"));
    assert_eq!(amount(&offer.forecast), Some("0.00"));
    let overall = answer.overall.unwrap();
    assert_eq!(
        amount(&overall.forecast),
        Some("583.33"),
        "rounded once, at the end"
    );
    assert_eq!(
        (overall.open_count, amount(&overall.open_amount)),
        (2, Some("2000.00"))
    );
    assert_eq!(
        (overall.won, overall.lost, overall.win_rate),
        (1, 3, Some(0.25))
    );
    assert_eq!(amount(&overall.average_won_amount), Some("2500.00"));
    assert_eq!(overall.average_cycle_days, Some(10.0));
    assert_eq!(
        amount(&overall.velocity_per_day),
        Some("58.33"),
        "583.33… / 10"
    );
    assert_eq!(
        amount(&overall.common_velocity_per_day),
        Some("125.00"),
        "2 × 0.25 × 2500 / 10"
    );
}

async fn a_stage_that_taught_nothing_leaves_no_forecast(mut story: Story) {
    story.standard_process().await;
    let open = story.lead("open", "1.06").await;
    let answer = in_july(&story).await;
    let overall = answer.overall.unwrap();
    assert_eq!(
        (overall.forecast, overall.velocity_per_day, overall.win_rate),
        (None, None, None)
    );
    assert_eq!(answer.stages[0].forecast, None);
    assert_eq!(
        amount(&answer.stages[1].forecast),
        Some("0.00"),
        "nothing is open in it"
    );
    story.win(&open, "2.06", "").await;
    let overall = in_july(&story).await.overall.unwrap();
    assert_eq!(amount(&overall.forecast), Some("0.00"));
}

async fn a_cycle_is_from_created_to_won(mut story: Story) {
    story.standard_process().await;
    for (id, created, won) in [
        ("a", "1.03", "3.03"),
        ("b", "1.03", "5.03"),
        ("c", "1.03", "13.03"),
    ] {
        let lead = story.lead(id, created).await;
        story.win(&lead, won, "").await;
    }
    let lost = story.lead("d", "1.01").await;
    story.lose(&lost, "1.06").await;
    let overall = in_july(&story).await.overall.unwrap();
    assert_eq!(
        overall.average_cycle_days,
        Some(6.0),
        "lost ones have no cycle"
    );
    assert_eq!(overall.median_cycle_days, Some(4.0));
}

async fn what_closed_before_the_look_back_teaches_nothing(mut story: Story) {
    story.standard_process().await;
    for (id, closed) in [
        ("before", "21.05"),
        ("first", "1.06"),
        ("last", "30.06"),
        ("after", "1.07"),
    ] {
        let lead = story.lead(id, "1.01").await;
        story.win(&lead, closed, "").await;
    }
    let asked = GetPipelineVelocityRequest {
        look_back_days: 30,
        ..Default::default()
    };
    let answer = asked_in_july(&story, asked).await;
    assert_eq!(answer.look_back_from.unwrap(), timestamp(on("1.06")));
    assert_eq!(answer.look_back_to.unwrap(), timestamp(on("1.07")));
    let overall = answer.overall.unwrap();
    assert_eq!(overall.won, 2, "[from, to)");
    assert_eq!(
        overall.open_count, 1,
        "what was won on 1 July was still open then"
    );
}

async fn other_currencies_and_missing_amounts_are_counted_not_summed(mut story: Story) {
    lessons(&mut story).await;
    story.lead("open-1", "1.06").await;
    let euros = OpportunityRegistered {
        amount: Some(money("700", "EUR")),
        ..lead("open-2")
    };
    story.register("open-2", "1.06", euros).await;
    let nothing = OpportunityRegistered {
        amount: None,
        ..lead("open-3")
    };
    story.register("open-3", "1.06", nothing).await;
    let overall = in_july(&story).await.overall.unwrap();
    assert_eq!(overall.open_count, 3);
    assert_eq!(
        (overall.without_amount_count, overall.other_currency_count),
        (1, 1)
    );
    assert_eq!(amount(&overall.open_amount), Some("1000.00"));
    assert_eq!(amount(&overall.forecast), Some("250.00"));
}

async fn stays_that_ended_in_the_look_back_tell_how_long_they_last(mut story: Story) {
    story.standard_process().await;
    for (id, left) in [("a", "3.02"), ("b", "5.02"), ("c", "9.02"), ("d", "11.02")] {
        let lead = story.lead(id, "1.02").await;
        story.advance(&lead, left, "demo").await;
    }
    let answer = in_july(&story).await;
    let dwell = answer.stages[0].dwell.unwrap();
    assert_eq!(
        (dwell.visits, dwell.mean_days),
        (4, Some(6.0)),
        "2, 4, 8 and 10 days"
    );
    assert_eq!(dwell.median_days, Some(6.0));
    let p90 = dwell.p90_days.unwrap();
    assert!(
        (p90 - 9.4).abs() < 1e-9,
        "rank 2.7 lies between 8 and 10: {p90}"
    );
    let demo = answer.stages[1].dwell.unwrap();
    assert_eq!((demo.visits, demo.mean_days), (0, None), "they last still");
}

async fn those_in_a_stage_longer_than_its_p90_are_stalled(mut story: Story) {
    story.standard_process().await;
    for (id, left) in [("a", "11.02"), ("b", "11.02")] {
        let lead = story.lead(id, "1.02").await;
        story.advance(&lead, left, "demo").await;
    }
    // p90 of `lead` is 10 days; on 1 July these have been there for 31, 11 and 10.
    let long = OpportunityRegistered {
        amount: Some(dollars("12.5")),
        ..lead("long")
    };
    story.register("long", "31.05", long).await;
    story.lead("just", "20.06").await;
    story.lead("even", "21.06").await;
    let answer = in_july(&story).await;
    assert_eq!(
        (answer.stalled_count, answer.stages[0].stalled_count),
        (2, 2)
    );
    assert_eq!(
        answer.stages[1].stalled_count, 0,
        "no stay in it has ended: nobody knows"
    );
    let [first, second] = &answer.stalled[..] else {
        panic!("two")
    };
    assert_eq!(
        (first.opportunity_id.as_str(), first.days_in_stage),
        ("long", 31.0)
    );
    assert_eq!(
        (first.p90_days, amount(&first.amount)),
        (10.0, Some("12.50"))
    );
    assert_eq!(first.in_stage_since.unwrap(), timestamp(on("31.05")));
    assert_eq!(second.opportunity_id, "just");
    let asked = GetPipelineVelocityRequest {
        max_stalled: 1,
        ..Default::default()
    };
    let answer = asked_in_july(&story, asked).await;
    assert_eq!(
        (answer.stalled_count, answer.stalled.len()),
        (2, 1),
        "all are counted"
    );
}

async fn an_empty_pipeline_has_no_figures(mut story: Story) {
    story.standard_process().await;
    let answer = in_july(&story).await;
    let overall = answer.overall.unwrap();
    assert_eq!(overall.open_count, 0);
    assert_eq!(amount(&overall.open_amount), Some("0.00"));
    assert_eq!(overall.average_cycle_days, None);
    assert_eq!(overall.median_cycle_days, None);
    assert_eq!(overall.average_won_amount, None);
    assert_eq!(overall.velocity_per_day, None);
    assert_eq!(overall.common_velocity_per_day, None);
    assert!(answer.stalled.is_empty());
}

async fn sums_of_the_largest_amounts_are_exact(mut story: Story) {
    story.standard_process().await;
    let most = |sign: &str| dollars(&format!("{sign}92233720368547758.07"));
    let of = |amount| OpportunityRegistered {
        amount: Some(amount),
        ..lead("x")
    };
    for id in ["o-1", "o-2", "o-3"] {
        story.register(id, "1.06", of(most(""))).await;
    }
    let owed = story.register("o-4", "1.06", of(most("-"))).await;
    story.advance(&owed, "2.06", "offer").await;
    let funnel = GetFunnelConversionRequest::default();
    let answer = story.funnel(funnel).await;
    let open = |at: usize| amount(&answer.distribution[at].open_amount);
    assert_eq!(open(0), Some("276701161105643274.21"));
    assert_eq!(open(2), Some("-92233720368547758.07"));
    let overall = in_july(&story).await.overall.unwrap();
    assert_eq!(amount(&overall.open_amount), Some("184467440737095516.14"));
    assert_eq!(overall.forecast, None, "nothing was closed yet");

    for (id, day) in [("w-1", "3.06"), ("w-2", "5.06")] {
        let won = story.register(id, "1.06", of(most(""))).await;
        story.win(&won, day, "92233720368547758.07").await;
    }
    let lost = story.lead("l-1", "1.06").await;
    story.lose(&lost, "2.06").await;
    let answer = in_july(&story).await;
    let first = &answer.stages[0];
    assert_eq!(amount(&first.open_amount), Some("276701161105643274.21"));
    assert_eq!(
        amount(&first.forecast),
        Some("184467440737095516.14"),
        "two of three were won"
    );
    let overall = answer.overall.unwrap();
    assert_eq!(
        amount(&overall.average_won_amount),
        Some("92233720368547758.07")
    );
    assert_eq!(amount(&overall.forecast), Some("92233720368547758.07"));
    assert_eq!(
        amount(&overall.velocity_per_day),
        Some("30744573456182586.02"),
        "in three days"
    );
    assert!(overall.common_velocity_per_day.is_some());
}
