//! SQLite's errors as the library's.

use crate::patience::was_stopped;
use crm_core::{Error, Result};
use rusqlite::ffi::ErrorCode;

/// The library's error for an error of SQLite.
pub(crate) fn from_sqlite(error: rusqlite::Error) -> Error {
    let reason = error.to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy) if was_stopped() => Error::Interrupted,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Error::Busy,
        Some(ErrorCode::DiskFull) => Error::Full,
        Some(ErrorCode::ReadOnly) => Error::ReadOnly,
        Some(ErrorCode::NotADatabase) => Error::NotAStore { reason },
        Some(ErrorCode::DatabaseCorrupt) => Error::Corrupt { reason },
        Some(ErrorCode::OperationInterrupted) => Error::Interrupted,
        _ if reason.contains("integer overflow") => Error::invalid("of", "range", "the sum is too large"),
        _ => Error::Storage { reason, source: Some(Box::new(error)) },
    }
}

/// Whether the error says that a UNIQUE constraint or a primary key is broken.
pub(crate) fn is_duplicate(error: &rusqlite::Error) -> bool {
    use rusqlite::ffi::{SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_ROWID, SQLITE_CONSTRAINT_UNIQUE};
    let codes = [SQLITE_CONSTRAINT_UNIQUE, SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_ROWID];
    error.sqlite_error().is_some_and(|error| codes.contains(&error.extended_code))
}

/// Whether the error says that a reference leads nowhere.
pub(crate) fn is_dangling(error: &rusqlite::Error) -> bool {
    use rusqlite::ffi::SQLITE_CONSTRAINT_FOREIGNKEY;
    error.sqlite_error().is_some_and(|error| error.extended_code == SQLITE_CONSTRAINT_FOREIGNKEY)
}

/// `?` for results of SQLite.
pub(crate) trait OrError<T> {
    fn or_error(self) -> Result<T>;
}

impl<T> OrError<T> for rusqlite::Result<T> {
    fn or_error(self) -> Result<T> {
        self.map_err(from_sqlite)
    }
}
