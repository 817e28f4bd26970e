//! The core's errors as the exceptions of `crm.errors`.

use crate::stop;
use crate::value::{in_python, to_py};
use crm_core::{Error, Value};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;

/// Gives a result of the core as one of Python.
pub(crate) trait OrRaise<T> {
    fn or_raise(self) -> PyResult<T>;
}

impl<T> OrRaise<T> for crm_core::Result<T> {
    fn or_raise(self) -> PyResult<T> {
        // What ended the call, or came up meanwhile, is more than what it says of it.
        if let Some(raised) = stop::raised() {
            return Err(raised);
        }
        self.map_err(|error| Python::attach(|py| raised(py, &error)))
    }
}

/// The exception for an error: the class of its code, with its fields as attributes.
pub(crate) fn raised(py: Python<'_>, error: &Error) -> PyErr {
    exception(py, error).unwrap_or_else(|failure| failure)
}

fn exception(py: Python<'_>, error: &Error) -> PyResult<PyErr> {
    static OF_CODE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let of_code = OF_CODE.get_or_try_init(py, || {
        Ok::<_, PyErr>(py.import("crm.errors")?.getattr("error_of_code")?.unbind())
    })?;
    let fields = PyDict::new(py);
    for (name, value) in error.fields() {
        let value = match value {
            Value::List(list) if name == "violations" => {
                in_python(py, "values", "violations", (to_py(py, Value::List(list))?,))?
            }
            value => to_py(py, value)?,
        };
        fields.set_item(name, value)?;
    }
    let made = of_code.call1(py, (error.code(), error.to_string(), fields))?;
    Ok(PyErr::from_value(made.into_bound(py)))
}

/// `invalid` for one field.
pub(crate) fn invalid(field: &str, rule: &'static str, reason: impl Into<String>) -> PyErr {
    Python::attach(|py| raised(py, &Error::invalid(field, rule, reason)))
}

/// What cannot happen unless the package is put together wrongly.
pub(crate) fn broken(what: &str) -> PyErr {
    PyRuntimeError::new_err(format!("the package crm is damaged: {what}; install it anew"))
}
