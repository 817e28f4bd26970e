//! For tests, of this library and of the stores of others: a clock that a test moves, entropy that repeats, a store
//! that fails on demand, and the suite that every store must pass.

mod environment;
mod fault;
pub mod suite;

pub use environment::{ManualClock, SeededEntropy, demo, test_options};
pub use fault::{FaultStore, PortCall};
pub use suite::{Case, Factory, cases};
