//! Versions: what a writer had read, and what others changed since.

use crate::crm::rules::Rules;
use crate::crm::system::with_types;
use crate::crm::unit_of_work::UnitOfWork;
use crate::error::{Error, Result};
use crate::model::{AnyData, Entity, Record, custom_of, differences, named_values, set_named};
use crate::value::Value;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// The data that a writer of this version has read: the later changes taken back in memory.
pub(super) fn base_at<E: Rules>(unit: &UnitOfWork<'_>, current: &Record<E>, version: u64) -> Result<E> {
    let mut base = current.data.clone();
    if version == current.version {
        return Ok(base);
    }
    if version == 0 || version > current.version {
        return Err(Error::invalid(
            "version",
            "range",
            format!("the record's version is {}", current.version),
        ));
    }
    let later = with_types(unit.tx().operations_on(E::kind(), current.id.uuid(), version)?);
    for change in later.iter().rev().flat_map(|operation| operation.changes.iter().rev()) {
        if change.erased {
            // What the writer has read can't be told any more.
            let (entity, id, version) = (E::ENTITY, current.id.uuid(), current.version);
            return Err(Error::Conflict { entity, id, version, fields: Vec::new() });
        }
        for name in change.fields() {
            let before = change.before.get(name).cloned().unwrap_or(Value::Null);
            if !matches!(set_named(&mut base, name, before), Ok(true)) {
                let stored = change.after.get(name).cloned().unwrap_or(Value::Null);
                return Err(Error::Conflict {
                    entity: E::ENTITY,
                    id: current.id.uuid(),
                    version: current.version,
                    fields: vec![(name.to_owned(), stored)],
                });
            }
        }
    }
    Ok(base)
}

/// `conflict` when somebody changed the same fields since, to something else.
pub(super) fn refuse_conflicts<E: Entity>(current: &Record<E>, base: &E, wanted: &E) -> Result<()> {
    let both = wanted.changed(base).intersection(current.data.changed(base));
    if both.is_empty() {
        return Ok(());
    }
    let names = |data: &AnyData| -> BTreeSet<String> {
        let (now, before) = differences(data, base, both);
        now.into_keys().chain(before.into_keys()).map(Cow::into_owned).collect()
    };
    let (mine, theirs) = (names(wanted), names(&current.data));
    let stored = named_values(&current.data, both);
    let value = |name: &String| stored.get(name.as_str()).cloned().unwrap_or(Value::Null);
    let fields: Vec<_> = mine.intersection(&theirs).map(|name| (name.clone(), value(name))).collect();
    match fields.is_empty() {
        true => Ok(()),
        false => Err(Error::Conflict {
            entity: E::ENTITY,
            id: current.id.uuid(),
            version: current.version,
            fields,
        }),
    }
}

/// Sets the custom fields that a writer changed, each by itself.
pub(super) fn take_over_custom(data: &mut AnyData, base: &AnyData, wanted: &AnyData) {
    let Some(index) = data.schema().custom else { return };
    let (before, after) = (custom_of(base, index), custom_of(wanted, index));
    let mut custom = custom_of(data, index);
    for key in before.keys().filter(|key| !after.contains_key(*key)) {
        custom.remove(key);
    }
    custom.extend(after.into_iter().filter(|(key, value)| before.get(key) != Some(value)));
    // They were custom fields a moment ago.
    let _ = data.set(index, Value::Map(custom));
}
