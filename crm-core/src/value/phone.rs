//! Phone numbers: kept as typed, compared by their digits.

use super::{FieldValue, KeyRules, Words};
use crate::error::Violations;
use crm_core_derive::Composite;
use serde::{Deserialize, Serialize};

/// A phone number of a customer or contact. The first of a list is the primary one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Composite)]
pub struct Phone {
    /// The number as it was typed.
    #[entity(searchable, key)]
    pub number: PhoneNumber,
    /// What it is for: `mobile`, `office`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[entity(max = 50)]
    pub label: Option<String>,
    /// The person asked not to be called here.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub opted_out: bool,
}

impl Phone {
    /// A number without a label.
    pub fn new(number: impl Into<String>) -> Self {
        Phone { number: PhoneNumber(number.into()), label: None, opted_out: false }
    }
}

impl From<&str> for Phone {
    fn from(number: &str) -> Self {
        Phone::new(number)
    }
}

/// The text of a phone number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PhoneNumber(pub String);

impl PhoneNumber {
    /// The digits, which is how numbers are compared.
    pub fn digits(&self) -> String {
        self.0.chars().filter(char::is_ascii_digit).collect()
    }
}

impl FieldValue for PhoneNumber {
    super::field::text_field!(PhoneNumber);

    fn tidy(&mut self, name: &str, max: usize, problems: &mut Violations) {
        const FEWEST_DIGITS: usize = 3;
        self.0.tidy(name, max, problems);
        if self.0.bytes().filter(u8::is_ascii_digit).count() < FEWEST_DIGITS {
            problems.add(name, "syntax", &self.0, "a phone number has at least three digits");
        }
    }

    fn keys(&self, _: &KeyRules, out: &mut dyn FnMut(String)) {
        out(self.digits());
    }

    fn words(&self, out: &mut Words) {
        out.add(&self.digits());
    }
}
