//! Users: the employees who work with the system.

use super::{Role, Validate};
use crate::error::Violations;
use crate::value::{EmailAddress, Id, Zone};
use crm_core_derive::Entity;
use serde::Serialize;

/// Somebody who works with the system. Users are deactivated, never deleted: the journal speaks of them.
#[derive(Clone, Debug, PartialEq, Serialize, Entity)]
#[entity(name = "user")]
pub struct User {
    /// The name to log in with; compared without case.
    #[entity(unique, filterable, sortable, searchable, max = 100)]
    pub username: String,
    /// Given name.
    #[entity(filterable, sortable, searchable, max = 255)]
    pub given_name: String,
    /// Family name.
    #[entity(filterable, sortable, searchable, max = 255)]
    pub family_name: String,
    /// Where notices go.
    #[entity(filterable)]
    pub email: Option<EmailAddress>,
    /// Phone number.
    #[entity(max = 50)]
    pub phone: Option<String>,
    /// What the user may do.
    #[entity(filterable, restrict)]
    pub role: Id<Role>,
    /// The team: users with the same word here see each other's customers where a role says `team`.
    #[entity(filterable, sortable, max = 100)]
    pub team: Option<String>,
    /// Where the user is, for what is due when; where the organisation is when absent.
    pub time_zone: Option<Zone>,
    /// Whether the user may log in.
    #[entity(filterable)]
    pub active: bool,
}

impl Default for User {
    /// An active user without a name and a role.
    fn default() -> Self {
        User {
            username: String::new(),
            given_name: String::new(),
            family_name: String::new(),
            email: None,
            phone: None,
            role: Id::default(),
            team: None,
            time_zone: None,
            active: true,
        }
    }
}

impl Validate for User {
    fn check(&self, problems: &mut Violations) {
        if self.username.is_empty() {
            problems.add("username", "blank", "", "a user has a name to log in with");
        } else if self.username.contains(char::is_whitespace) {
            problems.add("username", "syntax", &self.username, "a user name has no white space");
        }
    }
}
