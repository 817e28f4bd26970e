//! The one error of the library: a stable code, the data that explains it, and what to do about it.

use crate::value::{Timestamp, Value};
use std::collections::BTreeMap;
use std::fmt;
use uuid::Uuid;

/// What every call of the library returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call was refused. [`Error::code`] is the same word in every language and never changes.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// `not_found`: there is no such record, or the user may not see it; the two look alike on purpose.
    #[error("there is no {entity} {key:?}")]
    NotFound {
        /// What was looked for: `customer`, `operation` …
        entity: &'static str,
        /// The id, code or external id that was given.
        key: String,
    },
    /// `invalid`: the data breaks rules; all violations at once, nothing was written.
    #[error("invalid data: {0}")]
    Invalid(Violations),
    /// `conflict`: the same fields were changed since the writer read them, mostly by somebody else.
    #[error("{entity} {id} was changed meanwhile: {}", names(fields))]
    Conflict {
        /// The kind of record.
        entity: &'static str,
        /// Its id.
        id: Uuid,
        /// The version that is stored now.
        version: u64,
        /// The fields that were changed, with the values that are stored now.
        fields: Vec<(String, Value)>,
    },
    /// `denied`: the user may see the record (or the list) but not do this.
    #[error("the role does not allow {action} on {entity}")]
    Denied {
        /// What was asked: `delete`, or the permission of the role that is missing: `journal_view` …
        action: &'static str,
        /// On what kind of record.
        entity: &'static str,
    },
    /// `duplicate`: a value that must be unique among live records is taken.
    #[error("{field} {value:?} belongs to another {entity}")]
    Duplicate {
        /// The kind of record.
        entity: &'static str,
        /// The unique field.
        field: &'static str,
        /// The value, in the form in which values are compared.
        value: String,
        /// The record that holds it, when the user may see that.
        holder: Option<Uuid>,
    },
    /// `in_use`: records refer to this one and forbid that it goes.
    #[error("the {entity} is used by {}", user_of(by, title))]
    InUse {
        /// The kind of record.
        entity: &'static str,
        /// Its id.
        id: Uuid,
        /// The kind of the records that use it.
        by: &'static str,
        /// One of them, when the user sees one.
        holder: Option<Uuid>,
        /// What that one is called: the name of an opportunity, the amount of a sale.
        title: Option<String>,
    },
    /// `refused`: a rule of the domain forbids it.
    #[error("{reason} ({rule})")]
    Refused {
        /// The rule's stable name: `last_admin`, `changed_since` …
        rule: &'static str,
        /// What stands in the way and what to do.
        reason: String,
    },
    /// `gone`: the record was purged; it can't come back.
    #[error("{entity} {id} was purged")]
    Gone {
        /// The kind of record.
        entity: &'static str,
        /// Its id.
        id: Uuid,
    },
    /// `bad_credentials`: unknown user, wrong password, no password or an inactive user; they look alike.
    #[error("the user name or the password is wrong")]
    BadCredentials,
    /// `locked_out`: too many failed log-ins under this name; a try before `retry_at` is not even looked at.
    #[error("too many failed log-ins; try again at {retry_at}")]
    LockedOut {
        /// When the next try is accepted.
        retry_at: Timestamp,
    },
    /// `session_ended`: the session expired, was revoked, or its user was deactivated; log in again.
    #[error("the session has ended ({reason})")]
    SessionEnded {
        /// `expired`, `revoked` or `inactive`.
        reason: &'static str,
    },
    /// `busy`: another program held the store longer than the configured time-out; try again.
    #[error("the store was busy for too long")]
    Busy,
    /// `full`: the disk or the store's size limit is reached; nothing was written.
    #[error("no space left for the store")]
    Full,
    /// `corrupt`: the store holds what it can't hold. Restore a backup.
    #[error("the store is damaged: {reason}")]
    Corrupt {
        /// What was found where.
        reason: String,
    },
    /// `not_a_store`: the file is something else; it was not touched.
    #[error("this is no store of this library: {reason}")]
    NotAStore {
        /// What it looks like instead.
        reason: String,
    },
    /// `too_new`: a newer release wrote the store; it was not touched.
    #[error("the store has format {found}, this release reads up to {supported}")]
    TooNew {
        /// The format found.
        found: u32,
        /// The newest format that this release knows.
        supported: u32,
    },
    /// `closed`: the store was closed; reopen it.
    #[error("the store is closed")]
    Closed,
    /// `read_only`: the store was opened for reading only, or the session shows the past ([`Session::as_of`](crate::Session::as_of)).
    #[error(
        "nothing can be written here: the store was opened for reading only, or the session shows the past"
    )]
    ReadOnly,
    /// `interrupted`: another thread interrupted the call; nothing was written.
    #[error("the call was interrupted")]
    Interrupted,
    /// `storage`: the backend failed in a way that has no code of its own.
    #[error("the store failed: {reason}")]
    Storage {
        /// The backend's own words.
        reason: String,
        /// The backend's own error.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
}

