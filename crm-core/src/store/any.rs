//! Records whose entity is not known when the code is compiled, and the port for them. What works with these is compiled
//! once, and not for each entity.

use super::{AggregatePlan, Entry, Found, IndexChange, Plan, RawGroup, Sight, Snapshot, Stored, Transaction};
use crate::error::{Error, Result};
use crate::model::{AnyData, Deletion, Entity, FieldSet, Kind, Record, Schema, User};
use crate::value::{Id, Match, Timestamp};
use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use uuid::Uuid;

/// A record with the mark of the trash, of some entity: always an [`Entry`].
pub(crate) type AnyEntry = dyn Kept;

/// What a record has beside its data.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs, reason = "its fields are those of `Record`, and the mark of the trash")]
pub struct Envelope {
    pub id: Uuid,
    pub version: u64,
    pub created_at: Timestamp,
    pub created_by: Option<Id<User>>,
    pub updated_at: Timestamp,
    pub updated_by: Option<Id<User>>,
    pub deletion: Option<Deletion>,
}

/// What [`Entry`] is, for [`AnyEntry`].
pub(crate) trait Kept: Any + Send + Sync {
    fn envelope(&self) -> Envelope;
    fn set_envelope(&mut self, envelope: Envelope);
    fn data(&self) -> &AnyData;
    fn data_mut(&mut self) -> &mut AnyData;
    fn copy(&self) -> Box<AnyEntry>;
}

impl<E: Entity> Kept for Entry<E> {
    fn envelope(&self) -> Envelope {
        let Record { id, version, created_at, created_by, updated_at, updated_by, .. } = self.record;
        let deletion = self.deletion;
        Envelope { id: id.uuid(), version, created_at, created_by, updated_at, updated_by, deletion }
    }

    fn set_envelope(&mut self, envelope: Envelope) {
        let Envelope { id, version, created_at, created_by, updated_at, updated_by, deletion } = envelope;
        let record = &mut self.record;
        (record.id, record.version) = (Id::from_uuid(id), version);
        (record.created_at, record.created_by) = (created_at, created_by);
        (record.updated_at, record.updated_by) = (updated_at, updated_by);
        self.deletion = deletion;
    }

    fn data(&self) -> &AnyData {
        &self.record.data
    }

    fn data_mut(&mut self) -> &mut AnyData {
        &mut self.record.data
    }

    fn copy(&self) -> Box<AnyEntry> {
        Box::new(self.clone())
    }
}

impl fmt::Debug for AnyEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("envelope", &self.envelope()).field("data", &self.data()).finish()
    }
}

impl AnyEntry {
    pub(crate) fn id(&self) -> Uuid {
        self.envelope().id
    }

    pub(crate) fn schema(&self) -> &'static Schema {
        self.data().schema()
    }

    /// What places it among all records of its entity, the oldest first.
    pub(crate) fn born(&self) -> (Timestamp, Uuid) {
        let Envelope { created_at, id, .. } = self.envelope();
        (created_at, id)
    }

    pub(crate) fn is_live(&self) -> bool {
        self.envelope().deletion.is_none()
    }

    /// The record, when it is of this entity.
    ///
    /// # Errors
    /// `corrupt` for a record of another one.
    pub(crate) fn of<E: Entity>(&self) -> Result<&Entry<E>> {
        let any: &dyn Any = self;
        any.downcast_ref().ok_or_else(other_entity)
    }
}

/// The record of an entity.
///
/// # Errors
/// `corrupt` for a record of another one.
pub(crate) fn own<E: Entity>(entry: Box<AnyEntry>) -> Result<Entry<E>> {
    let any: Box<dyn Any> = entry;
    any.downcast().map(|entry| *entry).map_err(|_| other_entity())
}

/// The records of an entity.
///
/// # Errors
/// `corrupt` for records of another one.
pub(crate) fn all_own<E: Entity>(entries: Vec<Box<AnyEntry>>) -> Result<Vec<Entry<E>>> {
    let mut own_ones = Vec::with_capacity(entries.len());
    for entry in entries {
        own_ones.push(own(entry)?);
    }
    Ok(own_ones)
}

/// What a search found, with its type.
///
/// # Errors
/// `corrupt` for records of another entity.
pub(crate) fn all_found<E: Entity>(found: Vec<(Match, Box<AnyEntry>)>) -> Result<Vec<Found<E>>> {
    let mut own_ones = Vec::with_capacity(found.len());
    for (matched, entry) in found {
        own_ones.push(Found { matched, entry: own(entry)? });
    }
    Ok(own_ones)
}

/// The data of an entity.
///
/// # Errors
/// `corrupt` for data of another one.
pub(crate) fn own_data<E: Entity>(data: Box<AnyData>) -> Result<E> {
    let any: Box<dyn Any> = data;
    any.downcast().map(|data| *data).map_err(|_| other_entity())
}

/// The data of an entity, to be changed.
///
/// # Errors
/// `corrupt` for data of another one.
pub(crate) fn own_data_mut<E: Entity>(data: &mut AnyData) -> Result<&mut E> {
    let any: &mut dyn Any = data;
    any.downcast_mut().ok_or_else(other_entity)
}

fn other_entity() -> Error {
    Error::corrupt("a record of another entity")
}

