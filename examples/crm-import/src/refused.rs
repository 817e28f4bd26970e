//! Files with the rows that were refused, each beside its name: `customers.csv` gives `customers.failed.csv`.

use crate::Failure;
use crate::run::at;
use crm_core::exchange::import::{FailedRows, Plan, RowOutcome, Rows, Step};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// Where refused rows go; nowhere by default.
#[derive(Default)]
pub(crate) struct Refused {
    /// A file for each step.
    paths: Vec<PathBuf>,
    /// The files may have rows of the same import.
    goes_on: bool,
    open: BTreeMap<usize, FailedRows<BufWriter<File>>>,
}

impl Refused {
    /// Makes the folder. A file in it that has the name of one with refused rows must be one: it is written anew, or has the
    /// rows of the part before that of an import which goes on.
    pub(crate) fn new(folder: &Path, plan: &Plan, goes_on: bool) -> Result<Self, Failure> {
        fs::create_dir_all(folder).map_err(|error| at(folder, &error))?;
        let mut paths: Vec<PathBuf> = Vec::new();
        for step in &plan.steps {
            let named = (1..).map(|number| folder.join(name_of(step, number)));
            let path = named.into_iter().find(|path| !paths.contains(path)).unwrap_or_default();
            if path.exists() && !is_ours(&path, step) {
                let what = "is there and has no refused rows; move it, or say another folder";
                return Err(at(&path, &what).into());
            }
            paths.push(path);
        }
        Ok(Refused { paths, goes_on, open: BTreeMap::new() })
    }

    pub(crate) fn add(&mut self, row: &RowOutcome<'_>) -> Result<(), Failure> {
        let Some(path) = self.paths.get(row.step) else { return Ok(()) };
        let rows = match self.open.entry(row.step) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let has_rows = self.goes_on && fs::metadata(path).is_ok_and(|file| file.len() > 0);
                let file = match has_rows {
                    true => File::options().append(true).open(path),
                    false => File::create(path),
                };
                // All of a chunk: a program that is killed leaves no part of a row.
                let file = BufWriter::with_capacity(1 << 20, file.map_err(|error| at(path, &error))?);
                new.insert(if has_rows { FailedRows::go_on(file) } else { FailedRows::new(file) })
            }
        };
        Ok(rows.add(row).map_err(|error| at(path, &error))?)
    }

    /// The rows until now are written.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        for (step, rows) in &mut self.open {
            let path = self.paths.get(*step).map_or(Path::new(""), PathBuf::as_path);
            rows.flush().map_err(|error| at(path, &error))?;
        }
        Ok(())
    }

    /// The files that have rows.
    pub(crate) fn finish(&mut self) -> Result<Vec<PathBuf>, Failure> {
        let mut files = Vec::new();
        for (step, rows) in std::mem::take(&mut self.open) {
            let Some(path) = self.paths.get(step) else { continue };
            rows.finish()?.flush().map_err(|error| at(path, &error))?;
            files.push(path.clone());
        }
        Ok(files)
    }
}

/// The second step with a file of this name has a number.
fn name_of(step: &Step, number: usize) -> String {
    let source = Path::new(step.label());
    let text = |part: Option<&std::ffi::OsStr>| part.map(|part| part.to_string_lossy().into_owned());
    let stem = text(source.file_stem()).unwrap_or_else(|| step.entity.to_string());
    let ending = text(source.extension()).unwrap_or_else(|| "csv".to_owned());
    let number = if number == 1 { String::new() } else { format!("-{number}") };
    format!("{stem}.failed{number}.{ending}")
}

/// Whether the last column of a file is that of the reasons.
fn is_ours(path: &Path, step: &Step) -> bool {
    let Ok(file) = File::open(path) else { return false };
    // Made by a program that was killed before it wrote a row.
    if file.metadata().is_ok_and(|file| file.is_file() && file.len() == 0) {
        return true;
    }
    let Ok(rows) = Rows::open(file, &step.layout) else { return false };
    let last = rows.header().last().map(String::as_str).unwrap_or_default();
    last.split('#').next() == Some(FailedRows::<File>::REASON)
}
