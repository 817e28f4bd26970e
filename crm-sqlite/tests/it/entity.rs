//! The measure of the design: a plain field is its line in the struct and its line in a migration, and nothing else.
//! Everything beyond that (columns, values, patches, filters, orders, words, keys, journal) follows from the
//! declaration.

use crm_core::contract::test_options;
use crm_core::port::{Plan, Sight};
use crm_core::*;
use crm_sqlite::rusqlite;
use rusqlite::types::{Value as SqlValue, ValueRef};
use std::path::Path;
use std::sync::Arc;

// The two modules below differ in one plain field. What differs between them is counted by a test.

mod v1 {
    use crm_core::{Entity, Validate};
    use serde::Serialize;

    /// Something to play with.
    #[derive(Clone, Debug, Default, PartialEq, Serialize, Entity)]
    #[entity(name = "toy")]
    pub(super) struct Toy {
        /// What it is called.
        #[entity(filterable, sortable, searchable, max = 255)]
        pub(super) name: String,
        /// How many wheels it has.
        #[entity(filterable, sortable)]
        pub(super) wheels: Option<u32>,
    }

    impl Validate for Toy {}

    pub(super) const MIGRATIONS: &[&str] = &[
        "CREATE TABLE crm_toy (name TEXT NOT NULL, name_key TEXT NOT NULL, wheels INTEGER) STRICT",
        "CREATE INDEX crm_toy_name ON crm_toy (name_key)",
    ];
}

mod v2 {
    use crm_core::{Entity, Validate};
    use serde::Serialize;

    /// Something to play with.
    #[derive(Clone, Debug, Default, PartialEq, Serialize, Entity)]
    #[entity(name = "toy")]
    pub(super) struct Toy {
        /// What it is called.
        #[entity(filterable, sortable, searchable, max = 255)]
        pub(super) name: String,
        /// How many wheels it has.
        #[entity(filterable, sortable)]
        pub(super) wheels: Option<u32>,
        /// The colour that it is painted in.
        #[entity(filterable, sortable, searchable, max = 100)]
        pub(super) colour: Option<String>,
    }

    impl Validate for Toy {}

    pub(super) const MIGRATIONS: &[&str] = &[
        "CREATE TABLE crm_toy (name TEXT NOT NULL, name_key TEXT NOT NULL, wheels INTEGER) STRICT",
        "CREATE INDEX crm_toy_name ON crm_toy (name_key)",
        "ALTER TABLE crm_toy ADD COLUMN colour TEXT; ALTER TABLE crm_toy ADD COLUMN colour_key TEXT",
    ];
}

/// The lines of a module of this file.
fn source_of(module: &str) -> Vec<&'static str> {
    let source = include_str!("entity.rs");
    let start = format!("\nmod {module} {{\n");
    let from = source.find(&start).unwrap() + start.len();
    let length = source[from..].find("\n}\n").unwrap();
    source[from..from + length].lines().map(str::trim).collect()
}

#[test]
fn a_new_field_is_its_declaration_and_one_line_of_a_migration() {
    let (old, new) = (source_of("v1"), source_of("v2"));
    let mut unchanged = old.iter().peekable();
    let added: Vec<&str> =
        new.into_iter().filter(|line| unchanged.next_if(|old| *old == line).is_none()).collect();
    assert_eq!(unchanged.next(), None, "a line of the old module was changed");
    assert_eq!(
        added,
        [
            "/// The colour that it is painted in.",
            "#[entity(filterable, sortable, searchable, max = 100)]",
            "pub(super) colour: Option<String>,",
            "\"ALTER TABLE crm_toy ADD COLUMN colour TEXT; ALTER TABLE crm_toy ADD COLUMN colour_key TEXT\",",
        ]
    );
}

// ---- what follows from the declaration -------------------------------------------------------------------------

/// The cells of a record as an adapter writes them: a folded text twice.
struct Cells {
    columns: std::slice::Iter<'static, Column>,
    cells: Vec<(String, SqlValue)>,
}

