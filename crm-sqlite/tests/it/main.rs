//! The tests of the SQLite store, and of the core on it: one program, one link.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "tests say what they expect by failing"
)]

mod bad_input;
mod conformance;
mod contract;
mod differential;
mod dump;
mod entity;
mod import;
mod journal;
mod kill;
mod leaks;
mod processes;
mod sample;
mod schema;
mod search;
mod statements;
