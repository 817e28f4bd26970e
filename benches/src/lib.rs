//! Speed of the library against SQL that a careful person would write for the same tables.
//!
//! The benchmark itself is `benches/spine.rs`; here is what both sides share.

pub mod check;
pub mod data;
pub mod duplicates;
pub mod hand;
pub mod pair;
pub mod store;

/// Whatever went wrong: a benchmark only ever tells it and stops.
pub type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;
