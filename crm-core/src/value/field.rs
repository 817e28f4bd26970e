//! What a type must offer to be a field of an entity, and the table that describes fields.

use super::{Money, Timestamp, Value, Words, clean, fold};
use crate::error::{Error, Result, Violations};
use chrono::{Datelike, NaiveDate, NaiveTime};
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
    /// A list or a map, kept as JSON.
    Json,
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
            ValueType::Json => Ok(value),
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
    /// How it lies in columns.
    pub shape: fn() -> Shape,
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

/// The organisation's rules for comparison keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyRules {
    /// The region of phone numbers without a country code, such as `KE`.
    pub phone_region: String,
}

/// A type that can be a field of an entity, or a part of one.
pub trait FieldValue: Clone + PartialEq + Send + Sync + 'static {
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
    /// The records that it refers to.
    fn references(&self, _visit: &mut dyn FnMut(&'static str, Uuid)) {}
    /// The keys by which it is looked up and compared.
    fn keys(&self, _rules: &KeyRules, _out: &mut dyn FnMut(String)) {}
    /// The words that search finds.
    fn words(&self, _out: &mut Words) {}
}

/// Reads a field of an entity.
///
/// # Errors
/// `corrupt` when a field that can't be absent is.
#[doc(hidden)]
pub fn read_field<T: FieldValue, R: ColumnReader + ?Sized>(from: &mut R, name: &str) -> Result<T> {
    present(T::read(from)?, name)
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
            part.map(Some).map_err(|m| Mismatch { expected: format!("{name}: {}", m.expected), ..m })
        }
    }
}

fn id_from(value: Value) -> std::result::Result<Uuid, Mismatch> {
    match &value {
        Value::Id(id) => Ok(*id),
        Value::Text(text) => text.parse().map_err(|_| Mismatch::new("an id", &value)),
        _ => Err(Mismatch::new("an id", &value)),
    }
}

