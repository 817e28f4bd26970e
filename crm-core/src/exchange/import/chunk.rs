//! The rows of a chunk become records: what they refer to and what they match is read in few statements, then each row is
//! written under a savepoint of its own.

mod problems;
mod references;
mod values;

use super::cells::{Draft, Ready};
use super::lookup::By;
use super::plan::{OnMatch, OnNew};
use super::report::{Counts, RowAction, RowProblem};
use super::rows::RowState;
use crate::crm::{Ahead, Attempt, UnitOfWork};
use crate::error::{Error, Result, Violations};
use crate::model::{Action, AnyData, Kind};
use crate::store::{Condition, Plan, keeper};
use crate::value::KeyRules;
use references::Referred;
use std::collections::{BTreeSet, HashMap};
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

/// Writes the rows of a chunk: without savepoints, which cost as much as a good part of the rows, or carefully, each under
/// a savepoint of its own. `None` when a row that was not written carefully failed and left something: the caller goes
/// back to before the chunk and does it carefully.
pub(super) fn write(
    unit: &mut UnitOfWork<'_>,
    ready: &Ready<'_>,
    drafts: &mut [Draft],
    carefully: bool,
) -> Result<Option<Written>> {
    let step = ready.step;
    if step.on_new == OnNew::Create {
        unit.require_any(step.entity, Action::Create)?;
    }
    if matches!(step.on_match, OnMatch::Update | OnMatch::FillEmpty) {
        unit.require_any(step.entity, Action::Edit)?;
    }
    Chunk::new(ready, unit.conventions().keys.clone(), carefully)?.write(unit, drafts)
}

/// Makes rows into records as far as that goes without the store: on another core, while earlier rows are written.
pub(super) fn begin(ready: &Ready<'_>, drafts: &mut [Draft]) -> Result<()> {
    if ready.refers() {
        return Ok(());
    }
    let chunk = Chunk::new(ready, ready.keys.clone(), false)?;
    for draft in drafts {
        let mut data = chunk.new_data(draft);
        // What is wrong is told of when the row is written.
        let mut problems = Violations::default();
        data.tidy(&mut problems);
        let ahead = problems.is_empty().then(|| Ahead::of(&*data, &ready.keys));
        draft.begun = Some(Begun { ahead, ..chunk.begun(data) });
    }
    Ok(())
}

/// Visits the live records of a kind that the actor sees and that meet a condition.
fn visit(
    unit: &UnitOfWork<'_>,
    kind: Kind,
    condition: Condition,
    mut visit: impl FnMut(Uuid, &AnyData),
) -> Result<()> {
    let plan = Plan { sight: unit.sight(Action::View), ..Plan::all_where(condition, false, usize::MAX) };
    let found = keeper(kind).find(unit.tx(), &plan)?;
    found.iter().for_each(|entry| visit(entry.id(), entry.data()));
    Ok(())
}

/// The records that texts refer to, one way: each text with each record that it fits.
fn find(unit: &UnitOfWork<'_>, kind: Kind, by: &By, texts: &[&str]) -> Result<Vec<(String, Uuid)>> {
    let rules = &unit.conventions().keys;
    let keyed: Vec<(&str, String)> =
        texts.iter().filter_map(|text| Some((*text, by.key_of_text(kind, text, rules)?))).collect();
    let keys: Vec<String> =
        keyed.iter().map(|(_, key)| key.clone()).collect::<BTreeSet<_>>().into_iter().collect();
    let Some(condition) = by.condition(kind, &keys).filter(|_| !keys.is_empty()) else {
        return Ok(Vec::new());
    };
    let mut holders: HashMap<String, Vec<Uuid>> = HashMap::new();
    visit(unit, kind, condition, |id, data| {
        let mut keys = Vec::new();
        match by {
            By::Id => keys.push(id.to_string()),
            by => by.keys_of(data, rules, &mut keys),
        }
        for key in keys {
            holders.entry(key).or_default().push(id);
        }
    })?;
    let found = keyed.iter().flat_map(|(text, key)| {
        let ids = holders.get(key).into_iter().flatten();
        ids.map(|id| ((*text).to_owned(), *id)).collect::<Vec<_>>()
    });
    Ok(found.collect())
}

/// What stands between the parts of a key that has several: a character that no key has.
const BETWEEN: char = '\u{1f}';

/// A row as a new record.
#[derive(Debug)]
pub(super) struct Begun {
    data: Box<AnyData>,
    ahead: Option<Ahead>,
    /// The keys by which it is matched, of each way.
    keys: Vec<Vec<String>>,
}

/// A chunk on its way.
struct Chunk<'r, 'p> {
    ready: &'r Ready<'p>,
    entity: Kind,
    carefully: bool,
    /// The ways in which a row may match, tried in turn; the parts of one must all agree.
    matches: Vec<Vec<By>>,
    /// Records by their keys, of each way.
    known: Vec<HashMap<String, Vec<Uuid>>>,
    /// By the slot and the text.
    referred: HashMap<(usize, String), Referred>,
    rules: KeyRules,
}

