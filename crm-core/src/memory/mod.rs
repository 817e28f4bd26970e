//! The memory store: the reference that other stores are compared with. It keeps everything in plain maps, copies
//! them for each transaction and looks at every record for each list: right before fast.

mod evaluate;
mod journal;
mod table;

use crate::error::{Error, Result};
use crate::model::{Entity, FieldSet, Reminder, Schema, User};
use crate::port::{
    AggregatePlan, Attempts, Delivery, Entry, Found, IndexChange, Key, OperationalRead, OperationalWrite,
    Plan, RawGroup, Read, Repository, Sealed, SessionRow, Sight, Snapshot, Store, StoreState, Transaction,
};
use crate::store::{AnyEntry, all_found, all_own, own};
use crate::value::{Id, Match, Timestamp};
use parking_lot::{Mutex, MutexGuard};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use table::Table;
use uuid::Uuid;

/// Keeps everything in memory; the oracle of the tests. Programs that want no file open SQLite in memory instead.
#[derive(Default)]
pub struct MemoryStore {
    committed: Mutex<Arc<State>>,
    writer: Mutex<()>,
}

impl std::fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        MemoryStore::default()
    }
}

/// Everything that a store holds.
#[derive(Clone, Default)]
pub(crate) struct State {
    tables: BTreeMap<&'static str, Arc<Table>>,
    operations: Vec<Arc<Sealed>>,
    authority: u64,
    credentials: BTreeMap<Id<User>, String>,
    sessions: BTreeMap<[u8; 32], SessionRow>,
    attempts: BTreeMap<String, Attempts>,
    counters: BTreeMap<String, u64>,
    chunks: BTreeMap<([u8; 32], u32), Arc<[u8]>>,
    deliveries: BTreeMap<(Id<Reminder>, String, u32), Delivery>,
}

impl State {
    /// Whether records of this entity were ever put in.
    pub(crate) fn has(&self, entity: &str) -> bool {
        self.tables.contains_key(entity)
    }

    /// Puts all records of an entity in, in the order of their creation, each with its keys and words.
    pub(crate) fn fill(&mut self, entity: &'static str, rows: Vec<(Box<AnyEntry>, BTreeSet<Key>, String)>) {
        self.tables.insert(entity, Arc::new(Table::of(rows)));
    }

    fn get(&self, entity: &str, id: Uuid, sight: &Sight) -> Option<Box<AnyEntry>> {
        let stored = self.tables.get(entity)?.get(id)?;
        self.sees(stored, sight).then(|| stored.entry.copy())
    }

    pub(crate) fn count(&self, schema: &Schema, plan: &Plan) -> u64 {
        u64::try_from(self.matching(schema, plan, Match::Inside).len()).unwrap_or(u64::MAX)
    }

    pub(crate) fn from(&self, entity: &str, after: Option<Uuid>, limit: usize) -> Vec<Box<AnyEntry>> {
        self.tables.get(entity).map(|table| table.from(after, limit)).unwrap_or_default()
    }

    fn table_mut(&mut self, entity: &'static str) -> &mut Table {
        Arc::make_mut(self.tables.entry(entity).or_default())
    }
}

pub(crate) struct MemorySnapshot {
    state: Arc<State>,
}

struct MemoryTransaction<'s> {
    store: &'s MemoryStore,
    state: State,
    savepoint: Option<State>,
    _writer: MutexGuard<'s, ()>,
}

impl Store for MemoryStore {
    fn reader(&self) -> Result<Box<dyn Snapshot + '_>> {
        self.snapshot()
    }

    fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>> {
        Ok(Box::new(MemorySnapshot { state: Arc::clone(&self.committed.lock()) }))
    }

    fn begin(&self) -> Result<Box<dyn Transaction + '_>> {
        let writer = self.writer.lock();
        let state = State::clone(&self.committed.lock());
        Ok(Box::new(MemoryTransaction { store: self, state, savepoint: None, _writer: writer }))
    }

    fn check(&self) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    fn scrub(&self) -> Result<()> {
        // Nothing is kept but what is there.
        Ok(())
    }
}

