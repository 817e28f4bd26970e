//! How long a call waits for others, and who may end that.

use crate::open::{OpenOptions, Stop};
use crm_core::{Error, Result};
use std::cell::RefCell;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often somebody who may end the waiting is asked.
const SLICE: Duration = Duration::from_millis(100);

/// How long the statements of a thread wait for writers of other processes. SQLite's handler is told nothing else.
struct Patience {
    timeout: Duration,
    until: Option<Instant>,
    stop: Option<Arc<Stop>>,
    stopped: bool,
}

thread_local! {
    static PATIENCE: RefCell<Patience> =
        const { RefCell::new(Patience { timeout: Duration::ZERO, until: None, stop: None, stopped: false }) };
}

/// Statements of this thread wait for other writers as the options say from now on.
pub(crate) fn be_patient(options: &OpenOptions) {
    let (timeout, stop) = (options.busy_timeout, options.stop.clone());
    PATIENCE.set(Patience { timeout, until: None, stop, stopped: false });
}

/// Whether the last statement of this thread that found the store busy was stopped while it waited.
pub(crate) fn was_stopped() -> bool {
    PATIENCE.with_borrow(|patience| patience.stopped)
}

/// SQLite's own waiting sleeps ever longer and starves writers under load; short sleeps of uneven length do not.
pub(crate) fn wait_a_moment(tries: i32) -> bool {
    const SHORTEST_MICROS: u32 = 200;
    const SPREAD_MICROS: u32 = 300;
    let now = Instant::now();
    let (until, stop) = PATIENCE.with_borrow_mut(|patience| {
        let until = patience.until.filter(|_| tries > 0).unwrap_or(now + patience.timeout);
        patience.until = Some(until);
        (until, patience.stop.clone())
    });
    // Nothing is borrowed while somebody else's code runs.
    let stopped = stop.is_some_and(|stop| stop());
    PATIENCE.with_borrow_mut(|patience| patience.stopped = stopped);
    if stopped || now >= until {
        return false;
    }
    // The clock's own noise is all the randomness that this needs.
    let noise =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().subsec_nanos();
    std::thread::sleep(Duration::from_micros((SHORTEST_MICROS + noise % SPREAD_MICROS).into()));
    true
}

/// A call that waits for other threads of this process.
pub(crate) struct Waiting<'o> {
    until: Instant,
    stop: Option<&'o Arc<Stop>>,
}

impl<'o> Waiting<'o> {
    pub(crate) fn begin(options: &'o OpenOptions) -> Self {
        Waiting { until: Instant::now() + options.busy_timeout, stop: options.stop.as_ref() }
    }

    /// How long to wait before [`Waiting::go_on`] is asked.
    pub(crate) fn moment(&self) -> Duration {
        let left = self.until.saturating_duration_since(Instant::now());
        if self.stop.is_some() { left.min(SLICE) } else { left }
    }

    /// Whether to wait on: `interrupted` when somebody ends it, `busy` when it took too long.
    pub(crate) fn go_on(&self) -> Result<()> {
        if self.stop.is_some_and(|stop| stop()) {
            return Err(Error::Interrupted);
        }
        if Instant::now() >= self.until { Err(Error::Busy) } else { Ok(()) }
    }
}
