//! An import from beginning to end: try it, run it, take it up again, take it back.

use super::cells::{Draft, Ready, of_step};
use super::chunk::{self, Written};
use super::failed::reasons_in;
use super::plan::{Mapping, Plan, Step};
use super::report::{Counts, ImportReport, RowAction, RowOutcome, StepReport, Undone};
use super::rows::{Layout, RowState, Rows};
use crate::crm::{Session, UnitOfWork};
use crate::error::{Error, Result};
use crate::model::{Action, Conventions, ImportPart, Operation};
use crate::value::Zone;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use uuid::Uuid;

/// How many rows are one transaction and one operation.
const CHUNK: usize = 1_000;

/// Opens the file of this name: what a step of the plan calls it.
pub type OpenFile<'a> = &'a mut dyn FnMut(&str) -> std::io::Result<Box<dyn Read + Send>>;

/// What an import tells while it runs.
#[derive(Clone, Copy, Debug)]
pub enum ImportEvent<'a> {
    /// What became of a row. Told when its chunk was committed, so that it is true.
    Row(RowOutcome<'a>),
    /// A chunk is done; the report until now, without the warnings, which need the whole file. When the import ends with an error, the
    /// last one told is what it did.
    Chunk(&'a ImportReport),
}

/// Takes what an import tells; `Break` stops it after the chunk that was told last.
pub type Watch<'a> = &'a mut dyn FnMut(ImportEvent<'_>) -> ControlFlow<()>;

/// A plan in the hands of somebody: what it does is what its user may do.
///
/// Rows are written in chunks of up to 1,000, each of which is one transaction and one operation in the journal. A row that is
/// refused leaves nothing and stops nothing. Every row is created, updated, skipped or failed, and [`Counts`] adds up.
///
/// ```
/// # let (crm, session) = crm_core::contract::demo()?;
/// use crm_core::exchange::import::{Import, Plan, undo_import};
/// use std::ops::ControlFlow;
///
/// let plan: Plan = serde_json::from_str(r#"{"steps": [{"entity": "customer", "file": "people.csv",
///     "columns": [{"column": "Full name", "field": "name"}, {"column": "E-mail", "field": "emails"}]}]}"#).unwrap();
/// let file = "Full name,E-mail\nMara Tea,info@mara.example\nJuma,no address\n";
/// let mut open = |_: &str| Ok(Box::new(file.as_bytes()) as Box<dyn std::io::Read + Send>);
///
/// let import = Import::new(&session, &plan)?;
/// let tried = import.dry_run(&mut open, &mut |_| ControlFlow::Continue(()))?;
/// assert_eq!((tried.counts.created, tried.counts.failed), (1, 1));
/// let report = import.apply(&mut open, &mut |_| ControlFlow::Continue(()))?;
/// assert_eq!(session.customers().count(&crm_core::Query::new())?, 1);
/// undo_import(&session, report.import.unwrap(), &mut |_| ControlFlow::Continue(()))?;
/// assert_eq!(session.customers().count(&crm_core::Query::new())?, 0);
/// # Ok::<(), crm_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Import<'a> {
    session: &'a Session,
    plan: &'a Plan,
    hash: String,
    id: Uuid,
    /// What an earlier run of it has done.
    done: Option<ImportPart>,
}

impl<'a> Import<'a> {
    /// A new import.
    ///
    /// # Errors
    /// `invalid` with all that is wrong with the plan.
    pub fn new(session: &'a Session, plan: &'a Plan) -> Result<Self> {
        plan.check()?;
        let id = session.new_id::<Operation>()?.uuid();
        Ok(Import { session, plan, hash: plan.hash()?, id, done: None })
    }

    /// An import that was stopped: [`Import::apply`] goes on after the last chunk that was committed. The files must be those
    /// of before.
    ///
    /// # Errors
    /// `not_found` when no chunk of it was committed, or by somebody else; `refused` (`plan_changed`) for another plan than
    /// it began with, (`undone`) when it was taken back.
    pub fn resume(session: &'a Session, plan: &'a Plan, id: Uuid) -> Result<Self> {
        plan.check()?;
        let hash = plan.hash()?;
        let parts = parts_of(session, id)?;
        if parts.iter().any(|operation| operation.undoes.is_some()) {
            let reason = "it was taken back; begin a new one".to_owned();
            return Err(Error::Refused { rule: "undone", reason });
        }
        let done = parts.into_iter().filter_map(|operation| operation.import).next_back();
        if done.as_ref().is_some_and(|part| part.plan != hash) {
            let reason = "the import began with another plan; undo it, or go on with that plan".to_owned();
            return Err(Error::Refused { rule: "plan_changed", reason });
        }
        Ok(Import { session, plan, hash, id, done })
    }

    /// The import's id, by which it is taken up again or undone.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Does everything that [`Import::apply`] would do and takes it back: every row's action and all of its problems are
    /// told, and nothing is written. It holds the store's one place for writers as long as it takes.
    ///
    /// # Errors
    /// As [`Import::apply`].
    pub fn dry_run(&self, open: OpenFile<'_>, watch: Watch<'_>) -> Result<ImportReport> {
        let mut run = Run::new(self, None, watch);
        let mut tried = false;
        let result = self.session.write("import", |unit| {
            for (number, step) in self.plan.steps.iter().enumerate() {
                let (conventions, zone) = (unit.conventions().clone(), unit.settings().time_zone);
                let source = source_of(step, open).map_err(|error| of_step(number, error))?;
                let mut write = |ready: &Ready<'_>, drafts: &mut [Draft], _: &ImportPart| {
                    let drafts = std::cell::RefCell::new(drafts);
                    let written = unit.twice(
                        |unit| chunk::write(unit, ready, &mut drafts.borrow_mut(), false),
                        |unit| {
                            ready.again(&mut drafts.borrow_mut());
                            let written = chunk::write(unit, ready, &mut drafts.borrow_mut(), true)?;
                            written.ok_or_else(|| Error::corrupt("a savepoint left something"))
                        },
                    )?;
                    unit.forget_changes();
                    Ok(written)
                };
                if run.step(number, step, source, &conventions, zone, &mut write)?.is_break() {
                    break;
                }
            }
            tried = true;
            Err::<(), _>(Error::Refused { rule: "dry_run", reason: "nothing is written".to_owned() })
        });
        match result {
            Err(_) if tried => Ok(run.report),
            Err(error) => Err(error),
            Ok(()) => Ok(run.report),
        }
    }

    /// Carries the plan out. When it is stopped, by the callback or by an error, what was committed stays:
    /// [`Import::resume`] goes on, [`undo_import`] takes it back.
    ///
    /// # Errors
    /// `invalid` (`missing_column` and others) when a file is not what the plan says, or no text in its encoding; (`file`,
    /// `unreadable`) when one can't be read; `denied` when the role allows none of it; those of the store. What is wrong with single rows
    /// is no error.
    pub fn apply(&self, open: OpenFile<'_>, watch: Watch<'_>) -> Result<ImportReport> {
        let mut run = Run::new(self, Some(self.id), watch);
        let first = self.done.as_ref().map_or(0, |part| usize::try_from(part.step).unwrap_or(usize::MAX));
        for (number, step) in self.plan.steps.iter().enumerate().skip(first) {
            let (conventions, zone) = self
                .session
                .read(|_, _, shared| Ok((shared.conventions.clone(), shared.settings.time_zone)))?;
            let source = source_of(step, open).map_err(|error| of_step(number, error))?;
            let mut write = |ready: &Ready<'_>, drafts: &mut [Draft], so_far: &ImportPart| {
                let mut dirty = false;
                let written = self.write(ready, drafts, so_far, false, &mut dirty);
                if !dirty {
                    return written;
                }
                ready.again(drafts);
                self.write(ready, drafts, so_far, true, &mut dirty)
            };
            if run.step(number, step, source, &conventions, zone, &mut write)?.is_break() {
                break;
            }
        }
        // Who stops it does not want to wait.
        if run.report.finished {
            self.session.tidy()?;
        }
        Ok(run.report)
    }

    /// Writes a chunk as one operation. `dirty` when that has to be done again, carefully.
    fn write(
        &self,
        ready: &Ready<'_>,
        drafts: &mut [Draft],
        so_far: &ImportPart,
        carefully: bool,
        dirty: &mut bool,
    ) -> Result<Written> {
        self.session.write("import", |unit: &mut UnitOfWork<'_>| {
            let written = chunk::write(unit, ready, drafts, carefully)?;
            *dirty = written.is_none();
            let written = written.ok_or_else(|| Error::corrupt("a savepoint left something"))?;
            unit.is_part_of(so_far.and(written.counts));
            Ok(written)
        })
    }
}

