//! Two ways to do the same, timed in turns.
//!
//! Criterion times one function for seconds and then the next. What the machine does meanwhile – other programs, the
//! disk that is still writing – then falls on one of them. Here both take turns of a few milliseconds, so that it
//! falls on both alike. Criterion gets the times of the first as they are measured, and those of the second, which
//! were measured in between, afterwards.

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId};
use std::time::{Duration, Instant};

/// Calls in one turn: a multiple of the number of searches, so that every turn has all of them.
const TURN: u64 = 60;

/// Times `ours` and `hand` under these names. Each makes so many calls as it is told and says how long they took.
pub fn compare(
    group: &mut BenchmarkGroup<'_, WallTime>,
    samples: usize,
    size: u64,
    mut ours: impl FnMut(u64) -> Duration,
    mut hand: impl FnMut(u64) -> Duration,
) {
    // Seconds a call, by sample.
    let mut of_hand: Vec<f64> = Vec::new();
    group.bench_function(BenchmarkId::new("ours", size), |bencher| {
        bencher.iter_custom(|calls| {
            let (spent_ours, spent_hand) = in_turns(calls, &mut ours, &mut hand);
            of_hand.push(per_call(spent_hand, calls));
            spent_ours
        });
    });
    // The first ones were warming up.
    let measured = of_hand.split_off(of_hand.len().saturating_sub(samples));
    let mut samples = measured.into_iter().cycle();
    group.warm_up_time(Duration::from_millis(1));
    group.bench_function(BenchmarkId::new("hand", size), |bencher| {
        bencher.iter_custom(|calls| {
            // Warming up ends with the clock.
            std::thread::sleep(Duration::from_millis(2));
            let sample = samples.next().unwrap_or_else(|| per_call(hand(calls), calls));
            Duration::from_secs_f64(sample * calls as f64)
        });
    });
}

fn in_turns(
    calls: u64,
    ours: &mut impl FnMut(u64) -> Duration,
    hand: &mut impl FnMut(u64) -> Duration,
) -> (Duration, Duration) {
    let (mut spent_ours, mut spent_hand) = (Duration::ZERO, Duration::ZERO);
    let (mut left, mut hand_first) = (calls, false);
    while left > 0 {
        let turn = left.min(TURN);
        if hand_first {
            spent_hand += hand(turn);
            spent_ours += ours(turn);
        } else {
            spent_ours += ours(turn);
            spent_hand += hand(turn);
        }
        hand_first = !hand_first;
        left -= turn;
    }
    (spent_ours, spent_hand)
}

fn per_call(spent: Duration, calls: u64) -> f64 {
    spent.as_secs_f64() / calls as f64
}

/// How long the calls take with these inputs, which are made beforehand and dropped with the results afterwards.
pub fn timed<I, T>(inputs: impl IntoIterator<Item = I>, call: impl FnMut(I) -> T) -> Duration {
    let inputs: Vec<I> = inputs.into_iter().collect();
    let mut results: Vec<T> = Vec::with_capacity(inputs.len());
    let begun = Instant::now();
    results.extend(inputs.into_iter().map(call));
    let spent = begun.elapsed();
    drop(std::hint::black_box(results));
    spent
}
