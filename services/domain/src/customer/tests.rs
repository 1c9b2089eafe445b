//! Given what happened, when asked, then.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on ends"
)]

use chrono::NaiveDate;
use event_schemas::customer::{
    ChurnRecorded, ContactAdded, ContactProfile, ContactRemoved, ContactRole, ContactUpdated,
    CsmAssigned, CustomerEvent, CustomerProfile, CustomerRegistered, CustomerUpdated,
};
use event_schemas::rep::RepDeactivated;
use event_schemas::vocabulary::ExternalId;
use proptest::prelude::*;
use proto::v1;
use proto::v1::command::Kind;

use super::Customer;
use crate::given::{Given, day, given, id, live, nothing, rep};

fn profile(name: &str, parent: &str) -> CustomerProfile {
    CustomerProfile {
        name: name.to_owned(),
        industry: Some("software".to_owned()),
        country: None,
        employees: Some(40),
        founded_year: None,
        annual_revenue: None,
        parent_customer_id: (!parent.is_empty()).then(|| id(parent)),
    }
}

fn registered(parent: &str) -> CustomerEvent {
    CustomerRegistered {
        customer_id: id("acme"),
        profile: profile("Acme", parent),
        external_id: Some(ExternalId {
            system: "sap/de".to_owned(),
            id: "1".to_owned(),
        }),
    }
    .into()
}

fn updated(name: &str, parent: &str) -> CustomerEvent {
    let profile = profile(name, parent);
    CustomerUpdated { profile }.into()
}

fn person(name: &str, email: &str) -> ContactProfile {
    ContactProfile {
        name: name.to_owned(),
        email: (!email.is_empty()).then(|| email.to_owned()),
        phone: None,
        title: None,
        roles: vec![ContactRole::Champion],
    }
}

fn added(contact: &str, email: &str) -> CustomerEvent {
    ContactAdded {
        contact_id: id(contact),
        profile: person(contact, email),
    }
    .into()
}

fn changed(contact: &str, email: &str) -> CustomerEvent {
    ContactUpdated {
        contact_id: id(contact),
        profile: person(contact, email),
    }
    .into()
}

fn removed(contact: &str) -> CustomerEvent {
    ContactRemoved {
        contact_id: id(contact),
        reason: Some("moved on".to_owned()),
    }
    .into()
}

fn assign(rep_id: &str) -> Kind {
    Kind::AssignCsm(v1::AssignCsm {
        customer_id: "acme".to_owned(),
        rep_id: rep_id.to_owned(),
    })
}

fn assigned(rep_id: &str, previous: Option<&str>) -> CustomerEvent {
    CsmAssigned {
        rep_id: id(rep_id),
        previous_rep_id: previous.map(id),
    }
    .into()
}

fn churn(reason: &str) -> Kind {
    Kind::RecordChurn(v1::RecordChurn {
        customer_id: "acme".to_owned(),
        churn_id: "c1".to_owned(),
        churned_on: "2017-06-30".to_owned(),
        reason: reason.to_owned(),
        feedback: " too dear ".to_owned(),
    })
}

fn churned(reason: &str) -> CustomerEvent {
    ChurnRecorded {
        churn_id: id("c1"),
        churned_on: NaiveDate::from_ymd_opt(2017, 6, 30).unwrap(),
        reason: reason.to_owned(),
        feedback: Some("too dear".to_owned()),
    }
    .into()
}

fn profile_message(name: &str, parent: &str) -> Option<v1::CustomerProfile> {
    Some(v1::CustomerProfile {
        name: name.to_owned(),
        industry: "software".to_owned(),
        employees: 40,
        parent_customer_id: parent.to_owned(),
        ..Default::default()
    })
}

fn register(name: &str, parent: &str) -> Kind {
    Kind::RegisterCustomer(v1::RegisterCustomer {
        customer_id: "acme".to_owned(),
        profile: profile_message(name, parent),
        external_id: Some(v1::ExternalId {
            system: "sap/de".to_owned(),
            id: "1".to_owned(),
        }),
    })
}

fn update(name: &str, parent: &str) -> Kind {
    Kind::UpdateCustomer(v1::UpdateCustomer {
        customer_id: "acme".to_owned(),
        profile: profile_message(name, parent),
    })
}

fn person_message(name: &str, email: &str) -> Option<v1::ContactProfile> {
    let champion = i32::from(v1::ContactRole::Champion);
    Some(v1::ContactProfile {
        name: name.to_owned(),
        email: email.to_owned(),
        roles: vec![champion, champion],
        ..Default::default()
    })
}

fn add(contact: &str, email: &str) -> Kind {
    Kind::AddContact(v1::AddContact {
        customer_id: "acme".to_owned(),
        contact_id: contact.to_owned(),
        profile: person_message(contact, email),
    })
}

