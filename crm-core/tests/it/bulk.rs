//! Many records at once.

use crate::{failure, office};
use crm_core::{Customer, CustomerStatus, Filter, Patch, Query};

#[test]
fn a_dry_run_says_what_would_happen_and_leaves_no_trace() {
    let office = office();
    let names = ["Mara Tea", "Mara Coffee", "Kisumu Fish"];
    for name in names {
        office.customer(name);
    }
    let operations = || office.crm.changes_since(0, 1_000).unwrap().len();
    let before = operations();
    let mara = Customer::NAME.starts_with("mara");
    let patch = || Patch::new().set("source", "fair");
    let planned = office.admin.customers().update_all(&mara, patch(), true).unwrap();
    assert_eq!((planned.matched, planned.changed, planned.problems.len()), (2, 2, 0));
    assert!(planned.operation.is_none());
    assert_eq!(operations(), before);
    let done = office.admin.customers().update_all(&mara, patch(), false).unwrap();
    assert_eq!((done.changed, done.operation.unwrap().changes.len()), (2, 2));
    let again = office.admin.customers().update_all(&mara, patch(), false).unwrap();
    assert_eq!((again.matched, again.changed, again.operation), (2, 0, None));
}

#[test]
fn one_bad_record_keeps_all_as_they_were_and_is_named() {
    let office = office();
    let [lead, other] = ["Mara Tea", "Mara Coffee"].map(|name| office.customer(name).id);
    let active = Patch::new().set("status", "active").clear("lead");
    office.admin.customers().patch(other, active).unwrap();
    // A lead can't just become a prospect.
    let bulk =
        office.admin.customers().update_all(&Filter::all(), Patch::new().set("status", "prospect"), false);
    let bulk = bulk.unwrap();
    assert_eq!((bulk.matched, bulk.changed, bulk.operation), (2, 0, None));
    assert_eq!(
        bulk.problems.iter().map(|(id, error)| (*id, error.code())).collect::<Vec<_>>(),
        [(lead, "invalid")]
    );
    assert_eq!(office.admin.customers().get(other).unwrap().status, CustomerStatus::Active);
}

/// A misspelt field is no problem of a thousand records.
#[test]
fn a_field_that_is_none_is_refused_before_any_record_is_looked_at() {
    let office = office();
    office.customer("Mara Tea");
    for patch in [Patch::new().set("nmae", "Mara Group"), Patch::new().set("status", "gone")] {
        let refused = office.admin.customers().update_all(&Filter::all(), patch, true);
        assert!(failure(refused).starts_with("invalid "));
    }
}

#[test]
fn deleting_many_is_one_operation_that_is_taken_back_at_once() {
    let office = office();
    for name in ["Mara Tea", "Mara Coffee"] {
        office.contact(office.customer(name).id, "Njeri");
    }
    let all = office.admin.customers().delete_all(&Filter::all(), true).unwrap();
    assert_eq!((all.matched, all.changed), (2, 2));
    assert_eq!(office.admin.contacts().count(&Query::new()).unwrap(), 2);
    let all = office.admin.customers().delete_all(&Filter::all(), false).unwrap();
    assert_eq!(office.admin.contacts().count(&Query::new()).unwrap(), 0);
    office.admin.undo(all.operation.unwrap().id).unwrap();
    assert_eq!(office.admin.contacts().count(&Query::new()).unwrap(), 2);
    let agent = office.user("eve", "agent", None);
    assert_eq!(failure(agent.customers().delete_all(&Filter::all(), false)), "denied");
    let wrong = Customer::NAME.hop(Customer::NAME);
    let wrong = Filter::is(wrong, 1_i64);
    assert_eq!(
        failure(office.admin.customers().delete_all(&wrong, true)),
        "invalid name.name not_a_reference"
    );
}
