//! Notes about a customer.

use super::{Customer, Opportunity, User, Validate};
use crate::error::Violations;
use crate::value::Id;
use crm_core_derive::Entity;
use serde::Serialize;

/// A free text about a customer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Entity)]
#[entity(name = "note")]
pub struct Note {
    /// The customer. A merge moves the note to the survivor.
    #[entity(filterable, parent)]
    pub customer: Id<Customer>,
    /// The opportunity that it is about; one of the same customer.
    #[entity(filterable, link)]
    pub opportunity: Option<Id<Opportunity>>,
    /// Who wrote it: set by the library to the session's user; the embedding program may set it on creation.
    #[entity(system, filterable, link)]
    pub author: Option<Id<User>>,
    /// The text; not blank.
    #[entity(searchable, max = 100_000)]
    pub body: String,
    /// Shown before others.
    #[entity(filterable, sortable)]
    pub pinned: bool,
}

impl Validate for Note {
    fn check(&self, problems: &mut Violations) {
        if self.body.is_empty() {
            problems.add("body", "blank", "", "a note says something");
        }
    }
}
