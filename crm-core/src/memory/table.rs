//! One entity's records with their keys and words.

use super::evaluate::Row;
use crate::error::{Error, Result};
use crate::model::Entity;
use crate::port::{Entry, IndexChange, Key};
use crate::value::Id;
use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use uuid::Uuid;

/// A table whose entity is known only at run time.
pub(super) trait AnyTable: Send + Sync {
    fn as_any(&self) -> &dyn Any;
    fn as_any_mut(&mut self) -> &mut dyn Any;
    fn copied(&self) -> Arc<dyn AnyTable>;
    fn row(&self, id: Uuid) -> Option<&dyn Row>;
    fn rows(&self) -> Box<dyn Iterator<Item = &dyn Row> + '_>;
    fn set_unique(&mut self, field: &'static str, unique: bool) -> Result<()>;
}

/// The records of one entity.
#[derive(Clone)]
pub(super) struct Table<E: Entity> {
    rows: BTreeMap<Id<E>, Arc<Stored<E>>>,
}

/// A record with what the indexes hold of it.
#[derive(Clone)]
pub(super) struct Stored<E: Entity> {
    /// Its place in the order of creation.
    pub(super) place: u64,
    pub(super) entry: Entry<E>,
    pub(super) keys: BTreeSet<Key>,
    pub(super) words: String,
}

impl<E: Entity> Default for Table<E> {
    fn default() -> Self {
        Table { rows: BTreeMap::new() }
    }
}

impl<E: Entity> Table<E> {
    /// A table of records in the order of their creation.
    pub(super) fn of(rows: Vec<(Entry<E>, BTreeSet<Key>, String)>) -> Self {
        let mut table = Table::default();
        for (place, (entry, keys, words)) in (1..).zip(rows) {
            table.rows.insert(entry.record.id, Arc::new(Stored { place, entry, keys, words }));
        }
        table
    }

    pub(super) fn get(&self, id: Id<E>) -> Option<&Stored<E>> {
        self.rows.get(&id).map(|stored| &**stored)
    }

    pub(super) fn place(&self, id: Id<E>) -> Option<u64> {
        self.rows.get(&id).map(|stored| stored.place)
    }

    /// Records in the order in which they were put in, from behind one on.
    pub(super) fn from(&self, after: Option<Id<E>>, limit: usize) -> Vec<Entry<E>> {
        let behind = after.and_then(|id| self.place(id)).unwrap_or(0);
        let mut later: Vec<_> = self.rows.values().filter(|stored| stored.place > behind).collect();
        later.sort_by_cached_key(|stored| stored.place);
        later.into_iter().take(limit).map(|stored| stored.entry.clone()).collect()
    }

    pub(super) fn insert(&mut self, entry: &Entry<E>, index: &IndexChange) -> Result<()> {
        let id = entry.record.id;
        if self.rows.contains_key(&id) {
            return Err(duplicate::<E>("id", &id.to_string(), id));
        }
        self.refuse_same_code(entry)?;
        let place = self.rows.values().map(|stored| stored.place).max().unwrap_or(0) + 1;
        self.put(Stored { place, entry: entry.clone(), keys: BTreeSet::new(), words: String::new() }, index)
    }

    pub(super) fn replace(&mut self, entry: &Entry<E>, index: &IndexChange) -> Result<()> {
        let Some(old) = self.rows.get(&entry.record.id) else {
            return Err(Error::corrupt("a record to be replaced is missing"));
        };
        let stored = Stored { entry: entry.clone(), ..Stored::clone(old) };
        self.put(stored, index)
    }

    fn put(&mut self, mut stored: Stored<E>, index: &IndexChange) -> Result<()> {
        let id = stored.entry.record.id;
        for removed in &index.removed {
            // Whether it was unique when it was claimed does not matter any more.
            stored.keys.retain(|key| (key.field, &key.key) != (removed.field, &removed.key));
        }
        for key in &index.added {
            if let Some(holder) = self.holder(key, id) {
                return Err(duplicate::<E>(key.field, &key.key, holder));
            }
            stored.keys.insert(key.clone());
        }
        if let Some(words) = &index.words {
            stored.words.clone_from(words);
        }
        self.rows.insert(id, Arc::new(stored));
        Ok(())
    }

    fn holder(&self, key: &Key, but: Id<E>) -> Option<Id<E>> {
        let others = self.rows.iter().filter(|(id, _)| **id != but);
        others.filter(|_| key.unique).find(|(_, stored)| stored.keys.contains(key)).map(|(id, _)| *id)
    }

    /// A code is unique for ever: in the trash, too.
    fn refuse_same_code(&self, entry: &Entry<E>) -> Result<()> {
        let Some(field) = E::schema().field("code") else { return Ok(()) };
        let code = entry.record.data.value(field);
        match self
            .rows
            .values()
            .find(|other| !code.is_empty() && other.entry.record.data.value(field) == code)
        {
            Some(other) => match code {
                crate::value::Value::Text(code) => Err(duplicate::<E>("code", &code, other.entry.record.id)),
                _ => Ok(()),
            },
            None => Ok(()),
        }
    }

    pub(super) fn remove(&mut self, id: Id<E>) {
        self.rows.remove(&id);
    }
}

impl<E: Entity> AnyTable for Table<E> {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
    fn copied(&self) -> Arc<dyn AnyTable> {
        Arc::new(self.clone())
    }
    fn row(&self, id: Uuid) -> Option<&dyn Row> {
        self.rows.get(&Id::from_uuid(id)).map(|stored| &**stored as &dyn Row)
    }
    fn rows(&self) -> Box<dyn Iterator<Item = &dyn Row> + '_> {
        Box::new(self.rows.values().map(|stored| &**stored as &dyn Row))
    }
    fn set_unique(&mut self, field: &'static str, unique: bool) -> Result<()> {
        let mut claimed = BTreeMap::new();
        for (id, stored) in &mut self.rows {
            let keys = claim(E::ENTITY, &stored.keys, field, unique, id.uuid(), &mut claimed)?;
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

fn duplicate<E: Entity>(field: &'static str, value: &str, holder: Id<E>) -> Error {
    Error::Duplicate { entity: E::ENTITY, field, value: value.to_owned(), holder: Some(holder.uuid()) }
}
