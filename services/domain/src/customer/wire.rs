//! Messages about a customer.

use event_schemas::customer::{
    ChurnRecorded, ContactProfile, ContactRole, CustomerProfile, CustomerRegistered,
};
use event_schemas::vocabulary::{ContactId, CustomerId};
use proto::commands::CustomerCommand as Message;
use proto::v1;

use super::{Command, Customer};
use crate::wire::{CODE_MAX, Fields, LIST_MAX, NAME_MAX};
use crate::{Addressed, InvalidCommand};

/// Reads a command about a customer.
pub fn parse(message: Message) -> Result<Addressed<Customer>, InvalidCommand> {
    let mut f = Fields::default();
    let address = match &message {
        Message::RegisterCustomer(m) => &m.customer_id,
        Message::UpdateCustomer(m) => &m.customer_id,
        Message::AddContact(m) => &m.customer_id,
        Message::UpdateContact(m) => &m.customer_id,
        Message::RemoveContact(m) => &m.customer_id,
        Message::AssignCsm(m) => &m.customer_id,
        Message::RecordChurn(m) => &m.customer_id,
    };
    let id: Option<CustomerId> = f.id("customer_id", address);
    let command = command(&mut f, message, id.as_ref());
    f.finish(|| {
        Some(Addressed {
            id: id?.to_string(),
            command: command?,
        })
    })
}

fn command(f: &mut Fields, message: Message, id: Option<&CustomerId>) -> Option<Command> {
    Some(match message {
        Message::RegisterCustomer(m) => {
            let profile = profile(f, m.profile.as_ref());
            let external_id = f.external_id("external_id", m.external_id.as_ref());
            let customer_id = id?.clone();
            Command::Register(CustomerRegistered {
                customer_id,
                profile: profile?,
                external_id,
            })
        }
        Message::UpdateCustomer(m) => {
            let profile = profile(f, m.profile.as_ref());
            Command::Update {
                customer_id: id?.clone(),
                profile: profile?,
            }
        }
        Message::AddContact(m) => {
            let contact_id: Option<ContactId> = f.id("contact_id", &m.contact_id);
            let profile = contact(f, m.profile.as_ref());
            Command::AddContact {
                contact_id: contact_id?,
                profile: profile?,
            }
        }
        Message::UpdateContact(m) => {
            let contact_id: Option<ContactId> = f.id("contact_id", &m.contact_id);
            let profile = contact(f, m.profile.as_ref());
            Command::UpdateContact {
                contact_id: contact_id?,
                profile: profile?,
            }
        }
        Message::RemoveContact(m) => {
            let reason = f.line("reason", &m.reason, NAME_MAX);
            Command::RemoveContact {
                contact_id: f.id("contact_id", &m.contact_id)?,
                reason,
            }
        }
        Message::AssignCsm(m) => Command::AssignCsm {
            rep_id: f.id("rep_id", &m.rep_id)?,
        },
        Message::RecordChurn(m) => {
            let churn_id = f.id("churn_id", &m.churn_id);
            let churned_on = f.some_date("churned_on", &m.churned_on);
            let reason = f.text("reason", &m.reason, CODE_MAX);
            let feedback = f.note("feedback", &m.feedback);
            Command::RecordChurn(ChurnRecorded {
                churn_id: churn_id?,
                churned_on: churned_on?,
                reason: reason?,
                feedback,
            })
        }
    })
}

fn profile(f: &mut Fields, m: Option<&v1::CustomerProfile>) -> Option<CustomerProfile> {
    let Some(m) = m else {
        f.wrong("profile", "is missing");
        return None;
    };
    let name = f.text("profile.name", &m.name, NAME_MAX);
    Some(CustomerProfile {
        industry: f.line("profile.industry", &m.industry, CODE_MAX),
        country: f.line("profile.country", &m.country, CODE_MAX),
        employees: (m.employees > 0).then_some(m.employees),
        founded_year: (m.founded_year > 0).then_some(m.founded_year),
        annual_revenue: f.money("profile.annual_revenue", m.annual_revenue.as_ref()),
        parent_customer_id: f.optional_id("profile.parent_customer_id", &m.parent_customer_id),
        name: name?,
    })
}

fn contact(f: &mut Fields, m: Option<&v1::ContactProfile>) -> Option<ContactProfile> {
    let Some(m) = m else {
        f.wrong("profile", "is missing");
        return None;
    };
    let name = f.text("profile.name", &m.name, NAME_MAX);
    let fits = f.fits("profile.roles", m.roles.len(), LIST_MAX);
    let mut roles = Vec::new();
    for (at, role) in m.roles.iter().enumerate().take_while(|_| fits) {
        let role = match v1::ContactRole::try_from(*role) {
            Ok(v1::ContactRole::DecisionMaker) => ContactRole::DecisionMaker,
            Ok(v1::ContactRole::Champion) => ContactRole::Champion,
            Ok(v1::ContactRole::User) => ContactRole::User,
            Ok(v1::ContactRole::Billing) => ContactRole::Billing,
            Ok(v1::ContactRole::Unspecified) | Err(_) => {
                f.wrong(&format!("profile.roles[{at}]"), "is not a role");
                continue;
            }
        };
        if !roles.contains(&role) {
            roles.push(role);
        }
    }
    Some(ContactProfile {
        email: f.email("profile.email", &m.email),
        phone: f.phone("profile.phone", &m.phone),
        title: f.line("profile.title", &m.title, NAME_MAX),
        roles,
        name: name?,
    })
}
