//! The traits that an adapter implements. One blanket `impl<E: Entity> Repository<E>` serves all entities.

use super::{AggregatePlan, OperationalRead, OperationalWrite, Plan, RawGroup, Sealed, Sight};
use crate::error::Result;
use crate::model::{Actor, Change, Deletion, Entity, FieldSet, Kind, Operation, OperationId, Record, User};
use crate::value::{Id, Match, Timestamp};
use uuid::Uuid;

/// A place where records are kept. All of its views and transactions see committed data only.
pub trait Store: Send + Sync {
    /// For a call that reads once: each read sees the newest committed state.
    ///
    /// # Errors
    /// `closed`, `busy`, and the backend's own.
    fn reader(&self) -> Result<Box<dyn Snapshot + '_>>;

    /// For a call that reads several times: all reads see the same committed state.
    ///
    /// # Errors
    /// `closed`, `busy`, and the backend's own.
    fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>>;

    /// The only way to write, exclusive across threads and processes. Dropped without a commit, it leaves nothing.
    ///
    /// # Errors
    /// `busy` when another writer held the store for too long, `read_only`, `closed`, and the backend's own.
    fn begin(&self) -> Result<Box<dyn Transaction + '_>>;

    /// Does a part of what transactions left for later that expected more of them: see [`Transaction::expect_more`]. Whether
    /// there is more to do. Others write and read between two calls.
    ///
    /// # Errors
    /// As [`Store::begin`], and those of the store.
    fn tidy(&self) -> Result<bool> {
        Ok(false)
    }

    /// Looks for damage of the store itself, and says what it found; nothing when all is well.
    ///
    /// # Errors
    /// Those of the store.
    fn check(&self) -> Result<Vec<String>>;

    /// Makes sure that nothing of what was erased is left where the store keeps its data: no free space, log or index
    /// holds a trace of it.
    ///
    /// # Errors
    /// `busy` while somebody reads what was before, and those of the store.
    fn scrub(&self) -> Result<()>;
}

/// A record with the mark of the trash.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry<E: Entity> {
    /// The record.
    pub record: Record<E>,
    /// Set while it is in the trash.
    pub deletion: Option<Deletion>,
}

/// A record that a search found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found<E: Entity> {
    /// How well it fits.
    pub matched: Match,
    /// The record.
    pub entry: Entry<E>,
}

/// A key by which a record is looked up or kept unique.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// The field that it comes from.
    pub field: &'static str,
    /// The comparison form.
    pub key: String,
    /// No other live record may have it.
    pub unique: bool,
}

/// What a write changes in the indexes beside the row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IndexChange {
    /// Keys to give up.
    pub removed: Vec<Key>,
    /// Keys to claim.
    pub added: Vec<Key>,
    /// The new words for search, separated by spaces; empty removes the record from it, `None` leaves it.
    pub words: Option<String>,
    /// The record goes to the trash or comes back: it leaves or enters the indexes of live records. Otherwise its mark
    /// of the trash is as it was and need not be written.
    pub deletion: bool,
}

