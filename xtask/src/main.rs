//! The workspace's chores, run as `cargo xtask NAME`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line program prints")]

mod bench;
mod ci;
mod fuzz;
mod loc;
mod python;
mod reported;
mod run;
mod soak;
mod table;
mod test;

use std::env;
use std::process::ExitCode;

use run::{Failure, Outcome};

const USAGE: &str = "\
Usage: cargo xtask CHORE

Chores:
  test [-- ARGS]            run every doc, unit and integration test; ARGS go to each test program
  ci                        run every step that continuous integration runs, the tests last
  soak                      run the long tests, optimised (CRM_SOAK_SEQUENCES sets how long; 2000), those of the Python
                            package too (CRM_PYTHON_LEAK_ROUNDS; 200000), and fuzz briefly
  fuzz [--seconds N] [TARGET…]
                            random CSV, vCard, patches, filters and cursors, 10 minutes of each
  bench [--json] [--size N] time the library against handwritten SQL (at 10000 and 1000000 rows, or N)
  bench --duplicates [--json] [--size N]
                            time the search for duplicates (among 25000 to 200000 customers, or N)
  bench --import [--json] [--size N]
                            time imports of CSV files (100000 and 1000000 rows, or N), beside sqlite3's and Python's
  bench --python [--json] [--size N]
                            time the Python package beside hand-written sqlite3 and SQLAlchemy (10000 customers, or N)
  bench --search [--json] [--size N]
                            time searches, and weigh the tables that they need
  python                    build the Python package, install it into a folder of its own and test it there
  loc                       count the lines of Rust per crate and list the longest files
  help                      print this text
";

fn main() -> ExitCode {
    let args: Vec<String> = env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned()).collect();
    match dispatch(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {}", failure.message);
            if failure.code == Failure::USAGE {
                eprint!("\n{USAGE}");
            }
            ExitCode::from(failure.code)
        }
    }
}

fn dispatch(args: &[String]) -> Outcome {
    let Some((chore, rest)) = args.split_first() else {
        return run::print(USAGE);
    };
    match chore.as_str() {
        "test" => test::run(rest),
        "ci" => ci::run(rest),
        "soak" => soak::run(rest),
        "bench" => bench::run(rest),
        "python" => python::run(rest),
        "fuzz" => fuzz::run(rest),
        "loc" => loc::run(rest),
        "help" | "--help" | "-h" => run::print(USAGE),
        unknown => Err(Failure::usage(format!("there is no chore named `{unknown}`"))),
    }
}