impl Transaction for MemoryTransaction<'_> {
    fn commit(self: Box<Self>) -> Result<()> {
        *self.store.committed.lock() = Arc::new(self.state);
        Ok(())
    }

    fn savepoint(&mut self) -> Result<()> {
        self.savepoint = Some(self.state.clone());
        Ok(())
    }

    fn roll_back_to_savepoint(&mut self) -> Result<()> {
        self.state = self.savepoint.clone().ok_or_else(|| Error::corrupt("there is no savepoint"))?;
        Ok(())
    }
}

/// A snapshot and a transaction read alike.
trait HasState {
    fn state(&self) -> &State;
}
impl HasState for MemorySnapshot {
    fn state(&self) -> &State {
        &self.state
    }
}
impl HasState for MemoryTransaction<'_> {
    fn state(&self) -> &State {
        &self.state
    }
}

macro_rules! reads {
    ($($view:ty),+) => {$(
        impl<E: Entity> Read<E> for $view {
            fn get(&self, id: Id<E>, sight: &Sight) -> Result<Option<Entry<E>>> {
                HasState::state(self).get(E::ENTITY, id.uuid(), sight).map(own).transpose()
            }
            fn find(&self, plan: &Plan) -> Result<Vec<Entry<E>>> {
                all_own(HasState::state(self).find(E::schema(), plan))
            }
            fn search(&self, plan: &Plan) -> Result<Vec<Found<E>>> {
                all_found(HasState::state(self).search(E::schema(), plan))
            }
            fn count(&self, plan: &Plan) -> Result<u64> {
                Ok(HasState::state(self).count(E::schema(), plan))
            }
            fn aggregate(&self, plan: &Plan, figures: &AggregatePlan) -> Result<Vec<RawGroup>> {
                HasState::state(self).aggregate(E::schema(), plan, figures)
            }
            fn all(&self, after: Option<Id<E>>, limit: usize) -> Result<Vec<Entry<E>>> {
                all_own(HasState::state(self).from(E::ENTITY, after.map(Id::uuid), limit))
            }
        }

        impl OperationalRead for $view {
            fn state(&self) -> Result<StoreState> {
                let state = HasState::state(self);
                let last = state.operations.last();
                Ok(StoreState {
                    authority: state.authority,
                    last_operation_at: last.map(|sealed| sealed.operation.at),
                    head: last.map(|sealed| sealed.head()).unwrap_or_default(),
                })
            }
            fn credential(&self, user: Id<User>) -> Result<Option<String>> {
                Ok(HasState::state(self).credentials.get(&user).cloned())
            }
            fn session(&self, token_hash: &[u8; 32]) -> Result<Option<SessionRow>> {
                Ok(HasState::state(self).sessions.get(token_hash).cloned())
            }
            fn attempts(&self, name: &str) -> Result<Option<Attempts>> {
                Ok(HasState::state(self).attempts.get(name).cloned())
            }
            fn chunk(&self, content: &[u8; 32], place: u32) -> Result<Option<Vec<u8>>> {
                Ok(HasState::state(self).chunks.get(&(*content, place)).map(|bytes| bytes.to_vec()))
            }
            fn contents(&self, after: Option<&[u8; 32]>, limit: usize) -> Result<Vec<[u8; 32]>> {
                let first = HasState::state(self).chunks.keys().filter(|(_, place)| *place == 0);
                let names = first.map(|(name, _)| *name).filter(|name| after.is_none_or(|after| name > after));
                Ok(names.take(limit).collect())
            }
            fn counters(&self) -> Result<Vec<(String, u64)>> {
                Ok(HasState::state(self).counters.iter().map(|(name, last)| (name.clone(), *last)).collect())
            }
            fn deliveries_of(&self, reminder: Id<Reminder>) -> Result<Vec<Delivery>> {
                let all = HasState::state(self).deliveries.values();
                let mut found: Vec<_> = all.filter(|delivery| delivery.reminder == reminder).cloned().collect();
                found.sort_by_key(|delivery| (delivery.fire_at, delivery.occurrence.clone(), delivery.offset));
                Ok(found)
            }
            fn deliveries_due(&self, now: Timestamp, limit: usize) -> Result<Vec<Delivery>> {
                let all = HasState::state(self).deliveries.values();
                let due = all.filter(|delivery| delivery.delivered_at.is_none() && delivery.try_at <= now);
                let mut due: Vec<_> = due.cloned().collect();
                due.sort_by_key(|d| (d.try_at, d.reminder, d.occurrence.clone(), d.offset));
                due.truncate(limit);
                Ok(due)
            }
        }
    )+};
}
reads!(MemorySnapshot, MemoryTransaction<'_>);

impl<E: Entity> Repository<E> for MemoryTransaction<'_> {
    fn insert(&mut self, entry: &Entry<E>, index: &IndexChange) -> Result<()> {
        self.state.table_mut(E::ENTITY).insert(entry, index)
    }
    fn replace(&mut self, entry: &Entry<E>, _: FieldSet, index: &IndexChange) -> Result<()> {
        self.state.table_mut(E::ENTITY).replace(entry, index)
    }
    fn remove(&mut self, id: Id<E>, _: &IndexChange) -> Result<()> {
        self.state.table_mut(E::ENTITY).remove(id.uuid());
        Ok(())
    }
}