impl ColumnWriter for Cells {
    fn put(&mut self, cell: Cell<'_>) -> Result<()> {
        let column = self.columns.next().unwrap();
        let (value, folded) = match cell {
            Cell::Null => (SqlValue::Null, SqlValue::Null),
            Cell::Int(number) => (SqlValue::Integer(number), SqlValue::Null),
            Cell::Text(text) => (SqlValue::Text(text.to_owned()), SqlValue::Text(fold(text))),
            Cell::Id(id) => (SqlValue::Blob(id.as_bytes().to_vec()), SqlValue::Null),
        };
        self.cells.push((column.name.to_owned(), value));
        if column.folded {
            self.cells.push((format!("{}_key", column.name), folded));
        }
        Ok(())
    }
}

struct Row<'r> {
    row: &'r rusqlite::Row<'r>,
    next: usize,
}

impl ColumnReader for Row<'_> {
    fn take(&mut self) -> Result<Cell<'_>> {
        self.next += 1;
        Ok(match self.row.get_ref(self.next - 1).unwrap() {
            ValueRef::Null => Cell::Null,
            ValueRef::Integer(number) => Cell::Int(number),
            ValueRef::Text(text) => Cell::Text(std::str::from_utf8(text).unwrap()),
            ValueRef::Blob(id) => Cell::Id(Uuid::from_slice(id).unwrap()),
            ValueRef::Real(_) => panic!("a floating-point number"),
        })
    }
}

/// A table of toys, through nothing but the schema.
struct Toys(rusqlite::Connection);

impl Toys {
    fn new(migrations: &[&str]) -> Toys {
        let toys = Toys(rusqlite::Connection::open_in_memory().unwrap());
        toys.migrate(migrations);
        toys
    }

    fn migrate(&self, migrations: &[&str]) {
        migrations.iter().for_each(|step| self.0.execute_batch(step).unwrap());
    }

    fn insert<E: Entity>(&self, toy: &E) {
        let mut cells = Cells { columns: E::schema().columns.iter(), cells: Vec::new() };
        toy.write_columns(&mut cells).unwrap();
        assert_eq!(cells.columns.next(), None, "every column is written");
        let (names, values): (Vec<_>, Vec<_>) = cells.cells.into_iter().unzip();
        let places = vec!["?"; names.len()].join(", ");
        let sql = format!("INSERT INTO crm_{} ({}) VALUES ({places})", E::ENTITY, names.join(", "));
        self.0.execute(&sql, rusqlite::params_from_iter(values)).unwrap();
    }

    fn all<E: Entity>(&self) -> Vec<E> {
        let names: Vec<_> = E::schema().columns.iter().map(|column| column.name).collect();
        let sql = format!("SELECT {} FROM crm_{} ORDER BY rowid", names.join(", "), E::ENTITY);
        let mut statement = self.0.prepare(&sql).unwrap();
        let mut rows = statement.query([]).unwrap();
        let mut all = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            all.push(E::read_columns(&mut Row { row, next: 0 }).unwrap());
        }
        all
    }
}

/// All that the declaration gives for a toy in which every field is filled, without naming one.
fn everything_follows<E: Entity>(full: &E, migrations: &[&str]) {
    let empty = E::default();
    let schema = E::schema();
    // Into columns and back.
    let toys = Toys::new(migrations);
    toys.insert(full);
    toys.insert(&empty);
    assert_eq!(toys.all::<E>(), [full.clone(), empty.clone()]);
    // To JSON and back; what is absent is empty.
    let json = serde_json::to_string(full).unwrap();
    assert_eq!(serde_json::from_str::<E>(&json).unwrap(), *full);
    assert_eq!(serde_json::from_str::<E>("{}").unwrap(), empty);
    // To neutral values and back, through JSON as patches and the journal do it.
    let patch: Patch = serde_json::from_str(&json).unwrap();
    let mut rebuilt = empty.clone();
    for (field, def) in E::FIELDS.iter().enumerate() {
        assert!(patch.names().any(|name| name == def.name));
        let json = serde_json::to_string(&full.value(field)).unwrap();
        rebuilt.set(field, serde_json::from_str(&json).unwrap()).unwrap();
    }
    assert_eq!(rebuilt, *full);
    for (field, def) in E::FIELDS.iter().enumerate() {
        // Differences are seen, and taken over, field by field.
        let mut changed = empty.clone();
        changed.copy_field(field, full);
        assert_eq!(changed.changed(&empty).iter().collect::<Vec<_>>(), [field], "{}", def.name);
        // Lists filter, sort and group by it.
        assert!(!def.doc.is_empty());
        let query = Query::new().filter(Filter::is(def.name, full.value(field))).order_by([def.name]);
        let plan = Plan::new(E::schema(), &query, Arc::new(Sight::all()), &Conventions::default()).unwrap();
        assert_eq!(plan.order.keys[0].column.name, def.name);
        let column = schema.column(def.name).unwrap();
        assert_eq!(column.folded, column.ty == ValueType::Text);
        // Search finds its words.
        let mut words = Words::default();
        full.words(field, &KeyRules::default(), &mut words);
        assert!(!def.searchable || !words.into_text().is_empty(), "{}", def.name);
    }
}

