//! `cargo xtask bench --duplicates`: how long the search for duplicates takes, and how much memory.

use std::process::Stdio;

use serde_json::Value;

use crate::bench::parse;
use crate::run::{self, Failure, Outcome, cargo};
use crate::table::table;

const DEFAULT_SIZES: [u64; 4] = [25_000, 50_000, 100_000, 200_000];

pub(crate) fn run(args: &[String]) -> Outcome {
    let options = parse(args, &DEFAULT_SIZES)?;
    let sizes: Vec<String> = options.sizes.iter().map(u64::to_string).collect();
    let output = cargo()?
        .args(["bench", "-p", "crm-benches", "--bench", "duplicates", "--locked"])
        .env("CRM_BENCH_SIZES", sizes.join(","))
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cannot start bench: {error}"))?;
    if !output.status.success() {
        return Err(format!("bench failed ({})", output.status).into());
    }
    let rows = rows(&String::from_utf8_lossy(&output.stdout))?;
    run::print(&if options.json { format!("{}\n", Value::from(rows)) } else { to_table(&rows) })
}

/// One object for each line.
pub(crate) fn rows(text: &str) -> Outcome<Vec<Value>> {
    let lines = text.lines().filter(|line| line.starts_with('{'));
    let rows: Result<Vec<Value>, _> = lines.map(serde_json::from_str).collect();
    match rows {
        Ok(rows) if !rows.is_empty() => Ok(rows),
        Ok(_) => Err(Failure::from("the bench printed nothing".to_owned())),
        Err(error) => Err(format!("cannot read what the bench printed: {error}").into()),
    }
}

const COLUMNS: [&str; 8] =
    ["customers", "seconds", "peak_mb", "pairs", "compared", "twins", "twins_found", "draft_median_us"];

fn to_table(rows: &[Value]) -> String {
    let cells: Vec<[String; 8]> = rows.iter().map(|row| COLUMNS.map(|name| row[name].to_string())).collect();
    table(COLUMNS, &cells)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_a_row() {
        let printed = "\nrunning\n{\"customers\": 5, \"seconds\": 0.5}\n";
        let rows = rows(printed).unwrap();
        assert_eq!(rows.len(), 1);
        assert!(to_table(&rows).lines().nth(1).unwrap().starts_with("5              0.5"));
        assert!(super::rows("").is_err());
        assert!(super::rows("{broken").is_err());
    }
}
