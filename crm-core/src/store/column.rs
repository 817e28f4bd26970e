//! Columns as lists speak of them, and the comparable form of what they hold.

use super::{AnyEntry, Entry, Envelope};
use crate::model::{Entity, Schema};
use crate::value::{Column, FieldDef, FieldValue, Quantity, Shape, Value, ValueType, fold, to_micros};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// A value in the form in which stores compare it: texts folded, instants in microseconds, dates as ISO text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Atom {
    /// Nothing.
    Null,
    /// A number, boolean, instant or the place of a choice.
    Int(i64),
    /// An id.
    Id {
        /// The id.
        id: Uuid,
    },
    /// A text, or a date.
    Text(String),
}

/// A field of the envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "they are the fields of `Record`")]
pub enum EnvelopeField {
    Id,
    Version,
    CreatedAt,
    CreatedBy,
    UpdatedAt,
    UpdatedBy,
}

impl EnvelopeField {
    /// Its value in an envelope.
    pub(crate) fn value(self, record: &Envelope) -> Value {
        match self {
            EnvelopeField::Id => record.id.into(),
            EnvelopeField::Version => Value::Int(i64::try_from(record.version).unwrap_or(i64::MAX)),
            EnvelopeField::CreatedAt => record.created_at.into(),
            EnvelopeField::CreatedBy => record.created_by.into(),
            EnvelopeField::UpdatedAt => record.updated_at.into(),
            EnvelopeField::UpdatedBy => record.updated_by.into(),
        }
    }
}

/// Where a column's value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// The envelope.
    Envelope(EnvelopeField),
    /// A custom field.
    Custom {
        /// The index of the field that holds the custom fields.
        index: usize,
        /// Its key: small letters, digits and `_`.
        key: &'static str,
        /// `minor` or `currency`, for an amount.
        sub: Option<&'static str>,
    },
    /// A field of the entity.
    Field {
        /// Its index.
        index: usize,
        /// The part of a composite.
        part: Option<&'static str>,
        /// `minor`, `currency` or `number`, for a value in two columns.
        sub: Option<&'static str>,
    },
}

/// A column that a filter, an order or a figure refers to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ColumnRef {
    /// Its name in the table.
    pub name: &'static str,
    /// Its type.
    pub ty: ValueType,
    /// Whether it may be NULL.
    pub nullable: bool,
    /// Compared through its `…_key` column.
    pub folded: bool,
    /// Where its value comes from.
    pub source: Source,
}

impl ColumnRef {
    /// The column of this name, of the envelope or the entity.
    pub(crate) fn named(schema: &Schema, name: &str) -> Option<Self> {
        ColumnRef::envelope(name).or_else(|| schema.column(name).map(ColumnRef::of))
    }

    pub(super) fn of(column: &Column) -> Self {
        ColumnRef {
            name: column.name,
            ty: column.ty,
            nullable: column.nullable,
            folded: column.folded,
            source: Source::Field { index: column.field, part: column.part, sub: column.sub },
        }
    }

    /// A custom field, or one column of an amount in it.
    pub(super) fn custom(index: usize, key: &str, ty: ValueType, sub: Option<&'static str>) -> Self {
        let folded = matches!(ty, ValueType::Text | ValueType::Choice(_)) && sub.is_none();
        let source = Source::Custom { index, key: interned(key), sub };
        ColumnRef { name: "custom", ty, nullable: true, folded, source }
    }

    /// Whether it is a custom field.
    pub(crate) fn is_custom(&self) -> bool {
        matches!(self.source, Source::Custom { .. })
    }

    pub(crate) fn envelope(name: &str) -> Option<Self> {
        let (name, ty, nullable, field) = match name {
            "id" => ("id", ValueType::Id(""), false, EnvelopeField::Id),
            "version" => ("version", ValueType::Int, false, EnvelopeField::Version),
            "created_at" => ("created_at", ValueType::Instant, false, EnvelopeField::CreatedAt),
            "created_by" => ("created_by", ValueType::Id("user"), true, EnvelopeField::CreatedBy),
            "updated_at" => ("updated_at", ValueType::Instant, false, EnvelopeField::UpdatedAt),
            "updated_by" => ("updated_by", ValueType::Id("user"), true, EnvelopeField::UpdatedBy),
            _ => return None,
        };
        Some(ColumnRef { name, ty, nullable, folded: false, source: Source::Envelope(field) })
    }

