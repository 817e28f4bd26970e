//! The journal as a list of operations, with their values as their JSON tells them.

use super::{HasState, MemorySnapshot, MemoryTransaction, State};
use crate::error::{Error, Result};
use crate::model::{Actor, Change, ChangeKind, FieldValues, Gate, Kind, Level, Operation, OperationId};
use crate::port::{JournalRead, JournalWrite, Moment, Sealed, Sight};
use crate::value::Timestamp;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use uuid::Uuid;

macro_rules! journals {
    ($($view:ty),+) => {$(
        impl JournalRead for $view {
            fn operation(&self, id: OperationId) -> Result<Option<Operation>> {
                Ok(HasState::state(self).operations().find(|operation| operation.id == id).cloned())
            }
            fn operations(&self, after: u64, limit: usize, sight: &Sight) -> Result<Vec<Operation>> {
                let state = HasState::state(self);
                let later = state.operations().filter(|operation| operation.seq > after);
                let seen = later.map(|operation| only(operation, |change| state.sees_change(change, sight)));
                Ok(seen.filter(|operation| !operation.changes.is_empty()).take(limit).collect())
            }
            fn latest_operations(
                &self,
                before: u64,
                limit: usize,
                of: Option<&Actor>,
                sight: &Sight,
            ) -> Result<Vec<Operation>> {
                let state = HasState::state(self);
                let wanted = |operation: &&Operation| {
                    operation.seq < before && of.is_none_or(|actor| operation.actor == *actor)
                };
                let earlier = state.operations().rev().filter(wanted);
                let seen = earlier.map(|operation| only(operation, |change| state.sees_change(change, sight)));
                Ok(seen.filter(|operation| !operation.changes.is_empty()).take(limit).collect())
            }
            fn operations_on(&self, kind: Kind, id: Uuid, after_version: u64) -> Result<Vec<Operation>> {
                let on = |change: &Change| change.kind == kind && change.id == id && change.version > after_version;
                let all = HasState::state(self).operations().map(|operation| only(operation, on));
                Ok(all.filter(|operation| !operation.changes.is_empty()).collect())
            }
            fn sealed(&self, after: u64, limit: usize) -> Result<Vec<Sealed>> {
                let later = HasState::state(self).operations.iter().filter(|sealed| sealed.operation.seq > after);
                Ok(later.take(limit).map(|sealed| Sealed::clone(sealed)).collect())
            }
            fn operations_of_import(&self, import: Uuid) -> Result<Vec<Operation>> {
                let of_it = |operation: &&Operation| operation.import.as_ref().is_some_and(|part| part.import == import);
                let found = HasState::state(self).operations().filter(of_it);
                Ok(found.map(|operation| only(operation, |_| false)).collect())
            }
            fn last_until(&self, at: Timestamp) -> Result<u64> {
                let until = HasState::state(self).operations().filter(|operation| operation.at <= at);
                Ok(until.map(|operation| operation.seq).max().unwrap_or(0))
            }
            fn moments(&self, kind: Kind, versions: &[(Uuid, u64)]) -> Result<Vec<Option<Moment>>> {
                let mut all = HashMap::new();
                for operation in HasState::state(self).operations() {
                    for change in operation.changes.iter().filter(|change| change.kind == kind) {
                        all.insert((change.id, change.version), (operation.at, operation.actor.user()));
                    }
                }
                Ok(versions.iter().map(|version| all.get(version).copied()).collect())
            }
        }
    )+};
}
journals!(MemorySnapshot, MemoryTransaction<'_>);

fn only(operation: &Operation, wanted: impl Fn(&Change) -> bool) -> Operation {
    let mut operation = operation.clone();
    operation.changes.retain(wanted);
    operation
}

impl State {
    fn operations(&self) -> impl DoubleEndedIterator<Item = &Operation> {
        self.operations.iter().map(|sealed| &sealed.operation)
    }

    fn sees_change(&self, change: &Change, sight: &Sight) -> bool {
        match (sight.level(change.kind), change.kind.schema().gate) {
            (Level::All, _) => true,
            (Level::None, _) | (_, Gate::Free) => false,
            _ => {
                let customer = change.customer.and_then(|id| self.row("customer", id));
                customer.is_some_and(|customer| self.sees(customer, &sight.customers_as(change.kind)))
            }
        }
    }
}

/// Values as a file would give them back.
fn read_back(json: Option<&str>) -> Result<FieldValues> {
    let values = json.map(serde_json::from_str).transpose();
    values.map(Option::unwrap_or_default).map_err(|error| Error::corrupt(error.to_string()))
}

impl JournalWrite for MemoryTransaction<'_> {
    fn append(&mut self, sealed: &Sealed) -> Result<()> {
        let created = |change: &&Change| change.change == ChangeKind::Create;
        for Change { kind, id, .. } in sealed.operation.changes.iter().filter(created) {
            // An id is used once in all of a store's life, whatever the kind of its record.
            let used = |change: &Change| change.change == ChangeKind::Create && change.id == *id;
            if self.state.operations().any(|operation| operation.changes.iter().any(used)) {
                let (entity, value) = (kind.as_str(), id.to_string());
                return Err(Error::Duplicate { entity, field: "id", value, holder: None });
            }
        }
        let mut versions = HashSet::new();
        let used = self.state.operations().flat_map(|operation| &operation.changes);
        versions.extend(used.map(|change| (change.id, change.version)));
        if !sealed.operation.changes.iter().all(|change| versions.insert((change.id, change.version))) {
            return Err(Error::corrupt("two changes make the same version of a record"));
        }
        let mut stored = sealed.clone();
        for (change, values) in stored.operation.changes.iter_mut().zip(&sealed.values) {
            change.before = read_back(values.before.as_deref())?;
            change.after = read_back(values.after.as_deref())?;
        }
        self.state.operations.push(Arc::new(stored));
        Ok(())
    }

    fn erase_values(&mut self, kind: Kind, id: Uuid) -> Result<u64> {
        let concerns = |change: &Change| {
            (change.kind, change.id) == (kind, id) || (kind == Kind::Customer && change.customer == Some(id))
        };
        let mut erased = 0;
        for sealed in &mut self.state.operations {
            if !sealed.operation.changes.iter().any(concerns) {
                continue;
            }
            let mut emptied = Sealed::clone(sealed);
            for (change, values) in emptied.operation.changes.iter_mut().zip(&mut emptied.values) {
                if !concerns(change) || change.erased {
                    continue;
                }
                erased += u64::from(values.before.is_some() || values.after.is_some());
                (change.before, change.after, change.erased) = (FieldValues::new(), FieldValues::new(), true);
                (values.before, values.after, values.salt) = (None, None, None);
            }
            *sealed = Arc::new(emptied);
        }
        Ok(erased)
    }
}
