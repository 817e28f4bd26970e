//! Undo: the inverse of an operation as a new one.

use super::ops::ops;
use super::unit_of_work::UnitOfWork;
use crate::error::{Error, Result};
use crate::model::{Action, Change, ChangeKind, Deletion, Kind, Operation, OperationId};
use crate::value::{OnPurge, Value};
use std::collections::BTreeSet;
use uuid::Uuid;

pub(super) fn undo(unit: &mut UnitOfWork<'_>, operation: OperationId) -> Result<()> {
    let unknown = || Error::NotFound { entity: "operation", key: operation.to_string() };
    let mut done = unit.tx().operation(operation)?.ok_or_else(unknown)?;
    done.changes.iter_mut().for_each(Change::give_types);
    let own = unit.user().is_some() && unit.user() == done.actor.user();
    for change in done.changes.iter().rev() {
        // What is gone can't be looked at any more: only who edits all records of the kind is told.
        let gone = || match unit.edits_all(change.kind) {
            true => Error::Gone { entity: change.kind.as_str(), id: change.id },
            false => unknown(),
        };
        if change.erased || matches!(change.change, ChangeKind::Purge | ChangeKind::Erase) {
            return Err(gone());
        }
        // To take it back is to delete the record. Who did it himself may: nothing was built on it since.
        let needed: &[Action] = match change.change {
            ChangeKind::Create | ChangeKind::Restore if !own => &[Action::Edit, Action::Delete],
            _ => &[Action::Edit],
        };
        match ops(change.kind).require(unit, change.id, needed) {
            // It was purged since, or is one that the actor does not see.
            Err(Error::NotFound { .. }) => return Err(gone()),
            result => result?,
        }
    }
    for change in &done.changes {
        refuse_if_built_on(unit, change, &done)?;
    }
    unit.undoes(&done);
    let deletion = Deletion { id: unit.crm().new_uuid()?, at: unit.now(), by: unit.user() };
    for change in done.changes.iter().rev() {
        undo_change(unit, change, deletion)?;
    }
    Ok(())
}

/// Refuses when a later operation touched what this change did: the same fields of an update, anything of a record
/// that was created, deleted or restored.
fn refuse_if_built_on(unit: &UnitOfWork<'_>, change: &Change, done: &Operation) -> Result<()> {
    let mut later = unit.tx().operations_on(change.kind, change.id, change.version)?;
    later.retain(|operation| operation.id != done.id);
    without_taken_back(&mut later);
    for later in later {
        let touches = |other: &Change| match (change.change, other.change) {
            (ChangeKind::Update, ChangeKind::Update) => {
                other.fields().any(|name| change.fields().any(|n| n == name))
            }
            _ => true,
        };
        if later.changes.iter().any(touches) {
            let why = match later.undoes == Some(done.id) {
                true => format!("operation {} took it back already", later.seq),
                false => {
                    format!("operation {} ({}) touched it later; undo that first", later.seq, later.command)
                }
            };
            return Err(changed_since(change, &why));
        }
    }
    Ok(())
}

/// Leaves out what was taken back meanwhile, with the operations that took it back: undo after undo goes back step by
/// step.
fn without_taken_back(operations: &mut Vec<Operation>) {
    let mut gone = BTreeSet::new();
    for newest in operations.iter().rev() {
        let taken_back = newest.undoes.filter(|id| operations.iter().any(|operation| operation.id == *id));
        if let Some(id) = taken_back.filter(|_| !gone.contains(&newest.id)) {
            gone.extend([newest.id, id]);
        }
    }
    operations.retain(|operation| !gone.contains(&operation.id));
}

fn changed_since(change: &Change, why: &str) -> Error {
    Error::Refused {
        rule: "changed_since",
        reason: format!("the {} can't be taken back: {why}", change.label()),
    }
}

/// Takes one change back. The changes of an operation are taken back from the last to the first.
fn undo_change(unit: &mut UnitOfWork<'_>, change: &Change, deletion: Deletion) -> Result<()> {
    let kind = change.kind;
    let gone = Error::Gone { entity: kind.as_str(), id: change.id };
    let Some(entry) = unit.peek_kind(kind, change.id)? else { return Err(gone) };
    let live = entry.is_live();
    match change.change {
        ChangeKind::Create | ChangeKind::Restore if live => {
            if let Some(by) = hangs_on(unit, kind, change.id)? {
                let reason =
                    format!("the {} can't be taken back: it has records of kind {by}", change.label());
                return Err(Error::Refused { rule: "has_dependents", reason });
            }
            ops(kind).before_trash(unit, &*entry)?;
            unit.trash_one(kind, &*entry, deletion)
        }
        ChangeKind::Trash if !live => unit.restore_one(kind, entry).map(drop),
        // One in the trash changes when what it refers to moves.
        ChangeKind::Update => {
            let before = |name: &str| change.before.get(name).cloned().unwrap_or(Value::Null);
            let values = change.fields().map(|name| (name.to_owned(), before(name))).collect();
            unit.set_back(kind, entry, values)
        }
        ChangeKind::Purge | ChangeKind::Erase => Err(gone),
        _ => Err(changed_since(change, "the record is no longer where it was")),
    }
}

/// The kind of a live record that hangs on this one or needs it.
fn hangs_on(unit: &UnitOfWork<'_>, kind: Kind, id: Uuid) -> Result<Option<Kind>> {
    for other in Kind::ALL {
        for (field, policy) in other.schema().references_to(kind.as_str()) {
            if policy == OnPurge::Link {
                continue;
            }
            if !ops(*other).referring(unit.tx(), field, id, false)?.is_empty() {
                return Ok(Some(*other));
            }
        }
    }
    Ok(None)
}
