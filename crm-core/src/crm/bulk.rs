//! Changing and deleting many records by a filter.

use super::collection::{Collection, apply};
use super::ops::ops;
use super::rules::Rules;
use super::session::Session;
use super::unit_of_work::UnitOfWork;
use crate::error::{Error, Result};
use crate::model::{Action, Filter, Kind, Operation, Patch, Query};
use crate::store::{Plan, keeper};
use crate::value::Id;
use uuid::Uuid;

/// What a change of many records did, or would do.
#[derive(Debug)]
pub struct Bulk<E> {
    /// How many records the filter met, of those that the user sees.
    pub matched: u64,
    /// How many of them were changed, for a dry run how many would be; none when something stands against it.
    pub changed: u64,
    /// What stands against it, record by record. Nothing is written while there is any.
    pub problems: Vec<(Id<E>, Error)>,
    /// The one operation that it became; `None` for a dry run, when there were problems, and when nothing changed.
    pub operation: Option<Operation>,
}

impl<E: Rules> Collection<'_, E> {
    /// Applies a patch to all live records that meet a filter, as one operation: all or nothing. A dry run does the
    /// same and takes it back.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// # let id = session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
    /// use crm_core::{Customer, Patch};
    /// let all = Customer::NAME.starts_with("mara");
    /// let planned = session.customers().update_all(&all, Patch::new().set("source", "fair"), true)?;
    /// assert_eq!((planned.changed, planned.operation), (1, None));
    /// session.customers().update_all(&all, Patch::new().set("source", "fair"), false)?;
    /// assert_eq!(session.customers().get(id)?.source.as_deref(), Some("fair"));
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `denied`, `invalid` for the filter; what is wrong with single records is in [`Bulk::problems`].
    pub fn update_all(&self, filter: &Filter, patch: Patch, dry_run: bool) -> Result<Bulk<E>> {
        update_all(self.session(), E::kind(), filter, &patch, dry_run).map(Bulk::of)
    }

    /// Puts all live records that meet a filter in the trash, with what hangs on them, as one operation: all or
    /// nothing. A dry run does the same and takes it back.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// # let id = session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
    /// use crm_core::Customer;
    /// let deleted = session.customers().delete_all(&Customer::NAME.is("mara tea"), false)?;
    /// session.undo(deleted.operation.unwrap().id)?;
    /// assert!(session.customers().get(id).is_ok());
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Collection::update_all`].
    pub fn delete_all(&self, filter: &Filter, dry_run: bool) -> Result<Bulk<E>> {
        delete_all(self.session(), E::kind(), filter, dry_run).map(Bulk::of)
    }
}

impl<E> Bulk<E> {
    fn of(done: AnyBulk) -> Self {
        let AnyBulk { matched, changed, problems, operation } = done;
        let problems = problems.into_iter().map(|(id, error)| (Id::from_uuid(id), error)).collect();
        Bulk { matched, changed, problems, operation }
    }
}

/// See [`Collection::update_all`].
pub(super) fn update_all(
    session: &Session,
    kind: Kind,
    filter: &Filter,
    patch: &Patch,
    dry_run: bool,
) -> Result<AnyBulk> {
    // A field that is none, or takes no such value, is no problem of single records.
    apply(patch.clone(), &mut *keeper(kind).empty())?;
    all(session, kind, ("update_all", Action::Edit), filter, dry_run, &mut |unit, id| {
        let before = unit.load_kind(kind, id)?.envelope().version;
        let after = unit.update_any(kind, id, &mut |data| apply(patch.clone(), data))?;
        Ok(after.envelope().version > before)
    })
}

/// See [`Collection::delete_all`].
pub(super) fn delete_all(session: &Session, kind: Kind, filter: &Filter, dry_run: bool) -> Result<AnyBulk> {
    all(session, kind, ("delete_all", Action::Delete), filter, dry_run, &mut |unit, id| {
        match unit.delete(kind, id) {
            Ok(_) => Ok(true),
            // It went with another one.
            Err(Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    })
}

/// What a change of many records of a kind did: see [`Bulk`].
#[derive(Debug, Default)]
#[allow(missing_docs, reason = "its fields are those of `Bulk`")]
pub struct AnyBulk {
    pub matched: u64,
    pub changed: u64,
    pub problems: Vec<(Uuid, Error)>,
    pub operation: Option<Operation>,
}

fn all(
    session: &Session,
    kind: Kind,
    (command, action): (&'static str, Action),
    filter: &Filter,
    dry_run: bool,
    change: &mut dyn FnMut(&mut UnitOfWork<'_>, Uuid) -> Result<bool>,
) -> Result<AnyBulk> {
    let mut done = AnyBulk::default();
    let mut taken_back = false;
    let written = session.write_operation(command, |unit| {
        unit.require_any(kind, action)?;
        let query = Query::new().filter(filter.clone());
        let plan = Plan::new(kind.schema(), &query, unit.sight(Action::View), unit.conventions())?;
        for id in ops(kind).ids(unit.tx(), &Plan { limit: usize::MAX, ..plan })? {
            done.matched += 1;
            match change(unit, id) {
                Ok(changed) => done.changed += u64::from(changed),
                Err(error) if is_of_the_record(&error) => done.problems.push((id, error)),
                Err(error) => return Err(error),
            }
        }
        taken_back = dry_run || !done.problems.is_empty();
        match taken_back {
            true => {
                Err(Error::Refused { rule: "dry_run", reason: format!("{kind} records stay as they are") })
            }
            false => Ok(()),
        }
    });
    match written {
        Ok(operation) => {
            done.operation = Some(operation).filter(|operation| !operation.changes.is_empty());
        }
        Err(_) if taken_back => {
            if !done.problems.is_empty() {
                done.changed = 0;
            }
        }
        Err(error) => return Err(error),
    }
    Ok(done)
}

/// Whether an error speaks of one record and not of the store or the session.
pub(crate) fn is_of_the_record(error: &Error) -> bool {
    matches!(
        error,
        Error::Invalid(_)
            | Error::Denied { .. }
            | Error::Refused { .. }
            | Error::Conflict { .. }
            | Error::Duplicate { .. }
            | Error::InUse { .. }
            | Error::NotFound { .. }
    )
}
