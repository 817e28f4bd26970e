//! What the library keeps of every record beside its data.

use crate::value::{id, instant};
use crm_core::chrono::{DateTime, Utc};
use crm_core::{Entity, Id, Record, User, Uuid, Value};
use pyo3::prelude::*;

/// The names of what it holds.
pub(crate) const ENVELOPE: [&str; 6] =
    ["id", "version", "created_at", "created_by", "updated_at", "updated_by"];

/// Values of it, by name.
pub(crate) type Named<'py> = Vec<(String, Bound<'py, PyAny>)>;

/// What the library keeps of every record.
pub(crate) struct Envelope {
    id: Uuid,
    version: u64,
    created_at: DateTime<Utc>,
    created_by: Option<Id<User>>,
    updated_at: DateTime<Utc>,
    updated_by: Option<Id<User>>,
}

impl Default for Envelope {
    fn default() -> Self {
        let (id, never) = (Uuid::nil(), DateTime::UNIX_EPOCH);
        let (created_by, updated_by) = (None, None);
        Envelope { id, version: 1, created_at: never, created_by, updated_at: never, updated_by }
    }
}

impl Envelope {
    /// That of a record.
    pub(crate) fn of<E: Entity>(record: &Record<E>) -> Self {
        let Record { id, version, created_at, created_by, updated_at, updated_by, .. } = *record;
        Envelope { id: id.uuid(), version, created_at, created_by, updated_at, updated_by }
    }

    /// A record in it.
    pub(crate) fn around<E: Entity>(self, data: E) -> Record<E> {
        let Envelope { id, version, created_at, created_by, updated_at, updated_by } = self;
        Record { id: Id::from_uuid(id), version, created_at, created_by, updated_at, updated_by, data }
    }

    /// The same with some of it given otherwise.
    pub(crate) fn with(mut self, given: Named<'_>) -> PyResult<Self> {
        for (name, value) in given {
            let user = |value: &Bound<'_, PyAny>| match value.is_none() {
                true => Ok(None),
                false => id(value).map(|id| Some(Id::from_uuid(id))),
            };
            match name.as_str() {
                "id" => self.id = id(&value)?,
                "version" => self.version = value.extract()?,
                "created_at" => self.created_at = instant(&value)?,
                "created_by" => self.created_by = user(&value)?,
                "updated_at" => self.updated_at = instant(&value)?,
                _ => self.updated_by = user(&value)?,
            }
        }
        Ok(self)
    }

    /// Its values, in the order of [`ENVELOPE`].
    pub(crate) fn values(&self) -> [Value; 6] {
        let user = |user: Option<Id<User>>| user.map_or(Value::Null, |user| Value::Id(user.uuid()));
        [
            Value::Id(self.id),
            Value::Int(i64::try_from(self.version).unwrap_or(i64::MAX)),
            Value::Instant(self.created_at),
            user(self.created_by),
            Value::Instant(self.updated_at),
            user(self.updated_by),
        ]
    }
}
