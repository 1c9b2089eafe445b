//! What is signed, and what follows from the quote, the opportunity and the contract it renews.

use event_schemas::contract::ContractRenewed;
use event_schemas::vocabulary::{BasisPoints, Split};

use super::*;
use crate::Ask;
use crate::contract::Command;
use crate::given::usd;

fn sign(change: impl FnOnce(&mut v1::SignContract)) -> Kind {
    let mut message = message();
    change(&mut message);
    Kind::SignContract(message)
}

fn on_quote(change: impl FnOnce(&mut v1::SignContract)) -> Kind {
    sign(|m| {
        m.quote_id = "q1".to_owned();
        m.customer_id.clear();
        m.currency_code.clear();
        m.lines.clear();
        change(m);
    })
}

fn renew(by: &str, customer: &str) -> Command {
    Command::Renew {
        renewed_by_contract_id: id(by),
        customer_id: id(customer),
    }
}

#[test]
fn a_contract_stands_alone() {
    let signed = none().when(sign(|_| ())).then([terms().into()]);
    let signed = signed.and_asks([]).and();
    signed.clone().when(sign(|_| ())).then_nothing();
    let other = signed.when(sign(|m| m.ends_on.clear()));
    other.then_refused("ALREADY_SIGNED", &["contract_id=c1"]);
}

#[test]
fn a_contract_on_a_quote_is_what_was_quoted_and_wins_its_opportunity() {
    let expected = ContractSigned {
        opportunity_id: Some(id("o1")),
        quote_id: Some(id("q1")),
        lines: vec![line("seats", 1_000)],
        ..terms()
    };
    let signed = none().when(on_quote(|_| ())).then([expected.into()]);
    signed.and_asks([
        Ask::win_opportunity(&id("o1"), &id("c1"), usd(1_000)),
        Ask::sign_quote(&id("q1"), &id("c1")),
    ]);
    let others = none().when(on_quote(|m| m.customer_id = "other".to_owned()));
    others.then_refused("OTHER_CUSTOMER", &["customer_id=acme"]);
    let euros = none().when(on_quote(|m| m.currency_code = "EUR".to_owned()));
    euros.then_refused("CURRENCY_MISMATCH", &["currency=USD", "found=EUR"]);
    let lines = none().when(on_quote(|m| m.lines = message().lines));
    lines.then_refused("LINES_OF_QUOTE", &["quote_id=q1"]);
    let unknown = none().when(on_quote(|m| m.quote_id = "q9".to_owned()));
    unknown.then_refused("UNKNOWN_QUOTE", &["quote_id=q9"]);
}

#[test]
fn a_contract_on_an_opportunity_takes_its_owner_its_customer_and_its_kind() {
    let on_opportunity = |change: fn(&mut v1::SignContract)| {
        sign(|m| {
            m.opportunity_id = "o1".to_owned();
            m.customer_id.clear();
            m.rep_id.clear();
            change(m);
        })
    };
    let signed = none().when(on_opportunity(|_| ()));
    let signed = signed.and_asks([Ask::win_opportunity(&id("o1"), &id("c1"), usd(1_000))]);
    let state = signed.and().state();
    let signed = &state.agreement().unwrap().signed;
    assert_eq!(signed.rep_id, Some(id("ann")));
    assert_eq!(signed.customer_id, id("acme"));
    assert_eq!(signed.lines[0].revenue_type, RevenueType::Expansion);
    let others = none().when(on_opportunity(|m| m.customer_id = "other".to_owned()));
    others.then_refused("OTHER_CUSTOMER", &["customer_id=acme"]);
    let unknown = none().when(on_opportunity(|m| m.opportunity_id = "o9".to_owned()));
    unknown.then_refused("UNKNOWN_OPPORTUNITY", &["opportunity_id=o9"]);
}

#[test]
fn a_contract_goes_on_from_another_of_the_same_customer_once() {
    let renewal = sign(|m| m.renews_contract_id = "c0".to_owned());
    let signed = none().when(renewal);
    let signed = signed.and_asks([Ask::renew_contract(&id("c0"), &id("c1"), &id("acme"))]);
    let state = signed.and().state();
    let lines = &state.agreement().unwrap().signed.lines;
    assert_eq!(lines[0].revenue_type, RevenueType::Renewal);

    let renewed = ContractRenewed {
        renewed_by_contract_id: id("c2"),
    };
    let renewed = signed_one()
        .when_asked(renew("c2", "acme"))
        .then([renewed.into()]);
    let again = renewed.and();
    again.clone().when_asked(renew("c2", "acme")).then_nothing();
    again
        .when_asked(renew("c3", "acme"))
        .then_refused("ALREADY_RENEWED", &["contract_id=c2"]);
    let others = signed_one().when_asked(renew("c2", "other"));
    others.then_refused("OTHER_CUSTOMER", &["customer_id=acme"]);
    let over = signed_one().and_on(5, [terminated("2017-09-01")]);
    over.when_asked(renew("c2", "acme"))
        .then_refused("TERMINATED", &["effective_on=2017-09-01"]);
    none()
        .when_asked(renew("c2", "acme"))
        .then_refused("NOT_SIGNED", &[]);
}

#[test]
fn a_contract_has_a_term_a_customer_and_a_currency() {
    let short = none().when(sign(|m| m.ends_on = "2017-03-01".to_owned()));
    short.then_refused("ENDS_BEFORE_IT_STARTS", &[]);
    none()
        .when(sign(|m| m.customer_id.clear()))
        .then_refused("NO_CUSTOMER", &[]);
    none()
        .when(sign(|m| m.currency_code.clear()))
        .then_refused("NO_CURRENCY", &[]);
    let unknown = none().when(sign(|m| m.customer_id = "x".to_owned()));
    unknown.then_refused("UNKNOWN_CUSTOMER", &["customer_id=x"]);
}

#[test]
fn shares_make_up_the_whole_and_overlays_come_on_top() {
    let with = |splits: &[v1::Split]| sign(|m| m.splits = splits.to_vec());
    let (ann, bob) = (split("ann", 7_000, false), split("bob", 3_000, false));
    let overlay = split("bob", 2_000, true);
    let share = |rep: &str, share, overlay| Split {
        rep_id: id(rep),
        share: BasisPoints(share),
        overlay,
    };
    let expected = ContractSigned {
        splits: vec![
            share("ann", 7_000, false),
            share("bob", 3_000, false),
            share("bob", 2_000, true),
        ],
        ..terms()
    };
    let all = [ann.clone(), bob.clone(), overlay.clone()];
    none().when(with(&all)).then([expected.into()]);
    let less = none().when(with(&[ann.clone(), overlay.clone()]));
    less.then_refused("SPLITS_NOT_WHOLE", &["total_basis_points=7000"]);
    let none_but_overlays = none().when(with(&[overlay]));
    none_but_overlays.then_refused("SPLITS_NOT_WHOLE", &["total_basis_points=0"]);
    let more = none().when(with(&[ann, split("bob", 3_001, false)]));
    more.then_refused("SPLITS_NOT_WHOLE", &["total_basis_points=10001"]);
    let unknown = none().when(with(&[split("x", 10_000, false)]));
    unknown.then_refused("UNKNOWN_REP", &["rep_id=x"]);
    let gone = none().when(with(&[split("gone", 10_000, false)]));
    gone.then_refused("INACTIVE_REP", &["rep_id=gone"]);
    let before = none().on(5).when(with(&[split("gone", 10_000, false)]));
    assert!(before.and().state().agreement().is_some());
}
