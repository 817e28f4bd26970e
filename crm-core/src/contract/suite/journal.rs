//! The journal: what was done, by whom, in which order.

use super::Factory;
use super::fixture::{Office, id, monday, named, write};
use crate::model::{Actor, Change, ChangeKind, Customer, FieldValues, ImportPart, Kind, Operation};
use crate::store::{Sealed, Sight, Store};
use crate::value::{Id, Value};
use chrono::TimeDelta;
use std::borrow::Cow;
use uuid::Uuid;

fn change(record: u128, version: u64) -> Change {
    let values = |text: &str| -> FieldValues { [(Cow::Borrowed("name"), Value::Text(text.into()))].into() };
    Change {
        kind: Kind::Customer,
        id: Uuid::from_u128(record),
        change: if version == 1 { ChangeKind::Create } else { ChangeKind::Update },
        version,
        customer: Some(Uuid::from_u128(record)),
        before: if version == 1 { FieldValues::new() } else { values("old") },
        after: values("new – „neu“"),
        erased: false,
    }
}

fn operation(number: u128, changes: Vec<Change>) -> Operation {
    Operation {
        seq: 0,
        id: Uuid::from_u128(1_000 + number),
        at: monday() + TimeDelta::microseconds(i64::try_from(number).unwrap()),
        actor: if number.is_multiple_of(2) { Actor::User(id(3)) } else { Actor::System("suite".into()) },
        command: Cow::Borrowed("update"),
        import: None,
        undoes: (number == 3).then(|| Uuid::from_u128(1_001)),
        changes,
    }
}

fn append(store: &dyn Store, operation: Operation) -> Operation {
    write(store, |tx| {
        let sealed = Sealed::new(operation, tx.state().unwrap().head, || Ok([7; 16])).unwrap();
        tx.append(&sealed).unwrap();
        sealed.operation
    })
}

/// The operations that carry an import's id come back with what they say of it, oldest first; no others do.
pub fn operations_of_an_import(factory: Factory<'_>) {
    let store = factory();
    let part = |import: u128, rows: u64| ImportPart {
        import: Uuid::from_u128(import),
        plan: "ab".into(),
        step: 1,
        step_rows: rows,
        rows,
        created: 1,
        updated: 2,
        skipped: 3,
        failed: rows,
    };
    let imported = |number: u128, part| Operation { import: Some(part), ..operation(number, vec![change(number, 1)]) };
    let one = append(&*store, imported(21, part(5, 1_000)));
    append(&*store, operation(22, vec![change(22, 1)]));
    append(&*store, imported(23, part(6, 7)));
    let two = append(&*store, imported(24, part(5, u64::from(u32::MAX))));
    let found = store.reader().unwrap().operations_of_import(Uuid::from_u128(5)).unwrap();
    let bare = |operation: Operation| Operation { changes: Vec::new(), ..operation };
    assert_eq!(store.reader().unwrap().operation(one.id).unwrap(), Some(one.clone()));
    assert_eq!(found, [bare(one), bare(two)]);
}

/// Operations come back as they were written, oldest first, after a place, at most so many.
pub fn operations_come_in_order(factory: Factory<'_>) {
    let store = factory();
    let one = append(&*store, operation(1, vec![change(10, 1), change(11, 1)]));
    let two = append(&*store, operation(2, vec![change(10, 2)]));
    let three = append(&*store, operation(3, vec![change(11, 2), change(12, 1), change(10, 3)]));
    assert!(0 < one.seq && one.seq < two.seq && two.seq < three.seq);
    let view = store.reader().unwrap();
    let after = |seq, limit| view.operations(seq, limit, &Sight::all()).unwrap();
    assert_eq!(after(0, 10), [one.clone(), two.clone(), three.clone()]);
    assert_eq!(after(one.seq, 1), std::slice::from_ref(&two));
    assert_eq!(after(three.seq, 10), []);
    assert_eq!(after(0, 0), []);
    assert_eq!(after(u64::MAX, 10), []);
    let latest = |before, limit| view.latest_operations(before, limit, None, &Sight::all()).unwrap();
    assert_eq!(latest(u64::MAX, 10), [three.clone(), two.clone(), one.clone()]);
    assert_eq!(latest(three.seq, 1), std::slice::from_ref(&two));
    assert_eq!(latest(one.seq, 10), []);
    assert_eq!(latest(u64::MAX, 0), []);
    assert_eq!(view.operation(two.id).unwrap(), Some(two.clone()));
    assert_eq!(view.operation(Uuid::from_u128(1)).unwrap(), None);
    drop(view);
    let by = Actor::User(Id::from_uuid(Uuid::from_u128(77)));
    let other = Actor::System("other".to_owned());
    let four = append(&*store, Operation { actor: by.clone(), ..operation(4, vec![change(13, 1)]) });
    let five = append(&*store, Operation { actor: other.clone(), ..operation(5, vec![change(14, 1)]) });
    let view = store.reader().unwrap();
    let of = |actor: &Actor| view.latest_operations(u64::MAX, 10, Some(actor), &Sight::all()).unwrap();
    assert_eq!((of(&by), of(&other), of(&one.actor)), (vec![four], vec![five], vec![three, one]));
}

