//! The journal as a list of operations, with their values as their JSON tells them.

use super::{HasState, MemorySnapshot, MemoryTransaction, State};
use crate::error::{Error, Result};
use crate::model::{Change, ChangeKind, Gate, Kind, Level, Operation, OperationId};
use crate::port::{JournalRead, JournalWrite, Sight};
use std::sync::Arc;
use uuid::Uuid;

macro_rules! journals {
    ($($view:ty),+) => {$(
        impl JournalRead for $view {
            fn operation(&self, id: OperationId) -> Result<Option<Operation>> {
                let found = HasState::state(self).operations.iter().find(|operation| operation.id == id);
                Ok(found.map(|operation| Operation::clone(operation)))
            }
            fn operations(&self, after: u64, limit: usize, sight: &Sight) -> Result<Vec<Operation>> {
                let state = HasState::state(self);
                let later = state.operations.iter().filter(|operation| operation.seq > after);
                let seen = later.map(|operation| only(operation, |change| state.sees_change(change, sight)));
                Ok(seen.filter(|operation| !operation.changes.is_empty()).take(limit).collect())
            }
            fn operations_on(&self, kind: Kind, id: Uuid, after_version: u64) -> Result<Vec<Operation>> {
                let on = |change: &Change| change.kind == kind && change.id == id && change.version > after_version;
                let all = HasState::state(self).operations.iter().map(|operation| only(operation, on));
                Ok(all.filter(|operation| !operation.changes.is_empty()).collect())
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
    fn sees_change(&self, change: &Change, sight: &Sight) -> bool {
        match (sight.level(change.kind), change.kind.schema().gate) {
            (Level::All, _) => true,
            (Level::None, _) | (_, Gate::Free) => false,
            _ => {
                let customers = self.table::<crate::model::Customer>();
                let customer = change.customer.and_then(|id| customers?.get(crate::value::Id::from_uuid(id)));
                customer.is_some_and(|customer| self.sees(customer, &sight.customers_as(change.kind)))
            }
        }
    }
}

impl JournalWrite for MemoryTransaction<'_> {
    fn append(&mut self, operation: &Operation) -> Result<u64> {
        let created = |change: &&Change| change.change == ChangeKind::Create;
        for Change { kind, id, .. } in operation.changes.iter().filter(created) {
            // An id is used once in all of a store's life, whatever the kind of its record.
            let used = |change: &Change| change.change == ChangeKind::Create && change.id == *id;
            if self.state.operations.iter().any(|operation| operation.changes.iter().any(used)) {
                let (entity, value) = (kind.as_str(), id.to_string());
                return Err(Error::Duplicate { entity, field: "id", value, holder: None });
            }
        }
        // Through JSON, so that this store tells nothing that a file could not.
        let json = serde_json::to_string(operation).map_err(|e| Error::corrupt(e.to_string()))?;
        let mut stored: Operation = serde_json::from_str(&json).map_err(|e| Error::corrupt(e.to_string()))?;
        stored.seq = self.state.operations.last().map_or(0, |last| last.seq) + 1;
        let seq = stored.seq;
        self.state.operations.push(Arc::new(stored));
        Ok(seq)
    }
}
