//! The lines of a dump, as `docs/dump-format.md` describes them.

use crate::model::{Actor, ChangeKind, Deletion, ImportPart, Kind, OperationId, Reminder, User};
use crate::store::Delivery;
use crate::value::{Id, Timestamp};
use serde::de;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use uuid::Uuid;

/// What a line is: its first field, `line`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Tag {
    Header,
    Counter,
    Record,
    Delivery,
    Chunk,
    Operation,
    Change,
    End,
}

/// The name that every dump's first line has.
pub(super) const SCHEMA: &str = "crm-dump";

/// Bytes that are written as hexadecimal digits in small letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hex<const N: usize>(pub(super) [u8; N]);

/// Bytes as hexadecimal digits in small letters.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

impl<const N: usize> Serialize for Hex<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex(&self.0))
    }
}

impl<'de, const N: usize> Deserialize<'de> for Hex<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        };
        let mut bytes = [0; N];
        let mut pairs = text.as_bytes().chunks_exact(2);
        for byte in &mut bytes {
            let pair =
                pairs.next().and_then(|pair| Some(digit(*pair.first()?)? << 4 | digit(*pair.get(1)?)?));
            *byte = pair.ok_or_else(|| de::Error::custom(format!("{} hexadecimal digits", N * 2)))?;
        }
        if text.len() != N * 2 {
            return Err(de::Error::custom(format!("{} hexadecimal digits", N * 2)));
        }
        Ok(Hex(bytes))
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    pub(super) line: Tag,
    pub(super) schema: String,
    pub(super) format: u32,
    pub(super) seq: u64,
    pub(super) hash: Hex<32>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CounterLine {
    pub(super) line: Tag,
    pub(super) name: String,
    pub(super) last: u64,
}

/// A record with its envelope; `E` is the entity, or a reference to it when it is written.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RecordLine<E> {
    pub(super) line: Tag,
    pub(super) kind: Kind,
    pub(super) id: Uuid,
    pub(super) version: u64,
    pub(super) created_at: Timestamp,
    pub(super) created_by: Option<Id<User>>,
    pub(super) updated_at: Timestamp,
    pub(super) updated_by: Option<Id<User>>,
    pub(super) deletion: Option<Deletion>,
    pub(super) data: E,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DeliveryLine {
    pub(super) line: Tag,
    pub(super) reminder: Id<Reminder>,
    pub(super) occurrence: String,
    pub(super) offset: u32,
    pub(super) fire_at: Timestamp,
    pub(super) try_at: Timestamp,
    pub(super) failures: u32,
    pub(super) worker: Option<String>,
    pub(super) delivered_at: Option<Timestamp>,
    pub(super) problem: Option<String>,
}

impl From<Delivery> for DeliveryLine {
    fn from(delivery: Delivery) -> Self {
        let Delivery {
            reminder,
            occurrence,
            offset,
            fire_at,
            try_at,
            failures,
            worker,
            delivered_at,
            problem,
        } = delivery;
        DeliveryLine {
            line: Tag::Delivery,
            reminder,
            occurrence,
            offset,
            fire_at,
            try_at,
            failures,
            worker,
            delivered_at,
            problem,
        }
    }
}

impl From<DeliveryLine> for Delivery {
    fn from(line: DeliveryLine) -> Self {
        let DeliveryLine {
            line: _,
            reminder,
            occurrence,
            offset,
            fire_at,
            try_at,
            failures,
            worker,
            delivered_at,
            problem,
        } = line;
        Delivery { reminder, occurrence, offset, fire_at, try_at, failures, worker, delivered_at, problem }
    }
}

/// A piece of an attachment's bytes, in base64 (RFC 4648, section 4).
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChunkLine {
    pub(super) line: Tag,
    pub(super) content: Hex<32>,
    pub(super) place: u32,
    pub(super) bytes: String,
}

/// An operation; so many lines with its changes follow.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OperationLine {
    pub(super) line: Tag,
    pub(super) seq: u64,
    pub(super) id: OperationId,
    pub(super) at: Timestamp,
    pub(super) actor: Actor,
    pub(super) command: String,
    pub(super) undoes: Option<OperationId>,
    pub(super) import: Option<ImportPart>,
    pub(super) hash: Hex<32>,
    pub(super) changes: u64,
}

/// A change; `before` and `after` are JSON inside a text, as the digest was made of these very letters.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeLine {
    pub(super) line: Tag,
    pub(super) kind: Kind,
    pub(super) id: Uuid,
    pub(super) change: ChangeKind,
    pub(super) version: u64,
    pub(super) customer: Option<Uuid>,
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
    pub(super) salt: Option<Hex<16>>,
    pub(super) digest: Hex<32>,
}

/// The last line: how many stand before it, and the SHA-256 of all of them, each without its sum.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct End {
    pub(super) line: Tag,
    pub(super) lines: u64,
    pub(super) sha256: Hex<32>,
}
