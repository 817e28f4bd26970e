//! An open store.

use crate::errors::{OrRaise, invalid};
use crate::journal::{operation, operations};
use crate::records::{data_of, wrap};
use crate::session::Session;
use crate::stop;
use crate::value::{in_python, instant};
use crm_core::chrono::TimeDelta;
use crm_core::{Clock, Head, Options, PasswordCost, SystemClock, Timestamp, User};
use crm_sqlite::{Durability, OpenOptions, SqliteStore};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::{PyDict, PyTuple, PyType};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A clock that a Python program brings: a callable that gives an aware datetime.
struct PythonClock(Py<PyAny>);

impl Clock for PythonClock {
    fn now(&self) -> Timestamp {
        // A call that is to end asks nobody any more.
        if stop::is_raised() {
            return SystemClock.now();
        }
        Python::attach(|py| match self.0.call0(py).and_then(|at| instant(at.bind(py))) {
            Ok(at) => at,
            Err(error) => {
                // There is nobody to raise it to; the machine's clock is right more often than none.
                if let Some(error) = stop::harmless(py, error) {
                    error.write_unraisable(py, Some(self.0.bind(py)));
                }
                SystemClock.now()
            }
        })
    }
}

/// How a store is opened: what `open` and `restore` take alike.
pub(crate) struct Opening {
    pub(crate) place: OpenOptions,
    pub(crate) options: Options,
}

impl Opening {
    #[allow(clippy::too_many_arguments, reason = "callers name them")]
    pub(crate) fn new(
        path: &Path,
        durability: &str,
        busy_timeout: f64,
        readers: usize,
        session_hours: f64,
        shortest_password: usize,
        password_cost: Option<(u32, u32)>,
        clock: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let mut place = match path.to_str() {
            Some(":memory:") => OpenOptions::in_memory(),
            _ => OpenOptions::new(path).readers(readers),
        };
        place = place.stop_when(stop::should_stop).durability(match durability {
            "full" => Durability::Full,
            "normal" => Durability::Normal,
            _ => return Err(PyValueError::new_err("durability is \"full\" or \"normal\"")),
        });
        let timeout = Duration::try_from_secs_f64(busy_timeout);
        place = place
            .busy_timeout(timeout.map_err(|_| PyValueError::new_err("busy_timeout is a number of seconds"))?);
        let seconds = session_hours * 3_600.0;
        if !(1.0..=1e10).contains(&seconds) {
            return Err(PyValueError::new_err("session_hours is a number of hours"));
        }
        #[allow(clippy::cast_possible_truncation, reason = "it was looked at")]
        let session_lifetime = TimeDelta::seconds(seconds as i64);
        let mut options = Options { session_lifetime, shortest_password, ..Options::default() };
        if let Some((memory_kib, passes)) = password_cost {
            options.password_cost = PasswordCost { memory_kib, passes };
        }
        if let Some(clock) = clock {
            options.clock = Arc::new(PythonClock(clock));
        }
        Ok(Opening { place, options })
    }
}

/// Opens the store in a file, which is made when there is none. `":memory:"` is one that is gone when it is closed.
///
/// Args:
///     path: the file.
///     durability: `"full"`: what was written survives a power cut; `"normal"`: it survives a crash of the program.
///     read_only: nothing is written, nor does anybody log in, which would be written: `resume` a session, or take `system`.
///     busy_timeout: how many seconds a call waits for another program that writes.
///     readers: how many reads go on at the same time.
///     session_hours: how long a session lasts.
///     shortest_password: how many characters a password has at least.
///     password_cost: what a password's hash costs, as argon2id counts it: the memory in KiB and the passes over it.
///         `(19456, 2)`, which OWASP advises, unless something is said; `(8, 1)` is the least, for tests.
///     clock: a callable that gives an aware datetime, in place of the machine's clock.
///
/// Raises:
///     NotAStoreError: the file is something else.
///     TooNewError: a newer release wrote it.
///     StorageError: it can't be opened.
///
/// >>> import crm
/// >>> with crm.open(":memory:") as db:
/// ...     s = db.system()
/// ...     s.customers.create(name="Mara Tea").code
/// 'C001'
#[pyfunction]
#[pyo3(signature = (path, *, durability="full", read_only=false, busy_timeout=5.0, readers=4, session_hours=12.0, shortest_password=8, password_cost=None, clock=None))]
#[allow(clippy::too_many_arguments, reason = "all but one have names")]
pub(crate) fn open(
    py: Python<'_>,
    path: PathBuf,
    durability: &str,
    read_only: bool,
    busy_timeout: f64,
    readers: usize,
    session_hours: f64,
    shortest_password: usize,
    password_cost: Option<(u32, u32)>,
    clock: Option<Py<PyAny>>,
) -> PyResult<Crm> {
    let Opening { mut place, options } = Opening::new(
        &path,
        durability,
        busy_timeout,
        readers,
        session_hours,
        shortest_password,
        password_cost,
        clock,
    )?;
    if read_only {
        place = place.read_only();
    }
    let (crm, store) = py.detach(|| place.open_crm(options)).or_raise()?;
    Ok(Crm { crm, store })
}