impl<E: crate::model::Entity> FieldValue for super::Id<E> {
    fn shape() -> Shape {
        Shape::scalar(ValueType::Id(E::ENTITY))
    }
    fn to_value(&self) -> Value {
        Value::Id(self.uuid())
    }
    fn from_value(value: Value) -> std::result::Result<Self, Mismatch> {
        id_from(value).map(Self::from_uuid)
    }
    fn write(&self, out: &mut dyn ColumnWriter) -> Result<()> {
        out.put(Cell::Id(self.uuid()))
    }
    fn read<R: ColumnReader + ?Sized>(from: &mut R) -> Result<Option<Self>> {
        match from.take()? {
            Cell::Null => Ok(None),
            Cell::Id(id) => Ok(Some(Self::from_uuid(id))),
            _ => Err(Error::corrupt("an id is not 16 bytes")),
        }
    }
    fn tidy(&mut self, name: &str, _: usize, problems: &mut Violations) {
        if self.is_nil() {
            problems.add(name, "blank", "", format!("it needs the id of a {}", E::ENTITY));
        }
    }
    fn references(&self, visit: &mut dyn FnMut(&'static str, Uuid)) {
        visit(E::ENTITY, self.uuid());
    }
    fn keys(&self, _: &KeyRules, out: &mut dyn FnMut(String)) {
        out(self.to_string());
    }
}

impl FieldValue for String {
    fn shape() -> Shape {
        Shape::scalar(ValueType::Text)
    }
    fn to_value(&self) -> Value {
        Value::Text(self.clone())
    }
    fn from_value(value: Value) -> std::result::Result<Self, Mismatch> {
        match value {
            Value::Text(text) => Ok(text),
            Value::Null => Ok(String::new()),
            other => Err(Mismatch::new("a text", &other)),
        }
    }
    fn write(&self, out: &mut dyn ColumnWriter) -> Result<()> {
        out.put(Cell::Text(self))
    }
    fn read<R: ColumnReader + ?Sized>(from: &mut R) -> Result<Option<Self>> {
        match from.take()? {
            Cell::Null => Ok(None),
            Cell::Text(text) => Ok(Some(text.to_owned())),
            _ => Err(Error::corrupt("a text is no text")),
        }
    }
    fn absent() -> Option<Self> {
        Some(String::new())
    }
    fn tidy(&mut self, name: &str, max: usize, problems: &mut Violations) {
        clean(self);
        if self.contains('\0') {
            problems.add(name, "nul", "", "a text can't contain the character U+0000");
        }
        if self.len() > max && self.chars().count() > max {
            problems.add(name, "too_long", self, format!("at most {max} characters"));
        }
    }
    fn keys(&self, _: &KeyRules, out: &mut dyn FnMut(String)) {
        if !self.is_empty() {
            out(fold(self));
        }
    }
    fn words(&self, out: &mut Words) {
        out.add(self);
    }
}

impl<T: FieldValue> FieldValue for Option<T> {
    fn shape() -> Shape {
        T::shape().optional()
    }
    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::to_value)
    }
    fn from_value(value: Value) -> std::result::Result<Self, Mismatch> {
        if value == Value::Null { Ok(None) } else { T::from_value(value).map(Some) }
    }
    fn write(&self, out: &mut dyn ColumnWriter) -> Result<()> {
        match self {
            Some(value) => value.write(out),
            None => T::write_absent(out),
        }
    }
    fn write_absent(out: &mut dyn ColumnWriter) -> Result<()> {
        T::write_absent(out)
    }
    fn read<R: ColumnReader + ?Sized>(from: &mut R) -> Result<Option<Self>> {
        Ok(T::read(from)?.map(Some))
    }
    fn absent() -> Option<Self> {
        Some(None)
    }
    fn tidy(&mut self, name: &str, max: usize, problems: &mut Violations) {
        if let Some(value) = self {
            value.tidy(name, max, problems);
            // An optional text that says nothing, or an object without any part, is absent.
            let nothing = match T::shape() {
                Shape::Scalar { ty: ValueType::Text, .. } | Shape::Parts { .. } => {
                    value.to_value().is_empty()
                }
                _ => false,
            };
            if nothing {
                *self = None;
            }
        }
    }
    fn references(&self, visit: &mut dyn FnMut(&'static str, Uuid)) {
        if let Some(value) = self {
            value.references(visit);
        }
    }
    fn keys(&self, rules: &KeyRules, out: &mut dyn FnMut(String)) {
        if let Some(value) = self {
            value.keys(rules, out);
        }
    }
    fn words(&self, out: &mut Words) {
        if let Some(value) = self {
            value.words(out);
        }
    }
}

/// Writes a list or a map into its one JSON column.
fn write_json<T: serde::Serialize>(value: &T, out: &mut dyn ColumnWriter) -> Result<()> {
    let json = serde_json::to_string(value).map_err(|e| Error::invalid("", "mismatch", e.to_string()))?;
    out.put(Cell::Text(&json))
}

fn read_json<T, R>(from: &mut R) -> Result<Option<T>>
where
    T: serde::de::DeserializeOwned,
    R: ColumnReader + ?Sized,
{
    match from.take()? {
        Cell::Null => Ok(None),
        Cell::Text(json) => serde_json::from_str(json).map(Some).map_err(|e| Error::corrupt(e.to_string())),
        _ => Err(Error::corrupt("a JSON column is no text")),
    }
}

