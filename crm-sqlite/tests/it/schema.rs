//! The tables are what the entities say, and stay sound: strict, linked, indexed, made once.

use crm_core::contract::test_options;
use crm_core::{Column, Crm, Customer, Kind, Options, PasswordCost, Query, ValueType};
use crm_sqlite::{OpenOptions, rusqlite};
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Barrier};

/// One column of a table, as SQLite tells of it.
#[derive(Debug, PartialEq)]
struct Stored {
    name: String,
    ty: String,
    nullable: bool,
}

fn stored(name: &str, ty: &str, nullable: bool) -> Stored {
    Stored { name: name.to_owned(), ty: ty.to_owned(), nullable }
}

/// A fresh store, looked at from outside.
fn fresh() -> (tempfile::TempDir, PathBuf, Connection) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("crm.db");
    drop(OpenOptions::new(&path).open().unwrap());
    let conn = Connection::open(&path).unwrap();
    (folder, path, conn)
}

fn all<T>(conn: &Connection, sql: &str, read: impl Fn(&rusqlite::Row<'_>) -> rusqlite::Result<T>) -> Vec<T> {
    let mut statement = conn.prepare(sql).unwrap();
    statement.query_map([], |row| read(row)).unwrap().map(Result::unwrap).collect()
}

fn columns(conn: &Connection, table: &str) -> Vec<Stored> {
    all(conn, &format!("SELECT name, type, \"notnull\", pk FROM pragma_table_info('{table}')"), |row| {
        let (required, key): (bool, i64) = (row.get(2)?, row.get(3)?);
        Ok(Stored { name: row.get(0)?, ty: row.get(1)?, nullable: !required && key == 0 })
    })
}

/// The library's ordinary tables: without the full-text ones and what those keep.
fn tables(conn: &Connection) -> Vec<String> {
    all(
        conn,
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%'",
        |row| row.get(0),
    )
}

fn sql_type(column: &Column) -> &'static str {
    match column.ty {
        ValueType::Bool | ValueType::Int | ValueType::Instant | ValueType::Decimal => "INTEGER",
        ValueType::Id(_) => "BLOB",
        ValueType::Text
        | ValueType::Choice(_)
        | ValueType::Date
        | ValueType::Time
        | ValueType::Code
        | ValueType::Json
        | ValueType::Custom
        | ValueType::Money => "TEXT",
    }
}

#[test]
fn a_table_has_the_envelope_and_the_columns_of_its_entity_and_no_others() {
    let (_folder, _, conn) = fresh();
    for kind in Kind::ALL {
        let mut wanted = vec![
            stored("row", "INTEGER", false),
            stored("id", "BLOB", false),
            stored("version", "INTEGER", false),
            stored("created_at", "INTEGER", false),
            stored("created_by", "BLOB", true),
            stored("updated_at", "INTEGER", false),
            stored("updated_by", "BLOB", true),
            stored("deletion", "BLOB", true),
            stored("deleted_at", "INTEGER", true),
            stored("deleted_by", "BLOB", true),
        ];
        for column in &kind.schema().columns {
            wanted.push(stored(column.name, sql_type(column), column.nullable));
            if column.folded {
                wanted.push(stored(&format!("{}_key", column.name), "TEXT", column.nullable));
            }
        }
        assert_eq!(columns(&conn, &format!("crm_{kind}")), wanted, "{kind}");
    }
}

#[test]
fn a_table_for_search_is_there_for_each_entity_that_is_searched() {
    let (_folder, _, conn) = fresh();
    let found: BTreeSet<String> =
        all(&conn, "SELECT name FROM pragma_table_list WHERE type = 'virtual'", |row| row.get(0))
            .into_iter()
            .collect();
    let searched = Kind::ALL.iter().filter(|kind| kind.schema().searchable);
    assert_eq!(found, searched.map(|kind| format!("crm_{kind}_words")).collect());
}

#[test]
fn every_table_is_strict_and_everything_has_the_librarys_prefix() {
    let (_folder, _, conn) = fresh();
    let strict: Vec<(String, bool)> = all(
        &conn,
        "SELECT name, strict FROM pragma_table_list WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
        |row| Ok((row.get(0)?, row.get(1)?)),
    );
    assert!(strict.len() > Kind::ALL.len());
    for (name, strict) in strict {
        assert!(strict, "{name} takes values of any type");
    }
    let names: Vec<String> =
        all(&conn, "SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'", |row| row.get(0));
    for name in names {
        assert!(name.starts_with("crm_"), "{name} may collide with a table of the embedding program");
    }
}

/// VACUUM renumbers rows that have no number of their own; the full-text tables refer to those.
#[test]
fn every_searched_table_declares_the_number_of_its_rows() {
    let (_folder, _, conn) = fresh();
    for kind in Kind::ALL.iter().filter(|kind| kind.schema().searchable) {
        let sql =
            format!("SELECT name FROM pragma_table_info('crm_{kind}') WHERE pk = 1 AND type = 'INTEGER'");
        assert_eq!(all(&conn, &sql, |row| row.get::<_, String>(0)), ["row"], "{kind}");
    }
}

