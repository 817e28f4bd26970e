//! What the cells of a chunk refer to.

use super::super::cells::{Cell, Draft, Slot};
use super::super::lookup::Lookup;
use super::super::report::RowProblem;
use super::values::set;
use super::{Chunk, find};
use crate::crm::UnitOfWork;
use crate::error::Result;
use crate::model::AnyData;
use crate::value::Value;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// What a text refers to.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Referred {
    One(Uuid),
    Several,
    Nothing,
}

impl Chunk<'_, '_> {
    /// Reads what the cells of all rows refer to, a few statements for each column.
    pub(super) fn read_references(&mut self, unit: &UnitOfWork<'_>, drafts: &[Draft]) -> Result<()> {
        for (index, slot) in self.ready.slots.iter().enumerate() {
            let Some(lookup) = &slot.lookup else { continue };
            let cells = drafts.iter().filter_map(|draft| draft.cells.get(index)).chain([&slot.default]);
            let texts: HashSet<&str> = cells
                .filter_map(|cell| match cell {
                    Cell::Reference(text) => Some(text.as_str()),
                    _ => None,
                })
                .collect();
            for (text, referred) in find_all(unit, lookup, texts)? {
                self.referred.insert((index, text), referred);
            }
        }
        Ok(())
    }

    /// Gives the references of a row the ids of what they refer to.
    pub(super) fn refer(&self, draft: &mut Draft) {
        for (index, slot) in self.ready.slots.iter().enumerate() {
            let Some(lookup) = &slot.lookup else { continue };
            let text = match (draft.cells.get(index), &slot.default) {
                (Some(Cell::Reference(text)), _) => text.clone(),
                _ => continue,
            };
            let cell = match self.referred.get(&(index, text.clone())).copied().unwrap_or(Referred::Nothing) {
                Referred::One(id) => Cell::Value(Value::Id(id)),
                // A row before it in this chunk may be what it refers to.
                Referred::Nothing if lookup.kind == self.ready.step.entity => continue,
                nothing => {
                    draft.problems.push(not_found(slot, lookup, &text, nothing));
                    Cell::Wrong
                }
            };
            if let Some(place) = draft.cells.get_mut(index) {
                *place = cell;
            }
        }
    }

    /// A reference to a record of the kind that is imported, which was not there when the chunk began.
    pub(super) fn refer_again(
        &self,
        unit: &UnitOfWork<'_>,
        draft: &mut Draft,
        data: &mut AnyData,
    ) -> Result<()> {
        for (index, slot) in self.ready.slots.iter().enumerate() {
            let (Some(lookup), Some(Cell::Reference(text))) = (&slot.lookup, draft.cells.get(index)) else {
                continue;
            };
            let text = text.clone();
            let found = find_all(unit, lookup, HashSet::from([text.as_str()]))?;
            let cell = match found.into_iter().next() {
                Some((_, Referred::One(id))) => {
                    set(data, &slot.place, Value::Id(id));
                    Cell::Value(Value::Id(id))
                }
                other => {
                    let referred = other.map_or(Referred::Nothing, |(_, referred)| referred);
                    draft.problems.push(not_found(slot, lookup, &text, referred));
                    Cell::Wrong
                }
            };
            if let Some(place) = draft.cells.get_mut(index) {
                *place = cell;
            }
        }
        Ok(())
    }
}

pub(super) fn not_found(slot: &Slot<'_>, lookup: &Lookup, text: &str, referred: Referred) -> RowProblem {
    let (rule, what) = match referred {
        Referred::Several => ("ambiguous", "several records are this"),
        _ => ("unknown", "no record is this"),
    };
    let reason = format!("{what} {}, by {}", lookup.kind, lookup.describe());
    RowProblem::of_cell(slot.mapping, text, rule, reason)
}

/// What each text refers to.
fn find_all(unit: &UnitOfWork<'_>, lookup: &Lookup, texts: HashSet<&str>) -> Result<Vec<(String, Referred)>> {
    let mut found: HashMap<String, Referred> = HashMap::new();
    for by in &lookup.by {
        let open: Vec<&str> = texts.iter().filter(|text| !found.contains_key(**text)).copied().collect();
        if open.is_empty() {
            break;
        }
        for (text, id) in find(unit, lookup.kind, by, &open)? {
            let place = found.entry(text).or_insert(Referred::One(id));
            if *place != Referred::One(id) {
                *place = Referred::Several;
            }
        }
    }
    Ok(found.into_iter().collect())
}
