//! What is told late, and clocks that differ: what the rules see is what the read models show.

use chrono::{DateTime, TimeDelta, Utc};
use event_schemas::opportunity::{AmountChanged, LeadAssigned};
use figures::funnel::Outcome as Shown;
use figures::timeline::Timeline;
use proptest::prelude::*;

use super::*;
use crate::Told;
use crate::given::{day, live};
use crate::opportunity::{Deal, Outcome};

/// What is known of it, and what became of it.
fn state(opportunity: &Given<Opportunity>) -> (Deal, Shown) {
    match opportunity.state() {
        Opportunity::Unregistered => panic!("it is not registered"),
        Opportunity::Open(deal) => (deal, Shown::Open),
        Opportunity::Closed(deal, Outcome::Won { .. }) => (deal, Shown::Won),
        Opportunity::Closed(deal, Outcome::Lost { .. }) => (deal, Shown::Lost),
    }
}

#[test]
fn a_move_before_the_last_one_is_refused() {
    let after = ["after=2017-03-05T09:00:00Z"];
    let demo = lead().and_on(5, [advanced("lead", "demo")]);
    for command in [
        advance("demo"),
        advance("offer"),
        step_back("lead"),
        win(None),
        lose("price"),
    ] {
        demo.clone()
            .on(4)
            .when(command)
            .then_refused("OUT_OF_ORDER", &after);
    }
    for command in [win(None), lose("price"), reopen("")] {
        won_one()
            .on(4)
            .when(command)
            .then_refused("OUT_OF_ORDER", &after);
    }
    let again = won_one().and_on(7, [reopened("lead")]);
    again
        .on(6)
        .when(lose("price"))
        .then_refused("OUT_OF_ORDER", &["after=2017-03-07T09:00:00Z"]);
}

#[test]
fn it_is_not_closed_before_it_was_registered() {
    let registered_on_the_ninth = among(nothing()).and_on(9, [registered("lead")]);
    let early = registered_on_the_ninth.on(8).when(win(None));
    early.then_refused("OUT_OF_ORDER", &["after=2017-03-09T09:00:00Z"]);
}

#[test]
fn a_move_at_the_instant_of_the_last_one_comes_after_it() {
    let won_at_once = lead().on(1).when(win(None)).then([won("lead", Some(1000))]);
    let reopened_at_once = won_at_once.and().when(reopen("")).then([reopened("lead")]);
    reopened_at_once
        .and()
        .when(lose("price"))
        .then([lost("lead", "price")]);
}

#[test]
fn a_clock_that_is_a_little_behind_does_not_turn_round_what_it_follows() {
    let demo = lead().and_on(5, [advanced("lead", "demo")]);
    let behind = demo
        .clone()
        .at(day(5) - TimeDelta::minutes(5))
        .when(win(None));
    behind.then([won("demo", Some(1000))]).and_occurred(day(5));
    let long_before = day(5) - TimeDelta::minutes(5) - TimeDelta::microseconds(1);
    let long_before = demo.at(long_before).when(win(None));
    long_before.then_refused("OUT_OF_ORDER", &["after=2017-03-05T09:00:00Z"]);
    let more = lead().and_on(5, [AmountChanged { amount: usd(7) }.into()]);
    let less = more
        .at(day(5) - TimeDelta::minutes(1))
        .when(change_amount(6));
    let (deal, _) = state(&less.and_occurred(day(5)).and());
    assert_eq!(deal.amount.latest(), Some(&usd(6)));
}

#[test]
fn a_win_told_late_is_won_at_its_own_sum_whatever_it_was_said_to_be_worth_later() {
    let more = AmountChanged { amount: usd(7) };
    let later = lead().and_on(8, [more.into()]);
    let at_its_own = later.clone().on(3).when(win(Some(900)));
    let again = at_its_own.then([won("lead", Some(900))]).and();
    again.clone().on(9).when(win(Some(900))).then_nothing();
    again
        .on(9)
        .when(win(Some(7)))
        .then_refused("ALREADY_CLOSED", &[]);
    later
        .clone()
        .on(3)
        .when(win(None))
        .then([won("lead", Some(1000))]);
    let a_clock_behind = later.at(day(8) - TimeDelta::minutes(4)).when(win(None));
    a_clock_behind
        .then([won("lead", Some(7))])
        .and_occurred(day(8));
}

