//! Calls that the embedding program ends while they run.

use super::{Desk, named};
use crm_core::port::Store;
use crm_core::{Crm, Customer, Patch, Query};
use crm_sqlite::{Durability, OpenOptions, SqliteStore, rusqlite};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const LONG: Duration = Duration::from_secs(60);

/// A store that ends what runs when the countdown is over, once; below zero nobody asks.
fn desk(stop: &Arc<AtomicI64>) -> (TempDir, PathBuf, Desk, Arc<SqliteStore>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("crm.db");
    let left = Arc::clone(stop);
    let options = OpenOptions::new(&path)
        .durability(Durability::Normal)
        .busy_timeout(LONG)
        .stop_when(move || left.fetch_sub(1, Ordering::SeqCst) == 0);
    let store = Arc::new(options.open().unwrap());
    let desk = Desk::on(Arc::clone(&store) as Arc<dyn Store>);
    let mut batch = desk.sys.batch();
    for number in 0..900 {
        batch.create(named(&format!("Customer {number}"))).unwrap();
    }
    batch.run().unwrap();
    (folder, path, desk, store)
}

fn never() -> Arc<AtomicI64> {
    Arc::new(AtomicI64::new(-1))
}

#[test]
fn wherever_a_write_is_ended_all_of_it_or_nothing_is_there() {
    let stop = never();
    let (_folder, _path, desk, _store) = desk(&stop);
    let everybody = Customer::NAME.starts_with("Customer");
    let told = |crm: &Crm| crm.head().unwrap();
    let mut ended = 0;
    for place in 0.. {
        let before = told(&desk.crm);
        stop.store(place, Ordering::SeqCst);
        let patch = Patch::new().set("source", format!("fair {place}"));
        let result = desk.sys.customers().update_all(&everybody, patch, false);
        let asked = stop.swap(-1, Ordering::SeqCst) < 0;
        match result {
            Ok(done) => assert_eq!(done.changed, 900),
            Err(error) => {
                assert_eq!(error.code(), "interrupted", "{error}");
                assert_eq!(told(&desk.crm), before, "it left something");
                ended += 1;
            }
        }
        if !asked {
            break;
        }
    }
    assert!(ended > 10, "it was ended {ended} times");
    assert!(desk.crm.check().unwrap().is_clean());
    assert!(desk.crm.verify().unwrap().holds());
}

#[test]
fn a_read_is_ended_and_the_next_one_is_not() {
    let stop = never();
    let (_folder, _path, desk, _store) = desk(&stop);
    let slow = Query::new().filter(Customer::NAME.contains("nobody"));
    stop.store(0, Ordering::SeqCst);
    assert_eq!(desk.sys.customers().list(&slow).unwrap_err().code(), "interrupted");
    assert!(desk.sys.customers().list(&slow).unwrap().items.is_empty());
}

#[test]
fn nobody_waits_on_for_another_program() {
    let stop = never();
    let (_folder, path, desk, _store) = desk(&stop);
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let begin = Instant::now();
    stop.store(20, Ordering::SeqCst);
    assert_eq!(desk.sys.customers().create(named("x")).unwrap_err().code(), "interrupted");
    assert!(begin.elapsed() < LONG, "it waited to the end");
    other.execute_batch("ROLLBACK").unwrap();
    desk.sys.customers().create(named("x")).unwrap();
}

#[test]
fn nobody_waits_on_for_another_thread() {
    let stop = never();
    let (_folder, _path, desk, store) = desk(&stop);
    let held = store.begin().unwrap();
    let begin = Instant::now();
    stop.store(1, Ordering::SeqCst);
    std::thread::scope(|scope| {
        let write = scope.spawn(|| desk.sys.customers().create(named("x")).unwrap_err().code());
        assert_eq!(write.join().unwrap(), "interrupted");
    });
    assert!(begin.elapsed() < LONG, "it waited to the end");
    drop(held);
    desk.sys.customers().create(named("x")).unwrap();
}

#[test]
fn nobody_waits_on_for_a_reader() {
    let folder = tempfile::tempdir().unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&stop);
    let options = OpenOptions::new(folder.path().join("crm.db")).readers(1).busy_timeout(LONG);
    let store = options.stop_when(move || asked.load(Ordering::SeqCst)).open().unwrap();
    let held = store.reader().unwrap();
    stop.store(true, Ordering::SeqCst);
    std::thread::scope(|scope| {
        let read = scope.spawn(|| store.reader().map(drop).unwrap_err().code());
        assert_eq!(read.join().unwrap(), "interrupted");
    });
    drop(held);
    assert!(store.reader().is_ok());
}
