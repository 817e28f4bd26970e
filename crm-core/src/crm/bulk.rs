//! Changing and deleting many records by a filter.

use super::collection::Collection;
use super::ops::ops;
use super::rules::Rules;
use super::session::Session;
use super::unit_of_work::UnitOfWork;
use crate::error::{Error, Result, Violations};
use crate::model::{Action, Filter, Kind, Operation, Patch, Query};
use crate::store::Plan;
use crate::value::Id;
use uuid::Uuid;

/// What a change of many records did, or would do.
#[derive(Debug)]
pub struct Bulk<E> {
    /// How many records the filter met, of those that the user sees.
    pub matched: u64,
    /// How many of them were changed, or would be.
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
        // A field that is none, or takes no such value, is no problem of single records.
        let mut problems = Violations::default();
        patch.clone().apply(&mut E::default(), &mut problems);
        problems.into_result()?;
        self.all("update_all", Action::Edit, filter, dry_run, |unit, id| {
            let before = unit.load(id)?.record.version;
            let after = unit.update(id, |data| {
                let mut problems = Violations::default();
                patch.clone().apply(data, &mut problems);
                problems.into_result()
            })?;
            Ok(after.version > before)
        })
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
        self.all("delete_all", Action::Delete, filter, dry_run, |unit, id| match unit.delete(id) {
            Ok(_) => Ok(true),
            // It went with another one.
            Err(Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error),
        })
    }

    fn all(
        &self,
        command: &'static str,
        action: Action,
        filter: &Filter,
        dry_run: bool,
        mut change: impl FnMut(&mut UnitOfWork<'_>, Id<E>) -> Result<bool>,
    ) -> Result<Bulk<E>> {
        let Done { matched, changed, problems, operation } =
            all(self.session(), E::kind(), (command, action), filter, dry_run, &mut |unit, id| {
                change(unit, Id::from_uuid(id))
            })?;
        let problems = problems.into_iter().map(|(id, error)| (Id::from_uuid(id), error)).collect();
        Ok(Bulk { matched, changed, problems, operation })
    }
}

/// [`Bulk`] of a kind that is known only at run time.
#[derive(Default)]
struct Done {
    matched: u64,
    changed: u64,
    problems: Vec<(Uuid, Error)>,
    operation: Option<Operation>,
}

fn all(
    session: &Session,
    kind: Kind,
    (command, action): (&'static str, Action),
    filter: &Filter,
    dry_run: bool,
    change: &mut dyn FnMut(&mut UnitOfWork<'_>, Uuid) -> Result<bool>,
) -> Result<Done> {
    let mut done = Done::default();
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
        Err(_) if taken_back => {}
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
