#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

// The derive macros name this crate from outside; inside it is itself.
extern crate self as crm_core;

mod access;
mod crm;
mod error;
mod model;
mod store;
mod value;

#[cfg(feature = "contract")]
pub mod contract;
#[cfg(feature = "contract")]
mod memory;

pub use access::PasswordCost;
pub use chrono;
pub use crm::{
    Batch, CheckReport, Clock, Collection, Crm, Entropy, Hit, Options, Pages, Rules, Session, Subscription,
    SystemClock, SystemEntropy, UnitOfWork, Upserted,
};
pub use crm_core_derive::{Composite, Entity};
pub use error::{Error, Result, Violation, Violations};
#[cfg(feature = "contract")]
pub use memory::MemoryStore;
pub use model::{
    Action, Actor, Change, ChangeKind, Contact, Customer, CustomerKind, CustomerStatus, Deletion, Direction,
    Entity, Field, FieldSet, FieldValues, Filter, Gate, Grants, Interaction, InteractionKind, Kind, Lead,
    LeadStatus, Level, Op, Operation, OperationId, Opportunity, OpportunityContact, Patch, Pipeline,
    Priority, Record, Reminder, ReminderStatus, Role, Schema, Settings, Stage, StageKind, Trashed, User,
    Validate,
};
pub use rust_decimal::Decimal;
pub use store::{Aggregate, Group, GroupBy, Page, Query};
pub use uuid::Uuid;
pub use value::{
    Address, Cell, Code, Column, ColumnReader, ColumnWriter, Currency, Due, Email, EmailAddress, FieldDef,
    FieldValue, Id, KeyRules, Mismatch, Money, OnPurge, Period, Phone, PhoneNumber, Shape, Timestamp, Value,
    ValueType, Words, Zone, fold, resolve_local, to_micros, truncate,
};
#[doc(hidden)]
pub use value::{parts_of, present, read_field, retype, take_part};

/// What a storage adapter implements. Programs that only use the library need none of it.
pub mod port {
    pub use crate::value::{clean, query_words};

    pub use crate::store::{
        AggregatePlan, Atom, Attempts, ColumnRef, Condition, Entry, EnvelopeField, GroupKey, IndexChange,
        JournalRead, JournalWrite, Key, OperationalRead, OperationalWrite, Order, Plan, Position, RawGroup,
        Read, Repository, Scope, SessionRow, Sight, Snapshot, SortKey, Source, Store, StoreState, Stored,
        Transaction,
    };
}
