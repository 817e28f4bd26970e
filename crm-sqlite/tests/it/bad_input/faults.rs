//! A store that fails in the middle, and administrators who remove each other.

use super::{Desk, PASSWORD, everything, named, role};
use crm_core::contract::{FaultStore, PortCall};
use crm_core::port::Store;
use crm_core::{
    Contact, Crm, Currency, Customer, Error, Id, Interaction, Money, Operation, Opportunity, Query, Record,
    Result, Role, Session, User,
};
use crm_sqlite::{Durability, OpenOptions};
use std::sync::{Arc, Barrier};

/// Writes of every sort, one after the other, as one operation.
fn batch(desk: &Desk) -> Result<Operation> {
    let mut batch = desk.sys.batch();
    let emails = vec!["a@b.example".into()];
    let customer = batch.create(Customer { emails, tags: vec!["x".into()], ..named("Batch") })?;
    let person = batch.create(Contact { customer, given_name: "One".into(), ..Contact::default() })?;
    batch.create(Contact { customer, given_name: "Two".into(), primary: true, ..Contact::default() })?;
    let amount = Some(Money::new(5, Currency::KES));
    let deal =
        batch.create(Opportunity { customer, name: "Deal".into(), amount, ..Opportunity::default() })?;
    batch.update(deal, |deal| deal.stage = "won".into());
    batch.create(Interaction {
        customer,
        contacts: vec![person],
        subject: "Call".into(),
        ..Interaction::default()
    })?;
    batch.update(desk.customer.id, |customer| customer.name = "Changed".into());
    batch.update(desk.agent.id, |agent| agent.active = false);
    batch.delete(person);
    batch.restore(person);
    batch.delete(customer);
    batch.run()
}

/// Lets the n-th call fail for every n, until the write gets through; nothing is half-written for any of them.
fn fails_wholly(calls: &[PortCall], fewest: u64) {
    let inner = OpenOptions::in_memory().open().unwrap();
    let store = Arc::new(FaultStore::new(Arc::new(inner)));
    let desk = Desk::on(Arc::clone(&store) as Arc<dyn Store>);
    let before = everything(&desk.crm);
    let mut nth = 0;
    let operation = loop {
        nth += 1;
        store.fail_once(calls, nth, || Error::Storage { reason: "pulled the plug".into(), source: None });
        let result = batch(&desk);
        let failed = store.failed();
        store.heal();
        match result {
            Ok(operation) => {
                assert_eq!(failed, 0, "a failure was passed over");
                break operation;
            }
            Err(error) => {
                assert_eq!((error.code(), failed), ("storage", 1), "{error}");
                assert_eq!(everything(&desk.crm), before, "call {nth}");
            }
        }
        let report = desk.crm.check().unwrap();
        assert!(report.is_clean(), "call {nth}: {:?}", report.problems);
    };
    assert!(nth > fewest, "only {nth} calls were counted");
    assert_eq!(operation.changes.len(), 16);
    assert!(desk.crm.check().unwrap().is_clean());
    let count = desk.sys.customers().trash(&Query::new().with_total()).unwrap().total;
    assert_eq!(count, Some(1));
}

#[test]
fn a_write_that_fails_leaves_nothing_of_its_batch() {
    fails_wholly(&[PortCall::Write], 15);
}

#[test]
fn a_read_that_fails_leaves_nothing_of_its_batch() {
    fails_wholly(&[PortCall::Read], 15);
}

#[test]
fn a_begin_or_commit_that_fails_leaves_nothing_of_its_batch() {
    fails_wholly(&[PortCall::Begin, PortCall::Commit], 2);
}

