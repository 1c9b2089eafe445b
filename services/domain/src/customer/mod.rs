//! A customer (an account), and the people there.

#[cfg(test)]
mod tests;
mod wire;

use event_schemas::customer::{
    ContactAdded, ContactProfile, ContactRemoved, ContactUpdated, CustomerEvent, CustomerProfile,
    CustomerRegistered, CustomerUpdated,
};
use event_schemas::vocabulary::{ContactId, CustomerId};
use serde::{Deserialize, Serialize};

use crate::Decider;
use crate::claim::{Claim, ClaimChange};
use crate::reads::{Reads, Reference};
use crate::refusal::{Refusal, RefusalKind};

pub use wire::parse;

/// A customer, or none yet.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub enum Customer {
    /// Nobody has recorded it.
    #[default]
    Unregistered,
    /// It is known.
    Known {
        /// As it was recorded.
        registered: CustomerRegistered,
        /// What is known of it now.
        profile: CustomerProfile,
        /// The people there.
        contacts: Vec<(ContactId, ContactProfile)>,
    },
}

/// What a customer can be asked to do.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is the message of its name")]
pub enum Command {
    Register(CustomerRegistered),
    Update {
        customer_id: CustomerId,
        profile: CustomerProfile,
    },
    AddContact {
        contact_id: ContactId,
        profile: ContactProfile,
    },
    UpdateContact {
        contact_id: ContactId,
        profile: ContactProfile,
    },
    RemoveContact {
        contact_id: ContactId,
        reason: Option<String>,
    },
}

/// Rules of a customer.
#[derive(Debug, thiserror::Error, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the fields are the things the rule names")]
pub enum Broken {
    /// A customer is registered once.
    #[error("customer {customer_id} is registered already")]
    AlreadyRegistered { customer_id: CustomerId },
    /// Only what is registered can be worked on.
    #[error("there is no such customer")]
    NotRegistered,
    /// A customer belongs to one that is registered.
    #[error("there is no customer {customer_id} it could belong to")]
    UnknownParent { customer_id: CustomerId },
    /// A customer does not belong to itself.
    #[error("a customer does not belong to itself")]
    OwnParent,
    /// A person is added once.
    #[error("contact {contact_id} is there already")]
    AlreadyThere { contact_id: ContactId },
    /// Only who is there can be changed.
    #[error("there is no contact {contact_id}")]
    UnknownContact { contact_id: ContactId },
    /// Two people of a customer do not share an e-mail address.
    #[error("contact {contact_id} has that e-mail address")]
    EmailTaken { contact_id: ContactId },
}

impl Refusal for Broken {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::AlreadyRegistered { .. } | Self::AlreadyThere { .. } => {
                RefusalKind::AlreadyExists
            }
            Self::NotRegistered | Self::UnknownParent { .. } | Self::UnknownContact { .. } => {
                RefusalKind::NotFound
            }
            Self::OwnParent | Self::EmailTaken { .. } => RefusalKind::RuleBroken,
        }
    }
}

type Decided = Result<Vec<CustomerEvent>, Broken>;
type Contacts = [(ContactId, ContactProfile)];

impl Customer {
    /// Whether it exists.
    pub fn is_registered(&self) -> bool {
        !matches!(self, Self::Unregistered)
    }

    fn contacts(&self) -> Result<&Contacts, Broken> {
        match self {
            Self::Unregistered => Err(Broken::NotRegistered),
            Self::Known { contacts, .. } => Ok(contacts),
        }
    }

    fn register(&self, new: CustomerRegistered, reads: &Reads) -> Decided {
        match self {
            Self::Known { registered, .. } if *registered == new => Ok(vec![]),
            Self::Known { .. } => Err(Broken::AlreadyRegistered {
                customer_id: new.customer_id,
            }),
            Self::Unregistered => {
                check_parent(&new.customer_id, &new.profile, reads)?;
                Ok(vec![new.into()])
            }
        }
    }

    fn update(&self, id: &CustomerId, new: CustomerProfile, reads: &Reads) -> Decided {
        match self {
            Self::Unregistered => Err(Broken::NotRegistered),
            Self::Known { profile, .. } if *profile == new => Ok(vec![]),
            Self::Known { .. } => {
                check_parent(id, &new, reads)?;
                Ok(vec![CustomerUpdated { profile: new }.into()])
            }
        }
    }

    fn add_contact(&self, contact_id: ContactId, profile: ContactProfile) -> Decided {
        let contacts = self.contacts()?;
        match find(contacts, &contact_id) {
            Some(known) if *known == profile => return Ok(vec![]),
            Some(_) => return Err(Broken::AlreadyThere { contact_id }),
            None => check_email(contacts, &contact_id, &profile)?,
        }
        Ok(vec![
            ContactAdded {
                contact_id,
                profile,
            }
            .into(),
        ])
    }

