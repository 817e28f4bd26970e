//! `cargo xtask bench`: runs the benchmark and reports its medians side by side.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::reported;
use crate::run::{self, Failure, Outcome, cargo, finish};
use crate::table::table;

/// The operations timed; each is one criterion group.
const OPS: [&str; 5] = ["create", "get", "update", "page", "search"];
const DEFAULT_SIZES: [u64; 2] = [10_000, 1_000_000];

#[derive(Debug, PartialEq)]
pub(crate) struct Options {
    pub(crate) json: bool,
    pub(crate) sizes: Vec<u64>,
}

/// The medians of one operation at one size, in nanoseconds.
#[derive(Debug, PartialEq)]
struct Row {
    op: &'static str,
    size: u64,
    ours: f64,
    hand: f64,
}

impl Row {
    /// How many times as long the handwritten SQL took.
    fn ratio(&self) -> f64 {
        self.hand / self.ours
    }
}

pub(crate) fn run(args: &[String]) -> Outcome {
    if args.first().is_some_and(|arg| arg == "--duplicates") {
        return reported::DUPLICATES.run(&args[1..]);
    }
    if args.first().is_some_and(|arg| arg == "--import") {
        return reported::IMPORTS.run(&args[1..]);
    }
    if args.first().is_some_and(|arg| arg == "--python") {
        return crate::python::bench(&args[1..]);
    }
    if args.first().is_some_and(|arg| arg == "--search") {
        return search(&parse(&args[1..], &DEFAULT_SIZES)?);
    }
    let options = parse(args, &DEFAULT_SIZES)?;
    let estimates = target_dir()?.join("criterion");
    remove_stale(&estimates)?;

    let sizes: Vec<String> = options.sizes.iter().map(u64::to_string).collect();
    let mut command = cargo()?;
    command
        .args(["bench", "-p", "crm-benches", "--bench", "spine", "--locked"])
        .env("CRM_BENCH_SIZES", sizes.join(","))
        .env("CRITERION_HOME", &estimates)
        // Standard output is for the report alone.
        .stdout(Stdio::from(io::stderr()));
    finish("bench", &mut command)?;

    let rows = read_rows(&estimates, &options.sizes)?;
    run::print(&if options.json { format!("{}\n", to_json(&rows)) } else { to_table(&rows) })
}

/// How long searches take, and how large what they look at is.
fn search(options: &Options) -> Outcome {
    let lines = reported::measured("search", options)?;
    run::print(&if options.json { format!("{}\n", Value::from(lines)) } else { searches(&lines) })
}

/// The searches as a table, after what the tables of search take.
fn searches(lines: &[Value]) -> String {
    let cell = |line: &Value, name: &str| match &line[name] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut text = String::new();
    for line in lines.iter().filter(|line| line["search"].is_null()) {
        let bytes = |name| cell(line, name);
        text += &format!(
            "{} customers: {} bytes of words, {} with their table, {} of index: {} times the text\n",
            bytes("size"),
            bytes("text_bytes"),
            bytes("words_table_bytes"),
            bytes("index_bytes"),
            bytes("times_the_text")
        );
    }
    let rows: Vec<[String; 6]> = lines
        .iter()
        .filter(|line| !line["search"].is_null())
        .map(|line| ["search", "text", "view", "matching", "hits", "median_us"].map(|name| cell(line, name)))
        .collect();
    text + &table(["search", "text", "view", "matching", "hits", "median µs"], &rows)
}

pub(crate) fn parse(args: &[String], sizes: &[u64]) -> Outcome<Options> {
    let mut options = Options { json: false, sizes: sizes.to_vec() };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        if arg == "--json" {
            options.json = true;
        } else if arg == "--size" {
            let size = args.next().ok_or_else(|| Failure::usage("`--size` needs a number of rows"))?;
            options.sizes = vec![parse_size(size)?];
        } else if let Some(size) = arg.strip_prefix("--size=") {
            options.sizes = vec![parse_size(size)?];
        } else {
            return Err(Failure::usage(format!("`bench` does not know the argument `{arg}`")));
        }
    }
    Ok(options)
}

fn parse_size(text: &str) -> Outcome<u64> {
    text.parse()
        .ok()
        .filter(|&size| size > 0)
        .ok_or_else(|| Failure::usage(format!("`--size` needs a positive whole number, not `{text}`")))
}

/// Where cargo builds: `CARGO_TARGET_DIR`, or else what cargo's configuration says.
fn target_dir() -> Outcome<PathBuf> {
    if let Some(dir) = run::target_dir_from_env() {
        return Ok(dir);
    }
    let output = cargo()?
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cannot start cargo metadata: {error}"))?;
    if !output.status.success() {
        return Err(format!("cargo metadata failed ({})", output.status).into());
    }
    let metadata: Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("cannot read what cargo metadata printed: {error}"))?;
    let dir =
        metadata["target_directory"].as_str().ok_or("cargo metadata names no target folder".to_owned())?;
    Ok(PathBuf::from(dir))
}

/// Deletes earlier results, so that a number can only be reported by the run that measured it.
fn remove_stale(estimates: &Path) -> Outcome {
    for op in OPS {
        let dir = estimates.join(op);
        match fs::remove_dir_all(&dir) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(format!("cannot delete the old results in {}: {error}", dir.display()).into());
            }
            _ => {}
        }
    }
    Ok(())
}

