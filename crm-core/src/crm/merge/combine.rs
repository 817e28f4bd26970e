//! The data of a record that was made of several.

use crate::error::{Error, Result};
use crate::model::{
    AnyData, Conventions, Entity, Record, Schema, custom_key, custom_of, entry_keys, set_named,
};
use crate::value::{Id, KeyRules, OnPurge, Shape, Value, ValueType};
use std::collections::{BTreeMap, BTreeSet};

/// Whether somebody may choose the record from which this field is taken.
pub(super) fn said(schema: &Schema, name: &str, conventions: &Conventions) -> bool {
    custom_key(schema, name).is_some_and(|(_, key)| conventions.custom_field(schema.kind, key).is_some())
        || schema
            .field(name)
            .is_some_and(|field| !schema.fields[field].system && schema.custom != Some(field))
}

/// The survivor's data with what it lacks from the losers, in their order, and with the choices.
pub(super) fn combined<E: Entity>(
    survivor: &Record<E>,
    losers: &[Record<E>],
    choices: &BTreeMap<String, Id<E>>,
    rules: &KeyRules,
) -> Result<E> {
    let mut data = survivor.data.clone();
    for (field, def) in E::FIELDS.iter().enumerate() {
        // What a record hangs on is the same for all of them, and where it went to is its own.
        if def.reference == Some(OnPurge::Parent) || def.name == "merged_into" {
            continue;
        }
        for loser in losers {
            let keys = |item: &Value| entry_keys(&data, field, item, rules);
            let united = unite(data.value(field), loser.data.value(field), &keys, (def.shape)());
            data.set(field, united)
                .map_err(|mismatch| Error::invalid(def.name, "mismatch", mismatch.expected))?;
        }
    }
    for (name, id) in choices {
        let Some(from) = losers.iter().chain([survivor]).find(|record| record.id == *id) else { continue };
        let set = set_named(&mut data, name, named(&from.data, name));
        set.map_err(|mismatch| Error::invalid(name, "mismatch", mismatch.expected))?;
    }
    Ok(data)
}

fn named(data: &AnyData, name: &str) -> Value {
    match custom_key(data.schema(), name) {
        Some((index, key)) => custom_of(data, index).remove(key).unwrap_or_default(),
        None => data.schema().field(name).map(|field| data.value(field)).unwrap_or_default(),
    }
}

/// One value of two: the first wins and is filled when it is empty; lists and maps unite; what has parts, such as an
/// address, is taken whole.
fn unite(mine: Value, other: Value, keys: &dyn Fn(&Value) -> Vec<String>, shape: Shape) -> Value {
    let whole = !matches!(shape, Shape::Scalar { ty: ValueType::Json | ValueType::Custom, .. });
    match (mine, other) {
        (mine, other) if mine.is_empty() => {
            if other.is_empty() {
                mine
            } else {
                other
            }
        }
        (Value::List(mine), Value::List(other)) => {
            let mut known: BTreeSet<String> = mine.iter().flat_map(keys).collect();
            let mut list = mine;
            for item in other {
                let theirs = keys(&item);
                let new = match theirs.is_empty() {
                    true => !list.contains(&item),
                    false => !theirs.iter().any(|key| known.contains(key)),
                };
                if new {
                    known.extend(theirs);
                    list.push(item);
                }
            }
            Value::List(list)
        }
        (Value::Map(mut mine), Value::Map(other)) if !whole => {
            for (key, value) in other {
                let united = match mine.remove(&key) {
                    // Lists of choices among the custom fields unite too.
                    Some(Value::List(known)) => match value {
                        Value::List(more) => {
                            let new: Vec<_> = more.into_iter().filter(|item| !known.contains(item)).collect();
                            Value::List(known.into_iter().chain(new).collect())
                        }
                        _ => Value::List(known),
                    },
                    Some(known) if !known.is_empty() => known,
                    _ => value,
                };
                mine.insert(key, united);
            }
            Value::Map(mine)
        }
        (mine, _) => mine,
    }
}