/// An open store. `with` closes it at the end of the block.
#[pyclass(module = "crm", frozen, weakref)]
pub(crate) struct Crm {
    pub(crate) crm: crm_core::Crm,
    pub(crate) store: Arc<SqliteStore>,
}

#[pymethods]
impl Crm {
    /// Creates the first user, who manages everything.
    ///
    /// Raises:
    ///     RefusedError: there are users already.
    ///     InvalidError: the name or the password will not do.
    #[pyo3(signature = (username, password, **fields))]
    fn create_admin(
        &self,
        py: Python<'_>,
        username: String,
        password: &str,
        fields: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        let (user, _) = data_of(User { username, ..User::default() }, fields)?;
        wrap(py, py.detach(|| self.crm.create_admin(user, password)).or_raise()?)
    }

    /// Whether there is a user.
    fn has_users(&self, py: Python<'_>) -> PyResult<bool> {
        py.detach(|| self.crm.has_users()).or_raise()
    }

    /// Begins a session.
    ///
    /// Raises:
    ///     BadCredentialsError: no such user, another password or an inactive user.
    ///     LockedOutError: too many failed tries; `retry_at` says when the next is looked at.
    fn login(&self, py: Python<'_>, username: &str, password: &str) -> PyResult<Session> {
        Ok(Session(Arc::new(py.detach(|| self.crm.login(username, password)).or_raise()?)))
    }

    /// Goes on with a session by its token.
    ///
    /// Raises:
    ///     SessionEndedError.
    fn resume(&self, py: Python<'_>, token: &str) -> PyResult<Session> {
        Ok(Session(Arc::new(py.detach(|| self.crm.resume(token)).or_raise()?)))
    }

    /// The embedding program itself, which may do everything. The label stands in the journal.
    #[pyo3(signature = (label="python"))]
    fn system(&self, label: &str) -> Session {
        Session(Arc::new(self.crm.system(label)))
    }

    /// Calls the listener with every `Operation` that this process commits, on the thread that did, until the
    /// subscription is closed. What the listener raises goes to `sys.unraisablehook`; the write stands.
    fn subscribe(&self, listener: Py<PyAny>) -> Subscription {
        let subscription = self.crm.subscribe(move |committed| {
            Python::attach(|py| {
                let called =
                    operation(py, committed.clone()).and_then(|operation| listener.call1(py, (operation,)));
                if let Some(error) = called.err().and_then(|error| stop::harmless(py, error)) {
                    error.write_unraisable(py, Some(listener.bind(py)));
                }
            });
        });
        Subscription(Mutex::new(Some(subscription)))
    }

