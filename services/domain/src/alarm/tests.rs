//! Given what happened, when asked, then.

use chrono::NaiveDate;
use event_schemas::alarm::{AlarmCleared, AlarmEvent, AlarmRaised};
use event_schemas::vocabulary::Cause;

use super::{Alarm, Command};
use crate::given::{given, id, nothing};

fn may(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2024, 5, day).unwrap_or_default()
}

fn raise_it(day: u32) -> AlarmRaised {
    AlarmRaised {
        customer_id: id("acme"),
        cause: Cause::TicketEscalated,
        subject_id: Some("t1".to_owned()),
        contract_id: None,
        on: may(day),
        value: None,
        threshold: None,
        explanation: "ticket t1 was escalated".to_owned(),
        evidence: Vec::new(),
        task_id: id("look"),
    }
}

fn raised(day: u32) -> AlarmEvent {
    raise_it(day).into()
}

fn cleared(day: u32) -> AlarmCleared {
    AlarmCleared {
        on: may(day),
        value: None,
    }
}

fn raise(day: u32) -> Command {
    Command::Raise(Box::new(raise_it(day)))
}

#[test]
fn one_breach_is_one_alarm() {
    let once = nothing::<Alarm>().when_asked(raise(1));
    let once = once.then([raised(1)]).and();
    once.when_asked(raise(2)).then_nothing();
}

#[test]
fn it_is_raised_again_after_it_was_cleared() {
    let clear = given([raised(1)]).when_asked(Command::Clear(cleared(3)));
    let quiet = clear.then([cleared(3).into()]).and();
    let again = quiet.clone().when_asked(raise(4));
    again.then([raised(4)]);
    quiet
        .when_asked(raise(2))
        .then_refused("OUT_OF_ORDER", &["on=2024-05-03"]);
}

#[test]
fn only_what_was_raised_is_cleared() {
    let none = nothing::<Alarm>().when_asked(Command::Clear(cleared(3)));
    none.then_refused("NOT_RAISED", &[]);
    let early = given([raised(5)]).when_asked(Command::Clear(cleared(3)));
    early.then_refused("OUT_OF_ORDER", &["on=2024-05-05"]);
}
