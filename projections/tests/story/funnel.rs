//! Funnel conversion: both modes, and the distribution.

use event_schemas::opportunity::OpportunityRegistered;
use proto::v1::{ConversionMode, FunnelFigures, GetFunnelConversionRequest};

use crate::home::{Story, lead, money, on, timestamp};

on_both!(
    a_skipped_stage_counts_as_passed_and_a_won_one_reached_all,
    a_cohort_is_what_was_created_in_the_period_whatever_happened_since,
    a_period_counts_what_happened_in_it,
    without_a_denominator_there_is_no_value,
    a_reopened_one_is_open_again,
    what_was_reached_does_not_shrink_when_it_steps_back,
    a_revised_process_ranks_old_stays_anew,
    the_distribution_stands_beside_its_target,
);

fn reached(figures: &FunnelFigures) -> Vec<u32> {
    figures.stages.iter().map(|stage| stage.reached).collect()
}

fn counts(figures: &FunnelFigures) -> (u32, u32, u32, u32) {
    (figures.created, figures.open, figures.won, figures.lost)
}

async fn a_skipped_stage_counts_as_passed_and_a_won_one_reached_all(mut story: Story) {
    story.standard_process().await;
    let skipping = story.lead("o-1", "2.01").await;
    story.advance(&skipping, "3.01", "offer").await;
    story.lose(&skipping, "4.01").await;
    let won = story.lead("o-2", "2.01").await;
    story.win(&won, "5.01", "900").await;
    story.lead("o-3", "2.01").await;
    let answer = story.funnel(GetFunnelConversionRequest::default()).await;
    let overall = answer.overall.unwrap();
    assert_eq!(counts(&overall), (3, 1, 1, 1));
    assert_eq!(reached(&overall), [3, 2, 2]);
    assert_eq!(overall.stages[0].conversion_to_next, Some(2.0 / 3.0));
    assert_eq!(overall.stages[1].conversion_to_next, Some(1.0));
    assert_eq!(
        overall.stages[2].conversion_to_next,
        Some(0.5),
        "won / reached the last"
    );
    assert_eq!(overall.stages[1].share_of_created, Some(2.0 / 3.0));
    assert_eq!(overall.conversion, Some(1.0 / 3.0));
    assert_eq!(overall.win_rate, Some(0.5));
    assert_eq!(answer.sales_process_id, "standard");
    assert_eq!(answer.answered_from.unwrap().position, story.head);
}

async fn a_cohort_is_what_was_created_in_the_period_whatever_happened_since(mut story: Story) {
    story.standard_process().await;
    for (id, day) in [
        ("early", "31.01"),
        ("first", "1.02"),
        ("last", "29.02"),
        ("late", "1.03"),
    ] {
        let lead = story.lead(id, day).await;
        story.win(&lead, "1.06", "").await;
    }
    let asked = GetFunnelConversionRequest {
        from: Some(timestamp(on("1.02"))),
        to: Some(timestamp(on("1.03"))),
        ..Default::default()
    };
    let overall = story.funnel(asked).await.overall.unwrap();
    assert_eq!(counts(&overall), (2, 0, 2, 0), "[from, to)");
    assert_eq!(reached(&overall), [2, 2, 2]);
}

async fn a_period_counts_what_happened_in_it(mut story: Story) {
    story.standard_process().await;
    let before = story.lead("before", "1.01").await;
    story.advance(&before, "10.02", "demo").await;
    story.win(&before, "20.02", "").await;
    let inside = story.lead("inside", "5.02").await;
    story.advance(&inside, "6.02", "demo").await;
    story.step_back(&inside, "7.02", "lead").await;
    story.advance(&inside, "8.03", "demo").await;
    let lost = story.lead("lost", "9.02").await;
    story.lose(&lost, "15.03").await;
    let asked = GetFunnelConversionRequest {
        mode: ConversionMode::Period.into(),
        from: Some(timestamp(on("1.02"))),
        to: Some(timestamp(on("1.03"))),
        ..Default::default()
    };
    let overall = story.funnel(asked).await.overall.unwrap();
    assert_eq!(counts(&overall), (2, 1, 1, 0));
    assert_eq!(
        overall.conversion,
        Some(0.5),
        "won in the period / created in the period"
    );
    assert_eq!(overall.win_rate, Some(1.0));
    // First reached in it: `lead` by two; `demo` by both that got there; the last by the one won.
    assert_eq!(reached(&overall), [2, 2, 1]);
}

