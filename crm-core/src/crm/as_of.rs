//! Reading the store as it was: later changes are taken back in memory.
//!
//! One record costs its own history. A list reads all records of its kinds and all later operations, and is worked out by
//! the memory store. What may be seen is what may be seen today.

use super::session::Session;
use super::system::{Shared, with_types};
use super::unit_of_work::{keys_of, words_of};
use crate::error::{Error, Result};
use crate::memory::State;
use crate::model::{
    Actor, AnyData, Change, ChangeKind, Conventions, CustomField, Kind, Level, Operation, OperationId,
    Pipeline, Record, Reminder, Settings, User, set_named,
};
use crate::store::{
    AggregatePlan, AnyEntry, Attempts, Condition, Delivery, Entry, Envelope, Found, JournalRead, Key, Moment,
    OperationalRead, Plan, RawGroup, Read, Sealed, SessionRow, Sight, Snapshot, StoreState, Stored,
    all_found, all_own, keeper, own,
};
use crate::value::{Id, Timestamp, Value};
use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use uuid::Uuid;

impl Session {
    /// A session of the same user who sees everything as it was at a moment, after all that happened until then:
    /// records, lists, searches, figures, timelines. What was created later is not there, what was changed, deleted or
    /// purged since is as it was. What may be seen is decided by the roles and owners of today. Nothing can be written
    /// in it, the trash is not kept, and erased records are gone from the past too.
    ///
    /// ```
    /// # use crm_core::{Crm, Customer, MemoryStore, Query, chrono::TimeDelta, contract::test_options};
    /// # let (options, clock) = test_options(1);
    /// # let crm = Crm::open(std::sync::Arc::new(MemoryStore::new()), options)?;
    /// # let session = crm.system("example");
    /// # let id = session.customers().create(Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
    /// let monday = session.now();
    /// # clock.advance(TimeDelta::days(1));
    /// session.customers().update(id, |customer| customer.name = "Mara Group".into())?;
    /// session.customers().create(Customer { name: "New".into(), ..Customer::default() })?;
    /// let then = session.as_of(monday);
    /// assert_eq!(then.customers().get(id)?.name, "Mara Tea");
    /// assert_eq!(then.customers().count(&Query::new())?, 1);
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// None here. In the session that it gives writes are `read_only`, and [`Collection::trash`](crate::Collection::trash)
    /// is `refused` (`past`).
    #[must_use]
    pub fn as_of(&self, at: Timestamp) -> Session {
        self.at(at)
    }
}

/// A view of the store as it was.
pub(super) struct PastView<'s> {
    now: &'s dyn Snapshot,
    at: Timestamp,
    /// By which keys and words are made.
    conventions: &'s Conventions,
    later: OnceCell<HashMap<(Kind, Uuid), Later>>,
    tables: RefCell<State>,
}

/// What happened to a record after the moment, as far as it has to be taken back.
#[derive(Default)]
struct Later {
    /// The version that the first later change made.
    first: u64,
    /// The values before, of each field that was touched.
    before: BTreeMap<String, Value>,
    /// Where it was before its first move.
    was: Option<Was>,
    purged: bool,
    erased: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Was {
    Nowhere,
    Live,
    Trashed,
}

impl Later {
    fn add(&mut self, change: Change) {
        if self.first == 0 {
            self.first = change.version;
        }
        let was = match change.change {
            ChangeKind::Create => Some(Was::Nowhere),
            ChangeKind::Trash => Some(Was::Live),
            ChangeKind::Restore | ChangeKind::Purge => Some(Was::Trashed),
            ChangeKind::Update | ChangeKind::Erase => None,
        };
        self.was = self.was.or(was);
        self.purged |= change.change == ChangeKind::Purge;
        // What hung on somebody who was erased was purged without a word of what it was.
        let purged = change.change == ChangeKind::Purge;
        self.erased |=
            change.erased || change.change == ChangeKind::Erase || (purged && change.before.is_empty());
        for name in change.after.keys().filter(|name| !change.before.contains_key(*name)) {
            self.before.entry(name.clone().into_owned()).or_default();
        }
        for (name, value) in change.before {
            self.before.entry(name.into_owned()).or_insert(value);
        }
    }

