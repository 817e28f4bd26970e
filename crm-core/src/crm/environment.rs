//! What the library takes from outside: the time, randomness, and a few choices of the embedding program.

use crate::access::PasswordCost;
use crate::error::{Error, Result};
use crate::value::{Timestamp, truncate};
use chrono::TimeDelta;
use parking_lot::Mutex;
use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Tells the time. The library asks nobody else.
pub trait Clock: Send + Sync {
    /// The moment; what is finer than microseconds is cut.
    fn now(&self) -> Timestamp;
}

/// Gives random bytes, for ids, salts and session tokens. They must not be predictable.
pub trait Entropy: Send + Sync {
    /// Fills the buffer.
    ///
    /// # Errors
    /// `storage` when the machine has no randomness to give.
    fn fill(&self, bytes: &mut [u8]) -> Result<()>;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let micros = i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
        Timestamp::from_timestamp_micros(micros).map(truncate).unwrap_or_default()
    }
}

/// The machine's randomness, fetched in blocks.
#[derive(Debug)]
pub struct SystemEntropy {
    block: Mutex<Block>,
}

struct Block {
    bytes: [u8; 1024],
    used: usize,
}

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Block").finish_non_exhaustive()
    }
}

impl Default for SystemEntropy {
    fn default() -> Self {
        SystemEntropy { block: Mutex::new(Block { bytes: [0; 1024], used: 1024 }) }
    }
}

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<()> {
        let no_randomness = |error: getrandom::Error| Error::Storage {
            reason: format!("the machine gave no randomness: {error}"),
            source: None,
        };
        let mut block = self.block.lock();
        let block = &mut *block;
        if bytes.len() > block.bytes.len() {
            return getrandom::fill(bytes).map_err(no_randomness);
        }
        if block.used + bytes.len() > block.bytes.len() {
            getrandom::fill(&mut block.bytes).map_err(no_randomness)?;
            block.used = 0;
        }
        let taken = &mut block.bytes[block.used..block.used + bytes.len()];
        bytes.copy_from_slice(taken);
        // What was given once is not kept.
        taken.fill(0);
        block.used += bytes.len();
        Ok(())
    }
}

/// The choices of the embedding program.
#[derive(Clone)]
pub struct Options {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Gives randomness.
    pub entropy: Arc<dyn Entropy>,
    /// What a password hash costs.
    pub password_cost: PasswordCost,
    /// The fewest characters of a password.
    pub shortest_password: usize,
    /// How long a session lasts.
    pub session_lifetime: TimeDelta,
}

impl Default for Options {
    /// The machine's clock and randomness, the OWASP cost, passwords of 8 characters, sessions of 12 hours.
    fn default() -> Self {
        Options {
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy::default()),
            password_cost: PasswordCost::default(),
            shortest_password: 8,
            session_lifetime: TimeDelta::hours(12),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("password_cost", &self.password_cost)
            .field("shortest_password", &self.shortest_password)
            .field("session_lifetime", &self.session_lifetime)
            .finish_non_exhaustive()
    }
}
