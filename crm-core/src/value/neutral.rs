//! The neutral value: what a field holds, without its Rust type.

use super::{Money, Timestamp};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::collections::BTreeMap;
use std::fmt;
use uuid::Uuid;

/// The value of a field where its Rust type is not at hand: in patches, filters, cursors, the journal and bindings.
///
/// In JSON it is what one expects: dates and instants as ISO 8601 text, ids as text, decimals as numbers (as text when
/// they have more than 15 digits), money as `{"minor": 1250, "currency": "KES"}`. What comes *from* JSON is therefore less typed (a date is a text); the
/// field that it is meant for gives it its type.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum Value {
    /// Nothing: the field is empty.
    #[default]
    Null,
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// An exact decimal number.
    Decimal(Decimal),
    /// A text; also the name of a choice.
    Text(String),
    /// A moment in UTC, to the microsecond.
    Instant(Timestamp),
    /// A calendar day without a zone.
    Date(NaiveDate),
    /// The id of a record.
    Id(Uuid),
    /// An amount of money.
    Money(Money),
    /// Several values.
    List(Vec<Value>),
    /// Values by name.
    Map(BTreeMap<String, Value>),
}

impl Value {
    /// Whether it is nothing: null, an empty text, list or map.
    pub fn is_empty(&self) -> bool {
        match self {
            Value::Null => true,
            Value::Text(text) => text.is_empty(),
            Value::List(list) => list.is_empty(),
            Value::Map(map) => map.is_empty(),
            _ => false,
        }
    }

    /// A part of the value: `city` of an address, `minor` or `currency` of money.
    pub fn part(self, name: &str) -> Value {
        match self {
            Value::Map(mut map) => map.remove(name).unwrap_or_default(),
            Value::Money(money) if name == "minor" => Value::Int(money.minor),
            Value::Money(money) if name == "currency" => Value::Text(money.currency.code().to_owned()),
            _ => Value::Null,
        }
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The whole number, if it is one.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(number) => Some(*number),
            _ => None,
        }
    }

    /// The amount, if it is one.
    pub fn as_money(&self) -> Option<Money> {
        match self {
            Value::Money(money) => Some(*money),
            _ => None,
        }
    }

    /// The day, if it is one.
    pub fn as_date(&self) -> Option<NaiveDate> {
        match self {
            Value::Date(date) => Some(*date),
            _ => None,
        }
    }

    /// The id, if it is one.
    pub fn as_id(&self) -> Option<Uuid> {
        match self {
            Value::Id(id) => Some(*id),
            _ => None,
        }
    }

    /// A short word for error texts.
    pub(crate) fn kind_word(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Int(_) | Value::Decimal(_) => "a number",
            Value::Text(_) => "a text",
            Value::Instant(_) => "an instant",
            Value::Date(_) => "a date",
            Value::Id(_) => "an id",
            Value::Money(_) => "money",
            Value::List(_) => "a list",
            Value::Map(_) => "an object",
        }
    }
}

/// For people: texts as they are, lists and maps as JSON, nothing for null.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => Ok(()),
            Value::Bool(value) => value.fmt(f),
            Value::Int(value) => value.fmt(f),
            Value::Decimal(value) => value.fmt(f),
            Value::Text(value) => f.write_str(value),
            Value::Instant(value) => f.write_str(&value.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)),
            Value::Date(value) => value.fmt(f),
            Value::Id(value) => value.fmt(f),
            Value::Money(value) => value.fmt(f),
            Value::List(_) | Value::Map(_) => {
                f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
            }
        }
    }
}

/// The floating-point number that reads back as the same decimal: up to 15 digits.
fn as_float(number: Decimal) -> Option<f64> {
    const EXACT: u128 = 1_000_000_000_000_000;
    (number.mantissa().unsigned_abs() < EXACT).then(|| number.to_f64()).flatten()
}

/// Text forms of the neutral value, as JSON has them.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Int(value) => serializer.serialize_i64(*value),
            // A number as far as JSON's readers keep all of its digits.
            Value::Decimal(value) => match as_float(*value) {
                Some(float) => serializer.serialize_f64(float),
                None => serializer.collect_str(value),
            },
            Value::Text(value) => serializer.serialize_str(value),
            Value::Instant(value) => value.serialize(serializer),
            Value::Date(value) => value.serialize(serializer),
            Value::Id(value) => value.serialize(serializer),
            Value::Money(value) => value.serialize(serializer),
            Value::List(values) => serializer.collect_seq(values),
            Value::Map(values) => {
                let mut map = serializer.serialize_map(Some(values.len()))?;
                for (name, value) in values {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyValue;
        impl<'de> Visitor<'de> for AnyValue {
            type Value = Value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }
            fn visit_unit<E>(self) -> Result<Value, E> {
                Ok(Value::Null)
            }
            fn visit_none<E>(self) -> Result<Value, E> {
                Ok(Value::Null)
            }
            fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
                Value::deserialize(deserializer)
            }
            fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
                Ok(Value::Bool(value))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
                Ok(Value::Int(value))
            }
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
                i64::try_from(value).map(Value::Int).map_err(|_| E::custom("the number is too large"))
            }
            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
                Decimal::try_from(value).map(|number| Value::Decimal(number.normalize())).map_err(E::custom)
            }
            fn visit_str<E>(self, value: &str) -> Result<Value, E> {
                Ok(Value::Text(value.to_owned()))
            }
            fn visit_string<E>(self, value: String) -> Result<Value, E> {
                Ok(Value::Text(value))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
                let mut list = Vec::new();
                while let Some(value) = seq.next_element()? {
                    list.push(value);
                }
                Ok(Value::List(list))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
                let mut map = BTreeMap::new();
                while let Some((name, value)) = access.next_entry()? {
                    map.insert(name, value);
                }
                Ok(Value::Map(map))
            }
        }
        deserializer.deserialize_any(AnyValue)
    }
}

impl<E> From<super::Id<E>> for Value {
    fn from(id: super::Id<E>) -> Self {
        Value::Id(id.uuid())
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Value::Text(text.clone())
    }
}

/// Nothing is null.
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

macro_rules! from {
    ($($from:ty => $variant:ident),* $(,)?) => {$(
        impl From<$from> for Value {
            fn from(value: $from) -> Self {
                Value::$variant(value.into())
            }
        }
    )*};
}
from! {
    bool => Bool, i64 => Int, i32 => Int, u32 => Int, u8 => Int, Decimal => Decimal, String => Text, &str => Text,
    Timestamp => Instant, NaiveDate => Date, Uuid => Id, Money => Money, Vec<Value> => List,
    BTreeMap<String, Value> => Map,
}
