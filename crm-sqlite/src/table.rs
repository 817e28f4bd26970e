//! The SQL of one entity's table, built from its fields once.

use crate::words::WordsSql;
use crm_core::{Entity, FieldSet, Schema};
use parking_lot::RwLock;
use std::collections::HashMap;
use std::fmt::Write;
use std::sync::{Arc, LazyLock};

/// The columns of the envelope after `row`, in the order in which rows are read and written.
const ENVELOPE: [&str; 6] = ["id", "version", "created_at", "created_by", "updated_at", "updated_by"];

/// The envelope's columns that every change writes, and those that the trash writes. An UPDATE that names `deletion`
/// rewrites all indexes of live records, whether or not it differs.
const CHANGING: [&str; 3] = ["version", "updated_at", "updated_by"];
const TRASHING: [&str; 3] = ["deletion", "deleted_at", "deleted_by"];

pub(crate) struct Table {
    pub(crate) schema: &'static Schema,
    /// `crm_customer`.
    pub(crate) name: String,
    /// What a record is read from, on the alias `t`: of live records, and with the mark of the trash.
    live_columns: String,
    all_columns: String,
    pub(crate) insert: String,
    pub(crate) get: String,
    pub(crate) all: String,
    pub(crate) remove: String,
    pub(crate) words: WordsSql,
    updates: RwLock<HashMap<(u64, bool), Arc<str>>>,
}

static TABLES: LazyLock<RwLock<HashMap<&'static str, &'static Table>>> = LazyLock::new(RwLock::default);

/// The SQL of an entity; it lives as long as the program, as the entity's schema does.
pub(crate) fn table<E: Entity>() -> &'static Table {
    table_of(E::schema())
}

fn table_of(schema: &'static Schema) -> &'static Table {
    if let Some(table) = TABLES.read().get(schema.entity)
        && std::ptr::eq(table.schema, schema)
    {
        return table;
    }
    let table: &'static Table = Box::leak(Box::new(Table::build(schema)));
    TABLES.write().insert(schema.entity, table);
    table
}

impl Table {
    fn build(schema: &'static Schema) -> Self {
        let name = format!("crm_{}", schema.entity);
        let fields = schema.columns.iter().map(|column| column.name);
        let named =
            |names: &mut dyn Iterator<Item = &'static str>| list(names.map(|name| format!("t.\"{name}\"")));
        let live_columns = named(&mut ENVELOPE.into_iter().chain(fields));
        let all_columns = format!("{live_columns}, {}", named(&mut TRASHING.into_iter()));
        let mut written: Vec<String> =
            ENVELOPE.iter().chain(&TRASHING).map(|name| format!("\"{name}\"")).collect();
        for column in &schema.columns {
            written.push(format!("\"{}\"", column.name));
            if column.folded {
                written.push(format!("\"{}_key\"", column.name));
            }
        }
        let places = list((1..=written.len()).map(|n| format!("?{n}")));
        Table {
            insert: format!("INSERT INTO {name} ({}) VALUES ({places})", list(written.into_iter())),
            get: format!("SELECT {all_columns} FROM {name} AS t WHERE t.id = ?1"),
            all: format!(
                "SELECT {all_columns} FROM {name} AS t WHERE t.\"row\" > \
                 ifnull((SELECT a.\"row\" FROM {name} AS a WHERE a.id = ?1), 0) ORDER BY t.\"row\" LIMIT ?2"
            ),
            remove: format!("DELETE FROM {name} WHERE id = ?1"),
            words: WordsSql::of(&name),
            schema,
            name,
            live_columns,
            all_columns,
            updates: RwLock::default(),
        }
    }

    /// What a record is read from, on the alias `t`; with the mark of the trash, or without it for live records.
    pub(crate) fn columns(&self, trash: bool) -> &str {
        if trash { &self.all_columns } else { &self.live_columns }
    }

    /// The UPDATE of the envelope and these fields: the indexes of other columns are not touched.
    pub(crate) fn update(&self, changed: FieldSet, deletion: bool) -> Arc<str> {
        let key = (changed.bits(), deletion);
        if let Some(sql) = self.updates.read().get(&key) {
            return Arc::clone(sql);
        }
        let mut sql = format!("UPDATE {} SET ", self.name);
        let mut place = 1;
        let mut set = |sql: &mut String, name: &str, suffix: &str| {
            place += 1;
            let comma = if place == 2 { "" } else { ", " };
            // Writing to a string does not fail.
            let _ = write!(sql, "{comma}\"{name}{suffix}\" = ?{place}");
        };
        let trashing = TRASHING.iter().filter(|_| deletion);
        CHANGING.iter().chain(trashing).for_each(|name| set(&mut sql, name, ""));
        for column in self.schema.columns.iter().filter(|column| changed.contains(column.field)) {
            set(&mut sql, column.name, "");
            if column.folded {
                set(&mut sql, column.name, "_key");
            }
        }
        sql.push_str(" WHERE id = ?1");
        let sql: Arc<str> = sql.into();
        self.updates.write().insert(key, Arc::clone(&sql));
        sql
    }
}

fn list(names: impl Iterator<Item = String>) -> String {
    names.collect::<Vec<_>>().join(", ")
}