fn change(contact: &str, email: &str) -> Kind {
    Kind::UpdateContact(v1::UpdateContact {
        customer_id: "acme".to_owned(),
        contact_id: contact.to_owned(),
        profile: person_message(contact, email),
    })
}

fn remove(contact: &str) -> Kind {
    Kind::RemoveContact(v1::RemoveContact {
        customer_id: "acme".to_owned(),
        contact_id: contact.to_owned(),
        reason: "moved on".to_owned(),
    })
}

/// Another customer, which may belong to one itself.
fn other(name: &str, parent: &str) -> Given<Customer> {
    given([CustomerEvent::CustomerRegistered(CustomerRegistered {
        customer_id: id(name),
        profile: profile(name, parent),
        external_id: None,
    })])
}

fn acme() -> Given<Customer> {
    given([registered("")])
}

#[test]
fn a_customer_is_registered_once_and_has_the_external_id_alone() {
    let new = nothing::<Customer>().when(register("Acme", ""));
    new.then([registered("")])
        .and_claims(&["+customer.external_id 6:sap/de/1"]);
    acme()
        .when(register("Acme", ""))
        .then_nothing()
        .and_claims(&[]);
    let renamed = acme().when(register("Acme Corp", ""));
    renamed.then_refused("ALREADY_REGISTERED", &["customer_id=acme"]);
}

#[test]
fn what_is_known_changes_and_changes_back() {
    acme().when(update("Acme", "")).then_nothing();
    let renamed = acme()
        .when(update("Acme Corp", ""))
        .then([updated("Acme Corp", "")]);
    renamed
        .and()
        .on(11)
        .when(update("Acme", ""))
        .then([updated("Acme", "")]);
}

#[test]
fn what_comes_late_stands_before_what_is_known_since() {
    let history = acme().and_on(5, [updated("Acme Corp", "")]);
    let late = history
        .on(3)
        .when(update("Acme Ltd", ""))
        .then([updated("Acme Ltd", "")]);
    let Customer::Known { profile, .. } = late.and().state() else {
        panic!("it is registered")
    };
    assert_eq!(profile.at(day(4)).unwrap().name, "Acme Ltd");
    assert_eq!(profile.latest().unwrap().name, "Acme Corp");
}

#[test]
fn what_was_known_before_the_registration_stands_before_it() {
    let history = nothing::<Customer>().and_on(8, [registered("")]);
    let early = history
        .on(3)
        .when(update("Acme Ltd", ""))
        .then([updated("Acme Ltd", "")]);
    let Customer::Known { profile, .. } = early.and().state() else {
        panic!("it is registered")
    };
    assert_eq!(profile.latest().unwrap().name, "Acme");
}

#[test]
fn only_what_is_registered_is_worked_on() {
    for command in [
        update("Acme", ""),
        add("ann", ""),
        change("ann", ""),
        remove("ann"),
    ] {
        nothing::<Customer>()
            .when(command)
            .then_refused("NOT_REGISTERED", &[]);
    }
}

#[test]
fn a_customer_belongs_to_one_that_is_registered() {
    let holding = nothing::<Customer>().knowing("holding", &other("holding", ""));
    holding
        .when(register("Acme", "holding"))
        .then([registered("holding")]);
    let none = ["customer_id=holding"];
    nothing::<Customer>()
        .when(register("Acme", "holding"))
        .then_refused("UNKNOWN_PARENT", &none);
    acme()
        .when(update("Acme", "holding"))
        .then_refused("UNKNOWN_PARENT", &none);
}

#[test]
fn a_customer_does_not_belong_to_itself() {
    nothing::<Customer>()
        .when(register("Acme", "acme"))
        .then_refused("OWN_PARENT", &[]);
    acme()
        .when(update("Acme", "acme"))
        .then_refused("OWN_PARENT", &[]);
}

#[test]
fn a_customer_does_not_belong_to_one_that_belongs_to_it() {
    let holding = acme().knowing("holding", &other("holding", "acme"));
    let circle = holding.when(update("Acme", "holding"));
    circle.then_refused("PARENT_IS_CHILD", &["customer_id=holding"]);
    let elsewhere = acme().knowing("holding", &other("holding", "group"));
    elsewhere
        .when(update("Acme", "holding"))
        .then([updated("Acme", "holding")]);
}

#[test]
fn a_person_is_added_once() {
    let ann = acme().when(add("ann", "Ann@acme.example"));
    let ann = ann
        .then([added("ann", "ann@acme.example")])
        .and_claims(&[])
        .and();
    ann.clone()
        .on(11)
        .when(add("ann", "ann@acme.example"))
        .then_nothing();
    ann.when(add("ann", ""))
        .then_refused("ALREADY_THERE", &["contact_id=ann"]);
}

