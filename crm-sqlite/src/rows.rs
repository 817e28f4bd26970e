//! Cells in and out of rows.

use crate::error::OrError;
use crm_core::port::{Atom, Entry, custom_comparison};
use crm_core::{
    Cell, Column, ColumnReader, ColumnWriter, Deletion, Entity, Error, FieldSet, Id, Record, Result, Schema,
    Timestamp, Uuid, ValueType, fold,
};
use rusqlite::types::{Null, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Row, Statement};

/// A value bound to a parameter of a statement that was built for a list.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Bind {
    Null,
    Int(i64),
    Text(String),
    Id(Uuid),
}

impl ToSql for Bind {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Bind::Null => ValueRef::Null,
            Bind::Int(number) => ValueRef::Integer(*number),
            Bind::Text(text) => ValueRef::Text(text.as_bytes()),
            Bind::Id(id) => ValueRef::Blob(id.as_bytes()),
        }))
    }
}

impl From<Atom> for Bind {
    fn from(atom: Atom) -> Self {
        match atom {
            Atom::Null => Bind::Null,
            Atom::Int(number) => Bind::Int(number),
            Atom::Id { id } => Bind::Id(id),
            Atom::Text(text) => Bind::Text(text),
        }
    }
}

/// Binds the cells of a record in the order of its columns, each folded text twice: as it is and as it is compared.
pub(crate) struct RowWriter<'w, 'c> {
    statement: &'w mut Statement<'c>,
    columns: std::slice::Iter<'static, Column>,
    /// Only these fields; the cells of others are passed over.
    only: Option<FieldSet>,
    next: usize,
}

impl<'w, 'c> RowWriter<'w, 'c> {
    pub(crate) fn new(
        schema: &'static Schema,
        statement: &'w mut Statement<'c>,
        first: usize,
        only: Option<FieldSet>,
    ) -> Self {
        RowWriter { statement, columns: schema.columns.iter(), only, next: first }
    }

    /// Runs the statement of which all is bound.
    pub(crate) fn run(self) -> rusqlite::Result<()> {
        self.statement.raw_execute().map(drop)
    }

    fn bind(&mut self, value: impl ToSql) -> Result<()> {
        self.statement.raw_bind_parameter(self.next, value).or_error()?;
        self.next += 1;
        Ok(())
    }
}

impl ColumnWriter for RowWriter<'_, '_> {
    fn put(&mut self, cell: Cell<'_>) -> Result<()> {
        let column = self.columns.next().ok_or_else(|| corrupt("a record has more cells than columns"))?;
        if self.only.is_some_and(|only| !only.contains(column.field)) {
            return Ok(());
        }
        match cell {
            Cell::Null => self.bind(Null)?,
            Cell::Int(number) => self.bind(number)?,
            Cell::Text(text) => self.bind(text)?,
            Cell::Id(id) => self.bind(&id.as_bytes()[..])?,
        }
        match cell {
            Cell::Text(json) if column.ty == ValueType::Custom => self.bind(custom_comparison(json)?),
            Cell::Text(text) if column.folded => self.bind(fold(text)),
            _ if column.folded => self.bind(Null),
            _ => Ok(()),
        }
    }
}

/// Gives the cells of a row from left to right.
pub(crate) struct RowReader<'r, 's> {
    row: &'r Row<'s>,
    next: usize,
}

impl<'r, 's> RowReader<'r, 's> {
    pub(crate) fn new(row: &'r Row<'s>) -> Self {
        RowReader { row, next: 0 }
    }

    fn int(&mut self) -> Result<i64> {
        match self.take()? {
            Cell::Int(number) => Ok(number),
            _ => Err(corrupt("a number is none")),
        }
    }

    fn instant(&mut self) -> Result<Option<Timestamp>> {
        match self.take()? {
            Cell::Int(micros) => Ok(Timestamp::from_timestamp_micros(micros)),
            _ => Ok(None),
        }
    }

    fn id(&mut self) -> Result<Option<Uuid>> {
        match self.take()? {
            Cell::Id(id) => Ok(Some(id)),
            _ => Ok(None),
        }
    }
}

impl ColumnReader for RowReader<'_, '_> {
    // Called for every cell of every row.
    #[inline(always)]
    fn take(&mut self) -> Result<Cell<'_>> {
        let value = self.row.get_ref(self.next).or_error()?;
        self.next += 1;
        match value {
            ValueRef::Null => Ok(Cell::Null),
            ValueRef::Integer(number) => Ok(Cell::Int(number)),
            ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => Ok(Cell::Text(text)),
                Err(_) => Err(corrupt("a text is not UTF-8")),
            },
            ValueRef::Blob(bytes) => match Uuid::from_slice(bytes) {
                Ok(id) => Ok(Cell::Id(id)),
                Err(_) => Err(corrupt("an id is not 16 bytes")),
            },
            ValueRef::Real(_) => Err(corrupt("a column holds a floating-point number")),
        }
    }

    #[inline(always)]
    fn skip(&mut self, cells: usize) -> Result<()> {
        self.next += cells;
        Ok(())
    }
}

fn corrupt(reason: &str) -> Error {
    Error::Corrupt { reason: reason.to_owned() }
}

/// What a record has beside its data.
struct Envelope {
    id: Uuid,
    version: u64,
    created: (Timestamp, Option<Uuid>),
    updated: (Timestamp, Option<Uuid>),
}

impl RowReader<'_, '_> {
    fn envelope(&mut self) -> Result<Envelope> {
        Ok(Envelope {
            id: self.id()?.ok_or_else(incomplete)?,
            version: u64::try_from(self.int()?).map_err(|_| incomplete())?,
            created: (self.instant()?.ok_or_else(incomplete)?, self.id()?),
            updated: (self.instant()?.ok_or_else(incomplete)?, self.id()?),
        })
    }

    fn deletion(&mut self) -> Result<Option<Deletion>> {
        match (self.id()?, self.instant()?, self.id()?) {
            (Some(id), Some(at), by) => Ok(Some(Deletion { id, at, by: by.map(Id::from_uuid) })),
            (None, None, _) => Ok(None),
            _ => Err(incomplete()),
        }
    }
}

fn incomplete() -> Error {
    corrupt("a record's envelope is incomplete")
}

/// The record in a row that was selected with [`crate::table::Table::columns`].
#[inline]
pub(crate) fn read_entry<E: Entity>(row: &Row<'_>, trash: bool) -> Result<Entry<E>> {
    let mut cells = RowReader::new(row);
    let Envelope { id, version, created, updated } = cells.envelope()?;
    let data = E::read_columns(&mut cells)?;
    let deletion = if trash { cells.deletion()? } else { None };
    let record = Record {
        id: Id::from_uuid(id),
        version,
        created_at: created.0,
        created_by: created.1.map(Id::from_uuid),
        updated_at: updated.0,
        updated_by: updated.1.map(Id::from_uuid),
        data,
    };
    Ok(Entry { record, deletion })
}
