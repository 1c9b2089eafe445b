//! Given what happened, when asked, then.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on ends"
)]

use chrono::NaiveDate;
use event_schemas::customer::{CustomerEvent, CustomerProfile, CustomerRegistered};
use event_schemas::opportunity::{
    OpportunityEvent, OpportunityKind, OpportunityLost, OpportunityRegistered,
};
use event_schemas::product::{ListPriceChanged, ProductEvent, ProductRegistered, ProductRetired};
use event_schemas::quote::{
    DiscountApproved, QuoteAccepted, QuoteDeclined, QuoteDrafted, QuoteEvent, QuoteExpired,
    QuoteRevised, QuoteSent, QuoteSigned,
};
use event_schemas::tenant::{TenantConfigured, TenantEvent};
use event_schemas::vocabulary::{Line, Number, RevenueType};
use proptest::prelude::*;
use proto::v1;
use proto::v1::command::Kind;

use super::{Command, Quote};
use crate::given::{Given, day, dollars, given, id, live, nothing, usd};

/// With what a quote may name: the opportunity o1 of acme, a renewal; lost, which was lost on the
/// sixth; the products gtx, at 100, at 120 from the eighth on, and old, retired on the sixth. The
/// tenant is in Tokyo.
fn among(quote: Given<Quote>) -> Given<Quote> {
    let opportunity = |name: &str, customer: Option<&str>| {
        given([OpportunityEvent::OpportunityRegistered(
            OpportunityRegistered {
                opportunity_id: id(name),
                name: name.to_owned(),
                kind: OpportunityKind::Renewal,
                sales_process_id: id("standard"),
                stage_id: id("lead"),
                rep_id: None,
                customer_id: customer.map(id),
                product_ids: Vec::new(),
                amount: None,
                expected_close_on: None,
                source: None,
                email: None,
                phone: None,
                external_id: None,
            },
        )])
    };
    let lost = OpportunityLost {
        stage_id: id("lead"),
        reason: "price".to_owned(),
        note: None,
        competitor: None,
    };
    let product = |name: &str| {
        given([ProductEvent::ProductRegistered(ProductRegistered {
            product_id: id(name),
            name: name.to_owned(),
            category: Some("cards".to_owned()),
            list_price: Some(usd(100)),
        })])
    };
    let customer = |name: &str| {
        given([CustomerEvent::CustomerRegistered(CustomerRegistered {
            customer_id: id(name),
            profile: CustomerProfile {
                name: name.to_owned(),
                industry: None,
                country: None,
                employees: None,
                founded_year: None,
                annual_revenue: None,
                parent_customer_id: None,
            },
            external_id: None,
        })])
    };
    let tokyo = given([TenantEvent::TenantConfigured(TenantConfigured {
        time_zone: "Asia/Tokyo".to_owned(),
        currency: id("USD"),
    })]);
    let dearer = ListPriceChanged {
        list_price: usd(120),
    };
    quote
        .knowing("o1", &opportunity("o1", Some("acme")))
        .knowing(
            "lost",
            &opportunity("lost", Some("acme")).and_on(6, [lost.into()]),
        )
        .knowing("nobodys", &opportunity("nobodys", None))
        .knowing("gtx", &product("gtx").and_on(8, [dearer.into()]))
        .knowing(
            "old",
            &product("old").and_on(6, [ProductRetired { reason: None }.into()]),
        )
        .knowing("acme", &customer("acme"))
        .knowing("other", &customer("other"))
        .knowing(crate::tenant::ID, &tokyo)
}

fn none() -> Given<Quote> {
    among(nothing())
}

/// One that was drafted on the first, with a discount of so many percent.
fn drafted_one(discount: u32) -> Given<Quote> {
    among(given([drafted(discount)]))
}

/// One that was drafted and sent on the first.
fn sent_one() -> Given<Quote> {
    drafted_one(0).and_on(1, [QuoteSent {}.into()])
}