/// Of one record, after one of its versions, with that record's changes only.
pub fn operations_on_a_record(factory: Factory<'_>) {
    let store = factory();
    append(&*store, operation(1, vec![change(10, 1), change(11, 1)]));
    let two = append(&*store, operation(2, vec![change(10, 2)]));
    let three = append(&*store, operation(3, vec![change(11, 2), change(10, 3)]));
    let view = store.reader().unwrap();
    let on = |record, version| view.operations_on(Kind::Customer, Uuid::from_u128(record), version).unwrap();
    assert_eq!(on(10, 0).iter().map(|operation| operation.changes.len()).collect::<Vec<_>>(), [1, 1, 1]);
    assert_eq!(on(10, 1), [two, Operation { changes: vec![change(10, 3)], ..three }]);
    assert_eq!(on(10, 3), []);
    assert_eq!(on(12, 0), []);
    let contact = view.operations_on(Kind::Contact, Uuid::from_u128(10), 0).unwrap();
    assert_eq!(contact, [], "the record is of another kind");
}

/// Time in the journal never runs backwards, whatever the clock does; nor does that of records.
pub fn time_never_runs_backwards(factory: Factory<'_>) {
    let office = Office::new(factory);
    let first = office.customer("First");
    office.clock.advance(TimeDelta::days(-10));
    let second = office.customer("Second");
    assert_eq!(second.created_at, first.created_at);
    office.clock.advance(TimeDelta::days(20));
    let third = office.customer("Third");
    assert_eq!(third.created_at, monday() + TimeDelta::days(10));
    let told = office.crm.changes_since(0, 1_000).unwrap();
    assert!(told.is_sorted_by_key(|operation| operation.at));
    assert!(told.is_sorted_by_key(|operation| operation.seq));
}

/// Every write is one operation with what differs, before and after; nothing that differs, no operation.
pub fn every_write_is_told(factory: Factory<'_>) {
    let office = Office::new(factory);
    let begin = office.crm.changes_since(0, 1_000).unwrap().last().unwrap().seq;
    let customer = office.customer("Mara");
    let customers = office.sys.customers();
    customers.update(customer.id, |customer| customer.website = Some("mara.example".into())).unwrap();
    customers.update(customer.id, |customer| customer.website = Some(" mara.example ".into())).unwrap();
    customers.delete(customer.id).unwrap();
    customers.restore(customer.id).unwrap();
    customers.delete(customer.id).unwrap();
    customers.purge(customer.id).unwrap();
    let told = office.crm.changes_since(begin, 1_000).unwrap();
    let commands: Vec<_> = told.iter().map(|operation| operation.command.as_ref()).collect();
    assert_eq!(commands, ["create", "update", "delete", "restore", "delete", "purge"]);
    assert!(told.iter().all(|operation| operation.actor == Actor::System("suite".into())));
    let versions: Vec<_> = told.iter().map(|operation| operation.changes[0].version).collect();
    assert_eq!(versions, [1, 2, 3, 4, 5, 6]);
    let update = &told[1].changes[0];
    assert_eq!(update.fields().collect::<Vec<_>>(), ["website"]);
    assert!(update.before.is_empty());
    assert_eq!(update.after["website"], Value::Text("mara.example".into()));
    assert_eq!(told[5].changes[0].before["name"], Value::Text("Mara".into()));
    assert!(told[5].changes[0].after.is_empty());
    assert!(office.crm.check().unwrap().is_clean());
}

/// A batch is one operation, and all or nothing.
pub fn a_batch_is_one_operation(factory: Factory<'_>) {
    let office = Office::new(factory);
    let mut batch = office.sys.batch();
    let parent = batch.create(named("Parent")).unwrap();
    batch.create(Customer { parent: Some(parent), ..named("Child") }).unwrap();
    batch.update(parent, |customer| customer.tags.push("group".into()));
    let operation = batch.run().unwrap();
    let told = office.crm.changes_since(0, 1_000).unwrap();
    assert_eq!(told.last(), Some(&operation));
    assert_eq!((operation.command.as_ref(), operation.changes.len()), ("batch", 3));
    let mut batch = office.sys.batch();
    batch.create(named("Lost")).unwrap();
    batch.create(named("")).unwrap();
    super::fixture::refused(batch.run(), "invalid");
    assert_eq!(office.crm.changes_since(0, 1_000).unwrap(), told);
    assert_eq!(office.customer("Next").code.as_ref().unwrap().number(), 3);
    assert!(office.crm.check().unwrap().is_clean());
}
