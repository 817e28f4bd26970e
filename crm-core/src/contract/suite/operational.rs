//! Operational data: sessions, log-in attempts, password hashes, counters. No journal tells of it.

use super::Factory;
use super::fixture::{Office, PASSWORD, count, entry, id, insert, monday, named, no_index, refused, write};
use crate::model::{Customer, Deletion, Entity, Role, User};
use crate::store::{Attempts, Entry, Head, IndexChange, Key, SessionRow, Store, StoreState, Stored};
use crate::value::Id;
use chrono::TimeDelta;
use uuid::Uuid;

/// A store with the users 3 and 4.
fn with_users(factory: Factory<'_>) -> std::sync::Arc<dyn Store> {
    let store = factory();
    write(&*store, |tx| {
        insert(tx, &entry(2, Role::shipped().remove(0)));
        for (number, username) in [(3, "amina"), (4, "bob")] {
            let user = User { username: username.into(), role: id(2), ..User::default() };
            insert(tx, &entry(number, user));
        }
    });
    store
}

fn session(token: u8, user: Id<User>) -> SessionRow {
    let created_at = monday();
    let expires_at = created_at + TimeDelta::hours(12);
    SessionRow { token_hash: [token; 32], user, created_at, expires_at, revoked_at: None }
}

/// Sessions are kept by the hash of their token and revoked singly or all of a user; the first revocation stays.
pub fn sessions_are_kept_and_revoked(factory: Factory<'_>) {
    let store = with_users(factory);
    write(&*store, |tx| {
        tx.add_session(&session(1, id(3))).unwrap();
        tx.add_session(&session(2, id(3))).unwrap();
        tx.add_session(&session(3, id(4))).unwrap();
        assert_eq!(tx.session(&[1; 32]).unwrap(), Some(session(1, id(3))));
    });
    let stored = |token: u8| store.reader().unwrap().session(&[token; 32]).unwrap();
    assert_eq!(stored(2), Some(session(2, id(3))));
    assert_eq!(stored(9), None);
    let (early, late) = (monday() + TimeDelta::microseconds(1), monday() + TimeDelta::hours(1));
    write(&*store, |tx| tx.revoke_session(&[1; 32], early).unwrap());
    write(&*store, |tx| tx.revoke_sessions_of(id(3), late).unwrap());
    write(&*store, |tx| tx.revoke_session(&[9; 32], late).unwrap());
    let revoked = |token| stored(token).unwrap().revoked_at;
    assert_eq!((revoked(1), revoked(2), revoked(3)), (Some(early), Some(late), None));
}

/// Failed log-ins are kept by name, replaced and forgotten.
pub fn attempts_are_kept_by_name(factory: Factory<'_>) {
    let store = factory();
    let attempts = |failures| Attempts { failures, retry_at: monday() + TimeDelta::seconds(failures.into()) };
    let stored = |name: &str| store.reader().unwrap().attempts(name).unwrap();
    assert_eq!(stored("amina"), None);
    write(&*store, |tx| tx.set_attempts("amina", Some(&attempts(1))).unwrap());
    write(&*store, |tx| tx.set_attempts("amina", Some(&attempts(u32::MAX))).unwrap());
    write(&*store, |tx| tx.set_attempts("zoë 'x'", Some(&attempts(2))).unwrap());
    assert_eq!((stored("amina"), stored("zoë 'x'")), (Some(attempts(u32::MAX)), Some(attempts(2))));
    write(&*store, |tx| tx.set_attempts("amina", None).unwrap());
    write(&*store, |tx| tx.set_attempts("nobody", None).unwrap());
    assert_eq!((stored("amina"), stored("nobody")), (None, None));
}

/// A user has one password hash or none.
pub fn credentials_are_set_and_replaced(factory: Factory<'_>) {
    let store = with_users(factory);
    let stored = |user| store.reader().unwrap().credential(user).unwrap();
    assert_eq!(stored(id(3)), None);
    write(&*store, |tx| tx.set_credential(id(3), "one").unwrap());
    write(&*store, |tx| tx.set_credential(id(3), "two").unwrap());
    assert_eq!((stored(id(3)), stored(id(4))), (Some("two".to_owned()), None));
}

/// Counters count from 1, each for itself, and give their numbers back when the transaction is rolled back.
pub fn counters_give_back_what_was_not_committed(factory: Factory<'_>) {
    let store = factory();
    write(&*store, |tx| {
        assert_eq!(tx.next_number("customer").unwrap(), 1);
        assert_eq!(tx.next_number("customer").unwrap(), 2);
        assert_eq!(tx.next_number("other").unwrap(), 1);
    });
    {
        let mut tx = store.begin().unwrap();
        assert_eq!(tx.next_number("customer").unwrap(), 3);
        tx.raise_number("customer", 1_000).unwrap();
        assert_eq!(tx.next_number("customer").unwrap(), 1_001);
    }
    write(&*store, |tx| {
        tx.raise_number("customer", 1).unwrap();
        assert_eq!(tx.next_number("customer").unwrap(), 3);
        tx.raise_number("customer", 7).unwrap();
        tx.raise_number("new", 5).unwrap();
    });
    write(&*store, |tx| {
        assert_eq!(tx.next_number("customer").unwrap(), 8);
        assert_eq!(tx.next_number("new").unwrap(), 6);
    });
}