impl ImportPart {
    /// This part and the rows after it.
    fn and(&self, more: Counts) -> ImportPart {
        ImportPart {
            step_rows: self.step_rows + more.rows,
            rows: self.rows + more.rows,
            created: self.created + more.created,
            updated: self.updated + more.updated,
            skipped: self.skipped + more.skipped,
            failed: self.failed + more.failed,
            ..self.clone()
        }
    }
}

/// Takes an import back, the newest chunk first, each as one operation. When a chunk can't be taken back, because what it brought
/// was changed since, those after it are: put that right and call it again.
///
/// # Errors
/// `not_found` when there is no such import, or somebody else's; as [`Session::undo`].
pub fn undo_import(
    session: &Session,
    import: Uuid,
    watch: &mut dyn FnMut(Undone) -> ControlFlow<()>,
) -> Result<Undone> {
    let parts = parts_of(session, import)?;
    let open = not_taken_back(&parts);
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let mut undone = Undone { operations: 0, left: count(open.len()) };
    for part in open {
        session.undo(part)?;
        undone.operations += 1;
        undone.left -= 1;
        if watch(undone).is_break() {
            break;
        }
    }
    Ok(undone)
}

/// The operations that hold, the newest first. An undo that was itself taken back takes nothing back.
fn not_taken_back(parts: &[Operation]) -> Vec<Uuid> {
    let (mut gone, mut open) = (BTreeSet::new(), Vec::new());
    for part in parts.iter().rev() {
        match part.undoes {
            _ if gone.contains(&part.id) => {}
            Some(undone) => drop(gone.insert(undone)),
            None => open.push(part.id),
        }
    }
    open
}

