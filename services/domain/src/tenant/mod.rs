//! A tenant: one line of business, with the time zone and currency its figures are told in.

#[cfg(test)]
mod tests;
mod wire;

use chrono::{DateTime, NaiveDate, Utc};
use event_schemas::tenant::{TenantConfigured, TenantEvent};
use event_schemas::vocabulary::Currency;
use serde::{Deserialize, Serialize};

use crate::reads::{Reads, Reference};
use crate::refusal::Refusal;
use crate::{Addressed, Decider, Told};

pub use wire::parse;

/// The id of the one stream a tenant has about itself.
pub const ID: &str = "self";

/// A tenant's settings; nothing until they are set.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Tenant(Told<TenantConfigured>);

impl Tenant {
    /// The day that an instant falls on, in the time zone that held then: UTC if none was told.
    pub fn day_of(&self, at: DateTime<Utc>) -> NaiveDate {
        let told = self.0.at(at).and_then(|told| told.time_zone.parse().ok());
        let time_zone: chrono_tz::Tz = told.unwrap_or(chrono_tz::UTC);
        at.with_timezone(&time_zone).date_naive()
    }
}

/// What a tenant can be asked to do.
#[derive(Debug, Clone)]
pub enum Command {
    /// Tell its figures that way.
    Configure {
        /// IANA name.
        time_zone: chrono_tz::Tz,
        /// What figures are told in.
        currency: Currency,
    },
}

/// A tenant refuses nothing.
#[derive(Debug, thiserror::Error, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Never {}

impl Refusal for Never {}

impl Decider for Tenant {
    type Command = Command;
    type Event = TenantEvent;
    type Refusal = Never;

    fn references(&self, _command: &Command) -> Vec<Reference> {
        Vec::new()
    }

    fn decide(&self, command: Command, reads: &Reads) -> Result<Vec<TenantEvent>, Never> {
        let Command::Configure {
            time_zone,
            currency,
        } = command;
        let configured = TenantConfigured {
            time_zone: time_zone.name().to_owned(),
            currency,
        };
        if self.0.at(reads.occurred_at) == Some(&configured) {
            return Ok(vec![]);
        }
        Ok(vec![configured.into()])
    }

    fn evolve(&mut self, event: &TenantEvent, occurred_at: DateTime<Utc>) {
        let TenantEvent::TenantConfigured(configured) = event;
        self.0.tell(occurred_at, configured.clone());
    }

    fn stands_after(&self, _command: &Command) -> Option<DateTime<Utc>> {
        self.0.latest_at()
    }
}

/// A command about the tenant itself.
fn addressed(command: Command) -> Addressed<Tenant> {
    Addressed {
        id: ID.to_owned(),
        command,
    }
}
