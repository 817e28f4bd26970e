//! How duplicates are found: pure rules over values, without a store.
//!
//! Records are compared only when they share a *key*, such as an e-mail address or a name with a postal code. What
//! speaks for and against one pair is added up over the *compared fields* and becomes a score.

mod alike;
mod blocks;
mod field;
mod form;
mod lookup;
mod matcher;
mod rules;

pub(crate) use blocks::{Blocks, ordered};
pub(crate) use matcher::{KeyOf, Matcher};
pub use rules::{ComparedField, Comparison, DuplicateReason, DuplicateRules, KeyForm, KeyPart};
