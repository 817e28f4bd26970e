//! How plain types are fields: texts, numbers, dates, ids, what may be absent, and lists.

use super::field::{
    Cell, ColumnReader, ColumnWriter, FieldDef, FieldValue, KeyRules, Mismatch, Shape, ValueType,
};
use super::{Timestamp, Value, Words, clean, fold};
use crate::error::{Error, Result, Violations};
use chrono::{Datelike, NaiveDate, NaiveTime};
use std::collections::BTreeMap;
use uuid::Uuid;

pub(super) fn id_from(value: Value) -> std::result::Result<Uuid, Mismatch> {
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
            problems.add(name, "blank", "", format!("the id of the {} is missing", E::ENTITY));
        }
    }
    fn target() -> Option<&'static str> {
        Some(E::ENTITY)
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
    fn words(&self, _: &KeyRules, out: &mut Words) {
        out.add(self);
    }
}

impl<T: FieldValue> FieldValue for Option<T> {
    const REGIONAL: bool = T::REGIONAL;
    const CELLS: usize = T::CELLS;

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
    fn target() -> Option<&'static str> {
        T::target()
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
    fn words(&self, rules: &KeyRules, out: &mut Words) {
        if let Some(value) = self {
            value.words(rules, out);
        }
    }
}

/// Writes a list or a map into its one JSON column.
fn write_json<T: serde::Serialize>(value: &T, out: &mut dyn ColumnWriter) -> Result<()> {
    let json = serde_json::to_string(value).map_err(|e| Error::invalid("", "mismatch", e.to_string()))?;
    out.put(Cell::Text(&json))
}

impl<T> FieldValue for Vec<T>
where
    T: FieldValue + serde::Serialize + serde::de::DeserializeOwned,
{
    const REGIONAL: bool = T::REGIONAL;

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
    fn target() -> Option<&'static str> {
        T::target()
    }
    fn references(&self, visit: &mut dyn FnMut(&'static str, Uuid)) {
        self.iter().for_each(|value| value.references(visit));
    }
    fn keys(&self, rules: &KeyRules, out: &mut dyn FnMut(String)) {
        self.iter().for_each(|value| value.keys(rules, out));
    }
    fn words(&self, rules: &KeyRules, out: &mut Words) {
        self.iter().for_each(|value| value.words(rules, out));
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
        match from.take()? {
            Cell::Null => Ok(None),
            Cell::Text("{}") => Ok(Some(BTreeMap::new())),
            Cell::Text(json) => {
                serde_json::from_str(json).map(Some).map_err(|e| Error::corrupt(e.to_string()))
            }
            _ => Err(Error::corrupt("a map is no JSON text")),
        }
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
    fn words(&self, _: &KeyRules, out: &mut Words) {
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
