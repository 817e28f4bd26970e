//! CSV files in, by a plan: look at the file, suggest, try, run, go on, take back.

use crate::errors::OrRaise;
use crate::files::{Source, Target};
use crate::session::{Session, choice};
use crate::stop;
use crate::value::{from_json, id, in_json, in_python};
use crm_core::Kind;
use crm_core::exchange::import::{
    Counts, FailedRows, Import, ImportEvent, Plan, RowAction, RowOutcome, RowProblem, StepReport, Undone,
    sniff as look_at, undo_import,
};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;

/// A plan as a dict, or as JSON text.
fn plan_of(given: &Bound<'_, PyAny>) -> PyResult<Plan> {
    from_json("plan", given)
}

fn problem(py: Python<'_>, step: usize, line: u64, found: RowProblem) -> PyResult<Py<PyAny>> {
    let RowProblem { column, field, value, rule, reason } = found;
    in_python(py, "values", "RowProblem", (step, line, column, field, value, rule, reason))
}

/// What a row became, as `crm.ImportedRow`.
fn row(py: Python<'_>, row: &RowOutcome<'_>) -> PyResult<Py<PyAny>> {
    let action = match row.action {
        RowAction::Created => "created",
        RowAction::Updated => "updated",
        RowAction::Skipped => "skipped",
        RowAction::Failed => "failed",
    };
    let cells = PyDict::new(py);
    for (name, cell) in row.header.iter().zip(row.row.cells()) {
        cells.set_item(name, cell)?;
    }
    let problems = row.problems.iter().map(|found| problem(py, row.step, row.row.line, found.clone()));
    let problems = PyTuple::new(py, problems.collect::<PyResult<Vec<_>>>()?)?;
    let args = (row.step, row.row.line, action, row.record, row.reason, cells, problems);
    in_python(py, "values", "ImportedRow", args)
}

fn step(py: Python<'_>, told: StepReport) -> PyResult<Py<PyAny>> {
    let Counts { rows, created, updated, skipped, failed } = told.counts;
    let counts = (rows, created, updated, skipped, failed);
    let args = (
        told.step,
        told.file,
        told.encoding,
        counts.0,
        counts.1,
        counts.2,
        counts.3,
        counts.4,
        told.skipped,
        PyTuple::new(py, told.filled)?,
        PyTuple::new(py, told.unused)?,
        PyTuple::new(py, told.warnings)?,
    );
    in_python(py, "values", "ImportStep", args)
}

/// What somebody wants to hear while an import runs.
struct Watch {
    progress: Option<Py<PyAny>>,
    on_row: Option<Py<PyAny>>,
    problems: Vec<(usize, u64, RowProblem)>,
    most_problems: usize,
    refused: Refused,
}

impl Watch {
    fn hear(&mut self, event: ImportEvent<'_>) -> ControlFlow<()> {
        // After the first one that raised nobody is called again.
        if stop::is_raised() {
            return ControlFlow::Break(());
        }
        match self.take(event) {
            Ok(true) => ControlFlow::Continue(()),
            Ok(false) => ControlFlow::Break(()),
            Err(error) => {
                stop::raise(error);
                ControlFlow::Break(())
            }
        }
    }

    fn take(&mut self, event: ImportEvent<'_>) -> PyResult<bool> {
        let report = match event {
            ImportEvent::Chunk(report) => report,
            ImportEvent::Row(outcome) => {
                let more = self.most_problems.saturating_sub(self.problems.len());
                let found = outcome.problems.iter().take(more);
                self.problems.extend(found.map(|found| (outcome.step, outcome.row.line, found.clone())));
                self.refused.add(&outcome)?;
                if let Some(on_row) = &self.on_row {
                    Python::attach(|py| on_row.call1(py, (row(py, &outcome)?,)))?;
                }
                return Ok(true);
            }
        };
        go_on(self.progress.as_ref(), report.counts.rows)
    }
}

