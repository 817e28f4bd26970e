//! Loads a folder of CSV files into a store and prints the figures of the sales pipeline as one JSON object.
#![allow(clippy::print_stderr, reason = "a command-line program tells its user what it does")]

use sales_pipeline::{Failure, PLAN, load, report};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

const HELP: &str = "\
Usage: sales-pipeline --data DIR [--db FILE]

Loads sales_teams.csv, products.csv, accounts.csv and sales_pipeline.csv into a store and prints
the figures of the pipeline as one JSON object.

Options:
  --data DIR   the folder with the CSV files
  --db FILE    keep the store in this new file; without it a temporary one is used
  --help       print this text
";

fn main() -> ExitCode {
    match run(std::env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("sales-pipeline: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: impl Iterator<Item = String>) -> Result<(), Failure> {
    let Some(arguments) = Arguments::read(args)? else { return print(HELP) };
    let Some(data) = arguments.data else {
        return Err("say where the files are: --data DIR (see --help)".into());
    };
    match arguments.db {
        Some(file) => figures(&data, &file),
        None => {
            let folder = tempfile::tempdir()?;
            figures(&data, &folder.path().join("sales.db"))
        }
    }
}

fn figures(data: &Path, file: &Path) -> Result<(), Failure> {
    let session = crm_sqlite::open(file)?.system("sales-pipeline");
    let start = Instant::now();
    let loaded = load(&session, data, PLAN)?;
    let load_time = start.elapsed();
    let figures = report(&session, loaded.pipeline)?;
    eprintln!(
        "read {} rows: {} records, {} refused, in {:.2} s, reported in {:.3} s",
        loaded.report.counts.rows,
        loaded.report.counts.created,
        loaded.report.counts.failed,
        load_time.as_secs_f64(),
        (start.elapsed() - load_time).as_secs_f64(),
    );
    print(&format!("{figures:#}\n"))
}

/// Writes the one thing that goes to standard output.
fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

/// What was asked for on the command line.
#[derive(Default)]
struct Arguments {
    data: Option<PathBuf>,
    db: Option<PathBuf>,
}

impl Arguments {
    /// `None` when help was asked for.
    fn read(mut args: impl Iterator<Item = String>) -> Result<Option<Self>, Failure> {
        let mut found = Arguments::default();
        while let Some(arg) = args.next() {
            let (name, value) = match arg.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (arg.as_str(), None),
            };
            let place = match name {
                "--help" | "-h" => return Ok(None),
                "--data" => &mut found.data,
                "--db" => &mut found.db,
                _ => return Err(format!("there is no option {arg:?} (see --help)").into()),
            };
            let value = value.or_else(|| args.next()).ok_or_else(|| format!("{name} needs a value"))?;
            *place = Some(PathBuf::from(value));
        }
        Ok(Some(found))
    }
}
