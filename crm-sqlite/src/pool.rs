//! One writer and several readers of one file.

use crate::connection::Conn;
use crate::migrate::migrate;
use crate::open::{OpenOptions, Place};
use crate::patience::{Waiting, be_patient};
use crm_core::{Error, Result};
use parking_lot::{ArcMutexGuard, Condvar, Mutex, RawMutex};
use rusqlite::InterruptHandle;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub(crate) struct Pool {
    options: OpenOptions,
    writer: Arc<Mutex<Conn>>,
    /// Readers that are at rest, and how many are open at all.
    readers: Mutex<Readers>,
    returned: Condvar,
    statements: Arc<AtomicU64>,
    handles: Mutex<Vec<InterruptHandle>>,
}

#[derive(Default)]
struct Readers {
    free: Vec<Conn>,
    open: usize,
}

/// The writer, alone.
pub(crate) type WriterGuard = ArcMutexGuard<RawMutex, Conn>;

impl Pool {
    pub(crate) fn open(options: OpenOptions) -> Result<Arc<Self>> {
        be_patient(&options);
        let statements = Arc::new(AtomicU64::new(0));
        let writer = Conn::open(&options, Arc::clone(&statements))?;
        writer.will_write()?;
        migrate(&writer, options.read_only, options.busy_timeout)?;
        let handles = Mutex::new(vec![writer.interrupt_handle()]);
        Ok(Arc::new(Pool {
            options,
            writer: Arc::new(Mutex::new(writer)),
            readers: Mutex::default(),
            returned: Condvar::new(),
            statements,
            handles,
        }))
    }

    /// The writer's connection; `busy` when other threads hold it for too long.
    pub(crate) fn writer(&self) -> Result<WriterGuard> {
        be_patient(&self.options);
        if let Some(writer) = self.writer.try_lock_arc() {
            return Ok(writer);
        }
        let waiting = Waiting::begin(&self.options);
        loop {
            match self.writer.try_lock_arc_for(waiting.moment()) {
                Some(writer) => return Ok(writer),
                None => waiting.go_on()?,
            }
        }
    }

    /// A connection to read with. Waits while all are in use.
    pub(crate) fn reader(self: &Arc<Self>) -> Result<Lease> {
        // A database in memory is one connection.
        if matches!(self.options.place, Place::Memory) {
            return Ok(Lease::Writer(self.writer()?));
        }
        be_patient(&self.options);
        let mut readers = self.readers.lock();
        let mut waiting = None;
        loop {
            if let Some(conn) = readers.free.pop() {
                return Ok(Lease::Reader { pool: Arc::clone(self), conn: Some(conn) });
            }
            if readers.open < self.options.readers.max(1) {
                break;
            }
            let waiting = waiting.get_or_insert_with(|| Waiting::begin(&self.options));
            if self.returned.wait_for(&mut readers, waiting.moment()).timed_out() {
                drop(readers);
                waiting.go_on()?;
                readers = self.readers.lock();
            }
        }
        readers.open += 1;
        drop(readers);
        match Conn::open(&self.options, Arc::clone(&self.statements)) {
            Ok(conn) => {
                self.handles.lock().push(conn.interrupt_handle());
                Ok(Lease::Reader { pool: Arc::clone(self), conn: Some(conn) })
            }
            Err(error) => {
                self.readers.lock().open -= 1;
                Err(error)
            }
        }
    }

    /// A connection that has seen nothing yet, outside of the pool. For checks: the full-text index of a connection
    /// that has looked at it before is compared with what it remembers, and reported as damaged when another
    /// connection has written since.
    pub(crate) fn fresh(self: &Arc<Self>) -> Result<Lease> {
        match self.options.place {
            Place::Memory => self.reader(),
            _ => Ok(Lease::Own(Conn::open(&self.options, Arc::clone(&self.statements))?)),
        }
    }

    pub(crate) fn interrupt(&self) {
        self.handles.lock().iter().for_each(InterruptHandle::interrupt);
    }

    pub(crate) fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }
}

/// A connection that goes back when it is dropped.
pub(crate) enum Lease {
    Writer(WriterGuard),
    Reader { pool: Arc<Pool>, conn: Option<Conn> },
    Own(Conn),
}

impl Lease {
    pub(crate) fn conn(&self) -> Result<&Conn> {
        match self {
            Lease::Writer(guard) => Ok(guard.deref()),
            Lease::Reader { conn, .. } => conn.as_ref().ok_or(Error::Closed),
            Lease::Own(conn) => Ok(conn),
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        match self {
            Lease::Writer(guard) => guard.roll_back(),
            Lease::Own(_) => {}
            Lease::Reader { pool, conn } => {
                if let Some(conn) = conn.take() {
                    conn.roll_back();
                    pool.readers.lock().free.push(conn);
                    pool.returned.notify_one();
                }
            }
        }
    }
}
