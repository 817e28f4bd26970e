//! `cargo xtask soak`: the tests that are too long for every day.

use std::env;

use crate::fuzz;
use crate::python;
use crate::run::{Outcome, cargo, finish, no_arguments};

const SEQUENCES: &str = "CRM_SOAK_SEQUENCES";
const SECONDS_OF_FUZZING: u64 = 30;
const DEFAULT_SEQUENCES: &str = "2000";

pub(crate) fn run(args: &[String]) -> Outcome {
    no_arguments("soak", args)?;
    let mut model = cargo()?;
    model.args([
        "test",
        "--release",
        "-p",
        "crm-core",
        "--test",
        "it",
        "--locked",
        "--",
        "agrees_with_rfc_5545",
    ]);
    finish("recurrence against its model", &mut model)?;
    let mut command = cargo()?;
    command.args(["test", "--release", "-p", "crm-sqlite", "--test", "it", "--locked"]);
    command.args(["--", "soak", "--include-ignored", "--nocapture"]);
    if env::var_os(SEQUENCES).is_none() {
        command.env(SEQUENCES, DEFAULT_SEQUENCES);
    }
    finish("soak", &mut command)?;
    python::soak()?;
    fuzz::all(SECONDS_OF_FUZZING)
}
