//! Which columns an export has, and where their cells come from.

use super::cell;
use crate::error::{Result, Violations};
use crate::model::{Conventions, CustomFieldType, Kind, Schema};
use crate::store::{AnyEntry, ColumnRef, EnvelopeField, Source};
use crate::value::{Column, Value, ValueType};
use std::borrow::Cow;
use uuid::Uuid;

/// What stands in a cell: the value, or one half of an amount.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Half {
    Whole,
    Amount,
    Currency,
}

/// A column with values of the record itself.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    pub(super) header: String,
    /// The name of the field that it is, or is a part of.
    field: &'static str,
    source: Place,
    half: Half,
    /// The kind that it refers to.
    target: Option<Kind>,
}

#[derive(Clone, Debug)]
enum Place {
    Envelope(EnvelopeField),
    Field { index: usize, part: Option<&'static str> },
    Custom { index: usize, key: String },
}

impl Leaf {
    fn envelope(name: &'static str) -> Option<Self> {
        let column = ColumnRef::envelope(name)?;
        let Source::Envelope(field) = column.source else { return None };
        let target = match column.ty {
            ValueType::Id(target) => Kind::from_word(target),
            _ => None,
        };
        let source = Place::Envelope(field);
        Some(Leaf { header: name.to_owned(), field: name, source, half: Half::Whole, target })
    }

    fn of(schema: &Schema, column: &Column) -> Option<Self> {
        let (header, half) = match column.sub {
            None => (column.name, Half::Whole),
            Some("minor") => (column.name.strip_suffix("_minor")?, Half::Amount),
            Some("currency") => (column.name, Half::Currency),
            // A code's number says nothing that the code does not.
            Some(_) => return None,
        };
        let target = match column.ty {
            ValueType::Id(target) => Kind::from_word(target),
            _ => None,
        };
        let field = schema.fields.get(column.field)?.name;
        let source = Place::Field { index: column.field, part: column.part };
        Some(Leaf { header: header.to_owned(), field, source, half, target })
    }

    /// Whether a caller who names this means it: alone, with all of its field, or with its amount.
    fn is_meant_by(&self, path: &str) -> bool {
        let amount = || self.header.strip_suffix("currency").and_then(|name| name.strip_suffix(['_', '.']));
        self.header == path || self.field == path || self.half == Half::Currency && amount() == Some(path)
    }

    /// Whether a cell is no text that somebody entered.
    pub(super) fn is_number(&self, value: &Value) -> bool {
        match value {
            Value::Int(_) | Value::Decimal(_) => true,
            Value::Money(_) => self.half == Half::Amount,
            _ => false,
        }
    }

    pub(super) fn text<'v>(&self, value: &'v Value) -> Cow<'v, str> {
        match (value, self.half) {
            (Value::Money(money), Half::Currency) => Cow::Borrowed(money.currency.code()),
            _ => cell::write(value),
        }
    }
}

/// All columns of an entity: its id, its fields, and the rest of the envelope.
fn leaves(schema: &'static Schema, conventions: &Conventions) -> Vec<Leaf> {
    let mut leaves: Vec<Leaf> = Leaf::envelope("id").into_iter().collect();
    for column in &schema.columns {
        if column.ty == ValueType::Custom {
            leaves.extend(custom(schema, column, conventions));
        } else {
            leaves.extend(Leaf::of(schema, column));
        }
    }
    leaves.extend(
        ["version", "created_at", "created_by", "updated_at", "updated_by"]
            .into_iter()
            .filter_map(Leaf::envelope),
    );
    leaves
}

/// The organisation's own fields, inactive ones too.
fn custom(schema: &Schema, column: &Column, conventions: &Conventions) -> Vec<Leaf> {
    let field = column.name;
    let mut leaves = Vec::new();
    for definition in conventions.custom_fields.iter().filter(|field| Some(field.entity) == schema.kind) {
        let key = &definition.key;
        let source = Place::Custom { index: column.field, key: key.clone() };
        let leaf = |header: String, half| Leaf { header, field, source: source.clone(), half, target: None };
        if definition.r#type == CustomFieldType::Money {
            leaves.push(leaf(format!("custom.{key}"), Half::Amount));
            leaves.push(leaf(format!("custom.{key}.currency"), Half::Currency));
        } else {
            leaves.push(leaf(format!("custom.{key}"), Half::Whole));
        }
    }
    leaves
}

/// A reference with the columns of the records that it leads to.
#[derive(Debug)]
pub(super) struct Hop {
    pub(super) kind: Kind,
    from: Leaf,
    pub(super) leaves: Vec<Leaf>,
}

/// A column of the file.
#[derive(Debug)]
pub(super) enum Cell {
    Own(Leaf),
    /// The place of the hop, and of the column in it.
    Hopped {
        header: String,
        hop: usize,
        leaf: usize,
    },
}

/// The columns of the file in their order.
#[derive(Debug, Default)]
pub(super) struct Columns {
    pub(super) cells: Vec<Cell>,
    pub(super) hops: Vec<Hop>,
}