impl<'r, 'p> Chunk<'r, 'p> {
    fn new(ready: &'r Ready<'p>, rules: KeyRules, carefully: bool) -> Result<Self> {
        let ways = ready
            .step
            .match_by
            .iter()
            .map(|way| way.split('+').map(|by| By::parse(ready.step.entity, by.trim())).collect());
        let matches: Vec<Vec<By>> = ways
            .collect::<Result<_, _>>()
            .map_err(|(rule, reason)| Error::invalid("match_by", rule, reason))?;
        let known = matches.iter().map(|_| HashMap::new()).collect();
        Ok(Chunk {
            ready,
            entity: ready.step.entity,
            carefully,
            matches,
            known,
            referred: HashMap::new(),
            rules,
        })
    }

    fn write(mut self, unit: &mut UnitOfWork<'_>, drafts: &mut [Draft]) -> Result<Option<Written>> {
        self.read_references(unit, drafts)?;
        let mut rows = Vec::with_capacity(drafts.len());
        for draft in drafts.iter_mut() {
            rows.push(match draft.begun.take() {
                Some(begun) if self.ready.keys == self.rules => begun,
                // The settings changed meanwhile.
                Some(begun) => self.begun(begun.data),
                None => {
                    self.refer(draft);
                    self.begun(self.new_data(draft))
                }
            });
        }
        self.known.iter_mut().for_each(|known| known.reserve(rows.len()));
        self.read_matches(unit, &rows)?;
        let mut written = Written::default();
        for (draft, row) in drafts.iter_mut().zip(rows) {
            let Some(fate) = self.write_row(unit, draft, row)? else { return Ok(None) };
            written.counts.add(fate.action);
            written.fates.push(fate);
        }
        Ok(Some(written))
    }

    fn begun(&self, data: Box<AnyData>) -> Begun {
        let keys = self.matches.iter().map(|way| way_keys(way, &*data, &self.rules)).collect();
        Begun { data, ahead: None, keys }
    }

    // ---- what is there already ---------------------------------------------------------------------------------

    /// Reads the records that the rows may be, one statement for each way.
    fn read_matches(&mut self, unit: &UnitOfWork<'_>, rows: &[Begun]) -> Result<()> {
        const AT_ONCE: usize = 10_000;
        for (index, (way, known)) in self.matches.iter().zip(&mut self.known).enumerate() {
            let Some(first) = way.first() else { continue };
            // Of a way with several parts the store is asked for the first.
            let of_first = |key: &String| key.split(BETWEEN).next().unwrap_or_default().to_owned();
            let keys = rows.iter().filter_map(|row| row.keys.get(index)).flatten().map(of_first);
            let mut keys: Vec<String> = keys.collect();
            keys.sort_unstable();
            keys.dedup();
            for keys in keys.chunks(AT_ONCE) {
                let Some(condition) = first.condition(self.entity, keys) else { continue };
                visit(unit, self.entity, condition, |id, data| {
                    for key in way_keys(way, data, &self.rules) {
                        known.entry(key).or_default().push(id);
                    }
                })?;
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
        row: Begun,
    ) -> Result<Option<Fate>> {
        let Begun { mut data, ahead, keys } = row;
        let fate = |action, record: Option<Uuid>, reason| Ok(Some(Fate { action, record, reason }));
        if draft.row.state == RowState::Blank {
            return fate(RowAction::Skipped, None, "blank");
        }
        if draft.row.state == RowState::Filled {
            self.refer_again(unit, draft, &mut *data)?;
        }
        if !draft.problems.is_empty() {
            let told = self.tell_the_rest(unit, draft, data, &keys)?;
            return told.map_or(Ok(None), |()| fate(RowAction::Failed, None, ""));
        }
        let found = self.matched(&keys);
        let mut ids = found.iter().copied();
        match (ids.next(), ids.next(), self.ready.step.on_match) {
            (Some(id), None, OnMatch::Skip) => fate(RowAction::Skipped, Some(id), "matched"),
            (Some(id), None, on_match) => self.update(unit, draft, id, keys, on_match == OnMatch::FillEmpty),
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
                    let reason = format!("no {} is this row by {keys}", self.ready.step.entity);
                    draft.problems.push(RowProblem::of_row("not_found", "", reason));
                    fate(RowAction::Failed, None, "")
                }
                OnNew::Create => match self.attempt(unit, |unit| unit.create_any(self.entity, data, ahead)) {
                    None => Ok(None),
                    Some(Ok(entry)) => {
                        let id = entry.id();
                        self.learn(id, keys);
                        fate(RowAction::Created, Some(id), "")
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
        id: Uuid,
        keys: Vec<Vec<String>>,
        fill: bool,
    ) -> Result<Option<Fate>> {
        let before = unit.written();
        let mut mismatches = Vec::new();
        let updated = self.attempt(unit, |unit| {
            unit.update_any(self.entity, id, &mut |data| {
                self.change(draft, data, fill, &mut mismatches);
                Ok(())
            })
        });
        draft.problems.append(&mut mismatches);
        let action = match updated {
            None => return Ok(None),
            Some(Ok(_)) if unit.written() > before => {
                self.learn(id, keys);
                RowAction::Updated
            }
            Some(Ok(_)) => RowAction::Skipped,
            Some(Err(error)) => {
                self.tell(draft, error)?;
                RowAction::Failed
            }
        };
        let reason = if action == RowAction::Skipped { "unchanged" } else { "" };
        Ok(Some(Fate { action, record: Some(id), reason }))
    }
}

/// The keys of a record by one way; the parts of a way that has several are joined.
fn way_keys(way: &[By], data: &AnyData, rules: &KeyRules) -> Vec<String> {
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
