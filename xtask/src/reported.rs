//! Benches that print what they measured themselves, one JSON object a line: run, read, and shown as JSON or as a table.

use std::process::{Command, Stdio};

use serde_json::Value;

use crate::bench::{Options, parse};
use crate::run::{self, Failure, Outcome, cargo};
use crate::table::table;

/// A bench of the crate `crm-benches`.
pub(crate) struct Bench<const N: usize> {
    pub(crate) name: &'static str,
    pub(crate) sizes: &'static [u64],
    pub(crate) columns: [&'static str; N],
}

/// How long the search for duplicates takes, and how much memory.
pub(crate) const DUPLICATES: Bench<8> = Bench {
    name: "duplicates",
    sizes: &[25_000, 50_000, 100_000, 200_000],
    columns: [
        "customers",
        "seconds",
        "peak_mb",
        "pairs",
        "compared",
        "twins",
        "twins_found",
        "draft_median_us",
    ],
};

/// How fast files are imported, in which memory, beside what people would use instead.
pub(crate) const IMPORTS: Bench<7> = Bench {
    name: "import",
    sizes: &[100_000, 1_000_000],
    columns: [
        "rows",
        "seconds",
        "rows_per_second",
        "peak_mb",
        "private_mb",
        "sqlite3_import_seconds",
        "python_seconds",
    ],
};

impl<const N: usize> Bench<N> {
    pub(crate) fn run(&self, args: &[String]) -> Outcome {
        let options = parse(args, self.sizes)?;
        show(&options, &measured(self.name, &options)?, self.columns)
    }
}

/// What a bench of the crate `crm-benches` prints at these sizes.
pub(crate) fn measured(bench: &str, options: &Options) -> Outcome<Vec<Value>> {
    let sizes: Vec<String> = options.sizes.iter().map(u64::to_string).collect();
    let mut command = cargo()?;
    command
        .args(["bench", "-p", "crm-benches", "--bench", bench, "--locked"])
        .env("CRM_BENCH_SIZES", sizes.join(","));
    printed_by(&mut command)
}

/// What a program prints: one object for each line.
pub(crate) fn printed_by(program: &mut Command) -> Outcome<Vec<Value>> {
    let output = program.stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| format!("cannot start the bench: {error}"))?;
    if !output.status.success() {
        return Err(format!("the bench failed ({})", output.status).into());
    }
    rows(&String::from_utf8_lossy(&output.stdout))
}

fn rows(text: &str) -> Outcome<Vec<Value>> {
    let lines = text.lines().filter(|line| line.starts_with('{'));
    let rows: Result<Vec<Value>, _> = lines.map(serde_json::from_str).collect();
    match rows {
        Ok(rows) if !rows.is_empty() => Ok(rows),
        Ok(_) => Err(Failure::from("the bench printed nothing".to_owned())),
        Err(error) => Err(format!("cannot read what the bench printed: {error}").into()),
    }
}

/// Prints rows as JSON, or as a table of these columns.
pub(crate) fn show<const N: usize>(options: &Options, rows: &[Value], columns: [&str; N]) -> Outcome {
    run::print(&if options.json { format!("{}\n", Value::from(rows)) } else { to_table(rows, columns) })
}

fn to_table<const N: usize>(rows: &[Value], columns: [&str; N]) -> String {
    let cells: Vec<[String; N]> = rows.iter().map(|row| columns.map(|name| row[name].to_string())).collect();
    table(columns, &cells)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_a_row() {
        let printed = "\nrunning\n{\"customers\": 5, \"seconds\": 0.5}\n";
        let rows = rows(printed).unwrap();
        assert_eq!(rows.len(), 1);
        let shown = to_table(&rows, DUPLICATES.columns);
        assert!(shown.lines().nth(1).unwrap().starts_with("5              0.5"));
        assert!(super::rows("").is_err());
        assert!(super::rows("{broken").is_err());
    }
}
