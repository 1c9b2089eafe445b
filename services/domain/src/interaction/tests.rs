//! Given what happened, when asked, then.

use event_schemas::interaction::{Channel, InteractionEvent, InteractionLogged};
use proto::v1;
use proto::v1::command::Kind;

use super::Interaction;
use crate::given::{Given, acme, id, nothing, rep};

fn logged(note: &str) -> InteractionEvent {
    InteractionLogged {
        interaction_id: id("i1"),
        customer_id: id("acme"),
        contact_ids: vec![id("ann")],
        rep_id: Some(id("bob")),
        channel: Channel::Call,
        note: Some(note.to_owned()),
        quote_ids: Vec::new(),
        document_ids: vec![id("deck")],
        task_id: Some(id("t1")),
    }
    .into()
}

fn message(note: &str) -> v1::LogInteraction {
    v1::LogInteraction {
        interaction_id: "i1".to_owned(),
        customer_id: "acme".to_owned(),
        contact_ids: vec!["ann".to_owned(), "ann".to_owned()],
        rep_id: "bob".to_owned(),
        channel: v1::InteractionChannel::Call.into(),
        note: note.to_owned(),
        quote_ids: Vec::new(),
        document_ids: vec!["deck".to_owned()],
        task_id: "t1".to_owned(),
    }
}

fn log(note: &str) -> Kind {
    Kind::LogInteraction(message(note))
}

fn unlogged() -> Given<Interaction> {
    nothing()
        .knowing("acme", &acme())
        .knowing("bob", &rep("bob"))
}

#[test]
fn an_interaction_is_logged_once() {
    let first = unlogged().when(log("so")).then([logged("so")]).and();
    first.clone().when(log("so")).then_nothing();
    let other = first.when(log("otherwise"));
    other.then_refused("ALREADY_LOGGED", &["interaction_id=i1"]);
}

#[test]
fn an_interaction_is_with_a_customer_and_people_there() {
    let customer_id = "other".to_owned();
    let whose = v1::LogInteraction {
        customer_id,
        ..message("so")
    };
    let whose = unlogged().when(Kind::LogInteraction(whose));
    whose.then_refused("UNKNOWN_CUSTOMER", &["customer_id=other"]);
    let contact_ids = vec!["ann".to_owned(), "eve".to_owned()];
    let who = v1::LogInteraction {
        contact_ids,
        ..message("so")
    };
    let who = unlogged().when(Kind::LogInteraction(who));
    who.then_refused("UNKNOWN_CONTACT", &["contact_id=eve", "customer_id=acme"]);
}

#[test]
fn an_interaction_is_held_by_a_rep_and_about_quotes_there_are() {
    let rep_id = "eve".to_owned();
    let by = v1::LogInteraction {
        rep_id,
        ..message("so")
    };
    let by = unlogged().when(Kind::LogInteraction(by));
    by.then_refused("UNKNOWN_REP", &["rep_id=eve"]);
    let quote_ids = vec!["q1".to_owned()];
    let about = v1::LogInteraction {
        quote_ids,
        ..message("so")
    };
    let about = unlogged().when(Kind::LogInteraction(about));
    about.then_refused("UNKNOWN_QUOTE", &["quote_id=q1"]);
}