impl Columns {
    /// Those that were chosen; all when none was.
    ///
    /// # Errors
    /// `invalid` for columns that there are not.
    pub(super) fn new(schema: &'static Schema, chosen: &[String], conventions: &Conventions) -> Result<Self> {
        let mut problems = Violations::default();
        let all = leaves(schema, conventions);
        let mut columns = Columns::default();
        if chosen.is_empty() {
            for leaf in &all {
                columns.add(leaf.clone());
                // What people call the record, beside an id that says nothing to them.
                if let (Place::Field { part: None, .. }, Some(name)) = (&leaf.source, known_by(leaf.target)) {
                    columns.hop(&all, &format!("{}.{name}", leaf.header), conventions);
                }
            }
        }
        for path in chosen {
            let mut meant = all.iter().filter(|leaf| leaf.is_meant_by(path)).peekable();
            let known = meant.peek().is_some();
            meant.for_each(|leaf| columns.add(leaf.clone()));
            // An organisation without custom fields has none, and that is no mistake.
            let none =
                schema.custom.and_then(|index| schema.fields.get(index)).is_some_and(|f| f.name == path);
            if !known && !none && !columns.hop(&all, path, conventions) {
                let reason = format!("{} has no column {path:?}", schema.entity);
                problems.add("columns", "unknown_field", path, reason);
            }
        }
        problems.into_result()?;
        Ok(columns)
    }

    pub(super) fn headers(&self) -> impl Iterator<Item = &str> {
        self.cells.iter().map(|cell| match cell {
            Cell::Own(leaf) => leaf.header.as_str(),
            Cell::Hopped { header, .. } => header,
        })
    }

    /// Each column stands once.
    fn is_there(&self, header: &str) -> bool {
        self.headers().any(|known| known == header)
    }

    fn add(&mut self, leaf: Leaf) {
        if !self.is_there(&leaf.header) {
            self.cells.push(Cell::Own(leaf));
        }
    }

    /// `customer.name`, `owner.username`: a column of the record that a field refers to. `false` when there is none.
    fn hop(&mut self, all: &[Leaf], path: &str, conventions: &Conventions) -> bool {
        let Some((field, rest)) = path.split_once('.') else { return false };
        let from = all.iter().find(|leaf| leaf.header == field);
        let Some((from, kind)) = from.and_then(|leaf| Some((leaf, leaf.target?))) else { return false };
        let meant: Vec<Leaf> =
            leaves(kind.schema(), conventions).into_iter().filter(|leaf| leaf.is_meant_by(rest)).collect();
        if meant.is_empty() {
            return false;
        }
        let known = self.hops.iter().position(|hop| hop.from.header == field);
        let hop = known.unwrap_or_else(|| {
            self.hops.push(Hop { kind, from: from.clone(), leaves: Vec::new() });
            self.hops.len() - 1
        });
        for leaf in meant {
            let header = format!("{field}.{}", leaf.header);
            if !self.is_there(&header)
                && let Some(to) = self.hops.get_mut(hop)
            {
                self.cells.push(Cell::Hopped { header, hop, leaf: to.leaves.len() });
                to.leaves.push(leaf);
            }
        }
        true
    }
}

/// By what people know the records of a kind.
fn known_by(kind: Option<Kind>) -> Option<&'static str> {
    Some(match kind? {
        Kind::Customer => "code",
        Kind::User => "username",
        Kind::Product => "sku",
        Kind::Pipeline | Kind::Opportunity => "name",
        Kind::Role => "key",
        _ => return None,
    })
}

impl Hop {
    /// The record that it leads to from this one.
    pub(super) fn target(&self, record: &AnyEntry) -> Option<Uuid> {
        Values::of(record).get(&self.from).as_id()
    }
}

/// The values of a record, each field taken once for all of its columns in a row.
pub(super) struct Values<'r> {
    record: &'r AnyEntry,
    field: Option<(usize, Value)>,
    other: Value,
}

impl<'r> Values<'r> {
    pub(super) fn of(record: &'r AnyEntry) -> Self {
        Values { record, field: None, other: Value::Null }
    }

    /// The value of a column; of either half of an amount the whole amount.
    pub(super) fn get(&mut self, leaf: &Leaf) -> &Value {
        let (index, part) = match &leaf.source {
            Place::Envelope(field) => {
                self.other = field.value(&self.record.envelope());
                return &self.other;
            }
            Place::Field { index, part } => (*index, *part),
            Place::Custom { index, key } => (*index, Some(key.as_str())),
        };
        if self.field.as_ref().is_none_or(|(known, _)| *known != index) {
            self.field = Some((index, self.record.data().value(index)));
        }
        match (&self.field, part) {
            (Some((_, Value::Map(parts))), Some(part)) => parts.get(part).unwrap_or(&Value::Null),
            (Some((_, value)), None) => value,
            _ => &Value::Null,
        }
    }
}
