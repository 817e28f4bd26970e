//! The storage port: what an adapter must offer, and nothing of how it does it.

mod aggregate;
mod column;
mod cursor;
mod operational;
mod plan;
mod port;
mod query;
mod sight;

pub use aggregate::{Aggregate, AggregatePlan, Group, GroupBy, GroupKey, RawGroup};
#[cfg(feature = "contract")]
pub(crate) use column::in_order;
pub use column::{Atom, ColumnRef, EnvelopeField, Source};
pub use operational::{Attempts, OperationalRead, OperationalWrite, SessionRow, StoreState};
pub use plan::{Condition, Order, Plan, Position, SortKey};
pub(crate) use plan::{column_is, equals};
pub use port::{
    Entry, IndexChange, JournalRead, JournalWrite, Key, Read, Repository, Snapshot, Store, Stored,
    Transaction,
};
pub use query::{Page, Query};
pub use sight::{Scope, Sight};
