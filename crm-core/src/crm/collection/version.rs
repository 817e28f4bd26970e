//! Versions: what a writer had read, and what others changed since.

use crate::crm::system::with_types;
use crate::crm::unit_of_work::UnitOfWork;
use crate::error::{Error, Result};
use crate::model::{AnyData, Kind, custom_of, differences, named_values, set_named};
use crate::store::{AnyEntry, Envelope};
use crate::value::Value;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// The data that a writer of this version has read: the later changes taken back in memory.
pub(in crate::crm) fn base_at(
    unit: &UnitOfWork<'_>,
    kind: Kind,
    current: &AnyEntry,
    version: u64,
) -> Result<Box<AnyData>> {
    let mut base = current.data().copy();
    let Envelope { id, version: newest, .. } = current.envelope();
    if version == newest {
        return Ok(base);
    }
    if version == 0 || version > newest {
        return Err(Error::invalid("version", "range", format!("the record's version is {newest}")));
    }
    let later = with_types(unit.tx().operations_on(kind, id, version)?);
    for change in later.iter().rev().flat_map(|operation| operation.changes.iter().rev()) {
        if change.erased {
            // What the writer has read can't be told any more.
            let entity = kind.as_str();
            return Err(Error::Conflict { entity, id, version: newest, fields: Vec::new() });
        }
        for name in change.fields() {
            let before = change.before.get(name).cloned().unwrap_or(Value::Null);
            if !matches!(set_named(&mut *base, name, before), Ok(true)) {
                let stored = change.after.get(name).cloned().unwrap_or(Value::Null);
                return Err(Error::Conflict {
                    entity: kind.as_str(),
                    id,
                    version: newest,
                    fields: vec![(name.to_owned(), stored)],
                });
            }
        }
    }
    Ok(base)
}

/// `conflict` when somebody changed the same fields since, to something else.
pub(in crate::crm) fn refuse_conflicts(current: &AnyEntry, base: &AnyData, wanted: &AnyData) -> Result<()> {
    let both = wanted.changed(base).intersection(current.data().changed(base));
    if both.is_empty() {
        return Ok(());
    }
    let names = |data: &AnyData| -> BTreeSet<String> {
        let (now, before) = differences(data, base, both);
        now.into_keys().chain(before.into_keys()).map(Cow::into_owned).collect()
    };
    let (mine, theirs) = (names(wanted), names(current.data()));
    let stored = named_values(current.data(), both);
    let value = |name: &String| stored.get(name.as_str()).cloned().unwrap_or(Value::Null);
    let fields: Vec<_> = mine.intersection(&theirs).map(|name| (name.clone(), value(name))).collect();
    match fields.is_empty() {
        true => Ok(()),
        false => {
            let (entity, Envelope { id, version, .. }) = (current.schema().entity, current.envelope());
            Err(Error::Conflict { entity, id, version, fields })
        }
    }
}

/// Sets the custom fields that a writer changed, each by itself.
pub(in crate::crm) fn take_over_custom(data: &mut AnyData, base: &AnyData, wanted: &AnyData) {
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
