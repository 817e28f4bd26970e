//! The unit of work: the only thing in the system that writes.

#[cfg_attr(not(feature = "exchange"), allow(dead_code, reason = "imports make it"))]
mod ahead;
#[cfg(feature = "exchange")]
mod attempt;
mod content;
mod custom;
mod index;
mod journal;
mod permission;
#[cfg(feature = "exchange")]
mod put_back;
mod schedule;
mod trash;

use super::ops::ops;
use super::rules::Rules;
use super::system::{Crm, Shared};
use crate::access::Authority;
use crate::error::{Error, Result, Violations};
use crate::model::{
    Action, AnyData, Change, ChangeKind, Conventions, Customer, Entity, FieldValues, Kind, Level, Operation,
    OperationId, Pipeline, Product, Record, Role, Settings, User, named_values,
};
use crate::store::{
    AnyEntry, Attempts, Condition, Entry, Envelope, IndexChange, Plan, SessionRow, Sight, StoreState, Stored,
    Transaction, keeper, own, own_data, own_data_mut,
};
use crate::value::{Id, Money, Timestamp, truncate};
#[cfg_attr(not(feature = "exchange"), allow(unused_imports, reason = "imports make it"))]
pub(crate) use ahead::Ahead;
#[cfg(feature = "exchange")]
pub(crate) use attempt::Attempt;
use chrono::NaiveDate;
use content::Content;
pub(super) use content::{CHUNK, content_name};
pub(super) use index::{keys_of, words_of};
pub(super) use journal::Committed;
pub(super) use schedule::{next_after, next_after_both};
use std::borrow::Cow;
use std::sync::Arc;
use uuid::Uuid;

/// One write transaction of somebody: checks permissions, runs the rules, writes records and collects what becomes
/// the operation in the journal.
///
/// Rules ([`Rules`]) and commands get it; nothing else in the system can write.
pub struct UnitOfWork<'t> {
    crm: &'t Crm,
    tx: Box<dyn Transaction + 't>,
    authority: Arc<Authority>,
    shared: Arc<Shared>,
    state: StoreState,
    operation: Operation,
    authority_changed: bool,
    sealed: bool,
    /// Something was written into the store.
    touched: bool,
    content: Option<Content>,
}