#[test]
fn everything_follows_from_the_declaration_before_and_after() {
    let old = v1::Toy { name: "Cart".into(), wheels: Some(4) };
    everything_follows(&old, v1::MIGRATIONS);
    let new = v2::Toy { name: "Cart".into(), wheels: Some(4), colour: Some("Rot und Grün".into()) };
    everything_follows(&new, v2::MIGRATIONS);
    assert_eq!(v2::Toy::COLOUR.is("red"), Filter::is("colour", "red"));
    let too_long = v2::Toy { colour: Some("x".repeat(101)), ..new };
    let mut problems = Violations::default();
    too_long.clone().tidy(&mut problems);
    assert_eq!(problems.iter().map(|problem| problem.field.as_str()).collect::<Vec<_>>(), ["colour"]);
}

#[test]
fn what_was_stored_before_is_read_after_the_migration() {
    let toys = Toys::new(v1::MIGRATIONS);
    toys.insert(&v1::Toy { name: "Cart".into(), wheels: None });
    toys.migrate(&v2::MIGRATIONS[v1::MIGRATIONS.len()..]);
    toys.insert(&v2::Toy { name: "Ball".into(), wheels: Some(0), colour: Some("red".into()) });
    let all = toys.all::<v2::Toy>();
    assert_eq!(all[0], v2::Toy { name: "Cart".into(), ..v2::Toy::default() });
    assert_eq!(all[1].colour.as_deref(), Some("red"));
    // An older release reads what it knows.
    assert_eq!(toys.all::<v1::Toy>()[1], v1::Toy { name: "Ball".into(), wheels: Some(0) });
}

// ---- the same on the real sources ------------------------------------------------------------------------------

/// Every line of the sources in a folder that names the word, with its file. The suite for stores is no part of
/// what a field costs: it may use any field it likes. Nor are the words of vCard, which name the fields that it has
/// properties for, and the list of what other programs call things: all others are carried by their own names.
fn lines_with(folder: &Path, word: &str, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if !path.ends_with("contract") && !path.ends_with("exchange/vcard") {
                lines_with(&path, word, found);
            }
            continue;
        }
        if path.extension().is_some_and(|ending| ending == "tsv") {
            continue;
        }
        let is_word = |part: &str| part == word || part == format!("{word}_key");
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            let mut parts = line.split(|c: char| !c.is_alphanumeric() && c != '_');
            if parts.any(|part| is_word(&part.to_lowercase())) {
                let file = path.file_name().unwrap().to_str().unwrap().to_owned();
                found.push((file, line.trim().to_owned()));
            }
        }
    }
}

#[test]
fn a_plain_field_of_a_contact_stands_in_its_struct_and_in_its_migration_only() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = Vec::new();
    for folder in ["crm-core/src", "crm-core/derive/src", "crm-sqlite/src", "crm-sqlite/migrations"] {
        lines_with(&root.join(folder), "department", &mut found);
    }
    let found: Vec<(&str, &str)> = found.iter().map(|(file, line)| (file.as_str(), line.as_str())).collect();
    assert_eq!(
        found,
        [
            ("contact.rs", "pub department: Option<String>,"),
            ("0001_first_format.sql", "department TEXT,"),
            ("0001_first_format.sql", "department_key TEXT,"),
        ]
    );
}

