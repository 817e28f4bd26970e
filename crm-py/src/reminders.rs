//! Telling people of what is due: what an embedding program runs.

use crate::crm::Crm;
use crate::errors::OrRaise;
use crate::records::wrap;
use crate::session::Session;
use crate::stop;
use crate::value::{id, in_python, instant};
use crm_core::chrono::{DateTime, TimeDelta, Utc};
use crm_core::{DueReminder, Id, Notifier, Uuid};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

/// A reminder of one occurrence on its way to somebody.
#[pyclass(module = "crm", frozen)]
pub(crate) struct Delivery(crm_core::Delivery);

#[pymethods]
impl Delivery {
    /// The reminder.
    #[getter]
    fn reminder(&self) -> Uuid {
        self.0.reminder.uuid()
    }
    /// The occurrence by its name: its day, or its day and time with the zone, and until when it was snoozed.
    #[getter]
    fn occurrence(&self) -> &str {
        &self.0.occurrence
    }
    /// How many minutes before it is due.
    #[getter]
    fn offset(&self) -> u32 {
        self.0.offset
    }
    /// When somebody is to be told.
    #[getter]
    fn fire_at(&self) -> DateTime<Utc> {
        self.0.fire_at
    }
    /// When it is tried next.
    #[getter]
    fn try_at(&self) -> DateTime<Utc> {
        self.0.try_at
    }
    /// How many tries were in vain.
    #[getter]
    fn failures(&self) -> u32 {
        self.0.failures
    }
    /// Who tries it.
    #[getter]
    fn worker(&self) -> Option<&str> {
        self.0.worker.as_deref()
    }
    /// When somebody was told.
    #[getter]
    fn delivered_at(&self) -> Option<DateTime<Utc>> {
        self.0.delivered_at
    }
    /// What went wrong the last time.
    #[getter]
    fn problem(&self) -> Option<&str> {
        self.0.problem.as_deref()
    }
    fn __repr__(&self) -> String {
        format!("<delivery of {} at {}, {} failures>", self.0.reminder, self.0.fire_at, self.0.failures)
    }
}

fn due(py: Python<'_>, due: DueReminder) -> PyResult<Py<PyAny>> {
    let assignee = due.assignee.map(|user| wrap(py, user)).transpose()?;
    let (reminder, customer) = (wrap(py, due.reminder)?, wrap(py, due.customer)?);
    let delivery = Py::new(py, Delivery(due.delivery))?;
    in_python(py, "values", "DueReminder", (reminder, customer, assignee, delivery))
}

/// A callable that tells somebody; what it raises is noted with the delivery.
struct Callable<'a>(&'a Py<PyAny>);

impl Notifier for Callable<'_> {
    fn notify(&self, reminder: &DueReminder) -> Result<(), String> {
        Python::attach(|py| {
            let told = due(py, reminder.clone()).and_then(|reminder| self.0.call1(py, (reminder,)));
            told.map(drop).map_err(|error| {
                let said = error.to_string();
                drop(stop::harmless(py, error));
                said
            })
        })
    }
}

#[pymethods]
impl Crm {
    /// Takes reminders that are due, for a worker who has to say until the end of the lease what became of each:
    /// `acknowledge` or `give_back`. What he does not say goes to the next who asks.
    ///
    /// Args:
    ///     worker: the worker's name.
    ///     now: the moment, the store's clock's unless one is given.
    ///     lease_minutes: how long he has.
    ///     limit: how many at most.
    ///
    /// Returns:
    ///     A tuple of `DueReminder`.
    #[pyo3(signature = (worker, *, now=None, lease_minutes=5, limit=100))]
    fn claim_due<'py>(
        &self,
        py: Python<'py>,
        worker: &str,
        now: Option<&Bound<'py, PyAny>>,
        lease_minutes: u32,
        limit: usize,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let now = self.moment(now)?;
        let lease = TimeDelta::minutes(lease_minutes.into());
        let claimed = py.detach(|| self.crm.claim_due(now, worker, lease, limit)).or_raise()?;
        let claimed = claimed.into_iter().map(|reminder| due(py, reminder));
        PyTuple::new(py, claimed.collect::<PyResult<Vec<_>>>()?)
    }

    /// Somebody was told.
    ///
    /// Raises:
    ///     RefusedError: the lease has ended, or it is another worker's.
    #[pyo3(signature = (delivery, *, now=None))]
    fn acknowledge(
        &self,
        py: Python<'_>,
        delivery: &Delivery,
        now: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let now = self.moment(now)?;
        py.detach(|| self.crm.acknowledge(&delivery.0, now)).or_raise()
    }

    /// Nobody could be told: it is tried again later, ever less often.
    ///
    /// Raises:
    ///     RefusedError: the lease has ended, or it is another worker's.
    #[pyo3(signature = (delivery, problem, *, now=None))]
    fn give_back(
        &self,
        py: Python<'_>,
        delivery: &Delivery,
        problem: &str,
        now: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let now = self.moment(now)?;
        py.detach(|| self.crm.give_back(&delivery.0, now, problem)).or_raise()
    }

    /// Tells of everything that is due, by calling the notifier with a `DueReminder` for each. One that raises is tried
    /// again later.
    ///
    /// Returns:
    ///     A `Dispatched` with how many were told and how many failed.
    #[pyo3(signature = (notifier, *, now=None))]
    fn dispatch_due(
        &self,
        py: Python<'_>,
        notifier: Py<PyAny>,
        now: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let now = self.moment(now)?;
        let done = py.detach(|| self.crm.dispatch_due(now, &Callable(&notifier))).or_raise()?;
        in_python(py, "values", "Dispatched", (done.told, done.failed))
    }
}

impl Crm {
    fn moment(&self, given: Option<&Bound<'_, PyAny>>) -> PyResult<DateTime<Utc>> {
        match given {
            Some(given) => instant(given),
            None => Ok(self.crm.options().clock.now()),
        }
    }
}

#[pymethods]
impl Session {
    /// What became of a reminder's occurrences: a tuple of `Delivery`.
    ///
    /// Raises:
    ///     NotFoundError.
    fn deliveries<'py>(
        &self,
        py: Python<'py>,
        reminder: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let reminder = Id::from_uuid(id(reminder)?);
        let all = py.detach(|| self.0.deliveries(reminder)).or_raise()?;
        let all = all.into_iter().map(|delivery| Py::new(py, Delivery(delivery)));
        PyTuple::new(py, all.collect::<PyResult<Vec<_>>>()?)
    }
}
