//! Facts of a product: something that is sold.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::events::no_upcast;
use crate::vocabulary::{Money, ProductId};

events! {
    /// What can happen to a product.
    pub enum ProductEvent in "product" via no_upcast {
        ProductRegistered = 1,
        ListPriceChanged = 1,
        ProductRetired = 1,
    }
}

/// A product was recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProductRegistered {
    /// Its id.
    pub product_id: ProductId,
    /// For people.
    pub name: String,
    /// The series or family it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// What it costs before any discount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list_price: Option<Money>,
}

/// Its list price became another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ListPriceChanged {
    /// The price from now on.
    pub list_price: Money,
}

/// It was taken off the list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProductRetired {
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
