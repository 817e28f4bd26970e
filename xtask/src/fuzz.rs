//! `cargo xtask fuzz`: random input against everything that reads what people send, found by the paths it takes.

use std::path::PathBuf;
use std::process::Command;

use crate::run::{Failure, Outcome, cargo, finish, root, target_dir_from_env};

/// What is fuzzed; each is a program of `fuzz/fuzz_targets`.
const TARGETS: [&str; 5] = ["csv", "vcard", "patch", "filter", "cursor"];
const DEFAULT_SECONDS: u64 = 600;

pub(crate) fn run(args: &[String]) -> Outcome {
    let (mut seconds, mut targets) = (DEFAULT_SECONDS, Vec::new());
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        if arg == "--seconds" {
            let number = args.next().and_then(|number| number.parse().ok());
            seconds = number.ok_or_else(|| Failure::usage("`--seconds` needs a whole number"))?;
        } else if let Some(target) = TARGETS.iter().find(|target| *target == arg) {
            targets.push(*target);
        } else {
            return Err(Failure::usage(format!("`fuzz` knows {}, not `{arg}`", TARGETS.join(", "))));
        }
    }
    each(if targets.is_empty() { &TARGETS } else { &targets }, seconds)
}

/// All of them for so long each.
pub(crate) fn all(seconds: u64) -> Outcome {
    each(&TARGETS, seconds)
}

fn each(targets: &[&str], seconds: u64) -> Outcome {
    let fuzzer = fuzzer()?;
    let folder = root()?.join("fuzz");
    for target in targets {
        // The finds go to the build's folder; what is worth keeping is added to the corpus by hand.
        let finds = folder.join("target/corpus").join(target);
        std::fs::create_dir_all(&finds)
            .map_err(|error| format!("cannot make {}: {error}", finds.display()))?;
        let mut command = Command::new(&fuzzer);
        // The sanitizers need an unreleased compiler, and the crates that are ours have no unsafe code.
        command.args(["fuzz", "run", "--fuzz-dir", ".", "--sanitizer", "none", target]);
        command.arg(&finds).arg(folder.join("corpus").join(target));
        // One input takes milliseconds. The bound is for those without an end: it counts the time of the wall, in
        // which a busy machine may stand still for a while.
        command.args(["--", &format!("-max_total_time={seconds}"), "-timeout=120", "-rss_limit_mb=4096"]);
        command.args(["-max_len=8192", "-print_final_stats=1"]);
        finish(&format!("fuzzing {target}"), command.current_dir(&folder).env_remove("CARGO_TARGET_DIR"))?;
    }
    Ok(())
}

/// `cargo-fuzz`, which is installed beside what is built when it is not there yet.
fn fuzzer() -> Outcome<PathBuf> {
    let tools =
        target_dir_from_env().map_or_else(|| root().map(|root| root.join("target")), Ok)?.join("tools");
    let program = tools.join("bin").join(format!("cargo-fuzz{}", std::env::consts::EXE_SUFFIX));
    if !program.is_file() {
        let mut install = cargo()?;
        install.args(["install", "cargo-fuzz", "--locked", "--root"]).arg(&tools);
        finish("installing cargo-fuzz", &mut install)?;
    }
    Ok(program)
}
