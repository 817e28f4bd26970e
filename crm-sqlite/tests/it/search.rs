//! What the index of words keeps, and how much of it is read.

use crm_core::contract::test_options;
use crm_core::exchange::import::{Import, ImportEvent, Plan};
use crm_core::port::{Entry, IndexChange, Store, Stored};
use crm_core::{
    Contact, Crm, CustomField, CustomFieldType, Customer, Id, Kind, Match, MemoryStore, Query, Record,
    Timestamp,
};
use crm_sqlite::{OpenOptions, SqliteStore};
use rusqlite::Connection;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

fn open(path: &Path) -> (Crm, Arc<SqliteStore>) {
    let store = Arc::new(OpenOptions::new(path).open().unwrap());
    (Crm::open(Arc::clone(&store) as Arc<dyn Store>, test_options(1).0).unwrap(), store)
}

/// Every byte of the tables of search, live and dead, whatever FTS5 makes of them.
fn holds(path: &Path, word: &str) -> Vec<String> {
    let conn = Connection::open(path).unwrap();
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' \
                  AND (name LIKE 'crm_%_words_%' OR name LIKE 'crm_%_text')";
    let mut statement = conn.prepare(tables).unwrap();
    let tables: Vec<String> =
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert!(tables.len() > 20);
    let mut found = Vec::new();
    for table in tables {
        let columns: usize = conn.prepare(&format!("SELECT * FROM {table}")).unwrap().column_count();
        let mut statement = conn.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            for column in 0..columns {
                let bytes: Vec<u8> = match row.get_ref(column).unwrap() {
                    rusqlite::types::ValueRef::Text(bytes) | rusqlite::types::ValueRef::Blob(bytes) => {
                        bytes.to_vec()
                    }
                    _ => continue,
                };
                if bytes.windows(word.len()).any(|part| part == word.as_bytes()) {
                    found.push(table.clone());
                }
            }
        }
    }
    found
}

/// A word that no record has any more is gone from the file when the store is told to forget.
#[test]
fn words_that_nobody_has_are_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("crm.db");
    let (crm, store) = open(&path);
    let session = crm.system("test");
    let forget = || store.scrub().unwrap();
    // Written and removed by one operation, in an empty index.
    let customer = Customer { name: "Qxzjkvw".into(), ..Customer::default() };
    let id = session.customers().create(customer).unwrap().id;
    assert!(!holds(&path, "xzjk").is_empty());
    session.customers().update(id, |customer| customer.name = "Another".into()).unwrap();
    assert!(!holds(&path, "xzjk").is_empty(), "or this test would see nothing");
    forget();
    assert_eq!(holds(&path, "xzjk"), Vec::<String>::new());
    assert_eq!(session.customers().search("another", 10).unwrap().len(), 1);

    let contact = Contact { customer: id, family_name: "Pqrzjkvw".into(), ..Contact::default() };
    session.contacts().create(contact).unwrap();
    session.customers().delete(id).unwrap();
    session.customers().purge(id).unwrap();
    forget();
    for word in ["rzjk", "nothe", "other"] {
        assert_eq!(holds(&path, word), Vec::<String>::new(), "{word}");
    }
    assert_eq!(session.search("another", 10).unwrap(), []);
    session.customers().create(Customer { name: "After all".into(), ..Customer::default() }).unwrap();
    assert_eq!(session.customers().search("fter", 10).unwrap().len(), 1);
    assert!(crm.check().unwrap().is_clean());
}

/// Protects: the connection that writes is set up otherwise for many records, and back for few: what is written before,
/// between and after is found all the same, also when the many are taken back.
#[test]
fn few_and_many_records_take_turns() {
    let folder = tempfile::tempdir().unwrap();
    let (crm, store) = open(&folder.path().join("crm.db"));
    let session = crm.system("test");
    let customer = |number: usize| Customer { name: format!("Turn{number:04}"), ..Default::default() };
    let mut number = 0;
    for size in [1, 300, 1, 2, 128, 127, 1] {
        let mut batch = session.batch();
        for _ in 0..size {
            batch.create(customer(number)).unwrap();
            number += 1;
        }
        batch.run().unwrap();
    }
    let mut wrong = session.batch();
    for more in 0..200 {
        wrong.create(customer(number + more)).unwrap();
    }
    wrong.create(Customer::default()).unwrap();
    assert!(wrong.run().is_err());
    session.customers().create(customer(number)).unwrap();
    let found = |word: &str| session.customers().count(&Query::new().words(word)).unwrap();
    for number in 0..=number {
        assert_eq!(found(&format!("turn{number:04}")), 1, "{number}");
    }
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
}