/// The code and the text: what a program shows whose `main` returns the error.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {self}", self.code())
    }
}

impl Error {
    /// The stable machine code, the same in every language.
    pub fn code(&self) -> &'static str {
        match self {
            Error::NotFound { .. } => "not_found",
            Error::Invalid(_) => "invalid",
            Error::Conflict { .. } => "conflict",
            Error::Denied { .. } => "denied",
            Error::Duplicate { .. } => "duplicate",
            Error::InUse { .. } => "in_use",
            Error::Refused { .. } => "refused",
            Error::Gone { .. } => "gone",
            Error::BadCredentials => "bad_credentials",
            Error::LockedOut { .. } => "locked_out",
            Error::SessionEnded { .. } => "session_ended",
            Error::Busy => "busy",
            Error::Full => "full",
            Error::Corrupt { .. } => "corrupt",
            Error::NotAStore { .. } => "not_a_store",
            Error::TooNew { .. } => "too_new",
            Error::Closed => "closed",
            Error::ReadOnly => "read_only",
            Error::Interrupted => "interrupted",
            Error::Storage { .. } => "storage",
        }
    }

    /// Whether the same call may succeed later without any change: `busy`, `interrupted` and `locked_out`.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Error::Busy | Error::Interrupted | Error::LockedOut { .. })
    }

    /// The typed fields of the error by name, for bindings, logs and tests. Violations come as a list of maps.
    pub fn fields(&self) -> BTreeMap<&'static str, Value> {
        let text = |s: &str| Value::Text(s.to_owned());
        let pairs: Vec<(&'static str, Value)> = match self {
            Error::NotFound { entity, key } => vec![("entity", text(entity)), ("key", text(key))],
            Error::Invalid(violations) => vec![("violations", violations.to_value())],
            Error::Conflict { entity, id, version, fields } => vec![
                ("entity", text(entity)),
                ("id", Value::Id(*id)),
                ("version", Value::Int(i64::try_from(*version).unwrap_or(i64::MAX))),
                ("fields", Value::Map(fields.iter().cloned().collect())),
            ],
            Error::Denied { action, entity } => vec![("action", text(action)), ("entity", text(entity))],
            Error::Duplicate { entity, field, value, holder } => vec![
                ("entity", text(entity)),
                ("field", text(field)),
                ("value", text(value)),
                ("holder", holder.map_or(Value::Null, Value::Id)),
            ],
            Error::InUse { entity, id, by, holder, title } => vec![
                ("entity", text(entity)),
                ("id", Value::Id(*id)),
                ("by", text(by)),
                ("holder", holder.map_or(Value::Null, Value::Id)),
                ("title", title.as_deref().map_or(Value::Null, text)),
            ],
            Error::Refused { rule, reason } => vec![("rule", text(rule)), ("reason", text(reason))],
            Error::Gone { entity, id } => vec![("entity", text(entity)), ("id", Value::Id(*id))],
            Error::LockedOut { retry_at } => vec![("retry_at", Value::Instant(*retry_at))],
            Error::SessionEnded { reason } => vec![("reason", text(reason))],
            Error::Corrupt { reason } | Error::NotAStore { reason } | Error::Storage { reason, .. } => {
                vec![("reason", text(reason))]
            }
            Error::TooNew { found, supported } => {
                vec![("found", Value::Int((*found).into())), ("supported", Value::Int((*supported).into()))]
            }
            Error::BadCredentials
            | Error::Busy
            | Error::Full
            | Error::Closed
            | Error::ReadOnly
            | Error::Interrupted => Vec::new(),
        };
        pairs.into_iter().collect()
    }

    /// An `invalid` error with a single violation.
    pub fn invalid(field: impl Into<String>, rule: &'static str, reason: impl Into<String>) -> Self {
        let mut violations = Violations::default();
        violations.add(&field.into(), rule, "", reason);
        Error::Invalid(violations)
    }

    /// The same, with what it says of fields told of parts of this one.
    pub(crate) fn inside(self, name: &str) -> Self {
        match self {
            Error::Invalid(violations) => Error::Invalid(violations.inside(name)),
            other => other,
        }
    }

    pub(crate) fn corrupt(reason: impl Into<String>) -> Self {
        Error::Corrupt { reason: reason.into() }
    }
}

