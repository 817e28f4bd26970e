//! Leaving no trace of what was erased: not in the word indexes, not in free pages, not in the log.

use crate::connection::Conn;
use crate::error::OrError;
use crate::words;
use crm_core::{Error, Result};

/// Up to so many bytes the file is rebuilt by way of memory, beyond that by way of a temporary file.
const LARGEST_IN_MEMORY: i64 = 256 << 20;

/// Rewrites what could hold a trace. Deleted rows leave their words in the segments of an index until these are merged,
/// and `secure_delete` does not reach the cells that moved between pages.
pub(crate) fn scrub(conn: &Conn) -> Result<()> {
    let raw = conn.raw();
    words::forget(conn)?;
    let size: i64 = raw
        .query_row("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size", [], |row| {
            row.get(0)
        })
        .or_error()?;
    let large = size > LARGEST_IN_MEMORY;
    if large {
        raw.pragma_update(None, "temp_store", "FILE").or_error()?;
    }
    let vacuumed = raw.execute_batch("VACUUM").or_error();
    if large {
        raw.pragma_update(None, "temp_store", "MEMORY").or_error()?;
    }
    vacuumed?;
    let pinned: i64 = raw.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).or_error()?;
    // A reader of the state before keeps the log as it is.
    if pinned == 0 { Ok(()) } else { Err(Error::Busy) }
}