/// The operations of an import, if it is one of the session's user or he sees the journal.
fn parts_of(session: &Session, import: Uuid) -> Result<Vec<Operation>> {
    let parts = session.read(|view, authority, _| {
        let mut parts = Vec::new();
        for part in view.operations_of_import(import)? {
            // Somebody else's is told as far as the journal is: when something in it is seen.
            let told = part.actor == authority.actor
                || (authority.journal_view
                    && view
                        .operations(part.seq.saturating_sub(1), 1, authority.sight(Action::View))?
                        .iter()
                        .any(|seen| seen.id == part.id));
            if told {
                parts.push(part);
            }
        }
        Ok(parts)
    })?;
    if parts.is_empty() {
        return Err(Error::NotFound { entity: "import", key: import.to_string() });
    }
    Ok(parts)
}

fn source_of<'p>(step: &'p Step, open: OpenFile<'_>) -> Result<Box<dyn Read + Send + 'p>> {
    match &step.text {
        Some(text) => Ok(Box::new(text.as_bytes())),
        None => match open(&step.file) {
            Ok(file) => Ok(file),
            Err(error) => Err(Error::invalid("file", "unreadable", format!("{}: {error}", step.file))),
        },
    }
}

type Write<'w> = &'w mut dyn FnMut(&Ready<'_>, &mut [Draft], &ImportPart) -> Result<Written>;

/// The file of a step, as it was found.
struct Source {
    /// The step, from 0.
    number: usize,
    /// With the encoding that it has.
    layout: Layout,
    mark: bool,
    /// The column with the reasons of an earlier import.
    reasons: Option<usize>,
}

/// One run over the files.
struct Run<'w> {
    watch: Watch<'w>,
    report: ImportReport,
    steps: usize,
    /// Rows of the first step that an earlier run has done.
    skip: u64,
    part: ImportPart,
    /// By the mapping of the step: how many rows have a phone number that looks like none, and the first of them.
    doubtful: BTreeMap<usize, (u64, u64, String)>,
}

