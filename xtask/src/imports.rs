//! `cargo xtask bench --import`: how fast files are imported, in which memory, beside what people would use instead.

use std::process::Stdio;

use serde_json::Value;

use crate::bench::parse;
use crate::duplicates::rows;
use crate::run::{self, Outcome, cargo};
use crate::table::table;

const DEFAULT_SIZES: [u64; 2] = [100_000, 1_000_000];

pub(crate) fn run(args: &[String]) -> Outcome {
    let options = parse(args, &DEFAULT_SIZES)?;
    let sizes: Vec<String> = options.sizes.iter().map(u64::to_string).collect();
    let output = cargo()?
        .args(["bench", "-p", "crm-benches", "--bench", "import", "--locked"])
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

const COLUMNS: [&str; 7] = [
    "rows",
    "seconds",
    "rows_per_second",
    "peak_mb",
    "private_mb",
    "sqlite3_import_seconds",
    "python_seconds",
];

fn to_table(rows: &[Value]) -> String {
    let cells: Vec<[String; 7]> = rows.iter().map(|row| COLUMNS.map(|name| row[name].to_string())).collect();
    table(COLUMNS, &cells)
}
