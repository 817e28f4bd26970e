use crate::office;
use crm_core::{Clock, Customer};
use std::sync::{Arc, Mutex};

#[test]
fn listeners_hear_what_the_journal_tells_and_one_that_panics_stops_nobody() {
    let office = office();
    let heard: Arc<Mutex<Vec<_>>> = Arc::default();
    let first = office.crm.subscribe(|_| panic!("a listener of little worth"));
    let copy = Arc::clone(&heard);
    let second = office.crm.subscribe(move |operation| copy.lock().unwrap().push(operation.clone()));
    let before = office.crm.changes_since(0, 100).unwrap().len();
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    office.customer("Mara Tea");
    std::panic::set_hook(hook);
    assert!(office.admin.customers().create(Customer::default()).is_err());
    drop(second);
    drop(first);
    office.customer("Unheard");
    let journal = office.crm.changes_since(0, 100).unwrap();
    assert_eq!(*heard.lock().unwrap(), journal[before..=before]);
}

#[test]
fn a_listener_may_use_the_crm() {
    let office = office();
    let crm = office.crm.clone();
    let seen: Arc<Mutex<Vec<u64>>> = Arc::default();
    let copy = Arc::clone(&seen);
    let subscription = office.crm.subscribe(move |operation| {
        let known = crm.changes_since(operation.seq - 1, 1).unwrap();
        copy.lock().unwrap().push(known[0].seq);
    });
    office.customer("Mara Tea");
    assert_eq!(seen.lock().unwrap().len(), 1, "it is called after the commit, with no lock held");
    drop(subscription);
}

#[test]
fn the_journals_time_never_runs_backwards() {
    let office = office();
    let first = office.customer("One");
    office.clock.advance(crm_core::chrono::TimeDelta::hours(-3));
    let second = office.customer("Two");
    assert!(office.clock.now() < first.created_at);
    assert_eq!(second.created_at, first.created_at);
}
