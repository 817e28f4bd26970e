//! Listeners that hear of every committed operation.

use crate::model::Operation;
use parking_lot::Mutex;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Weak};

type Listener = Arc<dyn Fn(&Operation) + Send + Sync>;

#[derive(Default)]
pub(super) struct Listeners {
    list: Mutex<Vec<(u64, Listener)>>,
}

impl Listeners {
    pub(super) fn add(self: &Arc<Self>, listener: Listener) -> Subscription {
        let mut list = self.list.lock();
        let number = list.last().map_or(1, |(number, _)| number + 1);
        list.push((number, listener));
        Subscription { listeners: Arc::downgrade(self), number }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.lock().is_empty()
    }

    /// Tells everybody, on this thread, with no lock held. A listener that panics stops nobody.
    pub(super) fn tell(&self, operation: &Operation) {
        let copy: Vec<Listener> = {
            let list = self.list.lock();
            if list.is_empty() {
                return;
            }
            list.iter().map(|(_, listener)| Arc::clone(listener)).collect()
        };
        for listener in copy {
            // What the listener thinks of its own state after a panic is its own business.
            let _ = catch_unwind(AssertUnwindSafe(|| listener(operation)));
        }
    }
}

impl fmt::Debug for Listeners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listeners").field("count", &self.list.lock().len()).finish()
    }
}

/// A listener's registration: it ends when this is dropped.
#[derive(Debug)]
#[must_use = "the listener is removed when this is dropped"]
pub struct Subscription {
    listeners: Weak<Listeners>,
    number: u64,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(listeners) = self.listeners.upgrade() {
            listeners.list.lock().retain(|(number, _)| *number != self.number);
        }
    }
}
