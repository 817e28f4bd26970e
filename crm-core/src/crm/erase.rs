//! Forgetting a person: what the law calls erasure.

use super::collection::Collection;
use super::merge::{Mergeable, merged_into};
use super::ops::ops;
use super::unit_of_work::UnitOfWork;
use crate::error::{Error, Result};
use crate::model::{Action, Change, ChangeKind, Deletion, FieldValues, Kind, Operation};
use crate::store::Sight;
use crate::value::{Id, Value};
use std::collections::BTreeSet;
use uuid::Uuid;

/// What an erasure took away.
#[derive(Clone, Debug, PartialEq)]
pub struct Erased {
    /// How many records are gone, by their last places in the journal.
    pub records: u64,
    /// How many changes in the journal lost their values.
    pub changes: u64,
    /// The operation that says so, without a word of what it was; `None` when all was erased before.
    pub operation: Option<Operation>,
    /// Where the person may still be named, in plain English: what no library can reach.
    pub beyond: Vec<String>,
}

impl<E: Mergeable> Collection<'_, E> {
    /// Erases a customer or a contact: the record, those that were merged into it, and everything that hangs on them,
    /// live or in the trash or purged long ago; their values in the journal; and every trace in the search index, in free
    /// pages and in the log of the file. That there was a record, who changed it and when stays in the journal, which
    /// still verifies. It can't be undone. Rewrites the whole file, which takes a while. Called again, it finishes what
    /// was interrupted.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// # let id = session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
    /// let erased = session.customers().erase(id)?;
    /// assert_eq!(erased.records, 1);
    /// assert_eq!(session.customers().get(id).unwrap_err().code(), "not_found");
    /// assert!(crm.verify()?.holds());
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `not_found`; `denied` without the permission to purge; `refused` (`merged`) for a record that was merged into one
    /// that is still there; `busy` while somebody reads what was before: the record is
    /// erased then, and a second call clears the file.
    pub fn erase(&self, id: Id<E>) -> Result<Erased> {
        let mut erased = Erased { records: 0, changes: 0, operation: None, beyond: beyond() };
        let operation = self.session().write_operation("erase", |unit| {
            (erased.records, erased.changes) = erase(unit, id)?;
            Ok(())
        })?;
        erased.operation = Some(operation).filter(|operation| !operation.changes.is_empty());
        self.session().scrub()?;
        Ok(erased)
    }
}

fn beyond() -> Vec<String> {
    let places = [
        "free text of other customers' records that mentions the person",
        "backups, exports and attachments saved elsewhere before",
        "what listeners and other programs have kept of earlier events",
    ];
    places.map(str::to_owned).to_vec()
}

/// Removes the records and their values. Gives how many records went, and how many changes were emptied.
fn erase<E: Mergeable>(unit: &mut UnitOfWork<'_>, id: Id<E>) -> Result<(u64, u64)> {
    let unknown = || Error::NotFound { entity: E::ENTITY, key: id.to_string() };
    match E::reads(unit.tx()).get(id, &Sight::all())? {
        Some(entry) => {
            unit.load_any(id)?;
            unit.require(id, Action::Purge)?;
            refuse_merged(unit, &entry.record.data)?;
        }
        // What is gone can't be looked at any more: only who purges all records of the kind is told of it.
        None if unit.tx().operations_on(E::kind(), id.uuid(), 0)?.is_empty() => return Err(unknown()),
        None if unit.purges_all(E::kind()) => {}
        None => return Err(unknown()),
    }
    let whole = with_merged(unit, id)?;
    let deletion = Deletion { id: unit.crm().new_uuid()?, at: unit.now(), by: unit.user() };
    for id in &whole {
        let all = Sight::all();
        if ops(E::kind()).is_live(unit.tx(), *id, &all)? == Some(true) {
            ops(E::kind()).trash_tree(unit, *id, deletion)?;
        }
    }
    for id in whole.iter().rev() {
        ops(E::kind()).purge_tree(unit, *id)?;
    }
    let mut emptied = 0;
    for id in &whole {
        emptied += unit.erase_values(E::kind(), *id)?;
    }
    Ok((unit.purged(), emptied))
}