fn the_field_works(store: Arc<dyn port::Store>) {
    let crm = Crm::open(store, test_options(7).0).unwrap();
    let session = crm.system("test");
    let customer = Customer { name: "Mara Tea".into(), ..Customer::default() };
    let customer = session.customers().create(customer).unwrap().id;
    let contacts = session.contacts();
    let person = |name: &str, department: Option<&str>| Contact {
        customer,
        given_name: name.into(),
        department: department.map(str::to_owned),
        ..Contact::default()
    };
    // Created, cleaned, read.
    let amina = contacts.create(person("Amina", Some("  Einkauf "))).unwrap();
    assert_eq!(amina.department.as_deref(), Some("Einkauf"));
    let juma = contacts.create(person("Juma", Some("Änderungen"))).unwrap();
    let zawadi = contacts.create(person("Zawadi", None)).unwrap();
    assert_eq!(contacts.get(amina.id).unwrap(), amina);
    // Filtered without case and accents, sorted with the empty ones last, grouped.
    let names = |query: Query| -> Vec<String> {
        let found = contacts.list(&query).unwrap().items;
        found.into_iter().map(|contact| contact.given_name.clone()).collect()
    };
    assert_eq!(names(Query::new().filter(Contact::DEPARTMENT.is("anderungen"))), ["Juma"]);
    assert_eq!(names(Query::new().filter(Contact::DEPARTMENT.starts_with("EIN"))), ["Amina"]);
    assert_eq!(names(Query::new().filter(Contact::DEPARTMENT.is_empty())), ["Zawadi"]);
    assert_eq!(names(Query::new().ascending(Contact::DEPARTMENT)), ["Juma", "Amina", "Zawadi"]);
    assert_eq!(names(Query::new().descending(Contact::DEPARTMENT)), ["Amina", "Juma", "Zawadi"]);
    let groups = contacts.aggregate(&Query::new(), &Aggregate::count().by(Contact::DEPARTMENT)).unwrap();
    assert_eq!(groups.len(), 3);
    // Set and cleared by a patch, checked for its length.
    let patch: Patch = serde_json::from_str(r#"{"department": "Verkauf"}"#).unwrap();
    assert_eq!(contacts.patch(zawadi.id, patch).unwrap().department.as_deref(), Some("Verkauf"));
    let cleared = contacts.patch(juma.id, Patch::new().clear("department")).unwrap();
    assert_eq!(cleared.department, None);
    let too_long = contacts.patch(juma.id, Patch::new().set("department", "x".repeat(256))).unwrap_err();
    assert_eq!(too_long.code(), "invalid");
    // The journal tells the change of this field and of no other; undo takes it back.
    let history = contacts.history(juma.id).unwrap();
    let change = &history.last().unwrap().changes[0];
    assert_eq!(change.fields().collect::<Vec<_>>(), ["department"]);
    assert_eq!(change.before["department"], Value::from("Änderungen"));
    assert!(change.after.is_empty());
    session.undo(history.last().unwrap().id).unwrap();
    assert_eq!(contacts.get(juma.id).unwrap().department, juma.department);
    // Who wrote the same field meanwhile is in the way of nobody else.
    contacts.update(juma.id, |contact| contact.position = Some("Chef".into())).unwrap();
    let mut stale = juma.clone();
    stale.data.department = Some("Lager".into());
    let conflict = contacts.replace(stale.clone()).unwrap();
    assert_eq!((conflict.department.as_deref(), conflict.position.as_deref()), (Some("Lager"), Some("Chef")));
    let error = contacts.patch_at(juma.id, 1, Patch::new().set("department", "Büro")).unwrap_err();
    let Error::Conflict { fields, .. } = error else { panic!("{error:?}") };
    assert_eq!(fields, [("department".to_owned(), Value::from("Lager"))]);
    let report = crm.check().unwrap();
    assert!(report.is_clean(), "{:?}", report.problems);
}

#[test]
fn a_plain_field_works_everywhere_in_memory() {
    the_field_works(Arc::new(MemoryStore::new()));
}

#[test]
fn a_plain_field_works_everywhere_in_sqlite() {
    the_field_works(Arc::new(crm_sqlite::OpenOptions::in_memory().open().unwrap()));
}
