//! Growing delay and lock-out after failed log-ins. Kept in the store, under the folded name, whether or not a user
//! has it; nothing ever sleeps.

use crate::store::Attempts;
use crate::value::Timestamp;
use chrono::TimeDelta;

/// Failures that cost nothing.
const FREE: u32 = 3;
/// From so many failures on the name is locked for [`LOCKED_MINUTES`].
const LOCKED_FROM: u32 = 10;
const LOCKED_MINUTES: i64 = 15;

/// The record of one more failure: no delay for the first three, then 1, 2, 4 … seconds, from the tenth 15 minutes.
pub(crate) fn after_failure(before: Option<&Attempts>, now: Timestamp) -> Attempts {
    let failures = before.map_or(0, |attempts| attempts.failures).saturating_add(1);
    let delay = match failures {
        0..=FREE => TimeDelta::zero(),
        LOCKED_FROM.. => TimeDelta::minutes(LOCKED_MINUTES),
        _ => TimeDelta::seconds(1 << (failures - FREE - 1)),
    };
    Attempts { failures, retry_at: now + delay }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_grows_and_then_locks() {
        let now = Timestamp::default();
        let mut attempts = None;
        let mut delays = Vec::new();
        for _ in 0..11 {
            let next = after_failure(attempts.as_ref(), now);
            delays.push((next.retry_at - now).num_seconds());
            attempts = Some(next);
        }
        assert_eq!(delays, [0, 0, 0, 1, 2, 4, 8, 16, 32, 900, 900]);
    }
}
