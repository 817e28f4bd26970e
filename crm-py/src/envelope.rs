//! What the library keeps of every record beside its data.

use crate::value::{id, instant};
use crm_core::{Envelope, Id, User, Value};
use pyo3::prelude::*;

/// The names of what it holds.
pub(crate) const ENVELOPE: [&str; 6] =
    ["id", "version", "created_at", "created_by", "updated_at", "updated_by"];

/// Values of it, by name.
pub(crate) type Named<'py> = Vec<(String, Bound<'py, PyAny>)>;

/// The same with some of it given otherwise.
pub(crate) fn with(mut envelope: Envelope, given: Named<'_>) -> PyResult<Envelope> {
    for (name, value) in given {
        let user = |value: &Bound<'_, PyAny>| match value.is_none() {
            true => Ok(None),
            false => id(value).map(|id| Some(Id::from_uuid(id))),
        };
        match name.as_str() {
            "id" => envelope.id = id(&value)?,
            "version" => envelope.version = value.extract()?,
            "created_at" => envelope.created_at = instant(&value)?,
            "created_by" => envelope.created_by = user(&value)?,
            "updated_at" => envelope.updated_at = instant(&value)?,
            _ => envelope.updated_by = user(&value)?,
        }
    }
    Ok(envelope)
}

/// Its values, in the order of [`ENVELOPE`].
pub(crate) fn values(envelope: &Envelope) -> [Value; 6] {
    let user = |user: Option<Id<User>>| user.map_or(Value::Null, |user| Value::Id(user.uuid()));
    [
        Value::Id(envelope.id),
        Value::Int(i64::try_from(envelope.version).unwrap_or(i64::MAX)),
        Value::Instant(envelope.created_at),
        user(envelope.created_by),
        Value::Instant(envelope.updated_at),
        user(envelope.updated_by),
    ]
}