    /// The value of this column in a stored record.
    pub fn value<E: Entity>(&self, entry: &Entry<E>) -> Value {
        self.value_in(entry)
    }

    /// The value of this column in a record of some entity.
    pub(crate) fn value_in(&self, entry: &AnyEntry) -> Value {
        match self.source {
            Source::Envelope(field) => field.value(&entry.envelope()),
            Source::Custom { index, key, sub } => {
                let value = entry.data().value(index).part(key);
                match sub {
                    Some(sub) => value.part(sub),
                    None => value,
                }
            }
            Source::Field { index, part, sub } => {
                let value = entry.data().value(index);
                let value = match part {
                    Some(part) => value.part(part),
                    None => value,
                };
                match (sub, value) {
                    (None, value) => value,
                    (Some("number"), Value::Text(code)) => code_number(&code),
                    (Some(sub), value) => value.part(sub),
                }
            }
        }
    }

    /// The value as it is compared for equality.
    pub fn atom(&self, value: Value) -> Atom {
        match value {
            Value::Null => Atom::Null,
            Value::Bool(yes) => Atom::Int(i64::from(yes)),
            Value::Int(_) | Value::Decimal(_) if self.ty == ValueType::Decimal => {
                let millionths = Quantity::from_value(value).ok().and_then(Quantity::millionths);
                millionths.map_or(Atom::Null, Atom::Int)
            }
            Value::Int(number) => Atom::Int(number),
            Value::Text(text) if self.folded => Atom::Text(fold(&text)),
            Value::Text(text) => Atom::Text(text),
            Value::Instant(at) => Atom::Int(to_micros(at)),
            Value::Date(date) => Atom::Text(date.to_string()),
            Value::Id(id) => Atom::Id { id },
            // Lists, maps, money and decimals are never compared as one column.
            other => Atom::Text(serde_json::to_string(&other).unwrap_or_default()),
        }
    }

    /// The value as it is ordered: a choice by its place, one that is no option any more after the others.
    pub fn rank(&self, value: Value) -> Atom {
        match (self.ty, &value) {
            (ValueType::Choice(words), Value::Text(word)) => {
                let is_it = |option: &&str| *option == word || self.folded && fold(option) == fold(word);
                let place = words.iter().position(is_it).unwrap_or(words.len());
                Atom::Int(i64::try_from(place).unwrap_or(i64::MAX))
            }
            _ => self.atom(value),
        }
    }
}

/// The options as texts that live as long as the program: there are as many lists as definitions, and as changes of
/// them.
pub(super) fn interned_options(options: &[String]) -> &'static [&'static str] {
    type Lists = BTreeMap<Vec<String>, &'static [&'static str]>;
    static LISTS: Mutex<Lists> = Mutex::new(BTreeMap::new());
    let mut lists = LISTS.lock();
    if let Some(known) = lists.get(options) {
        return known;
    }
    let list: Vec<&'static str> =
        options.iter().map(|option| &*Box::leak(option.clone().into_boxed_str())).collect();
    let list: &'static [&'static str] = Box::leak(list.into_boxed_slice());
    lists.insert(options.to_vec(), list);
    list
}

/// The name under which the key table keeps a custom field that is compared by keys.
pub(crate) fn custom_key_field(key: &str) -> &'static str {
    interned(&format!("custom.{key}"))
}

/// The key as a text that lives as long as the program: there are as many as definitions.
fn interned(key: &str) -> &'static str {
    static KEYS: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut keys = KEYS.lock();
    if let Some(known) = keys.get(key) {
        return known;
    }
    let key: &'static str = Box::leak(key.to_owned().into_boxed_str());
    keys.insert(key);
    key
}

/// How two ranks stand in a list: nulls last, whatever the direction.
pub(crate) fn in_order(left: &Atom, right: &Atom, descending: bool) -> Ordering {
    match (left, right) {
        (Atom::Null, Atom::Null) => Ordering::Equal,
        (Atom::Null, _) => Ordering::Greater,
        (_, Atom::Null) => Ordering::Less,
        _ if descending => right.cmp(left),
        _ => left.cmp(right),
    }
}

fn code_number(code: &str) -> Value {
    let digits = code.len() - code.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    code[code.len() - digits..].parse().map_or(Value::Null, Value::Int)
}

/// Whether the field is a list or map that is looked up through its keys.
pub(super) fn is_keyed_list(field: &FieldDef) -> bool {
    (field.key || field.unique) && matches!((field.shape)(), Shape::Scalar { ty: ValueType::Json, .. })
}
