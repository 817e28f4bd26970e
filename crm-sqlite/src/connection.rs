//! One connection: every pragma is set here and nowhere else.

use crate::counters::Counters;
use crate::error::OrError;
use crate::functions;
use crate::open::{Durability, OpenOptions, Place};
use crate::words::Unwritten;
use crm_core::Result;
use rusqlite::config::DbConfig;
use rusqlite::{CachedStatement, Connection, InterruptHandle, OpenFlags};
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A connection that counts its statements.
pub(crate) struct Conn {
    raw: Connection,
    statements: Arc<AtomicU64>,
    unwritten: Unwritten,
    counters: Counters,
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
        };
        conn.set_up(options).or_error()?;
        Ok(conn)
    }

    fn set_up(&mut self, options: &OpenOptions) -> rusqlite::Result<()> {
        const STATEMENTS: usize = 256;
        const CACHE_KIB: i64 = 16 * 1024;
        // An import's thousand rows change some two thousand pages, most of them those of the thousand before: with SQLite's
        // own thousand each would be written into the file every time.
        const WAL_PAGES: i64 = 8_000;
        let mapped: i64 = if cfg!(target_pointer_width = "64") { 1 << 30 } else { 64 << 20 };
        let raw = &mut self.raw;
        raw.busy_handler(Some(wait_a_moment))?;
        raw.set_prepared_statement_cache_capacity(STATEMENTS);
        raw.pragma_update(None, "foreign_keys", true)?;
        raw.pragma_update(None, "trusted_schema", false)?;
        raw.pragma_update(None, "secure_delete", true)?;
        raw.pragma_update(None, "cache_size", -CACHE_KIB)?;
        raw.pragma_update(None, "mmap_size", mapped)?;
        raw.pragma_update(None, "temp_store", "MEMORY")?;
        raw.pragma_update(None, "wal_autocheckpoint", WAL_PAGES)?;
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

    /// For what happens once: opening, migrating, checking.
    pub(crate) fn raw(&self) -> &Connection {
        &self.raw
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
        if self.in_transaction() {
            // There is nobody to tell: the connection is as good as the transaction's end makes it.
            let _ = self.execute("ROLLBACK", []);
        }
    }
}

thread_local! {
    static PATIENCE: Cell<(Duration, Option<Instant>)> = const { Cell::new((Duration::ZERO, None)) };
}

/// How long statements of this thread wait for other writers from now on.
pub(crate) fn be_patient(timeout: Duration) {
    PATIENCE.set((timeout, None));
}

/// SQLite's own waiting sleeps ever longer and starves writers under load; short sleeps of uneven length do not.
fn wait_a_moment(tries: i32) -> bool {
    const SHORTEST_MICROS: u32 = 200;
    const SPREAD_MICROS: u32 = 300;
    let now = Instant::now();
    let (timeout, until) = PATIENCE.get();
    let until = match until {
        Some(until) if tries > 0 => until,
        _ => now + timeout,
    };
    PATIENCE.set((timeout, Some(until)));
    if now >= until {
        return false;
    }
    // The clock's own noise is all the randomness that this needs.
    let noise =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().subsec_nanos();
    std::thread::sleep(Duration::from_micros((SHORTEST_MICROS + noise % SPREAD_MICROS).into()));
    true
}
