//! The import itself.

use crate::print::print;
use crate::refused::Refused;
use crate::sniff::sniff;
use crate::store::open_store;
use crate::told::Told;
use crate::undo::undo;
use crate::{Arguments, Ending, Failure, Task};
use crm_core::exchange::import::{Import, ImportEvent, Plan};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;

/// Does what was asked for. The report goes to `out`, what happens meanwhile to `progress`.
///
/// # Errors
/// What is wrong with the plan or the files, and the store's errors. An import that was begun can go on; what it did until then
/// goes to `out` all the same.
pub fn run(arguments: &Arguments, out: &mut dyn Write, progress: &mut dyn Write) -> Result<Ending, Failure> {
    if arguments.task == Task::Sniff {
        return sniff(&arguments.plan, arguments.entity, out);
    }
    let plan = read_plan(&arguments.plan)?;
    // Before anything is written: rows that are refused must have their place.
    let refused = match &arguments.failed {
        Some(folder) if arguments.task != Task::Undo => {
            Refused::new(folder, &plan, arguments.import.is_some())?
        }
        _ => Refused::default(),
    };
    let store = open_store(arguments)?;
    let session = &store.session;
    if arguments.task == Task::Undo {
        return undo(arguments, session, &plan, out, progress);
    }
    let import = match arguments.import {
        Some(id) => Import::resume(session, &plan, id)?,
        None => Import::new(session, &plan)?,
    };
    let beside = arguments.plan.parent().unwrap_or(Path::new("."));
    let folder = arguments.files.as_deref().unwrap_or(beside);
    let mut open = |name: &str| Ok(Box::new(File::open(folder.join(name))?) as Box<dyn Read + Send>);
    if arguments.task == Task::Apply {
        // Whoever kills the program has to know it to go on.
        writeln!(progress, "import {}", import.id())?;
    }
    let mut told = Told::new(arguments.problems, refused);
    let mut watch = |event: ImportEvent<'_>| told.take(event, progress);
    let result = match arguments.task {
        Task::DryRun => import.dry_run(&mut open, &mut watch),
        _ => import.apply(&mut open, &mut watch),
    };
    // What was done, and refused, until an error is told as well.
    let (report, error) = match result {
        Ok(report) => (Some(report), None),
        Err(error) => (told.so_far.take(), Some(error)),
    };
    let files = told.finish();
    if let Some(report) = &report {
        let files = files.as_deref().unwrap_or_default();
        print(arguments, report, &told, files, error.as_ref(), out)?;
    }
    if let Some(error) = error {
        let what = match (arguments.task, &report, arguments.import) {
            (Task::DryRun, ..) => String::new(),
            (_, None, None) => "; nothing was written".to_owned(),
            _ => format!("; what was done stays: --import {} goes on, --undo takes it back", import.id()),
        };
        return Err(format!("{error:?}{what}").into());
    }
    files?;
    let refused = report.is_some_and(|report| report.counts.failed > 0);
    Ok(if refused { Ending::RowsFailed } else { Ending::Clean })
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