impl<T> FieldValue for Vec<T>
where
    T: FieldValue + serde::Serialize + serde::de::DeserializeOwned,
{
    fn shape() -> Shape {
        Shape::scalar(ValueType::Json)
    }
    fn to_value(&self) -> Value {
        Value::List(self.iter().map(T::to_value).collect())
    }
    fn from_value(value: Value) -> std::result::Result<Self, Mismatch> {
        match value {
            Value::List(list) => list.into_iter().map(T::from_value).collect(),
            Value::Null => Ok(Vec::new()),
            other => Err(Mismatch::new("a list", &other)),
        }
    }
    fn write(&self, out: &mut dyn ColumnWriter) -> Result<()> {
        if self.is_empty() { out.put(Cell::Text("[]")) } else { write_json(self, out) }
    }
    fn read<R: ColumnReader + ?Sized>(from: &mut R) -> Result<Option<Self>> {
        match from.take()? {
            Cell::Null => Ok(None),
            Cell::Text("[]") => Ok(Some(Vec::new())),
            Cell::Text(json) => {
                serde_json::from_str(json).map(Some).map_err(|e| Error::corrupt(e.to_string()))
            }
            _ => Err(Error::corrupt("a list is no JSON text")),
        }
    }
    fn absent() -> Option<Self> {
        Some(Vec::new())
    }
    fn tidy(&mut self, name: &str, max: usize, problems: &mut Violations) {
        if self.len() > FieldDef::MOST_ENTRIES {
            let reason = format!("at most {} entries", FieldDef::MOST_ENTRIES);
            problems.add(name, "too_many", &self.len().to_string(), reason);
            return;
        }
        if self.is_empty() {
            return;
        }
        problems.within(name, |problems| {
            for (index, value) in self.iter_mut().enumerate() {
                value.tidy(&index.to_string(), max, problems);
            }
        });
    }
    fn references(&self, visit: &mut dyn FnMut(&'static str, Uuid)) {
        self.iter().for_each(|value| value.references(visit));
    }
    fn keys(&self, rules: &KeyRules, out: &mut dyn FnMut(String)) {
        self.iter().for_each(|value| value.keys(rules, out));
    }
    fn words(&self, out: &mut Words) {
        self.iter().for_each(|value| value.words(out));
    }
}

/// Ids in other systems by the name of the system.
impl FieldValue for BTreeMap<String, String> {
    fn shape() -> Shape {
        Shape::scalar(ValueType::Json)
    }
    fn to_value(&self) -> Value {
        Value::Map(self.iter().map(|(name, text)| (name.clone(), Value::Text(text.clone()))).collect())
    }
    fn from_value(value: Value) -> std::result::Result<Self, Mismatch> {
        match value {
            Value::Map(map) => {
                map.into_iter().map(|(name, value)| Ok((name, String::from_value(value)?))).collect()
            }
            Value::Null => Ok(BTreeMap::new()),
            other => Err(Mismatch::new("an object of texts", &other)),
        }
    }
    fn write(&self, out: &mut dyn ColumnWriter) -> Result<()> {
        if self.is_empty() { out.put(Cell::Text("{}")) } else { write_json(self, out) }
    }
    fn read<R: ColumnReader + ?Sized>(from: &mut R) -> Result<Option<Self>> {
        read_json(from)
    }
    fn absent() -> Option<Self> {
        Some(BTreeMap::new())
    }
    fn tidy(&mut self, name: &str, max: usize, problems: &mut Violations) {
        problems.within(name, |problems| {
            let entries = std::mem::take(self);
            for (mut source, mut id) in entries {
                source.tidy("source", max, problems);
                id.tidy(&source.clone(), max, problems);
                if source.is_empty() || source.contains(':') || id.is_empty() {
                    problems.add(
                        "",
                        "syntax",
                        &source,
                        "a source without a colon, and an id, both not blank",
                    );
                }
                self.insert(source, id);
            }
        });
    }
    fn keys(&self, _: &KeyRules, out: &mut dyn FnMut(String)) {
        self.iter().for_each(|(source, id)| out(format!("{source}:{id}")));
    }
    fn words(&self, out: &mut Words) {
        self.values().for_each(|id| out.add(id));
    }
}

macro_rules! scalar {
    ($ty:ty, $value_type:expr, $expected:literal,
     to: |$this:ident| $to:expr, from: $($pattern:pat => $from:expr),+; cell: |$cell_this:ident| $cell:expr,
     read: $read:pat => $parse:expr $(; tidy: |$tidied:ident, $name:ident, $problems:ident| $tidy:expr)?) => {
        impl FieldValue for $ty {
            fn shape() -> Shape {
                Shape::scalar($value_type)
            }
            fn to_value(&self) -> Value {
                let $this = self;
                $to
            }
            fn from_value(value: Value) -> std::result::Result<Self, Mismatch> {
                let fitting: Option<Self> = match &value {
                    $($pattern => $from,)+
                    _ => None,
                };
                fitting.ok_or_else(|| Mismatch::new($expected, &value))
            }
            fn write(&self, out: &mut dyn ColumnWriter) -> Result<()> {
                let $cell_this = self;
                out.put($cell)
            }
            fn read<R: ColumnReader + ?Sized>(from: &mut R) -> Result<Option<Self>> {
                let parsed: Option<Self> = match from.take()? {
                    Cell::Null => return Ok(None),
                    $read => $parse,
                    _ => None,
                };
                match parsed {
                    Some(value) => Ok(Some(value)),
                    None => Err(Error::corrupt(concat!("a column does not hold ", $expected))),
                }
            }
            $(fn tidy(&mut self, $name: &str, _: usize, $problems: &mut Violations) {
                let $tidied = self;
                $tidy
            })?
        }
    };
}

scalar!(bool, ValueType::Bool, "true or false",
    to: |this| Value::Bool(*this), from: Value::Bool(value) => Some(*value);
    cell: |this| Cell::Int(i64::from(*this)), read: Cell::Int(value) => Some(value != 0));
scalar!(i64, ValueType::Int, "a whole number",
    to: |this| Value::Int(*this), from: Value::Int(value) => Some(*value);
    cell: |this| Cell::Int(*this), read: Cell::Int(value) => Some(value));
scalar!(u32, ValueType::Int, "a whole number from 0",
    to: |this| Value::Int((*this).into()), from: Value::Int(value) => u32::try_from(*value).ok();
    cell: |this| Cell::Int((*this).into()), read: Cell::Int(value) => u32::try_from(value).ok());
scalar!(u8, ValueType::Int, "a whole number from 0 to 255",
    to: |this| Value::Int((*this).into()), from: Value::Int(value) => u8::try_from(*value).ok();
    cell: |this| Cell::Int((*this).into()), read: Cell::Int(value) => u8::try_from(value).ok());
scalar!(Timestamp, ValueType::Instant, "an instant like 2026-11-20T09:00:00Z",
to: |this| Value::Instant(super::truncate(*this)),
from: Value::Instant(value) => Some(super::truncate(*value)), Value::Text(text) => super::time::parse_instant(text);
cell: |this| Cell::Int(this.timestamp_micros()),
read: Cell::Int(micros) => Timestamp::from_timestamp_micros(micros);
tidy: |this, name, problems| {
    *this = super::truncate(*this);
    check_year(this.year(), name, problems);
});
scalar!(NaiveDate, ValueType::Date, "a date like 2026-11-20",
    to: |this| Value::Date(*this),
    from: Value::Date(value) => Some(*value), Value::Text(text) => super::time::parse_date(text);
    cell: |this| Cell::Text(&this.to_string()), read: Cell::Text(text) => super::time::parse_date(text);
    tidy: |this, name, problems| check_year(this.year(), name, problems));
scalar!(NaiveTime, ValueType::Time, "a time like 09:00:00",
    to: |this| Value::Text(this.to_string()), from: Value::Text(text) => text.parse().ok();
    cell: |this| Cell::Text(&this.to_string()), read: Cell::Text(text) => text.parse().ok());

/// Other years have no ISO 8601 form that sorts as text.
fn check_year(year: i32, name: &str, problems: &mut Violations) {
    if !(1..=9999).contains(&year) {
        problems.add(name, "range", &year.to_string(), "a year is 1 to 9999");
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
