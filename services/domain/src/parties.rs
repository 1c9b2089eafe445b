//! What tickets, surveys, interactions and usage have in common: they are a customer's, and perhaps of
//! people there.

use event_schemas::vocabulary::{ContactId, CustomerId};
use serde::Serialize;

use crate::reads::{Reads, Reference};
use crate::refusal::RefusalKind;

/// Rules of who something is about.
#[derive(Debug, thiserror::Error, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the fields are the things the rule names")]
pub enum Broken {
    /// The customer is one that is registered.
    #[error("there is no customer {customer_id}")]
    UnknownCustomer { customer_id: CustomerId },
    /// A person is one who is or was there.
    #[error("there was never a contact {contact_id} at customer {customer_id}")]
    UnknownContact {
        customer_id: CustomerId,
        contact_id: ContactId,
    },
}

impl Broken {
    #[expect(clippy::unused_self, reason = "as other rules tell it")]
    pub(crate) fn kind(&self) -> RefusalKind {
        RefusalKind::NotFound
    }
}

/// Refers to whose it is.
pub(crate) fn customer(customer_id: &CustomerId) -> Reference {
    Reference::Customer(customer_id.to_string())
}

/// It is a customer's that is registered, and of people who are or were there.
pub(crate) fn check<'a>(
    customer_id: &CustomerId,
    contact_ids: impl IntoIterator<Item = &'a ContactId>,
    reads: &Reads,
) -> Result<(), Broken> {
    let customer = reads.customer(customer_id.as_str());
    let Some(customer) = customer.filter(|customer| customer.is_registered()) else {
        return Err(Broken::UnknownCustomer {
            customer_id: customer_id.clone(),
        });
    };
    let mut contact_ids = contact_ids.into_iter();
    match contact_ids.find(|contact_id| !customer.has_known(contact_id)) {
        None => Ok(()),
        Some(contact_id) => Err(Broken::UnknownContact {
            customer_id: customer_id.clone(),
            contact_id: contact_id.clone(),
        }),
    }
}
