//! The library's face: [`Crm`], [`Session`], [`Collection`], and the one unit of work behind every write.

mod any;
mod as_of;
mod attachments;
mod batch;
mod bulk;
mod check;
mod collection;
mod convert;
mod dispatch;
mod duplicates;
mod environment;
mod erase;
mod events;
mod exchange_rates;
mod ids;
mod login;
mod merge;
mod ops;
mod reminders;
mod rules;
mod session;
mod stages;
mod system;
mod undo;
mod unit_of_work;
mod verify;

pub use any::{AnyBatch, AnyCollection, AnyRecord};
pub use batch::Batch;
#[cfg(feature = "exchange")]
pub(crate) use bulk::is_of_the_record;
pub use bulk::{AnyBulk, Bulk};
pub use check::CheckReport;
pub use collection::{Collection, Pages, Upserted};
pub use convert::{Conversion, ConversionOpportunity, Converted};
pub use dispatch::{Dispatched, DueReminder, Notifier};
#[cfg(feature = "exchange")]
pub(crate) use duplicates::likely_same;
pub use duplicates::{
    DroppedKey, Duplicable, DuplicateCandidate, DuplicateCandidates, DuplicatePair, Duplicates,
};
pub use environment::{Clock, Entropy, Options, SystemClock, SystemEntropy};
pub use erase::Erased;
pub use events::Subscription;
pub use merge::{Mergeable, Merged};
pub(crate) use ops::ops;
pub use rules::Rules;
pub use session::{Hit, Session};
pub use stages::{Clocks, StageChange, StageMove};
pub use system::Crm;
pub(crate) use system::Shared;
pub use unit_of_work::UnitOfWork;
#[cfg(feature = "exchange")]
pub(crate) use unit_of_work::{Ahead, Attempt};
#[cfg(feature = "exchange")]
pub(crate) use verify::Links;
pub use verify::{Broken, Verification};