/// Reads of one entity. Every read takes the reader's [`Sight`], alone or in its [`Plan`].
pub trait Read<E: Entity> {
    /// The record with this id, live or in the trash, unless the reader may not see it.
    ///
    /// # Errors
    /// Those of the store.
    fn get(&self, id: Id<E>, sight: &Sight) -> Result<Option<Entry<E>>>;
    /// The next [`Plan::limit`] records.
    ///
    /// # Errors
    /// Those of the store.
    fn find(&self, plan: &Plan) -> Result<Vec<Entry<E>>>;
    /// As [`find`](Self::find), and whether there are more than [`Plan::limit`].
    ///
    /// # Errors
    /// Those of the store.
    fn page(&self, plan: &Plan) -> Result<(Vec<Entry<E>>, bool)> {
        let mut found = self.find(&Plan { limit: plan.limit.saturating_add(1), ..plan.clone() })?;
        let more = found.len() > plan.limit;
        found.truncate(plan.limit);
        Ok((found, more))
    }
    /// The best [`Plan::limit`] records of a search for [`Plan::words`]: by how well they fit, then the newest first. A
    /// record with one typo is found, too. The plan's order does not count.
    ///
    /// # Errors
    /// Those of the store.
    fn search(&self, plan: &Plan) -> Result<Vec<Found<E>>>;
    /// How many there are in all.
    ///
    /// # Errors
    /// Those of the store.
    fn count(&self, plan: &Plan) -> Result<u64>;
    /// Their figures, in any order.
    ///
    /// # Errors
    /// `invalid` when a sum is too large, and those of the store.
    fn aggregate(&self, plan: &Plan, figures: &AggregatePlan) -> Result<Vec<RawGroup>>;
    /// Records live and in the trash in the order in which they were put in, from behind this one on, at most so many:
    /// for what is made of the whole store by its host, whose sight nothing narrows.
    ///
    /// # Errors
    /// Those of the store.
    fn all(&self, after: Option<Id<E>>, limit: usize) -> Result<Vec<Entry<E>>>;
}

/// Writes of one entity.
pub trait Repository<E: Entity>: Read<E> {
    /// Adds a record.
    ///
    /// # Errors
    /// `duplicate` for a taken unique key or id (the holder is named; the caller hides it where it must).
    fn insert(&mut self, entry: &Entry<E>, index: &IndexChange) -> Result<()>;
    /// Writes the envelope and the changed fields of a record that exists.
    ///
    /// # Errors
    /// `duplicate` as for `insert`.
    fn replace(&mut self, entry: &Entry<E>, changed: FieldSet, index: &IndexChange) -> Result<()>;
    /// Removes a record for good.
    ///
    /// # Errors
    /// Those of the store.
    fn remove(&mut self, id: Id<E>, index: &IndexChange) -> Result<()>;
}

/// When a version of a record was made, and by which user; by the program when there is none.
pub type Moment = (Timestamp, Option<Id<User>>);

/// Reads of the journal.
pub trait JournalRead {
    /// One operation with all of its changes.
    ///
    /// # Errors
    /// Those of the store.
    fn operation(&self, id: OperationId) -> Result<Option<Operation>>;
    /// Operations after this place, oldest first, at most so many; changes that the reader may not see are left out,
    /// and operations of which nothing is left too.
    ///
    /// # Errors
    /// Those of the store.
    fn operations(&self, after: u64, limit: usize, sight: &Sight) -> Result<Vec<Operation>>;
    /// Operations before this place, newest first, at most so many; those of one actor alone when one is named. Changes
    /// that the reader may not see are left out, and operations of which nothing is left too.
    ///
    /// # Errors
    /// Those of the store.
    fn latest_operations(
        &self,
        before: u64,
        limit: usize,
        of: Option<&Actor>,
        sight: &Sight,
    ) -> Result<Vec<Operation>>;
    /// The operations that touched a record after this version, oldest first, each with that record's changes only.
    ///
    /// # Errors
    /// Those of the store.
    fn operations_on(&self, kind: Kind, id: Uuid, after_version: u64) -> Result<Vec<Operation>>;
    /// Operations after this place as they are kept, oldest first, at most so many. The values of their changes are in
    /// [`Sealed::values`] only.
    ///
    /// # Errors
    /// Those of the store.
    fn sealed(&self, after: u64, limit: usize) -> Result<Vec<Sealed>>;
    /// The operations that are parts of an import, or took such a part back, oldest first, without their changes.
    ///
    /// # Errors
    /// Those of the store.
    fn operations_of_import(&self, import: Uuid) -> Result<Vec<Operation>>;
    /// The place of the last operation that took place at a moment or before it; 0 when there is none.
    ///
    /// # Errors
    /// Those of the store.
    fn last_until(&self, at: Timestamp) -> Result<u64>;
    /// When, and by which user, these versions of records of a kind were made, in the same order; `None` for those that
    /// never were.
    ///
    /// # Errors
    /// Those of the store.
    fn moments(&self, kind: Kind, versions: &[(Uuid, u64)]) -> Result<Vec<Option<Moment>>>;
}

