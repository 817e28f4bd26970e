//! The rows of a chunk become records: what they refer to and what they match is read in few statements, then each row is
//! written under a savepoint of its own.

use super::cells::{Cell, Draft, Ready, Slot};
use super::lookup::{By, Lookup};
use super::place::Place;
use super::plan::{OnMatch, OnNew};
use super::report::{Counts, RowAction, RowProblem};
use super::rows::RowState;
use crate::crm::{Attempt, Rules, UnitOfWork};
use crate::error::{Error, Result, Violations};
use crate::model::{Action, Kind, Record, custom_of};
use crate::value::{Id, KeyRules, Value, fold};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::marker::PhantomData;
use uuid::Uuid;

/// What became of the rows of a chunk.
#[derive(Default)]
pub(super) struct Written {
    pub(super) counts: Counts,
    /// One for each row.
    pub(super) fates: Vec<Fate>,
}

pub(super) struct Fate {
    pub(super) action: RowAction,
    pub(super) record: Option<Uuid>,
    pub(super) reason: &'static str,
}

/// Records of a kind that is known only at run time, as an import needs them.
pub(super) trait Target: Sync {
    /// Writes the rows of a chunk: without savepoints, which cost as much as a good part of the rows, or carefully, each under
    /// a savepoint of its own. `None` when a row that was not written carefully failed and left something: the caller goes
    /// back to before the chunk and does it carefully.
    fn write(
        &self,
        unit: &mut UnitOfWork<'_>,
        ready: &Ready<'_>,
        drafts: &mut [Draft],
        carefully: bool,
    ) -> Result<Option<Written>>;
    /// The records that texts refer to, one way: each text with each record that it fits.
    fn find(&self, unit: &UnitOfWork<'_>, by: &By, texts: &[&str]) -> Result<Vec<(String, Uuid)>>;
}

struct Of<E>(PhantomData<fn() -> E>);

macro_rules! table {
    ($($entity:ident = $name:literal),+ $(,)?) => {
        /// Records of a kind.
        pub(super) fn target(kind: Kind) -> &'static dyn Target {
            match kind {
                $(Kind::$entity => &Of::<crate::model::$entity>(PhantomData)),+
            }
        }
    };
}
crate::for_each_entity!(table);

impl<E: Rules> Target for Of<E> {
    fn write(
        &self,
        unit: &mut UnitOfWork<'_>,
        ready: &Ready<'_>,
        drafts: &mut [Draft],
        carefully: bool,
    ) -> Result<Option<Written>> {
        Chunk::<E>::new(unit, ready, carefully)?.write(unit, drafts)
    }

    fn find(&self, unit: &UnitOfWork<'_>, by: &By, texts: &[&str]) -> Result<Vec<(String, Uuid)>> {
        let rules = &unit.conventions().keys;
        let keyed: Vec<(&str, String)> =
            texts.iter().filter_map(|text| Some((*text, by.key_of_text::<E>(text, rules)?))).collect();
        let keys: Vec<String> =
            keyed.iter().map(|(_, key)| key.clone()).collect::<BTreeSet<_>>().into_iter().collect();
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut holders: HashMap<String, Vec<Uuid>> = HashMap::new();
        for record in by.find::<E>(unit, &keys)? {
            for key in record_keys(by, &record, rules) {
                holders.entry(key).or_default().push(record.id.uuid());
            }
        }
        let found = keyed.iter().flat_map(|(text, key)| {
            let ids = holders.get(key).into_iter().flatten();
            ids.map(|id| ((*text).to_owned(), *id)).collect::<Vec<_>>()
        });
        Ok(found.collect())
    }
}

fn record_keys<E: Rules>(by: &By, record: &Record<E>, rules: &KeyRules) -> Vec<String> {
    let mut keys = Vec::new();
    match by {
        By::Id => keys.push(record.id.to_string()),
        by => by.keys_of(&record.data, rules, &mut keys),
    }
    keys
}

/// What stands between the parts of a key that has several: a character that no key has.
const BETWEEN: char = '\u{1f}';

/// What a text refers to.
#[derive(Clone, Copy, PartialEq)]
enum Referred {
    One(Uuid),
    Several,
    Nothing,
}

