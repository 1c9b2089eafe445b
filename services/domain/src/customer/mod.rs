//! A customer (an account), and the people there.
//!
//! Customers belong to one another, and the rules keep only the smallest circles out: a customer
//! belongs neither to itself nor to one that belongs to it. A longer circle (of three and more) is
//! not found, since a decision reads the parent, not the parent's parents: whoever follows
//! `parent_customer_id` must stop at a customer met before.

#[cfg(test)]
mod tests;
mod wire;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use event_schemas::customer::{
    ChurnRecorded, ContactAdded, ContactProfile, ContactRemoved, ContactUpdated, CsmAssigned,
    CustomerEvent, CustomerProfile, CustomerRegistered, CustomerUpdated,
};
use event_schemas::vocabulary::{ChurnId, ContactId, CustomerId, RepId};
use serde::{Deserialize, Serialize};

use crate::claim::{Claim, ClaimChange};
use crate::reads::{Reads, Reference};
use crate::refusal::{Refusal, RefusalKind};
use crate::{Decider, Told};

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
        registered: Arc<CustomerRegistered>,
        /// What is known of it.
        profile: Told<CustomerProfile>,
        /// The people who are or were there: what is known of each; nothing while they are gone.
        contacts: Vec<(ContactId, Told<Option<ContactProfile>>)>,
        /// Who looks after it.
        csm: Told<RepId>,
        /// What was said of its leaving.
        churns: Vec<ChurnRecorded>,
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
    AssignCsm {
        rep_id: RepId,
    },
    RecordChurn(ChurnRecorded),
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
    /// A customer does not belong to one that belongs to it.
    #[error("customer {customer_id} belongs to this one")]
    ParentIsChild { customer_id: CustomerId },
    /// A person is added once.
    #[error("contact {contact_id} is there already")]
    AlreadyThere { contact_id: ContactId },
    /// Only who is there can be changed.
    #[error("there is no contact {contact_id}")]
    UnknownContact { contact_id: ContactId },
    /// Two people of a customer do not share an e-mail address.
    #[error("contact {contact_id} has that e-mail address")]
    EmailTaken { contact_id: ContactId },
    /// Who looks after a customer is a rep who is registered.
    #[error("there is no rep {rep_id}")]
    UnknownRep { rep_id: RepId },
    /// Who is inactive looks after nobody from then on.
    #[error("rep {rep_id} is inactive")]
    InactiveRep { rep_id: RepId },
    /// A statement of its leaving is recorded once.
    #[error("churn {churn_id} is recorded already")]
    AlreadyRecorded { churn_id: ChurnId },
}

impl Refusal for Broken {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::AlreadyRegistered { .. }
            | Self::AlreadyThere { .. }
            | Self::AlreadyRecorded { .. } => RefusalKind::AlreadyExists,
            Self::NotRegistered
            | Self::UnknownParent { .. }
            | Self::UnknownContact { .. }
            | Self::UnknownRep { .. } => RefusalKind::NotFound,
            Self::OwnParent
            | Self::ParentIsChild { .. }
            | Self::EmailTaken { .. }
            | Self::InactiveRep { .. } => RefusalKind::RuleBroken,
        }
    }
}

type Decided = Result<Vec<CustomerEvent>, Broken>;
type Contacts = [(ContactId, Told<Option<ContactProfile>>)];

impl Customer {
    /// Whether it exists.
    pub fn is_registered(&self) -> bool {
        !matches!(self, Self::Unregistered)
    }

    /// Whether a person is or was there.
    pub fn has_known(&self, contact_id: &ContactId) -> bool {
        match self {
            Self::Unregistered => false,
            Self::Known { contacts, .. } => contacts.iter().any(|(id, _)| id == contact_id),
        }
    }

    fn parent(&self) -> Option<&CustomerId> {
        match self {
            Self::Unregistered => None,
            Self::Known { profile, .. } => profile.latest()?.parent_customer_id.as_ref(),
        }
    }

