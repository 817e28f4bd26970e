//! For tests, of this library and of the stores of others: a clock that a test moves, entropy that repeats, a store
//! that fails on demand, and the suite that every store must pass.

mod environment;

pub use environment::{ManualClock, SeededEntropy, test_options};
