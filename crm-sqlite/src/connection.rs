//! One connection: every pragma is set here and nowhere else.

use crate::counters::Counters;
use crate::error::OrError;
use crate::functions;
use crate::open::{Durability, OpenOptions, Place};
use crate::patience::wait_a_moment;
use crate::words::Unwritten;
use crm_core::Result;
use rusqlite::config::DbConfig;
use rusqlite::{CachedStatement, Connection, InterruptHandle, OpenFlags};
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A connection that counts its statements.
pub(crate) struct Conn {
    raw: Connection,
    statements: Arc<AtomicU64>,
    unwritten: Unwritten,
    counters: Counters,
    /// How many records this transaction has written.
    written: Cell<usize>,
    /// It is set up for many records.
    widened: Cell<bool>,
}

/// How many records a transaction writes for which the connection is set up otherwise.
pub(crate) const MANY: usize = 128;

/// How a connection is set up.
struct Width {
    /// The pages of SQLite that are kept. An import's thousand rows change some thousand of them; at the commit of a single
    /// record SQLite goes through all that are kept.
    cache_kib: i64,
    /// After how many pages of the log they are written into the file. Of an import's thousand rows most change the pages
    /// that those before them did: with SQLite's own thousand each would be written into the file every time.
    wal_pages: i64,
}

const WIDE: Width = Width { cache_kib: 16 * 1024, wal_pages: 16_000 };
const NARROW: Width = Width { cache_kib: 4 * 1024, wal_pages: 8_000 };

impl Width {
    fn set(&self, raw: &Connection) -> rusqlite::Result<()> {
        raw.pragma_update(None, "cache_size", -self.cache_kib)?;
        raw.pragma_update(None, "wal_autocheckpoint", self.wal_pages)
    }
}

impl Conn {
    /// Opens a connection and makes sure that SQLite can read it. Nothing is written.
    pub(crate) fn open(options: &OpenOptions, statements: Arc<AtomicU64>) -> Result<Self> {
        let raw = match &options.place {
            Place::Memory => Connection::open_in_memory(),
            Place::Host(factory) => factory(),
            Place::File(path) => {
                let access = match options.read_only {
                    true => OpenFlags::SQLITE_OPEN_READ_ONLY,
                    false => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
                };
                Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            }
        };
        let mut conn = Conn {
            raw: raw.or_error()?,
            statements,
            unwritten: Unwritten::default(),
            counters: Counters::default(),
            written: Cell::default(),
            widened: Cell::default(),
        };
        conn.set_up(options).or_error()?;
        Ok(conn)
    }

    fn set_up(&mut self, options: &OpenOptions) -> rusqlite::Result<()> {
        const STATEMENTS: usize = 256;
        const STEPS: std::ffi::c_int = 1_000;
        let mapped: i64 = if cfg!(target_pointer_width = "64") { 1 << 30 } else { 64 << 20 };
        let raw = &mut self.raw;
        raw.busy_handler(Some(wait_a_moment))?;
        if let Some(stop) = options.stop.clone() {
            raw.progress_handler(STEPS, Some(move || stop()))?;
        }
        raw.set_prepared_statement_cache_capacity(STATEMENTS);
        raw.pragma_update(None, "foreign_keys", true)?;
        raw.pragma_update(None, "trusted_schema", false)?;
        raw.pragma_update(None, "secure_delete", true)?;
        WIDE.set(raw)?;
        raw.pragma_update(None, "mmap_size", mapped)?;
        raw.pragma_update(None, "temp_store", "MEMORY")?;
        raw.pragma_update(
            None,
            "synchronous",
            match options.durability {
                Durability::Full => "FULL",
                Durability::Normal => "NORMAL",
            },
        )?;
        if options.read_only {
            raw.pragma_update(None, "query_only", true)?;
        }
        // Otherwise SQLite looks at the bound LIMIT when it plans, and plans anew at every call.
        raw.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        functions::register(raw)
    }