    fn update_contact(&self, contact_id: ContactId, profile: ContactProfile) -> Decided {
        let contacts = self.contacts()?;
        match find(contacts, &contact_id) {
            Some(known) if *known == profile => return Ok(vec![]),
            Some(_) => check_email(contacts, &contact_id, &profile)?,
            None => return Err(Broken::UnknownContact { contact_id }),
        }
        Ok(vec![
            ContactUpdated {
                contact_id,
                profile,
            }
            .into(),
        ])
    }

    fn remove_contact(&self, contact_id: ContactId, reason: Option<String>) -> Decided {
        if find(self.contacts()?, &contact_id).is_none() {
            return Err(Broken::UnknownContact { contact_id });
        }
        Ok(vec![ContactRemoved { contact_id, reason }.into()])
    }
}

fn find<'a>(contacts: &'a Contacts, contact_id: &ContactId) -> Option<&'a ContactProfile> {
    contacts
        .iter()
        .find(|(id, _)| id == contact_id)
        .map(|(_, profile)| profile)
}

fn check_email(contacts: &Contacts, id: &ContactId, new: &ContactProfile) -> Result<(), Broken> {
    let same = |profile: &ContactProfile| new.email.is_some() && profile.email == new.email;
    match contacts
        .iter()
        .find(|(other, profile)| other != id && same(profile))
    {
        Some((contact_id, _)) => Err(Broken::EmailTaken {
            contact_id: contact_id.clone(),
        }),
        None => Ok(()),
    }
}

fn check_parent(id: &CustomerId, profile: &CustomerProfile, reads: &Reads) -> Result<(), Broken> {
    let Some(parent) = &profile.parent_customer_id else {
        return Ok(());
    };
    if parent == id {
        return Err(Broken::OwnParent);
    }
    match reads.customer(parent.as_str()) {
        Some(customer) if customer.is_registered() => Ok(()),
        _ => Err(Broken::UnknownParent {
            customer_id: parent.clone(),
        }),
    }
}

impl Decider for Customer {
    type Command = Command;
    type Event = CustomerEvent;
    type Refusal = Broken;

    fn references(&self, command: &Command) -> Vec<Reference> {
        let parent = match command {
            Command::Register(new) => new
                .profile
                .parent_customer_id
                .as_ref()
                .filter(|parent| **parent != new.customer_id),
            Command::Update {
                customer_id,
                profile,
            } => profile
                .parent_customer_id
                .as_ref()
                .filter(|parent| *parent != customer_id),
            _ => None,
        };
        parent
            .map(|id| Reference::Customer(id.to_string()))
            .into_iter()
            .collect()
    }

    fn decide(&self, command: Command, reads: &Reads) -> Decided {
        match command {
            Command::Register(new) => self.register(new, reads),
            Command::Update {
                customer_id,
                profile,
            } => self.update(&customer_id, profile, reads),
            Command::AddContact {
                contact_id,
                profile,
            } => self.add_contact(contact_id, profile),
            Command::UpdateContact {
                contact_id,
                profile,
            } => self.update_contact(contact_id, profile),
            Command::RemoveContact { contact_id, reason } => {
                self.remove_contact(contact_id, reason)
            }
        }
    }

    fn evolve(&mut self, event: &CustomerEvent) {
        if let CustomerEvent::CustomerRegistered(e) = event {
            let profile = e.profile.clone();
            *self = Self::Known {
                registered: e.clone(),
                profile,
                contacts: Vec::new(),
            };
            return;
        }
        let Self::Known {
            profile, contacts, ..
        } = self
        else {
            return;
        };
        match event {
            CustomerEvent::CustomerRegistered(_) => {}
            CustomerEvent::CustomerUpdated(e) => *profile = e.profile.clone(),
            CustomerEvent::ContactAdded(e) => {
                contacts.push((e.contact_id.clone(), e.profile.clone()));
            }
            CustomerEvent::ContactUpdated(e) => {
                for (_, profile) in contacts.iter_mut().filter(|(id, _)| *id == e.contact_id) {
                    *profile = e.profile.clone();
                }
            }
            CustomerEvent::ContactRemoved(e) => contacts.retain(|(id, _)| *id != e.contact_id),
        }
    }

    /// The same customer of another system is registered once.
    fn claims(&self, event: &CustomerEvent) -> Vec<ClaimChange> {
        let CustomerEvent::CustomerRegistered(registered) = event else {
            return Vec::new();
        };
        let external = registered.external_id.as_ref().map(|external| Claim {
            scope: "customer.external_id",
            value: format!("{}/{}", external.system, external.id),
            personal: false,
        });
        external.map(ClaimChange::Take).into_iter().collect()
    }

    fn creates(command: &Command) -> bool {
        matches!(command, Command::Register(_))
    }
}
