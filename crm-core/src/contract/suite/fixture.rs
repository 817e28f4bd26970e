//! What the cases share.

use super::Factory;
use crate::contract::{ManualClock, test_options};
use crate::crm::{Crm, Rules, Session};
use crate::error::{Error, Result};
use crate::model::{Action, Grants};
use crate::model::{Customer, Entity, Kind, Level, Query, Record, Role, User};
use crate::store::{Condition, Entry, IndexChange, Key, Plan, Sight, Store, Stored, Transaction};
use crate::value::{Id, Timestamp};
use std::fmt::Debug;
use std::sync::Arc;
use uuid::Uuid;

/// A CRM on a new store, with a clock that stands still.
pub(super) struct Office {
    pub(super) crm: Crm,
    pub(super) clock: Arc<ManualClock>,
    pub(super) store: Arc<dyn Store>,
    pub(super) sys: Session,
}

pub(super) const PASSWORD: &str = "correct horse";

impl Office {
    pub(super) fn new(factory: Factory<'_>) -> Self {
        Office::on(factory())
    }

    pub(super) fn on(store: Arc<dyn Store>) -> Self {
        let (options, clock) = test_options(7);
        let crm = Crm::open(Arc::clone(&store), options).unwrap();
        let sys = crm.system("suite");
        Office { crm, clock, store, sys }
    }

    pub(super) fn customer(&self, name: &str) -> Record<Customer> {
        self.sys.customers().create(Customer { name: name.to_owned(), ..Customer::default() }).unwrap()
    }

    /// A role that does everything that it may with records at this level, and sees users and roles.
    pub(super) fn role(&self, key: &str, level: Level) -> Id<Role> {
        let mut grants = Grants::of_all_kinds(Action::ALL, level);
        for kind in [Kind::User, Kind::Role, Kind::Pipeline, Kind::Settings] {
            grants.grant(kind, Action::View, Level::All);
        }
        let role = Role { key: key.to_owned(), grants, journal_view: true, ..Role::default() };
        self.sys.roles().create(role).unwrap().id
    }

    pub(super) fn shipped_role(&self, key: &str) -> Id<Role> {
        let roles = self.sys.roles().list(&Query::new()).unwrap();
        roles.into_iter().find(|role| role.key == key).unwrap().id
    }

    pub(super) fn user(&self, username: &str, role: Id<Role>, team: Option<&str>) -> Record<User> {
        let team = team.map(str::to_owned);
        let user = User { username: username.to_owned(), role, team, ..User::default() };
        let user = self.sys.users().create(user).unwrap();
        self.sys.set_password(user.id, PASSWORD).unwrap();
        user
    }

    pub(super) fn login(&self, username: &str) -> Session {
        self.crm.login(username, PASSWORD).unwrap()
    }
}

/// The moment at which tests begin.
pub(super) fn monday() -> Timestamp {
    "2026-03-02T06:00:00Z".parse().unwrap()
}

pub(super) fn id<E>(number: u128) -> Id<E> {
    Id::from_uuid(Uuid::from_u128(number))
}

/// A live record of version 1.
pub(super) fn entry<E: Entity>(number: u128, data: E) -> Entry<E> {
    let at = monday();
    let record = Record {
        id: id(number),
        version: 1,
        created_at: at,
        created_by: None,
        updated_at: at,
        updated_by: None,
        data,
    };
    Entry { record, deletion: None }
}

pub(super) fn named(name: &str) -> Customer {
    Customer { name: name.to_owned(), ..Customer::default() }
}

pub(super) fn no_index() -> IndexChange {
    IndexChange::default()
}

pub(super) fn unique(field: &'static str, key: &str) -> Key {
    Key { field, key: key.to_owned(), unique: true }
}

pub(super) fn insert<E: Stored>(tx: &mut (dyn Transaction + '_), entry: &Entry<E>) {
    E::repo(tx).insert(entry, &no_index()).unwrap();
}

/// Writes in a transaction of its own.
pub(super) fn write<T>(store: &dyn Store, write: impl FnOnce(&mut (dyn Transaction + '_)) -> T) -> T {
    let mut tx = store.begin().unwrap();
    let result = write(&mut *tx);
    tx.commit().unwrap();
    result
}

/// The committed record.
pub(super) fn stored<E: Stored>(store: &dyn Store, id: Id<E>) -> Option<Entry<E>> {
    let view = store.reader().unwrap();
    E::read(&*view).get(id, &Sight::all()).unwrap()
}

pub(super) fn everything() -> Plan {
    Plan::all_where(Condition::All(Vec::new()), false, usize::MAX)
}

pub(super) fn count<E: Stored>(store: &dyn Store) -> u64 {
    let view = store.reader().unwrap();
    E::read(&*view).count(&everything()).unwrap()
}

/// That a call was refused with this code; gives the error.
#[track_caller]
pub(super) fn refused<T: Debug>(result: Result<T>, code: &str) -> Error {
    let error = result.expect_err(code);
    assert_eq!(error.code(), code, "{error}");
    error
}

/// A word for each record of a list.
pub(super) fn names<E: Rules>(records: impl IntoIterator<Item = Record<E>>) -> Vec<String> {
    records.into_iter().map(|record| record.data.title()).collect()
}