    /// A statement that is prepared once for each connection.
    pub(crate) fn prepare(&self, sql: &str) -> Result<CachedStatement<'_>> {
        self.statements.fetch_add(1, Ordering::Relaxed);
        self.raw.prepare_cached(sql).or_error()
    }

    /// Runs a statement that has no result.
    pub(crate) fn execute(&self, sql: &str, params: impl rusqlite::Params) -> Result<usize> {
        self.prepare(sql)?.execute(params).or_error()
    }

    /// Runs statements of which many in a row are the same one.
    pub(crate) fn repeated(&self) -> Repeated<'_> {
        Repeated { conn: self, last: None }
    }

    /// For what happens once: opening, migrating, checking.
    pub(crate) fn raw(&self) -> &Connection {
        &self.raw
    }

    /// Sets the connection up to write, few records at first. It copies the pages that it reads: mapped ones would be counted as
    /// memory that an import takes, all of the file in the end, and save no time.
    pub(crate) fn will_write(&self) -> Result<()> {
        self.raw.pragma_update(None, "mmap_size", 0).or_error()?;
        NARROW.set(&self.raw).or_error()
    }

    /// A record is written.
    pub(crate) fn wrote(&self) -> Result<()> {
        self.written.set(self.written.get() + 1);
        if self.written.get() == MANY && !self.widened.replace(true) {
            WIDE.set(&self.raw).or_error()?;
        }
        Ok(())
    }

    /// The transaction is committed. When one that wrote few records follows on many, the connection is made for few again:
    /// FTS5 keeps the table in which it gathers tokens as large as it ever was, and goes through all of it at every commit.
    pub(crate) fn committed(&self) {
        if (1..MANY).contains(&self.written.get()) && self.widened.replace(false) {
            // The indexes are opened again when they are needed. Where this fails all stays as it is.
            let _ = NARROW.set(&self.raw);
            let _ = self.raw.execute_batch("PRAGMA writable_schema = RESET");
        }
    }

    /// What the transaction has yet to write into the indexes of words.
    pub(crate) fn unwritten(&self) -> &Unwritten {
        &self.unwritten
    }

    /// The counters of this transaction.
    pub(crate) fn counters(&self) -> &Counters {
        &self.counters
    }

    pub(crate) fn last_row(&self) -> i64 {
        self.raw.last_insert_rowid()
    }

    pub(crate) fn in_transaction(&self) -> bool {
        !self.raw.is_autocommit()
    }

    pub(crate) fn interrupt_handle(&self) -> InterruptHandle {
        self.raw.get_interrupt_handle()
    }

    /// Ends a transaction that was not committed. SQLite may have ended it already.
    pub(crate) fn roll_back(&self) {
        self.unwritten.forget();
        self.counters.forget();
        self.written.set(0);
        // Who wants everything to stop may be asked within the end of the transaction too; it ends all the same.
        for _ in 0..2 {
            if self.in_transaction() {
                // There is nobody to tell: the connection is as good as the transaction's end makes it.
                let _ = self.execute("ROLLBACK", []);
            }
        }
    }
}

/// Keeps the last statement at hand: to look a long one up takes as long as to run a short one.
pub(crate) struct Repeated<'c> {
    conn: &'c Conn,
    last: Option<(&'static str, CachedStatement<'c>)>,
}

impl Repeated<'_> {
    /// Runs a statement that has no result; SQLite's error as it is.
    pub(crate) fn execute(
        &mut self,
        sql: &'static str,
        params: impl rusqlite::Params,
    ) -> Result<rusqlite::Result<usize>> {
        if let Some((_, statement)) = self.last.as_mut().filter(|(last, _)| std::ptr::eq(*last, sql)) {
            self.conn.statements.fetch_add(1, Ordering::Relaxed);
            return Ok(statement.execute(params));
        }
        let (_, statement) = self.last.insert((sql, self.conn.prepare(sql)?));
        Ok(statement.execute(params))
    }
}
