//! A product: something that is sold, at a list price, until it is retired.

#[cfg(test)]
mod tests;
mod wire;

use event_schemas::product::{ListPriceChanged, ProductEvent, ProductRegistered, ProductRetired};
use event_schemas::vocabulary::{Money, ProductId};
use serde::{Deserialize, Serialize};

use crate::Decider;
use crate::reads::{Reads, Reference};
use crate::refusal::{Refusal, RefusalKind};

pub use wire::parse;

/// A product, as far as it has come.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub enum Product {
    /// Nobody has recorded it.
    #[default]
    Unregistered,
    /// It can be had.
    Sold {
        /// As it was recorded.
        registered: ProductRegistered,
        /// What it costs now.
        list_price: Option<Money>,
    },
    /// It can be had no more.
    Retired {
        /// As it was recorded.
        registered: ProductRegistered,
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
    /// A retired product changes no more.
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

    /// Whether it can be had.
    pub fn is_sold(&self) -> bool {
        matches!(self, Self::Sold { .. })
    }

    fn register(&self, new: ProductRegistered) -> Result<Vec<ProductEvent>, Broken> {
        match self {
            Self::Unregistered => Ok(vec![new.into()]),
            Self::Sold { registered, .. } | Self::Retired { registered } if *registered == new => {
                Ok(vec![])
            }
            _ => Err(Broken::AlreadyRegistered {
                product_id: new.product_id,
            }),
        }
    }

    fn change_list_price(&self, new: Money) -> Result<Vec<ProductEvent>, Broken> {
        match self {
            Self::Unregistered => Err(Broken::NotRegistered),
            Self::Retired { .. } => Err(Broken::Retired),
            Self::Sold { list_price, .. } if *list_price == Some(new) => Ok(vec![]),
            Self::Sold { .. } => Ok(vec![ListPriceChanged { list_price: new }.into()]),
        }
    }

    fn retire(&self, reason: Option<String>) -> Result<Vec<ProductEvent>, Broken> {
        match self {
            Self::Unregistered => Err(Broken::NotRegistered),
            Self::Retired { .. } => Ok(vec![]),
            Self::Sold { .. } => Ok(vec![ProductRetired { reason }.into()]),
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

    fn decide(&self, command: Command, _reads: &Reads) -> Result<Vec<ProductEvent>, Broken> {
        match command {
            Command::Register(new) => self.register(new),
            Command::ChangeListPrice { list_price } => self.change_list_price(list_price),
            Command::Retire { reason } => self.retire(reason),
        }
    }

    fn evolve(&mut self, event: &ProductEvent) {
        match (event, std::mem::take(self)) {
            (ProductEvent::ProductRegistered(e), _) => {
                *self = Self::Sold {
                    registered: e.clone(),
                    list_price: e.list_price,
                };
            }
            (ProductEvent::ListPriceChanged(e), Self::Sold { registered, .. }) => {
                *self = Self::Sold {
                    registered,
                    list_price: Some(e.list_price),
                };
            }
            (ProductEvent::ProductRetired(_), Self::Sold { registered, .. }) => {
                *self = Self::Retired { registered };
            }
            (_, unchanged) => *self = unchanged,
        }
    }

    fn creates(command: &Command) -> bool {
        matches!(command, Command::Register(_))
    }
}