/// Writes of the journal.
pub trait JournalWrite {
    /// Adds an operation behind the last one.
    ///
    /// # Errors
    /// `duplicate` (`id`) when a created record has an id that was used before, and those of the store.
    fn append(&mut self, sealed: &Sealed) -> Result<()>;
    /// Empties the values of a record's changes with their salts, and of a customer's whatever hung on it at the time.
    /// Gives how many changes had values.
    ///
    /// # Errors
    /// Those of the store.
    fn erase_values(&mut self, kind: Kind, id: Uuid) -> Result<u64>;
}

macro_rules! ports {
    ($($entity:ident = $name:literal),+ $(,)?) => {
        /// A view of the store that cannot write.
        pub trait Snapshot: OperationalRead + JournalRead $(+ Read<crate::model::$entity>)+ {}

        impl<T> Snapshot for T where T: OperationalRead + JournalRead $(+ Read<crate::model::$entity>)+ + ?Sized {}

        /// A view of the store that writes: its own writes are seen by its reads.
        pub trait Transaction: Snapshot + OperationalWrite + JournalWrite $(+ Repository<crate::model::$entity>)+ {
            /// Many large transactions follow one another, and [`Store::tidy`] them: what only makes reading faster may be left
            /// to it.
            fn expect_more(&mut self) {}

            /// Does of what [`Transaction::commit`] will do what can be done before the journal is appended to: what is
            /// appended is made meanwhile, on another core.
            ///
            /// # Errors
            /// Those of the store.
            fn settle(&mut self) -> Result<()> {
                Ok(())
            }

            /// Makes everything durable, or nothing.
            ///
            /// # Errors
            /// Those of the store; then nothing was written.
            fn commit(self: Box<Self>) -> Result<()>;

            /// Remembers the state to which [`Transaction::roll_back_to_savepoint`] goes back, in place of the one before.
            ///
            /// # Errors
            /// Those of the store.
            fn savepoint(&mut self) -> Result<()>;

            /// Takes back every write since the last [`Transaction::savepoint`], which stays.
            ///
            /// # Errors
            /// Those of the store; `corrupt` when there is none.
            fn roll_back_to_savepoint(&mut self) -> Result<()>;
        }

        $(
            impl Stored for crate::model::$entity {
                fn kind() -> Kind {
                    Kind::$entity
                }
                fn read<'s>(snapshot: &'s (dyn Snapshot + 's)) -> &'s (dyn Read<Self> + 's) {
                    snapshot
                }
                fn reads<'t>(tx: &'t (dyn Transaction + 't)) -> &'t (dyn Read<Self> + 't) {
                    tx
                }
                fn repo<'t, 's: 't>(tx: &'t mut (dyn Transaction + 's)) -> &'t mut (dyn Repository<Self> + 's) {
                    tx
                }
            }
        )+
    };
}
crate::for_each_entity!(ports);

/// An entity that the store's port speaks of: which of the port's repositories it lives in.
pub trait Stored: Entity {
    /// Its kind.
    fn kind() -> Kind;
    /// Its reads in a snapshot.
    fn read<'s>(snapshot: &'s (dyn Snapshot + 's)) -> &'s (dyn Read<Self> + 's);
    /// Its reads in a transaction.
    fn reads<'t>(tx: &'t (dyn Transaction + 't)) -> &'t (dyn Read<Self> + 't);
    /// Its repository in a transaction.
    fn repo<'t, 's: 't>(tx: &'t mut (dyn Transaction + 's)) -> &'t mut (dyn Repository<Self> + 's);
}

impl Change {
    /// The change in words, for error texts: `update of customer`.
    pub(crate) fn label(&self) -> String {
        format!("{} of {}", self.change, self.kind)
    }
}