#[test]
fn what_is_known_of_a_person_changes() {
    let ann = acme().and_on(2, [added("ann", "")]);
    ann.clone().when(change("ann", "")).then_nothing();
    ann.when(change("ann", "a@acme.example"))
        .then([changed("ann", "a@acme.example")]);
}

#[test]
fn only_who_is_there_is_changed_or_removed() {
    let unknown = ["contact_id=ann"];
    acme()
        .when(change("ann", ""))
        .then_refused("UNKNOWN_CONTACT", &unknown);
    acme()
        .when(remove("ann"))
        .then_refused("UNKNOWN_CONTACT", &unknown);
    let gone = acme()
        .and_on(2, [added("ann", "")])
        .and_on(3, [removed("ann")]);
    gone.when(change("ann", ""))
        .then_refused("UNKNOWN_CONTACT", &unknown);
}

#[test]
fn who_has_gone_has_gone_and_may_come_back() {
    let gone = acme()
        .and_on(2, [added("ann", "")])
        .when(remove("ann"))
        .then([removed("ann")]);
    let gone = gone.and();
    gone.clone().on(11).when(remove("ann")).then_nothing();
    gone.on(12).when(add("ann", "")).then([added("ann", "")]);
}

#[test]
fn two_people_do_not_share_an_address() {
    let ann = acme().and_on(2, [added("ann", "a@acme.example")]);
    let taken = ["contact_id=ann"];
    ann.clone()
        .when(add("bob", "A@acme.example"))
        .then_refused("EMAIL_TAKEN", &taken);
    let both = ann.clone().and_on(3, [added("bob", "b@acme.example")]);
    both.when(change("bob", "a@acme.example"))
        .then_refused("EMAIL_TAKEN", &taken);
    let gone = ann.and_on(3, [removed("ann")]);
    gone.when(add("bob", "a@acme.example"))
        .then([added("bob", "a@acme.example")]);
}

#[test]
fn a_customer_is_looked_after_by_one_rep_at_a_time() {
    let acme = || given([registered("")]).knowing("bob", &rep("bob"));
    let acme = || acme().knowing("eve", &rep("eve"));
    let first = acme().on(5).when(assign("bob"));
    let first = first.then([assigned("bob", None)]).and();
    first.clone().on(6).when(assign("bob")).then_nothing();
    let next = first.on(8).when(assign("eve"));
    let next = next.then([assigned("eve", Some("bob"))]).and();
    let late = next.on(3).when(assign("eve"));
    late.then([assigned("eve", None)]);
}

#[test]
fn whoever_looks_after_a_customer_is_a_rep_who_is_active_then() {
    let gone = rep("bob").and_on(6, [RepDeactivated { reason: None }.into()]);
    let acme = || given([registered("")]).knowing("bob", &gone);
    acme()
        .on(5)
        .when(assign("bob"))
        .then([assigned("bob", None)]);
    let gone = acme().on(7).when(assign("bob"));
    gone.then_refused("INACTIVE_REP", &["rep_id=bob"]);
    let unknown = acme().when(assign("eve"));
    unknown.then_refused("UNKNOWN_REP", &["rep_id=eve"]);
    let none = nothing::<Customer>().when(assign("bob"));
    none.then_refused("NOT_REGISTERED", &[]);
}

#[test]
fn a_churn_is_recorded_once() {
    let first = given([registered("")]).when(churn("price"));
    let first = first.then([churned("price")]).and();
    first.clone().when(churn("price")).then_nothing();
    let other = first.when(churn("quality"));
    other.then_refused("ALREADY_RECORDED", &["churn_id=c1"]);
    let none = nothing::<Customer>().when(churn("price"));
    none.then_refused("NOT_REGISTERED", &[]);
}

proptest! {
    #[test]
    fn whatever_is_asked_of_a_customer_ends_well(
        asked in prop::collection::vec(any_command(), 0..25),
    ) {
        live(nothing::<Customer>().knowing("holding", &other("holding", "")), asked);
    }
}

fn any_command() -> impl Strategy<Value = (i64, Kind)> {
    let name = || prop::sample::select(vec!["Acme", "Acme Corp"]);
    let parent = || prop::sample::select(vec!["", "acme", "holding", "group"]);
    let who = || prop::sample::select(vec!["ann", "bob"]);
    let email = || prop::sample::select(vec!["", "a@acme.example", "b@acme.example"]);
    let command = prop_oneof![
        1 => prop::sample::select(vec!["bob", "eve"]).prop_map(assign),
        1 => prop::sample::select(vec!["price", "quality"]).prop_map(churn),
        2 => (name(), parent()).prop_map(|(name, parent)| register(name, parent)),
        2 => (name(), parent()).prop_map(|(name, parent)| update(name, parent)),
        3 => (who(), email()).prop_map(|(who, email)| add(who, email)),
        3 => (who(), email()).prop_map(|(who, email)| change(who, email)),
        2 => who().prop_map(remove),
    ];
    (0..60i64, command)
}