/// Whether to go on: Ctrl-C was not pressed, and the caller does not say stop.
fn go_on(progress: Option<&Py<PyAny>>, done: u64) -> PyResult<bool> {
    Python::attach(|py| {
        py.check_signals()?;
        let Some(progress) = progress else { return Ok(true) };
        let answer = progress.call1(py, (done,))?;
        Ok(answer.is_none(py) || answer.is_truthy(py)?)
    })
}

/// Where refused rows go.
#[derive(Default)]
struct Refused {
    /// One file, until the first row goes there.
    one: Option<Target>,
    /// A file for each step, by the name of the step's own.
    folder: Option<PathBuf>,
    names: Vec<String>,
    open: BTreeMap<usize, FailedRows<Target>>,
}

impl Refused {
    fn of(given: Option<&Bound<'_, PyAny>>, plan: &Plan) -> PyResult<Self> {
        let Some(given) = given else { return Ok(Refused::default()) };
        if plan.steps.len() < 2 {
            return Ok(Refused { one: Some(Target::of(given)?), ..Refused::default() });
        }
        let folder: PathBuf = given.extract().map_err(|_| {
            PyTypeError::new_err("the plan has several steps: failed_rows is a folder for a file of each")
        })?;
        std::fs::create_dir_all(&folder)?;
        let mut names: Vec<String> = Vec::new();
        for (number, step) in plan.steps.iter().enumerate() {
            let name = if step.file.is_empty() { format!("step-{number}.csv") } else { step.file.clone() };
            // Two steps may read one file.
            names.push(if names.contains(&name) { format!("{number}-{name}") } else { name });
        }
        Ok(Refused { folder: Some(folder), names, ..Refused::default() })
    }

    fn add(&mut self, row: &RowOutcome<'_>) -> PyResult<()> {
        if row.action != RowAction::Failed {
            return Ok(());
        }
        if !self.open.contains_key(&row.step) {
            let target = match (self.one.take(), &self.folder, self.names.get(row.step)) {
                (Some(target), ..) => target,
                (None, Some(folder), Some(name)) => Target::at(folder.join(name)),
                _ => return Ok(()),
            };
            self.open.insert(row.step, FailedRows::new(target));
        }
        match self.open.get_mut(&row.step) {
            Some(rows) => rows.add(row).or_raise(),
            None => Ok(()),
        }
    }

    fn finish(self) -> PyResult<()> {
        for rows in self.open.into_values() {
            rows.finish().or_raise()?.finish(Ok(()))?;
        }
        Ok(())
    }
}

