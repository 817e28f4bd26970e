//! In and out: CSV by a plan, and the whole store as JSON lines. Files are paths, or objects with `read` or `write`.

use crate::collection::Collection;
use crate::crm::Crm;
use crate::errors::{OrRaise, invalid};
use crate::kinds::ops;
use crate::query::query_of;
use crate::session::Session;
use crate::value::{from_py, id, in_python};
use crm_core::Query;
use crm_core::exchange::CsvExport;
use crm_core::exchange::import::{Import, ImportEvent, Plan, RowAction, undo_import};
use crm_core::exchange::{dump, restore};
use crm_sqlite::OpenOptions;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString, PyTuple};
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What Python reads from, or writes to.
struct Stream(Py<PyAny>);

fn failed(error: PyErr) -> io::Error {
    io::Error::other(error.to_string())
}

impl Read for Stream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        Python::attach(|py| {
            let given = self.0.call_method1(py, "read", (into.len(),)).map_err(failed)?;
            let given = given.bind(py);
            let bytes = given
                .cast::<PyBytes>()
                .map_err(|_| io::Error::other("read() has to give bytes: open the file with mode \"rb\""))?;
            let bytes = bytes.as_bytes();
            let place =
                into.get_mut(..bytes.len()).ok_or_else(|| io::Error::other("read() gave too much"))?;
            place.copy_from_slice(bytes);
            Ok(bytes.len())
        })
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Python::attach(|py| {
            self.0.call_method1(py, "write", (PyBytes::new(py, bytes),)).map_err(failed)?;
            Ok(bytes.len())
        })
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Where files come from.
enum Source {
    /// Files of a folder, by the names that the plan has.
    Folder(PathBuf),
    /// One file, whatever the plan calls it.
    File(PathBuf),
    /// An object that is read.
    Stream(Py<PyAny>),
}

impl Source {
    fn of(given: &Bound<'_, PyAny>) -> PyResult<Self> {
        if given.hasattr("read")? {
            return Ok(Source::Stream(given.clone().unbind()));
        }
        let path: PathBuf = given.extract()?;
        Ok(if path.is_dir() { Source::Folder(path) } else { Source::File(path) })
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn Read + Send>> {
        Ok(match self {
            Source::Folder(folder) => Box::new(opened(&folder.join(name))?),
            Source::File(path) => Box::new(opened(path)?),
            Source::Stream(object) => Box::new(Stream(Python::attach(|py| object.clone_ref(py)))),
        })
    }
}

/// A file; an error says which.
fn opened(path: &Path) -> io::Result<File> {
    File::open(path).map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

fn target(given: &Bound<'_, PyAny>) -> PyResult<Box<dyn Write + Send>> {
    if given.hasattr("write")? {
        return Ok(Box::new(BufWriter::new(Stream(given.clone().unbind()))));
    }
    let path: PathBuf = given.extract()?;
    Ok(Box::new(BufWriter::new(File::create(path)?)))
}

/// A plan as a dict, or as JSON text.
fn plan_of(given: &Bound<'_, PyAny>) -> PyResult<Plan> {
    let wrong = |error: serde_json::Error| invalid("plan", "syntax", error.to_string());
    match given.cast::<PyString>() {
        Ok(json) => serde_json::from_str(&json.to_cow()?).map_err(wrong),
        Err(_) => {
            let json = serde_json::to_value(from_py(given)?).map_err(wrong)?;
            serde_json::from_value(json).map_err(wrong)
        }
    }
}

#[pymethods]
impl Session {
    /// Imports CSV files by a plan: a dict, or its JSON text. Rows are written a thousand at a time, each thousand as one
    /// operation; a refused row stops nothing, and Ctrl-C does after the thousand that is being written.
    ///
    /// Args:
    ///     source: the file; for a plan with several steps the folder that has them; or an object opened with mode "rb".
    ///     plan: what becomes of which column.
    ///     dry_run: does everything and takes it back; nothing is written.
    ///     resume: the id of an import that was stopped, to go on with it.
    ///     progress: is called with the number of rows after every thousand; False stops.
    ///     most_problems: how many problems are kept at most.
    ///
    /// Returns:
    ///     An `ImportReport`. `rows` is always `created + updated + skipped + failed`.
    ///
    /// Raises:
    ///     InvalidError: the plan, or the file is not what it says.
    ///     DeniedError: the role allows none of it.
    #[pyo3(signature = (source, plan, *, dry_run=false, resume=None, progress=None, most_problems=1000))]
    #[allow(clippy::too_many_arguments, reason = "all but two have names")]
    fn import_csv(
        &self,
        py: Python<'_>,
        source: &Bound<'_, PyAny>,
        plan: &Bound<'_, PyAny>,
        dry_run: bool,
        resume: Option<&Bound<'_, PyAny>>,
        progress: Option<Py<PyAny>>,
        most_problems: usize,
    ) -> PyResult<Py<PyAny>> {
        let (source, plan) = (Source::of(source)?, plan_of(plan)?);
        let resume = resume.map(id).transpose()?;
        let mut problems: Vec<(usize, u64, String, String, String, String, String)> = Vec::new();
        let mut raised: Option<PyErr> = None;
        let report = py.detach(|| {
            let import = match resume {
                Some(import) => Import::resume(&self.0, &plan, import)?,
                None => Import::new(&self.0, &plan)?,
            };
            let mut open = |name: &str| source.open(name);
            let mut watch = |event: ImportEvent<'_>| match event {
                ImportEvent::Row(row) if row.action == RowAction::Failed => {
                    for found in row.problems.iter().take(most_problems.saturating_sub(problems.len())) {
                        let found = found.clone();
                        let (line, reason) = (row.row.line, found.reason);
                        problems.push((
                            row.step,
                            line,
                            found.column,
                            found.field,
                            found.value,
                            found.rule,
                            reason,
                        ));
                    }
                    ControlFlow::Continue(())
                }
                ImportEvent::Chunk(report) => match after_chunk(progress.as_ref(), report.counts.rows) {
                    Ok(true) => ControlFlow::Continue(()),
                    Ok(false) => ControlFlow::Break(()),
                    Err(error) => {
                        raised = Some(error);
                        ControlFlow::Break(())
                    }
                },
                _ => ControlFlow::Continue(()),
            };
            if dry_run { import.dry_run(&mut open, &mut watch) } else { import.apply(&mut open, &mut watch) }
        });
        if let Some(raised) = raised {
            return Err(raised);
        }
        let report = report.or_raise()?;
        let problems = problems.into_iter().map(|problem| in_python(py, "values", "RowProblem", problem));
        let problems = PyTuple::new(py, problems.collect::<PyResult<Vec<_>>>()?)?;
        let warnings = report.steps.iter().flat_map(|step| step.warnings.clone());
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
            PyTuple::new(py, warnings.collect::<Vec<_>>())?,
        );
        in_python(py, "values", "ImportReport", args)
    }

