//! vCard files: people and organisations, in and out.

mod contact;
mod customer;
mod export;
mod extra;
mod import;
mod lines;
mod matching;
mod merge;
mod own;
mod person;
mod property;
mod reader;

pub use export::{export_contacts, export_customers};
pub use import::{
    CardOutcome, CardTarget, ImportedCard, MatchPolicy, VCardImport, VCardSummary, import_vcards,
};
pub use property::CardProperty;
pub use reader::{CardProblem, VCard, VCards};
