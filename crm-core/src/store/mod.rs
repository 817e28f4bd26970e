//! The storage port: what an adapter must offer, and nothing of how it does it.

mod aggregate;
mod any;
mod chain;
mod column;
mod condition;
mod cursor;
mod operational;
mod path;
mod plan;
mod port;
mod sight;

pub use aggregate::{Aggregate, AggregatePlan, Group, GroupBy, GroupKey, RawGroup, Weights};
pub use any::Envelope;
pub(crate) use any::{AnyEntry, all_found, all_own, keeper, own, own_data, own_data_mut};
pub use chain::{Hash, Head, Sealed, SealedValues};
pub(crate) use column::custom_key_field;
pub(crate) use column::in_order;
pub use column::{Atom, ColumnRef, EnvelopeField, Source};
pub use condition::Condition;
pub(crate) use condition::{column_is, equals, has_custom};
pub(crate) use cursor::{decode as decode_cursor, encode as encode_cursor, fingerprint};
pub use operational::{Attempts, Delivery, OperationalRead, OperationalWrite, SessionRow, StoreState};
pub(crate) use path::{Reading, reading};
pub use plan::{Order, Plan, Position, SortKey};
pub use port::{
    Entry, Found, IndexChange, JournalRead, JournalWrite, Key, Moment, Read, Repository, Snapshot, Store,
    Stored, Transaction,
};
pub use sight::{Scope, Sight};
