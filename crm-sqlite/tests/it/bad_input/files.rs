//! Files that are something else, damaged, locked, full or closed.

use super::{Desk, PASSWORD, everything, named};
use crm_core::contract::test_options;
use crm_core::port::Store;
use crm_core::{Crm, Customer, Error, Query, Value};
use crm_sqlite::{Durability, OpenOptions, SqliteStore, rusqlite};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("crm.db");
    (folder, path)
}

fn options(path: &Path) -> OpenOptions {
    OpenOptions::new(path).durability(Durability::Normal)
}

/// A store in a file, with what [`Desk`] puts into it.
fn desk_on(options: &OpenOptions) -> (Desk, Arc<SqliteStore>) {
    let store = Arc::new(options.open().unwrap());
    (Desk::on(Arc::clone(&store) as Arc<dyn Store>), store)
}

fn bytes(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap()
}

/// That opening is refused with this code, and the file is as it was.
#[track_caller]
fn untouched(options: &OpenOptions, path: &Path, code: &str) -> Error {
    let before = bytes(path);
    let error = options.open().expect_err(code);
    assert_eq!(error.code(), code, "{error}");
    assert!(bytes(path) == before, "the file was touched");
    error
}

/// That nothing lies beside the file.
#[track_caller]
fn alone(path: &Path) {
    let list = std::fs::read_dir(path.parent().unwrap()).unwrap();
    let names: Vec<_> = list.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, [path.file_name().unwrap()]);
}

#[test]
fn a_file_that_is_no_database_is_not_touched() {
    let (_folder, path) = folder();
    for content in [b"name,email\nMara,info@mara.example\n".repeat(100), vec![0xff; 5_000], b"xy".to_vec()] {
        std::fs::write(&path, content).unwrap();
        untouched(&options(&path), &path, "not_a_store");
        alone(&path);
        untouched(&options(&path).read_only(), &path, "not_a_store");
    }
}

#[test]
fn a_database_of_another_program_is_not_touched() {
    let (_folder, path) = folder();
    for sql in [
        "CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('mine')",
        "PRAGMA application_id = 42",
        "PRAGMA user_version = 7",
        "PRAGMA journal_mode = WAL; CREATE TABLE notes (text TEXT)",
    ] {
        // What a reader of a WAL leaves beside the file is SQLite's own.
        std::fs::read_dir(path.parent().unwrap())
            .unwrap()
            .for_each(|file| std::fs::remove_file(file.unwrap().path()).unwrap());
        rusqlite::Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        untouched(&options(&path), &path, "not_a_store");
        alone(&path);
        untouched(&options(&path).read_only(), &path, "not_a_store");
    }
}

#[test]
fn a_newer_format_is_not_touched() {
    let (_folder, path) = folder();
    drop(desk_on(&options(&path)));
    rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    for options in [options(&path), options(&path).read_only()] {
        let error = untouched(&options, &path, "too_new");
        assert_eq!(error.fields()["found"], 99_i64.into());
        assert!(matches!(error.fields()["supported"], Value::Int(1..99)));
    }
}

/// Opening, reading and checking a damaged file tell of it; they neither panic nor pass over it.
#[track_caller]
fn tells_of_damage(path: &Path, options: &OpenOptions) {
    let told = (|| -> crm_core::Result<bool> {
        let crm = Crm::open(Arc::new(options.open()?), test_options(1).0)?;
        let report = crm.check()?;
        let sys = crm.system("test");
        sys.customers().iter(Query::new()).collect::<crm_core::Result<Vec<_>>>()?;
        Ok(!report.is_clean())
    })();
    match told {
        Ok(told) => assert!(told, "{path:?} passes as whole"),
        Err(error) => assert!(matches!(error.code(), "corrupt" | "not_a_store"), "{}: {error}", error.code()),
    }
}

#[test]
fn a_damaged_file_is_told() {
    let (_folder, path) = folder();
    let (desk, store) = desk_on(&options(&path));
    let mut batch = desk.sys.batch();
    for number in 0..300 {
        let description = "lorem ipsum ".repeat(20);
        batch.create(Customer { description, ..named(&format!("Customer {number}")) }).unwrap();
    }
    batch.run().unwrap();
    drop((desk, store));
    let whole = bytes(&path);
    for length in [16, 512, 4_096, whole.len() / 4, whole.len() / 2, whole.len() - 4_096] {
        std::fs::write(&path, &whole[..length]).unwrap();
        tells_of_damage(&path, &options(&path));
        std::fs::write(&path, &whole[..length]).unwrap();
        tells_of_damage(&path, &options(&path).read_only());
    }
    for page in 1..whole.len() / 4_096 {
        let mut damaged = whole.clone();
        damaged[page * 4_096..(page + 1) * 4_096].fill(0xa5);
        std::fs::write(&path, &damaged).unwrap();
        tells_of_damage(&path, &options(&path));
    }
    std::fs::write(&path, &whole).unwrap();
    let crm = Crm::open(Arc::new(options(&path).open().unwrap()), test_options(1).0).unwrap();
    assert!(crm.check().unwrap().is_clean());
}

