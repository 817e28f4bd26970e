//! The whole store as JSON lines, and back.

use crate::crm::{Crm, Opening, head};
use crate::errors::OrRaise;
use crate::files::{Source, Target};
use crate::value::in_python;
use crm_core::exchange::{dump, restore};
use pyo3::prelude::*;
use std::path::PathBuf;
use std::sync::Arc;

#[pymethods]
impl Crm {
    /// Writes the whole store as JSON lines, journal included, as it is at this moment. `crm.restore` reads them.
    /// Passwords are not in it; all else is: keep it as you keep the store.
    ///
    /// Args:
    ///     target: the file, or an object opened with mode "wb".
    ///
    /// Returns:
    ///     A `Dumped` with how many records, operations and lines, and the journal's head.
    ///
    /// >>> import crm, io
    /// >>> db, file = crm.open(":memory:"), io.BytesIO()
    /// >>> db.dump(file).head == db.head()
    /// True
    fn dump(&self, py: Python<'_>, target: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let mut out = Target::of(target)?;
        let dumped = py.detach(move || {
            let dumped = dump(&self.crm, &mut out).or_raise();
            out.finish(dumped)
        })?;
        let args = (dumped.records, dumped.operations, dumped.lines, head(py, dumped.head)?);
        in_python(py, "values", "Dumped", args)
    }
}

/// Makes a store of a dump, in a file that is not there yet. A dump has no passwords: give the users new ones by
/// `db.system().set_password(user, password)`.
///
/// Args:
///     path: the new file; what it is opened with is as of `open`.
///     source: the dump: its path, or an object opened with mode "rb".
///
/// Raises:
///     RefusedError: the store is not empty.
///     NotAStoreError: it is no dump.
///     TooNewError: a newer release wrote it.
///     InvalidError: the dump is cut off or was altered.
///
/// >>> import crm, io
/// >>> db, file = crm.open(":memory:"), io.BytesIO()
/// >>> _ = db.system().customers.create(name="Mara Tea")
/// >>> _ = db.dump(file), file.seek(0)
/// >>> crm.restore(":memory:", file).system().customers.get("C001").name
/// 'Mara Tea'
#[pyfunction]
#[pyo3(name = "restore", signature = (path, source, *, durability="full", busy_timeout=5.0, readers=4, session_hours=12.0, shortest_password=8, password_cost=None, clock=None))]
#[allow(clippy::too_many_arguments, reason = "all but two have names")]
pub(crate) fn restore_dump(
    py: Python<'_>,
    path: PathBuf,
    source: &Bound<'_, PyAny>,
    durability: &str,
    busy_timeout: f64,
    readers: usize,
    session_hours: f64,
    shortest_password: usize,
    password_cost: Option<(u32, u32)>,
    clock: Option<Py<PyAny>>,
) -> PyResult<Crm> {
    let source = Source::one(source)?;
    let Opening { place, options } = Opening::new(
        &path,
        durability,
        busy_timeout,
        readers,
        session_hours,
        shortest_password,
        password_cost,
        clock,
    )?;
    let mut from = source.open_one()?;
    let was_there = path.exists();
    let opened = py.detach(|| {
        let store = Arc::new(place.open()?);
        let shared: Arc<crm_sqlite::SqliteStore> = Arc::clone(&store);
        let restored = restore(shared, options, &mut *from);
        if restored.is_err() {
            // The outcome that counts is the other one.
            let _ = store.close();
        }
        Ok(Crm { crm: restored?, store })
    });
    if opened.is_err() && !was_there {
        // A store in which nothing is would look like one that was restored.
        for suffix in ["", "-wal", "-shm"] {
            let mut name = path.clone().into_os_string();
            name.push(suffix);
            let _ = std::fs::remove_file(name);
        }
    }
    source.raised.or(opened.or_raise())
}
