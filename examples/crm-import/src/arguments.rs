//! What was asked for on the command line.

use crm_core::Uuid;
use std::path::PathBuf;

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Tell what would be done.
    DryRun,
    /// Do it.
    Apply,
    /// Take it back.
    Undo,
}

/// The command line, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arguments {
    /// The store.
    pub db: PathBuf,
    /// The plan.
    pub plan: PathBuf,
    /// What to do.
    pub task: Task,
    /// Where the files of the plan are, when not beside it.
    pub files: Option<PathBuf>,
    /// Where refused rows go.
    pub failed: Option<PathBuf>,
    /// The import that goes on, or that is taken back.
    pub import: Option<Uuid>,
    /// How many problems are told.
    pub problems: usize,
    /// The report as JSON.
    pub json: bool,
}

impl Arguments {
    /// `None` when help was asked for.
    ///
    /// # Errors
    /// What is wrong with the command.
    pub fn read(args: impl IntoIterator<Item = String>) -> Result<Option<Self>, String> {
        let mut args = args.into_iter();
        let (mut db, mut plan, mut task, mut files, mut failed, mut import) =
            (None, None, None, None, None, None);
        let (mut problems, mut json) = (100, false);
        while let Some(arg) = args.next() {
            let (name, given) = match arg.split_once('=') {
                Some((name, value)) if name.starts_with("--") => (name, Some(value.to_owned())),
                _ => (arg.as_str(), None),
            };
            let mut value =
                || given.clone().or_else(|| args.next()).ok_or_else(|| format!("{name} needs a value"));
            let mut do_it = |wanted| match task.replace(wanted) {
                Some(other) if other != wanted => {
                    Err("say only one of --dry-run, --apply, --undo".to_owned())
                }
                _ => Ok(()),
            };
            match name {
                "--help" | "-h" => return Ok(None),
                "--dry-run" => do_it(Task::DryRun)?,
                "--apply" => do_it(Task::Apply)?,
                "--undo" => do_it(Task::Undo)?,
                "--json" => json = true,
                "--db" => db = Some(PathBuf::from(value()?)),
                "--files" => files = Some(PathBuf::from(value()?)),
                "--failed" => failed = Some(PathBuf::from(value()?)),
                "--import" => {
                    let id = value()?;
                    import = Some(id.parse().map_err(|_| format!("{id:?} is no id of an import"))?);
                }
                "--problems" => {
                    let count = value()?;
                    problems = count.parse().map_err(|_| format!("{count:?} is no number"))?;
                }
                _ if name.starts_with('-') => return Err(format!("there is no option {arg:?}")),
                _ if plan.is_none() => plan = Some(PathBuf::from(&arg)),
                _ => return Err(format!("there is one plan, and {arg:?} is another")),
            }
        }
        let db = db.ok_or("say which store: --db FILE")?;
        let plan = plan.ok_or("say which plan: PLAN.toml")?;
        let task = task.ok_or("say what to do: --dry-run, --apply or --undo")?;
        if import.is_some() && task == Task::DryRun {
            return Err("--import goes with --apply or --undo".to_owned());
        }
        Ok(Some(Arguments { db, plan, task, files, failed, import, problems, json }))
    }
}
