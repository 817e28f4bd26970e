//! What is wrong with a row, told of the columns that its fields came from.

use super::super::cells::Draft;
use super::super::plan::{OnMatch, OnNew};
use super::super::report::RowProblem;
use super::super::rows::RowState;
use super::Chunk;
use crate::crm::UnitOfWork;
use crate::error::{Error, Result};
use crate::model::AnyData;

impl Chunk<'_, '_> {
    /// What else is wrong with a row that has problems already, as if it were written without the cells that can't be read. A value
    /// that is taken shows when they can. `None` when that wrote something: a rule may number records.
    pub(super) fn tell_the_rest(
        &self,
        unit: &mut UnitOfWork<'_>,
        draft: &mut Draft,
        data: Box<AnyData>,
        keys: &[Vec<String>],
    ) -> Result<Option<()>> {
        if draft.row.state != RowState::Filled {
            return Ok(Some(()));
        }
        let tried = |()| Err(Error::Refused { rule: TRIED, reason: String::new() });
        let found = self.matched(keys);
        let mut ids = found.into_iter();
        let step = self.ready.step;
        let result = match (ids.next(), ids.next(), step.on_match) {
            (Some(id), None, OnMatch::Update | OnMatch::FillEmpty) => {
                let fill = step.on_match == OnMatch::FillEmpty;
                self.attempt(unit, |unit| {
                    let mut change = |data: &mut AnyData| {
                        self.change(draft, data, fill, &mut Vec::new());
                        Ok(())
                    };
                    unit.check_change(self.entity, id, &mut change).and_then(tried)
                })
            }
            (None, ..) if step.on_new == OnNew::Create => {
                self.attempt(unit, |unit| unit.check_new(self.entity, data).and_then(tried))
            }
            _ => return Ok(Some(())),
        };
        let Some(result) = result else { return Ok(None) };
        let known = draft.problems.len();
        match result {
            Ok(()) | Err(Error::Refused { rule: TRIED, .. }) => return Ok(Some(())),
            Err(error) => self.tell(draft, error)?,
        }
        let more = draft.problems.split_off(known);
        // What follows from a cell that can't be read.
        let follows = |problem: &RowProblem| {
            draft.problems.iter().any(|cause| {
                is_within(&problem.field, &cause.field) || is_within(&cause.field, &problem.field)
            })
        };
        let more: Vec<RowProblem> = more.into_iter().filter(|problem| !follows(problem)).collect();
        draft.problems.extend(more);
        Ok(Some(()))
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
        let (value, rule, reason) = match slot.and_then(|slot| slot.lookup.as_ref()) {
            // A reference that must be there.
            Some(lookup) if rule == "blank" => {
                ("", "blank", format!("the cell is empty; the {} is needed", lookup.kind))
            }
            _ => (value, rule, reason.to_owned()),
        };
        let mut problem = match slot {
            Some(slot) => RowProblem::of_cell(slot.mapping, value, rule, reason),
            None => RowProblem::of_field(path, value, rule, reason),
        };
        path.clone_into(&mut problem.field);
        problem
    }
}

/// The rule of no error: a row was only tried.
const TRIED: &str = "tried";

/// Whether a path is the same as another, or leads to a part of it.
fn is_within(path: &str, other: &str) -> bool {
    !other.is_empty() && path.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn root(path: &str) -> &str {
    match path.strip_prefix("custom.") {
        Some(_) => path,
        None => path.split('.').next().unwrap_or_default(),
    }
}
