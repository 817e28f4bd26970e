//! What a type must offer to be a field of an entity, and the table that describes fields.

use super::field_types::id_from;
use super::{Money, Timestamp, Value, Words};
use crate::error::{Error, Result, Violations};
use chrono::{NaiveDate, NaiveTime};
use std::collections::BTreeMap;
use uuid::Uuid;

/// A value did not fit a field: what would have, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// What the field takes.
    pub expected: String,
    /// What came, cut to a readable length.
    pub found: String,
}

impl Mismatch {
    /// `expected` in words, and the value that came instead.
    pub fn new(expected: impl Into<String>, found: &Value) -> Self {
        let found = match found {
            Value::Text(text) => text.chars().take(100).collect(),
            other => other.kind_word().to_owned(),
        };
        Mismatch { expected: expected.into(), found }
    }

    /// None of these words.
    pub fn one_of(words: &[&str], found: &Value) -> Self {
        Mismatch::new(format!("one of {}", words.join(", ")), found)
    }
}

/// One cell of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
    /// SQL NULL.
    Null,
    /// An integer, a boolean (0, 1), or an instant in microseconds since 1970 UTC.
    Int(i64),
    /// A text, a date (`2026-11-20`), a choice, or JSON.
    Text(&'a str),
    /// An id, 16 bytes.
    Id(Uuid),
}

/// Takes the cells of a row in the order of [`Schema::columns`](crate::Schema).
pub trait ColumnWriter {
    /// The next cell.
    ///
    /// # Errors
    /// Those of the store.
    fn put(&mut self, cell: Cell<'_>) -> Result<()>;
}

/// Gives the cells of a row in the order of [`Schema::columns`](crate::Schema).
pub trait ColumnReader {
    /// The next cell.
    ///
    /// # Errors
    /// Those of the store.
    fn take(&mut self) -> Result<Cell<'_>>;
    /// Passes over so many cells.
    ///
    /// # Errors
    /// Those of the store.
    fn skip(&mut self, cells: usize) -> Result<()> {
        (0..cells).try_for_each(|_| self.take().map(drop))
    }
}

/// The type of a single value, as filters, CSV and bindings need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueType {
    /// Yes or no.
    Bool,
    /// A whole number.
    Int,
    /// A text.
    Text,
    /// One of these words, which sort in this order.
    Choice(&'static [&'static str]),
    /// A moment in UTC.
    Instant,
    /// A calendar day.
    Date,
    /// A wall-clock time.
    Time,
    /// The id of a record of this kind.
    Id(&'static str),
    /// An amount with its currency.
    Money,
    /// A code such as `C001`.
    Code,
    /// An exact number with up to six decimals, compared in millionths.
    Decimal,
    /// A list or a map, kept as JSON.
    Json,
    /// The custom fields of a record, kept as JSON; compared one by one.
    Custom,
}

impl ValueType {
    /// Gives a value that came from JSON the type that this field has.
    ///
    /// # Errors
    /// What would have fitted.
    pub fn coerce(self, value: Value) -> std::result::Result<Value, Mismatch> {
        if value == Value::Null {
            return Ok(value);
        }
        match self {
            ValueType::Bool => bool::from_value(value).map(Value::Bool),
            ValueType::Int => i64::from_value(value).map(Value::Int),
            ValueType::Text => String::from_value(value).map(Value::Text),
            ValueType::Choice(words) => match &value {
                Value::Text(word) if words.contains(&word.as_str()) => Ok(value),
                _ => Err(Mismatch::one_of(words, &value)),
            },
            ValueType::Instant => Timestamp::from_value(value).map(Value::Instant),
            ValueType::Date => NaiveDate::from_value(value).map(Value::Date),
            ValueType::Time => NaiveTime::from_value(value).map(|time| time.to_value()),
            ValueType::Id(_) => id_from(value).map(Value::Id),
            ValueType::Money => Money::from_value(value).map(Value::Money),
            ValueType::Code => super::Code::from_value(value).map(|code| code.to_value()),
            ValueType::Decimal => {
                let number = super::Quantity::from_value(value.clone())?;
                number
                    .millionths()
                    .ok_or_else(|| Mismatch::new("a number with at most 6 decimals", &value))?;
                Ok(number.to_value())
            }
            ValueType::Json | ValueType::Custom => Ok(value),
        }
    }
}

