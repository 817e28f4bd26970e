//! What every chore needs: how it fails, where the workspace is, and how it starts cargo.

use std::env;
use std::ffi::OsString;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Instant;

/// Why a chore stopped, and the exit code that says so.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) message: String,
    pub(crate) code: u8,
}

/// What a chore returns.
pub(crate) type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    /// The exit code of a command line that could not be understood.
    pub(crate) const USAGE: u8 = 2;

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: Self::USAGE }
    }

    /// A program that was started and did not succeed: its exit code becomes ours.
    fn of_program(name: &str, status: ExitStatus) -> Self {
        let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
        Self { message: format!("{name} failed ({status})"), code }
    }
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self { message, code: 1 }
    }
}

/// Refuses arguments on behalf of a chore that takes none.
pub(crate) fn no_arguments(chore: &str, args: &[String]) -> Outcome {
    match args.first() {
        None => Ok(()),
        Some(arg) => Err(Failure::usage(format!("`{chore}` takes no arguments, but was given `{arg}`"))),
    }
}

/// Writes a chore's result to standard output; a reader that has gone away is not an error.
pub(crate) fn print(text: &str) -> Outcome {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::from(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// The workspace's root folder: the one that holds this package's.
pub(crate) fn root() -> Outcome<PathBuf> {
    let package = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let root = Path::new(&package).parent().filter(|root| root.join("Cargo.toml").is_file());
    root.map(Path::to_path_buf)
        .ok_or_else(|| "cannot find the workspace: start this program with `cargo xtask`".to_owned().into())
}

/// The caller's `CARGO_TARGET_DIR`, made absolute because chores start cargo in the workspace's root.
pub(crate) fn target_dir_from_env() -> Option<PathBuf> {
    let dir = env::var_os("CARGO_TARGET_DIR").filter(|dir| !dir.is_empty())?;
    std::path::absolute(dir).ok()
}

/// The cargo that started this program, set to run in the workspace's root.
pub(crate) fn cargo() -> Outcome<Command> {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    command.current_dir(root()?);
    if let Some(dir) = target_dir_from_env() {
        command.env("CARGO_TARGET_DIR", dir);
    }
    Ok(command)
}

/// Runs a program to its end; an exit code other than 0 is a failure.
pub(crate) fn finish(name: &str, command: &mut Command) -> Outcome {
    let status = command.status().map_err(|error| format!("cannot start {name}: {error}"))?;
    if status.success() { Ok(()) } else { Err(Failure::of_program(name, status)) }
}

/// What runs a chore of this program with its arguments.
pub(crate) type Chore = fn(&[String]) -> Outcome;

/// One part of a chore that has several: a cargo command, or what is more than one.
pub(crate) struct Step {
    name: &'static str,
    args: Vec<String>,
    env: Vec<(&'static str, &'static str)>,
    chore: Option<(Chore, &'static str)>,
}

impl Step {
    /// A step that runs cargo with the words of `args`.
    pub(crate) fn new(name: &'static str, args: &str) -> Self {
        Self {
            name,
            args: args.split_whitespace().map(str::to_owned).collect(),
            env: Vec::new(),
            chore: None,
        }
    }

    /// A step that runs a chore of this program.
    pub(crate) fn chore(name: &'static str, shown: &'static str, chore: Chore) -> Self {
        Self { name, args: Vec::new(), env: Vec::new(), chore: Some((chore, shown)) }
    }

    pub(crate) fn env(mut self, key: &'static str, value: &'static str) -> Self {
        self.env.push((key, value));
        self
    }

    /// Appends `-- ARGS`, unless there are none.
    pub(crate) fn program_args(mut self, args: &[String]) -> Self {
        if !args.is_empty() && self.chore.is_none() {
            self.args.push("--".to_owned());
            self.args.extend_from_slice(args);
        }
        self
    }

    /// The command as one would type it.
    fn shown(&self) -> String {
        if let Some((_, shown)) = self.chore {
            return shown.to_owned();
        }
        let env: String = self.env.iter().map(|(key, value)| format!("{key}={value:?} ")).collect();
        format!("{env}cargo {}", self.args.join(" "))
    }

    fn run(&self) -> Outcome {
        if let Some((chore, _)) = self.chore {
            return chore(&self.args);
        }
        let mut command = cargo()?;
        command.args(&self.args).envs(self.env.iter().copied());
        finish(self.name, &mut command)
    }
}

/// Whether [`run_steps`] tells how long each step took.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Timing {
    Shown,
    Hidden,
}

/// Runs the steps in order, each under a header line, and stops at the first that fails.
///
/// Headers and times go to standard error, where cargo's own progress goes.
pub(crate) fn run_steps(steps: &[Step], timing: Timing) -> Outcome {
    for (index, step) in steps.iter().enumerate() {
        eprintln!("==> [{}/{}] {}: {}", index + 1, steps.len(), step.name, step.shown());
        let start = Instant::now();
        let outcome = step.run();
        if timing == Timing::Shown {
            eprintln!("==> {} took {:.1} s", step.name, start.elapsed().as_secs_f64());
        }
        outcome?;
    }
    Ok(())
}