async fn without_a_denominator_there_is_no_value(mut story: Story) {
    story.standard_process().await;
    let overall = story
        .funnel(GetFunnelConversionRequest::default())
        .await
        .overall
        .unwrap();
    assert_eq!(counts(&overall), (0, 0, 0, 0));
    assert_eq!((overall.conversion, overall.win_rate), (None, None));
    for stage in &overall.stages {
        assert_eq!(
            (stage.conversion_to_next, stage.share_of_created),
            (None, None)
        );
    }
    let answer = story.funnel(GetFunnelConversionRequest::default()).await;
    assert!(
        answer
            .distribution
            .iter()
            .all(|stage| stage.share.is_none())
    );
}

async fn a_reopened_one_is_open_again(mut story: Story) {
    story.standard_process().await;
    let lead = story.lead("o-1", "2.01").await;
    story.win(&lead, "3.01", "").await;
    let overall = story
        .funnel(GetFunnelConversionRequest::default())
        .await
        .overall
        .unwrap();
    assert_eq!(
        (counts(&overall), reached(&overall)),
        ((1, 0, 1, 0), vec![1, 1, 1])
    );
    story.reopen(&lead, "4.01", "demo").await;
    let overall = story
        .funnel(GetFunnelConversionRequest::default())
        .await
        .overall
        .unwrap();
    assert_eq!(
        (counts(&overall), reached(&overall)),
        ((1, 1, 0, 0), vec![1, 1, 0])
    );
}

async fn what_was_reached_does_not_shrink_when_it_steps_back(mut story: Story) {
    story.standard_process().await;
    let lead = story.lead("o-1", "2.01").await;
    story.advance(&lead, "3.01", "offer").await;
    story.step_back(&lead, "4.01", "lead").await;
    let answer = story.funnel(GetFunnelConversionRequest::default()).await;
    assert_eq!(reached(&answer.overall.unwrap()), [1, 1, 1]);
    assert_eq!(
        answer.distribution[0].open_count, 1,
        "it is in the first stage"
    );
}

async fn a_revised_process_ranks_old_stays_anew(mut story: Story) {
    let lead = story.lead("o-1", "2.01").await;
    story.advance(&lead, "3.01", "demo").await;
    // It is defined only now: what came first does not matter.
    story.standard_process().await;
    story
        .revise("standard", "9.01", &["lead", "call", "demo", "offer"])
        .await;
    let overall = story
        .funnel(GetFunnelConversionRequest::default())
        .await
        .overall
        .unwrap();
    assert_eq!(reached(&overall), [1, 1, 1, 0]);
    let names: Vec<&str> = overall
        .stages
        .iter()
        .map(|stage| stage.name.as_str())
        .collect();
    assert_eq!(names, ["LEAD", "CALL", "DEMO", "OFFER"]);
}

async fn the_distribution_stands_beside_its_target(mut story: Story) {
    story.standard_process().await;
    story.lead("o-1", "2.01").await;
    let euros = OpportunityRegistered {
        amount: Some(money("500", "EUR")),
        ..lead("o-2")
    };
    story.register("o-2", "2.01", euros).await;
    let nothing = OpportunityRegistered {
        amount: None,
        ..lead("o-3")
    };
    let nothing = story.register("o-3", "2.01", nothing).await;
    story.advance(&nothing, "3.01", "demo").await;
    let won = story.lead("o-4", "2.01").await;
    story.win(&won, "3.01", "").await;
    let asked = GetFunnelConversionRequest {
        to: Some(timestamp(on("2.01"))),
        ..Default::default()
    };
    let answer = story.funnel(asked).await;
    assert_eq!(answer.overall.unwrap().created, 0);
    let [first, demo, offer] = &answer.distribution[..] else {
        panic!("three stages")
    };
    assert_eq!((first.open_count, first.other_currency_count), (2, 1));
    assert_eq!(first.open_amount.as_ref().unwrap().amount, "1000.00");
    assert_eq!(first.target_open_count, Some(2));
    assert_eq!(first.target_open_amount.as_ref().unwrap().amount, "3000.00");
    assert_eq!(first.share, Some(2.0 / 3.0));
    assert_eq!((demo.open_count, demo.target_open_count), (1, None));
    assert_eq!(demo.open_amount.as_ref().unwrap().amount, "0.00");
    assert_eq!((offer.open_count, offer.share), (0, Some(0.0)));
    story.currency("EUR").await;
    let answer = story.funnel(GetFunnelConversionRequest::default()).await;
    let amount = answer.distribution[0].open_amount.as_ref().unwrap();
    assert_eq!(
        (amount.amount.as_str(), amount.currency_code.as_str()),
        ("500.00", "EUR")
    );
}