/// A chunk on its way.
struct Chunk<'r, 'p, E: Rules> {
    ready: &'r Ready<'p>,
    carefully: bool,
    /// The ways in which a row may match, tried in turn; the parts of one must all agree.
    matches: Vec<Vec<By>>,
    /// Records by their keys, of each way.
    known: Vec<HashMap<String, Vec<Uuid>>>,
    /// By the slot and the text.
    referred: HashMap<(usize, String), Referred>,
    rules: KeyRules,
    of: PhantomData<fn() -> E>,
}

impl<'r, 'p, E: Rules> Chunk<'r, 'p, E> {
    fn new(unit: &UnitOfWork<'_>, ready: &'r Ready<'p>, carefully: bool) -> Result<Self> {
        let step = ready.step;
        if step.on_new == OnNew::Create {
            unit.require_any::<E>(Action::Create)?;
        }
        if matches!(step.on_match, OnMatch::Update | OnMatch::FillEmpty) {
            unit.require_any::<E>(Action::Edit)?;
        }
        let ways = step
            .match_by
            .iter()
            .map(|way| way.split('+').map(|by| By::parse(E::kind(), by.trim())).collect());
        let matches: Vec<Vec<By>> = ways
            .collect::<Result<_, _>>()
            .map_err(|(rule, reason)| Error::invalid("match_by", rule, reason))?;
        let known = matches.iter().map(|_| HashMap::new()).collect();
        let rules = unit.conventions().keys.clone();
        Ok(Chunk { ready, carefully, matches, known, referred: HashMap::new(), rules, of: PhantomData })
    }

    fn write(mut self, unit: &mut UnitOfWork<'_>, drafts: &mut [Draft]) -> Result<Option<Written>> {
        self.read_references(unit, drafts)?;
        let mut rows = Vec::with_capacity(drafts.len());
        for draft in drafts.iter_mut() {
            self.refer(draft);
            let data = self.new_data(draft);
            let keys: Vec<Vec<String>> =
                self.matches.iter().map(|way| way_keys(way, &data, &self.rules)).collect();
            rows.push((data, keys));
        }
        self.read_matches(unit, &rows)?;
        let mut written = Written::default();
        for (draft, (data, keys)) in drafts.iter_mut().zip(rows) {
            let Some(fate) = self.write_row(unit, draft, data, keys)? else { return Ok(None) };
            written.counts.add(fate.action);
            written.fates.push(fate);
        }
        Ok(Some(written))
    }

    // ---- references --------------------------------------------------------------------------------------------

