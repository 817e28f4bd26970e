//! Import of delimited texts (CSV) as a plan that people can read, try and take back.
//!
//! [`sniff`] looks at a file and [`Sniffed::suggest`] makes a [`Plan`] of what it finds. People complete the plan; nothing is
//! guessed that could be read in two ways. [`Import::dry_run`] tells what would become of every row, [`Import::apply`] does
//! it, [`undo_import`] takes it back.

mod cells;
mod chunk;
mod failed;
mod formats;
mod lookup;
mod place;
mod plan;
mod report;
mod rows;
mod run;
mod sniff;
mod suggest;
mod text;

pub use failed::FailedRows;
pub use formats::{Formats, Refusal};
pub use plan::{Mapping, OnList, OnMatch, OnNew, Plan, Step, TextPart, WhenEmpty};
pub use report::{Counts, ImportReport, RowAction, RowOutcome, RowProblem, StepReport, Undone};
pub use rows::{Layout, Row, RowState, Rows};
pub use run::{Import, ImportEvent, OpenFile, Watch, undo_import};
pub use sniff::{ColumnType, Sniffed, SniffedColumn, sniff};
