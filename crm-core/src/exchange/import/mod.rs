//! Import of delimited texts (CSV) as a plan that people can read, try and take back.

mod formats;
mod rows;
mod sniff;
mod text;

pub use formats::{Formats, Refusal};
pub use rows::{Layout, Row, RowState, Rows};
pub use sniff::{ColumnType, Sniffed, SniffedColumn, sniff};