fn read_rows(estimates: &Path, sizes: &[u64]) -> Outcome<Vec<Row>> {
    let mut rows = Vec::new();
    for op in OPS {
        for &size in sizes {
            let ours = read_median(estimates, op, "ours", size)?;
            let hand = read_median(estimates, op, "hand", size)?;
            rows.push(Row { op, size, ours, hand });
        }
    }
    Ok(rows)
}

fn read_median(estimates: &Path, op: &str, function: &str, size: u64) -> Outcome<f64> {
    let path = estimates.join(op).join(function).join(size.to_string()).join("new").join("estimates.json");
    let text = fs::read_to_string(&path)
        .map_err(|error| format!("no result for {op}/{function}/{size} in {}: {error}", path.display()))?;
    serde_json::from_str::<Value>(&text)
        .ok()
        .and_then(|estimates| estimates["median"]["point_estimate"].as_f64())
        .filter(|&median| median > 0.0)
        .ok_or_else(|| format!("no usable median for {op}/{function}/{size} in {}", path.display()).into())
}

fn to_json(rows: &[Row]) -> Value {
    rows.iter()
        .map(|row| {
            json!({
                "op": row.op,
                "size": row.size,
                "ours_us": round(row.ours / 1000.0),
                "hand_us": round(row.hand / 1000.0),
                "ratio": round(row.ratio()),
            })
        })
        .collect()
}

/// To three decimals.
fn round(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

fn to_table(rows: &[Row]) -> String {
    let cells: Vec<[String; 5]> = rows
        .iter()
        .map(|row| {
            [
                row.op.to_owned(),
                row.size.to_string(),
                format!("{:.3}", row.ours / 1000.0),
                format!("{:.3}", row.hand / 1000.0),
                format!("{:.3}", row.ratio()),
            ]
        })
        .collect();
    table(["op", "size", "ours µs", "hand µs", "hand/ours"], &cells)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of results that is deleted when the test ends.
    struct Results(PathBuf);

    impl Results {
        fn new(test: &str) -> Self {
            Self(std::env::temp_dir().join(format!("xtask-bench-{test}-{}", std::process::id())))
        }

        fn write(&self, op: &str, function: &str, size: u64, median: f64) {
            let dir = self.0.join(op).join(function).join(size.to_string()).join("new");
            fs::create_dir_all(&dir).unwrap();
            let estimates = json!({"mean": {"point_estimate": 1.0}, "median": {"point_estimate": median}});
            fs::write(dir.join("estimates.json"), estimates.to_string()).unwrap();
        }

        fn write_all(&self, size: u64) {
            for op in OPS {
                self.write(op, "ours", size, 3000.0);
                self.write(op, "hand", size, 2000.0);
            }
        }
    }

    impl Drop for Results {
        fn drop(&mut self) {
            _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn reports_medians_in_microseconds_and_the_ratio_of_hand_to_ours() {
        let results = Results::new("report");
        results.write_all(10);
        results.write("get", "ours", 10, 1234.5678);

        let rows = read_rows(&results.0, &[10]).unwrap();

        let report = to_json(&rows);
        assert_eq!(report.as_array().unwrap().len(), OPS.len());
        assert_eq!(
            report[0],
            json!({"op": "create", "size": 10, "ours_us": 3.0, "hand_us": 2.0, "ratio": 0.667})
        );
        assert_eq!(
            report[1],
            json!({"op": "get", "size": 10, "ours_us": 1.235, "hand_us": 2.0, "ratio": 1.62})
        );
        let text = to_table(&rows);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "op      size  ours µs  hand µs  hand/ours");
        assert_eq!(lines[1], "create    10    3.000    2.000      0.667");
    }

    #[test]
    fn a_missing_or_unusable_result_is_an_error() {
        let results = Results::new("missing");
        results.write_all(10);
        assert!(read_rows(&results.0, &[10, 20]).unwrap_err().message.contains("create/ours/20"));

        results.write("page", "hand", 10, 0.0);
        assert!(read_rows(&results.0, &[10]).unwrap_err().message.contains("page/hand/10"));
    }

    #[test]
    fn old_results_are_deleted_and_others_kept() {
        let results = Results::new("stale");
        results.write_all(10);
        results.write("unrelated", "ours", 10, 1.0);

        remove_stale(&results.0).unwrap();
        remove_stale(&results.0).unwrap();

        assert!(read_rows(&results.0, &[10]).is_err());
        assert!(results.0.join("unrelated").is_dir());
    }

    #[test]
    fn sizes_are_positive_whole_numbers() {
        let parse = |args: &[&str]| {
            parse(&args.iter().map(|&arg| arg.to_owned()).collect::<Vec<_>>(), &DEFAULT_SIZES)
        };
        assert_eq!(parse(&[]).unwrap(), Options { json: false, sizes: DEFAULT_SIZES.to_vec() });
        assert_eq!(parse(&["--size", "500", "--json"]).unwrap(), Options { json: true, sizes: vec![500] });
        for wrong in [&["--size"][..], &["--size", "0"], &["--size=-1"], &["--size", "1,2"], &["--fast"]] {
            assert_eq!(parse(wrong).unwrap_err().code, Failure::USAGE, "{wrong:?}");
        }
    }
}