impl<'w> Run<'w> {
    fn new(import: &Import<'_>, id: Option<Uuid>, watch: Watch<'w>) -> Self {
        let none = ImportPart {
            import: import.id,
            plan: import.hash.clone(),
            step: 0,
            step_rows: 0,
            rows: 0,
            created: 0,
            updated: 0,
            skipped: 0,
            failed: 0,
        };
        // A dry run begins at the beginning.
        let part = id.and(import.done.clone()).unwrap_or(none);
        let ImportPart { rows, created, updated, skipped, failed, .. } = part;
        let counts = Counts { rows, created, updated, skipped, failed };
        let report = ImportReport {
            import: id,
            plan: import.hash.clone(),
            finished: false,
            counts,
            steps: Vec::new(),
        };
        Run {
            watch,
            report,
            steps: import.plan.steps.len(),
            skip: part.step_rows,
            part,
            doubtful: BTreeMap::new(),
        }
    }

    /// Reads a file and writes its rows.
    fn step(
        &mut self,
        number: usize,
        step: &Step,
        source: Box<dyn Read + Send + '_>,
        conventions: &Conventions,
        zone: Zone,
        write: Write<'_>,
    ) -> Result<ControlFlow<()>> {
        let within = |error| of_step(number, error);
        let mut rows = Rows::open(source, &step.layout).map_err(within)?;
        let ready = Ready::new(step, rows.header(), conventions, zone).map_err(within)?;
        let (unused, encoding) = (ready.unused(), rows.encoding().to_lowercase());
        let file = Source {
            number,
            layout: Layout { encoding: Some(encoding.clone()), ..step.layout.clone() },
            mark: rows.has_mark(),
            reasons: reasons_in(rows.header(), &unused),
        };
        self.report.steps.push(StepReport {
            step: number,
            file: step.label().to_owned(),
            encoding,
            filled: step.columns.iter().map(|mapping| (mapping.field.clone(), 0)).collect(),
            unused,
            ..StepReport::default()
        });
        let skip = std::mem::take(&mut self.skip);
        self.part.step = u32::try_from(number).unwrap_or(u32::MAX);
        self.part.step_rows = skip;
        for _ in 0..skip {
            if rows.read().map_err(within)?.is_none() {
                let reason = "the file has fewer rows than the import has read: it is another one".to_owned();
                return Err(Error::Refused { rule: "file_changed", reason });
            }
        }
        let flow = std::thread::scope(|scope| {
            // A chunk is made while the one before it is written, which takes longer.
            let (sender, chunks) = sync_channel(0);
            let (done_with, spent) = channel::<Vec<Draft>>();
            let ready = &ready;
            scope.spawn(move || {
                let mut more = true;
                while more {
                    // What was written is dropped here too.
                    spent.try_iter().for_each(drop);
                    let chunk = read_chunk(&mut rows, ready).and_then(|mut chunk| {
                        chunk::begin(ready, &mut chunk)?;
                        Ok(chunk)
                    });
                    more = chunk.as_ref().is_ok_and(|chunk| chunk.len() == CHUNK);
                    // Nobody listens any more when the import was stopped.
                    more &= sender.send(chunk).is_ok();
                }
            });
            self.write_chunks(&file, ready, chunks, &done_with, write)
        });
        let flow = flow.map_err(within)?;
        if flow.is_continue() {
            self.end_step(step);
            self.report.finished = number + 1 == self.steps;
        }
        Ok(flow)
    }

