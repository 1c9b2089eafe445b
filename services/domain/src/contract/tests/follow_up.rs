//! Handed over, brought to its milestones, opened for renewal.

use event_schemas::contract::{
    ContractHandedOver, ContractRenewed, MilestoneReached, RenewalOpened,
};

use super::*;
use crate::contract::Command;
use crate::given::usd;
use crate::{Ask, opportunity};

fn hand_over(day: &str) -> Kind {
    Kind::HandOverContract(v1::HandOverContract {
        contract_id: "c1".to_owned(),
        handed_over_on: day.to_owned(),
    })
}

fn reach(day: &str) -> Kind {
    Kind::ReachMilestone(v1::ReachMilestone {
        contract_id: "c1".to_owned(),
        milestone_id: "deployed".to_owned(),
        reached_on: day.to_owned(),
    })
}

fn ended() -> Given<Contract> {
    let terminated = ContractTerminated {
        effective_on: on("2017-06-01"),
        reason: "insolvency".to_owned(),
        note: None,
    };
    signed_one().and_on(2, [terminated.into()])
}

fn opened() -> RenewalOpened {
    RenewalOpened {
        opportunity_id: id("renewal~c1"),
        sales_process_id: id("s"),
        rep_id: Some(id("ann")),
        amount: usd(100),
        product_ids: vec![id("gtx")],
    }
}

fn open_renewal() -> Command {
    Command::OpenRenewal(opened())
}

#[test]
fn the_last_day_of_handing_over_counts() {
    let handed_over = |day: &str| ContractHandedOver {
        handed_over_on: on(day),
    };
    let once = signed_one().when(hand_over("2017-03-15"));
    let once = once.then([handed_over("2017-03-15").into()]).and();
    let twice = once.on(11).when(hand_over("2017-03-20"));
    twice.then([handed_over("2017-03-20").into()]);
    let over = ended().when(hand_over("2017-03-15"));
    over.then_refused("TERMINATED", &["effective_on=2017-06-01"]);
}

#[test]
fn a_milestone_is_reached_once() {
    let reached = MilestoneReached {
        milestone_id: id("deployed"),
        reached_on: on("2017-03-09"),
    };
    let once = signed_one().when(reach("2017-03-09"));
    let once = once.then([reached.into()]).and();
    let again = once.when(reach("2017-03-10"));
    again.then_refused(
        "ALREADY_REACHED",
        &["milestone_id=deployed", "reached_on=2017-03-09"],
    );
    let over = ended().when(reach("2017-03-09"));
    over.then_refused("TERMINATED", &["effective_on=2017-06-01"]);
}

#[test]
fn a_renewal_that_opens_is_an_opportunity() {
    let facts = OpportunityRegistered {
        opportunity_id: id("renewal~c1"),
        name: "Renewal of c1".to_owned(),
        kind: OpportunityKind::Renewal,
        sales_process_id: id("s"),
        stage_id: id("first"),
        rep_id: Some(id("ann")),
        customer_id: Some(id("acme")),
        product_ids: vec![id("gtx")],
        amount: Some(usd(100)),
        expected_close_on: terms().ends_on,
        source: None,
        email: None,
        phone: None,
        external_id: None,
    };
    let registration = opportunity::Registration {
        stage_id: None,
        facts,
    };
    let register = opportunity::Command::Register(registration);
    let asked = Ask::Opportunity("renewal~c1".to_owned(), register);
    let open = signed_one().when_asked(open_renewal());
    open.then([opened().into()]).and_asks([asked]);
}

#[test]
fn one_renewal_is_opened_of_what_is_neither_renewed_nor_terminated() {
    let open = signed_one().and_on(3, [opened().into()]);
    let other = open.when_asked(Command::OpenRenewal(RenewalOpened {
        opportunity_id: id("other"),
        ..opened()
    }));
    other.then_refused("RENEWAL_IS_OPEN", &["opportunity_id=renewal~c1"]);
    let over = ended().when_asked(open_renewal());
    over.then_refused("TERMINATED", &["effective_on=2017-06-01"]);
    let renewed = ContractRenewed {
        renewed_by_contract_id: id("c2"),
    };
    let renewed = signed_one().and_on(2, [renewed.into()]);
    let late = renewed.when_asked(open_renewal());
    late.then_refused("ALREADY_RENEWED", &["contract_id=c2"]);
}
