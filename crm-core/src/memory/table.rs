//! One entity's records with their keys and words.

use crate::error::{Error, Result};
use crate::model::Schema;
use crate::port::{IndexChange, Key};
use crate::store::AnyEntry;
use crate::value::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use uuid::Uuid;

/// One entity's records.
#[derive(Clone, Default)]
pub(super) struct Table {
    rows: BTreeMap<Uuid, Arc<Stored>>,
}

/// A record as it is kept.
#[derive(Clone)]
pub(super) struct Stored {
    /// Its place in the order of creation.
    pub(super) place: u64,
    pub(super) entry: Arc<AnyEntry>,
    pub(super) keys: BTreeSet<Key>,
    pub(super) words: String,
}

impl Table {
    /// A table of these records, the oldest first, with their keys and words.
    pub(super) fn of(rows: Vec<(Box<AnyEntry>, BTreeSet<Key>, String)>) -> Self {
        let mut table = Table::default();
        for (place, (entry, keys, words)) in (1..).zip(rows) {
            let stored = Stored { place, entry: entry.into(), keys, words };
            table.rows.insert(stored.entry.id(), Arc::new(stored));
        }
        table
    }

    pub(super) fn get(&self, id: Uuid) -> Option<&Stored> {
        self.rows.get(&id).map(|stored| &**stored)
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = &Stored> {
        self.rows.values().map(|stored| &**stored)
    }

    /// Records in the order in which they were put in, from behind one on.
    pub(super) fn from(&self, after: Option<Uuid>, limit: usize) -> Vec<Box<AnyEntry>> {
        let behind = after.and_then(|id| self.get(id)).map_or(0, |stored| stored.place);
        let mut later: Vec<_> = self.rows().filter(|stored| stored.place > behind).collect();
        later.sort_by_key(|stored| stored.place);
        later.into_iter().take(limit).map(|stored| stored.entry.copy()).collect()
    }

    pub(super) fn insert(&mut self, entry: &AnyEntry, index: &IndexChange) -> Result<()> {
        let id = entry.id();
        if self.rows.contains_key(&id) {
            return Err(duplicate(entry.schema(), "id", &id.to_string(), id));
        }
        self.refuse_same_code(entry)?;
        let place = self.rows().map(|stored| stored.place).max().unwrap_or(0) + 1;
        let entry = entry.copy().into();
        self.put(Stored { place, entry, keys: BTreeSet::new(), words: String::new() }, index)
    }

    pub(super) fn replace(&mut self, entry: &AnyEntry, index: &IndexChange) -> Result<()> {
        let Some(old) = self.rows.get(&entry.id()) else {
            return Err(Error::corrupt("a record to be replaced is missing"));
        };
        let stored = Stored { entry: entry.copy().into(), ..Stored::clone(old) };
        self.put(stored, index)
    }

    fn put(&mut self, mut stored: Stored, index: &IndexChange) -> Result<()> {
        let id = stored.entry.id();
        for removed in &index.removed {
            // Whether it was unique when it was claimed does not matter any more.
            stored.keys.retain(|key| (key.field, &key.key) != (removed.field, &removed.key));
        }
        for key in &index.added {
            if let Some(holder) = self.holder(key, id) {
                return Err(duplicate(stored.entry.schema(), key.field, &key.key, holder));
            }
            stored.keys.insert(key.clone());
        }
        if let Some(words) = &index.words {
            stored.words.clone_from(words);
        }
        self.rows.insert(id, Arc::new(stored));
        Ok(())
    }

    fn holder(&self, key: &Key, but: Uuid) -> Option<Uuid> {
        let others = self.rows.iter().filter(|(id, _)| **id != but);
        others.filter(|_| key.unique).find(|(_, stored)| stored.keys.contains(key)).map(|(id, _)| *id)
    }

    /// A code is unique for ever: in the trash, too.
    fn refuse_same_code(&self, entry: &AnyEntry) -> Result<()> {
        let schema = entry.schema();
        let Some(field) = schema.field("code") else { return Ok(()) };
        let code = entry.data().value(field);
        let same = |other: &&Stored| !code.is_empty() && other.entry.data().value(field) == code;
        match (self.rows().find(same), &code) {
            (Some(other), Value::Text(code)) => Err(duplicate(schema, "code", code, other.entry.id())),
            _ => Ok(()),
        }
    }

    pub(super) fn remove(&mut self, id: Uuid) {
        self.rows.remove(&id);
    }

    /// Makes the keys of a field unique, or no longer so.
    pub(super) fn set_unique(
        &mut self,
        entity: &'static str,
        field: &'static str,
        unique: bool,
    ) -> Result<()> {
        let mut claimed = BTreeMap::new();
        for (id, stored) in &mut self.rows {
            let keys = claim(entity, &stored.keys, field, unique, *id, &mut claimed)?;
            *stored = Arc::new(Stored { keys, ..Stored::clone(stored) });
        }
        Ok(())
    }
}

/// The keys of a record when those of a field become unique, or are so no more.
fn claim(
    entity: &'static str,
    keys: &BTreeSet<Key>,
    field: &'static str,
    unique: bool,
    id: Uuid,
    claimed: &mut BTreeMap<String, Uuid>,
) -> Result<BTreeSet<Key>> {
    let mut changed = BTreeSet::new();
    for key in keys {
        let mut key = key.clone();
        if key.field == field {
            key.unique = unique;
            if let Some(holder) = claimed.insert(key.key.clone(), id).filter(|_| unique) {
                let value = key.key;
                return Err(Error::Duplicate { entity, field, value, holder: Some(holder) });
            }
        }
        changed.insert(key);
    }
    Ok(changed)
}

fn duplicate(schema: &Schema, field: &'static str, value: &str, holder: Uuid) -> Error {
    Error::Duplicate { entity: schema.entity, field, value: value.to_owned(), holder: Some(holder) }
}
