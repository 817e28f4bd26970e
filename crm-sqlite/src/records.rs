//! One blanket implementation of reading and writing for all entities.

use crate::connection::Conn;
use crate::error::{OrError, from_sqlite, is_duplicate};
use crate::lists;
use crate::rows::{Bind, RowWriter, read_entry};
use crate::sql::Sql;
use crate::store::{HasConn, SqliteTransaction, SqliteView};
use crate::table::{Table, table};
use crate::{search, words};
use crm_core::port::{
    AggregatePlan, Entry, Found, IndexChange, Plan, RawGroup, Read, Repository, Scope, Sight,
};
use crm_core::{
    ColumnWriter, Deletion, Entity, Error, FieldSet, Id, Result, Timestamp, Uuid, Value, to_micros,
};
use rusqlite::types::Null;
use rusqlite::{OptionalExtension, Row, Statement, params, params_from_iter};

macro_rules! reads {
    ($($view:ty),+) => {$(
        impl<E: Entity> Read<E> for $view {
            fn get(&self, id: Id<E>, sight: &Sight) -> Result<Option<Entry<E>>> {
                get(self.conn()?, id, sight)
            }
            fn find(&self, plan: &Plan) -> Result<Vec<Entry<E>>> {
                lists::find(searched(self.conn()?, plan)?, plan)
            }
            fn page(&self, plan: &Plan) -> Result<(Vec<Entry<E>>, bool)> {
                lists::page(self.conn()?, plan)
            }
            fn search(&self, plan: &Plan) -> Result<Vec<Found<E>>> {
                search::ranked(searched(self.conn()?, plan)?, plan)
            }
            fn count(&self, plan: &Plan) -> Result<u64> {
                lists::count(searched(self.conn()?, plan)?, table::<E>(), plan)
            }
            fn aggregate(&self, plan: &Plan, figures: &AggregatePlan) -> Result<Vec<RawGroup>> {
                lists::aggregate(searched(self.conn()?, plan)?, table::<E>(), plan, figures)
            }
            fn all(&self, after: Option<Id<E>>, limit: usize) -> Result<Vec<Entry<E>>> {
                lists::all(self.conn()?, after, limit)
            }
        }
    )+};
}
reads!(SqliteView, SqliteTransaction);

/// A search sees what its transaction has written.
fn searched<'c>(conn: &'c Conn, plan: &Plan) -> Result<&'c Conn> {
    if plan.words.is_some() {
        words::write(conn)?;
    }
    Ok(conn)
}

fn get<E: Entity>(conn: &Conn, id: Id<E>, sight: &Sight) -> Result<Option<Entry<E>>> {
    let mut found = None;
    get_row(conn, table::<E>(), id.uuid(), sight, &mut |row| {
        found = Some(read_entry(row, true)?);
        Ok(())
    })?;
    Ok(found)
}

fn get_row(conn: &Conn, table: &Table, id: Uuid, sight: &Sight, take: Take<'_>) -> Result<()> {
    if sight.scope(table.schema) == Scope::All {
        let mut statement = conn.prepare(&table.get)?;
        return one(&mut statement, [&id.as_bytes()[..]], take);
    }
    let mut sql = Sql::default();
    sql.write(format_args!("SELECT {} FROM {} AS t WHERE t.id = ", table.columns(true), table.name));
    sql.bind(Bind::Id(id));
    sql.push(" AND ");
    sql.scope(table.schema, sight, "t");
    one(&mut *conn.prepare(&sql.text)?, params_from_iter(&sql.binds), take)
}

