//! Small ports for what is no record and is not journalled: sessions, log-in attempts, password hashes, counters.

use crate::error::Result;
use crate::model::User;
use crate::value::{Id, Timestamp};

/// What every write looks at first, in one read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreState {
    /// Grows with every change of users, roles, sessions, passwords, settings or pipelines, by any process.
    pub authority: u64,
    /// When the last operation took place.
    pub last_operation_at: Option<Timestamp>,
}

/// A session as it is stored: its token only as a hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// SHA-256 of the token.
    pub token_hash: [u8; 32],
    /// Whose it is.
    pub user: Id<User>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// Failed log-ins under one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempts {
    /// How many in a row.
    pub failures: u32,
    /// Before this no try is looked at.
    pub retry_at: Timestamp,
}

/// Reads of operational data.
pub trait OperationalRead {
    /// What every write looks at first.
    ///
    /// # Errors
    /// Those of the store.
    fn state(&self) -> Result<StoreState>;
    /// The password hash of a user.
    ///
    /// # Errors
    /// Those of the store.
    fn credential(&self, user: Id<User>) -> Result<Option<String>>;
    /// The session with this hash.
    ///
    /// # Errors
    /// Those of the store.
    fn session(&self, token_hash: &[u8; 32]) -> Result<Option<SessionRow>>;
    /// The failed log-ins under a folded name.
    ///
    /// # Errors
    /// Those of the store.
    fn attempts(&self, name: &str) -> Result<Option<Attempts>>;
}

/// Writes of operational data.
pub trait OperationalWrite {
    /// Says that users, roles, sessions, passwords, settings or pipelines changed.
    ///
    /// # Errors
    /// Those of the store.
    fn bump_authority(&mut self) -> Result<()>;
    /// Sets a user's password hash.
    ///
    /// # Errors
    /// Those of the store.
    fn set_credential(&mut self, user: Id<User>, hash: &str) -> Result<()>;
    /// Adds a session.
    ///
    /// # Errors
    /// Those of the store.
    fn add_session(&mut self, session: &SessionRow) -> Result<()>;
    /// Revokes one session.
    ///
    /// # Errors
    /// Those of the store.
    fn revoke_session(&mut self, token_hash: &[u8; 32], at: Timestamp) -> Result<()>;
    /// Revokes all sessions of a user.
    ///
    /// # Errors
    /// Those of the store.
    fn revoke_sessions_of(&mut self, user: Id<User>, at: Timestamp) -> Result<()>;
    /// Sets or forgets the failed log-ins under a folded name.
    ///
    /// # Errors
    /// Those of the store.
    fn set_attempts(&mut self, name: &str, attempts: Option<&Attempts>) -> Result<()>;
    /// The next number of a counter, from 1. Given back when the transaction is rolled back.
    ///
    /// # Errors
    /// Those of the store.
    fn next_number(&mut self, counter: &str) -> Result<u64>;
    /// Makes sure that the counter's next number is greater than this.
    ///
    /// # Errors
    /// Those of the store.
    fn raise_number(&mut self, counter: &str, number: u64) -> Result<()>;
    /// Makes the stored keys of a field unique, or no longer.
    ///
    /// # Errors
    /// `duplicate` when two live records share one.
    fn set_unique(&mut self, entity: &'static str, field: &'static str, unique: bool) -> Result<()>;
}
