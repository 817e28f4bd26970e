//! Saved views: lists under a name.

use super::{Kind, Query, User, Validate};
use crate::error::Violations;
use crate::value::Id;
use crm_core_derive::Entity;
use serde::Serialize;

/// A list that somebody wants to see again: its filter, words and order under a name. All users of the store see it;
/// what it lists is for each of them what he may see.
#[derive(Clone, Debug, PartialEq, Serialize, Entity)]
#[entity(name = "saved_view")]
pub struct SavedView {
    /// The name that is shown; not blank.
    #[entity(filterable, sortable, searchable, max = 255)]
    pub name: String,
    /// The kind of records that it lists. Stays.
    #[entity(filterable, sortable)]
    pub entity: Kind,
    /// Which of them, and in which order. It has no cursor.
    pub query: Query,
    /// Whose it is: set by the library to the session's user. Others change it only when they may edit settings.
    #[entity(system, filterable, link)]
    pub owner: Option<Id<User>>,
}

impl Default for SavedView {
    /// All customers.
    fn default() -> Self {
        SavedView { name: String::new(), entity: Kind::Customer, query: Query::new(), owner: None }
    }
}

impl Validate for SavedView {
    fn normalise(&mut self) {
        self.query.cursor = None;
    }

    fn check(&self, problems: &mut Violations) {
        if self.name.is_empty() {
            problems.add("name", "blank", "", "a saved view has a name");
        }
    }
}
