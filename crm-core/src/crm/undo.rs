//! Undo: the inverse of an operation as a new one.

use super::ops::ops;
use super::rules::Rules;
use super::unit_of_work::UnitOfWork;
use crate::error::{Error, Result};
use crate::model::{Action, Change, ChangeKind, Deletion, Kind, Operation, OperationId};
use crate::store::Entry;
use crate::value::{Id, Value};
use std::collections::BTreeSet;

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
        ops(change.kind).undo(unit, change, deletion)?;
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
pub(super) fn undo_change<E: Rules>(
    unit: &mut UnitOfWork<'_>,
    change: &Change,
    deletion: Deletion,
) -> Result<()> {
    let entry = unit.peek::<E>(Id::from_uuid(change.id))?;
    let Some(entry) = entry else { return Err(Error::Gone { entity: E::ENTITY, id: change.id }) };
    let live = entry.deletion.is_none();
    match change.change {
        ChangeKind::Create | ChangeKind::Restore if live => {
            if let Some(by) = hangs_on::<E>(unit, &entry)? {
                let reason =
                    format!("the {} can't be taken back: it has records of kind {by}", change.label());
                return Err(Error::Refused { rule: "has_dependents", reason });
            }
            E::before_trash(unit, &entry.record)?;
            unit.trash_one(entry, deletion)
        }
        ChangeKind::Trash if !live => unit.restore_one(entry).map(drop),
        // One in the trash changes when what it refers to moves.
        ChangeKind::Update => {
            let names: Vec<String> = change.fields().map(str::to_owned).collect();
            let before = |name: &str| change.before.get(name).cloned().unwrap_or(Value::Null);
            let values =
                names.into_iter().map(|name| (before(&name), name)).map(|(value, name)| (name, value));
            unit.set_back(entry, values.collect()).map(drop)
        }
        ChangeKind::Purge | ChangeKind::Erase => Err(Error::Gone { entity: E::ENTITY, id: change.id }),
        _ => Err(changed_since(change, "the record is no longer where it was")),
    }
}

/// The kind of a live record that hangs on this one or needs it.
fn hangs_on<E: Rules>(unit: &UnitOfWork<'_>, entry: &Entry<E>) -> Result<Option<Kind>> {
    use crate::value::OnPurge;
    for kind in Kind::ALL {
        for (field, policy) in kind.schema().references_to(E::ENTITY) {
            if policy == OnPurge::Link {
                continue;
            }
            if !ops(*kind).referring(unit.tx(), field, entry.record.id.uuid(), false)?.is_empty() {
                return Ok(Some(*kind));
            }
        }
    }
    Ok(None)
}
