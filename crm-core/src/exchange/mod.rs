//! In and out: files that people have, and files that they take away. Nothing here opens a file: readers and writers are
//! passed in, and every write goes through a session and the unit of work like any other.

mod content_lines;
mod dump;
mod export;
mod icalendar;
pub mod import;
mod taken_out;
mod vcard;

pub use dump::{DUMP_FORMAT, Dumped, dump, restore};
pub use export::{CsvExport, cell, formula};
pub use icalendar::{Calendar, Exported, export_calendar};
pub use vcard::{
    CardOutcome, CardProblem, CardProperty, CardTarget, ImportedCard, MatchPolicy, VCard, VCardImport,
    VCardSummary, VCards, export_contacts, export_customers, import_vcards,
};
