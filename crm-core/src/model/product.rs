//! Products: what is sold.

use super::Validate;
use crate::error::Violations;
use crate::value::{CustomValues, Money};
use crm_core_derive::Entity;
use serde::Serialize;

/// Something that is sold.
#[derive(Clone, Debug, PartialEq, Serialize, Entity)]
#[entity(name = "product")]
pub struct Product {
    /// The article number; belongs to one live product.
    #[entity(unique, filterable, sortable, searchable, max = 100)]
    pub sku: Option<String>,
    /// The name that is shown; not blank.
    #[entity(filterable, sortable, searchable, max = 255)]
    pub name: String,
    /// Free text.
    #[entity(max = 100_000)]
    pub description: String,
    /// What one of it costs now; not negative. Sales and opportunities keep the price that they were made with.
    #[entity(filterable, sortable)]
    pub price: Option<Money>,
    /// Whether it is still sold. An inactive one can't be put into new sales and lines.
    #[entity(filterable)]
    pub active: bool,
    /// The organisation's own fields.
    #[entity(filterable, sortable, searchable)]
    pub custom: CustomValues,
}

impl Default for Product {
    /// An active product without a name.
    fn default() -> Self {
        Product {
            sku: None,
            name: String::new(),
            description: String::new(),
            price: None,
            active: true,
            custom: CustomValues::default(),
        }
    }
}

impl Validate for Product {
    fn check(&self, problems: &mut Violations) {
        if self.name.is_empty() {
            problems.add("name", "blank", "", "a product has a name");
        }
        match self.price {
            None => problems.add("price", "blank", "", "a product has a price; 0 is one"),
            Some(price) if price.minor < 0 => {
                problems.add("price", "range", &price.to_string(), "a price is not negative");
            }
            Some(_) => {}
        }
    }
}