    fn contacts(&self) -> Result<&Contacts, Broken> {
        match self {
            Self::Unregistered => Err(Broken::NotRegistered),
            Self::Known { contacts, .. } => Ok(contacts),
        }
    }

    fn register(&self, new: CustomerRegistered, reads: &Reads) -> Decided {
        match self {
            Self::Known { registered, .. } if **registered == new => Ok(vec![]),
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
            Self::Known { profile, .. } if profile.at(reads.occurred_at) == Some(&new) => {
                Ok(vec![])
            }
            Self::Known { .. } => {
                check_parent(id, &new, reads)?;
                Ok(vec![CustomerUpdated { profile: new }.into()])
            }
        }
    }

    fn add_contact(
        &self,
        contact_id: ContactId,
        profile: ContactProfile,
        at: DateTime<Utc>,
    ) -> Decided {
        let contacts = self.contacts()?;
        match find(contacts, &contact_id, at) {
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

    fn update_contact(
        &self,
        contact_id: ContactId,
        profile: ContactProfile,
        at: DateTime<Utc>,
    ) -> Decided {
        let contacts = self.contacts()?;
        match find(contacts, &contact_id, at) {
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

    fn remove_contact(
        &self,
        contact_id: ContactId,
        reason: Option<String>,
        at: DateTime<Utc>,
    ) -> Decided {
        let contacts = self.contacts()?;
        if find(contacts, &contact_id, at).is_none() {
            return if contacts.iter().any(|(id, _)| *id == contact_id) {
                Ok(vec![])
            } else {
                Err(Broken::UnknownContact { contact_id })
            };
        }
        Ok(vec![ContactRemoved { contact_id, reason }.into()])
    }

    fn assign_csm(&self, rep_id: RepId, reads: &Reads) -> Decided {
        let Self::Known { csm, .. } = self else {
            return Err(Broken::NotRegistered);
        };
        let previous = csm.at(reads.occurred_at);
        if previous == Some(&rep_id) {
            return Ok(vec![]);
        }
        match reads.rep(rep_id.as_str()) {
            Some(rep) if rep.is_active_at(reads.occurred_at) => {}
            Some(rep) if rep.is_registered() => return Err(Broken::InactiveRep { rep_id }),
            _ => return Err(Broken::UnknownRep { rep_id }),
        }
        let previous_rep_id = previous.cloned();
        Ok(vec![
            CsmAssigned {
                rep_id,
                previous_rep_id,
            }
            .into(),
        ])
    }

    fn record_churn(&self, new: ChurnRecorded) -> Decided {
        let Self::Known { churns, .. } = self else {
            return Err(Broken::NotRegistered);
        };
        match churns.iter().find(|known| known.churn_id == new.churn_id) {
            None => Ok(vec![new.into()]),
            Some(known) if *known == new => Ok(vec![]),
            Some(_) => Err(Broken::AlreadyRecorded {
                churn_id: new.churn_id,
            }),
        }
    }
}

/// Who was there at an instant: what comes late is judged by how things stood then.
fn find<'a>(
    contacts: &'a Contacts,
    contact_id: &ContactId,
    at: DateTime<Utc>,
) -> Option<&'a ContactProfile> {
    let (_, told) = contacts.iter().find(|(id, _)| id == contact_id)?;
    told.at(at)?.as_ref()
}

fn check_email(contacts: &Contacts, id: &ContactId, new: &ContactProfile) -> Result<(), Broken> {
    let email = |told: &Told<Option<ContactProfile>>| told.latest()?.as_ref()?.email.clone();
    let same = |told| new.email.is_some() && email(told) == new.email;
    match contacts
        .iter()
        .find(|(other, told)| other != id && same(told))
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
        Some(customer) if customer.parent() == Some(id) => Err(Broken::ParentIsChild {
            customer_id: parent.clone(),
        }),
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
            Command::AssignCsm { rep_id } => return vec![Reference::Rep(rep_id.to_string())],
            _ => None,
        };
        parent
            .map(|id| Reference::Customer(id.to_string()))
            .into_iter()
            .collect()
    }

