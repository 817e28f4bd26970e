//! What an import tells of its rows, kept for the report.

use crate::Failure;
use crate::refused::Refused;
use crm_core::exchange::import::{ImportEvent, ImportReport, RowAction, RowOutcome};
use serde_json::{Value as Json, json};
use std::io::Write;
use std::ops::ControlFlow;
use std::path::PathBuf;

/// What the rows told.
pub(crate) struct Told {
    /// How many problems are kept.
    most: usize,
    pub(crate) problems: Vec<Json>,
    /// How many problems there were beyond those.
    pub(crate) more: u64,
    /// What was done until now, once something was.
    pub(crate) so_far: Option<ImportReport>,
    refused: Refused,
    failure: Option<Failure>,
}

impl Told {
    pub(crate) fn new(most: usize, refused: Refused) -> Self {
        Told { most, problems: Vec::new(), more: 0, so_far: None, refused, failure: None }
    }

    pub(crate) fn take(&mut self, event: ImportEvent<'_>, progress: &mut dyn Write) -> ControlFlow<()> {
        let taken = match event {
            ImportEvent::Chunk(report) => {
                self.so_far = Some(report.clone());
                let counts = report.counts;
                let told = writeln!(progress, "{} rows, {} refused", counts.rows, counts.failed);
                self.refused.flush().and(told.map_err(Failure::from))
            }
            ImportEvent::Row(row) if row.action == RowAction::Failed => self.refused(&row),
            ImportEvent::Row(_) => Ok(()),
        };
        match taken {
            Ok(()) => ControlFlow::Continue(()),
            Err(failure) => {
                self.failure.get_or_insert(failure);
                ControlFlow::Break(())
            }
        }
    }

    fn refused(&mut self, row: &RowOutcome<'_>) -> Result<(), Failure> {
        for problem in row.problems {
            if self.problems.len() < self.most {
                let mut told = serde_json::to_value(problem)?;
                told["step"] = json!(row.step);
                told["line"] = json!(row.row.line);
                self.problems.push(told);
            } else {
                self.more += 1;
            }
        }
        self.refused.add(row)
    }

    /// The files with refused rows.
    pub(crate) fn finish(&mut self) -> Result<Vec<PathBuf>, Failure> {
        match self.failure.take() {
            Some(failure) => Err(failure),
            None => self.refused.finish(),
        }
    }
}
