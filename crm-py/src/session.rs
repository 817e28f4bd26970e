//! Somebody who works with the CRM.

use crate::batch::Batch;
use crate::deals::due_of;
use crate::errors::{OrRaise, invalid};
use crate::journal::{operation, operations};
use crate::ops::patch_of;
use crate::pages::Pages;
use crate::records::{data_of, wrap};
use crate::value::{id, in_python, instant};
use crm_core::chrono::{DateTime, NaiveDate, Utc};
use crm_core::{
    Action, Contact, Conversion, ConversionOpportunity, CustomerStatus, FieldValue, Id, Kind, Opportunity,
    Rules, SavedView, StageChange, Uuid,
};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use std::sync::Arc;

/// Somebody who works with the CRM: a user who logged in, or the embedding program. Works from many threads at once.
///
/// Each kind of records is an attribute: `customers`, `contacts`, `opportunities` and so on.
#[pyclass(module = "crm", frozen, weakref)]
pub(crate) struct Session(pub(crate) Arc<crm_core::Session>);

impl Session {
    pub(crate) fn inner(&self) -> Arc<crm_core::Session> {
        Arc::clone(&self.0)
    }

    fn wrapped<E: Rules>(
        &self,
        py: Python<'_>,
        call: impl FnOnce(&crm_core::Session) -> crm_core::Result<crm_core::Record<E>> + Send,
    ) -> PyResult<Py<PyAny>> {
        let session = &*self.0;
        wrap(py, py.detach(|| call(session)).or_raise()?)
    }
}

/// A choice by its word.
pub(crate) fn choice<T: FieldValue>(field: &str, word: &Bound<'_, PyAny>) -> PyResult<T> {
    let word = crate::value::from_py(word)?;
    T::from_value(word)
        .map_err(|mismatch| invalid(field, "mismatch", format!("expected {}", mismatch.expected)))
}

#[pymethods]
impl Session {
    /// The user; None for the embedding program.
    fn me(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        let me = py.detach(|| self.0.me()).or_raise()?;
        me.map(|user| wrap(py, user)).transpose()
    }

    /// What `Crm.resume` takes to go on with this session elsewhere; None for the embedding program. Keep it secret.
    #[getter]
    fn token(&self) -> Option<&str> {
        self.0.token()
    }

    /// The label of the embedding program; None for a user.
    #[getter]
    fn program(&self) -> Option<String> {
        crate::journal::actor(self.0.actor()).1
    }

    /// Whether the user may do this (view, create, edit, delete, export, purge) with records of a kind.
    fn may(&self, py: Python<'_>, action: &Bound<'_, PyAny>, kind: &Bound<'_, PyAny>) -> PyResult<bool> {
        let (action, kind): (Action, Kind) = (choice("action", action)?, choice("kind", kind)?);
        py.detach(|| self.0.may(action, kind)).or_raise()
    }

    /// The moment that the store's clock tells.
    fn now(&self, py: Python<'_>) -> DateTime<Utc> {
        py.detach(|| self.0.now())
    }

    /// Today in the organisation's zone.
    fn today(&self, py: Python<'_>) -> PyResult<NaiveDate> {
        py.detach(|| self.0.today()).or_raise()
    }

    /// An id for a record that is to be created.
    fn new_id(&self, py: Python<'_>) -> PyResult<Uuid> {
        py.detach(|| self.0.new_id::<crm_core::Customer>()).or_raise().map(Id::uuid)
    }

    /// The organisation's settings.
    fn settings(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.wrapped(py, crm_core::Session::settings)
    }

    /// Changes the organisation's settings.
    ///
    /// Raises:
    ///     DeniedError, InvalidError.
    #[pyo3(signature = (**fields))]
    fn update_settings(&self, py: Python<'_>, fields: Option<&Bound<'_, PyDict>>) -> PyResult<Py<PyAny>> {
        let patch = patch_of(fields)?;
        self.wrapped(py, |session| session.patch_settings(patch))
    }

