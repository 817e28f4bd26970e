//! What is wrong with a row, told of the columns that its fields came from.

use super::super::cells::Draft;
use super::super::report::RowProblem;
use super::super::rows::RowState;
use super::Chunk;
use crate::crm::Rules;
use crate::error::{Error, Result, Violations};
use std::collections::HashSet;

impl<E: Rules> Chunk<'_, '_, E> {
    /// What else is wrong with a row that has problems already.
    pub(super) fn tell_the_rest(&self, draft: &mut Draft, mut data: E) {
        if draft.row.state != RowState::Filled {
            return;
        }
        let mut violations = Violations::default();
        data.tidy(&mut violations);
        data.normalise();
        data.check(&mut violations);
        let told: HashSet<String> =
            draft.problems.iter().map(|problem| root(&problem.field).to_owned()).collect();
        for violation in violations.iter().filter(|violation| !told.contains(root(&violation.field))) {
            let problem =
                self.of_violation(&violation.field, &violation.value, violation.rule, &violation.reason);
            draft.problems.push(problem);
        }
    }

    /// Takes over what an error says of the row; one that says nothing of it ends the import.
    pub(super) fn tell(&self, draft: &mut Draft, error: Error) -> Result<()> {
        let problems = &mut draft.problems;
        match &error {
            Error::Invalid(violations) => problems
                .extend(violations.iter().map(|v| self.of_violation(&v.field, &v.value, v.rule, &v.reason))),
            Error::Duplicate { field, value, .. } => {
                problems.push(self.of_violation(field, value, error.code(), &error.to_string()));
            }
            Error::Refused { rule, reason } => problems.push(RowProblem::of_row(rule, "", reason.clone())),
            Error::Denied { .. }
            | Error::Conflict { .. }
            | Error::InUse { .. }
            | Error::Gone { .. }
            | Error::NotFound { .. } => {
                problems.push(RowProblem::of_row(error.code(), "", error.to_string()));
            }
            _ => return Err(error),
        }
        Ok(())
    }

    /// The column that a field came from.
    pub(super) fn of_violation(&self, path: &str, value: &str, rule: &str, reason: &str) -> RowProblem {
        let exact = self.ready.slots.iter().find(|slot| slot.mapping.field == path);
        let slot =
            exact.or_else(|| self.ready.slots.iter().find(|slot| root(&slot.mapping.field) == root(path)));
        let mut problem = match slot {
            Some(slot) => RowProblem::of_cell(slot.mapping, value, rule, reason.to_owned()),
            None => RowProblem::of_field(path, value, rule, reason.to_owned()),
        };
        path.clone_into(&mut problem.field);
        problem
    }
}

fn root(path: &str) -> &str {
    match path.strip_prefix("custom.") {
        Some(_) => path,
        None => path.split('.').next().unwrap_or_default(),
    }
}