/// In how many parts the index of customers is, and how FTS5 is told to merge them.
fn parts(path: &Path) -> (i64, Vec<(String, i64)>) {
    let conn = Connection::open(path).unwrap();
    let parts = "SELECT count(DISTINCT segid) FROM crm_customer_words_idx";
    let parts = conn.query_row(parts, [], |row| row.get(0)).unwrap();
    let config = "SELECT k, v FROM crm_customer_words_config WHERE k LIKE '%merge' ORDER BY k";
    let mut config = conn.prepare(config).unwrap();
    let config = config.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap);
    (parts, config.collect())
}

/// Protects: large transactions that expect more of them merge the index less, and leave it to merge as usual; [`Store::tidy`]
/// merges what they left, a part at a time, and the same is found before and after.
#[test]
fn what_many_large_transactions_leave_is_tidied() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("crm.db");
    let (crm, store) = open(&path);
    let mut number = 0_u128;
    for _ in 0..20 {
        let mut tx = store.begin().unwrap();
        tx.expect_more();
        for _ in 0..130 {
            number += 1;
            let record = Record {
                id: Id::from_uuid(crm_core::Uuid::from_u128(number)),
                version: 1,
                created_at: Timestamp::default(),
                created_by: None,
                updated_at: Timestamp::default(),
                updated_by: None,
                data: Customer { name: format!("Many {number}"), ..Customer::default() },
            };
            let words = Some(format!("many turn{number:04}"));
            let index = IndexChange { words, ..IndexChange::default() };
            Customer::repo(&mut *tx).insert(&Entry { record, deletion: None }, &index).unwrap();
        }
        tx.commit().unwrap();
        assert_eq!(parts(&path).1, [("automerge".to_owned(), 8), ("crisismerge".to_owned(), 16)]);
    }
    let session = crm.system("test");
    let found = || {
        let words = ["many", "turn0007", "turn2600", "urn13", "trun0007"];
        words.map(|word| session.customers().count(&Query::new().words(word)).unwrap())
    };
    let before = found();
    assert_eq!(before, [2_600, 1, 1, 100, 0]);
    assert!(parts(&path).0 > 16, "{:?}", parts(&path));
    while store.tidy().unwrap() {}
    assert!(parts(&path).0 < 4, "{:?}", parts(&path));
    assert_eq!(found(), before);
    assert!(!store.tidy().unwrap(), "or an import would never end");
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
}

/// Protects: an import leaves an index in which a search has few parts to look at.
#[test]
fn an_import_leaves_a_tidy_index() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("crm.db");
    let (crm, _) = open(&path);
    let session = crm.system("test");
    let plan: Plan = serde_json::from_str(
        r#"{"steps": [{"entity": "customer", "file": "f", "columns": [{"column": "name", "field": "name"}]}]}"#,
    )
    .unwrap();
    let file = (0..5_000).fold("name\n".to_owned(), |file, number| format!("{file}Row{number:04}\n"));
    let mut most = 0;
    let report = Import::new(&session, &plan).unwrap().apply(
        &mut |_| Ok(Box::new(std::io::Cursor::new(file.clone()))),
        &mut |event| {
            if let ImportEvent::Chunk(_) = event {
                most = most.max(parts(&path).0);
            }
            ControlFlow::Continue(())
        },
    );
    assert_eq!(report.unwrap().counts.created, 5_000);
    assert_eq!((most, parts(&path).0), (5, 1));
    assert_eq!(session.customers().count(&Query::new().words("row4711")).unwrap(), 1);
}

/// The middle of a word and a typo cost as many statements in a large store as in a small one.
#[test]
fn case_27_a_search_runs_few_statements_however_many_records_there_are() {
    let mut counted = Vec::new();
    for customers in [50, 1_000] {
        let folder = tempfile::tempdir().unwrap();
        let (crm, store) = open(&folder.path().join("crm.db"));
        let session = crm.system("test");
        for chunk in (0..customers).collect::<Vec<u32>>().chunks(250) {
            let mut batch = session.batch();
            for number in chunk {
                let name = format!("Blacksmith number{number}");
                batch.create(Customer { name, ..Customer::default() }).unwrap();
            }
            batch.run().unwrap();
        }
        let count = |call: &dyn Fn()| {
            call();
            let before = store.statements().unwrap();
            call();
            store.statements().unwrap() - before
        };
        let mut of_this = Vec::new();
        for word in
            ["blacksmith", "black", "smith", "balcksmith", "blacksmith umber", "nobody", "0 1 2 3 4 5"]
        {
            of_this.push(count(&|| _ = session.customers().search(word, 10).unwrap()));
            of_this.push(count(&|| _ = session.search(word, 10).unwrap()));
            let query = Query::new().words(word);
            of_this.push(count(&|| _ = session.customers().list(&query).unwrap()));
            of_this.push(count(&|| _ = session.customers().count(&query).unwrap()));
        }
        counted.push(of_this);
    }
    assert_eq!(counted[0], counted[1]);
    assert!(counted[0].iter().all(|statements| *statements < 60), "{counted:?}");
}

