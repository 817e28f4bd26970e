//! The report of an import, for people and for programs.

use crate::told::Told;
use crate::{Arguments, Failure};
use crm_core::Error;
use crm_core::exchange::import::ImportReport;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

/// What was done, and what is wrong with the rows that were refused.
pub(crate) fn print(
    arguments: &Arguments,
    report: &ImportReport,
    told: &Told,
    files: &[PathBuf],
    error: Option<&Error>,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    match arguments.json {
        true => print_json(report, told, files, error, out),
        false => print_text(report, told, files, out),
    }
}

fn print_json(
    report: &ImportReport,
    told: &Told,
    files: &[PathBuf],
    error: Option<&Error>,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let mut json = serde_json::to_value(report)?;
    json["problems"] = json!(told.problems);
    json["more_problems"] = json!(told.more);
    json["failed_files"] = json!(files);
    if let Some(error) = error {
        json["error"] = json!({"code": error.code(), "reason": error.to_string()});
    }
    Ok(writeln!(out, "{json:#}")?)
}

fn print_text(
    report: &ImportReport,
    told: &Told,
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
            "{}: {} rows, {} created, {} updated, {} skipped{}, {} refused",
            step.file,
            counts.rows,
            counts.created,
            counts.updated,
            counts.skipped,
            reasons(&step.skipped),
            counts.failed
        )?;
        step.warnings.iter().try_for_each(|warning| writeln!(out, "  {warning}"))?;
    }
    let text = |problem: &Json, name: &str| problem[name].as_str().unwrap_or_default().to_owned();
    for problem in &told.problems {
        let file =
            problem["step"].as_u64().and_then(|step| report.steps.iter().find(|s| s.step as u64 == step));
        let (column, value) = (text(problem, "column"), text(problem, "value"));
        let what = if column.is_empty() { text(problem, "field") } else { column };
        let file = file.map_or("", |step| step.file.as_str());
        writeln!(out, "{file}:{}: {what} {value:?}: {}", problem["line"], text(problem, "reason"))?;
    }
    if told.more > 0 {
        writeln!(out, "and {} more problems: --problems N tells more", told.more)?;
    }
    files.iter().try_for_each(|file| writeln!(out, "refused rows are in {}", file.display()))?;
    Ok(())
}

/// Why rows were left out: ` (2 blank, 1 unchanged)`.
fn reasons(skipped: &BTreeMap<&str, u64>) -> String {
    if skipped.is_empty() {
        return String::new();
    }
    let each: Vec<String> = skipped.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    format!(" ({})", each.join(", "))
}