/// The port of one kind. See [`Read`](super::Read) and [`Repository`](super::Repository).
pub(crate) trait Keeper: Sync {
    fn empty(&self) -> Box<AnyData>;
    /// A record of this data.
    fn entry(&self, envelope: &Envelope, data: Box<AnyData>) -> Result<Box<AnyEntry>>;
    fn get(&self, view: &dyn Snapshot, id: Uuid, sight: &Sight) -> Result<Option<Box<AnyEntry>>>;
    fn find(&self, view: &dyn Snapshot, plan: &Plan) -> Result<Vec<Box<AnyEntry>>>;
    fn page(&self, view: &dyn Snapshot, plan: &Plan) -> Result<(Vec<Box<AnyEntry>>, bool)>;
    fn search(&self, view: &dyn Snapshot, plan: &Plan) -> Result<Vec<(Match, Box<AnyEntry>)>>;
    fn count(&self, view: &dyn Snapshot, plan: &Plan) -> Result<u64>;
    fn aggregate(&self, view: &dyn Snapshot, plan: &Plan, figures: &AggregatePlan) -> Result<Vec<RawGroup>>;
    #[cfg(feature = "exchange")]
    fn insert(&self, tx: &mut (dyn Transaction + '_), entry: &AnyEntry, index: &IndexChange) -> Result<()>;
    fn replace(
        &self,
        tx: &mut (dyn Transaction + '_),
        entry: &AnyEntry,
        changed: FieldSet,
        index: &IndexChange,
    ) -> Result<()>;
    fn remove(&self, tx: &mut (dyn Transaction + '_), id: Uuid, index: &IndexChange) -> Result<()>;
}

struct Of<E>(PhantomData<fn() -> E>);

macro_rules! keepers {
    ($($entity:ident = $name:literal),+ $(,)?) => {
        /// The port of a kind.
        pub(crate) fn keeper(kind: Kind) -> &'static dyn Keeper {
            match kind {
                $(Kind::$entity => &Of::<crate::model::$entity>(PhantomData)),+
            }
        }
    };
}
crate::for_each_entity!(keepers);

fn boxed<E: Entity>(entries: Vec<Entry<E>>) -> Vec<Box<AnyEntry>> {
    let mut boxed: Vec<Box<AnyEntry>> = Vec::with_capacity(entries.len());
    for entry in entries {
        boxed.push(Box::new(entry));
    }
    boxed
}

impl<E: Stored> Keeper for Of<E> {
    fn empty(&self) -> Box<AnyData> {
        Box::new(E::default())
    }

    fn entry(&self, envelope: &Envelope, data: Box<AnyData>) -> Result<Box<AnyEntry>> {
        let Envelope { id, version, created_at, created_by, updated_at, updated_by, deletion } = *envelope;
        let (id, data) = (Id::from_uuid(id), own_data::<E>(data)?);
        let record = Record { id, version, created_at, created_by, updated_at, updated_by, data };
        Ok(Box::new(Entry { record, deletion }))
    }

    fn get(&self, view: &dyn Snapshot, id: Uuid, sight: &Sight) -> Result<Option<Box<AnyEntry>>> {
        match E::read(view).get(Id::from_uuid(id), sight)? {
            Some(entry) => Ok(Some(Box::new(entry))),
            None => Ok(None),
        }
    }

    fn find(&self, view: &dyn Snapshot, plan: &Plan) -> Result<Vec<Box<AnyEntry>>> {
        Ok(boxed(E::read(view).find(plan)?))
    }

    fn page(&self, view: &dyn Snapshot, plan: &Plan) -> Result<(Vec<Box<AnyEntry>>, bool)> {
        let (found, more) = E::read(view).page(plan)?;
        Ok((boxed(found), more))
    }

    fn search(&self, view: &dyn Snapshot, plan: &Plan) -> Result<Vec<(Match, Box<AnyEntry>)>> {
        let mut found: Vec<(Match, Box<AnyEntry>)> = Vec::new();
        for one in E::read(view).search(plan)? {
            found.push((one.matched, Box::new(one.entry)));
        }
        Ok(found)
    }

    fn count(&self, view: &dyn Snapshot, plan: &Plan) -> Result<u64> {
        E::read(view).count(plan)
    }

    fn aggregate(&self, view: &dyn Snapshot, plan: &Plan, figures: &AggregatePlan) -> Result<Vec<RawGroup>> {
        E::read(view).aggregate(plan, figures)
    }

    #[cfg(feature = "exchange")]
    fn insert(&self, tx: &mut (dyn Transaction + '_), entry: &AnyEntry, index: &IndexChange) -> Result<()> {
        E::repo(tx).insert(entry.of::<E>()?, index)
    }

    fn replace(
        &self,
        tx: &mut (dyn Transaction + '_),
        entry: &AnyEntry,
        changed: FieldSet,
        index: &IndexChange,
    ) -> Result<()> {
        E::repo(tx).replace(entry.of::<E>()?, changed, index)
    }

    fn remove(&self, tx: &mut (dyn Transaction + '_), id: Uuid, index: &IndexChange) -> Result<()> {
        E::repo(tx).remove(Id::from_uuid(id), index)
    }
}