/// Formats of phones, accents, a name in two columns, signs that mean something to full-text search, middles and typos.
#[test]
fn case_25_search_finds_what_other_systems_do_not() {
    for sqlite in [false, true] {
        let store: Arc<dyn Store> = match sqlite {
            true => Arc::new(OpenOptions::in_memory().open().unwrap()),
            false => Arc::new(MemoryStore::new()),
        };
        let crm = Crm::open(store, test_options(1).0).unwrap();
        let session = crm.system("test");
        session.update_settings(|settings| settings.phone_region = "FR".into()).unwrap();
        let custom = CustomField {
            entity: Kind::Customer,
            key: "hotline".into(),
            label: "Hotline".into(),
            r#type: CustomFieldType::Phone,
            ..CustomField::default()
        };
        session.custom_fields().create(custom).unwrap();
        let customers = session.customers();
        let add = |customer: Customer| customers.create(customer).unwrap().id;
        let named = |name: &str| Customer { name: name.into(), ..Customer::default() };
        let phone = |name: &str, number: &str| Customer { phones: vec![number.into()], ..named(name) };
        let e164 = add(phone("Number one", "+33628230455"));
        let typed = add(phone("Number two", "06 28 23 04 66"));
        let broken = add(phone("Number three", "0123-45678"));
        let mut with_hotline = named("Number four");
        with_hotline.custom.set("hotline", "06.39.98.01.23");
        let hotline = add(with_hotline);
        let accents = add(named("Véronique Trémieux"));
        let two_columns = add(Customer {
            given_name: Some("John".into()),
            family_name: Some("Smith".into()),
            ..Customer::default()
        });
        let contact = Contact {
            customer: e164,
            given_name: "Jane".into(),
            family_name: "Blacksmith".into(),
            ..Contact::default()
        };
        let contact = session.contacts().create(contact).unwrap().id;
        let sharp = add(named("C# House"));
        let irish = add(named("O'Brien"));
        let percent = add(named("100% Juice"));
        let quoted = add(named("Say a\"b again"));
        let near = add(named("Near the Star"));
        let first = |text: &str| customers.search(text, 10).unwrap().first().map(|found| found.id);
        for (text, id) in [
            ("06 28 23 04 55", e164),
            ("0628230455", e164),
            ("+33 6 28 23 04 55", e164),
            ("+33628230466", typed),
            ("(06) 28-23-04-66", typed),
            ("012345", broken),
            ("0123-45678", broken),
            ("0639980123", hotline),
            ("+33 6 39 98 01 23", hotline),
            ("Veronique", accents),
            ("VÉRONIQUE", accents),
            ("Tremieux", accents),
            ("tremieux veronique", accents),
            ("John Smith", two_columns),
            ("smith john", two_columns),
            ("smi joh", two_columns),
            ("mith", two_columns),
            ("Simth", two_columns),
            ("jonh smiht", two_columns),
            ("C#", sharp),
            ("c#", sharp),
            ("O'Brien", irish),
            ("o’brien", irish),
            ("obrien", irish),
            ("brien", irish),
            ("100%", percent),
            ("100", percent),
            ("a\"b", quoted),
            ("\"again\"", quoted),
            ("NEAR(", near),
            ("near*", near),
            ("C001", e164),
            ("c002", typed),
        ] {
            let wanted = if text == "jonh smiht" { None } else { Some(id) };
            assert_eq!(first(text), wanted, "{text}, in SQLite: {sqlite}");
        }
        assert_eq!(session.contacts().search("jane smith", 10).unwrap()[0].id, contact);
        let kinds: Vec<_> =
            session.search("smith", 10).unwrap().iter().map(|hit| (hit.kind, hit.matched)).collect();
        assert_eq!(kinds, [(Kind::Customer, Match::Exact), (Kind::Contact, Match::Inside)]);
        for text in ["*", "\"", "(", "NEAR(a b, 3)", "AND", "OR NOT", "^", "a:b", "%", "'", ""] {
            session.search(text, 10).unwrap();
            customers.list(&Query::new().words(text).order_by(["name"]).with_total()).unwrap();
        }
        assert_eq!(first("*"), None);
    }
}