#[pymethods]
impl Session {
    /// Imports CSV files by a plan: a dict, or its JSON text. Rows are written a thousand at a time, each thousand as one
    /// operation, and a refused row stops nothing. Ctrl-C does: what was committed stays, and
    /// `last_operation().import_id` is the id to go on with, or to take it back.
    ///
    /// Args:
    ///     source: the file; for a plan with several steps the folder that has them; or an object opened with mode "rb".
    ///     plan: what becomes of which column; `sniff` suggests one.
    ///     dry_run: does everything and takes it back; nothing is written.
    ///     resume: the id of an import that was stopped, to go on with it.
    ///     progress: is called with the number of rows after every thousand; False stops.
    ///     on_row: is called with an `ImportedRow` for every row, when its thousand was written.
    ///     failed_rows: where refused rows go, with a column that says why, to be put right and imported again with the
    ///         same plan: a file, or an object opened with mode "wb"; for a plan with several steps a folder, in which
    ///         each step has a file of its name. There is none when none is refused.
    ///     most_problems: how many problems are kept at most.
    ///
    /// Returns:
    ///     An `ImportReport`. `rows` is always `created + updated + skipped + failed`.
    ///
    /// Raises:
    ///     InvalidError: the plan, or the file is not what it says.
    ///     DeniedError: the role allows none of it.
    ///     RefusedError: `plan_changed`, `file_changed` or `undone`, for one that is to go on.
    ///
    /// >>> import crm, io
    /// >>> s = crm.open(":memory:").system()
    /// >>> file = b"Name,E-mail\nMara Tea,info@mara.example\nJuma,no address\n"
    /// >>> plan = {"steps": [crm.sniff(io.BytesIO(file)).suggest("customer", file="people.csv")]}
    /// >>> refused = io.BytesIO()
    /// >>> done = s.import_csv(io.BytesIO(file), plan, failed_rows=refused)
    /// >>> done.created, done.failed, refused.getvalue().decode().splitlines()[0]
    /// (1, 1, 'Name,E-mail,reason')
    #[pyo3(signature = (source, plan, *, dry_run=false, resume=None, progress=None, on_row=None, failed_rows=None, most_problems=1000))]
    #[allow(clippy::too_many_arguments, reason = "all but two have names")]
    fn import_csv(
        &self,
        py: Python<'_>,
        source: &Bound<'_, PyAny>,
        plan: &Bound<'_, PyAny>,
        dry_run: bool,
        resume: Option<&Bound<'_, PyAny>>,
        progress: Option<Py<PyAny>>,
        on_row: Option<Py<PyAny>>,
        failed_rows: Option<&Bound<'_, PyAny>>,
        most_problems: usize,
    ) -> PyResult<Py<PyAny>> {
        let (source, plan) = (Source::of(source)?, plan_of(plan)?);
        let resume = resume.map(id).transpose()?;
        let refused = Refused::of(failed_rows, &plan)?;
        let mut watch = Watch { progress, on_row, problems: Vec::new(), most_problems, refused };
        let report = py.detach(|| {
            let import = match resume {
                Some(import) => Import::resume(&self.0, &plan, import)?,
                None => Import::new(&self.0, &plan)?,
            };
            let mut open = |name: &str| source.open(name);
            let mut hear = |event: ImportEvent<'_>| watch.hear(event);
            if dry_run { import.dry_run(&mut open, &mut hear) } else { import.apply(&mut open, &mut hear) }
        });
        let report = source.raised.or(report.or_raise())?;
        watch.refused.finish()?;
        let problems = watch.problems.into_iter().map(|(step, line, found)| problem(py, step, line, found));
        let problems = PyTuple::new(py, problems.collect::<PyResult<Vec<_>>>()?)?;
        let warnings = report.steps.iter().flat_map(|step| step.warnings.clone());
        let warnings = PyTuple::new(py, warnings.collect::<Vec<_>>())?;
        let steps = report.steps.into_iter().map(|told| step(py, told)).collect::<PyResult<Vec<_>>>()?;
        let counts = report.counts;
        let args = (
            report.import,
            report.finished,
            counts.rows,
            counts.created,
            counts.updated,
            counts.skipped,
            counts.failed,
            problems,
            warnings,
            PyTuple::new(py, steps)?,
            report.plan,
        );
        in_python(py, "values", "ImportReport", args)
    }

    /// Takes an import back, the newest thousand rows first. Gives how many operations were undone. Ctrl-C stops it; call
    /// it again for the rest.
    ///
    /// Args:
    ///     import_id: `ImportReport.import_id`.
    ///     progress: is called with the number of operations that are left after every one; False stops.
    ///
    /// Raises:
    ///     NotFoundError.
    ///     RefusedError: `changed_since`: what it brought was changed since; put that right and call it again.
    #[pyo3(signature = (import_id, *, progress=None))]
    fn undo_import(
        &self,
        py: Python<'_>,
        import_id: &Bound<'_, PyAny>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<u64> {
        let import = id(import_id)?;
        let mut hear = |undone: Undone| match go_on(progress.as_ref(), undone.left) {
            Ok(true) => ControlFlow::Continue(()),
            Ok(false) => ControlFlow::Break(()),
            Err(error) => {
                stop::raise(error);
                ControlFlow::Break(())
            }
        };
        let undone = py.detach(|| undo_import(&self.0, import, &mut hear)).or_raise()?;
        Ok(undone.operations)
    }
}

/// What a CSV file looks like: its layout and its columns. `suggest` makes a step of a plan of it.
#[pyclass(module = "crm", frozen)]
pub(crate) struct Sniffed {
    found: crm_core::exchange::import::Sniffed,
    name: String,
}

