//! A product: something that is sold, at a list price, until it is retired.

#[cfg(test)]
mod tests;
mod wire;

use chrono::{DateTime, Utc};
use event_schemas::product::{ListPriceChanged, ProductEvent, ProductRegistered, ProductRetired};
use event_schemas::vocabulary::{Money, ProductId};
use serde::{Deserialize, Serialize};

use crate::reads::{Reads, Reference};
use crate::refusal::{Refusal, RefusalKind};
use crate::{Decider, Told};

pub use wire::parse;

/// A product, as far as it has come.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub enum Product {
    /// Nobody has recorded it.
    #[default]
    Unregistered,
    /// It is known.
    Known {
        /// As it was recorded.
        registered: ProductRegistered,
        /// What it costs.
        list_price: Told<Money>,
        /// From when on it can be had no more.
        retired_at: Option<DateTime<Utc>>,
    },
}

/// What a product can be asked to do.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is the message of its name")]
pub enum Command {
    Register(ProductRegistered),
    ChangeListPrice { list_price: Money },
    Retire { reason: Option<String> },
}

/// Rules of a product.
#[derive(Debug, thiserror::Error, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Broken {
    /// A product is registered once.
    #[error("product {product_id} is registered already")]
    AlreadyRegistered {
        /// Which.
        product_id: ProductId,
    },
    /// Only what is registered has a price.
    #[error("there is no such product")]
    NotRegistered,
    /// A product changes no more from when it was retired on.
    #[error("the product is retired")]
    Retired,
}

impl Refusal for Broken {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::AlreadyRegistered { .. } => RefusalKind::AlreadyExists,
            Self::NotRegistered => RefusalKind::NotFound,
            Self::Retired => RefusalKind::RuleBroken,
        }
    }
}

impl Product {
    /// Whether it exists.
    pub fn is_registered(&self) -> bool {
        !matches!(self, Self::Unregistered)
    }

    /// Whether it could be had at an instant: what comes late is judged by how things stood then.
    pub fn is_sold_at(&self, at: DateTime<Utc>) -> bool {
        match self {
            Self::Unregistered => false,
            Self::Known { retired_at, .. } => retired_at.is_none_or(|retired_at| at < retired_at),
        }
    }

    /// What it cost at an instant, before any discount.
    pub fn list_price_at(&self, at: DateTime<Utc>) -> Option<&Money> {
        match self {
            Self::Unregistered => None,
            Self::Known { list_price, .. } => list_price.at(at),
        }
    }

    /// The series or family it belongs to.
    pub fn category(&self) -> Option<&str> {
        match self {
            Self::Unregistered => None,
            Self::Known { registered, .. } => registered.category.as_deref(),
        }
    }

    fn register(&self, new: ProductRegistered) -> Result<Vec<ProductEvent>, Broken> {
        match self {
            Self::Unregistered => Ok(vec![new.into()]),
            Self::Known { registered, .. } if *registered == new => Ok(vec![]),
            Self::Known { .. } => Err(Broken::AlreadyRegistered {
                product_id: new.product_id,
            }),
        }
    }

    fn change_list_price(
        &self,
        new: Money,
        at: DateTime<Utc>,
    ) -> Result<Vec<ProductEvent>, Broken> {
        match self {
            Self::Unregistered => Err(Broken::NotRegistered),
            Self::Known { .. } if !self.is_sold_at(at) => Err(Broken::Retired),
            Self::Known { list_price, .. } if list_price.at(at) == Some(&new) => Ok(vec![]),
            Self::Known { .. } => Ok(vec![ListPriceChanged { list_price: new }.into()]),
        }
    }

    fn retire(
        &self,
        reason: Option<String>,
        at: DateTime<Utc>,
    ) -> Result<Vec<ProductEvent>, Broken> {
        match self {
            Self::Unregistered => Err(Broken::NotRegistered),
            Self::Known { .. } if !self.is_sold_at(at) => Ok(vec![]),
            Self::Known { .. } => Ok(vec![ProductRetired { reason }.into()]),
        }
    }
}

impl Decider for Product {
    type Command = Command;
    type Event = ProductEvent;
    type Refusal = Broken;

    fn references(&self, _command: &Command) -> Vec<Reference> {
        Vec::new()
    }

    fn decide(&self, command: Command, reads: &Reads) -> Result<Vec<ProductEvent>, Broken> {
        let at = reads.occurred_at;
        match command {
            Command::Register(new) => self.register(new),
            Command::ChangeListPrice { list_price } => self.change_list_price(list_price, at),
            Command::Retire { reason } => self.retire(reason, at),
        }
    }

    fn evolve(&mut self, event: &ProductEvent, occurred_at: DateTime<Utc>) {
        match (event, self) {
            (ProductEvent::ProductRegistered(e), this) => {
                *this = Self::Known {
                    registered: e.clone(),
                    list_price: Told::at_first(e.list_price),
                    retired_at: None,
                };
            }
            (ProductEvent::ListPriceChanged(e), Self::Known { list_price, .. }) => {
                list_price.tell(occurred_at, e.list_price);
            }
            (ProductEvent::ProductRetired(_), Self::Known { retired_at, .. }) => {
                let before = retired_at.unwrap_or(occurred_at);
                *retired_at = Some(before.min(occurred_at));
            }
            (_, Self::Unregistered) => {}
        }
    }

    fn stands_after(&self, command: &Command) -> Option<DateTime<Utc>> {
        match (command, self) {
            (Command::ChangeListPrice { .. }, Self::Known { list_price, .. }) => {
                list_price.latest_at()
            }
            _ => None,
        }
    }

    fn creates(command: &Command) -> bool {
        matches!(command, Command::Register(_))
    }
}