fn line(discount: u32) -> Line {
    Line {
        line_id: id("seats"),
        product_id: id("gtx"),
        product_category: Some("cards".to_owned()),
        quantity: id("10"),
        list_price_minor: 10_000,
        discount_percent: id(&discount.to_string()),
        amount_minor: 1_000 * i64::from(100 - discount),
        revenue_type: RevenueType::Renewal,
        monthly_recurring_minor: None,
    }
}

fn last_day() -> NaiveDate {
    day(9).date_naive()
}

fn drafted(discount: u32) -> QuoteEvent {
    QuoteDrafted {
        quote_id: id("q1"),
        opportunity_id: id("o1"),
        customer_id: id("acme"),
        currency: id("USD"),
        lines: vec![line(discount)],
        valid_until: Some(last_day()),
    }
    .into()
}

fn q1() -> String {
    "q1".to_owned()
}

fn asked(discount: u32) -> v1::Line {
    v1::Line {
        line_id: "seats".to_owned(),
        product_id: "gtx".to_owned(),
        quantity: "10".to_owned(),
        discount_percent: discount.to_string(),
        ..Default::default()
    }
}

fn message(discount: u32) -> v1::DraftQuote {
    v1::DraftQuote {
        quote_id: q1(),
        opportunity_id: "o1".to_owned(),
        currency_code: "USD".to_owned(),
        lines: vec![asked(discount)],
        valid_until: last_day().to_string(),
        ..Default::default()
    }
}

fn draft(discount: u32) -> Kind {
    Kind::DraftQuote(message(discount))
}

fn draft_line(line: v1::Line) -> Kind {
    Kind::DraftQuote(v1::DraftQuote {
        lines: vec![line],
        ..message(0)
    })
}

fn revise(discount: u32) -> Kind {
    Kind::ReviseQuote(v1::ReviseQuote {
        quote_id: q1(),
        lines: vec![v1::Line {
            list_price: dollars(100),
            ..asked(discount)
        }],
        valid_until: last_day().to_string(),
    })
}

fn revised(discount: u32) -> QuoteEvent {
    let lines = vec![line(discount)];
    let valid_until = Some(last_day());
    QuoteRevised { lines, valid_until }.into()
}

fn approve() -> Kind {
    Kind::ApproveDiscount(v1::ApproveDiscount { quote_id: q1() })
}

fn approved(discount: u32) -> QuoteEvent {
    let discount_percent: Number = id(&discount.to_string());
    DiscountApproved { discount_percent }.into()
}

fn send() -> Kind {
    Kind::SendQuote(v1::SendQuote { quote_id: q1() })
}

fn accept() -> Kind {
    Kind::AcceptQuote(v1::AcceptQuote { quote_id: q1() })
}

fn decline() -> Kind {
    Kind::DeclineQuote(v1::DeclineQuote {
        quote_id: q1(),
        reason: String::new(),
    })
}

fn expire() -> Kind {
    Kind::ExpireQuote(v1::ExpireQuote { quote_id: q1() })
}

fn declined() -> QuoteEvent {
    QuoteDeclined { reason: None }.into()
}

#[test]
fn a_quote_goes_from_its_draft_to_a_contract() {
    let draft = none().on(2).when(draft(10)).then([drafted(10)]).and();
    let approved = draft.on(3).when(approve()).then([approved(10)]).and();
    let sent = approved
        .on(4)
        .when(send())
        .then([QuoteSent {}.into()])
        .and();
    let accepted = sent
        .on(5)
        .when(accept())
        .then([QuoteAccepted {}.into()])
        .and();
    let sign = |contract: &str| Command::Sign {
        contract_id: id(contract),
    };
    let signed = QuoteSigned {
        contract_id: id("c1"),
    };
    let signed = accepted.on(6).when_asked(sign("c1")).then([signed.into()]);
    let by = ["contract_id=c1"];
    let again = signed.and().on(7);
    again.clone().when_asked(sign("c1")).then_nothing();
    again
        .clone()
        .when_asked(sign("c2"))
        .then_refused("ALREADY_SIGNED", &by);
    again.when(decline()).then_refused("ALREADY_SIGNED", &by);
}

