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

/// The most memory that this process had at once, in megabytes, the pages of files that it has mapped included; 0 where the
/// system does not tell.
pub fn peak_memory() -> u64 {
    memory("VmHWM:")
}

/// The memory that this process has now for itself alone, in megabytes; 0 where the system does not tell.
pub fn private_memory() -> u64 {
    memory("RssAnon:")
}

fn memory(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) / 1_024
}
