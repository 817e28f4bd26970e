//! Feedback: what customers say of us.

use super::{Customer, Validate};
use crate::error::Violations;
use crate::value::{Id, Timestamp};
use crm_core_derive::Entity;
use serde::Serialize;

/// What a customer said of us.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Entity)]
#[entity(name = "feedback")]
pub struct Feedback {
    /// The customer. A merge moves the feedback to the survivor.
    #[entity(filterable, parent)]
    pub customer: Id<Customer>,
    /// What was said; may be blank when there is a rating.
    #[entity(searchable, max = 100_000)]
    pub text: String,
    /// From 1, bad, to 5, good.
    #[entity(filterable, sortable)]
    pub rating: Option<u8>,
    /// How it came: `survey`, `phone`, `shop`.
    #[entity(filterable, max = 100)]
    pub channel: Option<String>,
    /// When it was given; now when absent.
    #[entity(filterable, sortable)]
    pub provided_at: Option<Timestamp>,
}

impl Validate for Feedback {
    fn check(&self, problems: &mut Violations) {
        if self.text.is_empty() && self.rating.is_none() {
            problems.add("text", "blank", "", "feedback has a text or a rating");
        }
        if let Some(rating) = self.rating.filter(|rating| !(1..=5).contains(rating)) {
            problems.add("rating", "range", &rating.to_string(), "a rating is 1 to 5");
        }
    }
}
