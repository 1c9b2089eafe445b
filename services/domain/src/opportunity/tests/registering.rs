//! How an opportunity comes into being.

use event_schemas::opportunity::OpportunityRegistered;

use super::*;

fn register(message: v1::RegisterOpportunity) -> Kind {
    Kind::RegisterOpportunity(message)
}

#[test]
fn it_begins_in_the_first_stage_or_in_the_one_named() {
    none()
        .when(register(registration()))
        .then([registered("lead")]);
    let later = v1::RegisterOpportunity {
        stage_id: "offer".to_owned(),
        ..registration()
    };
    none().when(register(later)).then([registered("offer")]);
}

#[test]
fn it_is_registered_once() {
    lead()
        .when(register(registration()))
        .then_nothing()
        .and_claims(&[]);
    let renamed = v1::RegisterOpportunity {
        name: "200 seats".to_owned(),
        ..registration()
    };
    let again = lead().when(register(renamed));
    again.then_refused("ALREADY_REGISTERED", &["opportunity_id=o1"]);
}

#[test]
fn its_process_and_stage_exist() {
    let elsewhere = v1::RegisterOpportunity {
        sales_process_id: "other".to_owned(),
        ..registration()
    };
    let refused = none().when(register(elsewhere));
    refused.then_refused("UNKNOWN_SALES_PROCESS", &["sales_process_id=other"]);
    let nowhere = v1::RegisterOpportunity {
        stage_id: "party".to_owned(),
        ..registration()
    };
    none()
        .when(register(nowhere))
        .then_refused("UNKNOWN_STAGE", &["stage_id=party"]);
}

#[test]
fn its_owner_customer_and_products_exist() {
    let of = |rep: &str, customer: &str, product: &str| v1::RegisterOpportunity {
        rep_id: rep.to_owned(),
        customer_id: customer.to_owned(),
        product_ids: vec![product.to_owned()],
        ..registration()
    };
    let whole = OpportunityRegistered {
        rep_id: Some(id("ann")),
        customer_id: Some(id("acme")),
        ..facts("lead")
    };
    none()
        .when(register(of("ann", "acme", "gtx")))
        .then([whole.into()]);
    let no_rep = none().when(register(of("cara", "acme", "gtx")));
    no_rep.then_refused("UNKNOWN_REP", &["rep_id=cara"]);
    let no_customer = none().when(register(of("ann", "nobody", "gtx")));
    no_customer.then_refused("UNKNOWN_CUSTOMER", &["customer_id=nobody"]);
    let no_product = none().when(register(of("ann", "acme", "air")));
    no_product.then_refused("UNKNOWN_PRODUCT", &["product_id=air"]);
}

#[test]
fn its_owner_sells_and_its_products_are_sold_when_it_begins() {
    let of = |rep: &str, product: &str| v1::RegisterOpportunity {
        rep_id: rep.to_owned(),
        product_ids: vec![product.to_owned()],
        ..registration()
    };
    let inactive = none().on(6).when(register(of("bob", "gtx")));
    inactive.then_refused("INACTIVE_REP", &["rep_id=bob"]);
    let retired = none().on(6).when(register(of("ann", "old")));
    retired.then_refused("RETIRED_PRODUCT", &["product_id=old"]);
    let before = OpportunityRegistered {
        rep_id: Some(id("bob")),
        product_ids: vec![id("old")],
        ..facts("lead")
    };
    none()
        .on(5)
        .when(register(of("bob", "old")))
        .then([before.into()]);
}

#[test]
fn an_open_one_has_its_address_and_number_alone_and_its_external_id_for_ever() {
    let (email, phone) = (
        "opportunity.email kim@acme.example",
        "opportunity.phone +49301234",
    );
    let taken = [format!("+{email}"), format!("+{phone}")];
    let given_back = [format!("-{email}"), format!("-{phone}")];
    let given_back = [given_back[0].as_str(), given_back[1].as_str()];
    let external = "+opportunity.external_id 3:web/7";
    let new = none().when(register(registration()));
    let open = new.and_claims(&[&taken[0], &taken[1], external]).and();
    let closed = open
        .clone()
        .on(11)
        .when(win(None))
        .and_claims(&given_back)
        .and();
    let again = closed
        .on(12)
        .when(reopen(""))
        .and_claims(&[&taken[0], &taken[1]])
        .and();
    again.on(13).when(lose("price")).and_claims(&given_back);
    open.on(11).when(advance("demo")).and_claims(&[]);
}

#[test]
fn what_has_no_address_takes_none() {
    let anonymous = v1::RegisterOpportunity {
        email: String::new(),
        phone: String::new(),
        external_id: None,
        ..registration()
    };
    none().when(register(anonymous)).and_claims(&[]);
}

#[test]
fn only_what_is_registered_is_worked_on() {
    for command in all_work() {
        none().when(command).then_refused("NOT_REGISTERED", &[]);
    }
}