/// How a field's type lies in columns.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// One column.
    Scalar {
        /// Its type.
        ty: ValueType,
        /// Whether it may be NULL.
        nullable: bool,
    },
    /// `…_minor` and `…_currency`.
    Money {
        /// Whether both may be NULL.
        nullable: bool,
    },
    /// The code and `…_number`, by which it sorts.
    Code {
        /// Whether both may be NULL.
        nullable: bool,
    },
    /// One column for each part, with the field's name before the part's.
    Parts {
        /// The parts.
        parts: &'static [FieldDef],
        /// Whether all may be NULL.
        nullable: bool,
    },
}

impl Shape {
    /// One column that is never NULL.
    pub const fn scalar(ty: ValueType) -> Self {
        Shape::Scalar { ty, nullable: false }
    }

    /// The columns of a composite.
    pub const fn parts(parts: &'static [FieldDef]) -> Self {
        Shape::Parts { parts, nullable: false }
    }

    /// The same, but it may be absent.
    pub const fn optional(self) -> Self {
        match self {
            Shape::Scalar { ty, .. } => Shape::Scalar { ty, nullable: true },
            Shape::Money { .. } => Shape::Money { nullable: true },
            Shape::Code { .. } => Shape::Code { nullable: true },
            Shape::Parts { parts, .. } => Shape::Parts { parts, nullable: true },
        }
    }
}

/// What happens to a record when the one that a field refers to is deleted or purged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnPurge {
    /// It hangs on it: the trash takes it along, a purge purges it.
    Parent,
    /// It stays; a purge empties the reference.
    Link,
    /// The other can't go while this refers to it.
    Restrict,
}

/// One field of an entity, as declared.
#[derive(Clone, Copy, Debug)]
pub struct FieldDef {
    /// Its name in code, JSON, CSV, columns, and for ever in the journal.
    pub name: &'static str,
    /// Its doc comment.
    pub doc: &'static str,
    /// The name that it had before.
    pub was: Option<&'static str>,
    /// The longest text in characters.
    pub max: usize,
    /// Set when it refers to other records.
    pub reference: Option<OnPurge>,
    /// A list may filter by it.
    pub filterable: bool,
    /// A list may be sorted by it.
    pub sortable: bool,
    /// Its words are found by search.
    pub searchable: bool,
    /// It is looked up through the key table.
    pub key: bool,
    /// Its keys belong to one live record.
    pub unique: bool,
    /// Only the library sets it.
    pub system: bool,
    /// Its keys and words follow the [`KeyRules`]: see [`FieldValue::REGIONAL`].
    pub regional: bool,
    /// How it lies in columns.
    pub shape: fn() -> Shape,
    /// The entity that it refers to, alone or in a list.
    pub target: fn() -> Option<&'static str>,
    /// Gives a value that came from JSON the types that this field's have.
    pub retype: fn(Value) -> std::result::Result<Value, Mismatch>,
}

impl FieldDef {
    /// The longest text of a field that says nothing else, in characters.
    pub const DEFAULT_MAX: usize = 1_000;
    /// The most entries of a list.
    pub const MOST_ENTRIES: usize = 1_000;
}

/// One column of an entity's table.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its name: the field's, with the part's for composites.
    pub name: &'static str,
    /// What it holds.
    pub ty: ValueType,
    /// Whether it may be NULL.
    pub nullable: bool,
    /// The index of its field.
    pub field: usize,
    /// The name of the part of a composite.
    pub part: Option<&'static str>,
    /// For a value in two columns, which this is: `minor`, `currency`, `number`.
    pub sub: Option<&'static str>,
    /// A list may filter by it.
    pub filterable: bool,
    /// A list may be sorted by it.
    pub sortable: bool,
    /// It is compared in folded form, so the adapter keeps a `…_key` column beside it.
    pub folded: bool,
}

/// The organisation's rules for comparison keys and words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyRules {
    /// The region of phone numbers without a country code, such as `KE`.
    pub phone_region: String,
}

