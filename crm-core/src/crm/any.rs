//! The records of a kind that is known only at run time, as a session may touch them. [`Collection`](super::Collection) gives
//! these calls their types and says what they do; bindings for other languages take them as they are. So they are compiled
//! once, and not for each entity.

use super::batch::Batch;
use super::bulk::{self, AnyBulk};
use super::collection::{apply, base_at, cleaned, external_ids, is_known_as, known_as};
use super::collection::{plan_of, read_found, read_page, refuse_conflicts, survivor_of, take_over_custom};
use super::ops::ops;
use super::rules::Rules;
use super::session::Session;
use super::system::with_types;
use super::unit_of_work::{UnitOfWork, once_any};
use crate::error::{Error, Result, Violations};
use crate::model::{Action, AnyData, Deletion, Filter, Kind, Operation, Page, Patch, Query, Record, Schema};
use crate::store::{
    Aggregate, AggregatePlan, AnyEntry, Condition, Entry, Envelope, Group, Plan, keeper, own,
};
use crate::value::{Mismatch, Timestamp, Value};
use std::sync::Arc;
use uuid::Uuid;

/// A record of a kind that is known only at run time.
#[derive(Debug)]
pub struct AnyRecord(Box<AnyEntry>);

impl Clone for AnyRecord {
    fn clone(&self) -> Self {
        AnyRecord(self.0.copy())
    }
}

impl PartialEq for AnyRecord {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.schema(), other.schema())
            && self.0.envelope() == other.0.envelope()
            && self.0.data().changed(other.0.data()).is_empty()
    }
}

impl<E: Rules> From<Record<E>> for AnyRecord {
    fn from(record: Record<E>) -> Self {
        AnyRecord(Box::new(Entry { record, deletion: None }))
    }
}

impl AnyRecord {
    /// A record with nothing in it.
    ///
    /// # Errors
    /// None.
    pub fn empty(kind: Kind) -> Result<Self> {
        let at = Timestamp::UNIX_EPOCH;
        let (created_by, updated_by, deletion) = (None, None, None);
        let (id, version) = (Uuid::nil(), 1);
        let envelope =
            Envelope { id, version, created_at: at, created_by, updated_at: at, updated_by, deletion };
        keeper(kind).entry(&envelope, keeper(kind).empty()).map(AnyRecord)
    }

    /// Its fields and columns.
    pub fn schema(&self) -> &'static Schema {
        self.0.schema()
    }

    /// What it has beside its data: id, version, when and by whom it was created, when and by whom changed.
    pub fn envelope(&self) -> Envelope {
        self.0.envelope()
    }

    /// Gives it another one.
    pub fn set_envelope(&mut self, envelope: Envelope) {
        self.0.set_envelope(envelope);
    }

    /// The value of the field with this index.
    pub fn value(&self, field: usize) -> Value {
        self.0.data().value(field)
    }

    /// Sets the field with this index.
    ///
    /// # Errors
    /// What would have fitted.
    pub fn set(&mut self, field: usize, value: Value) -> std::result::Result<(), Mismatch> {
        self.0.data_mut().set(field, value)
    }

    /// Whether the field with this index is not as in an empty record.
    pub fn is_told(&self, field: usize) -> bool {
        self.0.data().empty().value(field) != self.value(field)
    }

    /// The record with its type.
    ///
    /// # Errors
    /// `corrupt` for a record of another entity.
    pub fn of<E: Rules>(&self) -> Result<&Record<E>> {
        Ok(&self.0.of::<E>()?.record)
    }

    pub(super) fn create_in(&self, unit: &mut UnitOfWork<'_>, kind: Kind) -> Result<Box<AnyEntry>> {
        ops(kind).create(unit, self.0.id(), self.0.data().copy())
    }

    pub(super) fn own<E: Rules>(self) -> Result<Record<E>> {
        Ok(own(self.0)?.record)
    }

    fn live(mut entry: Box<AnyEntry>) -> Self {
        let envelope = entry.envelope();
        if envelope.deletion.is_some() {
            entry.set_envelope(Envelope { deletion: None, ..envelope });
        }
        AnyRecord(entry)
    }
}

/// The records of a kind, as a session may touch them. See [`Collection`](super::Collection).
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "its calls are those of `Collection`")]
#[allow(clippy::missing_errors_doc, reason = "its calls are those of `Collection`")]
pub struct AnyCollection<'s> {
    session: &'s Session,
    kind: Kind,
}

#[allow(missing_docs, reason = "the calls are those of `Collection`")]
#[allow(clippy::missing_errors_doc, reason = "the calls are those of `Collection`")]
impl<'s> AnyCollection<'s> {
    pub fn new(session: &'s Session, kind: Kind) -> Self {
        AnyCollection { session, kind }
    }

    #[cfg(feature = "exchange")]
    pub(crate) fn parts(&self) -> (&'s Session, Kind) {
        (self.session, self.kind)
    }

