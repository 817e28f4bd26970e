//! `cargo xtask test`: every test of the workspace.

use crate::python;
use crate::run::{Failure, Outcome, Step, Timing, run_steps};

pub(crate) fn run(args: &[String]) -> Outcome {
    let program_args = match args.split_first() {
        None => args,
        Some((first, rest)) if first == "--" => rest,
        Some((first, _)) => {
            return Err(Failure::usage(format!(
                "write `--` before what is for the test programs (`{first}`)"
            )));
        }
    };
    run_steps(&steps(program_args), Timing::Hidden)
}

/// The storage crate comes last, so that the output ends with the result of its integration tests.
pub(crate) fn steps(program_args: &[String]) -> Vec<Step> {
    [
        Step::new("doc tests", "test --workspace --doc --all-features --locked"),
        Step::new(
            "tests",
            "test --workspace --exclude crm-sqlite --lib --bins --examples --tests --all-features --locked",
        ),
        Step::chore("Python package", "cargo xtask python", python::run),
        Step::new("storage tests", "test -p crm-sqlite --lib --tests --all-features --locked"),
    ]
    .map(|step| step.program_args(program_args))
    .into()
}