/// Takes a row.
type Take<'t> = &'t mut dyn FnMut(&Row<'_>) -> Result<()>;

fn one(statement: &mut Statement<'_>, params: impl rusqlite::Params, take: Take<'_>) -> Result<()> {
    let mut rows = statement.query(params).or_error()?;
    match rows.next().or_error()? {
        Some(row) => take(row),
        None => Ok(()),
    }
}

impl<E: Entity> Repository<E> for SqliteTransaction {
    fn insert(&mut self, entry: &Entry<E>, index: &IndexChange) -> Result<()> {
        let conn = self.conn()?;
        with_new(entry, |new| insert(conn, table::<E>(), new, index))
    }

    fn replace(&mut self, entry: &Entry<E>, changed: FieldSet, index: &IndexChange) -> Result<()> {
        let conn = self.conn()?;
        with_new(entry, |new| replace(conn, table::<E>(), new, changed, index))
    }

    fn remove(&mut self, id: Id<E>, index: &IndexChange) -> Result<()> {
        remove(self.conn()?, table::<E>(), id.uuid(), index)
    }
}

/// What a record becomes.
struct New<'r> {
    id: Uuid,
    version: u64,
    created_at: Timestamp,
    created_by: Option<Uuid>,
    updated_at: Timestamp,
    updated_by: Option<Uuid>,
    deletion: Option<Deletion>,
    write: &'r dyn Fn(&mut dyn ColumnWriter) -> Result<()>,
    value: &'r dyn Fn(usize) -> Value,
}