    /// Takes an import back, the newest thousand rows first. Gives how many operations were undone.
    ///
    /// Raises:
    ///     NotFoundError.
    ///     RefusedError: `changed_since`: what it brought was changed since; put that right and call it again.
    fn undo_import(&self, py: Python<'_>, import_id: &Bound<'_, PyAny>) -> PyResult<u64> {
        let import = id(import_id)?;
        let mut raised = None;
        let undone = py.detach(|| {
            undo_import(&self.0, import, &mut |_| match after_chunk(None, 0) {
                Ok(_) => ControlFlow::Continue(()),
                Err(error) => {
                    raised = Some(error);
                    ControlFlow::Break(())
                }
            })
        });
        match raised {
            Some(raised) => Err(raised),
            None => Ok(undone.or_raise()?.operations),
        }
    }
}

/// Whether to go on: Ctrl-C was not pressed, and the caller does not say stop.
fn after_chunk(progress: Option<&Py<PyAny>>, rows: u64) -> PyResult<bool> {
    Python::attach(|py| {
        py.check_signals()?;
        let Some(progress) = progress else { return Ok(true) };
        let answer = progress.call1(py, (rows,))?;
        Ok(answer.is_none(py) || answer.is_truthy(py)?)
    })
}

#[pymethods]
impl Collection {
    /// Writes records as CSV in UTF-8, one row each, and gives how many.
    ///
    /// Args:
    ///     target: the file, or an object opened with mode "wb".
    ///     columns: which, in this order; all when nothing is said.
    ///     delimiter: what stands between cells.
    ///     bom: a mark at the beginning, which Excel wants.
    ///     spreadsheet_safe: texts that a spreadsheet would take for formulas get an apostrophe.
    ///     where, words, order_by, tests: which records, as of `list`.
    ///
    /// Raises:
    ///     DeniedError: the role does not export.
    #[pyo3(signature = (target, *, columns=None, delimiter=',', bom=false, spreadsheet_safe=false, r#where=None, words=None, order_by=None, **tests))]
    #[allow(clippy::too_many_arguments, reason = "all but one have names")]
    fn export_csv(
        &self,
        py: Python<'_>,
        target: &Bound<'_, PyAny>,
        columns: Option<Vec<String>>,
        delimiter: char,
        bom: bool,
        spreadsheet_safe: bool,
        r#where: Option<&Bound<'_, PyAny>>,
        words: Option<String>,
        order_by: Option<&Bound<'_, PyAny>>,
        tests: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<u64> {
        let query = query_of(r#where, words, order_by, Query::PAGE_SIZE, tests)?;
        let options = CsvExport { columns: columns.unwrap_or_default(), delimiter, bom, spreadsheet_safe };
        let mut out = self::target(target)?;
        py.detach(|| {
            let written = ops(self.kind).export(&self.session, &query, &options, &mut *out).or_raise()?;
            out.flush()?;
            Ok(written)
        })
    }
}

#[pymethods]
impl Crm {
    /// Writes the whole store as JSON lines, journal included, and gives how many lines. `crm.restore` reads them.
    fn dump(&self, py: Python<'_>, target: &Bound<'_, PyAny>) -> PyResult<u64> {
        let mut out = self::target(target)?;
        py.detach(|| {
            let dumped = dump(&self.crm, &mut *out).or_raise()?;
            out.flush()?;
            Ok(dumped.lines)
        })
    }
}

/// Makes a store of a dump, in a file that is not there yet.
///
/// Args:
///     path: the new file.
///     source: the dump: its path, or an object opened with mode "rb".
///
/// Raises:
///     RefusedError: the store is not empty.
///     InvalidError: the dump is cut off or was altered.
#[pyfunction]
#[pyo3(name = "restore")]
pub(crate) fn restore_dump(py: Python<'_>, path: PathBuf, source: &Bound<'_, PyAny>) -> PyResult<Crm> {
    let source = Source::of(source)?;
    if let Source::Folder(_) = source {
        return Err(PyTypeError::new_err("a dump is one file"));
    }
    py.detach(|| {
        let options = match path == Path::new(":memory:") {
            true => OpenOptions::in_memory(),
            false => OpenOptions::new(&path),
        };
        let store = Arc::new(options.open().or_raise()?);
        let mut from = source.open("")?;
        let shared: Arc<crm_sqlite::SqliteStore> = Arc::clone(&store);
        let crm = restore(shared, crm_core::Options::default(), &mut *from).or_raise()?;
        Ok(Crm { crm, store })
    })
}
