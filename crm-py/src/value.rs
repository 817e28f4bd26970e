//! The core's neutral value as Python's natural types, and back.

use crate::errors::{broken, invalid};
use crate::money::Money;
use crm_core::chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use crm_core::{Decimal, Uuid, Value, truncate};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{
    PyBool, PyDate, PyDateTime, PyDict, PyFloat, PyFrozenSet, PyInt, PyIterator, PyList, PyMapping, PySet,
    PyString, PyTime, PyTuple, PyTzInfo,
};
use std::collections::BTreeMap;

/// What is written in Python: `crm.MODULE.NAME(*args)`.
pub(crate) fn in_python<'py>(
    py: Python<'py>,
    module: &str,
    name: &str,
    args: impl pyo3::call::PyCallArgs<'py>,
) -> PyResult<Py<PyAny>> {
    Ok(py.import(format!("crm.{module}"))?.getattr(name)?.call1(args)?.unbind())
}

/// What has a JSON form as dicts, lists and plain values, to be read and changed.
pub(crate) fn in_json(py: Python<'_>, value: &impl serde::Serialize) -> PyResult<Py<PyAny>> {
    let json = serde_json::to_string(value).map_err(|error| broken(&error.to_string()))?;
    Ok(py.import("json")?.call_method1("loads", (json,))?.unbind())
}

/// What has a JSON form, from its text or from dicts and lists.
pub(crate) fn from_json<T: serde::de::DeserializeOwned>(name: &str, given: &Bound<'_, PyAny>) -> PyResult<T> {
    let json: String = match given.cast::<PyString>() {
        Ok(text) => text.to_cow()?.into_owned(),
        Err(_) => {
            // A view of a dict is no dict to `json`.
            let options = PyDict::new(given.py());
            options.set_item("default", given.py().get_type::<PyDict>())?;
            given.py().import("json")?.call_method("dumps", (given,), Some(&options))?.extract()?
        }
    };
    serde_json::from_str(&json).map_err(|error| invalid(name, "syntax", error.to_string()))
}

/// A value as Python's own type. Lists become tuples.
pub(crate) fn to_py(py: Python<'_>, value: Value) -> PyResult<Py<PyAny>> {
    Ok(match value {
        Value::Null => py.None(),
        Value::Bool(yes) => PyBool::new(py, yes).to_owned().into_any().unbind(),
        Value::Int(number) => number.into_pyobject(py)?.into_any().unbind(),
        Value::Decimal(number) => number.into_pyobject(py)?.into_any().unbind(),
        Value::Text(text) => text.into_pyobject(py)?.into_any().unbind(),
        Value::Instant(at) => at.into_pyobject(py)?.into_any().unbind(),
        Value::Date(date) => date.into_pyobject(py)?.into_any().unbind(),
        Value::Id(id) => id.into_pyobject(py)?.into_any().unbind(),
        Value::Money(money) => Py::new(py, Money(money))?.into_any(),
        Value::List(list) => {
            let items = list.into_iter().map(|item| to_py(py, item)).collect::<PyResult<Vec<_>>>()?;
            PyTuple::new(py, items)?.into_any().unbind()
        }
        Value::Map(map) => {
            let dict = PyDict::new(py);
            for (name, value) in map {
                dict.set_item(name, to_py(py, value)?)?;
            }
            dict.into_any().unbind()
        }
    })
}