fn user_of(by: &str, title: &Option<String>) -> String {
    match title {
        Some(title) => format!("the {by} {title:?}"),
        None => format!("a record of the kind {by}"),
    }
}

fn names(fields: &[(String, Value)]) -> String {
    fields.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
}

/// One rule that one field breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The path of the field: `name`, `emails.1.address`.
    pub field: String,
    /// The rule's stable name: `blank`, `too_long`, `nul`, `syntax`, `range`, `unknown`, `system`, `mismatch` …
    pub rule: &'static str,
    /// The value as it was given, cut after 100 characters; empty when it says nothing.
    pub value: String,
    /// What is wrong and what would be right.
    pub reason: String,
}

/// All the violations of one call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Violations {
    list: Vec<Violation>,
    path: Vec<String>,
}

impl Violations {
    const LONGEST_VALUE: usize = 100;

    /// Adds one; the path of the surrounding fields is put before the field's name.
    pub fn add(&mut self, field: &str, rule: &'static str, value: &str, reason: impl Into<String>) {
        let mut path = self.path.clone();
        if !field.is_empty() {
            path.push(field.to_owned());
        }
        self.list.push(Violation {
            field: path.join("."),
            rule,
            value: value.chars().take(Self::LONGEST_VALUE).collect(),
            reason: reason.into(),
        });
    }

    /// Runs checks of the parts of a field: their names get its name as prefix.
    pub fn within(&mut self, field: &str, checks: impl FnOnce(&mut Self)) {
        self.path.push(field.to_owned());
        checks(self);
        self.path.pop();
    }

    /// The same violations as part of something larger: its name goes before each path.
    pub(crate) fn inside(mut self, name: &str) -> Self {
        for violation in &mut self.list {
            violation.field = match violation.field.as_str() {
                "" => name.to_owned(),
                field => format!("{name}.{field}"),
            };
        }
        self
    }

    /// The violations found so far.
    pub fn iter(&self) -> impl Iterator<Item = &Violation> {
        self.list.iter()
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// `Ok` when nothing is wrong, otherwise the `invalid` error with all of them.
    pub fn into_result(self) -> Result<()> {
        if self.list.is_empty() { Ok(()) } else { Err(Error::Invalid(self)) }
    }

    fn to_value(&self) -> Value {
        let one = |v: &Violation| {
            Value::Map(BTreeMap::from([
                ("field".to_owned(), Value::Text(v.field.clone())),
                ("rule".to_owned(), Value::Text(v.rule.to_owned())),
                ("value".to_owned(), Value::Text(v.value.clone())),
                ("reason".to_owned(), Value::Text(v.reason.clone())),
            ]))
        };
        Value::List(self.list.iter().map(one).collect())
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, violation) in self.list.iter().enumerate() {
            let separator = if n == 0 { "" } else { "; " };
            write!(f, "{separator}{}: {}", violation.field, violation.reason)?;
        }
        Ok(())
    }
}
