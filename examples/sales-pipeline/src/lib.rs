//! A sales pipeline of a real size: 35 sales people, 85 accounts and 8,800 opportunities go from CSV files into a
//! store, and the library's own aggregates give the figures.
//!
//! [`load`] imports by the plan beside the program, and [`report`] gives the figures; the program around them only reads its arguments.

mod load;
mod report;

pub use load::{Loaded, PLAN, load};
pub use report::report;

/// Why the program stops. The text says it all: it is shown to whoever typed the command.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Compiles the Rust of the workspace's front page, so that it stays true.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct FrontPage;