/// What every write looks at first: the authority's number, and when the last operation took place.
pub fn the_state_tells_of_authority_and_time(factory: Factory<'_>) {
    let store = factory();
    let state = || store.reader().unwrap().state().unwrap();
    assert_eq!(state(), StoreState { authority: 0, last_operation_at: None, head: Head::default() });
    write(&*store, |tx| {
        tx.bump_authority().unwrap();
        assert_eq!(tx.state().unwrap().authority, 1);
    });
    drop(store.begin().map(|mut tx| tx.bump_authority()));
    assert_eq!(state().authority, 1);
    let office = Office::on(store);
    let at = office.customer("Mara").created_at;
    assert_eq!(office.store.reader().unwrap().state().unwrap().last_operation_at, Some(at));
}

/// What is made of the whole store finds everything, a page at a time: records in the order in which they were put in,
/// live or not, names of bytes, and counters.
pub fn everything_is_found_page_by_page(factory: Factory<'_>) {
    let store = factory();
    let trashed = Deletion { id: Uuid::from_u128(9), at: monday(), by: None };
    // Ids and moments tell another order than that of putting in.
    let customers = [(30, None), (10, Some(trashed)), (20, None), (5, Some(trashed)), (40, None)]
        .map(|(number, deletion)| Entry { deletion, ..entry(number, named(&format!("No {number}"))) });
    write(&*store, |tx| {
        for customer in &customers {
            insert(tx, customer);
        }
        for (content, place, bytes) in [(7, 0, "a"), (7, 1, "b"), (3, 0, ""), (9, 0, "c")] {
            tx.add_chunk(&[content; 32], place, bytes.as_bytes()).unwrap();
        }
        assert_eq!(tx.next_number("codes").unwrap(), 1);
        tx.raise_number("bills", 41).unwrap();
        assert_eq!(tx.contents(None, 9).unwrap().len(), 3);
    });
    let view = store.snapshot().unwrap();
    let read = Customer::read(&*view);
    assert_eq!(read.all(None, 9).unwrap(), customers);
    assert_eq!(read.all(None, 2).unwrap(), customers[..2]);
    assert_eq!(read.all(Some(id(10)), 2).unwrap(), customers[2..4]);
    assert_eq!(read.all(Some(id(40)), 2).unwrap(), []);
    assert!(Role::read(&*view).all(None, 2).unwrap().is_empty());
    assert_eq!(view.contents(None, 2).unwrap(), [[3; 32], [7; 32]]);
    assert_eq!(view.contents(Some(&[7; 32]), 2).unwrap(), [[9; 32]]);
    assert_eq!(view.counters().unwrap(), [("bills".to_owned(), 41), ("codes".to_owned(), 1)]);
}

/// A record may refer to one that follows in the same transaction, when the writer says so beforehand.
pub fn references_may_lead_to_what_follows(factory: Factory<'_>) {
    let store = factory();
    write(&*store, |tx| {
        tx.defer_references().unwrap();
        insert(tx, &entry(10, Customer { parent: Some(id(11)), ..named("First") }));
        insert(tx, &entry(11, Customer { parent: Some(id(10)), ..named("Second") }));
    });
    assert_eq!(count::<Customer>(&*store), 2);
}

/// The keys of a field become unique when no two live records share one, and shared again at any time.
pub fn uniqueness_of_a_field_is_switched(factory: Factory<'_>) {
    let store = factory();
    let key = |unique| Key { field: "emails", key: "a@b.example".into(), unique };
    let shared = IndexChange { added: vec![key(false)], ..no_index() };
    write(&*store, |tx| {
        Customer::repo(tx).insert(&entry(10, named("One")), &shared).unwrap();
        Customer::repo(tx).insert(&entry(11, named("Two")), &shared).unwrap();
    });
    let mut tx = store.begin().unwrap();
    let error = refused(tx.set_unique(Customer::ENTITY, "emails", true), "duplicate");
    assert_eq!(error.fields()["value"], "a@b.example".into());
    drop(tx);
    let give_up = IndexChange { removed: vec![key(false)], ..no_index() };
    write(&*store, |tx| {
        Customer::repo(tx)
            .replace(&entry(11, named("Two")), crate::model::FieldSet::EMPTY, &give_up)
            .unwrap();
        tx.set_unique(Customer::ENTITY, "emails", true).unwrap();
    });
    let mut tx = store.begin().unwrap();
    let claim = IndexChange { added: vec![key(true)], ..no_index() };
    refused(Customer::repo(&mut *tx).insert(&entry(12, named("Three")), &claim), "duplicate");
    drop(tx);
    write(&*store, |tx| tx.set_unique(Customer::ENTITY, "emails", false).unwrap());
    write(&*store, |tx| Customer::repo(tx).insert(&entry(12, named("Three")), &shared).unwrap());
}

/// Logging in, failing to, and logging out leave no trace in the journal.
pub fn logging_in_is_not_journalled(factory: Factory<'_>) {
    let office = Office::new(factory);
    office.user("amina", office.shipped_role("agent"), None);
    let before = office.crm.changes_since(0, 1_000).unwrap();
    refused(office.crm.login("amina", "wrong"), "bad_credentials");
    let session = office.login("AMINA");
    let token = session.token().unwrap().to_owned();
    assert_eq!(office.crm.resume(&token).unwrap().actor(), session.actor());
    session.logout().unwrap();
    refused(session.me(), "session_ended");
    refused(office.crm.resume(&token), "session_ended");
    assert_eq!(office.crm.changes_since(0, 1_000).unwrap(), before);
    assert!(!serde_json::to_string(&before).unwrap().contains(PASSWORD));
    assert!(!serde_json::to_string(&before).unwrap().contains("argon2"), "no hash is in the journal");
}