    /// Takes everything back in a record's data, or in empty data when the record was purged since. `live` says whether the
    /// record is live now, and is none when it is not there. False when it was not there then, or not live, or is known no
    /// more.
    fn take_back(&self, live: Option<bool>, data: &mut AnyData) -> bool {
        let was_live = self.was.map_or(live == Some(true), |was| was == Was::Live);
        if self.erased || !was_live || live.is_none() && !self.purged {
            return false;
        }
        for (name, value) in &self.before {
            // A field that is no more, or has another type now, can't be shown as it was.
            let _ = set_named(data, name, value.clone());
        }
        true
    }
}

impl<'s> PastView<'s> {
    pub(super) fn new(now: &'s dyn Snapshot, at: Timestamp, conventions: &'s Conventions) -> Self {
        let (later, tables) = (OnceCell::new(), RefCell::default());
        PastView { now, at, conventions, later, tables }
    }

    /// Settings, pipelines and custom fields as they were.
    pub(super) fn shared(&self, today: &Shared) -> Result<Shared> {
        let mut shared = today.clone();
        if let Some(settings) = Read::<Settings>::get(self, today.settings.id, &Sight::all())? {
            shared = shared.with_settings(settings.record);
        }
        shared.pipelines = self.few::<Pipeline>()?;
        shared.conventions.custom_fields =
            self.few::<CustomField>()?.into_iter().map(|record| record.data).collect();
        Ok(shared)
    }

    /// The records of a kind of which there are few, each by its own history.
    fn few<E: Stored>(&self) -> Result<Vec<Record<E>>> {
        let mut found = Vec::new();
        for trash in [false, true] {
            let all = Plan::all_where(Condition::All(Vec::new()), trash, usize::MAX);
            for entry in E::read(self.now).find(&all)? {
                found.extend(Read::<E>::get(self, entry.record.id, &Sight::all())?.map(|entry| entry.record));
            }
        }
        // Newest first, as the store gives them.
        found.sort_by_cached_key(|record| std::cmp::Reverse((record.created_at, record.id.uuid())));
        Ok(found)
    }

    /// All later changes, by record.
    fn later(&self) -> Result<&HashMap<(Kind, Uuid), Later>> {
        const AT_A_TIME: usize = 1_000;
        if let Some(later) = self.later.get() {
            return Ok(later);
        }
        let mut later: HashMap<(Kind, Uuid), Later> = HashMap::new();
        let mut seq = self.now.last_until(self.at)?;
        loop {
            let page = with_types(self.now.operations(seq, AT_A_TIME, &Sight::all())?);
            let Some(last) = page.last() else { break };
            seq = last.seq;
            for change in page.into_iter().flat_map(|operation| operation.changes) {
                later.entry((change.kind, change.id)).or_default().add(change);
            }
        }
        Ok(self.later.get_or_init(|| later))
    }

    /// Makes sure that the records of a kind are there as they were.
    fn load(&self, kind: Kind, sight: &Sight) -> Result<()> {
        let (entity, keeper) = (kind.as_str(), keeper(kind));
        if self.tables.borrow().has(entity) {
            return Ok(());
        }
        let later = self.later()?;
        let mut rows: Vec<Box<AnyEntry>> = Vec::new();
        let mut changed: Vec<(u64, Box<AnyEntry>)> = Vec::new();
        let mut known = std::collections::HashSet::new();
        for trash in [false, true] {
            let all = Plan::all_where(Condition::All(Vec::new()), trash, usize::MAX);
            for mut entry in keeper.find(self.now, &Plan { sight: Arc::new(sight.clone()), ..all })? {
                let envelope = entry.envelope();
                let live = envelope.deletion.is_none();
                entry.set_envelope(Envelope { deletion: None, ..envelope });
                known.insert(envelope.id);
                let Some(later) = later.get(&(kind, envelope.id)) else {
                    rows.extend(live.then_some(entry));
                    continue;
                };
                if later.take_back(Some(live), entry.data_mut()) {
                    changed.push((later.first, entry));
                }
            }
        }
        // Only who sees all of a kind sees what was purged: nobody can say any more whose it was.
        let purged = later.iter().filter(|((of, id), later)| {
            *of == kind && later.purged && !known.contains(id) && sight.level(kind) == Level::All
        });
        for ((_, id), later) in purged {
            let mut data = keeper.empty();
            if later.take_back(None, &mut *data) {
                let envelope = envelope_of(*id, 0, Moment::default(), Moment::default());
                changed.push((later.first, keeper.entry(&envelope, data)?));
            }
        }
        let wanted = changed.iter().map(|(first, entry)| (entry.id(), *first)).collect();
        let envelopes = self.envelopes(kind, wanted)?;
        for ((first, mut entry), [updated, created]) in changed.into_iter().zip(envelopes) {
            entry.set_envelope(envelope_of(entry.id(), first.saturating_sub(1), created, updated));
            rows.push(entry);
        }
        // Oldest first.
        rows.sort_by_cached_key(|entry| entry.born());
        let table = rows.into_iter().map(|entry| {
            let (keys, words) = self.index_of(kind, entry.data());
            (entry, keys, words)
        });
        let table = table.collect();
        self.tables.borrow_mut().fill(entity, table);
        Ok(())
    }