#[test]
fn a_store_that_is_only_read_refuses_every_write() {
    let (_folder, path) = folder();
    let (desk, store) = desk_on(&options(&path));
    drop(store);
    let (id, agent) = (desk.customer.id, desk.agent.id);
    drop(desk);
    let before = bytes(&path);
    let store = options(&path).read_only().open().unwrap();
    let crm = Crm::open(Arc::new(store), test_options(1).0).unwrap();
    let sys = crm.system("reader");
    assert_eq!(sys.customers().get(id).unwrap().name, "Mara Tea");
    assert_eq!(sys.customers().search("mara", 10).unwrap().len(), 1);
    assert_eq!(sys.customers().list(&Query::new().order_by(["name"]).with_total()).unwrap().total, Some(1));
    assert_eq!(sys.customers().history(id).unwrap().len(), 1);
    let told = everything(&crm);
    let mut batch = sys.batch();
    batch.create(named("x")).unwrap();
    for code in [
        sys.customers().create(named("x")).unwrap_err().code(),
        sys.customers().update(id, |customer| customer.name = "x".into()).unwrap_err().code(),
        sys.customers().delete(id).unwrap_err().code(),
        sys.customers().restore(id).unwrap_err().code(),
        sys.customers().purge(id).unwrap_err().code(),
        sys.update_settings(|settings| settings.code_digits = 5).unwrap_err().code(),
        sys.set_password(agent, "long enough").unwrap_err().code(),
        sys.revoke_sessions(agent).unwrap_err().code(),
        sys.undo(crm.changes_since(0, 1).unwrap()[0].id).unwrap_err().code(),
        batch.run().unwrap_err().code(),
        crm.login("amina", PASSWORD).unwrap_err().code(),
    ] {
        assert_eq!(code, "read_only");
    }
    assert_eq!(everything(&crm), told);
    assert!(crm.check().unwrap().is_clean());
    drop((sys, crm));
    assert!(bytes(&path) == before);
}

#[test]
fn reading_only_makes_no_file() {
    let (_folder, path) = folder();
    let error = options(&path).read_only().open().unwrap_err();
    assert_eq!(error.code(), "storage", "{error}");
    assert!(!path.exists());
    std::fs::write(&path, b"").unwrap();
    untouched(&options(&path).read_only(), &path, "read_only");
    let missing = path.parent().unwrap().join("nowhere").join("crm.db");
    assert_eq!(options(&missing).open().unwrap_err().code(), "storage");
    assert_eq!(options(path.parent().unwrap()).open().unwrap_err().code(), "storage");
}

#[test]
fn a_full_disk_loses_nothing_and_goes_on() {
    let (_folder, path) = folder();
    let limit = Arc::new(AtomicU32::new(u32::MAX - 1));
    let limited = Arc::clone(&limit);
    let file = path.clone();
    let options = OpenOptions::with_connections(move || {
        let conn = rusqlite::Connection::open(&file)?;
        conn.query_row(&format!("PRAGMA max_page_count = {}", limited.load(Ordering::Relaxed)), [], |_| {
            Ok(())
        })?;
        Ok(conn)
    });
    let (desk, store) = desk_on(&options);
    store.close().unwrap();
    let pages = u32::try_from(bytes(&path).len() / 4_096).unwrap();
    limit.store(pages + 20, Ordering::Relaxed);
    store.reopen().unwrap();
    let mut created = 0_u64;
    let error = loop {
        let before = everything(&desk.crm);
        let large = Customer { description: "x".repeat(10_000), ..named("Large") };
        match desk.sys.customers().create(large) {
            Ok(_) => created += 1,
            Err(error) => {
                assert_eq!(everything(&desk.crm), before);
                break error;
            }
        }
    };
    assert_eq!(error.code(), "full", "{error}");
    assert!(created > 0 && !error.is_retryable());
    desk.refuses("full", || {
        desk.sys.customers().create(Customer { description: "x".repeat(90_000), ..named("x") })
    });
    store.close().unwrap();
    limit.store(u32::MAX - 1, Ordering::Relaxed);
    store.reopen().unwrap();
    let next = desk.sys.customers().create(named("Next")).unwrap();
    assert_eq!(next.code.as_ref().unwrap().number(), created + 2, "no number was lost");
    assert!(desk.crm.check().unwrap().is_clean());
}

