//! Bad input and bad luck: each gives its typed error with its fields, and loses nothing.

mod faults;
mod files;
mod lists;
mod login;
mod references;
mod stopped;
mod strings;
mod values;
mod versions;

use crm_core::contract::{ManualClock, test_options};
use crm_core::port::Store;
use crm_core::{Collection, Crm, Customer, Error, Id, Query, Record, Result, Role, Rules, Session, User};
use crm_sqlite::OpenOptions;
use std::fmt::{Debug, Write};
use std::sync::Arc;

const PASSWORD: &str = "correct horse";

/// A CRM with an administrator, an agent and a customer.
struct Desk {
    crm: Crm,
    clock: Arc<ManualClock>,
    sys: Session,
    admin: Record<User>,
    agent: Record<User>,
    customer: Record<Customer>,
}

impl Desk {
    fn new() -> Self {
        Desk::on(Arc::new(OpenOptions::in_memory().open().unwrap()))
    }

    fn on(store: Arc<dyn Store>) -> Self {
        let (options, clock) = test_options(3);
        let crm = Crm::open(store, options).unwrap();
        let sys = crm.system("test");
        let admin = User { username: "amina".into(), ..User::default() };
        let admin = crm.create_admin(admin, PASSWORD).unwrap();
        let agent = User { username: "juma".into(), role: role(&sys, "agent"), ..User::default() };
        let agent = sys.users().create(agent).unwrap();
        sys.set_password(agent.id, PASSWORD).unwrap();
        let customer = sys.customers().create(named("Mara Tea")).unwrap();
        Desk { crm, clock, sys, admin, agent, customer }
    }

    fn login(&self, username: &str) -> Session {
        self.crm.login(username, PASSWORD).unwrap()
    }

    /// That a call is refused with this code, and that everything is as it was before.
    #[track_caller]
    fn refuses<T: Debug>(&self, code: &str, call: impl FnOnce() -> Result<T>) -> Error {
        let before = everything(&self.crm);
        let error = call().expect_err(code);
        assert_eq!(error.code(), code, "{error}");
        assert_eq!(everything(&self.crm), before, "after {error}");
        let report = self.crm.check().unwrap();
        assert!(report.is_clean(), "after {error}: {:?}", report.problems);
        error
    }

    /// That a call is `invalid`, with these fields and rules.
    #[track_caller]
    fn invalid<T: Debug>(&self, expected: &[(&str, &str)], call: impl FnOnce() -> Result<T>) -> Error {
        let error = self.refuses("invalid", call);
        assert_eq!(violations(&error), expected, "{error}");
        error
    }
}

fn named(name: &str) -> Customer {
    Customer { name: name.to_owned(), ..Customer::default() }
}

fn role(sys: &Session, key: &str) -> Id<Role> {
    sys.roles().list(&Query::new()).unwrap().into_iter().find(|role| role.key == key).unwrap().id
}

/// The fields of an `invalid` error with the rules that they break.
#[track_caller]
fn violations(error: &Error) -> Vec<(&str, &str)> {
    match error {
        Error::Invalid(violations) => violations.iter().map(|v| (v.field.as_str(), v.rule)).collect(),
        other => panic!("{other}"),
    }
}

/// All records, live and in the trash, and the journal, as text.
fn everything(crm: &Crm) -> String {
    fn all<E: Rules>(text: &mut String, collection: Collection<'_, E>) {
        let query = Query::new().page_size(Query::LARGEST_PAGE);
        writeln!(text, "{:?}", collection.list(&query).unwrap().items).unwrap();
        writeln!(text, "{:?}", collection.trash(&query).unwrap().items).unwrap();
    }
    let sys = crm.system("everything");
    let mut text = String::new();
    all(&mut text, sys.customers());
    all(&mut text, sys.contacts());
    all(&mut text, sys.pipelines());
    all(&mut text, sys.opportunities());
    all(&mut text, sys.interactions());
    all(&mut text, sys.reminders());
    all(&mut text, sys.users());
    all(&mut text, sys.roles());
    writeln!(text, "{:?}", sys.settings().unwrap()).unwrap();
    for operation in crm.changes_since(0, usize::MAX).unwrap() {
        writeln!(text, "{operation:?}").unwrap();
    }
    text
}
