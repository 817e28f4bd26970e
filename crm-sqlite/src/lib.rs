#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod connection;
mod counters;
mod error;
mod functions;
mod journal;
mod lists;
mod migrate;
mod open;
mod operational;
mod patience;
mod pool;
mod records;
mod rows;
mod scrub;
mod search;
mod sql;
mod store;
mod table;
mod words;

pub use crm_core;
pub use open::{Durability, OpenOptions, open, open_in_memory};
pub use rusqlite;
pub use store::{Interrupter, SqliteStore};
