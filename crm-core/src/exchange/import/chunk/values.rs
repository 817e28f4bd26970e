//! Cells on their way into a record, new or there already.

use super::super::cells::{Cell, Draft};
use super::super::place::Place;
use super::super::report::RowProblem;
use super::super::rows::RowState;
use super::Chunk;
use super::references::{Referred, not_found};
use crate::model::{AnyData, custom_of, entry_keys};
use crate::store::keeper;
use crate::value::{Value, fold};
use std::collections::HashSet;
use uuid::Uuid;

impl Chunk<'_, '_> {
    /// The row as a new record.
    pub(super) fn new_data(&self, draft: &mut Draft) -> Box<AnyData> {
        let mut data = keeper(self.entity).empty();
        if draft.row.state != RowState::Filled {
            return data;
        }
        for (index, slot) in self.ready.slots.iter().enumerate() {
            let value = match draft.cells.get(index) {
                Some(Cell::Value(value)) => Some(value.clone()),
                Some(Cell::Empty) => match &slot.default {
                    Cell::Value(value) => Some(value.clone()),
                    Cell::Reference(text) => match self.referred.get(&(index, text.clone())) {
                        Some(Referred::One(id)) => Some(Value::Id(*id)),
                        other => {
                            let referred = other.copied().unwrap_or(Referred::Nothing);
                            if let Some(lookup) = &slot.lookup {
                                draft.problems.push(not_found(slot, lookup, text, referred));
                            }
                            None
                        }
                    },
                    _ => None,
                },
                _ => None,
            };
            if let Some(value) = value
                && let Some(reason) = set(&mut *data, &slot.place, value)
            {
                draft.problems.push(RowProblem::of_cell(slot.mapping, "", "mismatch", reason));
            }
        }
        data
    }

    /// Puts the cells into a record that is there.
    pub(super) fn change(
        &self,
        draft: &Draft,
        data: &mut AnyData,
        fill: bool,
        problems: &mut Vec<RowProblem>,
    ) {
        let old = data.copy();
        let mut begun: HashSet<usize> = HashSet::new();
        for (slot, cell) in self.ready.slots.iter().zip(&draft.cells) {
            let was_empty = is_empty(&*old, &slot.place);
            let value = match cell {
                // A list gets what it lacks.
                Cell::Value(_) if fill && !was_empty && (slot.replaces || !slot.place.is_list()) => continue,
                Cell::Value(value) => value.clone(),
                Cell::Empty if slot.clears && !fill && !begun.contains(&slot.place.field()) => Value::Null,
                _ => continue,
            };
            let Place::List(field, _) = slot.place else {
                if let Some(reason) = set(data, &slot.place, value) {
                    problems.push(RowProblem::of_cell(slot.mapping, "", "mismatch", reason));
                }
                continue;
            };
            let first = begun.insert(field);
            if value == Value::Null || slot.replaces && first {
                set(data, &Place::Field(field), Value::Null);
            }
            if let Value::List(entries) = value {
                self.unite(data, field, entries, first && !fill);
            }
        }
    }

    /// Puts the entries that the list has not before those that it has, or behind them.
    pub(super) fn unite(&self, data: &mut AnyData, field: usize, entries: Vec<Value>, first: bool) {
        let key = |entry: &Value| {
            let keys = entry_keys(data, field, entry, &self.rules);
            keys.into_iter().next().unwrap_or_else(|| fold(&entry.to_string()))
        };
        let there = match data.value(field) {
            Value::List(there) => there,
            _ => Vec::new(),
        };
        let mut known: HashSet<String> = there.iter().map(key).collect();
        let new: Vec<Value> = entries.into_iter().filter(|entry| known.insert(key(entry))).collect();
        if new.is_empty() {
            return;
        }
        // What the second column of a list brings comes after what the first one brought.
        let (new, there) = if first { (new, there) } else { (there, new) };
        set(data, &Place::Field(field), Value::List(new.into_iter().chain(there).collect()));
    }
}

pub(super) fn is_empty(data: &AnyData, place: &Place) -> bool {
    let value = data.value(place.field());
    match place {
        Place::Field(_) | Place::List(..) => value.is_empty() || value == Value::Id(Uuid::nil()),
        Place::Part(_, part) => value.part(part).is_empty(),
        Place::Entry(_, key) | Place::Custom(_, key) => value.part(key).is_empty(),
    }
}

/// Puts a value in its place; gives what would have fitted when it does not.
pub(super) fn set(data: &mut AnyData, place: &Place, value: Value) -> Option<String> {
    let expected = |mismatch: crate::value::Mismatch| format!("expected {}", mismatch.expected);
    let part_of = |whole: Value, name: &str, value: Value| {
        let mut map = match whole {
            Value::Map(map) => map,
            _ => std::collections::BTreeMap::new(),
        };
        match value {
            Value::Null => drop(map.remove(name)),
            value => drop(map.insert(name.to_owned(), value)),
        }
        map
    };
    let (field, value) = match place {
        Place::Field(field) => (*field, value),
        Place::Part(field, part) => (*field, Value::Map(part_of(data.value(*field), part, value))),
        Place::Entry(field, key) => (*field, Value::Map(part_of(data.value(*field), key, value))),
        Place::Custom(field, key) => {
            (*field, Value::Map(part_of(Value::Map(custom_of(data, *field)), key, value)))
        }
        Place::List(field, _) => {
            let mut list = match data.value(*field) {
                Value::List(list) => list,
                _ => Vec::new(),
            };
            match value {
                Value::List(more) => list.extend(more),
                other => list.push(other),
            }
            (*field, Value::List(list))
        }
    };
    data.set(field, value).err().map(expected)
}