    /// The keys and words of a record.
    fn index_of(&self, kind: Kind, data: &AnyData) -> (BTreeSet<Key>, String) {
        let (rules, all) = (&self.conventions.keys, kind.schema().all_fields());
        let keys = keys_of(kind, data, all, rules, &self.conventions.custom_fields, &|_| false);
        (keys, words_of(data, all, rules))
    }

    /// When and by whom records were changed last before the change that made a version, and when and by whom created.
    fn envelopes(&self, kind: Kind, changed: Vec<(Uuid, u64)>) -> Result<Vec<[Moment; 2]>> {
        let wanted: Vec<(Uuid, u64)> =
            changed.into_iter().flat_map(|(id, first)| [(id, first.saturating_sub(1)), (id, 1)]).collect();
        let moments = self.now.moments(kind, &wanted)?;
        let moment = |moment: Option<&Option<Moment>>| moment.copied().flatten().unwrap_or_default();
        Ok(moments.chunks(2).map(|both| [moment(both.first()), moment(both.get(1))]).collect())
    }

    /// Loads what a plan looks at, and gives it as one that looks at everything that was loaded.
    fn prepare(&self, kind: Kind, plan: &Plan) -> Result<Plan> {
        if plan.trash {
            let reason = "the past keeps no trash: look at the history of a record".to_owned();
            return Err(Error::Refused { rule: "past", reason });
        }
        self.load(kind, &plan.sight)?;
        let mut kinds = Vec::new();
        plan.condition.hops(&mut |schema| kinds.extend(schema.kind));
        for kind in kinds {
            self.load(kind, &plan.sight)?;
        }
        Ok(Plan { sight: Arc::new(Sight::all()), ..plan.clone() })
    }

    /// A record as it was.
    fn entry(&self, kind: Kind, id: Uuid, sight: &Sight) -> Result<Option<Box<AnyEntry>>> {
        let keeper = keeper(kind);
        let entry = keeper.get(self.now, id, sight)?;
        if entry.is_none() && sight.level(kind) != Level::All {
            return Ok(None);
        }
        let operations = with_types(self.now.operations_on(kind, id, 0)?);
        let (until, since): (Vec<Operation>, Vec<Operation>) =
            operations.into_iter().partition(|operation| operation.at <= self.at);
        let (Some(first), Some(last)) = (until.first(), until.last()) else { return Ok(None) };
        if since.is_empty() {
            return Ok(entry.filter(|entry| entry.is_live()));
        }
        let version = last.changes.iter().map(|change| change.version).max().unwrap_or_default();
        let mut later = Later::default();
        since.into_iter().flat_map(|operation| operation.changes).for_each(|change| later.add(change));
        let live = entry.as_ref().map(|entry| entry.is_live());
        let created = (first.at, first.actor.user());
        let updated = (last.at, last.actor.user());
        let envelope = envelope_of(id, version, created, updated);
        let mut entry = match entry {
            Some(entry) => entry,
            None => keeper.entry(&envelope, keeper.empty())?,
        };
        entry.set_envelope(envelope);
        Ok(later.take_back(live, entry.data_mut()).then_some(entry))
    }
}

/// What a live record has beside its data.
fn envelope_of(id: Uuid, version: u64, created: Moment, updated: Moment) -> Envelope {
    let ((created_at, created_by), (updated_at, updated_by)) = (created, updated);
    Envelope { id, version, created_at, created_by, updated_at, updated_by, deletion: None }
}

impl<E: Stored> Read<E> for PastView<'_> {
    fn get(&self, id: Id<E>, sight: &Sight) -> Result<Option<Entry<E>>> {
        self.entry(E::kind(), id.uuid(), sight)?.map(own).transpose()
    }

