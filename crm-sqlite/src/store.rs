//! The store: opens, closes, begins.

use crate::connection::Conn;
use crate::counters;
use crate::error::{OrError, from_sqlite, is_dangling};
use crate::open::OpenOptions;
use crate::pool::{Lease, Pool, WriterGuard};
use crate::scrub::scrub;
use crate::words;
use crm_core::port::{Snapshot, Store, Transaction};
use crm_core::{Error, Result};
use parking_lot::RwLock;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Weak};

/// A store in one SQLite file.
pub struct SqliteStore {
    options: OpenOptions,
    pool: RwLock<Option<Arc<Pool>>>,
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("options", &self.options).finish_non_exhaustive()
    }
}

/// Stops what the store is doing, from another thread.
#[derive(Clone)]
pub struct Interrupter {
    pool: Weak<Pool>,
}

impl fmt::Debug for Interrupter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interrupter").finish_non_exhaustive()
    }
}

impl Interrupter {
    /// Ends every statement that runs now with `interrupted`; a write that is ended so leaves nothing.
    pub fn interrupt(&self) {
        if let Some(pool) = self.pool.upgrade() {
            pool.interrupt();
        }
    }
}

impl SqliteStore {
    pub(crate) fn open(options: OpenOptions) -> Result<Self> {
        let pool = Pool::open(options.clone())?;
        Ok(SqliteStore { options, pool: RwLock::new(Some(pool)) })
    }

    fn pool(&self) -> Result<Arc<Pool>> {
        self.pool.read().clone().ok_or(Error::Closed)
    }

    /// Closes all connections, after the write that is going on: what a mobile program does when it is suspended.
    /// Everything then gives `closed` until [`SqliteStore::reopen`]. Closing twice does nothing.
    ///
    /// # Errors
    /// `busy` when the write takes too long.
    pub fn close(&self) -> Result<()> {
        let mut pool = self.pool.write();
        if let Some(open) = pool.as_ref() {
            drop(open.writer()?);
        }
        *pool = None;
        Ok(())
    }

    /// Opens the connections again; does nothing when they are open. What was in memory only is gone.
    ///
    /// # Errors
    /// As [`OpenOptions::open`].
    pub fn reopen(&self) -> Result<()> {
        let mut pool = self.pool.write();
        if pool.is_none() {
            *pool = Some(Pool::open(self.options.clone())?);
        }
        Ok(())
    }

    /// Writes a copy of the store as it is now into a new file, while others go on reading and writing.
    ///
    /// # Errors
    /// `storage` when there is a file already: it is not touched. `full`, `closed`, and SQLite's own.
    pub fn backup(&self, to: impl AsRef<Path>) -> Result<()> {
        let to = to.as_ref();
        let io = |error: std::io::Error| Error::Storage {
            reason: error.to_string(),
            source: Some(Box::new(error)),
        };
        if to.exists() {
            return Err(Error::Storage {
                reason: "there is a file already at the backup's place".to_owned(),
                source: None,
            });
        }
        let name =
            to.to_str().ok_or_else(|| Error::invalid("to", "syntax", "the path is no Unicode text"))?;
        let lease = self.pool()?.reader()?;
        let copied = lease.conn()?.raw().execute("VACUUM INTO ?1", [name]).or_error();
        match copied {
            // SQLite does not wait for the disk here.
            Ok(_) => std::fs::File::open(to).and_then(|file| file.sync_all()).map_err(io),
            Err(error) => {
                // Half a backup is none; it was made by this call.
                let _ = std::fs::remove_file(to);
                Err(error)
            }
        }
    }

    /// A handle that stops what the store is doing, from another thread.
    ///
    /// # Errors
    /// `closed`.
    pub fn interrupter(&self) -> Result<Interrupter> {
        Ok(Interrupter { pool: Arc::downgrade(&self.pool()?) })
    }

    /// How many SQL statements were run since it was opened.
    ///
    /// # Errors
    /// `closed`.
    pub fn statements(&self) -> Result<u64> {
        Ok(self.pool()?.statements())
    }
}

