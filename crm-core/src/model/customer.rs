//! Customers, and the leads that they are at first.

use super::{Contact, Opportunity, User, Validate};
use crate::error::Violations;
use crate::value::{Address, Code, CustomValues, Email, Id, Money, Phone, choice};
use crm_core_derive::{Composite, Entity};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A business or a person that we sell to, or hope to.
///
/// In a merge the survivor's value of a field wins and an empty one is filled from the others, unless the field says more.
#[derive(Clone, Debug, PartialEq, Serialize, Entity)]
#[entity(name = "customer")]
pub struct Customer {
    /// The code that people use, such as C001. Given once, never reused, sorted by its number. After a
    /// merge the code of a loser leads to the survivor.
    #[entity(system, filterable, sortable, searchable)]
    pub code: Option<Code>,
    /// A person (the default) or a business.
    #[entity(filterable)]
    pub kind: CustomerKind,
    /// Where the relationship stands. In a merge the furthest wins, together with its lead: active, prospect, lead, inactive.
    #[entity(filterable, sortable)]
    pub status: CustomerStatus,
    /// The name that is shown. When blank it is made of the given and the family name.
    #[entity(filterable, sortable, searchable, max = 255)]
    pub name: String,
    /// A person's given name.
    #[entity(filterable, max = 255)]
    pub given_name: Option<String>,
    /// A person's family name.
    #[entity(filterable, sortable, max = 255)]
    pub family_name: Option<String>,
    /// The company that a person belongs to.
    #[entity(filterable, sortable, searchable, max = 255)]
    pub company: Option<String>,
    /// E-mail addresses, the first is the primary one. One belongs to one live customer, unless the settings allow more.
    /// A merge unites them, the survivor's first.
    #[entity(unique, filterable, searchable)]
    pub emails: Vec<Email>,
    /// Phone numbers, the first is the primary one. A merge unites them, each number once in whatever format.
    #[entity(key, filterable, searchable)]
    pub phones: Vec<Phone>,
    /// The web site.
    #[entity(max = 2_000)]
    pub website: Option<String>,
    /// The postal address. A merge takes it whole.
    #[entity(filterable, sortable, searchable)]
    pub address: Option<Address>,
    /// Free words to group customers by. A merge unites them.
    #[entity(key, filterable, searchable, max = 100)]
    pub tags: Vec<String>,
    /// Free text.
    #[entity(max = 100_000)]
    pub description: String,
    /// Where the customer came from: `fair`, `web`.
    #[entity(filterable, max = 100)]
    pub source: Option<String>,
    /// The user who looks after the customer; a session's user when none is given. Decides who sees the customer.
    #[entity(filterable, link)]
    pub owner: Option<Id<User>>,
    /// The customer that this one belongs to, such as a parent company. A merge never makes a
    /// customer its own parent.
    #[entity(filterable, link)]
    pub parent: Option<Id<Customer>>,
    /// Ids in other systems by the name of the system; each belongs to one live customer. A merge
    /// unites them; of two ids in one system the survivor's stays.
    #[entity(unique)]
    pub external_ids: BTreeMap<String, String>,
    /// Properties of an imported vCard that have no field here. A merge unites them.
    #[entity(max = 100_000)]
    pub extra: BTreeMap<String, String>,
    /// How far the qualification has come; absent for those that never were a lead. In a merge
    /// the furthest status wins, the value and the reason are filled, and a conversion is never taken back.
    #[entity(filterable, sortable)]
    pub lead: Option<Lead>,
    /// The opportunity that the lead was converted to. Set by the library.
    #[entity(system, filterable, link)]
    pub converted_opportunity: Option<Id<Opportunity>>,
    /// The contact that was created when the lead was converted. Set by the library.
    #[entity(system, filterable, link)]
    pub converted_contact: Option<Id<Contact>>,
    /// The customer that this one was merged into, for one in the trash; it goes for good with that. Set by the library.
    #[entity(system, filterable, parent)]
    pub merged_into: Option<Id<Customer>>,
    /// The organisation's own fields. A merge treats each as a field of its own; lists of choices unite.
    #[entity(filterable, sortable, searchable)]
    pub custom: CustomValues,
}

impl Default for Customer {
    /// A new lead without a name.
    fn default() -> Self {
        Customer {
            code: None,
            kind: CustomerKind::Individual,
            status: CustomerStatus::Lead,
            name: String::new(),
            given_name: None,
            family_name: None,
            company: None,
            emails: Vec::new(),
            phones: Vec::new(),
            website: None,
            address: None,
            tags: Vec::new(),
            description: String::new(),
            source: None,
            owner: None,
            parent: None,
            external_ids: BTreeMap::new(),
            extra: BTreeMap::new(),
            lead: None,
            converted_opportunity: None,
            converted_contact: None,
            merged_into: None,
            custom: CustomValues::default(),
        }
    }
}

impl Validate for Customer {
    fn normalise(&mut self) {
        if self.name.is_empty() {
            let parts = [self.given_name.as_deref(), self.family_name.as_deref()];
            self.name = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
        }
        if self.status == CustomerStatus::Lead && self.lead.is_none() {
            self.lead = Some(Lead::default());
        }
        let lost = self.lead.as_ref().is_some_and(|lead| lead.status == LeadStatus::Lost);
        if lost && self.status == CustomerStatus::Lead {
            self.status = CustomerStatus::Inactive;
        }
    }

    fn check(&self, problems: &mut Violations) {
        if self.name.is_empty() {
            problems.add("name", "blank", "", "a customer has a name, or a given or family name");
        }
        if let Some(lead) = &self.lead {
            let in_qualification =
                matches!(lead.status, LeadStatus::New | LeadStatus::Contacted | LeadStatus::Qualified);
            if in_qualification != (self.status == CustomerStatus::Lead) {
                let reason = "a lead that is new, contacted or qualified has the status lead, and no other has: \
                              convert it, lose it, or set both";
                problems.add("status", "lead", self.status.as_str(), reason);
            }
        }
    }
}

choice! {
    /// A person or a business.
    pub enum CustomerKind {
        /// A person.
        Individual = "individual",
        /// A business or another organisation.
        Business = "business",
    }
}

choice! {
    /// Where the relationship with a customer stands.
    pub enum CustomerStatus {
        /// Not qualified yet.
        Lead = "lead",
        /// Qualified, has not bought yet.
        Prospect = "prospect",
        /// Buys.
        Active = "active",
        /// No longer, or never did.
        Inactive = "inactive",
    }
}

/// The qualification of a lead.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, Composite)]
#[serde(default, deny_unknown_fields)]
pub struct Lead {
    /// How far it has come.
    #[entity(filterable, sortable)]
    pub status: LeadStatus,
    /// How much it matters.
    #[entity(filterable, sortable)]
    pub priority: Priority,
    /// What it may be worth.
    #[entity(filterable, sortable)]
    pub estimated_value: Option<Money>,
    /// Why it was lost.
    pub lost_reason: Option<String>,
}

choice! {
    /// How far a lead has come.
    #[derive(Default)]
    pub enum LeadStatus {
        /// Nobody has spoken to it.
        #[default]
        New = "new",
        /// Somebody has.
        Contacted = "contacted",
        /// It is worth an offer.
        Qualified = "qualified",
        /// It came to nothing.
        Lost = "lost",
        /// It became a customer.
        Converted = "converted",
    }
}

choice! {
    /// How much something matters; sorts from low to high.
    #[derive(Default)]
    pub enum Priority {
        /// It can wait.
        Low = "low",
        /// As usual.
        #[default]
        Medium = "medium",
        /// First.
        High = "high",
    }
}
