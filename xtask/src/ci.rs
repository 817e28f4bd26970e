//! `cargo xtask ci`: what continuous integration runs, step by step.

use crate::run::{Outcome, Step, Timing, no_arguments, run_steps};
use crate::test;

pub(crate) fn run(args: &[String]) -> Outcome {
    no_arguments("ci", args)?;
    let mut steps = vec![
        Step::new("format", "fmt --all --check"),
        Step::new("lints", "clippy --workspace --all-targets --all-features --locked -- -D warnings"),
        Step::new(
            "documentation",
            "doc -p crm-core -p crm-core-derive -p crm-sqlite --no-deps --all-features --locked",
        )
        .env("RUSTDOCFLAGS", "-D warnings"),
        Step::new("no default features", "check -p crm-core --no-default-features --locked"),
    ];
    steps.extend(test::steps(&[]));
    run_steps(&steps, Timing::Shown)
}
