//! What an import did, or would do, and what is wrong with its rows.

use super::plan::Mapping;
use super::rows::{Layout, Row};
use serde::Serialize;
use std::collections::BTreeMap;
use uuid::Uuid;

/// What becomes of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RowAction {
    /// It is a new record.
    Created,
    /// It changed a record.
    Updated,
    /// It was left out; [`RowOutcome::reason`] says why.
    Skipped,
    /// It was refused; [`RowOutcome::problems`] says why.
    Failed,
}

/// What is wrong with a row, or with a cell of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RowProblem {
    /// The column; empty when it is the row.
    pub column: String,
    /// The field that it was meant for; empty when it is the row.
    pub field: String,
    /// The text of the cell, cut after 100 characters.
    pub value: String,
    /// The rule's stable name: `ambiguous`, `date`, `number`, `unknown`, `syntax` … or the code of an error, such as `duplicate`.
    pub rule: String,
    /// What is wrong and what would be right.
    pub reason: String,
}

impl RowProblem {
    fn new(column: &str, field: &str, value: &str, rule: &str, reason: String) -> Self {
        const LONGEST: usize = 100;
        let value = value.chars().take(LONGEST).collect();
        RowProblem {
            column: column.to_owned(),
            field: field.to_owned(),
            value,
            rule: rule.to_owned(),
            reason,
        }
    }

    pub(super) fn of_row(rule: &str, value: &str, reason: String) -> Self {
        RowProblem::new("", "", value, rule, reason)
    }

    pub(super) fn of_cell(mapping: &Mapping, value: &str, rule: &str, reason: String) -> Self {
        let column = mapping.column.as_deref().or(mapping.template.as_deref()).unwrap_or_default();
        RowProblem::new(column, &mapping.field, value, rule, reason)
    }

    pub(super) fn of_field(field: &str, value: &str, rule: &str, reason: String) -> Self {
        RowProblem::new("", field, value, rule, reason)
    }
}

/// A row and what became of it.
#[derive(Clone, Copy, Debug)]
pub struct RowOutcome<'a> {
    /// The step of the plan, from 0.
    pub step: usize,
    /// The names of the file's columns.
    pub header: &'a [String],
    /// How its file is laid out, with the encoding in which it was read.
    pub layout: &'a Layout,
    /// Whether its file begins with a byte-order mark.
    pub mark: bool,
    /// The column, from 0, in which an earlier import told why it refused the row; the plan does not use it.
    pub reasons: Option<usize>,
    /// The row, with the line on which it begins.
    pub row: &'a Row,
    /// What became of it.
    pub action: RowAction,
    /// The record: new, changed, or found and left as it is.
    pub record: Option<Uuid>,
    /// Why it was left out: `blank`, `matched`, `unchanged`, `not_found`; empty otherwise.
    pub reason: &'static str,
    /// Everything that is wrong with it.
    pub problems: &'a [RowProblem],
}

/// How many rows there were, and what became of them: `rows` is always the sum of the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// How many rows were read, blank ones too.
    pub rows: u64,
    /// How many are new records.
    pub created: u64,
    /// How many changed a record.
    pub updated: u64,
    /// How many were left out.
    pub skipped: u64,
    /// How many were refused.
    pub failed: u64,
}

impl Counts {
    pub(super) fn add(&mut self, action: RowAction) {
        self.rows += 1;
        *match action {
            RowAction::Created => &mut self.created,
            RowAction::Updated => &mut self.updated,
            RowAction::Skipped => &mut self.skipped,
            RowAction::Failed => &mut self.failed,
        } += 1;
    }

    pub(super) fn add_all(&mut self, other: Counts) {
        self.rows += other.rows;
        self.created += other.created;
        self.updated += other.updated;
        self.skipped += other.skipped;
        self.failed += other.failed;
    }
}

/// What an import did, or would do.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ImportReport {
    /// The import, by which it is taken up again or undone; `None` for a dry run.
    pub import: Option<Uuid>,
    /// The hash of the plan.
    pub plan: String,
    /// Whether all rows were read: not when somebody cancelled it.
    pub finished: bool,
    /// All rows together, those of an earlier run of the same import too.
    pub counts: Counts,
    /// The steps that were begun, in their order.
    pub steps: Vec<StepReport>,
}

/// What became of one file.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct StepReport {
    /// Its place in the plan, from 0.
    pub step: usize,
    /// Its name.
    pub file: String,
    /// In which encoding it was read.
    pub encoding: String,
    /// Its rows, as far as this run read them.
    pub counts: Counts,
    /// How many of them were left out, by the reason: see [`RowOutcome::reason`].
    pub skipped: BTreeMap<&'static str, u64>,
    /// How many cells each mapping found filled, in the order of the plan.
    pub filled: Vec<(String, u64)>,
    /// Columns of the file that the plan leaves out.
    pub unused: Vec<String>,
    /// What is odd and no error: a column that is mapped and has no values, phone numbers that look like none.
    pub warnings: Vec<String>,
}

/// What an import that is undone had done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Undone {
    /// How many operations were taken back.
    pub operations: u64,
    /// How many of its operations are left: only when somebody cancelled it.
    pub left: u64,
}
