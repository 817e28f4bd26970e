//! The chain of the journal: each operation is bound to the one before it by a hash, so that nothing can be altered,
//! left out or put elsewhere without a trace. The values of a change are bound through a salted hash of their own:
//! they can be erased, with their salt, and the chain still holds.

use crate::error::{Error, Result};
use crate::model::{Actor, Change, FieldValues, ImportPart, Operation};
use crate::value::to_micros;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// The newest operation of a journal. Kept somewhere else, it proves later that nothing was cut off.
/// In JSON it is its text.
///
/// ```
/// let (crm, _) = crm_core::contract::demo()?;
/// let kept = crm.head()?.to_string(); // on paper, in a mail, in another store
/// assert!(crm.verify_since(kept.parse()?)?.holds());
/// # Ok::<(), crm_core::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Head {
    /// The place of the operation; 0 for a journal without any.
    pub seq: u64,
    /// Its hash, which stands for all operations until then.
    pub hash: Hash,
}

impl Default for Head {
    /// That of an empty journal.
    fn default() -> Self {
        Head { seq: 0, hash: [0; 32] }
    }
}

impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The place and the hash: `17:5feceb66…`.
impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.seq)?;
        self.hash.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Head {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let head = text.split_once(':').and_then(|(seq, hash)| {
            let digits = hash.as_bytes();
            let mut head = Head { seq: seq.parse().ok()?, hash: [0; 32] };
            if digits.len() != 2 * head.hash.len() || !digits.iter().all(u8::is_ascii_hexdigit) {
                return None;
            }
            for (byte, digits) in head.hash.iter_mut().zip(digits.chunks(2)) {
                *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
            }
            Some(head)
        });
        let reason = "a place and a hash of 64 digits: 17:5feceb66…";
        head.ok_or_else(|| Error::invalid("head", "syntax", reason))
    }
}

impl TryFrom<String> for Head {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<Head> for String {
    fn from(head: Head) -> Self {
        head.to_string()
    }
}

/// What a store keeps of the values of one change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedValues {
    /// The values before as JSON; `None` for none.
    pub before: Option<String>,
    /// The values afterwards as JSON; `None` for none.
    pub after: Option<String>,
    /// What makes the digest unguessable; `None` once the values were erased.
    pub salt: Option<[u8; 16]>,
    /// The hash of the salt and the values.
    pub digest: Hash,
}

impl SealedValues {
    fn new(before: Option<String>, after: Option<String>, salt: [u8; 16]) -> Self {
        let digest = digest(salt, before.as_deref(), after.as_deref());
        SealedValues { before, after, salt: Some(salt), digest }
    }

    /// Those of changes, with a salt for each.
    pub(crate) fn all(changes: &[Change], salts: &[[u8; 16]]) -> Result<Vec<Self>> {
        let sealed = changes.iter().zip(salts);
        sealed
            .map(|(change, salt)| Ok(SealedValues::new(json(&change.before)?, json(&change.after)?, *salt)))
            .collect()
    }

    /// Whether the values are those that the digest was made of; `None` when they were erased.
    pub(crate) fn hold(&self) -> Option<bool> {
        let salt = self.salt?;
        Some(digest(salt, self.before.as_deref(), self.after.as_deref()) == self.digest)
    }
}

fn digest(salt: [u8; 16], before: Option<&str>, after: Option<&str>) -> Hash {
    let mut hash = Sha256::new_with_prefix(salt);
    for json in [before, after] {
        put(&mut hash, json.map(str::as_bytes));
    }
    hash.finalize().into()
}

/// Bytes with their length, so that no two different rows give the same bytes.
fn put(hash: &mut Sha256, bytes: Option<&[u8]>) {
    match bytes {
        Some(bytes) => {
            hash.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX - 1).to_be_bytes());
            hash.update(bytes);
        }
        None => hash.update(u64::MAX.to_be_bytes()),
    }
}

/// An operation as the journal keeps it.
#[derive(Clone, Debug, PartialEq)]
pub struct Sealed {
    /// The operation with its place. As it is read for a proof, its changes need no values.
    pub operation: Operation,
    /// What binds it to the operations before it.
    pub hash: Hash,
    /// The values of each change.
    pub values: Vec<SealedValues>,
}

impl Sealed {
    /// Puts an operation behind the head of the journal.
    ///
    /// # Errors
    /// `invalid` when a value can't be written as JSON, and those of the source of salts.
    pub fn new(operation: Operation, head: Head, mut salt: impl FnMut() -> Result<[u8; 16]>) -> Result<Self> {
        let salts = operation.changes.iter().map(|_| salt()).collect::<Result<Vec<_>>>()?;
        let values = SealedValues::all(&operation.changes, &salts)?;
        Ok(Sealed::of(operation, head, values))
    }

    /// The same of values that were made before.
    pub(crate) fn of(operation: Operation, head: Head, values: Vec<SealedValues>) -> Self {
        let operation = Operation { seq: head.seq + 1, ..operation };
        let mut sealed = Sealed { operation, hash: [0; 32], values };
        sealed.hash = sealed.bound_to(head);
        sealed
    }

    /// Its place and hash.
    pub fn head(&self) -> Head {
        Head { seq: self.operation.seq, hash: self.hash }
    }

    /// The hash of everything in the operation behind this head.
    pub(crate) fn bound_to(&self, head: Head) -> Hash {
        let Operation { seq, id, at, actor, command, undoes, import, changes } = &self.operation;
        let mut hash = Sha256::new_with_prefix(head.hash);
        hash.update(seq.to_be_bytes());
        hash.update(id.as_bytes());
        hash.update(to_micros(*at).to_be_bytes());
        match actor {
            Actor::User(user) => put(&mut hash, Some(user.uuid().as_bytes())),
            Actor::System(label) => {
                put(&mut hash, None);
                put(&mut hash, Some(label.as_bytes()));
            }
        }
        put(&mut hash, Some(command.as_bytes()));
        put(&mut hash, undoes.as_ref().map(|id| id.as_bytes().as_slice()));
        put(&mut hash, import.as_ref().map(|part| part.import.as_bytes().as_slice()));
        if let Some(ImportPart {
            import: _,
            plan,
            step,
            step_rows,
            rows,
            created,
            updated,
            skipped,
            failed,
        }) = import
        {
            put(&mut hash, Some(plan.as_bytes()));
            for count in [&u64::from(*step), step_rows, rows, created, updated, skipped, failed] {
                hash.update(count.to_be_bytes());
            }
        }
        for (change, values) in changes.iter().zip(&self.values) {
            put(&mut hash, Some(change.kind.as_str().as_bytes()));
            hash.update(change.id.as_bytes());
            put(&mut hash, Some(change.change.as_str().as_bytes()));
            hash.update(change.version.to_be_bytes());
            put(&mut hash, change.customer.as_ref().map(|id| id.as_bytes().as_slice()));
            hash.update(values.digest);
        }
        hash.finalize().into()
    }
}

fn json(values: &FieldValues) -> Result<Option<String>> {
    if values.is_empty() {
        return Ok(None);
    }
    serde_json::to_string(values).map(Some).map_err(|error| Error::invalid("", "mismatch", error.to_string()))
}
