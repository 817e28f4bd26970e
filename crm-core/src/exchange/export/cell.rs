//! A field's value as the text of one cell, and back without loss.
//!
//! | value | cell |
//! |---|---|
//! | nothing: null, an empty text, list or map | empty |
//! | text, word of a choice, code, zone, RRULE | as it is |
//! | yes or no | `true`, `false` |
//! | number | `1250`, `-2.5`: digits and a decimal point |
//! | amount of money | `1250.50` in major units, with all decimals of the currency, and `KES` in a column of its own |
//! | date, time | `2026-03-31`, `09:00:00` |
//! | moment | `2026-03-31T09:00:00Z`, in UTC, with as many decimals of the second as it has |
//! | record | its id: `019cad1f-2880-7000-8000-000000000001` |
//! | list of texts or ids | its entries with `; ` between them: `tea; coffee` |
//! | e-mail addresses, phone numbers | the same, when none has a label or is opted out: `a@mara.example; b@mara.example` |
//! | any other list, or one that would not come back | JSON: `["tea; green"]`, `[{"address":"a@mara.example","label":"work"}]` |
//! | map | JSON: `{"erp":"4711"}` |
//!
//! A cell of a list or a map is JSON when it begins with `[` or `{`; else its entries stand between semicolons, and spaces
//! around them mean nothing. A list of texts is written as JSON when one of them is blank, begins or ends with a space or
//! contains a semicolon, or when the first begins with `[` or `{`.

use crate::value::{FieldDef, Mismatch, Money, Shape, Value, ValueType};
use rust_decimal::Decimal;
use std::borrow::Cow;

/// The part that says everything of an entry that says nothing else.
const BARE: [&str; 2] = ["address", "number"];

/// The text of a cell with this value; of an amount its number alone.
pub fn write(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Null => Cow::Borrowed(""),
        Value::Text(text) => Cow::Borrowed(text),
        Value::Money(money) => Cow::Owned(amount(*money)),
        Value::List(list) if list.is_empty() => Cow::Borrowed(""),
        Value::Map(map) if map.is_empty() => Cow::Borrowed(""),
        Value::List(list) => Cow::Owned(plain_list(list).unwrap_or_else(|| value.to_string())),
        Value::Decimal(number) => Cow::Owned(number.normalize().to_string()),
        // JSON for maps.
        other => Cow::Owned(other.to_string()),
    }
}

/// In major units, with all decimals of the currency.
fn amount(money: Money) -> String {
    let mut number = money.to_decimal();
    number.rescale(money.currency.exponent());
    number.to_string()
}

/// The entries with semicolons between them, if they come back from that.
fn plain_list(list: &[Value]) -> Option<String> {
    let mut text = String::new();
    for entry in list {
        let entry = bare(entry)?;
        if entry.is_empty() || entry.trim() != entry || entry.contains(';') {
            return None;
        }
        if !text.is_empty() {
            text.push_str("; ");
        }
        text.push_str(&entry);
    }
    (!text.starts_with(['[', '{'])).then_some(text)
}

fn bare(entry: &Value) -> Option<Cow<'_, str>> {
    match entry {
        Value::Text(text) => Some(Cow::Borrowed(text)),
        Value::Id(id) => Some(Cow::Owned(id.to_string())),
        Value::Map(map) => {
            let name = BARE.into_iter().find(|name| map.contains_key(*name))?;
            let says_more = |(part, value): (&String, &Value)| part != name && *value != Value::Bool(false);
            if map.iter().any(says_more) {
                return None;
            }
            map.get(name)?.as_text().map(Cow::Borrowed)
        }
        _ => None,
    }
}

/// The value of a cell that [`write()`] wrote for this type; an empty one is null. An amount is read by
/// [`Money::parse`](crate::Money::parse), with the currency from its own column.
///
/// ```
/// use crm_core::exchange::cell::{read, write};
/// use crm_core::{Value, ValueType};
/// let tags = Value::List(vec!["tea; green".into(), "fair".into()]);
/// assert_eq!(write(&tags), r#"["tea; green","fair"]"#);
/// assert_eq!(read("tea; fair", ValueType::Json).unwrap(), Value::List(vec!["tea".into(), "fair".into()]));
/// assert_eq!(read("-2.50", ValueType::Decimal).unwrap(), Value::Decimal("-2.5".parse().unwrap()));
/// assert!(read("2026-02-30", ValueType::Date).is_err());
/// ```
///
/// # Errors
/// What would have fitted.
pub fn read(text: &str, ty: ValueType) -> Result<Value, Mismatch> {
    if text.is_empty() {
        return Ok(Value::Null);
    }
    let mismatch = |expected: &str| Mismatch::new(expected, &Value::from(text));
    match ty {
        ValueType::Bool => match text {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => Err(mismatch("true or false")),
        },
        ValueType::Int => text.parse().map(Value::Int).map_err(|_| mismatch("a whole number")),
        ValueType::Decimal => {
            let number = Decimal::from_str_exact(text).map_err(|_| mismatch("a number"))?;
            ty.coerce(Value::Decimal(number.normalize()))
        }
        ValueType::Json if text.starts_with(['[', '{']) => {
            serde_json::from_str(text).map_err(|_| mismatch("a list or an object in JSON"))
        }
        ValueType::Json => Ok(Value::List(text.split(';').map(|entry| entry.trim().into()).collect())),
        ValueType::Money | ValueType::Custom => Err(mismatch("a cell of one value")),
        _ => ty.coerce(Value::from(text)),
    }
}

/// The value of a cell that [`write()`] wrote for this field, which is one column, with the types that the field has.
///
/// ```
/// use crm_core::exchange::cell::read_field;
/// use crm_core::{Customer, Entity};
/// let emails = Customer::schema().field("emails").unwrap();
/// let mut customer = Customer::default();
/// customer.set(emails, read_field("a@mara.example; b@mara.example", &Customer::FIELDS[emails]).unwrap()).unwrap();
/// assert_eq!(customer.emails[1].address.0, "b@mara.example");
/// ```
///
/// # Errors
/// What would have fitted.
pub fn read_field(text: &str, field: &FieldDef) -> Result<Value, Mismatch> {
    let Shape::Scalar { ty, .. } = (field.shape)() else {
        let expected = format!("{} has several columns", field.name);
        return Err(Mismatch::new(expected, &Value::from(text)));
    };
    let value = read(text, ty)?;
    let retyped = (field.retype)(value.clone());
    match (&value, retyped) {
        (_, Ok(value)) => Ok(value),
        (Value::List(list), Err(mismatch)) => {
            let wrapped = |name: &str| {
                let entry = |entry: &Value| Value::Map([(name.to_owned(), entry.clone())].into());
                (field.retype)(Value::List(list.iter().map(entry).collect()))
            };
            BARE.into_iter().find_map(|name| wrapped(name).ok()).ok_or(mismatch)
        }
        (_, Err(mismatch)) => Err(mismatch),
    }
}
