//! Contacts: the people at a customer.

use super::{Customer, Validate};
use crate::error::Violations;
use crate::value::{Address, CustomValues, Email, Id, Phone};
use chrono::NaiveDate;
use crm_core_derive::Entity;
use serde::Serialize;
use std::collections::BTreeMap;

/// A person at a customer.
///
/// Contacts of one customer can be merged: the survivor's value of a field wins and an empty one is filled from the
/// others, unless the field says more.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Entity)]
#[entity(name = "contact")]
pub struct Contact {
    /// The customer that the person is at. When customers are merged their contacts move to the survivor.
    #[entity(filterable, parent)]
    pub customer: Id<Customer>,
    /// Given name.
    #[entity(filterable, sortable, searchable, max = 255)]
    pub given_name: String,
    /// Family name.
    #[entity(filterable, sortable, searchable, max = 255)]
    pub family_name: String,
    /// E-mail addresses, the first is the primary one. A merge unites them.
    #[entity(key, filterable, searchable)]
    pub emails: Vec<Email>,
    /// Phone numbers, the first is the primary one. A merge unites them.
    #[entity(key, filterable, searchable)]
    pub phones: Vec<Phone>,
    /// What the person does there.
    #[entity(filterable, sortable, searchable, max = 255)]
    pub position: Option<String>,
    /// The part of the organisation.
    #[entity(filterable, sortable, max = 255)]
    pub department: Option<String>,
    /// The one to talk to first. The first contact of a customer is it by itself; another made primary takes over.
    /// In a merge it is the survivor when any of them was; of two merged customers the survivor's stays.
    #[entity(filterable, sortable)]
    pub primary: bool,
    /// Date of birth.
    #[entity(filterable, sortable)]
    pub birthday: Option<NaiveDate>,
    /// The postal address, when it is not the customer's. A merge takes it whole.
    #[entity(filterable, sortable)]
    pub address: Option<Address>,
    /// Free text.
    #[entity(max = 100_000)]
    pub description: String,
    /// Ids in other systems by the name of the system; each belongs to one live contact. A merge unites them.
    #[entity(unique)]
    pub external_ids: BTreeMap<String, String>,
    /// Properties of an imported vCard that have no field here. A merge unites them.
    #[entity(max = 100_000)]
    pub extra: BTreeMap<String, String>,
    /// The contact that this one was merged into, for one in the trash; it goes for good with that. Set by the library.
    #[entity(system, filterable, parent)]
    pub merged_into: Option<Id<Contact>>,
    /// The organisation's own fields. A merge treats each as a field of its own.
    #[entity(filterable, sortable, searchable)]
    pub custom: CustomValues,
}

impl Validate for Contact {
    fn check(&self, problems: &mut Violations) {
        if self.given_name.is_empty() && self.family_name.is_empty() {
            problems.add("family_name", "blank", "", "a contact has a given or a family name");
        }
    }
}