fn with_new<E: Entity>(entry: &Entry<E>, run: impl FnOnce(&New<'_>) -> Result<()>) -> Result<()> {
    let record = &entry.record;
    run(&New {
        id: record.id.uuid(),
        version: record.version,
        created_at: record.created_at,
        created_by: record.created_by.map(Id::uuid),
        updated_at: record.updated_at,
        updated_by: record.updated_by.map(Id::uuid),
        deletion: entry.deletion,
        write: &|out| record.data.write_columns(out),
        value: &|field| record.data.value(field),
    })
}

fn insert(conn: &Conn, table: &'static Table, new: &New<'_>, index: &IndexChange) -> Result<()> {
    conn.wrote()?;
    {
        let mut statement = conn.prepare(&table.insert)?;
        let mut binder = Binder { statement: &mut statement, next: 1 };
        binder.id(Some(new.id))?;
        binder.int(i64::try_from(new.version).unwrap_or(i64::MAX))?;
        binder.int(to_micros(new.created_at))?;
        binder.id(new.created_by)?;
        binder.int(to_micros(new.updated_at))?;
        binder.id(new.updated_by)?;
        binder.deletion(new.deletion.as_ref())?;
        let next = binder.next;
        written(conn, table, new, RowWriter::new(table.schema, &mut statement, next, None))?;
    }
    let row = conn.last_row();
    if let Some(words) = index.words.as_deref().filter(|words| !words.is_empty()) {
        words::add(conn, table, row, words)?;
    }
    change_keys(conn, table.schema.entity, new.id, index)
}

fn replace(
    conn: &Conn,
    table: &'static Table,
    new: &New<'_>,
    changed: FieldSet,
    index: &IndexChange,
) -> Result<()> {
    conn.wrote()?;
    {
        let mut statement = conn.prepare(&table.update(changed, index.deletion))?;
        let mut binder = Binder { statement: &mut statement, next: 1 };
        binder.id(Some(new.id))?;
        binder.int(i64::try_from(new.version).unwrap_or(i64::MAX))?;
        binder.int(to_micros(new.updated_at))?;
        binder.id(new.updated_by)?;
        if index.deletion {
            binder.deletion(new.deletion.as_ref())?;
        }
        let next = binder.next;
        written(conn, table, new, RowWriter::new(table.schema, &mut statement, next, Some(changed)))?;
    }
    if let Some(words) = index.words.as_deref() {
        words::change(conn, table, new.id, words)?;
    }
    change_keys(conn, table.schema.entity, new.id, index)
}

/// Binds the columns and runs the statement.
fn written(conn: &Conn, table: &'static Table, new: &New<'_>, mut columns: RowWriter<'_, '_>) -> Result<()> {
    (new.write)(&mut columns)?;
    columns.run().map_err(|error| {
        let code = table.schema.field("code").map(|field| (new.value)(field));
        taken(conn, table, new.id, code, error)
    })
}

fn remove(conn: &Conn, table: &'static Table, id: Uuid, index: &IndexChange) -> Result<()> {
    conn.wrote()?;
    if index.words.is_some() {
        words::change(conn, table, id, "")?;
    }
    change_keys(conn, table.schema.entity, id, index)?;
    conn.execute(&table.remove, [&id.as_bytes()[..]])?;
    Ok(())
}

/// Binds the envelope.
struct Binder<'w, 'c> {
    statement: &'w mut Statement<'c>,
    next: usize,
}

impl Binder<'_, '_> {
    fn int(&mut self, number: i64) -> Result<()> {
        self.next += 1;
        self.statement.raw_bind_parameter(self.next - 1, number).or_error()
    }

    fn id(&mut self, id: Option<Uuid>) -> Result<()> {
        self.next += 1;
        match id {
            Some(id) => self.statement.raw_bind_parameter(self.next - 1, &id.as_bytes()[..]).or_error(),
            None => self.statement.raw_bind_parameter(self.next - 1, Null).or_error(),
        }
    }

    fn deletion(&mut self, deletion: Option<&Deletion>) -> Result<()> {
        match deletion {
            Some(deletion) => {
                self.id(Some(deletion.id))?;
                self.int(to_micros(deletion.at))?;
                self.id(deletion.by.map(Id::uuid))
            }
            None => {
                self.id(None)?;
                self.id(None)?;
                self.id(None)
            }
        }
    }
}

fn change_keys(conn: &Conn, entity: &'static str, id: Uuid, index: &IndexChange) -> Result<()> {
    const REMOVE: &str = "DELETE FROM crm_key WHERE kind = ?1 AND field = ?2 AND \"key\" = ?3 AND shared IN (x'', ?4) AND record = ?4";
    const ADD: &str =
        "INSERT INTO crm_key (kind, field, \"key\", record, shared) VALUES (?1, ?2, ?3, ?4, ?5)";
    let mut statements = conn.repeated();
    for key in &index.removed {
        statements.execute(REMOVE, params![entity, key.field, key.key, &id.as_bytes()[..]])?.or_error()?;
    }
    for key in &index.added {
        let shared: &[u8] = if key.unique { &[] } else { id.as_bytes() };
        let added =
            statements.execute(ADD, params![entity, key.field, key.key, &id.as_bytes()[..], shared])?;
        match added {
            Ok(_) => {}
            Err(error) if is_duplicate(&error) => {
                return Err(Error::Duplicate {
                    entity,
                    field: key.field,
                    value: key.key.clone(),
                    holder: holder(conn, entity, key.field, &key.key)?,
                });
            }
            Err(error) => return Err(from_sqlite(error)),
        }
    }
    Ok(())
}

pub(crate) fn holder(conn: &Conn, entity: &str, field: &str, key: &str) -> Result<Option<Uuid>> {
    const SQL: &str =
        "SELECT record FROM crm_key WHERE kind = ?1 AND field = ?2 AND \"key\" = ?3 AND shared = x''";
    let found = conn.prepare(SQL)?.query_row(params![entity, field, key], |row| row.get::<_, [u8; 16]>(0));
    Ok(found.optional().or_error()?.map(Uuid::from_bytes))
}

/// What is taken when a row breaks a UNIQUE constraint of its own table: its id, or a code.
fn taken(conn: &Conn, table: &Table, id: Uuid, code: Option<Value>, error: rusqlite::Error) -> Error {
    if !is_duplicate(&error) {
        return from_sqlite(error);
    }
    let entity = table.schema.entity;
    match (code, error.to_string().contains(".code")) {
        (Some(Value::Text(code)), true) => {
            let holder = holder_of_code(conn, table, &code);
            Error::Duplicate { entity, field: "code", value: code, holder }
        }
        _ => Error::Duplicate { entity, field: "id", value: id.to_string(), holder: Some(id) },
    }
}

fn holder_of_code(conn: &Conn, table: &Table, code: &str) -> Option<Uuid> {
    let sql = format!("SELECT id FROM {} WHERE code = ?1", table.name);
    let found = conn.prepare(&sql).ok()?.query_row([code], |row| row.get::<_, [u8; 16]>(0));
    found.ok().map(Uuid::from_bytes)
}