/// (column, table, column in it) of all foreign keys of a table.
fn foreign_keys(conn: &Connection, table: &str) -> BTreeMap<String, (String, String)> {
    let sql = format!("SELECT \"from\", \"table\", \"to\" FROM pragma_foreign_key_list('{table}')");
    all(conn, &sql, |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?)))).into_iter().collect()
}

#[test]
fn every_column_that_refers_to_a_record_is_a_foreign_key_to_its_table() {
    let (_folder, _, conn) = fresh();
    for kind in Kind::ALL {
        let references = kind.schema().columns.iter().filter_map(|column| match column.ty {
            ValueType::Id(entity) => {
                Some((column.name.to_owned(), (format!("crm_{entity}"), "id".to_owned())))
            }
            _ => None,
        });
        assert_eq!(foreign_keys(&conn, &format!("crm_{kind}")), references.collect(), "{kind}");
    }
}

/// Without an index each delete and each purge reads the whole referring table.
#[test]
fn every_foreign_key_is_found_through_an_index() {
    let (_folder, _, conn) = fresh();
    let mut seen = 0;
    for table in tables(&conn) {
        for column in foreign_keys(&conn, &table).keys() {
            let sql = format!("EXPLAIN QUERY PLAN SELECT 1 FROM {table} WHERE \"{column}\" = ?1");
            let mut statement = conn.prepare(&sql).unwrap();
            let mut rows = statement.query([[0u8; 16]]).unwrap();
            let plan: String = rows.next().unwrap().unwrap().get(3).unwrap();
            assert!(plan.starts_with("SEARCH"), "{table}.{column}: {plan}");
            seen += 1;
        }
    }
    assert!(seen > 15, "the foreign keys were not found: {seen}");
}

// ---- making and upgrading --------------------------------------------------------------------------------------

fn open(path: &Path) -> Crm {
    let store = OpenOptions::new(path).open().unwrap();
    Crm::open(Arc::new(store), Options { password_cost: PasswordCost::MINIMUM, ..Options::default() })
        .unwrap()
}

fn bytes(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap()
}

#[test]
fn opening_a_file_again_changes_nothing_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("crm.db");
    drop(open(&path));
    let before = bytes(&path);
    let operations = open(&path).changes_since(0, 100).unwrap();
    assert_eq!(operations.len(), 1, "a new store begins with one operation: {operations:?}");
    assert!(bytes(&path) == before, "the file was written to");
}

#[test]
fn many_who_open_a_new_file_at_the_same_time_all_succeed_and_share_one_beginning() {
    const AT_ONCE: usize = 8;
    for _ in 0..10 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("crm.db");
        let barrier = Barrier::new(AT_ONCE);
        std::thread::scope(|scope| {
            let opened: Vec<_> = (0..AT_ONCE)
                .map(|_| {
                    scope.spawn(|| {
                        barrier.wait();
                        let crm = open(&path);
                        crm.system("test").customers().create(named("Mara Tea")).unwrap();
                    })
                })
                .collect();
            opened.into_iter().for_each(|thread| thread.join().unwrap());
        });
        let crm = open(&path);
        let session = crm.system("test");
        assert_eq!(session.pipelines().count(&Query::new()).unwrap(), 1);
        assert_eq!(session.roles().count(&Query::new()).unwrap(), 4);
        assert_eq!(session.customers().count(&Query::new()).unwrap(), AT_ONCE as u64);
        let report = crm.check().unwrap();
        assert!(report.is_clean(), "{:?}", report.problems);
    }
}

fn named(name: &str) -> Customer {
    Customer { name: name.to_owned(), ..Customer::default() }
}

#[test]
fn search_finds_the_same_after_a_vacuum() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("crm.db");
    let crm = open(&path);
    let session = crm.system("test");
    let created: Vec<_> = (0..50)
        .map(|n| session.customers().create(named(&format!("Customer number{n}"))).unwrap().id)
        .collect();
    // Holes in the numbers of rows are what a VACUUM would close.
    for id in created.iter().step_by(3) {
        session.customers().delete(*id).unwrap();
        session.customers().purge(*id).unwrap();
    }
    let all_words = || -> Vec<Vec<_>> {
        let search = |n| session.customers().search(&format!("number{n}"), 100).unwrap();
        (0..50).map(|n| search(n).iter().map(|customer| customer.name.clone()).collect()).collect()
    };
    let before = all_words();
    assert_eq!(before[7], ["Customer number7"]);
    assert!(before[9].is_empty());
    Connection::open(&path).unwrap().execute_batch("VACUUM").unwrap();
    assert_eq!(all_words(), before);
    assert_eq!(session.customers().list(&Query::new()).unwrap().items.len(), 33);
    let report = crm.check().unwrap();
    assert!(report.is_clean(), "{:?}", report.problems);
}

#[test]
fn a_store_in_memory_has_the_same_tables() {
    let (_folder, _, conn) = fresh();
    let crm = Crm::open(Arc::new(OpenOptions::in_memory().open().unwrap()), test_options(1).0).unwrap();
    assert!(crm.check().unwrap().is_clean());
    let format: i64 = conn.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    let application: i64 = conn.query_row("PRAGMA application_id", [], |row| row.get(0)).unwrap();
    assert!(format >= 1);
    assert_eq!(application, i64::from(u32::from_be_bytes(*b"CRM1")), "`file` tells whose a file is by this");
}
