//! A run of one file of the scenario on a store that is new.

use super::args::Args;
use super::matching::{Saved, differences, resolved};
use super::{cards, plain, records, sessions};
use crm_core::chrono::TimeDelta;
use crm_core::contract::{ManualClock, test_options};
use crm_core::exchange::import::{Import, ImportEvent, Plan, RowAction};
use crm_core::{Crm, MemoryStore, Result, Session, Subscription};
use crm_sqlite::{Durability, OpenOptions, SqliteStore};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// The store that is there from the beginning; also the name of its program's session.
const MAIN: &str = "main";

/// An open store.
pub(super) struct Place {
    pub(super) crm: Crm,
    /// Nothing for one in memory.
    pub(super) sqlite: Option<Arc<SqliteStore>>,
}

/// A listener, with what it heard.
type Ear = (Subscription, Arc<Mutex<Vec<Json>>>);

/// A run of a file.
pub(super) struct Run {
    file: String,
    clock: Arc<ManualClock>,
    folder: tempfile::TempDir,
    pub(super) places: BTreeMap<String, Place>,
    /// Sessions by name, with the names of their stores.
    sessions: BTreeMap<String, (String, Arc<Session>)>,
    saved: Saved,
    pub(super) heard: BTreeMap<String, Ear>,
    /// How many steps gave something else than is expected.
    failures: usize,
}

impl Run {
    pub(super) fn new(file: &str, scenario: &Json, in_memory: bool) -> Self {
        let clock = Arc::new(ManualClock::default());
        clock.set(super::args::read("clock", &scenario["clock"]));
        let mut run = Run {
            file: file.to_owned(),
            clock,
            folder: tempfile::tempdir().unwrap(),
            places: BTreeMap::new(),
            sessions: BTreeMap::new(),
            saved: Saved::new(),
            heard: BTreeMap::new(),
            failures: 0,
        };
        let place = match in_memory {
            true => {
                let store = Arc::new(MemoryStore::new());
                Place { crm: Crm::open(store, run.options()).unwrap(), sqlite: None }
            }
            false => run.opened(OpenOptions::new(run.path("main.db"))).unwrap(),
        };
        run.place(MAIN, place);
        run
    }