    fn decide(&self, command: Command, reads: &Reads) -> Decided {
        let at = reads.occurred_at;
        match command {
            Command::Register(new) => self.register(new, reads),
            Command::Update {
                customer_id,
                profile,
            } => self.update(&customer_id, profile, reads),
            Command::AddContact {
                contact_id,
                profile,
            } => self.add_contact(contact_id, profile, at),
            Command::UpdateContact {
                contact_id,
                profile,
            } => self.update_contact(contact_id, profile, at),
            Command::RemoveContact { contact_id, reason } => {
                self.remove_contact(contact_id, reason, at)
            }
            Command::AssignCsm { rep_id } => self.assign_csm(rep_id, reads),
            Command::RecordChurn(new) => self.record_churn(new),
        }
    }

    fn evolve(&mut self, event: &CustomerEvent, occurred_at: DateTime<Utc>) {
        if let CustomerEvent::CustomerRegistered(e) = event {
            let mut profile = Told::default();
            profile.tell(occurred_at, e.profile.clone());
            *self = Self::Known {
                registered: Arc::new(e.clone()),
                profile,
                contacts: Vec::new(),
                csm: Told::default(),
                churns: Vec::new(),
            };
            return;
        }
        let Self::Known {
            profile,
            contacts,
            csm,
            churns,
            ..
        } = self
        else {
            return;
        };
        let mut tell = |contact_id: &ContactId, profile| {
            let known = contacts.iter_mut().find(|(id, _)| id == contact_id);
            if let Some((_, told)) = known {
                told.tell(occurred_at, profile);
            } else {
                let mut told = Told::default();
                told.tell(occurred_at, profile);
                contacts.push((contact_id.clone(), told));
            }
        };
        match event {
            CustomerEvent::CustomerRegistered(_) => {}
            CustomerEvent::CustomerUpdated(e) => profile.tell(occurred_at, e.profile.clone()),
            CustomerEvent::ContactAdded(e) => tell(&e.contact_id, Some(e.profile.clone())),
            CustomerEvent::ContactUpdated(e) => tell(&e.contact_id, Some(e.profile.clone())),
            CustomerEvent::ContactRemoved(e) => tell(&e.contact_id, None),
            CustomerEvent::CsmAssigned(e) => csm.tell(occurred_at, e.rep_id.clone()),
            CustomerEvent::ChurnRecorded(e) => churns.push(e.clone()),
        }
    }

    fn stands_after(&self, command: &Command) -> Option<DateTime<Utc>> {
        let Self::Known {
            profile,
            contacts,
            csm,
            ..
        } = self
        else {
            return None;
        };
        match command {
            Command::Register(_) | Command::RecordChurn(_) => None,
            Command::AssignCsm { .. } => csm.latest_at(),
            Command::Update { .. } => profile.latest_at(),
            Command::AddContact { contact_id, .. }
            | Command::UpdateContact { contact_id, .. }
            | Command::RemoveContact { contact_id, .. } => {
                let known = contacts.iter().find(|(id, _)| id == contact_id);
                known.and_then(|(_, told)| told.latest_at())
            }
        }
    }

    /// The same customer of another system is registered once.
    fn claims(&self, event: &CustomerEvent) -> Vec<ClaimChange> {
        let CustomerEvent::CustomerRegistered(registered) = event else {
            return Vec::new();
        };
        let external = registered.external_id.as_ref();
        let external = external.map(|id| Claim::external_id("customer.external_id", id));
        external.map(ClaimChange::Take).into_iter().collect()
    }

    fn creates(command: &Command) -> bool {
        matches!(command, Command::Register(_))
    }
}
