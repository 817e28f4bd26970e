//! Operations of the journal as values of Python.

use crate::value::{in_python, to_py};
use crm_core::{Id, Operation, Uuid, Value};
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use std::collections::BTreeMap;

/// A deletion as `crm.Deletion`.
pub(crate) fn deletion(py: Python<'_>, deletion: &crm_core::Deletion) -> PyResult<Py<PyAny>> {
    in_python(py, "values", "Deletion", (deletion.id, deletion.at, deletion.by.map(Id::uuid)))
}

/// The user or the program that did something.
pub(crate) fn actor(actor: crm_core::Actor) -> (Option<Uuid>, Option<String>) {
    match actor {
        crm_core::Actor::User(user) => (Some(user.uuid()), None),
        crm_core::Actor::System(label) => (None, Some(label.to_string())),
    }
}

/// An operation as `crm.Operation`.
pub(crate) fn operation(py: Python<'_>, operation: Operation) -> PyResult<Py<PyAny>> {
    let values = |values: crm_core::FieldValues| {
        let values =
            values.into_iter().map(|(name, value)| (name.into_owned(), value)).collect::<BTreeMap<_, _>>();
        to_py(py, Value::Map(values))
    };
    let changes = operation.changes.into_iter().map(|change| {
        let (before, after) = (values(change.before)?, values(change.after)?);
        let (kind, what) = (change.kind.as_str(), change.change.as_str());
        let args = (kind, change.id, what, change.version, change.customer, before, after, change.erased);
        in_python(py, "values", "Change", args)
    });
    let changes = changes.collect::<PyResult<Vec<_>>>()?;
    let (user, program) = actor(operation.actor);
    let args = (
        operation.seq,
        operation.id,
        operation.at,
        user,
        program,
        operation.command.into_owned(),
        operation.undoes,
        operation.import.map(|part| part.import),
        PyTuple::new(py, changes)?,
    );
    in_python(py, "values", "Operation", args)
}

/// Operations as a tuple.
pub(crate) fn operations<'py>(py: Python<'py>, all: Vec<Operation>) -> PyResult<Bound<'py, PyTuple>> {
    let all = all.into_iter().map(|one| operation(py, one)).collect::<PyResult<Vec<_>>>()?;
    PyTuple::new(py, all)
}
