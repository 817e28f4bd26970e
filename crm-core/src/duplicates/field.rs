//! The fields that rules speak of, and the texts that records have in them.

use crate::model::{Conventions, Entity, Schema};
use crate::store::{ColumnRef, Entry, Reading, reading};
use crate::value::{KeyRules, Value, fold, instant_text};

/// A path that was found in the schema, or several that are read as one text.
#[derive(Debug, PartialEq)]
pub(super) struct FieldRef {
    pub(super) parts: Vec<Reading>,
}

impl FieldRef {
    /// `None` for a path that the entity does not have.
    pub(super) fn resolve(schema: &'static Schema, path: &str, conventions: &Conventions) -> Option<Self> {
        let parts = path.split('+').map(|part| reading(schema, part.trim(), conventions));
        Some(FieldRef { parts: parts.collect::<Option<_>>()? })
    }

    /// What a record has there, folded: the entries of a list, else one text or none.
    pub(super) fn texts<E: Entity>(&self, entry: &Entry<E>, rules: &KeyRules) -> Vec<String> {
        if let [part] = self.parts.as_slice() {
            return texts_of(*part, entry, rules);
        }
        let words: Vec<String> =
            self.parts.iter().flat_map(|part| texts_of(*part, entry, rules).into_iter().next()).collect();
        if words.is_empty() { Vec::new() } else { vec![words.join(" ")] }
    }
}

fn texts_of<E: Entity>(part: Reading, entry: &Entry<E>, rules: &KeyRules) -> Vec<String> {
    match part {
        Reading::Keys { index, .. } => {
            let mut keys = Vec::new();
            entry.record.data.keys(index, rules, &mut |key| {
                if !keys.contains(&key) {
                    keys.push(key);
                }
            });
            keys
        }
        Reading::Column(column) => values(column.value(entry)),
    }
}

/// The column of a field that has one of its own.
pub(super) fn column_of(part: Reading) -> Option<ColumnRef> {
    match part {
        Reading::Column(column) => Some(column),
        Reading::Keys { .. } => None,
    }
}

fn values(value: Value) -> Vec<String> {
    let text = match value {
        Value::Null | Value::Map(_) => return Vec::new(),
        Value::List(list) => return list.into_iter().flat_map(values).collect(),
        Value::Text(text) => fold(&text),
        Value::Bool(yes) => yes.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Decimal(number) => number.normalize().to_string(),
        Value::Instant(at) => instant_text(at),
        Value::Date(date) => date.to_string(),
        Value::Id(id) => id.to_string(),
        Value::Money(money) => format!("{} {}", money.minor, money.currency.code()),
    };
    if text.is_empty() { Vec::new() } else { vec![text] }
}
