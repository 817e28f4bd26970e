//! The import itself.

use crate::refused::Refused;
use crate::told::Told;
use crate::undo::undo;
use crate::{Arguments, Ending, Failure, Task};
use crm_core::exchange::import::{Import, ImportEvent, ImportReport, Plan};
use serde_json::{Value as Json, json};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// Does what was asked for. The report goes to `out`, what happens meanwhile to `progress`.
///
/// # Errors
/// What is wrong with the plan or the files, and the store's errors. An import that was begun can go on.
pub fn run(arguments: &Arguments, out: &mut dyn Write, progress: &mut dyn Write) -> Result<Ending, Failure> {
    let plan = read_plan(&arguments.plan)?;
    // Before anything is written: rows that are refused must have their place.
    let refused = match &arguments.failed {
        Some(folder) if arguments.task != Task::Undo => Refused::new(folder, &plan)?,
        _ => Refused::default(),
    };
    let session = crm_sqlite::open(&arguments.db)?.system("crm-import");
    if arguments.task == Task::Undo {
        return undo(arguments, &session, &plan, out, progress);
    }
    let import = match arguments.import {
        Some(id) => Import::resume(&session, &plan, id)?,
        None => Import::new(&session, &plan)?,
    };
    let beside = arguments.plan.parent().unwrap_or(Path::new("."));
    let folder = arguments.files.as_deref().unwrap_or(beside);
    let mut open = |name: &str| Ok(Box::new(File::open(folder.join(name))?) as Box<dyn Read + Send>);
    let mut told = Told::new(arguments.problems, refused);
    let mut watch = |event: ImportEvent<'_>| told.take(event, progress);
    let report = match arguments.task {
        Task::DryRun => import.dry_run(&mut open, &mut watch)?,
        _ => {
            let result = import.apply(&mut open, &mut watch);
            result.map_err(|error| {
                format!("{error:?}; what was done stays: --import {} goes on", import.id())
            })?
        }
    };
    let files = told.finish()?;
    let ending = if report.counts.failed > 0 { Ending::RowsFailed } else { Ending::Clean };
    match arguments.json {
        true => print_json(&report, &told.problems, &files, out)?,
        false => print_text(&report, &told.problems, &files, out)?,
    }
    Ok(ending)
}

/// A plan in TOML, or in JSON when its name ends so.
fn read_plan(path: &Path) -> Result<Plan, Failure> {
    let text = fs::read_to_string(path).map_err(|error| at(path, &error))?;
    let is_json = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json"));
    Ok(match is_json {
        true => serde_json::from_str(&text).map_err(|error| at(path, &error))?,
        false => toml::from_str(&text).map_err(|error| at(path, &error))?,
    })
}

/// What is wrong, with the file or folder that it is wrong with.
pub(crate) fn at(path: &Path, error: &dyn std::fmt::Display) -> String {
    format!("{}: {error}", path.display())
}

fn print_json(
    report: &ImportReport,
    problems: &[Json],
    files: &[PathBuf],
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let mut json = serde_json::to_value(report)?;
    json["problems"] = json!(problems);
    json["failed_files"] = json!(files);
    Ok(writeln!(out, "{json:#}")?)
}

fn print_text(
    report: &ImportReport,
    problems: &[Json],
    files: &[PathBuf],
    out: &mut dyn Write,
) -> Result<(), Failure> {
    if let Some(import) = report.import {
        writeln!(out, "import {import}")?;
    }
    for step in &report.steps {
        let counts = step.counts;
        writeln!(
            out,
            "{}: {} rows, {} created, {} updated, {} skipped, {} refused",
            step.file, counts.rows, counts.created, counts.updated, counts.skipped, counts.failed
        )?;
        step.warnings.iter().try_for_each(|warning| writeln!(out, "  {warning}"))?;
    }
    let text = |problem: &Json, name: &str| problem[name].as_str().unwrap_or_default().to_owned();
    for problem in problems {
        let file =
            problem["step"].as_u64().and_then(|step| report.steps.iter().find(|s| s.step as u64 == step));
        let (column, value) = (text(problem, "column"), text(problem, "value"));
        let what = if column.is_empty() { text(problem, "field") } else { column };
        let file = file.map_or("", |step| step.file.as_str());
        writeln!(out, "{file}:{}: {what} {value:?}: {}", problem["line"], text(problem, "reason"))?;
    }
    files.iter().try_for_each(|file| writeln!(out, "refused rows are in {}", file.display()))?;
    Ok(())
}
