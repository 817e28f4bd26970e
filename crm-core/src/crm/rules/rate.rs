//! Exchange rates.

use super::Rules;
use crate::model::Rate;

impl Rules for Rate {
    fn title(&self) -> String {
        self.slot.clone()
    }
}
