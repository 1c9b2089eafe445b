//! Given what happened, when asked, then.

use event_schemas::ticket::{
    TicketAnswered, TicketClosed, TicketEscalated, TicketEvent, TicketOpened, TicketPriority,
    TicketRated, TicketReopened,
};
use proptest::prelude::*;
use proto::v1;
use proto::v1::command::Kind;

use super::Ticket;
use crate::given::{Given, acme, day, given, id, live, nothing};

fn opened() -> TicketEvent {
    TicketOpened {
        ticket_id: id("t1"),
        customer_id: id("acme"),
        contact_id: Some(id("ann")),
        subject: Some("It is slow".to_owned()),
        priority: TicketPriority::High,
    }
    .into()
}

fn answered() -> TicketEvent {
    TicketAnswered {}.into()
}

fn escalated() -> TicketEvent {
    let reason = Some("so".to_owned());
    TicketEscalated { reason }.into()
}

fn closed() -> TicketEvent {
    let resolution = Some("so".to_owned());
    TicketClosed { resolution }.into()
}

fn reopened() -> TicketEvent {
    let reason = Some("so".to_owned());
    TicketReopened { reason }.into()
}

fn rated(satisfaction: u8) -> TicketEvent {
    TicketRated { satisfaction }.into()
}

fn open(customer: &str, contact: &str) -> Kind {
    Kind::OpenTicket(v1::OpenTicket {
        ticket_id: "t1".to_owned(),
        customer_id: customer.to_owned(),
        contact_id: contact.to_owned(),
        subject: "It is slow".to_owned(),
        priority: v1::TicketPriority::High.into(),
    })
}

fn answer() -> Kind {
    let ticket_id = "t1".to_owned();
    Kind::AnswerTicket(v1::AnswerTicket { ticket_id })
}

fn escalate() -> Kind {
    let (ticket_id, reason) = ("t1".to_owned(), "so".to_owned());
    Kind::EscalateTicket(v1::EscalateTicket { ticket_id, reason })
}

fn close() -> Kind {
    Kind::CloseTicket(v1::CloseTicket {
        ticket_id: "t1".to_owned(),
        resolution: "so".to_owned(),
    })
}

fn reopen() -> Kind {
    let (ticket_id, reason) = ("t1".to_owned(), "so".to_owned());
    Kind::ReopenTicket(v1::ReopenTicket { ticket_id, reason })
}

fn rate(satisfaction: u32) -> Kind {
    Kind::RateTicket(v1::RateTicket {
        ticket_id: "t1".to_owned(),
        satisfaction,
    })
}

fn no_ticket() -> Given<Ticket> {
    nothing().knowing("acme", &acme())
}

#[test]
fn a_ticket_is_opened_once_by_a_customer_that_is_registered() {
    let first = no_ticket().when(open("acme", "ann")).then([opened()]).and();
    first.clone().when(open("acme", "ann")).then_nothing();
    let other = first.when(open("acme", ""));
    other.then_refused("ALREADY_OPENED", &["ticket_id=t1"]);
    let whose = no_ticket().when(open("other", ""));
    whose.then_refused("UNKNOWN_CUSTOMER", &["customer_id=other"]);
    let who = no_ticket().when(open("acme", "eve"));
    who.then_refused("UNKNOWN_CONTACT", &["contact_id=eve", "customer_id=acme"]);
}

#[test]
fn only_what_was_opened_goes_on_and_not_before_it_was() {
    for command in [answer(), escalate(), close(), reopen(), rate(5)] {
        let none = no_ticket().when(command.clone());
        none.then_refused("NOT_OPENED", &[]);
        let before = no_ticket().and_on(5, [opened()]).on(4).when(command);
        before.then_refused("BEFORE_IT_OPENED", &["opened_at=2017-03-05T09:00:00Z"]);
    }
}

#[test]
fn a_ticket_goes_its_course() {
    let open = given([opened()]).on(2).when(answer()).then([answered()]);
    let open = open.and().on(3).when(escalate()).then([escalated()]);
    let closed = open.and().on(4).when(close()).then([closed()]).and();
    closed.clone().on(5).when(close()).then_nothing();
    closed.clone().on(5).when(answer()).then_nothing();
    let again = closed.on(6).when(reopen()).then([reopened()]).and();
    again.clone().on(7).when(reopen()).then_nothing();
    again.on(8).when(close()).then([super::tests::closed()]);
}

#[test]
fn a_ticket_is_escalated_once_in_each_opening() {
    let history = given([opened()]).and_on(2, [escalated()]);
    history.clone().on(3).when(escalate()).then_nothing();
    let closed = history.and_on(4, [closed()]);
    let late = closed.clone().on(5).when(escalate());
    late.then_refused("TICKET_CLOSED", &[]);
    let again = closed.and_on(6, [reopened()]);
    again.on(7).when(escalate()).then([escalated()]);
}

#[test]
fn the_first_answer_is_the_earliest_also_when_it_is_told_late() {
    let history = given([opened()]).and_on(5, [answered()]);
    history.clone().on(6).when(answer()).then_nothing();
    history.on(3).when(answer()).then([answered()]);
}

#[test]
fn a_closing_told_late_stands_before_the_opening_that_followed() {
    let history = given([opened()])
        .and_on(4, [closed()])
        .and_on(6, [reopened()]);
    let late = history.on(3).when(close()).then([closed()]).and();
    late.clone()
        .on(5)
        .when(escalate())
        .then_refused("TICKET_CLOSED", &[]);
    late.on(7).when(escalate()).then([escalated()]);
}

#[test]
fn the_last_rating_counts() {
    let history = given([opened()]).and_on(4, [rated(2)]);
    history.clone().on(5).when(rate(2)).then_nothing();
    let late = history.on(3).when(rate(5)).then([rated(5)]).and();
    late.on(5).when(rate(2)).then_nothing();
}

#[test]
fn whoever_answers_what_they_see_is_not_set_before_it() {
    let a_little_before = day(1) - chrono::TimeDelta::seconds(3);
    let closed = given([opened()]).at(a_little_before).when(close());
    closed.then([super::tests::closed()]).and_occurred(day(1));
}

proptest! {
    #[test]
    fn whatever_is_asked_of_a_ticket_ends_well(asked in prop::collection::vec(any_command(), 0..20)) {
        live(no_ticket(), asked);
    }
}

fn any_command() -> impl Strategy<Value = (i64, Kind)> {
    let command = prop_oneof![
        Just(open("acme", "ann")),
        Just(answer()),
        Just(escalate()),
        Just(close()),
        Just(reopen()),
        (1..4u32).prop_map(rate),
    ];
    (0..60i64, command)
}
