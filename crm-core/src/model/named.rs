//! Fields by the names that patches, conflicts and the journal use. Each custom field counts as a field of its own:
//! `custom.tier`.

use super::{AnyData, FieldSet, FieldValues, Schema};
use crate::value::{CustomValue, Mismatch, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;

const CUSTOM: &str = "custom.";

/// The key in the name of a custom field.
pub(crate) fn custom_key<'n>(schema: &Schema, name: &'n str) -> Option<(usize, &'n str)> {
    Some((schema.custom?, name.strip_prefix(CUSTOM)?))
}

/// Sets a field by its name; `Null` clears it. `Ok(false)` when there is none.
pub(crate) fn set_named(data: &mut AnyData, name: &str, value: Value) -> Result<bool, Mismatch> {
    if let Some((index, key)) = custom_key(data.schema(), name) {
        let mut custom = custom_of(data, index);
        match value {
            Value::Null => custom.remove(key),
            value => custom.insert(key.to_owned(), value),
        };
        data.set(index, Value::Map(custom))?;
        return Ok(true);
    }
    match data.schema().field(name) {
        Some(field) => data.set(field, value).map(|()| true),
        None => Ok(false),
    }
}

/// The custom fields of a record.
pub(crate) fn custom_of(data: &AnyData, index: usize) -> BTreeMap<String, Value> {
    match data.value(index) {
        Value::Map(custom) => custom,
        _ => BTreeMap::new(),
    }
}

/// The values of these fields by name, without empty ones.
pub(crate) fn named_values(data: &AnyData, fields: FieldSet) -> FieldValues {
    let mut values = FieldValues::new();
    for field in fields.iter() {
        if data.schema().custom == Some(field) {
            let custom = custom_of(data, field).into_iter();
            values.extend(custom.map(|(key, value)| (Cow::Owned(format!("{CUSTOM}{key}")), value)));
            continue;
        }
        let value = data.value(field);
        if !value.is_empty() {
            values.insert(Cow::Borrowed(data.schema().fields[field].name), value);
        }
    }
    values
}

/// The names and values of fields that differ: as they are, and as they are in the other.
pub(crate) fn differences(data: &AnyData, other: &AnyData, fields: FieldSet) -> (FieldValues, FieldValues) {
    let (mut mine, mut theirs) = (named_values(data, fields), named_values(other, fields));
    if data.schema().custom.is_some_and(|index| fields.contains(index)) {
        let same: Vec<_> = mine
            .iter()
            .filter(|(name, value)| theirs.get(*name) == Some(*value))
            .map(|(n, _)| n.clone())
            .collect();
        for name in same.iter().filter(|name| name.starts_with(CUSTOM)) {
            mine.remove(name);
            theirs.remove(name);
        }
    }
    (mine, theirs)
}

/// The value with the types that a custom field's have.
pub(crate) fn retype_custom(value: Value) -> Result<Value, Mismatch> {
    CustomValue::from_value(value).map(|value| value.to_value())
}
