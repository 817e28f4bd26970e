//! How a store is opened.

use crate::SqliteStore;
use crm_core::{Crm, Options, Result};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Opens the CRM in this file, which is made when it is not there, with the default options.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("crm.db");
/// let crm = crm_sqlite::open(&path)?;
/// let session = crm.system("import");
/// let customer = session.customers().create(crm_core::Customer {
///     name: "Mara Tea Estates".into(),
///     ..Default::default()
/// })?;
/// assert_eq!(customer.code.as_ref().map(|code| code.as_str()), Some("C001"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// As [`OpenOptions::open`].
pub fn open(path: impl AsRef<Path>) -> Result<Crm> {
    OpenOptions::new(path).open_crm(Options::default()).map(|(crm, _)| crm)
}

/// Opens a CRM that is kept in memory and gone when it is dropped.
///
/// # Errors
/// Those of SQLite.
pub fn open_in_memory() -> Result<Crm> {
    OpenOptions::in_memory().open_crm(Options::default()).map(|(crm, _)| crm)
}

/// What is safe after a power failure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// Everything that was acknowledged: every commit waits for the disk.
    #[default]
    Full,
    /// A consistent store; the last commits may be lost. Nothing is lost when only the program dies.
    Normal,
}

/// Opens a connection: for programs that bring their own SQLite, key or flags.
pub(crate) type ConnectionFactory = dyn Fn() -> rusqlite::Result<rusqlite::Connection> + Send + Sync;

/// Says whether what runs is to end.
pub(crate) type Stop = dyn Fn() -> bool + Send + Sync;

#[derive(Clone)]
pub(crate) enum Place {
    File(PathBuf),
    Memory,
    Host(Arc<ConnectionFactory>),
}

/// Where a store is and how it is opened.
#[derive(Clone)]
pub struct OpenOptions {
    pub(crate) place: Place,
    pub(crate) durability: Durability,
    pub(crate) read_only: bool,
    pub(crate) readers: usize,
    pub(crate) busy_timeout: Duration,
    pub(crate) stop: Option<Arc<Stop>>,
}

impl fmt::Debug for OpenOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenOptions")
            .field("durability", &self.durability)
            .field("read_only", &self.read_only)
            .field("readers", &self.readers)
            .field("busy_timeout", &self.busy_timeout)
            .finish_non_exhaustive()
    }
}

impl OpenOptions {
    fn at(place: Place) -> Self {
        const READERS: usize = 4;
        const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
        OpenOptions {
            place,
            durability: Durability::Full,
            read_only: false,
            readers: READERS,
            busy_timeout: BUSY_TIMEOUT,
            stop: None,
        }
    }

    /// A file, which is made when it is not there. Several processes may share it.
    pub fn new(path: impl AsRef<Path>) -> Self {
        OpenOptions::at(Place::File(path.as_ref().to_owned()))
    }

    /// In memory, gone when the store is dropped. One connection serves reads and writes.
    pub fn in_memory() -> Self {
        OpenOptions { readers: 0, ..OpenOptions::at(Place::Memory) }
    }

    /// Connections that the embedding program opens. Every call must open the same database; the library sets its
    /// pragmas on each.
    pub fn with_connections(
        factory: impl Fn() -> rusqlite::Result<rusqlite::Connection> + Send + Sync + 'static,
    ) -> Self {
        OpenOptions::at(Place::Host(Arc::new(factory)))
    }

    /// What is safe after a power failure.
    #[must_use]
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// Only read: a write gives `read_only`.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// How many reads go on at the same time; 4 when nothing is said.
    #[must_use]
    pub fn readers(mut self, readers: usize) -> Self {
        self.readers = readers.max(1);
        self
    }

    /// How long a write waits for other writers before it gives `busy`; 5 seconds when nothing is said.
    #[must_use]
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout;
        self
    }

    /// Asks whether to go on while a statement runs, on the thread that runs it, and while a write waits for other writers:
    /// after every 1,000 steps of SQLite's machine, some hundredths of a millisecond. `true` ends the call with
    /// `interrupted`; a write that is ended so leaves nothing. For programs that must hear of something meanwhile, such as
    /// a key that was pressed, and have no other thread to call [`Interrupter::interrupt`](crate::Interrupter::interrupt).
    /// It is asked often: let it be quick, and not use the store.
    ///
    /// ```
    /// use crm_core::Query;
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicBool, Ordering};
    /// let pressed = Arc::new(AtomicBool::new(false));
    /// let told = Arc::clone(&pressed);
    /// let options = crm_sqlite::OpenOptions::in_memory().stop_when(move || told.load(Ordering::Relaxed));
    /// let (crm, _) = options.open_crm(Default::default())?;
    /// let session = crm.system("example");
    /// let mut batch = session.batch();
    /// for number in 0..1_000 {
    ///     batch.create(crm_core::Customer { name: format!("Customer {number}"), ..Default::default() })?;
    /// }
    /// batch.run()?;
    /// pressed.store(true, Ordering::Relaxed);
    /// let long = Query::new().filter(crm_core::Customer::NAME.contains("tea"));
    /// assert_eq!(session.customers().list(&long).unwrap_err().code(), "interrupted");
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    #[must_use]
    pub fn stop_when(mut self, stop: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        self.stop = Some(Arc::new(stop));
        self
    }

    /// Opens the CRM in the store, and gives the store itself too, for backups, closing and interrupting.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// let (crm, store) = crm_sqlite::OpenOptions::new(folder.path().join("crm.db")).open_crm(Default::default())?;
    /// store.backup(folder.path().join("copy.db"))?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`OpenOptions::open`].
    pub fn open_crm(&self, options: Options) -> Result<(Crm, Arc<SqliteStore>)> {
        let store = Arc::new(self.open()?);
        let crm = Crm::open(Arc::clone(&store) as Arc<dyn crm_core::port::Store>, options)?;
        Ok((crm, store))
    }

    /// Opens the store, and brings a file of an older release to this one's format.
    ///
    /// # Errors
    /// `not_a_store` for a file that is something else and `too_new` for one of a newer release: neither is touched.
    /// `read_only`, `busy`, `corrupt`, and SQLite's own.
    pub fn open(&self) -> Result<SqliteStore> {
        SqliteStore::open(self.clone())
    }
}