#[test]
fn an_owner_and_a_worth_told_late_stand_before_what_was_told_of_later() {
    let assigned = |rep: &str, previous: Option<&str>| -> OpportunityEvent {
        LeadAssigned {
            rep_id: id(rep),
            previous_rep_id: previous.map(id),
            reason: None,
        }
        .into()
    };
    let later = lead().and_on(
        8,
        [
            assigned("ann", None),
            AmountChanged { amount: usd(8) }.into(),
        ],
    );
    let bobs = later
        .on(3)
        .when(assign("bob"))
        .then([assigned("bob", None)])
        .and();
    bobs.clone()
        .on(4)
        .when(assign("ann"))
        .then([assigned("ann", Some("bob"))]);
    let worth = bobs
        .on(4)
        .when(change_amount(4))
        .then([AmountChanged { amount: usd(4) }.into()]);
    let (deal, _) = state(&worth.and());
    assert_eq!(deal.rep_id.at(day(3)), Some(&id("bob")));
    assert_eq!(deal.rep_id.latest(), Some(&id("ann")));
    assert_eq!(deal.amount.at(day(5)), Some(&usd(4)));
    assert_eq!(deal.amount.latest(), Some(&usd(8)));
}

#[test]
fn what_happened_before_the_registration_follows_it_all_the_same() {
    let more = lead()
        .at(day(1) - TimeDelta::days(20))
        .when(change_amount(7))
        .and();
    let (deal, _) = state(&more);
    assert_eq!(deal.amount.latest(), Some(&usd(7)));
}

/// The course as the read models fold it: in the order in which it happened.
fn shown(opportunity: &Given<Opportunity>) -> Option<Timeline> {
    let facts = opportunity.history().iter();
    let mut facts: Vec<(DateTime<Utc>, &OpportunityEvent)> =
        facts.map(|fact| (fact.occurred_at, &fact.event)).collect();
    facts.sort_by_key(|(occurred_at, _)| *occurred_at);
    Timeline::of(facts)
}

fn latest<T: Clone>(told: &Told<T>) -> Option<T> {
    told.latest().cloned()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn whatever_is_asked_in_whatever_order_the_rules_see_what_the_read_models_show(
        asked in prop::collection::vec(any_command(), 0..30),
    ) {
        let all = live(none(), asked);
        let Some(shown) = shown(&all) else {
            return Ok(());
        };
        let (deal, outcome) = state(&all);
        prop_assert_eq!(outcome, shown.outcome);
        prop_assert_eq!(&deal.stage_id, &shown.current().unwrap().stage_id);
        prop_assert_eq!(latest(&deal.rep_id), shown.rep_id);
        prop_assert_eq!(latest(&deal.amount), shown.amount);
        prop_assert_eq!(latest(&deal.customer_id), shown.customer_id);
        let mut products = latest(&deal.product_ids).unwrap_or_default();
        products.sort();
        prop_assert_eq!(products, shown.product_ids);
    }
}

/// Any command, at any minute of eight days, or of ten minutes.
fn any_command() -> impl Strategy<Value = (i64, Kind)> {
    let stage = || prop::sample::select(vec!["lead", "demo", "offer", "party"]);
    let command = prop_oneof![
        3 => Just(Kind::RegisterOpportunity(registration())),
        4 => stage().prop_map(advance),
        3 => stage().prop_map(step_back),
        2 => Just(complete("budget")),
        2 => prop::sample::select(vec!["ann", "bob", "cara"]).prop_map(assign),
        1 => prop::sample::select(vec!["a1", "a2"]).prop_map(log),
        2 => (1..4u32).prop_map(change_amount),
        1 => prop::sample::select(vec!["2017-12-31", "2018-01-01"]).prop_map(expect_close),
        1 => prop::sample::subsequence(vec!["gtx", "old", "air"], 0..3)
            .prop_map(|products| offer(&products)),
        1 => prop::sample::select(vec!["acme", "nobody"]).prop_map(identify),
        2 => prop::option::of(1..4u32).prop_map(win),
        2 => prop::sample::select(vec!["price", "timing"]).prop_map(lose),
        3 => prop::sample::select(vec!["", "lead", "offer", "party"]).prop_map(reopen),
    ];
    (prop_oneof![0..8 * 24 * 60i64, 0..10i64], command)
}