    fn find(&self, plan: &Plan) -> Result<Vec<Entry<E>>> {
        let plan = self.prepare(E::kind(), plan)?;
        all_own(self.tables.borrow().find(E::schema(), &plan))
    }

    fn search(&self, plan: &Plan) -> Result<Vec<Found<E>>> {
        let plan = self.prepare(E::kind(), plan)?;
        all_found(self.tables.borrow().search(E::schema(), &plan))
    }

    fn count(&self, plan: &Plan) -> Result<u64> {
        let plan = self.prepare(E::kind(), plan)?;
        Ok(self.tables.borrow().count(E::schema(), &plan))
    }

    fn aggregate(&self, plan: &Plan, figures: &AggregatePlan) -> Result<Vec<RawGroup>> {
        let plan = self.prepare(E::kind(), plan)?;
        self.tables.borrow().aggregate(E::schema(), &plan, figures)
    }

    fn all(&self, after: Option<Id<E>>, limit: usize) -> Result<Vec<Entry<E>>> {
        let everything = Plan::all_where(Condition::All(Vec::new()), false, usize::MAX);
        self.prepare(E::kind(), &everything)?;
        all_own(self.tables.borrow().from(E::ENTITY, after.map(Id::uuid), limit))
    }
}

impl JournalRead for PastView<'_> {
    fn operation(&self, id: OperationId) -> Result<Option<Operation>> {
        Ok(self.now.operation(id)?.filter(|operation| operation.at <= self.at))
    }

    fn operations(&self, after: u64, limit: usize, sight: &Sight) -> Result<Vec<Operation>> {
        let mut operations = self.now.operations(after, limit, sight)?;
        operations.retain(|operation| operation.at <= self.at);
        Ok(operations)
    }

    fn latest_operations(
        &self,
        before: u64,
        limit: usize,
        of: Option<&Actor>,
        sight: &Sight,
    ) -> Result<Vec<Operation>> {
        let end = self.now.last_until(self.at)?.saturating_add(1);
        self.now.latest_operations(before.min(end), limit, of, sight)
    }

    fn operations_on(&self, kind: Kind, id: Uuid, after_version: u64) -> Result<Vec<Operation>> {
        let mut operations = self.now.operations_on(kind, id, after_version)?;
        operations.retain(|operation| operation.at <= self.at);
        Ok(operations)
    }

    fn operations_of_import(&self, import: Uuid) -> Result<Vec<Operation>> {
        let mut operations = self.now.operations_of_import(import)?;
        operations.retain(|operation| operation.at <= self.at);
        Ok(operations)
    }

    fn sealed(&self, after: u64, limit: usize) -> Result<Vec<Sealed>> {
        let mut sealed = self.now.sealed(after, limit)?;
        sealed.retain(|sealed| sealed.operation.at <= self.at);
        Ok(sealed)
    }

    fn last_until(&self, at: Timestamp) -> Result<u64> {
        self.now.last_until(at.min(self.at))
    }

    fn moments(&self, kind: Kind, versions: &[(Uuid, u64)]) -> Result<Vec<Option<Moment>>> {
        self.now.moments(kind, versions)
    }
}

/// What is not journalled has no past.
impl OperationalRead for PastView<'_> {
    fn state(&self) -> Result<StoreState> {
        self.now.state()
    }
    fn credential(&self, user: Id<User>) -> Result<Option<String>> {
        self.now.credential(user)
    }
    fn session(&self, token_hash: &[u8; 32]) -> Result<Option<SessionRow>> {
        self.now.session(token_hash)
    }
    fn attempts(&self, name: &str) -> Result<Option<Attempts>> {
        self.now.attempts(name)
    }
    fn chunk(&self, content: &[u8; 32], place: u32) -> Result<Option<Vec<u8>>> {
        self.now.chunk(content, place)
    }
    fn contents(&self, after: Option<&[u8; 32]>, limit: usize) -> Result<Vec<[u8; 32]>> {
        self.now.contents(after, limit)
    }
    fn counters(&self) -> Result<Vec<(String, u64)>> {
        self.now.counters()
    }
    fn deliveries_of(&self, reminder: Id<Reminder>) -> Result<Vec<Delivery>> {
        self.now.deliveries_of(reminder)
    }
    fn deliveries_due(&self, now: Timestamp, limit: usize) -> Result<Vec<Delivery>> {
        self.now.deliveries_due(now, limit)
    }
}
