//! Into the trash and back, and out of it for good.

use super::UnitOfWork;
use super::journal::customer_of;
use crate::crm::ops::ops;
use crate::error::{Error, Result, Violations};
use crate::model::{Action, AnyData, Change, ChangeKind, Deletion, FieldSet, Kind, set_named};
use crate::store::{AnyEntry, Envelope, IndexChange, Sight, keeper};
use crate::value::{OnPurge, Value};
use uuid::Uuid;

impl UnitOfWork<'_> {
    /// Puts a record and what hangs on it in the trash.
    pub(crate) fn delete(&mut self, kind: Kind, id: Uuid) -> Result<Deletion> {
        let entry = self.load_kind(kind, id)?;
        self.require_kind(kind, id, Action::Delete)?;
        let deletion = Deletion { id: self.crm.new_uuid()?, at: self.now(), by: self.user() };
        self.trash_tree(kind, entry, deletion)?;
        Ok(deletion)
    }

    pub(in crate::crm) fn trash_tree(
        &mut self,
        kind: Kind,
        entry: Box<AnyEntry>,
        deletion: Deletion,
    ) -> Result<()> {
        let id = entry.id();
        ops(kind).before_trash(self, &*entry)?;
        self.refuse_in_use(kind.as_str(), id, false)?;
        for (kind, field) in referrers(kind.as_str(), OnPurge::Parent) {
            for child in ops(kind).referring(self.tx(), field, id, false)? {
                ops(kind).trash_tree(self, child, deletion)?;
            }
        }
        let entry = self.latest(kind, entry)?;
        self.trash_one(kind, &*entry, deletion)
    }

    /// The record as this operation left it: what hung on it may have changed it on its way out.
    fn latest(&self, kind: Kind, entry: Box<AnyEntry>) -> Result<Box<AnyEntry>> {
        let Envelope { id, version, .. } = entry.envelope();
        let newer = |change: &Change| (change.kind, change.id) == (kind, id) && change.version > version;
        if !self.operation.changes.iter().any(newer) {
            return Ok(entry);
        }
        self.peek_kind(kind, id)?.ok_or(Error::Gone { entity: kind.as_str(), id })
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

    pub(in crate::crm) fn trash_one(
        &mut self,
        kind: Kind,
        entry: &AnyEntry,
        deletion: Deletion,
    ) -> Result<()> {
        let index = self.index_change(kind, Some(entry.data()), None, kind.schema().all_fields());
        let mut trashed = entry.copy();
        trashed.set_envelope(Envelope { deletion: Some(deletion), ..self.successor(entry) });
        keeper(kind).replace(self.writer(), &*trashed, FieldSet::EMPTY, &index)?;
        self.note(&*trashed, ChangeKind::Trash, None, FieldSet::EMPTY);
        Ok(())
    }

    /// Brings a record back with everything that was deleted together with it.
    pub(crate) fn restore(&mut self, kind: Kind, id: Uuid) -> Result<Box<AnyEntry>> {
        let entry = self.load_kind_any(kind, id)?;
        self.require_kind(kind, id, Action::Edit)?;
        match entry.envelope().deletion {
            Some(deletion) => self.restore_tree(kind, entry, deletion.id),
            None => Ok(entry),
        }
    }

    pub(in crate::crm) fn restore_tree(
        &mut self,
        kind: Kind,
        entry: Box<AnyEntry>,
        deletion: Uuid,
    ) -> Result<Box<AnyEntry>> {
        let id = entry.id();
        let restored = self.restore_one(kind, entry)?;
        for (kind, field) in referrers(kind.as_str(), OnPurge::Parent) {
            for child in ops(kind).referring(self.tx(), field, id, true)? {
                ops(kind).restore_tree(self, child, deletion)?;
            }
        }
        Ok(restored)
    }

    pub(in crate::crm) fn restore_one(
        &mut self,
        kind: Kind,
        mut old: Box<AnyEntry>,
    ) -> Result<Box<AnyEntry>> {
        self.refuse_without_parents(old.data())?;
        // The rules look at a record as if it was live.
        old.set_envelope(Envelope { deletion: None, ..old.envelope() });
        let mut data = old.data().copy();
        ops(kind).before_restore(self, &mut *data)?;
        let changed = data.changed(old.data());
        let index = self.index_change(kind, None, Some(&*data), kind.schema().all_fields());
        let restored = keeper(kind).entry(&self.successor(&*old), data)?;
        let replaced = keeper(kind).replace(self.writer(), &*restored, changed, &index);
        replaced.map_err(|error| self.hide_holder(error))?;
        self.note(&*restored, ChangeKind::Restore, Some(old.data()), changed);
        ops(kind).after_save(self, &*restored, &*old)?;
        ops(kind).after_restore(self, &*restored)?;
        Ok(restored)
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
    pub(crate) fn purge(&mut self, kind: Kind, id: Uuid) -> Result<()> {
        let entry = self.load_kind_any(kind, id)?;
        self.require_kind(kind, id, Action::Purge)?;
        if entry.is_live() {
            let reason = "only what is in the trash is purged; delete it first".to_owned();
            return Err(Error::Refused { rule: "not_in_trash", reason });
        }
        self.purge_tree(kind, entry)
    }

    pub(in crate::crm) fn purge_tree(&mut self, kind: Kind, entry: Box<AnyEntry>) -> Result<()> {
        let id = entry.id();
        self.refuse_in_use(kind.as_str(), id, true)?;
        for (kind, field) in referrers(kind.as_str(), OnPurge::Parent) {
            for child in ops(kind).referring(self.tx(), field, id, true)? {
                ops(kind).purge_tree(self, child)?;
            }
        }
        for (kind, field) in referrers(kind.as_str(), OnPurge::Link) {
            for trash in [false, true] {
                for other in ops(kind).referring(self.tx(), field, id, trash)? {
                    ops(kind).unlink(self, other, field, id)?;
                }
            }
        }
        let entry = self.latest(kind, entry)?;
        keeper(kind).remove(self.writer(), id, &IndexChange::default())?;
        let gone = keeper(kind).entry(&self.successor(&*entry), keeper(kind).empty())?;
        self.note(&*gone, ChangeKind::Purge, Some(entry.data()), kind.schema().all_fields());
        if let Some(change) = self.operation.changes.last_mut() {
            change.customer = customer_of(&*entry);
        }
        ops(kind).after_purge(self, &*entry)
    }

    /// Empties a reference to a record that is purged.
    pub(in crate::crm) fn unlink(
        &mut self,
        kind: Kind,
        entry: Box<AnyEntry>,
        field: usize,
        target: Uuid,
    ) -> Result<()> {
        let mut data = entry.data().copy();
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
            let by = kind.as_str();
            let entity = (kind.schema().fields[field].target)().unwrap_or(by);
            return Err(Error::InUse { entity, id: target, by, holder: None, title: None });
        }
        self.save(kind, entry, data).map(drop)
    }

    /// Leads a reference to another record. One that would lead to the record itself is emptied, and one that a list has
    /// already is left out: what the moved entry says beside the id fills what the other leaves open.
    pub(in crate::crm) fn relink(
        &mut self,
        kind: Kind,
        entry: Box<AnyEntry>,
        field: usize,
        from: Uuid,
        to: Uuid,
    ) -> Result<()> {
        let mut data = entry.data().copy();
        let value = match data.value(field) {
            Value::List(list) => Value::List(relinked(list, from, to)),
            _ if entry.id() == to => Value::Null,
            _ => Value::Id(to),
        };
        if let Err(mismatch) = data.set(field, value) {
            return Err(Error::invalid(kind.schema().fields[field].name, "mismatch", mismatch.expected));
        }
        self.save(kind, entry, data).map(drop)
    }

    /// Sets fields back to stored values, for undo: no rule completes anything, the checks hold.
    pub(in crate::crm) fn set_back(
        &mut self,
        kind: Kind,
        entry: Box<AnyEntry>,
        values: Vec<(String, Value)>,
    ) -> Result<()> {
        let mut data = entry.data().copy();
        for (name, value) in values {
            if let Err(mismatch) = set_named(&mut *data, &name, value) {
                return Err(Error::invalid(&name, "mismatch", mismatch.expected));
            }
        }
        let mut problems = Violations::default();
        self.prepare_custom(&mut *data, Some(entry.data()), &mut problems)?;
        data.check(&mut problems);
        problems.into_result()?;
        self.check_references(&*data, Some(entry.data()), data.changed(entry.data()))?;
        self.save(kind, entry, data).map(drop)
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
