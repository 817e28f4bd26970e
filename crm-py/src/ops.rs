//! What can be done with records of a kind that is known only at run time.

use crate::errors::{OrRaise, invalid};
use crate::records::{made_under, record_in, wrap, wrap_any};
use crate::value::{core_name, id, value_of};
use crm_core::{AnyCollection, Kind, Patch, Session, Uuid};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

/// Creates a record; under its id when one is given.
pub(crate) fn create(
    py: Python<'_>,
    records: AnyCollection<'_>,
    kind: Kind,
    fields: Option<&Bound<'_, PyDict>>,
) -> PyResult<Py<PyAny>> {
    let given = fields.map(|fields| fields.get_item("id")).transpose()?.flatten();
    let record = match given {
        Some(given) => {
            let record = made_under(kind, id(&given)?, fields)?;
            py.detach(|| records.create(&record))
        }
        None => {
            let patch = patch_of(fields)?;
            py.detach(|| records.create_from(patch))
        }
    };
    wrap_any(py, record.or_raise()?)
}

/// The record with this id, or that people call so.
pub(crate) fn get(
    py: Python<'_>,
    session: &Session,
    kind: Kind,
    key: &Bound<'_, PyAny>,
) -> PyResult<Py<PyAny>> {
    // A text that is no id is what people call the record.
    if let Ok(text) = key.cast::<PyString>() {
        let text = text.to_cow()?;
        if text.parse::<Uuid>().is_err() {
            return by_name(py, session, kind, &text);
        }
    }
    let id = id(key)?;
    wrap_any(py, py.detach(|| AnyCollection::new(session, kind).get(id)).or_raise()?)
}

/// Writes a whole record back.
pub(crate) fn replace(
    py: Python<'_>,
    records: AnyCollection<'_>,
    kind: Kind,
    record: &Bound<'_, PyAny>,
) -> PyResult<Py<PyAny>> {
    let record = record_in(kind, record)?;
    wrap_any(py, py.detach(|| records.replace(record)).or_raise()?)
}

/// What people call a record: a customer by its code, a user by his name, a role by its key.
fn by_name(py: Python<'_>, session: &Session, kind: Kind, name: &str) -> PyResult<Py<PyAny>> {
    match kind {
        Kind::Customer => wrap(py, py.detach(|| session.customers().by_code(name)).or_raise()?),
        Kind::User => wrap(py, py.detach(|| session.users().by_username(name)).or_raise()?),
        Kind::Role => wrap(py, py.detach(|| session.roles().by_key(name)).or_raise()?),
        _ => Err(invalid("id", "syntax", format!("{name:?} is no UUID"))),
    }
}

/// The fields of a call as a patch.
pub(crate) fn patch_of(fields: Option<&Bound<'_, PyDict>>) -> PyResult<Patch> {
    let fields = fields.into_iter().flat_map(|fields| fields.iter());
    let field = |(name, value): (Bound<'_, PyAny>, Bound<'_, PyAny>)| {
        let name = name.extract::<String>()?;
        let value = value_of(&name, &value)?;
        Ok((core_name(&name).to_owned(), value))
    };
    fields.map(field).collect()
}