#[pymethods]
impl Sniffed {
    /// How the text is laid out, as a plan says it: `delimiter`, `quote`, `header`, `encoding`.
    #[getter]
    fn layout(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        in_json(py, &self.found.layout)
    }

    /// Whether the file begins with a byte-order mark.
    #[getter]
    fn mark(&self) -> bool {
        self.found.mark
    }

    /// The columns in their order, as `SniffedColumn` values.
    #[getter]
    fn columns<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let columns = self.found.columns.iter().map(|column| {
            let args = (
                &column.name,
                in_json(py, &column.r#type)?,
                PyTuple::new(
                    py,
                    column
                        .formats
                        .iter()
                        .map(|formats| in_json(py, formats))
                        .collect::<PyResult<Vec<_>>>()?,
                )?,
                column.confidence,
                column.filled,
                PyTuple::new(py, &column.samples)?,
            );
            in_python(py, "values", "SniffedColumn", args)
        });
        PyTuple::new(py, columns.collect::<PyResult<Vec<_>>>()?)
    }

    /// A step of a plan that reads this file as records of a kind: columns whose names are known get their fields, with the
    /// formats that were found. What can be read in two ways is left open: it is a dict, complete and change it.
    ///
    /// Args:
    ///     kind: what a row becomes.
    ///     file: what the step calls the file; its own name when nothing is said.
    ///
    /// >>> import crm, io
    /// >>> found = crm.sniff(io.BytesIO(b"First Name;Shoe size\nAmina;38\n"))
    /// >>> step = found.suggest("customer", file="people.csv")
    /// >>> [(column["column"], column["field"]) for column in step["columns"]]
    /// [('First Name', 'given_name')]
    /// >>> step["columns"].append({"column": "Shoe size", "field": "custom.shoe_size"})
    #[pyo3(signature = (kind, *, file=None))]
    fn suggest(&self, py: Python<'_>, kind: &Bound<'_, PyAny>, file: Option<&str>) -> PyResult<Py<PyAny>> {
        let kind: Kind = choice("kind", kind)?;
        in_json(py, &self.found.suggest(kind, file.unwrap_or(&self.name)))
    }

    fn __repr__(&self) -> String {
        let names: Vec<&str> = self.found.columns.iter().map(|column| column.name.as_str()).collect();
        format!("<a file with the columns {}>", names.join(", "))
    }
}

/// Looks at the beginning of a CSV file: its encoding, how its cells are set apart, and what its columns hold.
///
/// Args:
///     source: the file, or an object opened with mode "rb".
///
/// Raises:
///     InvalidError: it is no text.
///     OSError: it can't be read.
///
/// >>> import crm, io
/// >>> found = crm.sniff(io.BytesIO(b"name;since\nMara Tea;31.12.2025\n"))
/// >>> found.layout["delimiter"], found.columns[1].type, found.columns[1].formats
/// (';', 'date', ({'date': '%d.%m.%Y'},))
#[pyfunction]
pub(crate) fn sniff(py: Python<'_>, source: &Bound<'_, PyAny>) -> PyResult<Sniffed> {
    let source = Source::one(source)?;
    let file = source.open_one()?;
    let found = py.detach(|| look_at(file));
    let found = source.raised.or(found.or_raise())?;
    Ok(Sniffed { found, name: source.name() })
}

/// Checks a plan of an import, and gives its hash: the one that the journal and `ImportReport.plan` have.
///
/// Raises:
///     InvalidError: `violations` has all that is wrong with it.
///
/// >>> import crm
/// >>> columns = [{"column": "Full name", "field": "name"}]
/// >>> len(crm.plan_hash({"steps": [{"entity": "customer", "file": "people.csv", "columns": columns}]}))
/// 64
#[pyfunction]
pub(crate) fn plan_hash(plan: &Bound<'_, PyAny>) -> PyResult<String> {
    let plan = plan_of(plan)?;
    plan.check().or_raise()?;
    plan.hash().or_raise()
}