    /// Records of all kinds that are found by words, the best first, as `Hit` values.
    #[pyo3(signature = (words, *, limit=20))]
    fn search<'py>(&self, py: Python<'py>, words: &str, limit: u32) -> PyResult<Bound<'py, PyTuple>> {
        let hits = py.detach(|| self.0.search(words, limit)).or_raise()?;
        let hits = hits.into_iter().map(|hit| {
            let customer = hit.customer.map(Id::uuid);
            let matched = format!("{:?}", hit.matched).to_lowercase();
            let args = (hit.kind.as_str(), hit.id, hit.title, customer, hit.created_at, matched);
            in_python(py, "values", "Hit", args)
        });
        PyTuple::new(py, hits.collect::<PyResult<Vec<_>>>()?)
    }

    /// What a saved view lists, for whoever looks.
    ///
    /// >>> import crm
    /// >>> s = crm.open(":memory:").system()
    /// >>> _ = s.customers.create(name="Mara Tea", tags=["tea"])
    /// >>> teas = s.customers.list(tags="tea", order_by="name")
    /// >>> view = s.saved_views.create(name="Teas", entity="customer", query=teas.query)
    /// >>> [customer.name for customer in s.list_view(view)]
    /// ['Mara Tea']
    ///
    /// Raises:
    ///     NotFoundError, DeniedError.
    fn list_view(&self, py: Python<'_>, view: &Bound<'_, PyAny>) -> PyResult<Pages> {
        let view = Id::<SavedView>::from_uuid(id(view)?);
        let view = py.detach(|| self.0.saved_views().get(view)).or_raise()?.data;
        Ok(Pages { session: self.inner(), kind: view.entity, query: view.query, trash: false })
    }

    // ---- commands ----------------------------------------------------------------------------------------------

    /// Makes a customer of a lead, once: a second call gives the first result.
    ///
    /// Args:
    ///     lead: the customer.
    ///     status: `"prospect"` or `"active"`.
    ///     opportunity: a dict with the fields of a new one, or one that the customer has.
    ///     contact: a dict with the fields of a new one.
    ///
    /// Returns:
    ///     A `Converted` with the customer, the opportunity, the contact and the operation's id.
    ///
    /// Raises:
    ///     NotFoundError, DeniedError, InvalidError.
    ///     RefusedError: `not_a_lead`.
    #[pyo3(signature = (lead, *, status=None, opportunity=None, contact=None))]
    fn convert_lead(
        &self,
        py: Python<'_>,
        lead: &Bound<'_, PyAny>,
        status: Option<&Bound<'_, PyAny>>,
        opportunity: Option<&Bound<'_, PyAny>>,
        contact: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        let conversion = conversion(status, opportunity, contact)?;
        let lead = Id::from_uuid(id(lead)?);
        let done = py.detach(|| self.0.convert_lead(lead, conversion)).or_raise()?;
        let customer = wrap(py, done.customer)?;
        let opportunity = done.opportunity.map(|deal| wrap(py, deal)).transpose()?;
        let contact = done.contact.map(|contact| wrap(py, contact)).transpose()?;
        let args = (customer, opportunity, contact, done.operation);
        in_python(py, "values", "Converted", args)
    }

    /// Moves an opportunity to another stage of its pipeline, by the stage's key.
    ///
    /// Raises:
    ///     NotFoundError, DeniedError, InvalidError.
    #[pyo3(signature = (opportunity, stage, *, closed_on=None, lost_reason=None))]
    fn move_stage(
        &self,
        py: Python<'_>,
        opportunity: &Bound<'_, PyAny>,
        stage: &str,
        closed_on: Option<NaiveDate>,
        lost_reason: Option<String>,
    ) -> PyResult<Py<PyAny>> {
        let deal = Id::<Opportunity>::from_uuid(id(opportunity)?);
        self.wrapped(py, |session| session.move_stage(deal, stage, StageChange { closed_on, lost_reason }))
    }

    /// Completes a reminder, or the occurrence of a repeating one that was due then: pass the `due` that the user saw.
    ///
    /// Raises:
    ///     NotFoundError, DeniedError, RefusedError.
    fn complete_reminder(
        &self,
        py: Python<'_>,
        reminder: &Bound<'_, PyAny>,
        due: &Bound<'_, PyAny>,
    ) -> PyResult<Py<PyAny>> {
        let due = due_of(due)?;
        let reminder = Id::from_uuid(id(reminder)?);
        self.wrapped(py, |session| session.complete_reminder(reminder, &due))
    }

    /// Reminds again at that moment.
    ///
    /// Raises:
    ///     NotFoundError, DeniedError, RefusedError.
    fn snooze_reminder(
        &self,
        py: Python<'_>,
        reminder: &Bound<'_, PyAny>,
        until: &Bound<'_, PyAny>,
    ) -> PyResult<Py<PyAny>> {
        let (reminder, until) = (Id::from_uuid(id(reminder)?), instant(until)?);
        self.wrapped(py, |session| session.snooze_reminder(reminder, until))
    }

    /// Cancels a reminder.
    ///
    /// Raises:
    ///     NotFoundError, DeniedError, RefusedError.
    fn cancel_reminder(&self, py: Python<'_>, reminder: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let reminder = Id::from_uuid(id(reminder)?);
        self.wrapped(py, |session| session.cancel_reminder(reminder))
    }

    /// Gives a reminder to another user.
    ///
    /// Raises:
    ///     NotFoundError, DeniedError, InvalidError.
    fn reassign_reminder(
        &self,
        py: Python<'_>,
        reminder: &Bound<'_, PyAny>,
        assignee: &Bound<'_, PyAny>,
    ) -> PyResult<Py<PyAny>> {
        let (reminder, assignee) = (Id::from_uuid(id(reminder)?), Id::from_uuid(id(assignee)?));
        self.wrapped(py, |session| session.reassign_reminder(reminder, assignee))
    }

    /// Collects writes and runs them at the end of the `with` block as one operation: all or none.
    ///
    /// >>> import crm
    /// >>> s = crm.open(":memory:").system()
    /// >>> with s.batch() as batch:
    /// ...     tea = batch.customers.create(name="Mara Tea")
    /// ...     _ = batch.contacts.create(customer=tea, given_name="Amina")
    /// >>> s.customers.get(tea).name
    /// 'Mara Tea'
    fn batch(&self) -> Batch {
        Batch::new(self.inner())
    }

    // ---- the journal -------------------------------------------------------------------------------------------

    /// Takes an operation back, whole; that is an operation too.
    ///
    /// Raises:
    ///     NotFoundError, DeniedError, GoneError.
    ///     RefusedError: `changed_since`: something of it was changed since.
    fn undo(&self, py: Python<'_>, operation_id: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let undone = id(operation_id)?;
        operation(py, py.detach(|| self.0.undo(undone)).or_raise()?)
    }

    /// What was done after that place in the journal, the oldest first.
    ///
    /// Raises:
    ///     DeniedError: the role does not read the journal.
    #[pyo3(signature = (*, after=0, limit=100))]
    fn operations<'py>(&self, py: Python<'py>, after: u64, limit: usize) -> PyResult<Bound<'py, PyTuple>> {
        operations(py, py.detach(|| self.0.operations(after, limit)).or_raise()?)
    }

    /// What was done last, the newest first; before a place in the journal when one is given.
    ///
    /// Raises:
    ///     DeniedError: the role does not read the journal.
    #[pyo3(signature = (*, before=None, limit=100))]
    fn latest_operations<'py>(
        &self,
        py: Python<'py>,
        before: Option<u64>,
        limit: usize,
    ) -> PyResult<Bound<'py, PyTuple>> {
        operations(py, py.detach(|| self.0.latest_operations(before, limit)).or_raise()?)
    }

    /// What this user did last: what `undo` would most likely take, also when that was an undo, which is taken back then; None
    /// when there is nothing.
    fn last_operation(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        let last = py.detach(|| self.0.last_operation()).or_raise()?;
        last.map(|last| operation(py, last)).transpose()
    }

    /// A session that shows everything as it was then, and writes nothing.
    fn as_of(&self, at: &Bound<'_, PyAny>) -> PyResult<Session> {
        Ok(Session(Arc::new(self.0.as_of(instant(at)?))))
    }

    // ---- log-in ------------------------------------------------------------------------------------------------

    /// Gives a user a password and ends his sessions.
    ///
    /// Raises:
    ///     DeniedError, NotFoundError, InvalidError.
    fn set_password(&self, py: Python<'_>, user: &Bound<'_, PyAny>, password: &str) -> PyResult<()> {
        let user = Id::from_uuid(id(user)?);
        py.detach(|| self.0.set_password(user, password)).or_raise()
    }

    /// Changes the user's own password.
    ///
    /// Raises:
    ///     BadCredentialsError: the current one is another.
    fn change_password(&self, py: Python<'_>, current: &str, new: &str) -> PyResult<()> {
        py.detach(|| self.0.change_password(current, new)).or_raise()
    }

    /// Ends all sessions of a user.
    ///
    /// Raises:
    ///     DeniedError, NotFoundError.
    fn revoke_sessions(&self, py: Python<'_>, user: &Bound<'_, PyAny>) -> PyResult<()> {
        let user = Id::from_uuid(id(user)?);
        py.detach(|| self.0.revoke_sessions(user)).or_raise()
    }

    /// Ends this session.
    fn logout(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| self.0.logout()).or_raise()
    }

    fn __repr__(&self) -> String {
        format!("<session of {:?}>", self.0.actor())
    }
}

/// What becomes of a lead.
pub(crate) fn conversion(
    status: Option<&Bound<'_, PyAny>>,
    opportunity: Option<&Bound<'_, PyAny>>,
    contact: Option<&Bound<'_, PyDict>>,
) -> PyResult<Conversion> {
    let opportunity = match opportunity.filter(|given| !given.is_none()) {
        None => ConversionOpportunity::None,
        Some(given) => match given.cast::<PyDict>() {
            Ok(fields) => {
                ConversionOpportunity::New(Box::new(data_of(Opportunity::default(), Some(fields))?.0))
            }
            Err(_) => ConversionOpportunity::Existing(Id::from_uuid(id(given)?)),
        },
    };
    let contact =
        contact.map(|fields| Ok::<_, PyErr>(data_of(Contact::default(), Some(fields))?.0)).transpose()?;
    let status = match status.filter(|status| !status.is_none()) {
        Some(status) => choice("status", status)?,
        None => CustomerStatus::Prospect,
    };
    Ok(Conversion { status, opportunity, contact })
}
