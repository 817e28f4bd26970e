//! The unit of work: the only thing in the system that writes.

mod trash;

use super::ops::ops;
use super::rules::Rules;
use super::system::{Crm, Shared};
use crate::access::Authority;
use crate::error::{Error, Result, Violations};
use crate::model::{
    Action, Change, ChangeKind, Customer, Entity, FieldSet, FieldValues, Gate, Kind, Level, Operation,
    OperationId, Pipeline, Record, Role, Settings, User,
};
use crate::store::{
    Attempts, Condition, Entry, IndexChange, Key, Plan, SessionRow, Sight, StoreState, Stored, Transaction,
};
use crate::value::{FieldDef, Id, Timestamp, Words, truncate};
use chrono::NaiveDate;
use std::borrow::Cow;
use std::collections::BTreeSet;
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
}

/// What a committed unit leaves to be done.
pub(super) struct Committed {
    pub(super) operation: Option<Operation>,
    pub(super) authority_changed: bool,
    pub(super) authority: u64,
}

/// How the data of a record came about.
enum Origin<'a, E: Entity> {
    /// A caller made it anew.
    Created,
    /// A caller changed this.
    Edited(&'a Record<E>),
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
        })
    }

    // ---- what rules and commands may look at -------------------------------------------------------------------

    pub(crate) fn tx(&self) -> &(dyn Transaction + 't) {
        &*self.tx
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

    /// The user who acts; `None` for the embedding program.
    pub fn user(&self) -> Option<Id<User>> {
        self.authority.user_id()
    }

    pub(crate) fn is_system(&self) -> bool {
        self.authority.is_system()
    }

    pub(super) fn crm(&self) -> &Crm {
        self.crm
    }

    pub(super) fn sight(&self, action: Action) -> Arc<Sight> {
        Arc::clone(self.authority.sight(action))
    }

    pub(super) fn edits_all(&self, kind: Kind) -> bool {
        self.authority.level(kind, Action::Edit) == Level::All
    }

    pub(super) fn own_user(&self) -> Result<Record<User>> {
        self.authority.user.clone().ok_or(Error::Denied { action: "change_password", entity: "user" })
    }

    pub(super) fn require_users_manage(&self) -> Result<()> {
        if self.authority.users_manage {
            return Ok(());
        }
        Err(Error::Denied { action: "users.manage", entity: "user" })
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

    // ---- may they? ---------------------------------------------------------------------------------------------

    /// The live record, if the actor may see it.
    pub(crate) fn load<E: Stored>(&self, id: Id<E>) -> Result<Entry<E>> {
        match self.load_any(id)? {
            entry if entry.deletion.is_none() => Ok(entry),
            _ => Err(not_found::<E>(id)),
        }
    }

    /// The record, live or in the trash, if the actor may see it.
    pub(crate) fn load_any<E: Stored>(&self, id: Id<E>) -> Result<Entry<E>> {
        let seen = E::reads(self.tx()).get(id, self.authority.sight(Action::View))?;
        seen.ok_or_else(|| not_found::<E>(id))
    }

    /// `denied` unless the actor may do this to a record that he sees.
    pub(crate) fn require<E: Stored>(&self, id: Id<E>, action: Action) -> Result<()> {
        let kind = E::kind();
        self.authority.require(kind, action)?;
        if self.authority.level(kind, action) == self.authority.level(kind, Action::View) {
            return Ok(());
        }
        match E::reads(self.tx()).get(id, self.authority.sight(action))? {
            Some(_) => Ok(()),
            None => Err(Error::Denied { action: action.as_str(), entity: E::ENTITY }),
        }
    }

    // ---- create and change -------------------------------------------------------------------------------------

    /// Creates a record.
    pub(crate) fn create<E: Rules>(&mut self, data: E) -> Result<Record<E>> {
        let id = self.crm.new_uuid()?;
        self.create_with_id(Id::from_uuid(id), data)
    }

    /// Creates a record under an id that was made beforehand.
    pub(crate) fn create_with_id<E: Rules>(&mut self, id: Id<E>, data: E) -> Result<Record<E>> {
        self.authority.require(E::kind(), Action::Create)?;
        if id.is_nil() {
            return Err(Error::invalid("id", "blank", "an id is made by new_id()"));
        }
        let data = self.prepared(id, data, &Origin::Created)?;
        let everything = all_fields::<E>();
        self.require_scope(&data, Action::Create)?;
        let (at, by) = (self.now(), self.user());
        let record =
            Record { id, version: 1, created_at: at, created_by: by, updated_at: at, updated_by: by, data };
        let entry = Entry { record, deletion: None };
        let index = self.index_change(None, Some(&entry.record.data), everything);
        let inserted = E::repo(&mut *self.tx).insert(&entry, &index);
        inserted.map_err(|error| self.hide_holder(error))?;
        self.note(&entry, ChangeKind::Create, None, everything);
        E::after_save(self, &entry.record, None)?;
        Ok(entry.record)
    }

    /// Changes a record that the actor sees and may edit.
    pub(crate) fn update<E: Rules>(
        &mut self,
        id: Id<E>,
        change: impl FnOnce(&mut E) -> Result<()>,
    ) -> Result<Record<E>> {
        let old = self.load(id)?;
        self.require(id, Action::Edit)?;
        let mut data = old.record.data.clone();
        change(&mut data)?;
        let data = self.prepared(id, data, &Origin::Edited(&old.record))?;
        let moved =
            E::schema().field("customer").is_some_and(|field| data.changed(&old.record.data).contains(field));
        if moved {
            self.require_scope(&data, Action::Edit)?;
        }
        self.save(old, data)
    }

    /// Changes a record by a rule, without asking who acts.
    pub(crate) fn adjust<E: Rules>(
        &mut self,
        old: Record<E>,
        change: impl FnOnce(&mut E),
    ) -> Result<Record<E>> {
        let mut data = old.data.clone();
        change(&mut data);
        self.save(Entry { record: old, deletion: None }, data)
    }

    /// Writes changed data of a record; nothing when nothing differs.
    fn save<E: Rules>(&mut self, old: Entry<E>, data: E) -> Result<Record<E>> {
        let changed = data.changed(&old.record.data);
        if changed.is_empty() {
            return Ok(old.record);
        }
        let entry = Entry { record: self.successor(&old.record, data), deletion: old.deletion };
        let index = match entry.deletion {
            None => self.index_change(Some(&old.record.data), Some(&entry.record.data), changed),
            Some(_) => IndexChange::default(),
        };
        let replaced = E::repo(&mut *self.tx).replace(&entry, changed, &index);
        replaced.map_err(|error| self.hide_holder(error))?;
        self.note(&entry, ChangeKind::Update, Some(&old.record.data), changed);
        E::after_save(self, &entry.record, Some(&old.record))?;
        Ok(entry.record)
    }

    fn successor<E: Entity>(&self, old: &Record<E>, data: E) -> Record<E> {
        Record {
            id: old.id,
            version: old.version + 1,
            created_at: old.created_at,
            created_by: old.created_by,
            updated_at: self.now(),
            updated_by: self.user(),
            data,
        }
    }

    /// The data cleaned, checked and completed by the rules: all violations at once.
    fn prepared<E: Rules>(&mut self, id: Id<E>, mut data: E, origin: &Origin<'_, E>) -> Result<E> {
        let mut problems = Violations::default();
        let (old, base) = match origin {
            Origin::Created => (None, Cow::Owned(E::default())),
            Origin::Edited(record) => (Some(*record), Cow::Borrowed(&record.data)),
        };
        for field in data.changed(&base).iter() {
            let def = &E::FIELDS[field];
            if def.system && !(old.is_none() && self.is_system() && E::importable(def.name)) {
                let reason = format!("this field is set by the library only: {}", def.doc);
                problems.add(def.name, "system", "", reason);
            }
        }
        data.tidy(&mut problems);
        data.normalise();
        data.check(&mut problems);
        problems.into_result()?;
        // Before any rule looks at other records: what a rule says of one that is not seen would tell that it exists.
        let changed = old.map_or(all_fields::<E>(), |old| data.changed(&old.data));
        self.check_references(&data, old.map(|old| &old.data), changed)?;
        E::before_save(self, id, &mut data, old)?;
        data.normalise();
        let mut problems = Violations::default();
        data.check(&mut problems);
        problems.into_result()?;
        Ok(data)
    }

    /// Every reference that is new must lead to a live record that the actor sees. One that he does not see looks
    /// like one that is not there.
    fn check_references<E: Entity>(&self, data: &E, old: Option<&E>, changed: FieldSet) -> Result<()> {
        let mut problems = Violations::default();
        for field in changed.iter().filter(|field| E::FIELDS[*field].reference.is_some()) {
            let mut known = BTreeSet::new();
            if let Some(old) = old {
                old.references(field, &mut |_, id| {
                    known.insert(id);
                });
            }
            let mut wanted = Vec::new();
            data.references(field, &mut |entity, id| wanted.push((entity, id)));
            for (entity, id) in wanted {
                let own_user = self.user().is_some_and(|user| entity == User::ENTITY && user.uuid() == id);
                if own_user || !known.insert(id) {
                    continue;
                }
                let kind = Kind::from_word(entity);
                let found = match kind {
                    Some(kind) => ops(kind).is_live(self.tx(), id, self.authority.sight(Action::View))?,
                    None => Some(true),
                };
                if found != Some(true) {
                    let reason = format!("there is no {entity} with this id");
                    problems.add(E::FIELDS[field].name, "unknown", &id.to_string(), reason);
                }
            }
        }
        problems.into_result()
    }

    /// `denied` when the record would lie where the actor may not do this.
    fn require_scope<E: Rules>(&self, data: &E, action: Action) -> Result<()> {
        let level = self.authority.level(E::kind(), action);
        let view = self.authority.level(Kind::Customer, Action::View);
        let denied = Error::Denied { action: action.as_str(), entity: E::ENTITY };
        match E::schema().gate {
            Gate::Free => Ok(()),
            Gate::Owner if level == Level::All => Ok(()),
            Gate::Owner => {
                let mut owner = None;
                if let Some(field) = E::schema().field("owner") {
                    data.references(field, &mut |_, id| owner = Some(Id::from_uuid(id)));
                }
                match owner {
                    Some(owner) if Some(owner) == self.user() => Ok(()),
                    Some(owner) if level == Level::Team && self.is_of_team(owner)? => Ok(()),
                    _ => Err(denied),
                }
            }
            // The check of references sees to it that the customer is visible.
            Gate::Customer if level == view || level == Level::All => Ok(()),
            Gate::Customer => {
                let mut customer = Id::<Customer>::default();
                if let Some(field) = E::schema().field("customer") {
                    data.references(field, &mut |_, id| customer = Id::from_uuid(id));
                }
                let sight = self.authority.customers_at(level);
                match Customer::reads(self.tx()).get(customer, &sight)? {
                    Some(_) => Ok(()),
                    None => Err(denied),
                }
            }
        }
    }

    fn is_of_team(&self, user: Id<User>) -> Result<bool> {
        let team = self.authority.user.as_ref().and_then(|me| me.team.clone());
        let other = self.peek::<User>(user)?.and_then(|entry| entry.record.data.team);
        Ok(team.is_some() && team == other)
    }

    /// The holder of a unique value is named only to those who may see it.
    fn hide_holder(&self, error: Error) -> Error {
        match error {
            // What this operation made itself is gone with it.
            Error::Duplicate { entity, field, value, holder: Some(holder) }
                if self
                    .operation
                    .changes
                    .iter()
                    .any(|c| c.id == holder && c.change == ChangeKind::Create) =>
            {
                Error::Duplicate { entity, field, value, holder: None }
            }
            Error::Duplicate { entity, field, value, holder: Some(holder) } => {
                let seen = Kind::from_word(entity)
                    .map(|kind| ops(kind).is_live(self.tx(), holder, self.authority.sight(Action::View)));
                let holder = match seen {
                    Some(Ok(Some(_))) => Some(holder),
                    _ => None,
                };
                Error::Duplicate { entity, field, value, holder }
            }
            other => other,
        }
    }

    // ---- the journal -------------------------------------------------------------------------------------------

    fn note<E: Stored>(&mut self, entry: &Entry<E>, change: ChangeKind, old: Option<&E>, fields: FieldSet) {
        let values = |data: &E| -> FieldValues {
            let named = fields.iter().map(|field| (Cow::Borrowed(E::FIELDS[field].name), data.value(field)));
            named.filter(|(_, value)| !value.is_empty()).collect()
        };
        let purged = change == ChangeKind::Purge;
        self.operation.changes.push(Change {
            kind: E::kind(),
            id: entry.record.id.uuid(),
            change,
            version: entry.record.version,
            customer: customer_of(&entry.record),
            before: old.map(values).unwrap_or_default(),
            after: if purged { FieldValues::new() } else { values(&entry.record.data) },
        });
        if matches!(E::kind(), Kind::User | Kind::Role | Kind::Settings | Kind::Pipeline) {
            self.authority_changed = true;
        }
    }

    pub(super) fn undoes(&mut self, operation: OperationId) {
        self.operation.undoes = Some(operation);
    }

    /// Writes the operation into the journal and gives it as the actor may see it: nothing can be changed after it.
    pub(super) fn seal(&mut self) -> Result<Operation> {
        self.write_journal()?;
        let mut operation = self.operation.clone();
        let sight = self.sight(Action::View);
        let mut seen = Vec::with_capacity(operation.changes.len());
        for change in operation.changes {
            // A customer takes along what hangs on it, also kinds of which the actor sees less than of customers.
            let level = sight.level(change.kind);
            let told = level == Level::All
                || (level != Level::None && level >= sight.level(Kind::Customer))
                || ops(change.kind).is_live(self.tx(), change.id, &sight)?.is_some();
            if told {
                seen.push(change);
            }
        }
        operation.changes = seen;
        Ok(operation)
    }

    fn write_journal(&mut self) -> Result<()> {
        if self.sealed {
            return Ok(());
        }
        self.sealed = true;
        if self.authority_changed {
            self.tx.bump_authority()?;
        }
        if !self.operation.changes.is_empty() {
            self.operation.seq = self.tx.append(&self.operation)?;
        }
        Ok(())
    }

    pub(super) fn commit(mut self) -> Result<Committed> {
        self.write_journal()?;
        self.tx.commit()?;
        let changed = !self.operation.changes.is_empty();
        Ok(Committed {
            operation: changed.then_some(self.operation),
            authority_changed: self.authority_changed,
            authority: self.state.authority + 1,
        })
    }

    // ---- indexes -----------------------------------------------------------------------------------------------

    /// What changes in the key table and the search index when a record goes from `old` to `new`.
    fn index_change<E: Rules>(&self, old: Option<&E>, new: Option<&E>, changed: FieldSet) -> IndexChange {
        let schema = E::schema();
        let keys = |data: Option<&E>| -> BTreeSet<Key> {
            let mut keys = BTreeSet::new();
            let Some(data) = data else { return keys };
            for field in schema.keyed.iter().filter(|field| changed.contains(**field)) {
                let def = &E::FIELDS[*field];
                let unique = def.unique && E::is_unique(def.name, self.settings());
                data.keys(*field, &self.shared.key_rules, &mut |key| {
                    keys.insert(Key { field: def.name, key, unique });
                });
            }
            keys
        };
        let (before, after) = (keys(old), keys(new));
        let searched = |field: &FieldDef| field.searchable;
        let words = match (old, new) {
            _ if !schema.searchable => None,
            (_, None) => Some(String::new()),
            (Some(_), Some(_)) if !changed.iter().any(|field| searched(&E::FIELDS[field])) => None,
            (_, Some(new)) => {
                let mut words = Words::default();
                for (field, _) in E::FIELDS.iter().enumerate().filter(|(_, def)| searched(def)) {
                    new.words(field, &mut words);
                }
                Some(words.into_text())
            }
        };
        IndexChange {
            removed: before.difference(&after).cloned().collect(),
            added: after.difference(&before).cloned().collect(),
            words,
            deletion: old.is_some() != new.is_some(),
        }
    }

    // ---- operational data --------------------------------------------------------------------------------------

    pub(crate) fn next_number(&mut self, counter: &str) -> Result<u64> {
        self.tx.next_number(counter)
    }

    pub(crate) fn raise_number(&mut self, counter: &str, number: u64) -> Result<()> {
        self.tx.raise_number(counter, number)
    }

    pub(crate) fn set_unique(
        &mut self,
        entity: &'static str,
        field: &'static str,
        unique: bool,
    ) -> Result<()> {
        self.tx.set_unique(entity, field, unique).map_err(|error| self.hide_holder(error))
    }

    pub(super) fn set_password(&mut self, user: &Record<User>, password: &str) -> Result<()> {
        let hash = self.crm.new_password_hash(user, password)?;
        self.tx.set_credential(user.id, &hash)?;
        self.revoke_sessions(user.id)
    }

    pub(super) fn store_credential(&mut self, user: Id<User>, hash: &str) -> Result<()> {
        self.tx.set_credential(user, hash)
    }

    pub(crate) fn revoke_sessions(&mut self, user: Id<User>) -> Result<()> {
        self.authority_changed = true;
        let now = self.now();
        self.tx.revoke_sessions_of(user, now)
    }

    pub(super) fn revoke_session(&mut self, token_hash: &[u8; 32]) -> Result<()> {
        self.authority_changed = true;
        let now = self.now();
        self.tx.revoke_session(token_hash, now)
    }

    pub(super) fn add_session(&mut self, session: &SessionRow) -> Result<()> {
        self.tx.add_session(session)
    }

    pub(super) fn set_attempts(&mut self, name: &str, attempts: Option<&Attempts>) -> Result<()> {
        self.tx.set_attempts(name, attempts)
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

fn not_found<E: Entity>(id: Id<E>) -> Error {
    Error::NotFound { entity: E::ENTITY, key: id.to_string() }
}

/// The customer on which a record's visibility is decided.
fn customer_of<E: Entity>(record: &Record<E>) -> Option<Uuid> {
    match E::schema().gate {
        Gate::Owner => Some(record.id.uuid()),
        Gate::Free => None,
        Gate::Customer => {
            let mut customer = None;
            if let Some(field) = E::schema().field("customer") {
                record.data.references(field, &mut |_, id| customer = Some(id));
            }
            customer
        }
    }
}

/// All fields of an entity.
fn all_fields<E: Entity>() -> FieldSet {
    let mut all = FieldSet::EMPTY;
    (0..E::FIELDS.len()).for_each(|field| all.insert(field));
    all
}
