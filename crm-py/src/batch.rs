//! Several writes as one operation.

use crate::errors::OrRaise;
use crate::journal::operation;
use crate::ops::patch_of;
use crate::records::made_under;
use crate::session::conversion;
use crate::value::id;
use crm_core::{AnyBatch, Id, Kind, Session, Uuid};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::{PyDict, PyType};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a batch will do.
type Step = Box<dyn FnOnce(&mut crm_core::Batch<'_>) + Send>;

/// Collects writes, and runs them at the end of the `with` block as one operation: all or none. When the block raises,
/// nothing is written. Each kind of records is an attribute, as of a session.
#[pyclass(module = "crm", frozen)]
pub(crate) struct Batch {
    session: Arc<Session>,
    state: Mutex<State>,
}

/// How far it is.
#[derive(Default)]
struct State {
    steps: Vec<Step>,
    has_run: bool,
    operation: Option<Py<PyAny>>,
}

impl Batch {
    pub(crate) fn new(session: Arc<Session>) -> Self {
        Batch { session, state: Mutex::default() }
    }

    fn state(&self, py: Python<'_>) -> MutexGuard<'_, State> {
        self.state.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner)
    }

    /// The state of one that has not run yet.
    fn open(&self, py: Python<'_>) -> PyResult<MutexGuard<'_, State>> {
        let state = self.state(py);
        match state.has_run {
            false => Ok(state),
            true => Err(PyRuntimeError::new_err("the batch has run: begin another one")),
        }
    }

    fn add(&self, py: Python<'_>, step: Step) -> PyResult<()> {
        self.open(py)?.steps.push(step);
        Ok(())
    }
}

#[pymethods]
impl Batch {
    /// Makes a customer of a lead; arguments as of `Session.convert_lead`.
    #[pyo3(signature = (lead, *, status=None, opportunity=None, contact=None))]
    fn convert_lead(
        &self,
        py: Python<'_>,
        lead: &Bound<'_, PyAny>,
        status: Option<&Bound<'_, PyAny>>,
        opportunity: Option<&Bound<'_, PyAny>>,
        contact: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<()> {
        let conversion = conversion(status, opportunity, contact)?;
        let lead = Id::from_uuid(id(lead)?);
        self.add(py, Box::new(move |batch| batch.convert_lead(lead, conversion)))
    }

    /// Runs what was collected, now; the end of the `with` block does it too.
    ///
    /// Raises:
    ///     What the steps would raise one by one; nothing was written then.
    fn run(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let steps = {
            let mut state = self.open(py)?;
            state.has_run = true;
            std::mem::take(&mut state.steps)
        };
        let session = &*self.session;
        let done = py.detach(move || {
            let mut batch = session.batch();
            steps.into_iter().for_each(|step| step(&mut batch));
            batch.run()
        });
        let done = operation(py, done.or_raise()?)?;
        self.state(py).operation = Some(done.clone_ref(py));
        Ok(done)
    }

    /// What was written, once it has run; None before.
    #[getter]
    fn operation(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.state(py).operation.as_ref().map(|operation| operation.clone_ref(py))
    }

    /// How many steps were collected.
    fn __len__(&self, py: Python<'_>) -> usize {
        self.state(py).steps.len()
    }

    /// An empty one is still a batch.
    fn __bool__(&self) -> bool {
        true
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (raised=None, _value=None, _traceback=None, /))]
    fn __exit__(
        &self,
        py: Python<'_>,
        raised: Option<&Bound<'_, PyType>>,
        _value: Option<&Bound<'_, PyAny>>,
        _traceback: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let runs = {
            let mut state = self.state(py);
            if raised.is_some() {
                state.steps.clear();
            }
            !state.has_run && !state.steps.is_empty()
        };
        if runs { self.run(py).map(drop) } else { Ok(()) }
    }
}

/// The records of one kind, as a batch writes them.
#[pyclass(module = "crm", frozen)]
pub(crate) struct BatchCollection {
    pub(crate) batch: Py<Batch>,
    pub(crate) kind: Kind,
}

#[pymethods]
impl BatchCollection {
    /// Will create a record. Gives the id that it will have.
    #[pyo3(signature = (**fields))]
    fn create(&self, py: Python<'_>, fields: Option<&Bound<'_, PyDict>>) -> PyResult<Uuid> {
        let given = fields.map(|fields| fields.get_item("id")).transpose()?.flatten();
        let batch = self.batch.get();
        let made = match given {
            Some(given) => id(&given)?,
            None => py.detach(|| batch.session.new_id::<crm_core::Customer>()).or_raise()?.uuid(),
        };
        let (kind, record) = (self.kind, made_under(self.kind, made, fields)?);
        batch.add(py, Box::new(move |batch| AnyBatch::new(batch, kind).create(record)))?;
        Ok(made)
    }

    /// Will change fields of a record; None empties one.
    #[pyo3(signature = (id, /, **fields))]
    fn update(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        fields: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<()> {
        let (kind, id, patch) = (self.kind, crate::value::id(id)?, patch_of(fields)?);
        self.batch.get().add(py, Box::new(move |batch| AnyBatch::new(batch, kind).patch(id, patch)))
    }

    /// Will put a record into the trash.
    fn delete(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<()> {
        let (kind, id) = (self.kind, crate::value::id(id)?);
        self.batch.get().add(py, Box::new(move |batch| AnyBatch::new(batch, kind).delete(id)))
    }

    /// Will take a record out of the trash.
    fn restore(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<()> {
        let (kind, id) = (self.kind, crate::value::id(id)?);
        self.batch.get().add(py, Box::new(move |batch| AnyBatch::new(batch, kind).restore(id)))
    }
}
