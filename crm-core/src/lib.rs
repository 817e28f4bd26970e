#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

// The derive macros name this crate from outside; inside it is itself.
extern crate self as crm_core;

mod access;
mod crm;
mod duplicates;
mod error;
#[cfg(feature = "exchange")]
pub mod exchange;
mod insight;
mod model;
mod store;
mod value;

#[cfg(feature = "contract")]
pub mod contract;
#[cfg_attr(
    not(feature = "contract"),
    allow(
        dead_code,
        unreachable_pub,
        reason = "the store itself is for tests; its reads also show the past"
    )
)]
mod memory;
#[cfg(feature = "sample")]
pub mod sample;

pub use access::PasswordCost;
pub use chrono;
#[doc(hidden)]
pub use crm::{AnyBatch, AnyBulk, AnyCollection, AnyRecord};
pub use crm::{
    Batch, Broken, Bulk, CheckReport, Clock, Clocks, Collection, Conversion, ConversionOpportunity,
    Converted, Crm, Dispatched, DroppedKey, DueReminder, Duplicable, DuplicateCandidate, DuplicateCandidates,
    DuplicatePair, Duplicates, Entropy, Erased, Hit, Mergeable, Merged, Notifier, Options, Pages, Rules,
    Session, StageChange, StageMove, Subscription, SystemClock, SystemEntropy, UnitOfWork, Upserted,
    Verification,
};
pub use crm_core_derive::{Composite, Entity};
pub use duplicates::{ComparedField, Comparison, DuplicateReason, DuplicateRules, KeyForm, KeyPart};
pub use error::{Error, Result, Violation, Violations};
pub use insight::{
    Activity, Bucket, Dashboard, Deals, LeadFigures, PipelineReport, StageReport, TimelineEntry,
};
#[cfg(feature = "contract")]
pub use memory::MemoryStore;
#[doc(hidden)]
pub use model::read_data;
pub use model::{
    Action, Actor, Attachment, Change, ChangeKind, Contact, Conventions, CustomField, CustomFieldType,
    Customer, CustomerKind, CustomerStatus, Deletion, Direction, Distinction, Entity, Feedback, Field,
    FieldSet, FieldValues, Filter, Gate, Grants, ImportPart, Interaction, InteractionKind, Kind, Lead,
    LeadStatus, Level, Line, Note, Op, Operation, OperationId, Opportunity, OpportunityContact, Page, Patch,
    Pipeline, Priority, Product, Query, Rate, Record, Reminder, ReminderStatus, Role, Sale, SavedView,
    Schema, Settings, Stage, StageKind, StageTime, Trashed, User, Validate,
};
pub use rust_decimal::Decimal;
#[doc(hidden)]
pub use store::Envelope;
pub use store::{Aggregate, Delivery, Group, GroupBy, Head};
pub use uuid::Uuid;
pub use value::{
    Address, Cell, Code, Column, ColumnReader, ColumnWriter, Currency, CustomValue, CustomValues, Due, Email,
    EmailAddress, FieldDef, FieldValue, Id, KeyRules, Match, Mismatch, Money, OnPurge, Period, Phone,
    PhoneNumber, Quantity, Recurrence, Shape, Timestamp, Value, ValueType, Words, Zone, fold, resolve_local,
    to_micros, truncate,
};
#[doc(hidden)]
pub use value::{parts_of, present, read_field, retype, take_part};

/// What a storage adapter implements. Programs that only use the library need none of it.
pub mod port {
    pub use crate::value::{
        Search, clean, custom_comparison, has_token, index_tokens, inside_tokens, start_tokens, typo_tokens,
    };

    pub use crate::store::{
        AggregatePlan, Atom, Attempts, ColumnRef, Condition, Delivery, Entry, EnvelopeField, Found, GroupKey,
        Hash, IndexChange, JournalRead, JournalWrite, Key, Moment, OperationalRead, OperationalWrite, Order,
        Plan, Position, RawGroup, Read, Repository, Scope, Sealed, SealedValues, SessionRow, Sight, Snapshot,
        SortKey, Source, Store, StoreState, Stored, Transaction, Weights,
    };
}