    fn write_chunks(
        &mut self,
        file: &Source,
        ready: &Ready<'_>,
        chunks: Receiver<Result<Vec<Draft>>>,
        done_with: &Sender<Vec<Draft>>,
        write: Write<'_>,
    ) -> Result<ControlFlow<()>> {
        for chunk in chunks {
            let mut drafts = chunk?;
            if drafts.is_empty() {
                break;
            }
            let written = write(ready, &mut drafts, &self.part)?;
            self.part = self.part.and(written.counts);
            self.report.counts.add_all(written.counts);
            if self.tell(file, ready, &drafts, &written).is_break() {
                return Ok(ControlFlow::Break(()));
            }
            // At the end of the file nobody takes them any more.
            let _ = done_with.send(drafts);
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Tells what became of the rows of a chunk.
    fn tell(
        &mut self,
        file: &Source,
        ready: &Ready<'_>,
        drafts: &[Draft],
        written: &Written,
    ) -> ControlFlow<()> {
        if let Some(report) = self.report.steps.last_mut() {
            report.counts.add_all(written.counts);
            for fate in written.fates.iter().filter(|fate| fate.action == RowAction::Skipped) {
                *report.skipped.entry(fate.reason).or_default() += 1;
            }
            for draft in drafts.iter().filter(|draft| draft.row.state == RowState::Filled) {
                for (cell, (_, filled)) in draft.cells.iter().zip(&mut report.filled) {
                    *filled += u64::from(*cell != super::cells::Cell::Empty);
                }
            }
        }
        for (draft, fate) in drafts.iter().zip(&written.fates) {
            if matches!(fate.action, RowAction::Created | RowAction::Updated) {
                for slot in &draft.doubtful {
                    let first = || (0, draft.row.line, ready.text_of(*slot, &draft.row));
                    self.doubtful.entry(*slot).or_insert_with(first).0 += 1;
                }
            }
        }
        let mut flow = ControlFlow::Continue(());
        for (draft, fate) in drafts.iter().zip(&written.fates) {
            let problems = if fate.action == RowAction::Failed { draft.problems.as_slice() } else { &[] };
            let outcome = RowOutcome {
                step: file.number,
                header: &ready.header,
                layout: &file.layout,
                mark: file.mark,
                reasons: file.reasons,
                row: &draft.row,
                action: fate.action,
                record: fate.record,
                reason: fate.reason,
                problems,
            };
            if (self.watch)(ImportEvent::Row(outcome)).is_break() {
                flow = ControlFlow::Break(());
            }
        }
        if (self.watch)(ImportEvent::Chunk(&self.report)).is_break() {
            flow = ControlFlow::Break(());
        }
        flow
    }

    fn end_step(&mut self, step: &Step) {
        let doubtful = std::mem::take(&mut self.doubtful);
        let Some(report) = self.report.steps.last_mut() else { return };
        if report.counts.rows == 0 {
            return;
        }
        // A default alone has no cells.
        let read = |mapping: &Mapping| mapping.column.is_some() || mapping.template.is_some();
        let empty = step.columns.iter().zip(&report.filled);
        let empty = empty.filter(|(mapping, (_, filled))| *filled == 0 && read(mapping));
        let told =
            |mapping: &Mapping| format!("{}: no row has a value for {}", mapping.name(), mapping.field);
        report.warnings = empty.map(|(mapping, _)| told(mapping)).collect();
        for (slot, (rows, line, text)) in doubtful {
            let name = step.columns.get(slot).map_or("", Mapping::name);
            report.warnings.push(format!(
                "{name}: what looks like no phone number is one now in {rows} rows, the first on line {line}: {text:?}"
            ));
        }
    }
}

fn read_chunk<R: Read>(rows: &mut Rows<R>, ready: &Ready<'_>) -> Result<Vec<Draft>> {
    let mut drafts = Vec::with_capacity(CHUNK);
    while drafts.len() < CHUNK {
        match rows.read()? {
            Some(row) => drafts.push(ready.draft(row)),
            None => break,
        }
    }
    Ok(drafts)
}
