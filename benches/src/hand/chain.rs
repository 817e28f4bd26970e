//! The journal's chain by hand: each operation is hashed with the one before it, its values by a salted hash of their own.

use crate::Outcome;
use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};
use uuid::Uuid;

const HEAD: &str = "SELECT seq, hash FROM crm_operation ORDER BY seq DESC LIMIT 1";
const INSERT_OPERATION: &str =
    "INSERT INTO crm_operation (seq, id, at, actor_user, command, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
const INSERT_CHANGE: &str = "INSERT INTO crm_change (operation, place, kind, record, change, version, customer, before, \
     after, salt, digest) VALUES (?1, 0, 'customer', ?2, ?3, ?4, ?2, ?5, ?6, ?7, ?8)";

/// One change of one customer, as one operation.
pub(super) struct Noted<'a> {
    pub(super) operation: Uuid,
    pub(super) at: DateTime<Utc>,
    pub(super) by: Uuid,
    /// `create` or `update`, which is the command's name too.
    pub(super) change: &'a str,
    pub(super) record: Uuid,
    pub(super) version: i64,
    pub(super) before: Option<&'a str>,
    pub(super) after: &'a str,
}

/// Writes an operation behind the last one.
pub(super) fn append(conn: &Connection, noted: &Noted<'_>) -> Outcome {
    let head = conn.prepare_cached(HEAD)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let (last, hash): (i64, [u8; 32]) = head.unwrap_or((0, [0; 32]));
    let seq = last + 1;
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(|error| error.to_string())?;
    let digest = digest(salt, noted);
    let hash = bound(hash, seq, noted, digest);
    let Noted { operation, at, by, change, record, version, before, after } = noted;
    conn.prepare_cached(INSERT_OPERATION)?.execute(params![
        seq,
        operation.as_bytes(),
        at.timestamp_micros(),
        by.as_bytes(),
        change,
        hash
    ])?;
    let row = params![seq, record.as_bytes(), change, version, before, after, salt, digest];
    conn.prepare_cached(INSERT_CHANGE)?.execute(row)?;
    Ok(())
}

fn digest(salt: [u8; 16], noted: &Noted<'_>) -> [u8; 32] {
    let mut hash = Sha256::new_with_prefix(salt);
    put(&mut hash, noted.before.map(str::as_bytes));
    put(&mut hash, Some(noted.after.as_bytes()));
    hash.finalize().into()
}

fn bound(head: [u8; 32], seq: i64, noted: &Noted<'_>, digest: [u8; 32]) -> [u8; 32] {
    let mut hash = Sha256::new_with_prefix(head);
    hash.update(seq.to_be_bytes());
    hash.update(noted.operation.as_bytes());
    hash.update(noted.at.timestamp_micros().to_be_bytes());
    put(&mut hash, Some(noted.by.as_bytes()));
    put(&mut hash, Some(noted.change.as_bytes()));
    put(&mut hash, None);
    put(&mut hash, None);
    put(&mut hash, Some(b"customer"));
    hash.update(noted.record.as_bytes());
    put(&mut hash, Some(noted.change.as_bytes()));
    hash.update(noted.version.to_be_bytes());
    put(&mut hash, Some(noted.record.as_bytes()));
    hash.update(digest);
    hash.finalize().into()
}

fn put(hash: &mut Sha256, bytes: Option<&[u8]>) {
    hash.update(bytes.map_or(u64::MAX, |bytes| bytes.len() as u64).to_be_bytes());
    hash.update(bytes.unwrap_or_default());
}
