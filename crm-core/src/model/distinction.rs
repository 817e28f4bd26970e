//! What somebody has looked at and found different.

use super::{Contact, Customer, Validate};
use crate::error::Violations;
use crate::value::Id;
use crm_core_derive::Entity;
use serde::Serialize;

/// That two customers, or two contacts, look alike and are not the same: they are no longer told as duplicates. Made
/// by [`Collection::not_duplicates`](crate::Collection::not_duplicates); whoever deletes it has them told again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Entity)]
#[entity(name = "distinction")]
pub struct Distinction {
    /// One customer, or the customer of the one contact. Decides who sees the distinction.
    #[entity(filterable, parent)]
    pub customer: Id<Customer>,
    /// The customer that is another one.
    #[entity(filterable, link)]
    pub other: Option<Id<Customer>>,
    /// One contact, when it is about contacts.
    #[entity(filterable, parent)]
    pub contact: Option<Id<Contact>>,
    /// The contact that is another one.
    #[entity(filterable, link)]
    pub other_contact: Option<Id<Contact>>,
}

impl Validate for Distinction {
    fn check(&self, problems: &mut Violations) {
        let reason = "a distinction names two different customers, or two different contacts";
        match (self.other, self.contact, self.other_contact) {
            (Some(other), None, None) if other != self.customer => {}
            (None, Some(one), Some(other)) if one != other => {}
            (Some(other), None, None) => problems.add("other", "same", &other.to_string(), reason),
            (None, Some(one), Some(_)) => problems.add("other_contact", "same", &one.to_string(), reason),
            _ => problems.add("other", "blank", "", reason),
        }
    }
}
