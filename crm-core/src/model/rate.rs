//! Exchange rates with the day from which they hold.

use super::Validate;
use crate::error::Violations;
use crate::value::Currency;
use chrono::NaiveDate;
use crm_core_derive::Entity;
use rust_decimal::Decimal;
use serde::Serialize;

/// What one unit of a currency was worth in another from a day on, until the next rate of the two.
#[derive(Clone, Debug, PartialEq, Serialize, Entity)]
#[entity(name = "rate")]
pub struct Rate {
    /// The currency of which one unit is worth that.
    #[entity(filterable, sortable)]
    pub from: Currency,
    /// The currency in which it is worth that.
    #[entity(filterable, sortable)]
    pub to: Currency,
    /// From this day on.
    #[entity(filterable, sortable)]
    pub valid_from: NaiveDate,
    /// How many units of `to` one unit of `from` is worth; greater than 0.
    pub rate: Decimal,
    /// The two currencies and the day: only one rate has them. Computed.
    #[entity(system, unique)]
    pub slot: String,
}

impl Default for Rate {
    /// Says nothing yet.
    fn default() -> Self {
        Rate {
            from: Currency::USD,
            to: Currency::USD,
            valid_from: NaiveDate::default(),
            rate: Decimal::ONE,
            slot: String::new(),
        }
    }
}

impl Validate for Rate {
    fn normalise(&mut self) {
        self.slot = format!("{}/{} {}", self.from, self.to, self.valid_from);
    }

    fn check(&self, problems: &mut Violations) {
        if self.from == self.to {
            problems.add("to", "same", self.to.code(), "a rate is between two currencies");
        }
        if self.rate <= Decimal::ZERO {
            problems.add("rate", "range", &self.rate.to_string(), "a rate is greater than 0");
        }
        if self.valid_from == NaiveDate::default() {
            problems.add("valid_from", "blank", "", "a rate has the day from which it holds");
        }
    }
}
