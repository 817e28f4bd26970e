//! What was asked for on the command line.

use crm_core::{Currency, Kind, PhoneNumber, Uuid, Zone};
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
    /// Look at a file and print a plan to start from.
    Sniff,
}

/// Where an organisation is: the settings of a store that is made. What is not said stays as new stores have it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// As whose phone numbers are read that name no country: two letters of ISO 3166-1.
    pub region: Option<String>,
    /// Its time zone.
    pub zone: Option<Zone>,
    /// The currency in which it counts.
    pub currency: Option<Currency>,
}

/// The command line, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arguments {
    /// The store; empty when a file is only looked at.
    pub db: PathBuf,
    /// The plan, or the file that is looked at.
    pub plan: PathBuf,
    /// What the rows of that file are.
    pub entity: Kind,
    /// The settings of a new store.
    pub place: Place,
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
        let (mut entity, mut place) = (Kind::Customer, Place::default());
        while let Some(arg) = args.next() {
            let (name, given) = match arg.split_once('=') {
                Some((name, value)) if name.starts_with("--") => (name, Some(value.to_owned())),
                _ => (arg.as_str(), None),
            };
            let mut value =
                || given.clone().or_else(|| args.next()).ok_or_else(|| format!("{name} needs a value"));
            let mut do_it = |wanted| match task.replace(wanted) {
                Some(other) if other != wanted => {
                    Err("say only one of --dry-run, --apply, --undo, --sniff".to_owned())
                }
                _ => Ok(()),
            };
            match name {
                "--help" | "-h" => return Ok(None),
                "--dry-run" => do_it(Task::DryRun)?,
                "--apply" => do_it(Task::Apply)?,
                "--undo" => do_it(Task::Undo)?,
                "--sniff" => {
                    do_it(Task::Sniff)?;
                    plan = Some(PathBuf::from(value()?));
                }
                "--entity" => {
                    let word = value()?;
                    let known = Kind::ALL.iter().find(|kind| kind.as_str() == word);
                    entity = *known.ok_or_else(|| format!("there are no records of the kind {word:?}"))?;
                }
                "--region" => {
                    let region = value()?.to_uppercase();
                    if !PhoneNumber::is_region(&region) {
                        return Err(format!(
                            "{region:?} is no region of phone numbers: two letters, such as KE"
                        ));
                    }
                    place.region = Some(region);
                }
                "--zone" => {
                    let name = value()?;
                    place.zone = Some(name.parse().map_err(|_| format!("{name:?} is no time zone"))?);
                }
                "--currency" => {
                    let code = value()?;
                    let known = Currency::from_code(&code);
                    place.currency =
                        Some(known.ok_or_else(|| format!("{code:?} is no currency of ISO 4217"))?);
                }
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
        let db = match task {
            Some(Task::Sniff) => PathBuf::new(),
            _ => db.ok_or("say which store: --db FILE")?,
        };
        let plan = plan.ok_or("say which plan: PLAN.toml")?;
        let task = task.ok_or("say what to do: --dry-run, --apply, --undo or --sniff")?;
        if import.is_some() && task == Task::DryRun {
            return Err("--import goes with --apply or --undo".to_owned());
        }
        Ok(Some(Arguments { db, plan, entity, place, task, files, failed, import, problems, json }))
    }
}
