//! New ids: UUID version 7 from the injected clock and entropy, ascending within a process.

use super::Options;
use crate::error::Result;
use parking_lot::Mutex;
use uuid::Uuid;

/// Makes ids. Within one millisecond the 12 bits after the time count up (RFC 9562, section 6.2, method 1), so ids
/// sort in the order of their making and new rows go to the end of the index.
#[derive(Debug, Default)]
pub(super) struct IdSource {
    last: Mutex<(u64, u16)>,
}

impl IdSource {
    pub(super) fn next(&self, options: &Options) -> Result<Uuid> {
        const COUNTER_LIMIT: u16 = 0x0fff;
        let now = u64::try_from(options.clock.now().timestamp_millis()).unwrap_or(0);
        let mut random = [0; 8];
        options.entropy.fill(&mut random)?;
        let (millis, counter) = {
            let mut last = self.last.lock();
            *last = match *last {
                (millis, counter) if now <= millis && counter < COUNTER_LIMIT => (millis, counter + 1),
                (millis, _) if now <= millis => (millis + 1, 0),
                _ => (now, 0),
            };
            *last
        };
        let mut bytes = [0; 10];
        bytes[..2].copy_from_slice(&counter.to_be_bytes());
        bytes[2..].copy_from_slice(&random);
        Ok(uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid())
    }
}
