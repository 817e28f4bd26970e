//! Into the trash and back, and out of it for good.

use super::{UnitOfWork, customer_of};
use crate::crm::ops::ops;
use crate::crm::rules::Rules;
use crate::error::{Error, Result, Violations};
use crate::model::{Action, AnyData, Change, ChangeKind, Deletion, FieldSet, Kind, Record, set_named};
use crate::store::{Entry, IndexChange, Sight};
use crate::value::{Id, OnPurge, Value};
use uuid::Uuid;

impl UnitOfWork<'_> {
    /// Puts a record and what hangs on it in the trash.
    pub(crate) fn delete<E: Rules>(&mut self, id: Id<E>) -> Result<Deletion> {
        let entry = self.load(id)?;
        self.require(id, Action::Delete)?;
        let deletion = Deletion { id: self.crm.new_uuid()?, at: self.now(), by: self.user() };
        self.trash_tree(entry, deletion)?;
        Ok(deletion)
    }

    pub(in crate::crm) fn trash_tree<E: Rules>(&mut self, entry: Entry<E>, deletion: Deletion) -> Result<()> {
        let id = entry.record.id.uuid();
        E::before_trash(self, &entry.record)?;
        self.refuse_in_use(E::ENTITY, id, false)?;
        for (kind, field) in referrers(E::ENTITY, OnPurge::Parent) {
            for child in ops(kind).referring(self.tx(), field, id, false)? {
                ops(kind).trash_tree(self, child, deletion)?;
            }
        }
        let entry = self.latest(entry)?;
        self.trash_one(entry, deletion)
    }

    /// The record as this operation left it: what hung on it may have changed it on its way out.
    fn latest<E: Rules>(&self, entry: Entry<E>) -> Result<Entry<E>> {
        let Record { id, version, .. } = entry.record;
        let newer =
            |change: &Change| (change.kind, change.id) == (E::kind(), id.uuid()) && change.version > version;
        if !self.operation.changes.iter().any(newer) {
            return Ok(entry);
        }
        self.peek(id)?.ok_or(Error::Gone { entity: E::ENTITY, id: id.uuid() })
    }

    /// `in_use` while records refer to it that forbid that it goes.
    fn refuse_in_use(&self, entity: &'static str, id: Uuid, trashed_too: bool) -> Result<()> {
        for (kind, field) in referrers(entity, OnPurge::Restrict) {
            let mut users = ops(kind).referring(self.tx(), field, id, false)?;
            if users.is_empty() && trashed_too {
                users = ops(kind).referring(self.tx(), field, id, true)?;
            }
            if !users.is_empty() {
                return Err(self.in_use(entity, id, kind, &users));
            }
        }
        Ok(())
    }

    /// Names the first of the users that the actor sees.
    fn in_use(&self, entity: &'static str, id: Uuid, kind: Kind, users: &[Uuid]) -> Error {
        let sight = self.sight(Action::View);
        let seen = |user: &Uuid| Some((*user, ops(kind).title(self.tx(), *user, &sight).ok()??));
        let (holder, title) = users.iter().find_map(seen).unzip();
        Error::InUse { entity, id, by: kind.as_str(), holder, title }
    }

    pub(in crate::crm) fn trash_one<E: Rules>(&mut self, entry: Entry<E>, deletion: Deletion) -> Result<()> {
        let everything = E::schema().all_fields();
        let index = self.index_change(E::kind(), Some(&entry.record.data), None, everything);
        let record = self.successor(&entry.record, entry.record.data.clone());
        let trashed = Entry { record, deletion: Some(deletion) };
        E::repo(self.writer()).replace(&trashed, FieldSet::EMPTY, &index)?;
        self.note(&trashed, ChangeKind::Trash, None, FieldSet::EMPTY);
        Ok(())
    }

    /// Brings a record back with everything that was deleted together with it.
    pub(crate) fn restore<E: Rules>(&mut self, id: Id<E>) -> Result<Record<E>> {
        let entry = self.load_any(id)?;
        self.require(id, Action::Edit)?;
        match entry.deletion {
            Some(deletion) => self.restore_tree(entry, deletion.id),
            None => Ok(entry.record),
        }
    }

    pub(in crate::crm) fn restore_tree<E: Rules>(
        &mut self,
        entry: Entry<E>,
        deletion: Uuid,
    ) -> Result<Record<E>> {
        let id = entry.record.id.uuid();
        let record = self.restore_one(entry)?;
        for (kind, field) in referrers(E::ENTITY, OnPurge::Parent) {
            for child in ops(kind).referring(self.tx(), field, id, true)? {
                ops(kind).restore_tree(self, child, deletion)?;
            }
        }
        Ok(record)
    }

    pub(in crate::crm) fn restore_one<E: Rules>(&mut self, entry: Entry<E>) -> Result<Record<E>> {
        self.refuse_without_parents(&entry.record.data)?;
        let old = entry.record;
        let mut data = old.data.clone();
        E::before_restore(self, &mut data)?;
        let changed = data.changed(&old.data);
        let everything = E::schema().all_fields();
        let index = self.index_change(E::kind(), None, Some(&data), everything);
        let restored = Entry { record: self.successor(&old, data), deletion: None };
        let replaced = E::repo(self.writer()).replace(&restored, changed, &index);
        replaced.map_err(|error| self.hide_holder(error))?;
        self.note(&restored, ChangeKind::Restore, Some(&old.data), changed);
        E::after_save(self, &restored.record, Some(&old))?;
        E::after_restore(self, &restored.record)?;
        Ok(restored.record)
    }

    /// A record does not come back to a parent that is in the trash or gone.
    fn refuse_without_parents(&self, data: &AnyData) -> Result<()> {
        for (index, field) in data.schema().fields.iter().enumerate() {
            if !matches!(field.reference, Some(OnPurge::Parent | OnPurge::Restrict)) {
                continue;
            }
            let mut targets = Vec::new();
            data.references(index, &mut |entity, id| targets.push((entity, id)));
            for (entity, id) in targets {
                let all = Sight::all();
                let Some(kind) = Kind::from_word(entity) else { continue };
                if ops(kind).is_live(self.tx(), id, &all)? != Some(true) {
                    let reason = format!("its {entity} is in the trash; restore that first");
                    return Err(Error::Refused { rule: "parent_in_trash", reason });
                }
            }
        }
        Ok(())
    }

    /// Removes a record from the trash for good, with what hangs on it.
    pub(crate) fn purge<E: Rules>(&mut self, id: Id<E>) -> Result<()> {
        let entry = self.load_any(id)?;
        self.require(id, Action::Purge)?;
        if entry.deletion.is_none() {
            let reason = "only what is in the trash is purged; delete it first".to_owned();
            return Err(Error::Refused { rule: "not_in_trash", reason });
        }
        self.purge_tree(entry)
    }

    pub(in crate::crm) fn purge_tree<E: Rules>(&mut self, entry: Entry<E>) -> Result<()> {
        let id = entry.record.id.uuid();
        self.refuse_in_use(E::ENTITY, id, true)?;
        for (kind, field) in referrers(E::ENTITY, OnPurge::Parent) {
            for child in ops(kind).referring(self.tx(), field, id, true)? {
                ops(kind).purge_tree(self, child)?;
            }
        }
        for (kind, field) in referrers(E::ENTITY, OnPurge::Link) {
            for trash in [false, true] {
                for other in ops(kind).referring(self.tx(), field, id, trash)? {
                    ops(kind).unlink(self, other, field, id)?;
                }
            }
        }
        let entry = self.latest(entry)?;
        E::repo(self.writer()).remove(entry.record.id, &IndexChange::default())?;
        let fields = E::schema().all_fields();
        let gone = Entry { record: self.successor(&entry.record, E::default()), deletion: entry.deletion };
        let customer = customer_of(&entry.record);
        self.note(&gone, ChangeKind::Purge, Some(&entry.record.data), fields);
        if let Some(change) = self.operation.changes.last_mut() {
            change.customer = customer;
        }
        E::after_purge(self, &entry.record)
    }

    /// Empties a reference to a record that is purged.
    pub(in crate::crm) fn unlink<E: Rules>(
        &mut self,
        entry: Entry<E>,
        field: usize,
        target: Uuid,
    ) -> Result<()> {
        let mut data = entry.record.data.clone();
        let value = match data.value(field) {
            Value::List(list) => {
                let other = |value: &Value| match value {
                    Value::Map(map) => !map.values().any(|part| *part == Value::Id(target)),
                    value => *value != Value::Id(target),
                };
                Value::List(list.into_iter().filter(other).collect())
            }
            _ => Value::Null,
        };
        if data.set(field, value).is_err() {
            let entity = (E::FIELDS[field].target)().unwrap_or(E::ENTITY);
            return Err(Error::InUse { entity, id: target, by: E::ENTITY, holder: None, title: None });
        }
        self.save(entry, data)?;
        Ok(())
    }

    /// Leads a reference to another record. One that would lead to the record itself is emptied, and one that a list has
    /// already is left out: what the moved entry says beside the id fills what the other leaves open.
    pub(in crate::crm) fn relink<E: Rules>(
        &mut self,
        entry: Entry<E>,
        field: usize,
        from: Uuid,
        to: Uuid,
    ) -> Result<()> {
        let mut data = entry.record.data.clone();
        let itself = entry.record.id.uuid() == to;
        let value = match data.value(field) {
            Value::List(list) => Value::List(relinked(list, from, to)),
            _ if itself => Value::Null,
            _ => Value::Id(to),
        };
        if let Err(mismatch) = data.set(field, value) {
            return Err(Error::invalid(E::FIELDS[field].name, "mismatch", mismatch.expected));
        }
        self.save(entry, data)?;
        Ok(())
    }

    /// Sets fields back to stored values, for undo: no rule completes anything, the checks hold.
    pub(in crate::crm) fn set_back<E: Rules>(
        &mut self,
        entry: Entry<E>,
        values: Vec<(String, Value)>,
    ) -> Result<Record<E>> {
        let mut data = entry.record.data.clone();
        for (name, value) in values {
            if let Err(mismatch) = set_named(&mut data, &name, value) {
                return Err(Error::invalid(&name, "mismatch", mismatch.expected));
            }
        }
        let mut problems = Violations::default();
        self.prepare_custom(&mut data, Some(&entry.record.data), &mut problems)?;
        data.check(&mut problems);
        problems.into_result()?;
        self.check_references(&data, Some(&entry.record.data), data.changed(&entry.record.data))?;
        self.save(entry, data)
    }
}

