//! Ctrl-C, and what callbacks raise, end the call that is going on.
//!
//! Python hears of a signal only on its main thread, and only when that runs Python. A store's call does not, so the
//! store asks now and then whether to go on, and is told no when a signal's handler has raised something.

use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

/// How long after a look at the signals the next one is. The store asks far more often, and a look takes the
/// interpreter's lock.
const EVERY: Duration = Duration::from_millis(30);

thread_local! {
    /// What the call that is going on raises when it is back.
    static RAISED: RefCell<Option<PyErr>> = const { RefCell::new(None) };
    static LOOKED: Cell<Option<Instant>> = const { Cell::new(None) };
    /// Whether this is Python's main thread, once it is known.
    static MAIN: Cell<Option<bool>> = const { Cell::new(None) };
}

/// Whether the store's call on this thread is to end.
pub(crate) fn should_stop() -> bool {
    if is_raised() {
        return true;
    }
    if MAIN.get() == Some(false) {
        return false;
    }
    let now = Instant::now();
    if LOOKED.get().is_some_and(|at| now.saturating_duration_since(at) < EVERY) {
        return false;
    }
    LOOKED.set(Some(now));
    Python::try_attach(|py| {
        if MAIN.get().is_none() {
            // When Python can't say, it may be.
            MAIN.set(is_main(py).ok());
        }
        look(py)
    })
    .unwrap_or(false)
}

/// Runs the handlers of signals that came; whether one of them raised.
pub(crate) fn look(py: Python<'_>) -> bool {
    py.check_signals().map_err(raise).is_err()
}

/// The call that is going on will raise this.
pub(crate) fn raise(error: PyErr) {
    RAISED.set(Some(error));
}

/// What a callback raised whose errors stop nothing: given back, unless it is meant for the whole program, as
/// `KeyboardInterrupt` and `SystemExit` are.
pub(crate) fn harmless(py: Python<'_>, error: PyErr) -> Option<PyErr> {
    if error.is_instance_of::<PyException>(py) {
        return Some(error);
    }
    raise(error);
    None
}

/// Whether the call that is back has something to raise.
pub(crate) fn is_raised() -> bool {
    RAISED.with_borrow(Option::is_some)
}

/// What the call that is back has to raise.
pub(crate) fn raised() -> Option<PyErr> {
    RAISED.take()
}

fn is_main(py: Python<'_>) -> PyResult<bool> {
    let threading = py.import("threading")?;
    let here: u64 = threading.call_method0("get_ident")?.extract()?;
    let main: Option<u64> = threading.call_method0("main_thread")?.getattr("ident")?.extract()?;
    Ok(main == Some(here))
}
