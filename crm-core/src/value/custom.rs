//! Values of the fields that an organisation defines itself.

use super::field::{Cell, ColumnReader, ColumnWriter, FieldValue, Mismatch, Shape};
use super::{KeyRules, Money, PhoneNumber, Quantity, Value, ValueType, Words, fold};
use crate::error::{Error, Result, Violations};
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;

/// The value of one custom field.
///
/// In JSON it is what one expects: `true`, `2.5`, `"gold"`, `["a", "b"]`, `{"minor": 1250, "currency": "KES"}`.
/// Dates, instants, choices, links and references are texts in one form each; the field's definition says which they
/// are and gives a value that form when it is written.
#[derive(Clone, Debug, PartialEq)]
pub enum CustomValue {
    /// Yes or no.
    Bool(bool),
    /// A number with at most 15 digits, six of them after the decimal point.
    Number(Decimal),
    /// A text, date, instant, choice, URL, e-mail address, phone number or the id of a record.
    Text(String),
    /// Several choices.
    Texts(Vec<String>),
    /// An amount.
    Money(Money),
}

impl CustomValue {
    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        match self {
            CustomValue::Text(text) => text.is_empty(),
            CustomValue::Texts(texts) => texts.is_empty(),
            _ => false,
        }
    }

    /// As a neutral value.
    pub fn to_value(&self) -> Value {
        match self {
            CustomValue::Bool(yes) => Value::Bool(*yes),
            CustomValue::Number(number) => whole_or_decimal(*number),
            CustomValue::Text(text) => Value::Text(text.clone()),
            CustomValue::Texts(texts) => Value::List(texts.iter().cloned().map(Value::Text).collect()),
            CustomValue::Money(money) => Value::Money(*money),
        }
    }

    /// From a neutral value; a definition gives it its final form.
    ///
    /// # Errors
    /// What would have fitted.
    pub fn from_value(value: Value) -> std::result::Result<Self, Mismatch> {
        Ok(match value {
            Value::Bool(yes) => CustomValue::Bool(yes),
            Value::Int(number) => CustomValue::Number(Decimal::from(number)),
            Value::Decimal(number) => CustomValue::Number(number.normalize()),
            Value::Text(text) => CustomValue::Text(text),
            Value::Date(date) => CustomValue::Text(date.to_string()),
            Value::Instant(at) => CustomValue::Text(instant_text(at)),
            Value::Id(id) => CustomValue::Text(id.to_string()),
            Value::Money(money) => CustomValue::Money(money),
            Value::List(list) => CustomValue::Texts(
                list.into_iter().map(String::from_value).collect::<std::result::Result<_, _>>()?,
            ),
            map @ Value::Map(_) => CustomValue::Money(Money::from_value(map)?),
            Value::Null => return Err(Mismatch::new("a value", &Value::Null)),
        })
    }
}

macro_rules! from {
    ($($from:ty => |$value:ident| $to:expr),* $(,)?) => {$(
        impl From<$from> for CustomValue {
            fn from($value: $from) -> Self {
                $to
            }
        }
    )*};
}
from! {
    bool => |value| CustomValue::Bool(value),
    i64 => |value| CustomValue::Number(Decimal::from(value)),
    Decimal => |value| CustomValue::Number(value.normalize()),
    &str => |value| CustomValue::Text(value.to_owned()),
    String => |value| CustomValue::Text(value),
    Vec<String> => |value| CustomValue::Texts(value),
    Money => |value| CustomValue::Money(value),
    chrono::NaiveDate => |value| CustomValue::Text(value.to_string()),
    super::Timestamp => |value| CustomValue::Text(instant_text(value)),
}

/// The one form of an instant as text: it sorts as the instant does.
pub(crate) fn instant_text(at: super::Timestamp) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}

/// What the number of a custom field is, in words.
pub(crate) const NUMBER: &str =
    "a number with at most 12 digits before and 6 after the decimal point, 15 in all";

/// Whether a custom field can hold this number: JSON keeps all of its digits, and lists compare it in millionths.
pub(crate) fn fits_number(number: Decimal) -> bool {
    const MOST_DIGITS: usize = 15;
    let digits = number.normalize().mantissa().unsigned_abs().to_string().len();
    Quantity(number).millionths().is_some() && digits <= MOST_DIGITS
}

fn whole_or_decimal(number: Decimal) -> Value {
    let number = number.normalize();
    match i64::try_from(number) {
        Ok(whole) if number.scale() == 0 => Value::Int(whole),
        _ => Value::Decimal(number),
    }
}

impl Serialize for CustomValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        self.to_value().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for CustomValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        CustomValue::from_value(value).map_err(|mismatch| serde::de::Error::custom(mismatch.expected))
    }
}

/// The custom fields of a record: their values by the key of their definition. Fields without a value are absent.
///
/// ```
/// use crm_core::CustomValues;
/// let mut custom = CustomValues::default();
/// custom.set("tier", "gold");
/// assert_eq!(custom.get("tier"), Some(&"gold".into()));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CustomValues(pub BTreeMap<String, CustomValue>);

