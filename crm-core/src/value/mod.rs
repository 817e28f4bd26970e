//! Small types with their rules: one a file, none of them knows an entity.

mod address;
mod choice;
mod code;
mod custom;
mod email;
mod field;
mod field_types;
mod id;
mod money;
mod neutral;
mod phone;
mod quantity;
mod recurrence;
mod search;
mod text;
mod time;
mod tokens;
mod words;

pub use address::Address;
pub use code::Code;
pub use custom::{CustomValue, CustomValues, custom_comparison};
pub(crate) use custom::{NUMBER, fits_number, instant_text};
pub use email::{Email, EmailAddress};
pub use field::{
    Cell, Column, ColumnReader, ColumnWriter, FieldDef, FieldValue, KeyRules, Mismatch, OnPurge, Shape,
    ValueType, parts_of, present, read_field, retype, take_part,
};
pub use id::Id;
pub use money::{Currency, Money};
pub use neutral::Value;
pub use phone::{Phone, PhoneNumber};
pub use quantity::Quantity;
pub use recurrence::Recurrence;
pub use search::{Match, Search};
pub use text::{clean, fold};
#[cfg(feature = "exchange")]
pub(crate) use time::Clock;
pub use time::{Due, Period, Timestamp, Zone, resolve_local, to_micros, truncate};
pub use tokens::{has_token, index_tokens, inside_tokens, start_tokens, typo_tokens};
pub use words::Words;

pub(crate) use choice::choice;