impl Store for SqliteStore {
    fn reader(&self) -> Result<Box<dyn Snapshot + '_>> {
        Ok(Box::new(SqliteView { lease: self.pool()?.reader()? }))
    }

    fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>> {
        let lease = self.pool()?.reader()?;
        lease.conn()?.execute("BEGIN", [])?;
        Ok(Box::new(SqliteView { lease }))
    }

    fn begin(&self) -> Result<Box<dyn Transaction + '_>> {
        if self.options.read_only {
            return Err(Error::ReadOnly);
        }
        Ok(Box::new(SqliteTransaction::begin(self.pool()?.writer()?)?))
    }

    fn tidy(&self) -> Result<bool> {
        let writer = self.pool()?.writer()?;
        if !writer.unwritten().is_untidy() {
            return Ok(false);
        }
        let transaction = SqliteTransaction::begin(writer)?;
        let more = words::tidy(&transaction.conn)?;
        Box::new(transaction).commit()?;
        Ok(more)
    }

    fn check(&self) -> Result<Vec<String>> {
        let lease = self.pool()?.fresh()?;
        let raw = lease.conn()?.raw();
        let mut problems = Vec::new();
        for (sql, what) in
            [("PRAGMA integrity_check", "integrity"), ("PRAGMA foreign_key_check", "foreign key")]
        {
            let mut statement = raw.prepare(sql).or_error()?;
            let mut rows = statement.query([]).or_error()?;
            while let Some(row) = rows.next().or_error()? {
                let told: String = row.get(0).or_error()?;
                if told != "ok" {
                    problems.push(format!("{what}: {told}"));
                }
            }
        }
        Ok(problems)
    }

    fn scrub(&self) -> Result<()> {
        if self.options.read_only {
            return Err(Error::ReadOnly);
        }
        scrub(&*self.pool()?.writer()?)
    }
}

/// A view that reads.
pub(crate) struct SqliteView {
    lease: Lease,
}

/// The one transaction that writes.
pub(crate) struct SqliteTransaction {
    conn: WriterGuard,
    savepoint: bool,
}

impl SqliteTransaction {
    fn begin(conn: WriterGuard) -> Result<Self> {
        conn.execute("BEGIN IMMEDIATE", [])?;
        Ok(SqliteTransaction { conn, savepoint: false })
    }
}

/// What reads need: a view and a transaction read alike.
pub(crate) trait HasConn {
    fn conn(&self) -> Result<&Conn>;
}

impl HasConn for SqliteView {
    fn conn(&self) -> Result<&Conn> {
        self.lease.conn()
    }
}

impl HasConn for SqliteTransaction {
    fn conn(&self) -> Result<&Conn> {
        Ok(&self.conn)
    }
}

impl Transaction for SqliteTransaction {
    fn expect_more(&mut self) {
        self.conn.unwritten().expect_more();
    }

    fn settle(&mut self) -> Result<()> {
        words::write(&self.conn)
    }

    fn commit(self: Box<Self>) -> Result<()> {
        counters::write(&self.conn)?;
        words::write(&self.conn)?;
        let committed = self.conn.prepare("COMMIT")?.execute([]);
        match committed {
            Ok(_) => {
                self.conn.committed();
                Ok(())
            }
            Err(error) if is_dangling(&error) => {
                Err(Error::Corrupt { reason: "a record refers to one that is not there".to_owned() })
            }
            Err(error) => Err(from_sqlite(error)),
        }
    }

    fn savepoint(&mut self) -> Result<()> {
        if std::mem::replace(&mut self.savepoint, true) {
            self.conn.execute("RELEASE crm_savepoint", [])?;
        }
        words::savepoint(&self.conn)?;
        counters::write(&self.conn)?;
        self.conn.execute("SAVEPOINT crm_savepoint", [])?;
        Ok(())
    }

    fn roll_back_to_savepoint(&mut self) -> Result<()> {
        self.conn.execute("ROLLBACK TO crm_savepoint", [])?;
        words::went_back(&self.conn);
        self.conn.counters().forget();
        Ok(())
    }
}

impl Drop for SqliteTransaction {
    fn drop(&mut self) {
        self.conn.roll_back();
    }
}