#[test]
fn the_product_gives_price_and_category_as_they_were_then() {
    let dearer = Line {
        list_price_minor: 12_000,
        amount_minor: 120_000,
        ..line(0)
    };
    let QuoteEvent::QuoteDrafted(expected) = drafted(0) else {
        panic!("it is a draft")
    };
    let lines = vec![dearer];
    let expected = QuoteDrafted { lines, ..expected };
    none().on(9).when(draft(0)).then([expected.into()]);
}

#[test]
fn a_sum_that_does_not_add_up_is_refused_unless_it_was_agreed() {
    let stated = |amount, is_agreed| {
        draft_line(v1::Line {
            amount: dollars(amount),
            is_agreed,
            ..asked(10)
        })
    };
    none().on(2).when(stated(900, false)).then([drafted(10)]);
    none().on(2).when(stated(899, false)).then_refused(
        "SUMS_DO_NOT_ADD_UP",
        &["amount=899.00 USD", "comes_to=900.00 USD", "line_id=seats"],
    );
    let agreed = none().on(2).when(stated(850, true)).and().state();
    assert_eq!(agreed.offer().unwrap().lines[0].amount_minor, 85_000);
    let implied = draft_line(v1::Line {
        amount: dollars(850),
        is_agreed: true,
        discount_percent: String::new(),
        ..asked(0)
    });
    let implied = none().on(2).when(implied).and().state();
    let discount = implied.offer().unwrap().lines[0].discount_percent;
    assert_eq!(discount.to_string(), "15");
}

#[test]
fn what_a_line_names_has_to_be_there() {
    let other = |product: &str| {
        draft_line(v1::Line {
            product_id: product.to_owned(),
            ..asked(0)
        })
    };
    none()
        .when(other("none"))
        .then_refused("UNKNOWN_PRODUCT", &["product_id=none"]);
    none()
        .when(other("old"))
        .then_refused("RETIRED_PRODUCT", &["product_id=old"]);
    let euros = Kind::DraftQuote(v1::DraftQuote {
        currency_code: "EUR".to_owned(),
        ..message(0)
    });
    let facts = ["currency=EUR", "line_id=seats"];
    none().when(euros).then_refused("NO_LIST_PRICE", &facts);
    let mixed = Kind::DraftQuote(v1::DraftQuote {
        currency_code: "EUR".to_owned(),
        lines: vec![v1::Line {
            list_price: dollars(1),
            ..asked(0)
        }],
        ..message(0)
    });
    let facts = ["currency=EUR", "found=USD"];
    none().when(mixed).then_refused("CURRENCY_MISMATCH", &facts);
}

#[test]
fn a_quote_is_made_to_the_customer_of_an_open_opportunity() {
    let to = |opportunity: &str, customer: &str| {
        Kind::DraftQuote(v1::DraftQuote {
            opportunity_id: opportunity.to_owned(),
            customer_id: customer.to_owned(),
            ..message(0)
        })
    };
    let unknown = none().when(to("none", ""));
    unknown.then_refused("UNKNOWN_OPPORTUNITY", &["opportunity_id=none"]);
    none()
        .when(to("lost", ""))
        .then_refused("OPPORTUNITY_CLOSED", &["opportunity_id=lost"]);
    assert!(
        none()
            .on(5)
            .when(to("lost", ""))
            .and()
            .state()
            .offer()
            .is_some()
    );
    none()
        .when(to("nobodys", ""))
        .then_refused("NO_CUSTOMER", &[]);
    none()
        .when(to("nobodys", "x"))
        .then_refused("UNKNOWN_CUSTOMER", &["customer_id=x"]);
    assert!(
        none()
            .when(to("nobodys", "acme"))
            .and()
            .state()
            .offer()
            .is_some()
    );
    none()
        .when(to("o1", "other"))
        .then_refused("OTHER_CUSTOMER", &["customer_id=acme"]);
}

