//! A customer, the people there over time, and what was said about its leaving.

use event_schemas::customer::{ContactProfile, ContactRole, CustomerEvent};
use event_schemas::vocabulary::{ContactId, CustomerId, RepId, StreamName};

use super::{day, line, micros, row, version};
use crate::customer_success::Event;
use crate::engine::db::{Table, Value};
use crate::engine::fold::{Fact, FoldedRow};

static CUSTOMER: Table = Table {
    name: "customer",
    key: &["customer_id"],
    columns: &[
        "name",
        "industry",
        "country",
        "employees",
        "parent_customer_id",
        "registered_at",
        "csm_id",
        "csm_since",
    ],
};
static CONTACT: Table = Table {
    name: "contact",
    key: &["customer_id", "contact_id", "from_version"],
    columns: &[
        "from_at",
        "until_at",
        "until_version",
        "name",
        "email",
        "phone",
        "title",
        "roles",
        "decides",
    ],
};
static CHURN: Table = Table {
    name: "churn",
    key: &["customer_id", "churn_id"],
    columns: &["told_at", "churned_on", "reason", "feedback"],
};

pub(super) fn rows(stream: &StreamName, history: &[Fact<'_, Event>], rows: &mut Vec<FoldedRow>) {
    let id = stream.id();
    let mut profile = None;
    let mut csm: Option<(&RepId, i64)> = None;
    let mut people: Vec<Known<'_>> = Vec::new();
    for fact in history {
        let Event::Customer(event) = fact.event else {
            continue;
        };
        let at = micros(fact.occurred_at);
        match event {
            CustomerEvent::CustomerRegistered(event) => profile = Some((&event.profile, at)),
            CustomerEvent::CustomerUpdated(event) => {
                let since = profile.map_or(at, |(_, since)| since);
                profile = Some((&event.profile, since));
            }
            CustomerEvent::ContactAdded(event) => {
                begin(
                    &mut people,
                    &event.contact_id,
                    &event.profile,
                    at,
                    fact.version,
                );
            }
            CustomerEvent::ContactUpdated(event) => {
                end(&mut people, &event.contact_id, at, fact.version);
                begin(
                    &mut people,
                    &event.contact_id,
                    &event.profile,
                    at,
                    fact.version,
                );
            }
            CustomerEvent::ContactRemoved(event) => {
                end(&mut people, &event.contact_id, at, fact.version);
            }
            CustomerEvent::CsmAssigned(event) => csm = Some((&event.rep_id, at)),
            CustomerEvent::ChurnRecorded(event) => rows.push(row(
                &CHURN,
                [
                    id.into(),
                    event.churn_id.as_str().into(),
                    at.into(),
                    day(event.churned_on).into(),
                    event.reason.as_str().into(),
                    event.feedback.as_deref().into(),
                ],
            )),
        }
    }
    if let Some((profile, registered_at)) = profile {
        let parent = profile.parent_customer_id.as_ref();
        rows.push(row(
            &CUSTOMER,
            [
                id.into(),
                profile.name.as_str().into(),
                profile.industry.as_deref().into(),
                profile.country.as_deref().into(),
                profile.employees.map(i64::from).into(),
                parent.map(CustomerId::as_str).into(),
                registered_at.into(),
                csm.map(|(rep_id, _)| rep_id.as_str()).into(),
                csm.map(|(_, since)| since).into(),
            ],
        ));
    }
    rows.extend(people.into_iter().map(|known| known.row(id)));
    line::lines(id, stream, history, rows);
}

/// What was known of a person for a while.
struct Known<'a> {
    contact_id: &'a ContactId,
    profile: &'a ContactProfile,
    from: (i64, u64),
    until: Option<(i64, u64)>,
}

fn begin<'a>(
    people: &mut Vec<Known<'a>>,
    contact_id: &'a ContactId,
    profile: &'a ContactProfile,
    at: i64,
    version: u64,
) {
    people.push(Known {
        contact_id,
        profile,
        from: (at, version),
        until: None,
    });
}

fn end(people: &mut [Known<'_>], contact_id: &ContactId, at: i64, version: u64) {
    let known = people.iter_mut().rev();
    let mut known = known.filter(|known| known.contact_id == contact_id);
    if let Some(known) = known.next() {
        known.until = known.until.or(Some((at, version)));
    }
}

impl Known<'_> {
    fn row(&self, customer_id: &str) -> FoldedRow {
        let profile = self.profile;
        let until = self
            .until
            .map_or(Value::Int(None), |(_, until)| version(until));
        let roles: Vec<&str> = profile.roles.iter().map(|role| named(*role)).collect();
        let decides = profile.roles.contains(&ContactRole::DecisionMaker);
        row(
            &CONTACT,
            [
                customer_id.into(),
                self.contact_id.as_str().into(),
                version(self.from.1),
                self.from.0.into(),
                self.until.map(|(at, _)| at).into(),
                until,
                profile.name.as_str().into(),
                profile.email.as_deref().into(),
                profile.phone.as_deref().into(),
                profile.title.as_deref().into(),
                roles.join(",").as_str().into(),
                i64::from(decides).into(),
            ],
        )
    }
}

fn named(role: ContactRole) -> &'static str {
    match role {
        ContactRole::DecisionMaker => "DECISION_MAKER",
        ContactRole::Champion => "CHAMPION",
        ContactRole::User => "USER",
        ContactRole::Billing => "BILLING",
    }
}

/// What parts a person plays, as the end of a line; nothing where that is none.
pub(super) fn as_roles(profile: &ContactProfile) -> String {
    let roles: Vec<&str> = profile.roles.iter().map(|role| named(*role)).collect();
    match roles.is_empty() {
        true => String::new(),
        false => format!(" as {}", roles.join(", ")),
    }
}
