//! The entities: pure schema, normalisation and checks. Nothing here reads a store.

mod contact;
mod customer;
mod entity;
mod filter;
mod interaction;
mod journal;
mod kind;
mod opportunity;
mod patch;
mod pipeline;
mod record;
mod reminder;
mod role;
mod settings;
mod user;

pub use contact::Contact;
pub use customer::{Customer, CustomerKind, CustomerStatus, Lead, LeadStatus, Priority};
pub use entity::{Entity, Field, FieldSet, Gate, Schema, Validate};
pub use filter::{Filter, Op};
pub use interaction::{Direction, Interaction, InteractionKind};
pub use journal::{Actor, Change, ChangeKind, FieldValues, Operation, OperationId};
pub use kind::Kind;
pub(crate) use kind::for_each_entity;
pub use opportunity::{Opportunity, OpportunityContact};
pub use patch::Patch;
pub use pipeline::{Pipeline, Stage, StageKind};
pub use record::{Deletion, Record, Trashed};
pub use reminder::{Reminder, ReminderStatus};
pub use role::{Action, Grants, Level, Role};
pub use settings::Settings;
pub use user::User;