#[test]
fn a_discount_is_approved_before_it_is_sent_and_anew_once_it_was_changed() {
    let quote = drafted_one(10);
    quote
        .clone()
        .when(send())
        .then_refused("DISCOUNT_NOT_APPROVED", &["discount_percent=10"]);
    let sent = quote
        .when(approve())
        .and()
        .when(send())
        .then([QuoteSent {}.into()])
        .and();
    sent.clone()
        .when(approve())
        .then_refused("NOT_A_DRAFT", &[]);
    let changed = sent.when(revise(20)).then([revised(20)]).and();
    changed
        .when(send())
        .then_refused("DISCOUNT_NOT_APPROVED", &["discount_percent=20"]);
    drafted_one(0)
        .when(approve())
        .then_refused("NO_DISCOUNT", &[]);
}

#[test]
fn a_quote_is_drafted_once() {
    drafted_one(0).on(2).when(draft(0)).then_nothing();
    drafted_one(0)
        .on(2)
        .when(draft(10))
        .then_refused("ALREADY_DRAFTED", &["quote_id=q1"]);
    for command in [revise(0), approve(), send(), accept(), decline(), expire()] {
        none().when(command).then_refused("NOT_DRAFTED", &[]);
    }
}

#[test]
fn a_quote_is_accepted_up_to_its_last_day_where_the_tenant_is() {
    // Nine o'clock in London is six in the evening in Tokyo.
    let last = day(9) + chrono::TimeDelta::hours(5);
    sent_one()
        .at(last)
        .when(accept())
        .then([QuoteAccepted {}.into()]);
    sent_one()
        .at(last)
        .when(expire())
        .then_refused("STILL_VALID", &["valid_until=2017-03-09"]);
    let over = day(9) + chrono::TimeDelta::hours(6);
    sent_one()
        .at(over)
        .when(accept())
        .then_refused("EXPIRED", &["valid_until=2017-03-09"]);
    let expired = sent_one()
        .at(over)
        .when(expire())
        .then([QuoteExpired {}.into()])
        .and();
    expired.when(accept()).then_refused("ALREADY_ANSWERED", &[]);
}

#[test]
fn what_was_not_sent_is_not_accepted_and_what_was_answered_is_changed_no_more() {
    drafted_one(0)
        .on(2)
        .when(accept())
        .then_refused("NOT_SENT", &[]);
    let no = sent_one().on(2).when(decline()).then([declined()]).and();
    no.clone()
        .when(revise(5))
        .then_refused("ALREADY_ANSWERED", &[]);
    no.clone()
        .when(send())
        .then_refused("ALREADY_ANSWERED", &[]);
    no.when(expire()).then_refused("ALREADY_ANSWERED", &[]);
    let contract_id = id("c1");
    let early = sent_one().on(2).when_asked(Command::Sign { contract_id });
    early.then_refused("NOT_ACCEPTED", &[]);
}

#[test]
fn a_step_before_the_last_one_is_refused() {
    let later = drafted_one(0).and_on(5, [QuoteSent {}.into()]);
    for command in [revise(1), approve(), send(), accept(), decline(), expire()] {
        let early = later.clone().on(4).when(command);
        early.then_refused("OUT_OF_ORDER", &["after=2017-03-05T09:00:00Z"]);
    }
    let clock_behind = later
        .at(day(5) - chrono::TimeDelta::minutes(4))
        .when(accept());
    clock_behind
        .then([QuoteAccepted {}.into()])
        .and_occurred(day(5));
}

proptest! {
    #[test]
    fn whatever_is_asked_in_whatever_order_nothing_panics(
        asked in prop::collection::vec((0..20_000_i64, 0..7_usize, 0..3_u32), 0..30),
    ) {
        let commands = asked.into_iter().map(|(minutes, which, discount)| {
            let all = [
                draft(discount), revise(discount), approve(), send(), accept(), decline(), expire(),
            ];
            (minutes, all[which].clone())
        });
        live(none(), commands);
    }
}
