//! Facts of a customer (an account) and the people there.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::events::no_upcast;
use crate::vocabulary::{ChurnId, ContactId, CustomerId, ExternalId, Money, RepId};

events! {
    /// What can happen to a customer.
    pub enum CustomerEvent in "customer" via no_upcast {
        CustomerRegistered = 1,
        CustomerUpdated = 1,
        ContactAdded = 1,
        ContactUpdated = 1,
        ContactRemoved = 1,
        CsmAssigned = 1,
        ChurnRecorded = 1,
    }
}

/// What is known of a customer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CustomerProfile {
    /// For people.
    pub name: String,
    /// Its line of trade.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub industry: Option<String>,
    /// Where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// How many work there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub employees: Option<u32>,
    /// When it was founded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub founded_year: Option<u32>,
    /// What it turns over in a year.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annual_revenue: Option<Money>,
    /// The customer it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_customer_id: Option<CustomerId>,
}

/// What part a person plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names say it")]
pub enum ContactRole {
    DecisionMaker,
    Champion,
    User,
    Billing,
}

/// What is known of a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ContactProfile {
    /// The person's name.
    #[schemars(extend("x-personal" = true))]
    pub name: String,
    /// E-mail address, normalised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub email: Option<String>,
    /// Telephone number, normalised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub phone: Option<String>,
    /// What they are there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub title: Option<String>,
    /// What parts they play.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<ContactRole>,
}

/// A customer was recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CustomerRegistered {
    /// Its id.
    pub customer_id: CustomerId,
    /// What is known of it.
    pub profile: CustomerProfile,
    /// The same customer elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<ExternalId>,
}

/// What is known of it was replaced.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CustomerUpdated {
    /// What is known of it from now on.
    pub profile: CustomerProfile,
}

/// A person there was recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ContactAdded {
    /// Who.
    pub contact_id: ContactId,
    /// What is known of the person.
    pub profile: ContactProfile,
}

/// What is known of a person was replaced.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ContactUpdated {
    /// Who.
    pub contact_id: ContactId,
    /// What is known from now on.
    pub profile: ContactProfile,
}

/// A person has gone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ContactRemoved {
    /// Who.
    pub contact_id: ContactId,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub reason: Option<String>,
}

/// It was given to a customer success manager.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CsmAssigned {
    /// Who looks after it from now on.
    pub rep_id: RepId,
    /// Who did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_rep_id: Option<RepId>,
}

/// It said that it leaves, or why it left. Whether it did, its contracts say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChurnRecorded {
    /// Which statement.
    pub churn_id: ChurnId,
    /// The day on which it leaves.
    pub churned_on: NaiveDate,
    /// Why, as a short code.
    pub reason: String,
    /// What it said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub feedback: Option<String>,
}