    // ---- reads ---------------------------------------------------------------------------------------------------

    pub fn get(&self, id: Uuid) -> Result<AnyRecord> {
        let kind = self.kind;
        self.session.read(|view, authority, _| {
            let sight = authority.sight(Action::View);
            let entry = keeper(kind).get(view, id, sight)?;
            let survivor = survivor_of(view, kind, entry, sight)?;
            let unknown = || Error::NotFound { entity: kind.as_str(), key: id.to_string() };
            survivor.map(AnyRecord).ok_or_else(unknown)
        })
    }

    pub fn by_external_id(&self, source: &str, external_id: &str) -> Result<AnyRecord> {
        let index = external_ids(self.kind.schema())?;
        let key = format!("{}:{}", cleaned(source), cleaned(external_id));
        let (field, keys) = ("external_ids", vec![key.clone()]);
        self.first(Condition::HasKey { field, index, keys, prefix: false }, key).map(AnyRecord)
    }

    pub(super) fn first(&self, condition: Condition, key: String) -> Result<Box<AnyEntry>> {
        let kind = self.kind;
        self.session.read(|view, authority, _| {
            let sight = Arc::clone(authority.sight(Action::View));
            let plan = Plan { sight, ..Plan::all_where(condition, false, 1) };
            let found = keeper(kind).find(view, &plan)?.into_iter().next();
            found.ok_or(Error::NotFound { entity: kind.as_str(), key })
        })
    }

    pub fn list(&self, query: &Query) -> Result<Page<AnyRecord>> {
        Ok(self.page(query, false)?.map(AnyRecord))
    }

    pub fn trash(&self, query: &Query) -> Result<Page<(AnyRecord, Deletion)>> {
        let Page { items, next, total } = self.page(query, true)?;
        let gone = |entry: Box<AnyEntry>| entry.envelope().deletion.map(|how| (AnyRecord::live(entry), how));
        Ok(Page { items: items.into_iter().filter_map(gone).collect(), next, total })
    }

    fn page(&self, query: &Query, trash: bool) -> Result<Page<Box<AnyEntry>>> {
        let mut items = Vec::new();
        let (next, total) = read_page(self.session, self.kind, query, trash, &mut |view, plan| {
            let (found, more) = keeper(self.kind).page(view, plan)?;
            items = found;
            Ok(items.last().filter(|_| more).map(|last| plan.cursor_after(&**last)))
        })?;
        Ok(Page { items, next, total })
    }

    pub fn search(&self, words: &str, limit: u32) -> Result<Vec<AnyRecord>> {
        let mut items = Vec::new();
        read_found(self.session, self.kind, words, limit, &mut |view, plan| {
            let found = keeper(self.kind).search(view, plan)?;
            items = found.into_iter().map(|(_, entry)| AnyRecord(entry)).collect();
            Ok(())
        })?;
        Ok(items)
    }

    pub fn count(&self, query: &Query) -> Result<u64> {
        let kind = self.kind;
        self.session.read(|view, authority, shared| {
            keeper(kind).count(view, &plan_of(kind, query, false, authority, shared)?)
        })
    }

    pub fn aggregate(&self, query: &Query, figures: &Aggregate) -> Result<Vec<Group>> {
        let kind = self.kind;
        self.session.read(|view, authority, shared| {
            let plan = plan_of(kind, query, false, authority, shared)?;
            let figures = AggregatePlan::new(kind.schema(), figures, shared.settings.time_zone)?;
            figures.finish(keeper(kind).aggregate(view, &plan, &figures)?)
        })
    }

    pub fn history(&self, id: Uuid) -> Result<Vec<Operation>> {
        let kind = self.kind;
        self.session.read_consistently(|view, authority, _| {
            let seen = keeper(kind).get(view, id, authority.sight(Action::View))?;
            if seen.is_none() {
                return Err(Error::NotFound { entity: kind.as_str(), key: id.to_string() });
            }
            view.operations_on(kind, id, 0).map(with_types)
        })
    }

    // ---- writes --------------------------------------------------------------------------------------------------

    /// Creates a record of this one's data under its id.
    pub fn create(&self, record: &AnyRecord) -> Result<AnyRecord> {
        self.session.write("create", |unit| record.create_in(unit, self.kind)).map(AnyRecord)
    }

    pub fn create_from(&self, patch: Patch) -> Result<AnyRecord> {
        let created = self.session.write("create", |unit| {
            let mut data = keeper(self.kind).empty();
            apply(patch, &mut *data)?;
            let id = unit.crm().new_uuid()?;
            ops(self.kind).create(unit, id, data)
        });
        created.map(AnyRecord)
    }

    pub fn patch(&self, id: Uuid, patch: Patch) -> Result<AnyRecord> {
        self.update(id, &mut once_any(|data| apply(patch, data))).map(AnyRecord)
    }

