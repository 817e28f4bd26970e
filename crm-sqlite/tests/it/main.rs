//! The tests of the SQLite store, and of the core on it: one program, one link.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "tests")]

mod smoke;
