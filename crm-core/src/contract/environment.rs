//! Time and randomness that a test controls.

use crate::crm::{Clock, Entropy, Options};
use crate::error::Result;
use crate::model::User;
use crate::value::Timestamp;
use crate::{Crm, MemoryStore, PasswordCost, Session};
use chrono::TimeDelta;
use parking_lot::Mutex;
use std::sync::Arc;

/// A clock that stands still until a test moves it. It begins on 2 March 2026, 06:00 UTC, a Monday.
#[derive(Debug)]
pub struct ManualClock {
    now: Mutex<Timestamp>,
}

impl Default for ManualClock {
    fn default() -> Self {
        const BEGINNING: i64 = 1_772_431_200;
        ManualClock { now: Mutex::new(Timestamp::from_timestamp(BEGINNING, 0).unwrap_or_default()) }
    }
}

impl ManualClock {
    /// Moves the clock, also backwards.
    pub fn advance(&self, by: TimeDelta) {
        let mut now = self.now.lock();
        *now += by;
    }

    /// Sets the clock.
    pub fn set(&self, to: Timestamp) {
        *self.now.lock() = to;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.now.lock()
    }
}

/// The same bytes for the same seed (`SplitMix64`). Never for anything that must be secret.
#[derive(Debug)]
pub struct SeededEntropy {
    state: Mutex<u64>,
}

impl SeededEntropy {
    /// Begins at this seed.
    pub fn new(seed: u64) -> Self {
        SeededEntropy { state: Mutex::new(seed) }
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<()> {
        let mut state = self.state.lock();
        for chunk in bytes.chunks_mut(8) {
            *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = *state;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^= mixed >> 31;
            chunk.copy_from_slice(&mixed.to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

/// Options for tests: a clock to move, repeatable ids, the cheapest password hash.
pub fn test_options(seed: u64) -> (Options, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::default());
    let options = Options {
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
        entropy: Arc::new(SeededEntropy::new(seed)),
        password_cost: PasswordCost::MINIMUM,
        ..Options::default()
    };
    (options, clock)
}

/// An empty CRM in memory, and a session of its administrator: user `amina`, password `correct horse`.
///
/// # Errors
/// None that a test would expect.
pub fn demo() -> Result<(Crm, Session)> {
    let crm = Crm::open(Arc::new(MemoryStore::new()), test_options(1).0)?;
    crm.create_admin(User { username: "amina".into(), ..User::default() }, "correct horse")?;
    let session = crm.login("amina", "correct horse")?;
    Ok((crm, session))
}