    pub(super) fn options(&self) -> crm_core::Options {
        // Each store has its own ids, as everywhere.
        let seed = u64::try_from(self.places.len()).unwrap();
        crm_core::Options { clock: self.clock.clone(), ..test_options(seed).0 }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn opened(&self, options: OpenOptions) -> Result<Place> {
        let (crm, store) = options.durability(Durability::Normal).open_crm(self.options())?;
        Ok(Place { crm, sqlite: Some(store) })
    }

    /// Keeps an open store, with the session of the embedding program under the same name.
    pub(super) fn place(&mut self, name: &str, place: Place) {
        let session = Arc::new(place.crm.system("conformance"));
        self.sessions.insert(name.to_owned(), (name.to_owned(), session));
        self.places.insert(name.to_owned(), place);
    }

    /// Runs all steps, and fails when one gave something else than is expected.
    pub(super) fn all(mut self, steps: &[Json]) {
        self.steps(steps);
        assert_eq!(self.failures, 0, "{}: so many steps gave something else", self.file);
    }

    fn steps(&mut self, steps: &[Json]) {
        for (number, step) in steps.iter().enumerate() {
            self.step(number, step.as_object().unwrap());
        }
    }

    fn step(&mut self, number: usize, step: &Map<String, Json>) {
        let place = format!("{}, step {} ({})", self.file, number + 1, step["call"]);
        check(&place, step);
        let begun = Instant::now();
        let got = match (step.get("times").and_then(Json::as_u64), step.get("threads").and_then(Json::as_u64))
        {
            (None, None) => self.call(&place, step),
            (times, None) => {
                let mut last = Ok(Json::Null);
                for n in 0..times.unwrap_or(1) {
                    self.saved.insert("n".into(), n.into());
                    last = self.call(&place, step);
                    if last.is_err() {
                        break;
                    }
                }
                last
            }
            (times, Some(threads)) => self.in_threads(&place, step, threads, times.unwrap_or(1)),
        };
        if step.contains_key("time") {
            eprintln!("{place} took {:?}", begun.elapsed());
        }
        let mut wrong = Vec::new();
        match (got, step.get("error")) {
            (Ok(got), None) => {
                if let Some(expected) = step.get("expect") {
                    differences(&resolved(expected, &self.saved), Some(&got), "result", &mut wrong);
                }
                if let Some(name) = step.get("save") {
                    self.saved.insert(name.as_str().unwrap().to_owned(), got);
                }
            }
            (Ok(got), Some(expected)) => wrong.push(format!("expected the error {expected}, got {got}")),
            (Err(error), Some(expected)) => {
                let expected = resolved(expected, &self.saved);
                differences(&expected, Some(&plain::error(&error)), "error", &mut wrong);
            }
            (Err(error), None) => wrong.push(format!("failed: {}", plain::error(&error))),
        }
        if !wrong.is_empty() {
            eprintln!("{place}:\n    {}", wrong.join("\n    "));
            self.failures += 1;
        }
    }

    fn args(&self, step: &Map<String, Json>) -> Args {
        let args = step.get("args").map_or_else(|| json!({}), |args| resolved(args, &self.saved));
        Args::new(args, step.get("fields").map(|fields| resolved(fields, &self.saved)))
    }

    pub(super) fn session(&self, step: &Map<String, Json>) -> (String, Arc<Session>) {
        let name = step.get("as").map_or(MAIN, |name| name.as_str().unwrap());
        let (place, session) =
            self.sessions.get(name).unwrap_or_else(|| panic!("there is no session {name:?}"));
        (place.clone(), Arc::clone(session))
    }

    /// Calls what a step says.
    fn call(&mut self, place: &str, step: &Map<String, Json>) -> Result<Json> {
        let args = self.args(step);
        let call = step["call"].as_str().unwrap();
        let (of, command) = call.split_once('.').unwrap();
        let got = match of {
            "clock" => self.clock(command, &args),
            "file" => self.files(command, &args),
            "store" => self.store(command, &args, step),
            "session" => match command {
                "batch" => Some(self.batch(step)),
                "import_csv" => Some(self.import(&args, step)),
                "as_of" => {
                    let (store, session) = self.session(step);
                    let past = session.as_of(args.moment("at"));
                    self.begin(step, store, past);
                    Some(Ok(Json::Null))
                }
                _ => {
                    let session = self.session(step).1;
                    sessions::call(&session, command, &args)
                        .or_else(|| cards::call(&session, command, &args, self.folder.path()))
                }
            },
            _ => {
                let kind = records::kind_of(of).unwrap_or_else(|| panic!("{place}: there is no {of:?}"));
                records::call(&self.session(step).1, kind, command, &args, self.folder.path())
            }
        };
        let got = got.unwrap_or_else(|| panic!("{place}: there is no call {call:?}"));
        // A refusal may come before all arguments were looked at.
        if got.is_ok() {
            assert!(args.left_over().is_empty(), "{place}: {call} takes no {:?}", args.left_over());
        }
        got
    }

    /// Keeps a session under the name that the step has for it.
    pub(super) fn begin(&mut self, step: &Map<String, Json>, store: String, session: Session) {
        let name = step["session"].as_str().unwrap().to_owned();
        self.sessions.insert(name, (store, Arc::new(session)));
    }

    /// The same call in several threads, several times in each; `thread` and `n` say which.
    fn in_threads(&self, place: &str, step: &Map<String, Json>, threads: u64, times: u64) -> Result<Json> {
        let (of, command) = step["call"].as_str().unwrap().split_once('.').unwrap();
        let kind = records::kind_of(of).unwrap_or_else(|| panic!("{place}: only records in threads"));
        let session = self.session(step).1;
        let one = |thread: u64| -> Result<()> {
            let mut saved = self.saved.clone();
            saved.insert("thread".into(), thread.into());
            for n in 0..times {
                saved.insert("n".into(), n.into());
                let given = |name: &str| step.get(name).map(|given| resolved(given, &saved));
                let args = Args::new(given("args").unwrap_or_else(|| json!({})), given("fields"));
                records::call(&session, kind, command, &args, self.folder.path()).unwrap()?;
            }
            Ok(())
        };
        std::thread::scope(|scope| {
            let one = &one;
            let all: Vec<_> = (0..threads).map(|thread| scope.spawn(move || one(thread))).collect();
            all.into_iter().try_for_each(|thread| thread.join().unwrap())
        })?;
        Ok(Json::Null)
    }

    fn clock(&self, command: &str, args: &Args) -> Option<Result<Json>> {
        match command {
            "set" => self.clock.set(args.moment("at")),
            "advance" => self.clock.advance(TimeDelta::seconds(args.get("seconds"))),
            _ => return None,
        }
        Some(Ok(Json::Null))
    }

    fn files(&self, command: &str, args: &Args) -> Option<Result<Json>> {
        let path = self.path(&args.text("file"));
        Some(Ok(match command {
            "write" => {
                std::fs::write(path, args.text("text")).unwrap();
                Json::Null
            }
            "append" => {
                let mut file = std::fs::File::options().append(true).open(path).unwrap();
                file.write_all(args.text("text").as_bytes()).unwrap();
                Json::Null
            }
            "read" => String::from_utf8(std::fs::read(path).unwrap()).unwrap().into(),
            "patch" => {
                let mut bytes = std::fs::read(&path).unwrap();
                let (at, new) = (args.get::<usize>("at"), args.get::<Vec<u8>>("bytes"));
                let end = at + new.len();
                bytes[at..end].copy_from_slice(&new);
                std::fs::write(path, bytes).unwrap();
                Json::Null
            }
            _ => return None,
        }))
    }

    fn batch(&mut self, step: &Map<String, Json>) -> Result<Json> {
        let session = self.session(step).1;
        let mut batch = session.batch();
        for part in step["steps"].as_array().unwrap() {
            let part = part.as_object().unwrap();
            check("in a batch", part);
            let (of, command) = part["call"].as_str().unwrap().split_once('.').unwrap();
            for n in 0..part.get("times").and_then(Json::as_u64).unwrap_or(1) {
                self.saved.insert("n".into(), n.into());
                let args = self.args(part);
                let got = match (of, command) {
                    ("session", "convert_lead") => {
                        batch.convert_lead(args.id("lead"), sessions::conversion(&args)?);
                        Json::Null
                    }
                    _ => {
                        let kind = records::kind_of(of).unwrap_or_else(|| panic!("there is no {of:?}"));
                        records::add_to_batch(&mut batch, &session, kind, command, &args)?
                    }
                };
                assert!(args.left_over().is_empty(), "{command} takes no {:?}", args.left_over());
                if let Some(name) = part.get("save") {
                    self.saved.insert(name.as_str().unwrap().to_owned(), got);
                }
            }
        }
        batch.run().map(|operation| plain::operation(&operation))
    }

    fn import(&mut self, args: &Args, step: &Map<String, Json>) -> Result<Json> {
        let session = self.session(step).1;
        let plan: Plan = args.get("plan");
        let (file, stop) = (self.path(&args.text("file")), args.or("stop", false));
        let import = match args.option("resume") {
            Some(id) => Import::resume(&session, &plan, id)?,
            None => Import::new(&session, &plan)?,
        };
        let (mut problems, mut chunks) = (Vec::new(), 0);
        let mut open = |_: &str| Ok(Box::new(std::fs::File::open(&file)?) as Box<dyn std::io::Read + Send>);
        let mut watch = |event: ImportEvent<'_>| {
            match event {
                ImportEvent::Row(row) if row.action == RowAction::Failed => {
                    problems.extend(row.problems.iter().map(|found| {
                        json!({
                            "step": row.step,
                            "line": row.row.line,
                            "column": found.column,
                            "field": found.field,
                            "value": found.value,
                            "rule": found.rule,
                            "reason": found.reason,
                        })
                    }));
                }
                ImportEvent::Chunk(_) => {
                    chunks += 1;
                    if let Some(during) = step.get("during") {
                        self.steps(during.as_array().unwrap());
                    }
                    if stop {
                        return ControlFlow::Break(());
                    }
                }
                _ => {}
            }
            ControlFlow::Continue(())
        };
        let report = match args.or("dry_run", false) {
            true => import.dry_run(&mut open, &mut watch),
            false => import.apply(&mut open, &mut watch),
        };
        let report = report?;
        assert!(chunks > 0 || !step.contains_key("during"), "nothing was done during the import");
        Ok(plain::import_report(&report, problems))
    }
}

/// Whether a step says only what somebody hears.
fn check(place: &str, step: &Map<String, Json>) {
    const KNOWN: [&str; 14] = [
        "about", "call", "as", "args", "fields", "save", "session", "expect", "error", "steps", "during",
        "times", "threads", "time",
    ];
    let unknown: Vec<_> = step.keys().filter(|name| !KNOWN.contains(&name.as_str())).collect();
    assert!(unknown.is_empty(), "{place}: what is {unknown:?}?");
    if let Some(error) = step.get("error") {
        assert!(error["code"].is_string(), "{place}: an error has a code");
        assert!(
            !step.contains_key("expect") && !step.contains_key("save"),
            "{place}: it fails or gives something"
        );
    }
}