    /// What was done after that place in the journal, by any process, the oldest first.
    #[pyo3(signature = (after, *, limit=100))]
    fn changes_since<'py>(&self, py: Python<'py>, after: u64, limit: usize) -> PyResult<Bound<'py, PyTuple>> {
        operations(py, py.detach(|| self.crm.changes_since(after, limit)).or_raise()?)
    }

    /// Looks the whole file over. Gives what is wrong with it; nothing for a sound one.
    fn check<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let report = py.detach(|| self.crm.check()).or_raise()?;
        PyTuple::new(py, report.problems.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    /// Proves that nobody altered the journal: `Verification.holds`, and where it breaks if it does.
    ///
    /// Args:
    ///     since: a `Head` that was kept outside of the store: the journal must still have what it had then.
    ///
    /// >>> import crm
    /// >>> db = crm.open(":memory:")
    /// >>> kept = db.head()
    /// >>> _ = db.system().customers.create(name="Mara Tea")
    /// >>> proof = db.verify(since=kept)
    /// >>> proof.holds, proof.operations, proof.head == db.head()
    /// (True, 2, True)
    #[pyo3(signature = (*, since=None))]
    fn verify(&self, py: Python<'_>, since: Option<&Bound<'_, PyAny>>) -> PyResult<Py<PyAny>> {
        let known = since.map(head_of).transpose()?.unwrap_or_default();
        let proof = py.detach(|| self.crm.verify_since(known)).or_raise()?;
        let broken = proof
            .broken
            .as_ref()
            .map(|broken| in_python(py, "values", "Broken", (broken.seq, &broken.reason)));
        let args =
            (proof.holds(), broken.transpose()?, proof.operations, proof.erased, head(py, proof.head)?);
        in_python(py, "values", "Verification", args)
    }

    /// The newest operation's place in the journal and its hash, to be kept outside of the store for `verify`.
    fn head(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        head(py, py.detach(|| self.crm.head()).or_raise()?)
    }

    /// Writes a copy of the store as it is now into a new file, while others go on reading and writing.
    ///
    /// Raises:
    ///     StorageError: there is a file already; it is not touched.
    fn backup(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        py.detach(|| self.store.backup(path)).or_raise()
    }

    /// Ends what other threads are doing with the store: they get an InterruptedCallError, and a write that is ended so
    /// leaves nothing.
    fn interrupt(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| self.store.interrupter().map(|interrupter| interrupter.interrupt())).or_raise()
    }

    /// Opens a store again that was closed; does nothing to an open one. What was in memory only is gone.
    ///
    /// Raises:
    ///     As `open`.
    fn reopen(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| self.store.reopen()).or_raise()
    }

    /// Closes the store after the write that is going on. Every call on it, and on its sessions, then raises
    /// ClosedError. Closing twice does nothing.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| self.store.close()).or_raise()
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (_type=None, _value=None, _traceback=None, /))]
    fn __exit__(
        &self,
        py: Python<'_>,
        _type: Option<&Bound<'_, PyType>>,
        _value: Option<&Bound<'_, PyAny>>,
        _traceback: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        self.close(py)
    }

    fn __repr__(&self) -> &'static str {
        "<an open CRM store>"
    }
}

/// A place in the journal as `crm.Head`; its hash in hexadecimal digits.
pub(crate) fn head(py: Python<'_>, head: Head) -> PyResult<Py<PyAny>> {
    let hash: String = head.hash.iter().map(|byte| format!("{byte:02x}")).collect();
    in_python(py, "values", "Head", (head.seq, hash))
}

/// The place in the journal that a `crm.Head` says.
fn head_of(given: &Bound<'_, PyAny>) -> PyResult<Head> {
    let text: String = given.getattr("hash")?.extract()?;
    let wrong = || invalid("since", "syntax", "the hash of a head has 64 hexadecimal digits");
    let mut hash = [0; 32];
    if text.len() != 2 * hash.len() {
        return Err(wrong());
    }
    for (place, byte) in hash.iter_mut().enumerate() {
        let digits = text.get(2 * place..2 * place + 2).ok_or_else(wrong)?;
        *byte = u8::from_str_radix(digits, 16).map_err(|_| wrong())?;
    }
    Ok(Head { seq: given.getattr("seq")?.extract()?, hash })
}

/// A listener that is called until this is closed, or forgotten.
#[pyclass(module = "crm", frozen)]
pub(crate) struct Subscription(Mutex<Option<crm_core::Subscription>>);

#[pymethods]
impl Subscription {
    /// The listener is not called any more.
    fn close(&self, py: Python<'_>) {
        let ended = self.0.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner).take();
        py.detach(|| drop(ended));
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (_type=None, _value=None, _traceback=None, /))]
    fn __exit__(
        &self,
        py: Python<'_>,
        _type: Option<&Bound<'_, PyType>>,
        _value: Option<&Bound<'_, PyAny>>,
        _traceback: Option<&Bound<'_, PyAny>>,
    ) {
        self.close(py);
    }
}