/// A record that was merged is a part of another one by now: to erase it alone would leave the person there.
fn refuse_merged<E: Mergeable>(unit: &UnitOfWork<'_>, data: &E) -> Result<()> {
    match merged_into(data) {
        Some(survivor) if unit.peek_kind(E::kind(), survivor)?.is_some() => {
            let reason = format!("it was merged into {survivor}: erase that, or undo the merge first");
            Err(Error::Refused { rule: "merged", reason })
        }
        _ => Ok(()),
    }
}

/// The record and those that were merged into it, over however many merges; also those that were purged with it.
fn with_merged<E: Mergeable>(unit: &UnitOfWork<'_>, id: Id<E>) -> Result<Vec<Uuid>> {
    const FIELD: &str = "merged_into";
    let mut whole = vec![id.uuid()];
    let Some(field) = E::schema().field(FIELD) else { return Ok(whole) };
    let mut next = 0;
    while let Some(id) = whole.get(next).copied() {
        let mut merged = ops(E::kind()).referring(unit.tx(), field, id, true)?;
        for purge in unit.tx().operations_on(E::kind(), id, 0)?.iter().filter(|operation| is_purge(operation))
        {
            let whole = unit.tx().operation(purge.id)?;
            for change in whole.into_iter().flat_map(|operation| operation.changes) {
                if change.kind == E::kind() && change.before.get(FIELD).is_some_and(|value| names(value, id))
                {
                    merged.push(change.id);
                }
            }
        }
        let new: BTreeSet<Uuid> = merged.into_iter().filter(|id| !whole.contains(id)).collect();
        whole.extend(new);
        next += 1;
    }
    Ok(whole)
}

fn is_purge(operation: &Operation) -> bool {
    operation.changes.iter().any(|change| change.change == ChangeKind::Purge)
}

/// Whether a value of the journal, which is JSON, is this id.
fn names(value: &Value, id: Uuid) -> bool {
    match value {
        Value::Text(text) => text.parse() == Ok(id),
        value => value.as_id() == Some(id),
    }
}

impl UnitOfWork<'_> {
    /// Empties what the journal says of a record, in this operation too, and notes that it was erased.
    fn erase_values(&mut self, kind: Kind, id: Uuid) -> Result<u64> {
        let concerned = |change: &Change| {
            (change.kind, change.id) == (kind, id) || (kind == Kind::Customer && change.customer == Some(id))
        };
        for change in self.changes_mut().iter_mut().filter(|change| concerned(change)) {
            (change.before, change.after) = (FieldValues::new(), FieldValues::new());
        }
        let known = self.tx().operations_on(kind, id, 0)?;
        let before = known.iter().flat_map(|operation| &operation.changes);
        let now = self.changes().iter().filter(|change| (change.kind, change.id) == (kind, id));
        let last = before.chain(now).max_by_key(|change| change.version).cloned();
        let emptied = self.tx_mut().erase_values(kind, id)?;
        // The trash and the purge of this very call are told besides; a second call finds nothing more to tell.
        if let Some(last) = last.filter(|last| last.change != ChangeKind::Erase) {
            self.changes_mut().push(Change {
                change: ChangeKind::Erase,
                version: last.version + 1,
                before: FieldValues::new(),
                after: FieldValues::new(),
                erased: false,
                ..last
            });
        }
        Ok(emptied)
    }

    /// How many records this operation removed for good.
    fn purged(&self) -> u64 {
        let purged: BTreeSet<_> =
            self.changes().iter().filter(|c| c.change == ChangeKind::Purge).map(|c| (c.kind, c.id)).collect();
        u64::try_from(purged.len()).unwrap_or(u64::MAX)
    }
}
