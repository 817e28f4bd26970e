//! The library's face: [`Crm`], [`Session`], [`Collection`], and the one unit of work behind every write.

mod batch;
mod check;
mod collection;
mod environment;
mod events;
mod ids;
mod login;
mod ops;
mod rules;
mod session;
mod system;
mod undo;
mod unit_of_work;

pub use batch::Batch;
pub use check::CheckReport;
pub use collection::{Collection, Pages, Upserted};
pub use environment::{Clock, Entropy, Options, SystemClock, SystemEntropy};
pub use events::Subscription;
pub use rules::Rules;
pub use session::{Hit, Session};
pub use system::Crm;
pub use unit_of_work::UnitOfWork;
