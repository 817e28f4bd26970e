//! The journal's words: every write of the system is an operation made of changes.

use super::{Kind, User, custom_key, retype_custom};
use crate::value::{Id, Timestamp, Value};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use uuid::Uuid;

/// The id of an operation.
pub type OperationId = Uuid;

/// Values by field name.
pub type FieldValues = BTreeMap<Cow<'static, str>, Value>;

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// A user who was logged in.
    User(Id<User>),
    /// The embedding program, under the name that it gave.
    System(String),
}

impl Actor {
    /// The user, unless it was the program.
    pub fn user(&self) -> Option<Id<User>> {
        match self {
            Actor::User(id) => Some(*id),
            Actor::System(_) => None,
        }
    }
}

/// One call that wrote, with everything that it changed: the audit trail, the undo stack, a record's history and
/// the feed of events are all made of these.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Operation {
    /// Its place in the order of all operations, from 1, without gaps that anything means.
    pub seq: u64,
    /// Its id.
    pub id: OperationId,
    /// When; never earlier than the operation before it.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// The name of the call: `create`, `undo`, `batch` …
    pub command: Cow<'static, str>,
    /// The operation that this one took back.
    pub undoes: Option<OperationId>,
    /// The part of an import that it is, or that it took back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<ImportPart>,
    /// What it changed, in order.
    pub changes: Vec<Change>,
}

/// A part of an import: up to a thousand rows of its files that were written as one operation. The counts are those of the
/// import from its beginning to the end of this part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportPart {
    /// The import.
    pub import: Uuid,
    /// The hash of its plan, in hexadecimal digits.
    pub plan: String,
    /// The step of the plan, from 0.
    pub step: u32,
    /// How many rows of this step are done.
    pub step_rows: u64,
    /// How many rows were read.
    pub rows: u64,
    /// Of these how many became new records.
    pub created: u64,
    /// How many changed a record.
    pub updated: u64,
    /// How many were left out: blank ones, and those that the plan skips or that say nothing new.
    pub skipped: u64,
    /// How many were refused.
    pub failed: u64,
}

/// What one operation did to one record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The kind of record.
    pub kind: Kind,
    /// The record.
    pub id: Uuid,
    /// What was done.
    pub change: ChangeKind,
    /// The record's version afterwards.
    pub version: u64,
    /// The customer that the record hangs on (a customer: itself), by which visibility is decided.
    pub customer: Option<Uuid>,
    /// The fields that differ, as they were before; empty values are left out.
    pub before: FieldValues,
    /// The fields that differ, as they are afterwards; empty values are left out.
    pub after: FieldValues,
    /// Its values were erased: neither is known any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub erased: bool,
}

impl Change {
    /// The names of the fields that it touched.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        let only_before = self.before.keys().filter(|name| !self.after.contains_key(*name));
        self.after.keys().chain(only_before).map(AsRef::as_ref)
    }

    /// Gives the values that came from the stored JSON the types of their fields. What no longer fits its field,
    /// after a change of its type, is shown as it was written.
    pub(crate) fn give_types(&mut self) {
        let schema = self.kind.schema();
        for (name, value) in self.before.iter_mut().chain(self.after.iter_mut()) {
            if custom_key(schema, name).is_some()
                && let Ok(typed) = retype_custom(value.clone())
            {
                *value = typed;
            } else if let Some(field) = schema.field(name)
                && let Ok(typed) = (schema.fields[field].retype)(value.clone())
            {
                *value = typed;
            }
        }
    }
}

crate::value::choice! {
    /// What was done to a record.
    pub enum ChangeKind {
        /// It was created.
        Create = "create",
        /// Fields changed.
        Update = "update",
        /// It went to the trash.
        Trash = "trash",
        /// It came back from the trash.
        Restore = "restore",
        /// It was removed for good.
        Purge = "purge",
        /// What the journal said of it, and of what hung on it, was erased.
        Erase = "erase",
    }
}
