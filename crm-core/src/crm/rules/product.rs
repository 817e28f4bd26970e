//! Products.

use super::Rules;
use crate::model::Product;

impl Rules for Product {
    fn title(&self) -> String {
        self.name.clone()
    }
}