/// The fields of all kinds that refer to an entity with this policy.
fn referrers(entity: &'static str, policy: OnPurge) -> impl Iterator<Item = (Kind, usize)> {
    Kind::ALL.iter().flat_map(move |kind| {
        kind.schema()
            .references_to(entity)
            .filter(move |(_, p)| *p == policy)
            .map(move |(field, _)| (*kind, field))
    })
}

/// A list of references, alone or with more beside them, in which one id took the place of another.
fn relinked(list: Vec<Value>, from: Uuid, to: Uuid) -> Vec<Value> {
    let refers = |value: &Value, id: Uuid| match value {
        Value::Map(map) => map.values().any(|part| *part == Value::Id(id)),
        value => *value == Value::Id(id),
    };
    let (moved, mut kept): (Vec<Value>, Vec<Value>) = match list.iter().any(|value| refers(value, to)) {
        true => list.into_iter().partition(|value| refers(value, from)),
        false => (Vec::new(), list),
    };
    for value in &mut kept {
        match value {
            Value::Map(map) => {
                map.values_mut()
                    .filter(|part| **part == Value::Id(from))
                    .for_each(|part| *part = Value::Id(to));
            }
            value if *value == Value::Id(from) => *value = Value::Id(to),
            _ => {}
        }
    }
    let known = kept.iter_mut().find(|value| refers(value, to));
    if let Some(Value::Map(known)) = known {
        for value in moved {
            let Value::Map(more) = value else { continue };
            for (part, value) in more {
                let place = known.entry(part).or_default();
                if place.is_empty() {
                    *place = value;
                }
            }
        }
    }
    kept
}