/// A type that can be a field of an entity, or a part of one.
pub trait FieldValue: Clone + PartialEq + Send + Sync + 'static {
    /// Whether its keys and words follow the [`KeyRules`]: those that are stored are made anew when the rules change.
    const REGIONAL: bool = false;
    /// How many cells it has.
    const CELLS: usize = 1;

    /// How it lies in columns.
    fn shape() -> Shape;
    /// As a neutral value.
    fn to_value(&self) -> Value;
    /// From a neutral value, however loosely typed.
    ///
    /// # Errors
    /// What would have fitted.
    fn from_value(value: Value) -> std::result::Result<Self, Mismatch>;
    /// Writes its cells.
    ///
    /// # Errors
    /// Those of the store.
    fn write(&self, out: &mut dyn ColumnWriter) -> Result<()>;
    /// Writes as many NULLs as it has cells.
    ///
    /// # Errors
    /// Those of the store.
    fn write_absent(out: &mut dyn ColumnWriter) -> Result<()> {
        out.put(Cell::Null)
    }
    /// Reads its cells; `None` when all are NULL.
    ///
    /// # Errors
    /// `corrupt`, and those of the store.
    fn read<R: ColumnReader + ?Sized>(from: &mut R) -> Result<Option<Self>>;
    /// What an absent value means, when it means anything.
    fn absent() -> Option<Self> {
        None
    }
    /// Cleans texts and notes what is wrong with them.
    fn tidy(&mut self, _name: &str, _max: usize, _problems: &mut Violations) {}
    /// The entity of the records that it refers to.
    fn target() -> Option<&'static str> {
        None
    }
    /// The records that it refers to.
    fn references(&self, _visit: &mut dyn FnMut(&'static str, Uuid)) {}
    /// The keys by which it is looked up and compared.
    fn keys(&self, _rules: &KeyRules, _out: &mut dyn FnMut(String)) {}
    /// The words that search finds.
    fn words(&self, _rules: &KeyRules, _out: &mut Words) {}
}

/// Reads a field of an entity.
///
/// # Errors
/// `corrupt` when a field that can't be absent is.
#[doc(hidden)]
#[inline]
pub fn read_field<T: FieldValue, R: ColumnReader + ?Sized>(
    field: &mut T,
    from: &mut R,
    name: &str,
) -> Result<()> {
    *field = present(T::read(from)?, name)?;
    Ok(())
}

/// The value as the field itself would give it.
///
/// # Errors
/// What would have fitted.
#[doc(hidden)]
pub fn retype<T: FieldValue>(value: Value) -> std::result::Result<Value, Mismatch> {
    T::from_value(value).map(|value| value.to_value())
}

/// The value, or what its absence means.
///
/// # Errors
/// `corrupt` when it means nothing.
#[doc(hidden)]
pub fn present<T: FieldValue>(value: Option<T>, name: &str) -> Result<T> {
    value.or_else(T::absent).ok_or_else(|| Error::corrupt(format!("{name} is missing")))
}

/// The parts of a composite by name; unknown ones are refused.
///
/// # Errors
/// What would have fitted.
#[doc(hidden)]
pub fn parts_of(
    value: Value,
    expected: &str,
    names: &[&str],
) -> std::result::Result<BTreeMap<String, Value>, Mismatch> {
    match value {
        Value::Map(map) if map.keys().all(|name| names.contains(&name.as_str())) => Ok(map),
        other => Err(Mismatch::new(expected, &other)),
    }
}

/// One part of a composite; `None` when it is not named.
///
/// # Errors
/// What would have fitted, with the part's name.
#[doc(hidden)]
pub fn take_part<T: FieldValue>(
    map: &mut BTreeMap<String, Value>,
    name: &str,
) -> std::result::Result<Option<T>, Mismatch> {
    let Some(value) = map.remove(name) else { return Ok(None) };
    let absent = if value == Value::Null { T::absent() } else { None };
    match absent {
        Some(absent) => Ok(Some(absent)),
        None => {
            let part = T::from_value(value);
            part.map(Some).map_err(|m| Mismatch { expected: format!("{} for {name}", m.expected), ..m })
        }
    }
}

/// The part of [`FieldValue`] that every newtype around a text has in common.
macro_rules! text_field {
    ($ty:ident) => {
        fn shape() -> super::Shape {
            super::Shape::scalar(super::ValueType::Text)
        }
        fn to_value(&self) -> super::Value {
            super::Value::Text(self.0.clone())
        }
        fn from_value(value: super::Value) -> std::result::Result<Self, super::Mismatch> {
            <String as super::FieldValue>::from_value(value).map($ty)
        }
        fn write(&self, out: &mut dyn super::ColumnWriter) -> crate::error::Result<()> {
            out.put(super::Cell::Text(&self.0))
        }
        fn read<R: super::ColumnReader + ?Sized>(from: &mut R) -> crate::error::Result<Option<Self>> {
            Ok(<String as super::FieldValue>::read(from)?.map($ty))
        }
    };
}
pub(super) use text_field;