impl OperationalWrite for MemoryTransaction<'_> {
    fn bump_authority(&mut self) -> Result<()> {
        self.state.authority += 1;
        Ok(())
    }
    fn set_credential(&mut self, user: Id<User>, hash: &str) -> Result<()> {
        self.state.credentials.insert(user, hash.to_owned());
        Ok(())
    }
    fn add_session(&mut self, session: &SessionRow) -> Result<()> {
        self.state.sessions.insert(session.token_hash, session.clone());
        Ok(())
    }
    fn revoke_session(&mut self, token_hash: &[u8; 32], at: Timestamp) -> Result<()> {
        if let Some(session) = self.state.sessions.get_mut(token_hash) {
            session.revoked_at.get_or_insert(at);
        }
        Ok(())
    }
    fn revoke_sessions_of(&mut self, user: Id<User>, at: Timestamp) -> Result<()> {
        for session in self.state.sessions.values_mut().filter(|session| session.user == user) {
            session.revoked_at.get_or_insert(at);
        }
        Ok(())
    }
    fn set_attempts(&mut self, name: &str, attempts: Option<&Attempts>) -> Result<()> {
        match attempts {
            Some(attempts) => self.state.attempts.insert(name.to_owned(), attempts.clone()),
            None => self.state.attempts.remove(name),
        };
        Ok(())
    }
    fn put_delivery(&mut self, delivery: &Delivery) -> Result<()> {
        let key = (delivery.reminder, delivery.occurrence.clone(), delivery.offset);
        self.state.deliveries.insert(key, delivery.clone());
        Ok(())
    }
    fn remove_deliveries(&mut self, reminder: Id<Reminder>, told_too: bool) -> Result<()> {
        let goes = |delivery: &Delivery| {
            delivery.reminder == reminder && (told_too || delivery.delivered_at.is_none())
        };
        self.state.deliveries.retain(|_, delivery| !goes(delivery));
        Ok(())
    }
    fn add_chunk(&mut self, content: &[u8; 32], place: u32, bytes: &[u8]) -> Result<()> {
        self.state.chunks.insert((*content, place), bytes.into());
        Ok(())
    }
    fn rename_chunks(&mut self, from: &[u8; 32], to: &[u8; 32]) -> Result<()> {
        let chunks = std::mem::take(&mut self.state.chunks).into_iter();
        self.state.chunks = chunks
            .map(|((name, place), bytes)| ((if name == *from { *to } else { name }, place), bytes))
            .collect();
        Ok(())
    }
    fn remove_chunks(&mut self, content: &[u8; 32]) -> Result<()> {
        self.state.chunks.retain(|(name, _), _| name != content);
        Ok(())
    }
    fn next_number(&mut self, counter: &str) -> Result<u64> {
        let number = self.state.counters.entry(counter.to_owned()).or_default();
        *number += 1;
        Ok(*number)
    }
    fn raise_number(&mut self, counter: &str, number: u64) -> Result<()> {
        let last = self.state.counters.entry(counter.to_owned()).or_default();
        *last = number.max(*last);
        Ok(())
    }
    fn defer_references(&mut self) -> Result<()> {
        // References are not looked at here.
        Ok(())
    }
    fn set_unique(&mut self, entity: &'static str, field: &'static str, unique: bool) -> Result<()> {
        match self.state.tables.get_mut(entity) {
            Some(table) => Arc::make_mut(table).set_unique(entity, field, unique),
            None => Ok(()),
        }
    }
}
