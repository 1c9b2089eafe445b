//! Given what happened, when asked, then.

use event_schemas::survey::{SurveyAnswered, SurveyEvent};
use proto::v1;
use proto::v1::command::Kind;

use super::Survey;
use crate::given::{Given, acme, given, id, nothing};

fn answered(contact: Option<&str>, score: u8) -> SurveyEvent {
    SurveyAnswered {
        survey_answer_id: id("a1"),
        customer_id: id("acme"),
        contact_id: contact.map(id),
        score,
        comment: Some("good".to_owned()),
    }
    .into()
}

fn answer(customer: &str, contact: &str, score: u32) -> Kind {
    Kind::AnswerSurvey(v1::AnswerSurvey {
        survey_answer_id: "a1".to_owned(),
        customer_id: customer.to_owned(),
        contact_id: contact.to_owned(),
        score: Some(score),
        comment: " good ".to_owned(),
    })
}

fn unanswered() -> Given<Survey> {
    nothing().knowing("acme", &acme())
}

#[test]
fn an_answer_is_given_once() {
    let first = unanswered().when(answer("acme", "ann", 0));
    let first = first.then([answered(Some("ann"), 0)]).and();
    first.clone().when(answer("acme", "ann", 0)).then_nothing();
    let other = first.when(answer("acme", "ann", 9));
    other.then_refused("ALREADY_ANSWERED", &["survey_answer_id=a1"]);
    given([answered(None, 10)])
        .when(answer("acme", "", 10))
        .then_nothing();
}

#[test]
fn an_answer_is_a_customers_and_perhaps_of_a_person_there() {
    let anonymous = unanswered().when(answer("acme", "", 10));
    anonymous.then([answered(None, 10)]);
    let who = unanswered().when(answer("acme", "bob", 10));
    who.then_refused("UNKNOWN_CONTACT", &["contact_id=bob", "customer_id=acme"]);
    let whose = unanswered().when(answer("other", "", 10));
    whose.then_refused("UNKNOWN_CUSTOMER", &["customer_id=other"]);
}
