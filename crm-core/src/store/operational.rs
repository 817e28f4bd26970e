//! Small ports for what is no record and is not journalled: sessions, log-in attempts, password hashes, counters.

use super::Head;
use crate::error::Result;
use crate::model::{Reminder, User};
use crate::value::{Id, Timestamp};

/// What every write looks at first, in one read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreState {
    /// Grows with every change of users, roles, sessions, passwords, settings or pipelines, by any process.
    pub authority: u64,
    /// When the last operation took place.
    pub last_operation_at: Option<Timestamp>,
    /// The last operation of the journal, to which the next one is bound.
    pub head: Head,
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

/// One telling of one occurrence of a reminder: it waits for its time, is with a worker, or is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The reminder.
    pub reminder: Id<Reminder>,
    /// When the occurrence is due, as text: `2026-03-02T09:00:00 Africa/Nairobi`, `2026-03-02`.
    pub occurrence: String,
    /// So many minutes before that.
    pub offset: u32,
    /// The moment of telling.
    pub fire_at: Timestamp,
    /// Not looked at before this: the moment of telling, the end of a worker's lease, the next try after a failure.
    pub try_at: Timestamp,
    /// How often it was tried in vain.
    pub failures: u32,
    /// Who has it now.
    pub worker: Option<String>,
    /// When it was told.
    pub delivered_at: Option<Timestamp>,
    /// What went wrong the last time.
    pub problem: Option<String>,
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
    /// The deliveries of a reminder, told ones too, by the moment of telling.
    ///
    /// # Errors
    /// Those of the store.
    fn deliveries_of(&self, reminder: Id<Reminder>) -> Result<Vec<Delivery>>;
    /// Deliveries that are not told and whose [`Delivery::try_at`] is not after this, the earliest first.
    ///
    /// # Errors
    /// Those of the store.
    fn deliveries_due(&self, now: Timestamp, limit: usize) -> Result<Vec<Delivery>>;
    /// One piece of the bytes under this name.
    ///
    /// # Errors
    /// Those of the store.
    fn chunk(&self, content: &[u8; 32], place: u32) -> Result<Option<Vec<u8>>>;
    /// The names of the bytes that are kept, in ascending order, from behind this one on, at most so many.
    ///
    /// # Errors
    /// Those of the store.
    fn contents(&self, after: Option<&[u8; 32]>, limit: usize) -> Result<Vec<[u8; 32]>>;
    /// All counters by name, each with the number that it gave last.
    ///
    /// # Errors
    /// Those of the store.
    fn counters(&self) -> Result<Vec<(String, u64)>>;
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
    /// Adds a delivery, or replaces the one of the same reminder, occurrence and offset.
    ///
    /// # Errors
    /// Those of the store.
    fn put_delivery(&mut self, delivery: &Delivery) -> Result<()>;
    /// Removes the deliveries of a reminder: those that are not told, or all.
    ///
    /// # Errors
    /// Those of the store.
    fn remove_deliveries(&mut self, reminder: Id<Reminder>, told_too: bool) -> Result<()>;
    /// Adds a piece of bytes under this name.
    ///
    /// # Errors
    /// Those of the store.
    fn add_chunk(&mut self, content: &[u8; 32], place: u32, bytes: &[u8]) -> Result<()>;
    /// Gives bytes another name, which no others have.
    ///
    /// # Errors
    /// Those of the store.
    fn rename_chunks(&mut self, from: &[u8; 32], to: &[u8; 32]) -> Result<()>;
    /// Removes the bytes under this name.
    ///
    /// # Errors
    /// Those of the store.
    fn remove_chunks(&mut self, content: &[u8; 32]) -> Result<()>;
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
    /// Records that are put in from now on may refer to such as follow in the same transaction: a store that checks
    /// references does so on commit.
    ///
    /// # Errors
    /// Those of the store.
    fn defer_references(&mut self) -> Result<()>;
    /// Makes the stored keys of a field unique, or no longer.
    ///
    /// # Errors
    /// `duplicate` when two live records share one.
    fn set_unique(&mut self, entity: &'static str, field: &'static str, unique: bool) -> Result<()>;
}
