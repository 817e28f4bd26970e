//! What a unit of work writes into the journal, and its end.

use super::UnitOfWork;
use crate::crm::ops::ops;
use crate::error::Result;
use crate::model::{
    Action, AnyData, Change, ChangeKind, FieldSet, FieldValues, Gate, Kind, Level, Operation, differences,
    named_values,
};
use crate::store::{AnyEntry, Envelope, Sealed, SealedValues, Transaction};
use uuid::Uuid;

/// From so many changes on another core helps.
const MANY: usize = 128;

/// What a committed unit leaves to be done.
pub(in crate::crm) struct Committed {
    pub(in crate::crm) operation: Option<Operation>,
    pub(in crate::crm) authority_changed: bool,
    pub(in crate::crm) authority: u64,
}

impl<'t> UnitOfWork<'t> {
    pub(super) fn note(
        &mut self,
        entry: &AnyEntry,
        change: ChangeKind,
        old: Option<&AnyData>,
        fields: FieldSet,
    ) {
        let purged = change == ChangeKind::Purge;
        let (after, before) = match old {
            Some(old) if purged => (FieldValues::new(), named_values(old, fields)),
            Some(old) => differences(entry.data(), old, fields),
            None => (named_values(entry.data(), fields), FieldValues::new()),
        };
        self.note_values(entry, change, before, after);
    }

    pub(super) fn note_values(
        &mut self,
        entry: &AnyEntry,
        change: ChangeKind,
        before: FieldValues,
        after: FieldValues,
    ) {
        let Some(kind) = entry.schema().kind else { return };
        let Envelope { id, version, .. } = entry.envelope();
        let customer = customer_of(entry);
        self.operation.changes.push(Change {
            kind,
            id,
            change,
            version,
            customer,
            before,
            after,
            erased: false,
        });
        if matches!(kind, Kind::User | Kind::Role | Kind::Settings | Kind::Pipeline | Kind::CustomField) {
            self.authority_changed = true;
        }
    }

    pub(in crate::crm) fn undoes(&mut self, operation: &Operation) {
        self.operation.undoes = Some(operation.id);
        self.operation.import.clone_from(&operation.import);
    }

    /// Writes the operation into the journal and gives it as the actor may see it: nothing can be changed after it.
    pub(in crate::crm) fn seal(&mut self) -> Result<Operation> {
        // It may be for a look only: the store does nothing that it does not have to.
        self.write_journal(|_| Ok(()))?;
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

    fn write_journal(&mut self, meanwhile: fn(&mut (dyn Transaction + 't)) -> Result<()>) -> Result<()> {
        if self.sealed {
            return Ok(());
        }
        self.sealed = true;
        if self.authority_changed {
            self.writer().bump_authority()?;
        }
        if !self.operation.changes.is_empty() {
            let changes = std::mem::take(&mut self.operation.changes);
            let operation = Operation { changes, ..self.operation.clone() };
            let sealed = self.sealed(operation, meanwhile)?;
            self.writer().append(&sealed)?;
            self.operation = sealed.operation;
        }
        Ok(())
    }

    /// What is appended to the journal; of many changes it is made while the store does something else.
    fn sealed(
        &mut self,
        operation: Operation,
        meanwhile: fn(&mut (dyn Transaction + 't)) -> Result<()>,
    ) -> Result<Sealed> {
        let salts = operation.changes.iter().map(|_| self.crm.random()).collect::<Result<Vec<_>>>()?;
        let seal = || SealedValues::all(&operation.changes, &salts);
        let values = match operation.changes.len() {
            0..MANY => seal()?,
            _ => std::thread::scope(|scope| {
                let sealing = std::thread::Builder::new().spawn_scoped(scope, seal);
                meanwhile(self.writer())?;
                match sealing {
                    Ok(sealing) => sealing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
                    // Here can be no other thread.
                    Err(_) => seal(),
                }
            })?,
        };
        Ok(Sealed::of(operation, self.state.head, values))
    }

    pub(in crate::crm) fn commit(mut self) -> Result<Committed> {
        self.write_journal(|tx| tx.settle())?;
        let authority_changed = self.authority_changed;
        let authority = self.state.authority + 1;
        let (tx, operation) = (self.tx, self.operation);
        if operation.changes.len() >= MANY && !self.crm.has_listeners() {
            // Thousands of values take their time to go.
            std::thread::scope(|scope| {
                // Where there can be no other thread it is dropped at once.
                let _ = std::thread::Builder::new().spawn_scoped(scope, || drop(operation));
                tx.commit()
            })?;
            return Ok(Committed { operation: None, authority_changed, authority });
        }
        tx.commit()?;
        let operation = (!operation.changes.is_empty()).then_some(operation);
        Ok(Committed { operation, authority_changed, authority })
    }
}

/// The customer on which a record's visibility is decided.
pub(super) fn customer_of(entry: &AnyEntry) -> Option<Uuid> {
    let schema = entry.schema();
    match schema.gate {
        Gate::Owner => Some(entry.id()),
        Gate::Free => None,
        Gate::Customer => {
            let mut customer = None;
            if let Some(field) = schema.field("customer") {
                entry.data().references(field, &mut |_, id| customer = Some(id));
            }
            customer
        }
    }
}