#[test]
fn a_store_that_keeps_failing_is_told_each_time() {
    let store = Arc::new(FaultStore::new(Arc::new(OpenOptions::in_memory().open().unwrap())));
    let desk = Desk::on(Arc::clone(&store) as Arc<dyn Store>);
    store.fail_from(&[PortCall::Begin], 1, || Error::Busy);
    for _ in 0..3 {
        desk.refuses("busy", || desk.sys.customers().create(named("x")));
        desk.refuses("busy", || desk.crm.login("amina", PASSWORD));
    }
    store.fail_from(&[PortCall::View, PortCall::Read], 1, || Error::Interrupted);
    for _ in 0..3 {
        assert_eq!(desk.sys.customers().list(&Query::new()).unwrap_err().code(), "interrupted");
        assert_eq!(desk.sys.customers().create(named("x")).unwrap_err().code(), "interrupted");
    }
    store.heal();
    assert_eq!(desk.sys.customers().count(&Query::new()).unwrap(), 1);
}

fn active_admins(sys: &Session) -> u64 {
    let admin = role(sys, "admin");
    sys.users()
        .count(&Query::new().filter(User::ACTIVE.is(true)).filter(User::ROLE.is(admin.uuid())))
        .unwrap()
}

/// Two administrators do this to each other at the same moment: one gets through, the other is told, one is left.
fn each_other(remove: impl Fn(&Session, Id<User>, Id<Role>) -> Result<()> + Sync) {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..10 {
        let path = folder.path().join(format!("{round}.db"));
        let store = OpenOptions::new(path).durability(Durability::Normal).open().unwrap();
        let desk = Desk::on(Arc::new(store));
        let agent = desk.agent.role;
        let second = desk.sys.users().update(desk.agent.id, |user| user.role = desk.admin.role).unwrap();
        let barrier = Barrier::new(2);
        let run = |crm: &Crm, me: &str, other: &Record<User>| {
            let session = crm.login(me, PASSWORD).unwrap();
            session.me().unwrap();
            barrier.wait();
            remove(&session, other.id, agent).map_err(|error| error.code())
        };
        let results = std::thread::scope(|scope| {
            let first = scope.spawn(|| run(&desk.crm, "amina", &second));
            let second = scope.spawn(|| run(&desk.crm, "juma", &desk.admin));
            [first.join().unwrap(), second.join().unwrap()]
        });
        let refused: Vec<_> = results.iter().filter_map(|result| result.err()).collect();
        assert_eq!(refused.len(), 1, "{results:?}");
        assert!(matches!(refused[0], "session_ended" | "denied" | "refused"), "{refused:?}");
        assert_eq!(active_admins(&desk.sys), 1);
        assert!(desk.crm.check().unwrap().is_clean());
    }
}

#[test]
fn of_two_admins_who_deactivate_each_other_one_stays() {
    each_other(|session, other, _| session.users().update(other, |user| user.active = false).map(drop));
}

#[test]
fn of_two_admins_who_demote_each_other_one_stays() {
    each_other(|session, other, agent| session.users().update(other, |user| user.role = agent).map(drop));
}

#[test]
fn the_last_administrator_stays() {
    let desk = Desk::new();
    let agent = desk.agent.role;
    let session = desk.login("amina");
    let last_admin = |error: Error| assert_eq!(error.fields()["rule"], "last_admin".into(), "{error}");
    for session in [&session, &desk.sys] {
        let (users, admin) = (session.users(), desk.admin.id);
        last_admin(desk.refuses("refused", || users.update(admin, |user| user.active = false)));
        last_admin(desk.refuses("refused", || users.update(admin, |user| user.role = agent)));
        let error = desk.refuses("refused", || users.delete(admin));
        assert_eq!(error.fields()["rule"], "user_stays".into());
    }
    session.me().expect("the refused attempts ended nobody's session");
    // Somebody else becomes one and the first steps back; to take the promotion back would leave nobody.
    let last = || desk.crm.changes_since(0, usize::MAX).unwrap().pop().unwrap();
    desk.sys.users().update(desk.agent.id, |user| user.role = desk.admin.role).unwrap();
    let promotion = last();
    desk.sys.users().update(desk.admin.id, |user| user.role = agent).unwrap();
    last_admin(desk.refuses("refused", || desk.sys.undo(promotion.id)));
    assert_eq!(active_admins(&desk.sys), 1);
    let error = desk.refuses("refused", || {
        desk.crm.create_admin(User { username: "x".into(), ..User::default() }, "long enough")
    });
    assert_eq!(error.fields()["rule"], "first_admin".into());
}