    /// Reads what the cells of all rows refer to, a few statements for each column.
    fn read_references(&mut self, unit: &UnitOfWork<'_>, drafts: &[Draft]) -> Result<()> {
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
    fn refer(&self, draft: &mut Draft) {
        for (index, slot) in self.ready.slots.iter().enumerate() {
            let Some(lookup) = &slot.lookup else { continue };
            let text = match (draft.cells.get(index), &slot.default) {
                (Some(Cell::Reference(text)), _) => text.clone(),
                _ => continue,
            };
            let cell = match self.referred.get(&(index, text.clone())).copied().unwrap_or(Referred::Nothing) {
                Referred::One(id) => Cell::Value(Value::Id(id)),
                // A row before it in this chunk may be what it refers to.
                Referred::Nothing if lookup.kind == E::kind() => continue,
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
    fn refer_again(&self, unit: &UnitOfWork<'_>, draft: &mut Draft, data: &mut E) -> Result<()> {
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

    // ---- what is there already ---------------------------------------------------------------------------------

    /// The row as a new record.
    fn new_data(&self, draft: &mut Draft) -> E {
        let mut data = E::default();
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
                && let Some(reason) = set(&mut data, &slot.place, value)
            {
                draft.problems.push(RowProblem::of_cell(slot.mapping, "", "mismatch", reason));
            }
        }
        data
    }

    /// Reads the records that the rows may be, one statement for each way.
    fn read_matches(&mut self, unit: &UnitOfWork<'_>, rows: &[(E, Vec<Vec<String>>)]) -> Result<()> {
        const AT_ONCE: usize = 10_000;
        for (index, (way, known)) in self.matches.iter().zip(&mut self.known).enumerate() {
            let Some(first) = way.first() else { continue };
            // Of a way with several parts the store is asked for the first.
            let of_first = |key: &String| key.split(BETWEEN).next().unwrap_or_default().to_owned();
            let keys = rows.iter().filter_map(|(_, keys)| keys.get(index)).flatten().map(of_first);
            let mut keys: Vec<String> = keys.collect();
            keys.sort_unstable();
            keys.dedup();
            for keys in keys.chunks(AT_ONCE) {
                for record in first.find::<E>(unit, keys)? {
                    for key in way_keys(way, &record.data, &self.rules) {
                        known.entry(key).or_default().push(record.id.uuid());
                    }
                }
            }
        }
        Ok(())
    }

    /// The records that a row is, by the first way that knows one.
    fn matched(&self, keys: &[Vec<String>]) -> BTreeSet<Uuid> {
        for (keys, known) in keys.iter().zip(&self.known) {
            let found: BTreeSet<Uuid> =
                keys.iter().filter_map(|key| known.get(key)).flatten().copied().collect();
            if !found.is_empty() {
                return found;
            }
        }
        BTreeSet::new()
    }

    /// Later rows find what this one brought.
    fn learn(&mut self, id: Uuid, keys: Vec<Vec<String>>) {
        for (keys, known) in keys.into_iter().zip(&mut self.known) {
            for key in keys {
                let holders = known.entry(key).or_default();
                if !holders.contains(&id) {
                    holders.push(id);
                }
            }
        }
    }

    /// Runs the write of a row; `None` when it left something behind.
    fn attempt<T>(
        &self,
        unit: &mut UnitOfWork<'_>,
        write: impl FnOnce(&mut UnitOfWork<'_>) -> Result<T>,
    ) -> Option<Result<T>> {
        if self.carefully {
            return Some(unit.attempt(write));
        }
        match unit.attempt_cheaply(write) {
            Attempt::Done(result) => Some(result),
            Attempt::Dirty => None,
        }
    }

    // ---- one row -----------------------------------------------------------------------------------------------

    fn write_row(
        &mut self,
        unit: &mut UnitOfWork<'_>,
        draft: &mut Draft,
        mut data: E,
        keys: Vec<Vec<String>>,
    ) -> Result<Option<Fate>> {
        let fate = |action, record: Option<Uuid>, reason| Ok(Some(Fate { action, record, reason }));
        if draft.row.state == RowState::Blank {
            return fate(RowAction::Skipped, None, "blank");
        }
        if draft.row.state == RowState::Filled {
            self.refer_again(unit, draft, &mut data)?;
        }
        if !draft.problems.is_empty() {
            self.tell_the_rest(draft, data);
            return fate(RowAction::Failed, None, "");
        }
        let found = self.matched(&keys);
        let mut ids = found.iter().copied();
        match (ids.next(), ids.next(), self.ready.step.on_match) {
            (Some(id), None, OnMatch::Skip) => fate(RowAction::Skipped, Some(id), "matched"),
            (Some(id), None, on_match) => {
                self.update(unit, draft, Id::from_uuid(id), keys, on_match == OnMatch::FillEmpty)
            }
            (Some(_), Some(_), _) => {
                let keys = self.ready.step.match_by.join(", ");
                let reason =
                    format!("{} records are this row by {keys}: merge them, or match by more", found.len());
                draft.problems.push(RowProblem::of_row("ambiguous_match", "", reason));
                fate(RowAction::Failed, None, "")
            }
            (None, ..) => match self.ready.step.on_new {
                OnNew::Skip => fate(RowAction::Skipped, None, "not_found"),
                OnNew::Fail => {
                    let keys = self.ready.step.match_by.join(", ");
                    let reason = format!("no {} is this row by {keys}", E::ENTITY);
                    draft.problems.push(RowProblem::of_row("not_found", "", reason));
                    fate(RowAction::Failed, None, "")
                }
                OnNew::Create => match self.attempt(unit, |unit| unit.create(data)) {
                    None => Ok(None),
                    Some(Ok(record)) => {
                        self.learn(record.id.uuid(), keys);
                        fate(RowAction::Created, Some(record.id.uuid()), "")
                    }
                    Some(Err(error)) => {
                        self.tell(draft, error)?;
                        fate(RowAction::Failed, None, "")
                    }
                },
            },
        }
    }

    fn update(
        &mut self,
        unit: &mut UnitOfWork<'_>,
        draft: &mut Draft,
        id: Id<E>,
        keys: Vec<Vec<String>>,
        fill: bool,
    ) -> Result<Option<Fate>> {
        let before = unit.written();
        let mut mismatches = Vec::new();
        let updated = self.attempt(unit, |unit| {
            unit.update(id, |data: &mut E| {
                self.change(draft, data, fill, &mut mismatches);
                Ok(())
            })
        });
        draft.problems.append(&mut mismatches);
        let action = match updated {
            None => return Ok(None),
            Some(Ok(_)) if unit.written() > before => {
                self.learn(id.uuid(), keys);
                RowAction::Updated
            }
            Some(Ok(_)) => RowAction::Skipped,
            Some(Err(error)) => {
                self.tell(draft, error)?;
                RowAction::Failed
            }
        };
        let reason = if action == RowAction::Skipped { "unchanged" } else { "" };
        Ok(Some(Fate { action, record: Some(id.uuid()), reason }))
    }

    /// Puts the cells into a record that is there.
    fn change(&self, draft: &Draft, data: &mut E, fill: bool, problems: &mut Vec<RowProblem>) {
        let old = data.clone();
        let mut begun: HashSet<usize> = HashSet::new();
        for (slot, cell) in self.ready.slots.iter().zip(&draft.cells) {
            let was_empty = is_empty(&old, &slot.place);
            let value = match cell {
                Cell::Value(_) if fill && !was_empty => continue,
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
                self.unite(data, field, entries, first);
            }
        }
    }

    /// Puts the entries that the list has not before those that it has.
    fn unite(&self, data: &mut E, field: usize, entries: Vec<Value>, first: bool) {
        let key = |entry: &Value| {
            let mut scratch = E::default();
            let mut keys = Vec::new();
            if scratch.set(field, Value::List(vec![entry.clone()])).is_ok() {
                scratch.keys(field, &self.rules, &mut |key| keys.push(key));
            }
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

    // ---- problems ----------------------------------------------------------------------------------------------

    /// What else is wrong with a row that has problems already.
    fn tell_the_rest(&self, draft: &mut Draft, mut data: E) {
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
    fn tell(&self, draft: &mut Draft, error: Error) -> Result<()> {
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
    fn of_violation(&self, path: &str, value: &str, rule: &str, reason: &str) -> RowProblem {
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

fn not_found(slot: &Slot<'_>, lookup: &Lookup, text: &str, referred: Referred) -> RowProblem {
    let (rule, what) = match referred {
        Referred::Several => ("ambiguous", "there are several, by"),
        _ => ("unknown", "there is none, by"),
    };
    let reason = format!("{} {text:?}: {what} {}", lookup.kind, lookup.describe());
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
        for (text, id) in target(lookup.kind).find(unit, by, &open)? {
            let place = found.entry(text).or_insert(Referred::One(id));
            if *place != Referred::One(id) {
                *place = Referred::Several;
            }
        }
    }
    Ok(found.into_iter().collect())
}

/// The keys of a record by one way; the parts of a way that has several are joined.
fn way_keys<E: Rules>(way: &[By], data: &E, rules: &KeyRules) -> Vec<String> {
    let mut keys = Vec::new();
    let Some((first, others)) = way.split_first() else { return keys };
    first.keys_of(data, rules, &mut keys);
    for by in others {
        let mut more = Vec::new();
        by.keys_of(data, rules, &mut more);
        keys = keys
            .iter()
            .flat_map(|key| more.iter().map(move |other| format!("{key}{BETWEEN}{other}")))
            .collect();
    }
    keys
}

fn is_empty<E: Rules>(data: &E, place: &Place) -> bool {
    let value = data.value(place.field());
    match place {
        Place::Field(_) | Place::List(..) => value.is_empty() || value == Value::Id(Uuid::nil()),
        Place::Part(_, part) => value.part(part).is_empty(),
        Place::Entry(_, key) | Place::Custom(_, key) => value.part(key).is_empty(),
    }
}

/// Puts a value in its place; gives what would have fitted when it does not.
fn set<E: Rules>(data: &mut E, place: &Place, value: Value) -> Option<String> {
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