impl CustomValues {
    /// The value under this key.
    pub fn get(&self, key: &str) -> Option<&CustomValue> {
        self.0.get(key)
    }

    /// Sets the value under this key.
    pub fn set(&mut self, key: impl Into<String>, value: impl Into<CustomValue>) {
        self.0.insert(key.into(), value.into());
    }

    /// Removes the value under this key.
    pub fn clear(&mut self, key: &str) {
        self.0.remove(key);
    }
}

impl FieldValue for CustomValues {
    const REGIONAL: bool = true;

    fn shape() -> Shape {
        Shape::Scalar { ty: ValueType::Custom, nullable: true }
    }
    fn to_value(&self) -> Value {
        Value::Map(self.0.iter().map(|(key, value)| (key.clone(), value.to_value())).collect())
    }
    fn from_value(value: Value) -> std::result::Result<Self, Mismatch> {
        match value {
            Value::Null => Ok(CustomValues::default()),
            Value::Map(map) => {
                let set = map.into_iter().filter(|(_, value)| *value != Value::Null);
                let typed = set.map(|(key, value)| Ok((key, CustomValue::from_value(value)?)));
                typed.collect::<std::result::Result<_, _>>().map(CustomValues)
            }
            other => Err(Mismatch::new("an object with the values of custom fields", &other)),
        }
    }
    fn write(&self, out: &mut dyn ColumnWriter) -> Result<()> {
        if self.0.is_empty() {
            return out.put(Cell::Null);
        }
        let json =
            serde_json::to_string(self).map_err(|e| Error::invalid("custom", "mismatch", e.to_string()))?;
        out.put(Cell::Text(&json))
    }
    fn read<R: ColumnReader + ?Sized>(from: &mut R) -> Result<Option<Self>> {
        match from.take()? {
            Cell::Null => Ok(Some(CustomValues::default())),
            Cell::Text(json) => {
                serde_json::from_str(json).map(Some).map_err(|e| Error::corrupt(e.to_string()))
            }
            _ => Err(Error::corrupt("custom fields are no JSON text")),
        }
    }
    fn absent() -> Option<Self> {
        Some(CustomValues::default())
    }
    fn tidy(&mut self, name: &str, max: usize, problems: &mut Violations) {
        problems.within(name, |problems| {
            for (key, value) in &mut self.0 {
                match value {
                    CustomValue::Text(text) => text.tidy(key, max, problems),
                    CustomValue::Texts(texts) => texts.tidy(key, max, problems),
                    CustomValue::Number(number) => {
                        *number = number.normalize();
                        if !fits_number(*number) {
                            problems.add(key, "range", &number.to_string(), format!("expected {NUMBER}"));
                        }
                    }
                    CustomValue::Bool(_) | CustomValue::Money(_) => {}
                }
            }
        });
        self.0.retain(|_, value| !value.is_empty());
    }
    fn words(&self, rules: &KeyRules, out: &mut Words) {
        for value in self.0.values() {
            match value {
                // Whatever the type of the field: a link or a choice does not look like a number.
                CustomValue::Text(text) if is_like_number(text) => {
                    out.add(text);
                    let number = PhoneNumber(text.clone());
                    number.searched_digits(&rules.phone_region).iter().for_each(|digits| out.add(digits));
                }
                CustomValue::Text(text) => out.add(text),
                CustomValue::Texts(texts) => texts.iter().for_each(|text| out.add(text)),
                _ => {}
            }
        }
    }
}

/// Whether a text may be a phone number: at least seven digits, with nothing but what stands between them.
fn is_like_number(text: &str) -> bool {
    const FEWEST_DIGITS: usize = 7;
    text.chars().filter(|c| c.is_numeric()).count() >= FEWEST_DIGITS
        && text.chars().all(|c| c.is_numeric() || c == ' ' || "+-./()".contains(c))
}

/// The JSON of custom fields with every value as it is compared: texts folded, numbers in millionths, booleans as
/// 0 and 1. Adapters keep it beside the values.
///
/// # Errors
/// `corrupt` for what is no JSON of custom fields.
pub fn custom_comparison(json: &str) -> Result<String> {
    let values: CustomValues = serde_json::from_str(json).map_err(|e| Error::corrupt(e.to_string()))?;
    let compared = |value: &CustomValue| match value {
        CustomValue::Bool(yes) => serde_json::json!(i64::from(*yes)),
        CustomValue::Number(number) => serde_json::json!(Quantity(*number).millionths()),
        CustomValue::Text(text) => serde_json::json!(fold(text)),
        CustomValue::Texts(texts) => texts.iter().map(|text| fold(text)).collect(),
        CustomValue::Money(money) => {
            serde_json::json!({"minor": money.minor, "currency": money.currency.code()})
        }
    };
    let all: serde_json::Map<_, _> =
        values.0.iter().map(|(key, value)| (key.clone(), compared(value))).collect();
    Ok(serde_json::Value::Object(all).to_string())
}