/// What Python gives as a value. Binary floats are refused: an amount that went through one is not exact any more.
pub(crate) fn from_py(given: &Bound<'_, PyAny>) -> PyResult<Value> {
    if given.is_none() {
        return Ok(Value::Null);
    }
    if let Ok(text) = given.cast::<PyString>() {
        // A choice is a text whose value is the word.
        return Ok(Value::Text(match given.getattr_opt("value")? {
            Some(word) => word.extract()?,
            None => text.to_cow()?.into_owned(),
        }));
    }
    if given.is_instance_of::<PyBool>() {
        return Ok(Value::Bool(given.extract()?));
    }
    if given.is_instance_of::<PyInt>() {
        return given.extract().map(Value::Int);
    }
    if given.is_instance_of::<PyFloat>() {
        let reason = "a float is not exact: give a decimal.Decimal, an int or a str";
        return Err(PyTypeError::new_err(reason));
    }
    if given.is_instance_of::<PyDateTime>() {
        return instant(given).map(Value::Instant);
    }
    if given.is_instance_of::<PyDate>() {
        return given.extract::<NaiveDate>().map(Value::Date);
    }
    if given.is_instance_of::<PyTime>() {
        return Ok(Value::Text(given.extract::<NaiveTime>()?.format("%H:%M:%S%.f").to_string()));
    }
    if let Ok(money) = given.cast::<Money>() {
        return Ok(Value::Money(money.get().0));
    }
    if given.is_instance_of::<PyList>()
        || given.is_instance_of::<PyTuple>()
        || given.is_instance_of::<PySet>()
        || given.is_instance_of::<PyFrozenSet>()
        || given.is_instance_of::<PyIterator>()
    {
        let items = given.try_iter()?.map(|item| from_py(&item?)).collect::<PyResult<Vec<_>>>()?;
        return Ok(Value::List(items));
    }
    if let Ok(dict) = given.cast::<PyDict>() {
        return map(dict.as_mapping());
    }
    // Values and records of this package say what they are: a record stands for its id.
    if let Some(said) = given.getattr_opt("__crm_value__")? {
        return from_py(&said.call0()?);
    }
    if let Ok(id) = given.extract::<Uuid>() {
        return Ok(Value::Id(id));
    }
    if is_decimal(given)? {
        return given.extract::<Decimal>().map(Value::Decimal);
    }
    // Last, because it runs Python for what is no dict.
    if let Ok(mapping) = given.cast::<PyMapping>() {
        return map(mapping);
    }
    let name = given.get_type().name()?;
    Err(PyTypeError::new_err(format!("the library has no use for a {name}")))
}

/// The name of a field as Python writes it: `from_`, because `from` is a word of the language.
pub(crate) fn python_name(field: &'static str) -> &'static str {
    if field == "from" { "from_" } else { field }
}

/// The name of a field as the core knows it.
pub(crate) fn core_name(name: &str) -> &str {
    if name == "from_" { "from" } else { name }
}

/// The value of a field. Of an e-mail address or a phone number the text alone will do.
pub(crate) fn value_of(field: &str, given: &Bound<'_, PyAny>) -> PyResult<Value> {
    let part = match field {
        "emails" => "address",
        "phones" => "number",
        _ => return from_py(given),
    };
    Ok(match from_py(given)? {
        Value::List(items) => {
            let whole = |item| match item {
                Value::Text(_) => Value::Map(BTreeMap::from([(part.to_owned(), item)])),
                item => item,
            };
            Value::List(items.into_iter().map(whole).collect())
        }
        value => value,
    })
}

fn is_decimal(given: &Bound<'_, PyAny>) -> PyResult<bool> {
    static DECIMAL: PyOnceLock<Py<pyo3::types::PyType>> = PyOnceLock::new();
    given.is_instance(DECIMAL.import(given.py(), "decimal", "Decimal")?)
}

/// Values by name.
pub(crate) fn map(mapping: &Bound<'_, PyMapping>) -> PyResult<Value> {
    let mut values = BTreeMap::new();
    for item in mapping.items()?.iter() {
        let (name, value): (String, Bound<'_, PyAny>) = item.extract()?;
        values.insert(name, from_py(&value)?);
    }
    Ok(Value::Map(values))
}

/// A moment of any zone; one without a zone is refused, because nobody can say which it is.
pub(crate) fn instant(given: &Bound<'_, PyAny>) -> PyResult<DateTime<Utc>> {
    let at = given.cast::<PyDateTime>()?;
    if at.call_method0("utcoffset")?.is_none() {
        let reason = "a datetime needs a zone: datetime(…, tzinfo=timezone.utc) or zoneinfo.ZoneInfo(…)";
        return Err(PyValueError::new_err(reason));
    }
    let utc = at.call_method1("astimezone", (PyTzInfo::utc(given.py())?,))?;
    Ok(truncate(utc.extract()?))
}

/// An id, as itself, as text or as the record that has it.
pub(crate) fn id(given: &Bound<'_, PyAny>) -> PyResult<Uuid> {
    match from_py(given)? {
        Value::Id(id) => Ok(id),
        Value::Text(text) => {
            text.parse().map_err(|_| crate::errors::invalid("id", "syntax", "an id is a UUID"))
        }
        _ => Err(PyTypeError::new_err("an id is a uuid.UUID, its text or the record that has it")),
    }
}