#[test]
fn a_closed_store_says_so_until_it_is_reopened() {
    let (_folder, path) = folder();
    let (desk, store) = desk_on(&options(&path));
    let before = everything(&desk.crm);
    let session = desk.login("amina");
    store.close().unwrap();
    store.close().unwrap();
    for code in [
        session.customers().list(&Query::new()).unwrap_err().code(),
        session.customers().create(named("x")).unwrap_err().code(),
        session.customers().history(desk.customer.id).unwrap_err().code(),
        session.search("x", 1).unwrap_err().code(),
        session.me().unwrap_err().code(),
        desk.crm.login("amina", PASSWORD).unwrap_err().code(),
        desk.crm.check().unwrap_err().code(),
        desk.crm.changes_since(0, 1).unwrap_err().code(),
        store.backup(path.with_extension("copy")).unwrap_err().code(),
        store.interrupter().unwrap_err().code(),
        store.statements().unwrap_err().code(),
    ] {
        assert_eq!(code, "closed");
    }
    assert!(!path.with_extension("copy").exists());
    store.reopen().unwrap();
    assert_eq!(everything(&desk.crm), before);
    session.customers().create(named("x")).unwrap();
}

#[test]
fn a_backup_replaces_no_file() {
    let (folder, path) = folder();
    let (desk, store) = desk_on(&options(&path));
    let target = folder.path().join("backup.db");
    std::fs::write(&target, b"something of the user").unwrap();
    desk.refuses("storage", || store.backup(&target));
    assert_eq!(bytes(&target), b"something of the user");
    desk.refuses("storage", || store.backup(&path));
    desk.refuses("storage", || store.backup(folder.path()));
    let nowhere = folder.path().join("nowhere").join("backup.db");
    assert!(store.backup(&nowhere).is_err());
    let good = folder.path().join("it's a \"copy\".db");
    store.backup(&good).unwrap();
    let copy = Crm::open(Arc::new(options(&good).open().unwrap()), test_options(9).0).unwrap();
    assert_eq!(everything(&copy), everything(&desk.crm));
    assert!(copy.check().unwrap().is_clean());
}

#[test]
fn a_long_statement_is_interrupted_from_another_thread() {
    let (_folder, path) = folder();
    let calls = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&calls);
    // `contains` looks at each row with `instr`, which takes its time here.
    let options = OpenOptions::with_connections(move || {
        let conn = rusqlite::Connection::open(&path)?;
        let calls = Arc::clone(&counted);
        let flags = rusqlite::functions::FunctionFlags::SQLITE_UTF8;
        conn.create_scalar_function("instr", 2, flags, move |_| {
            calls.fetch_add(1, Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(10));
            Ok(0)
        })?;
        Ok(conn)
    });
    let (desk, store) = desk_on(&options);
    let mut batch = desk.sys.batch();
    for _ in 0..900 {
        batch.create(named("x")).unwrap();
    }
    batch.run().unwrap();
    let slow = Query::new().filter(Customer::NAME.contains("y"));
    let interrupter = store.interrupter().unwrap();
    let begin = Instant::now();
    std::thread::scope(|scope| {
        let listing = scope.spawn(|| desk.sys.customers().list(&slow));
        while calls.load(Ordering::SeqCst) == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
        interrupter.interrupt();
        let error = listing.join().unwrap().unwrap_err();
        assert_eq!(error.code(), "interrupted", "{error}");
        assert!(error.is_retryable());
    });
    assert!(begin.elapsed() < Duration::from_secs(5), "it ran to its end");
    desk.sys.customers().create(named("Next")).unwrap();
    assert_eq!(desk.sys.customers().count(&Query::new()).unwrap(), 902);
}

#[test]
fn a_store_that_another_program_holds_is_busy() {
    let (_folder, path) = folder();
    let (desk, _store) = desk_on(&options(&path).busy_timeout(Duration::from_millis(60)));
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let begin = Instant::now();
    let error = desk.refuses("busy", || desk.sys.customers().create(named("x")));
    assert!(begin.elapsed() >= Duration::from_millis(60), "it waited");
    assert!(error.is_retryable());
    assert_eq!(desk.sys.customers().get(desk.customer.id).unwrap(), desk.customer, "reads go on");
    other.execute_batch("ROLLBACK").unwrap();
    desk.sys.customers().create(named("x")).unwrap();
}

#[test]
fn a_store_that_another_thread_holds_is_busy() {
    let (_folder, path) = folder();
    let (desk, store) = desk_on(&options(&path).busy_timeout(Duration::from_millis(60)));
    let held = store.begin().unwrap();
    std::thread::scope(|scope| {
        let write = scope.spawn(|| desk.sys.customers().create(named("x")).unwrap_err().code());
        assert_eq!(write.join().unwrap(), "busy");
    });
    drop(held);
    desk.sys.customers().create(named("x")).unwrap();
    assert!(desk.crm.check().unwrap().is_clean());
}
