//! The rules of the domain, on the memory store.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests say what they expect by failing"
)]

mod access;
mod as_of;
mod attachments;
mod bulk;
mod calendars;
mod cases;
mod contacts;
mod custom_fields;
mod customers;
mod dispatch;
mod dump;
mod duplicates;
mod emails;
mod erase;
mod events;
mod export;
mod feedback;
#[cfg(feature = "exchange")]
mod import;
mod insight;
mod interactions;
mod leads;
mod merge;
mod notes;
mod opportunities;
mod phones;
mod pipelines;
mod products_and_sales;
mod rates;
mod recurrence;
mod reminders;
mod sample;
mod saved_views;
mod second_opinion;
mod shared;
mod trash;
mod undo;
mod values;
mod vcards;
mod zones;

use crm_core::contract::{ManualClock, test_options};
use crm_core::{Contact, Crm, Customer, Error, Id, MemoryStore, Opportunity, Record, Session, User};
use shared::shared;
use std::sync::Arc;

/// A CRM whose clock stands at Monday, 2 March 2026, 06:00 UTC, and its administrator.
struct Office {
    crm: Crm,
    clock: Arc<ManualClock>,
    admin: Session,
}

fn office() -> Office {
    office_at("2026-03-02T06:00:00Z")
}

fn office_at(now: &str) -> Office {
    let (options, clock) = test_options(7);
    clock.set(now.parse().unwrap());
    let crm = Crm::open(Arc::new(MemoryStore::new()), options).unwrap();
    crm.create_admin(User { username: "amina".into(), ..User::default() }, "correct horse").unwrap();
    let admin = crm.login("amina", "correct horse").unwrap();
    Office { crm, clock, admin }
}

impl Office {
    fn customer(&self, name: &str) -> Record<Customer> {
        // Sessions of users end when a test moves the clock far.
        let program = self.crm.system("test");
        program.customers().create(Customer { name: name.into(), ..Customer::default() }).unwrap()
    }

    fn contact(&self, customer: Id<Customer>, name: &str) -> Record<Contact> {
        let contact = Contact { customer, given_name: name.into(), ..Contact::default() };
        self.admin.contacts().create(contact).unwrap()
    }

    fn deal(&self, customer: Id<Customer>) -> Record<Opportunity> {
        let deal = Opportunity { customer, name: "Ten tons of tea".into(), ..Opportunity::default() };
        self.admin.opportunities().create(deal).unwrap()
    }

    /// A user with one of the shipped roles, logged in.
    fn user(&self, username: &str, role: &str, team: Option<&str>) -> Session {
        let role = crm_core::Query::new().filter(crm_core::Role::KEY.is(role));
        let role = self.admin.roles().list(&role).unwrap().items[0].id;
        let user = User { username: username.into(), role, team: team.map(Into::into), ..User::default() };
        let user = self.admin.users().create(user).unwrap();
        self.admin.set_password(user.id, "battery staple").unwrap();
        self.crm.login(username, "battery staple").unwrap()
    }
}

/// The error's code, with the rule of a refusal or the rules of the violations.
#[track_caller]
fn failure<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    match result.unwrap_err() {
        Error::Refused { rule, .. } => format!("refused {rule}"),
        Error::Invalid(violations) => {
            let told = violations.iter().map(|violation| format!("{} {}", violation.field, violation.rule));
            format!("invalid {}", told.collect::<Vec<_>>().join(", "))
        }
        error => error.code().to_owned(),
    }
}