    pub(super) fn update(
        &self,
        id: Uuid,
        change: &mut dyn FnMut(&mut AnyData) -> Result<()>,
    ) -> Result<Box<AnyEntry>> {
        self.session.write("update", |unit| unit.update_any(self.kind, id, change))
    }

    pub fn patch_at(&self, id: Uuid, version: u64, patch: Patch) -> Result<AnyRecord> {
        let kind = self.kind;
        let patched = self.session.write("update", |unit| {
            let current = unit.load_kind(kind, id)?;
            let mut base = base_at(unit, kind, &*current, version)?;
            let mut wanted = base.copy();
            apply(patch.clone(), &mut *wanted)?;
            let mut problems = Violations::default();
            wanted.tidy(&mut problems);
            base.tidy(&mut problems);
            problems.into_result()?;
            refuse_conflicts(&*current, &*base, &*wanted)?;
            unit.update_any(kind, id, &mut once_any(|data| apply(patch, data)))
        });
        patched.map(AnyRecord)
    }

    pub fn replace(&self, record: &AnyRecord) -> Result<AnyRecord> {
        let (kind, Envelope { id, version, .. }, wanted) = (self.kind, record.envelope(), record.0.data());
        let replaced = self.session.write("update", |unit| {
            let current = unit.load_kind(kind, id)?;
            let base = base_at(unit, kind, &*current, version)?;
            let mine = wanted.changed(&*base);
            refuse_conflicts(&*current, &*base, wanted)?;
            unit.update_any(kind, id, &mut |data| {
                for field in mine.iter().filter(|field| kind.schema().custom != Some(*field)) {
                    data.copy_field(field, wanted);
                }
                take_over_custom(data, &*base, wanted);
                Ok(())
            })
        });
        replaced.map(AnyRecord)
    }

    pub fn delete(&self, id: Uuid) -> Result<Deletion> {
        self.session.write("delete", |unit| unit.delete(self.kind, id))
    }

    pub fn restore(&self, id: Uuid) -> Result<AnyRecord> {
        self.session.write("restore", |unit| unit.restore(self.kind, id)).map(AnyRecord)
    }

    pub fn purge(&self, id: Uuid) -> Result<()> {
        self.session.write("purge", |unit| unit.purge(self.kind, id))
    }

    /// Gives the record and whether it was created.
    pub fn upsert(&self, source: &str, external_id: &str, patch: Patch) -> Result<(AnyRecord, bool)> {
        let done = self.upsert_with(source, external_id, &mut once_any(|data| apply(patch, data)));
        done.map(|(entry, created)| (AnyRecord(entry), created))
    }

    pub(super) fn upsert_with(
        &self,
        source: &str,
        external_id: &str,
        change: &mut dyn FnMut(&mut AnyData) -> Result<()>,
    ) -> Result<(Box<AnyEntry>, bool)> {
        let (kind, source, external_id) = (self.kind, cleaned(source), cleaned(external_id));
        let field = external_ids(kind.schema())?;
        self.session.write("upsert", |unit| match known_as(unit, kind, field, &source, &external_id)? {
            Some(id) => Ok((unit.update_any(kind, id, change)?, false)),
            None => {
                let mut data = keeper(kind).empty();
                change(&mut *data)?;
                is_known_as(&mut *data, field, source, external_id)?;
                let id = unit.crm().new_uuid()?;
                Ok((ops(kind).create(unit, id, data)?, true))
            }
        })
    }

    pub fn update_all(&self, filter: &Filter, patch: &Patch, dry_run: bool) -> Result<AnyBulk> {
        bulk::update_all(self.session, self.kind, filter, patch, dry_run)
    }

    pub fn delete_all(&self, filter: &Filter, dry_run: bool) -> Result<AnyBulk> {
        bulk::delete_all(self.session, self.kind, filter, dry_run)
    }
}

/// The records of a kind, as a batch writes them. See [`Batch`].
#[derive(Debug)]
pub struct AnyBatch<'b, 's> {
    batch: &'b mut Batch<'s>,
    kind: Kind,
}

#[allow(missing_docs, reason = "the calls are those of `Batch`")]
impl<'b, 's> AnyBatch<'b, 's> {
    pub fn new(batch: &'b mut Batch<'s>, kind: Kind) -> Self {
        AnyBatch { batch, kind }
    }

    /// Will create a record of this one's data under its id.
    pub fn create(self, record: AnyRecord) {
        self.batch.create_any(self.kind, record);
    }

    pub fn patch(self, id: Uuid, patch: Patch) {
        self.batch.patch_any(self.kind, id, patch);
    }

    pub fn delete(self, id: Uuid) {
        self.batch.delete_any(self.kind, id);
    }

    pub fn restore(self, id: Uuid) {
        self.batch.restore_any(self.kind, id);
    }
}
