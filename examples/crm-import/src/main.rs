//! Imports CSV files into a store by a plan: try it, run it, take it back.
#![allow(clippy::print_stderr, reason = "a command-line program tells its user what is wrong")]

use crm_import::{Arguments, Ending, HELP, run};
use std::io::Write;
use std::process::ExitCode;

/// Many short texts are made by one thread and freed by another, which this allocator takes better than most systems' own:
/// an import takes a seventh less time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = std::env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned());
    let arguments = match Arguments::read(arguments) {
        Ok(Some(arguments)) => arguments,
        Ok(None) => {
            // Nobody is left to tell when standard output is closed.
            let _ = std::io::stdout().write_all(HELP.as_bytes());
            return ExitCode::SUCCESS;
        }
        Err(reason) => {
            eprintln!("crm-import: {reason} (see --help)");
            return ExitCode::from(2);
        }
    };
    match run(&arguments, &mut std::io::stdout(), &mut std::io::stderr()) {
        Ok(Ending::Clean) => ExitCode::SUCCESS,
        Ok(Ending::RowsFailed) => ExitCode::from(3),
        Err(failure) => {
            eprintln!("crm-import: {failure}");
            ExitCode::FAILURE
        }
    }
}
