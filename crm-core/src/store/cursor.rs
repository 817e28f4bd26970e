//! Cursors: opaque text that says where the next page begins and to which query it belongs.

use super::Atom;
use crate::model::Query;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Cursor {
    /// The query that it belongs to.
    q: u64,
    /// The ranks of the last record and its id.
    p: Vec<Atom>,
}

pub(crate) fn encode(position: &[Atom], query: u64) -> String {
    let json = serde_json::to_vec(&Cursor { q: query, p: position.to_vec() }).unwrap_or_default();
    URL_SAFE_NO_PAD.encode(json)
}

pub(crate) fn decode(text: &str, query: u64) -> Result<Vec<Atom>, &'static str> {
    const BROKEN: &str = "this is no cursor; take `next` of a page as it is";
    let json = URL_SAFE_NO_PAD.decode(text).map_err(|_| BROKEN)?;
    let cursor: Cursor = serde_json::from_slice(&json).map_err(|_| BROKEN)?;
    if cursor.q != query {
        return Err("the cursor belongs to another list; keep filter, words and order while paging");
    }
    Ok(cursor.p)
}

/// A number that differs for queries that differ in what they list or how they order it.
pub(super) fn query_hash(entity: &str, query: &Query) -> u64 {
    let text =
        serde_json::to_string(&(entity, &query.filter, &query.words, &query.order)).unwrap_or_default();
    fingerprint(&text)
}

/// A number that differs for texts that differ (FNV-1a).
pub(crate) fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
