//! Two people change the same record.

use super::{Desk, violations};
use crm_core::{Error, Patch, Value};

#[test]
fn a_stale_write_is_refused_for_the_fields_that_both_changed() {
    let desk = Desk::new();
    let customers = desk.sys.customers();
    let mut mine = customers.get(desk.customer.id).unwrap();
    customers
        .update(mine.id, |customer| {
            customer.website = Some("theirs.example".into());
            customer.source = Some("fair".into());
        })
        .unwrap();
    mine.data.website = Some("mine.example".into());
    mine.data.description = "also mine".into();
    let conflict = |error: Error| match error {
        Error::Conflict { entity, id, version, fields } => {
            assert_eq!((entity, id, version), ("customer", desk.customer.id.uuid(), 2));
            assert_eq!(fields, [("website".to_owned(), Value::from("theirs.example"))]);
        }
        other => panic!("{other}"),
    };
    conflict(desk.refuses("conflict", || customers.replace(mine.clone())));
    let patch = Patch::new().set("website", "mine.example").set("description", "also mine");
    conflict(desk.refuses("conflict", || customers.patch_at(mine.id, 1, patch)));
    conflict(desk.refuses("conflict", || {
        customers.patch_at(mine.id, 1, Patch::new().set("website", "m").clear("parent"))
    }));
    // Again, from what is stored now.
    let stored = customers.get(mine.id).unwrap();
    mine.version = stored.version;
    mine.data.source = stored.data.source.clone();
    assert_eq!(customers.replace(mine).unwrap().website.as_deref(), Some("mine.example"));
}

#[test]
fn writes_of_different_fields_are_no_conflict() {
    let desk = Desk::new();
    let customers = desk.sys.customers();
    let mut mine = customers.get(desk.customer.id).unwrap();
    for number in 0..5 {
        customers.update(mine.id, |customer| customer.website = Some(format!("{number}.example"))).unwrap();
    }
    mine.data.name = "Mine".into();
    let stored = customers.replace(mine.clone()).unwrap();
    assert_eq!((stored.version, stored.name.as_str()), (7, "Mine"));
    assert_eq!(stored.website.as_deref(), Some("4.example"), "what the writer did not touch stays");
    let stored = customers.patch_at(mine.id, 1, Patch::new().set("source", "web")).unwrap();
    assert_eq!((stored.version, stored.source.as_deref()), (8, Some("web")));
    mine.data = desk.customer.data.clone();
    let same = customers.replace(mine).unwrap();
    assert_eq!(same.version, 8, "who changes nothing writes nothing");
}

#[test]
fn a_version_is_one_that_the_record_had() {
    let desk = Desk::new();
    let customers = desk.sys.customers();
    for version in [0, 2, u64::MAX] {
        let record = crm_core::Record { version, ..desk.customer.clone() };
        let error = desk.refuses("invalid", || customers.replace(record));
        assert_eq!(violations(&error), [("version", "range")]);
        desk.invalid(&[("version", "range")], || {
            customers.patch_at(desk.customer.id, version, Patch::new().set("name", "x"))
        });
    }
}

#[test]
fn what_is_in_the_trash_is_not_changed() {
    let desk = Desk::new();
    let customers = desk.sys.customers();
    customers.delete(desk.customer.id).unwrap();
    desk.refuses("not_found", || customers.replace(desk.customer.clone()));
    desk.refuses("not_found", || customers.patch_at(desk.customer.id, 1, Patch::new().set("name", "x")));
    desk.refuses("not_found", || customers.delete(desk.customer.id));
    customers.restore(desk.customer.id).unwrap();
    assert_eq!(customers.restore(desk.customer.id).unwrap().version, 3, "what is live stays as it is");
}