/// How the data of a record came about.
enum Origin<'a, E: Entity> {
    /// A caller made it anew.
    Created,
    /// A caller made it anew and tidied it: nothing was wrong.
    #[cfg_attr(not(feature = "exchange"), allow(dead_code, reason = "imports do it"))]
    Tidied,
    /// A caller changed this.
    Edited(&'a Record<E>),
    /// A command of the library changed this, system fields too.
    ByLibrary(&'a Record<E>),
}

impl<'t> UnitOfWork<'t> {
    pub(super) fn new(
        crm: &'t Crm,
        tx: Box<dyn Transaction + 't>,
        now: Timestamp,
        state: StoreState,
        authority: Arc<Authority>,
        shared: Arc<Shared>,
        command: &'static str,
    ) -> Result<Self> {
        // The journal's time never runs backwards, whatever the clock does.
        let at = truncate(state.last_operation_at.map_or(now, |last| last.max(now)));
        let operation = Operation {
            seq: 0,
            id: crm.new_uuid()?,
            at,
            actor: authority.actor.clone(),
            command: Cow::Borrowed(command),
            undoes: None,
            import: None,
            changes: Vec::new(),
        };
        Ok(UnitOfWork {
            crm,
            tx,
            authority,
            shared,
            state,
            operation,
            authority_changed: false,
            sealed: false,
            touched: false,
            content: None,
        })
    }

    // ---- what rules and commands may look at -------------------------------------------------------------------

    pub(crate) fn tx(&self) -> &(dyn Transaction + 't) {
        &*self.tx
    }

    pub(super) fn tx_mut(&mut self) -> &mut (dyn Transaction + 't) {
        self.writer()
    }

    /// The only way to the store for whoever writes.
    fn writer(&mut self) -> &mut (dyn Transaction + 't) {
        self.touched = true;
        &mut *self.tx
    }

    /// What this operation has changed so far.
    pub(crate) fn changes(&self) -> &[Change] {
        &self.operation.changes
    }

    pub(crate) fn changes_mut(&mut self) -> &mut Vec<Change> {
        &mut self.operation.changes
    }

    /// The moment at which everything in this operation happens.
    pub fn now(&self) -> Timestamp {
        self.operation.at
    }

    /// Today in the organisation's zone.
    pub fn today(&self) -> NaiveDate {
        self.settings().time_zone.date_at(self.now())
    }

    /// The organisation's settings.
    pub fn settings(&self) -> &Settings {
        &self.shared.settings.data
    }

    /// How keys are compared and which custom fields there are.
    pub fn conventions(&self) -> &Conventions {
        &self.shared.conventions
    }

    /// The user who acts; `None` for the embedding program.
    pub fn user(&self) -> Option<Id<User>> {
        self.authority.user_id()
    }

    pub(crate) fn is_system(&self) -> bool {
        self.authority.is_system()
    }

    /// The operation that this becomes.
    pub(crate) fn operation_id(&self) -> OperationId {
        self.operation.id
    }

    pub(super) fn crm(&self) -> &Crm {
        self.crm
    }

    pub(crate) fn sight(&self, action: Action) -> Arc<Sight> {
        Arc::clone(self.authority.sight(action))
    }

    pub(super) fn edits_all(&self, kind: Kind) -> bool {
        self.authority.level(kind, Action::Edit) == Level::All
    }

    pub(super) fn purges_all(&self, kind: Kind) -> bool {
        self.authority.level(kind, Action::Purge) == Level::All
    }

    pub(super) fn own_user(&self) -> Result<Record<User>> {
        self.authority.user.clone().ok_or(Error::Denied { action: "change_password", entity: "user" })
    }

    pub(super) fn require_users_manage(&self) -> Result<()> {
        if self.authority.users_manage {
            return Ok(());
        }
        Err(Error::Denied { action: "users_manage", entity: "user" })
    }

    pub(super) fn role_with_key(&self, key: &str) -> Result<Id<Role>> {
        let index = Role::schema().field("key").unwrap_or(usize::MAX);
        let condition = Condition::HasKey { field: "key", index, keys: vec![key.to_owned()], prefix: false };
        let found = self.find::<Role>(condition)?.into_iter().next();
        found.map(|role| role.id).ok_or_else(|| Error::NotFound { entity: "role", key: key.to_owned() })
    }

    /// Live pipelines as this transaction sees them.
    pub(crate) fn pipelines(&self) -> Result<Cow<'_, [Record<Pipeline>]>> {
        if self.operation.changes.iter().any(|change| change.kind == Kind::Pipeline) {
            return Ok(Cow::Owned(self.find(Condition::All(Vec::new()))?));
        }
        Ok(Cow::Borrowed(&self.shared.pipelines))
    }

    /// All live records that meet a condition, whoever acts: for rules.
    pub(crate) fn find<E: Stored>(&self, condition: Condition) -> Result<Vec<Record<E>>> {
        let entries = E::reads(self.tx()).find(&Plan::all_where(condition, false, usize::MAX))?;
        Ok(entries.into_iter().map(|entry| entry.record).collect())
    }

    /// How many live records meet a condition, whoever acts: for rules.
    pub(crate) fn count<E: Stored>(&self, condition: Condition) -> Result<u64> {
        E::reads(self.tx()).count(&Plan::all_where(condition, false, 1))
    }

    /// The record, live or in the trash, whoever acts: for rules.
    pub(crate) fn peek<E: Stored>(&self, id: Id<E>) -> Result<Option<Entry<E>>> {
        E::reads(self.tx()).get(id, &Sight::all())
    }

    /// The same for a record of a kind.
    pub(super) fn peek_kind(&self, kind: Kind, id: Uuid) -> Result<Option<Box<AnyEntry>>> {
        keeper(kind).get(self.tx(), id, &Sight::all())
    }

    /// The price of a product that a record newly refers to; nothing for one that it knew already. An inactive one is
    /// noted as a problem, one that is not there was by the check of references.
    pub(crate) fn price_of(
        &self,
        product: Option<Id<Product>>,
        known: Option<Id<Product>>,
        field: &str,
        problems: &mut Violations,
    ) -> Result<Option<Money>> {
        let Some(id) = product else { return Ok(None) };
        let Some(entry) = self.peek(id)? else { return Ok(None) };
        if product != known && !entry.record.active {
            problems.add(field, "inactive", &id.to_string(), "the product is no longer sold");
        }
        Ok(entry.record.price)
    }

    // ---- create and change -------------------------------------------------------------------------------------

    /// Creates a record.
    pub(crate) fn create<E: Rules>(&mut self, data: E) -> Result<Record<E>> {
        let id = self.crm.new_uuid()?;
        self.create_with_id(Id::from_uuid(id), data)
    }

    /// Creates a record of a kind. What was made ahead was made of data that were tidied, with nothing wrong.
    #[cfg(feature = "exchange")]
    pub(crate) fn create_any(
        &mut self,
        kind: Kind,
        data: Box<AnyData>,
        ahead: Option<Ahead>,
    ) -> Result<Box<AnyEntry>> {
        let id = self.crm.new_uuid()?;
        ops(kind).create_from(self, id, data, ahead)
    }

    /// Creates a record under an id that was made beforehand.
    pub(crate) fn create_with_id<E: Rules>(&mut self, id: Id<E>, data: E) -> Result<Record<E>> {
        self.insert(id, data, None)
    }

    pub(super) fn insert<E: Rules>(&mut self, id: Id<E>, data: E, ahead: Option<Ahead>) -> Result<Record<E>> {
        let origin = if ahead.is_some() { Origin::Tidied } else { Origin::Created };
        self.authority.require(E::kind(), Action::Create)?;
        if id.is_nil() {
            return Err(Error::invalid("id", "blank", "an id is needed; new_id() makes one"));
        }
        let data = self.prepared(id, data, &origin)?;
        self.require_scope(E::kind(), &data, Action::Create)?;
        let (at, by) = (self.now(), self.user());
        let record =
            Record { id, version: 1, created_at: at, created_by: by, updated_at: at, updated_by: by, data };
        let entry = Entry { record, deletion: None };
        let data = &entry.record.data;
        let ahead = ahead.and_then(|ahead| ahead.of_now(data, &self.conventions().keys));
        let index = self.index_of_new(E::kind(), data, ahead.as_ref());
        let inserted = E::repo(self.writer()).insert(&entry, &index);
        inserted.map_err(|error| self.hide_holder(error))?;
        let values = match ahead {
            Some(ahead) => ahead.into_values(data),
            None => named_values(data, E::schema().all_fields()),
        };
        self.note_values(&entry, ChangeKind::Create, FieldValues::new(), values);
        E::after_save(self, &entry.record, None)?;
        Ok(entry.record)
    }

    /// Changes a record that the actor sees and may edit.
    pub(crate) fn update<E: Rules>(
        &mut self,
        id: Id<E>,
        change: impl FnOnce(&mut E) -> Result<()>,
    ) -> Result<Record<E>> {
        let saved = self.update_any(E::kind(), id.uuid(), &mut once(change))?;
        Ok(own(saved)?.record)
    }

    /// The same for a record of a kind.
    pub(crate) fn update_any(
        &mut self,
        kind: Kind,
        id: Uuid,
        change: &mut dyn FnMut(&mut AnyData) -> Result<()>,
    ) -> Result<Box<AnyEntry>> {
        let old = self.load_to_edit(kind, id)?;
        let mut data = old.data().copy();
        change(&mut *data)?;
        let data = ops(kind).prepared(self, data, &*old, false)?;
        let moved = kind.schema().field("customer");
        if moved.is_some_and(|field| data.changed(old.data()).contains(field)) {
            self.require_scope(kind, &*data, Action::Edit)?;
        }
        self.save(kind, old, data)
    }

    fn load_to_edit(&mut self, kind: Kind, id: Uuid) -> Result<Box<AnyEntry>> {
        let old = self.load_kind(kind, id)?;
        self.require_kind(kind, id, Action::Edit)?;
        Ok(old)
    }

    /// Changes a record that the caller has found and may edit, system fields too. What it refers to the caller has
    /// found as well.
    pub(crate) fn update_by_library<E: Rules>(
        &mut self,
        id: Id<E>,
        change: impl FnOnce(&mut E),
    ) -> Result<Record<E>> {
        let old: Box<AnyEntry> = Box::new(self.load(id)?);
        let mut data = old.data().copy();
        change(own_data_mut(&mut *data)?);
        let data = ops(E::kind()).prepared(self, data, &*old, true)?;
        Ok(own(self.save(E::kind(), old, data)?)?.record)
    }

    /// The changed data of a record, cleaned, checked and completed by the rules.
    pub(super) fn prepared_change<E: Rules>(
        &mut self,
        data: Box<AnyData>,
        old: &AnyEntry,
        by_library: bool,
    ) -> Result<Box<AnyData>> {
        let (data, old) = (own_data::<E>(data)?, &old.of::<E>()?.record);
        let origin = if by_library { Origin::ByLibrary(old) } else { Origin::Edited(old) };
        Ok(Box::new(self.prepared(old.id, data, &origin)?))
    }

    /// Whether a record could be created, as far as its data and the rules say. A rule may write: the caller takes it back.
    #[cfg(feature = "exchange")]
    pub(crate) fn check_new(&mut self, kind: Kind, data: Box<AnyData>) -> Result<()> {
        self.authority.require(kind, Action::Create)?;
        let id = self.crm.new_uuid()?;
        ops(kind).check_new(self, id, data)
    }

    #[cfg(feature = "exchange")]
    pub(super) fn prepared_new<E: Rules>(&mut self, id: Id<E>, data: E) -> Result<()> {
        self.prepared(id, data, &Origin::Created).map(drop)
    }

    /// The same for a change of a record.
    #[cfg(feature = "exchange")]
    pub(crate) fn check_change(
        &mut self,
        kind: Kind,
        id: Uuid,
        change: &mut dyn FnMut(&mut AnyData) -> Result<()>,
    ) -> Result<()> {
        let old = self.load_to_edit(kind, id)?;
        let mut data = old.data().copy();
        change(&mut *data)?;
        ops(kind).prepared(self, data, &*old, false).map(drop)
    }

    /// Changes a record by a rule, without asking who acts.
    pub(crate) fn adjust<E: Rules>(
        &mut self,
        old: Record<E>,
        change: impl FnOnce(&mut E),
    ) -> Result<Record<E>> {
        let mut data = old.data.clone();
        change(&mut data);
        let old = Entry { record: old, deletion: None };
        Ok(own(self.save(E::kind(), Box::new(old), Box::new(data))?)?.record)
    }

    /// Writes changed data of a record; nothing when nothing differs.
    fn save(&mut self, kind: Kind, old: Box<AnyEntry>, data: Box<AnyData>) -> Result<Box<AnyEntry>> {
        let changed = data.changed(old.data());
        if changed.is_empty() {
            return Ok(old);
        }
        let envelope = self.successor(&*old);
        let entry = keeper(kind).entry(&envelope, data)?;
        let index = match envelope.deletion {
            None => self.index_change(kind, Some(old.data()), Some(entry.data()), changed),
            Some(_) => IndexChange::default(),
        };
        let replaced = keeper(kind).replace(self.writer(), &*entry, changed, &index);
        replaced.map_err(|error| self.hide_holder(error))?;
        self.note(&*entry, ChangeKind::Update, Some(old.data()), changed);
        ops(kind).after_save(self, &*entry, &*old)?;
        Ok(entry)
    }

    /// What the next version of a record has beside its data.
    fn successor(&self, old: &AnyEntry) -> Envelope {
        let old = old.envelope();
        Envelope { version: old.version + 1, updated_at: self.now(), updated_by: self.user(), ..old }
    }

    /// The data cleaned, checked and completed by the rules: all violations at once.
    fn prepared<E: Rules>(&mut self, id: Id<E>, mut data: E, origin: &Origin<'_, E>) -> Result<E> {
        let mut problems = Violations::default();
        let (old, base) = match origin {
            Origin::Created | Origin::Tidied => (None, Cow::Owned(E::default())),
            Origin::Edited(record) | Origin::ByLibrary(record) => {
                (Some(*record), Cow::Borrowed(&record.data))
            }
        };
        let by_library = matches!(origin, Origin::ByLibrary(_));
        for field in data.changed(&base).iter().filter(|_| !by_library) {
            let def = &E::FIELDS[field];
            if def.system && !(old.is_none() && self.is_system() && E::importable(def.name)) {
                let reason = format!("only the library sets this field: {}", def.doc);
                problems.add(def.name, "system", "", reason);
            }
        }
        if !matches!(origin, Origin::Tidied) {
            data.tidy(&mut problems);
        }
        self.prepare_custom(&mut data, old.map(|old| &old.data as &AnyData), &mut problems)?;
        data.normalise();
        data.check(&mut problems);
        problems.into_result()?;
        // Before any rule looks at other records: what a rule says of one that is not seen would tell that it exists.
        if !by_library {
            let changed = old.map_or(E::schema().all_fields(), |old| data.changed(&old.data));
            self.check_references(&data, old.map(|old| &old.data as &AnyData), changed)?;
        }
        E::before_save(self, id, &mut data, old)?;
        data.normalise();
        let mut problems = Violations::default();
        data.check(&mut problems);
        problems.into_result()?;
        Ok(data)
    }

    // ---- operational data --------------------------------------------------------------------------------------

    pub(crate) fn next_number(&mut self, counter: &str) -> Result<u64> {
        self.writer().next_number(counter)
    }

    pub(crate) fn raise_number(&mut self, counter: &str, number: u64) -> Result<()> {
        self.writer().raise_number(counter, number)
    }

    pub(crate) fn set_unique(
        &mut self,
        entity: &'static str,
        field: &'static str,
        unique: bool,
    ) -> Result<()> {
        self.writer().set_unique(entity, field, unique).map_err(|error| self.hide_holder(error))
    }

    pub(super) fn set_password(&mut self, user: &Record<User>, password: &str) -> Result<()> {
        let hash = self.crm.new_password_hash(user, password)?;
        self.writer().set_credential(user.id, &hash)?;
        self.revoke_sessions(user.id)
    }

    pub(super) fn store_credential(&mut self, user: Id<User>, hash: &str) -> Result<()> {
        self.writer().set_credential(user, hash)
    }

    pub(crate) fn revoke_sessions(&mut self, user: Id<User>) -> Result<()> {
        self.authority_changed = true;
        let now = self.now();
        self.writer().revoke_sessions_of(user, now)
    }

    pub(super) fn revoke_session(&mut self, token_hash: &[u8; 32]) -> Result<()> {
        self.authority_changed = true;
        let now = self.now();
        self.writer().revoke_session(token_hash, now)
    }

    pub(super) fn add_session(&mut self, session: &SessionRow) -> Result<()> {
        self.writer().add_session(session)
    }

    pub(super) fn set_attempts(&mut self, name: &str, attempts: Option<&Attempts>) -> Result<()> {
        self.writer().set_attempts(name, attempts)
    }

    /// The customers that a user sees, for rules about somebody else than the actor.
    pub(crate) fn sees_customer(&self, user: Id<User>, customer: Id<Customer>) -> Result<bool> {
        match self.crm.authority_of(user, self.tx())? {
            Some(other) => {
                let seen = Customer::reads(self.tx()).get(customer, other.sight(Action::View))?;
                Ok(seen.is_some())
            }
            None => Ok(false),
        }
    }
}

/// A change of an entity's data for where the entity is not known. It is made once.
pub(super) fn once<E: Entity>(
    change: impl FnOnce(&mut E) -> Result<()>,
) -> impl FnMut(&mut AnyData) -> Result<()> {
    once_any(|data| change(own_data_mut(data)?))
}

/// A change that is made once, where several could be.
pub(super) fn once_any(
    change: impl FnOnce(&mut AnyData) -> Result<()>,
) -> impl FnMut(&mut AnyData) -> Result<()> {
    let mut change = Some(change);
    move |data| match change.take() {
        Some(change) => change(data),
        None => Ok(()),
    }
}
