//! Opportunities, which sales people call deals.

use super::{Contact, Customer, Pipeline, StageKind, User, Validate};
use crate::error::Violations;
use crate::value::{Id, Money};
use chrono::NaiveDate;
use crm_core_derive::{Composite, Entity};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A chance to sell something to a customer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, Entity)]
#[entity(name = "opportunity")]
#[serde(default, deny_unknown_fields)]
pub struct Opportunity {
    /// The customer.
    #[entity(filterable, parent)]
    pub customer: Id<Customer>,
    /// The people at the customer who have a part in it.
    #[entity(key, filterable, link)]
    pub contacts: Vec<OpportunityContact>,
    /// What it is about.
    #[entity(filterable, sortable, searchable, max = 255)]
    pub name: String,
    /// The pipeline; the default one when nil.
    #[entity(filterable, restrict)]
    pub pipeline: Option<Id<Pipeline>>,
    /// The key of its stage; the pipeline's first open one when blank.
    #[entity(filterable, sortable, max = 100)]
    pub stage: String,
    /// Open, won or lost, as the stage says; to change it set `stage`.
    #[entity(system, filterable, sortable)]
    pub status: StageKind,
    /// What it is worth.
    #[entity(filterable, sortable)]
    pub amount: Option<Money>,
    /// How likely it is won, in percent, when someone judged it by hand; absent means the stage's. 0 is a value.
    #[entity(filterable, sortable)]
    pub probability: Option<u8>,
    /// The day on which it began; today in the organisation's zone when neither it nor `closed_on` is given.
    #[entity(filterable, sortable)]
    pub opened_on: Option<NaiveDate>,
    /// The day on which it was won or lost; set on closing when absent, cleared on reopening.
    #[entity(filterable, sortable)]
    pub closed_on: Option<NaiveDate>,
    /// The day on which it is hoped to close.
    #[entity(filterable, sortable)]
    pub expected_close_on: Option<NaiveDate>,
    /// Days from opening to closing. Computed; absent while open.
    #[entity(system, filterable, sortable)]
    pub cycle_days: Option<i64>,
    /// The user who works on it; a session's user when none is given.
    #[entity(filterable, link)]
    pub owner: Option<Id<User>>,
    /// Ids in other systems by the name of the system; each belongs to one live opportunity.
    #[entity(unique)]
    pub external_ids: BTreeMap<String, String>,
    /// Why it was lost.
    #[entity(filterable)]
    pub lost_reason: Option<String>,
    /// Where it came from.
    #[entity(filterable, max = 100)]
    pub source: Option<String>,
    /// Free words to group opportunities by.
    #[entity(key, filterable, searchable, max = 100)]
    pub tags: Vec<String>,
}

impl Validate for Opportunity {
    fn check(&self, problems: &mut Violations) {
        if self.name.is_empty() {
            problems.add("name", "blank", "", "an opportunity has a name");
        }
        if let Some(percent) = self.probability.filter(|percent| *percent > 100) {
            problems.add("probability", "range", &percent.to_string(), "a probability is 0 to 100 percent");
        }
        if let (Some(opened), Some(closed)) = (self.opened_on, self.closed_on)
            && closed < opened
        {
            problems.add("closed_on", "range", &closed.to_string(), format!("it was opened on {opened}"));
        }
    }
}

/// A person's part in an opportunity.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, Composite)]
#[serde(deny_unknown_fields)]
pub struct OpportunityContact {
    /// The person.
    #[entity(key)]
    pub contact: Id<Contact>,
    /// The part: `decides`, `advises`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[entity(max = 100)]
    pub role: Option<String>,
}
