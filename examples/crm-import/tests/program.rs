//! The program, as a script runs it: what it prints, and how it ends.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests say what they expect by failing")]

use crm_core::Query;
use crm_import::{Arguments, run};
use serde_json::Value;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Output};

const PLAN: &str = r#"
[[steps]]
entity = "customer"
file = "people.csv"
match_by = ["emails"]
on_match = "update"
columns = [
    { column = "Name", field = "name" },
    { column = "E-mail", field = "emails" },
    { column = "Worth", field = "lead.estimated_value", formats = { decimal = ",", group = ".", currency = "KES" } },
]
"#;

fn crm_import(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_crm-import")).current_dir(folder).args(arguments).output().unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Protects: try, import, import again, undo; exit codes; errors on standard error and nothing else on standard output.
#[test]
fn a_plan_is_tried_run_and_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("plan.toml"), PLAN).unwrap();
    fs::write(
        folder.join("people.csv"),
        "Name,E-mail,Worth\nAna,ana@x.com,\"1.250,50\"\nBob,bob@,\nCid,cid@x.com,\n",
    )
    .unwrap();
    let run = |task: &[&str]| crm_import(folder, &[&["--db", "crm.db", "plan.toml"], task].concat());

    let tried = run(&["--dry-run", "--json"]);
    assert_eq!(tried.status.code(), Some(3));
    let report = json(&tried);
    assert_eq!(
        (&report["import"], &report["counts"]["created"], &report["counts"]["failed"]),
        (&Value::Null, &2.into(), &1.into())
    );
    let problem = &report["problems"][0];
    assert_eq!(
        (&problem["line"], &problem["column"], &problem["value"]),
        (&3.into(), &"E-mail".into(), &"bob@".into())
    );

    let none = run(&["--dry-run", "--problems", "0"]);
    let text = String::from_utf8(none.stdout).unwrap();
    assert!(text.contains("and 1 more problems"), "{text}");

    let done = run(&["--apply", "--json", "--failed", "."]);
    assert_eq!((done.status.code(), &json(&done)["counts"]), (Some(3), &report["counts"]));
    assert!(
        fs::read_to_string(folder.join("people.failed.csv"))
            .unwrap()
            .starts_with("Name,E-mail,Worth,reason\nBob,bob@,,")
    );
    fs::write(folder.join("people.csv"), "Name,E-mail,Worth\nAna,ana@x.com,\n").unwrap();
    let again = run(&["--apply"]);
    assert_eq!(again.status.code(), Some(0));
    let text = String::from_utf8(again.stdout).unwrap();
    assert!(
        text.contains("people.csv: 1 rows, 0 created, 0 updated, 1 skipped (1 unchanged), 0 refused"),
        "{text}"
    );

    let undone = run(&["--undo", "--json"]);
    assert_eq!((undone.status.code(), &json(&undone)["undone"]["operations"]), (Some(0), &1.into()));
    let none = run(&["--undo"]);
    assert_eq!((none.status.code(), none.stdout.len()), (Some(1), 0));
    assert!(String::from_utf8(none.stderr).unwrap().contains("no import of this plan"));
}

/// Protects: what is wrong with the command, the plan or a file is told, each with its code.
#[test]
fn what_is_wrong_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("plan.toml"), PLAN).unwrap();
    fs::write(folder.join("bad.toml"), "[[steps]]\nentity = \"customer\"\nfile = \"f\"\ncolums = []\n")
        .unwrap();
    fs::write(folder.join("wrong.toml"), PLAN.replace("lead.estimated_value", "lead.worth")).unwrap();
    for (arguments, code, told) in [
        (&["--db", "crm.db", "plan.toml"][..], 2, "say what to do"),
        (&["--db", "crm.db", "--apply"], 2, "say which plan"),
        (&["plan.toml", "--apply"], 2, "say which store"),
        (&["--db", "crm.db", "plan.toml", "--apply", "--undo"], 2, "only one of"),
        (&["--db", "crm.db", "plan.toml", "--fast"], 2, "no option"),
        (&["--db", "crm.db", "none.toml", "--apply"], 1, "none.toml"),
        (&["--db", "crm.db", "bad.toml", "--apply"], 1, "colums"),
        (&["--db", "crm.db", "wrong.toml", "--apply"], 1, "steps.0.columns.2.field"),
        (&["--db", "crm.db", "plan.toml", "--apply"], 1, "people.csv"),
        (&["--db", "crm.db", "plan.toml", "--undo"], 1, "no import of this plan"),
    ] {
        let output = crm_import(folder, arguments);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(code), 0), "{arguments:?}: {error}");
        assert!(error.contains(told), "{arguments:?}: {error}");
    }
    let help = crm_import(folder, &["--help"]);
    assert_eq!(help.status.code(), Some(0));
    assert!(help.stdout.starts_with(b"Usage: crm-import"));
}

/// Protects: the folder of refused rows is made before anything is written, and one that can't be is told by its path.
#[test]
fn refused_rows_have_their_place_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("plan.toml"), PLAN).unwrap();
    fs::write(folder.join("people.csv"), "Name,E-mail,Worth\nAna,ana@x.com,\nBob,bob@,\n").unwrap();
    fs::write(folder.join("taken"), "").unwrap();
    let apply =
        |failed: &str| crm_import(folder, &["--db", "crm.db", "plan.toml", "--apply", "--failed", failed]);

    let refused = apply("taken/out");
    let error = String::from_utf8(refused.stderr).unwrap();
    assert_eq!((refused.status.code(), refused.stdout.len()), (Some(1), 0), "{error}");
    assert!(error.contains("taken/out"), "{error}");
    assert!(!folder.join("crm.db").exists());

    let done = apply("new/out");
    assert_eq!(done.status.code(), Some(3));
    let text = String::from_utf8(done.stdout).unwrap();
    assert!(text.contains("people.csv: 2 rows, 1 created, 0 updated, 0 skipped, 1 refused"), "{text}");
    assert_eq!(fs::read_dir(folder.join("new/out")).unwrap().count(), 1);

    // A file of refused rows is written anew, any other is left alone.
    assert_eq!(apply("new/out").status.code(), Some(3));
    fs::write(folder.join("new/out/people.failed.csv"), "Name,E-mail\nmine,m@x.com\n").unwrap();
    let refused = apply("new/out");
    assert_eq!((refused.status.code(), refused.stdout.len()), (Some(1), 0));
    assert!(String::from_utf8(refused.stderr).unwrap().contains("people.failed.csv"));
    assert_eq!(fs::read_to_string(folder.join("new/out/people.failed.csv")).unwrap().lines().count(), 2);
}

/// Takes so many lines of what an import tells, and then nothing more: as if somebody had stopped it.
struct Lines {
    most: usize,
    text: String,
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.text.lines().count() == self.most && self.text.ends_with('\n') {
            return Err(io::Error::other("enough"));
        }
        self.text.push_str(std::str::from_utf8(bytes).unwrap());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Protects: whoever stops an import knows how it goes on, and finds every refused row in one file at its end.
#[test]
fn a_stopped_import_goes_on_with_its_refused_rows() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("plan.toml"), PLAN).unwrap();
    let rows = (0..3_000).map(|row| match row % 1_000 {
        500 => format!("Bad{row},bob@,\n"),
        _ => format!("Row{row},row{row}@x.com,\n"),
    });
    fs::write(folder.join("people.csv"), format!("Name,E-mail,Worth\n{}", rows.collect::<String>())).unwrap();
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let (db, plan, out) = (path("crm.db"), path("plan.toml"), path("out"));
    let arguments = ["--db", &db, &plan, "--apply", "--failed", &out];
    let arguments = Arguments::read(arguments.map(str::to_owned)).unwrap().unwrap();
    let mut lines = Lines { most: 2, text: String::new() };
    run(&arguments, &mut Vec::new(), &mut lines).unwrap_err();
    let id = lines.text.lines().next().unwrap().strip_prefix("import ").unwrap().to_owned();
    let refused = || fs::read_to_string(folder.join("out/people.failed.csv")).unwrap();
    let before = refused();
    assert!((1..3).contains(&(before.lines().count() - 1)), "{before}");

    let goes_on = ["--db", "crm.db", "plan.toml", "--apply", "--failed", "out", "--import", &id];
    assert_eq!(crm_import(folder, &goes_on).status.code(), Some(3));
    let after = refused();
    let names: Vec<&str> = after.lines().map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(names, ["Name", "Bad500", "Bad1500", "Bad2500"], "{after}");
    let session = crm_sqlite::open(&db).unwrap().system("test");
    assert_eq!(session.customers().count(&Query::new()).unwrap(), 2_997);
}

/// Protects: what is only tried, and what can't be done, makes no store.
#[test]
fn a_dry_run_makes_no_store() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("plan.toml"), PLAN).unwrap();
    fs::write(folder.join("people.csv"), "Name,E-mail,Worth\nAna,ana@x.com,\n").unwrap();
    let run = |more: &[&str]| crm_import(folder, &[&["--db", "crm.db", "plan.toml"], more].concat());
    assert_eq!(run(&["--dry-run", "--region", "KE"]).status.code(), Some(0));
    let undone = run(&["--undo"]);
    assert_eq!(undone.status.code(), Some(1));
    assert!(String::from_utf8(undone.stderr).unwrap().contains("crm.db: there is no such store"));
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name()).collect();
    files.sort();
    assert_eq!(files, ["people.csv", "plan.toml"]);
}

/// Protects: an undo that stopped midway tells the import and how far it came, and the same command goes on with it.
#[test]
fn an_undo_that_stopped_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("plan.toml"), PLAN).unwrap();
    let rows: String = (0..1_500).map(|n| format!("Customer {n},c{n}@x.com,\n")).collect();
    fs::write(folder.join("people.csv"), format!("Name,E-mail,Worth\n{rows}")).unwrap();
    let run = |task: &[&str]| crm_import(folder, &[&["--db", "crm.db", "plan.toml"], task].concat());
    let done = run(&["--apply", "--json"]);
    let import = json(&done)["import"].as_str().unwrap().to_owned();
    let count = || {
        let session = crm_sqlite::open(folder.join("crm.db")).unwrap().system("test");
        session.customers().count(&Query::new()).unwrap()
    };
    let change = |name: &str| {
        let session = crm_sqlite::open(folder.join("crm.db")).unwrap().system("test");
        let first = session.customers().by_code("C002").unwrap();
        session.customers().update(first.id, |customer| customer.name = name.into()).unwrap();
    };
    change("Changed since");
    let stopped = run(&["--undo"]);
    let error = String::from_utf8(stopped.stderr).unwrap();
    assert_eq!((stopped.status.code(), count()), (Some(1), 1_000), "{error}");
    assert!(error.contains(&format!("import {import}: 1 operations taken back, then: refused")), "{error}");
    {
        let session = crm_sqlite::open(folder.join("crm.db")).unwrap().system("test");
        let newest = session.latest_operations(None, 10).unwrap();
        let change = newest.iter().find(|operation| operation.import.is_none()).unwrap();
        session.undo(change.id).unwrap();
    }
    let undone = run(&["--undo", "--json"]);
    assert_eq!((undone.status.code(), count()), (Some(0), 0));
    assert_eq!(
        (&json(&undone)["import"], &json(&undone)["undone"]["operations"]),
        (&import.into(), &1.into())
    );
    assert_eq!(run(&["--undo"]).status.code(), Some(1));
}

/// Protects: what an import did and refused before an error ended it is told, as text and as JSON; when nothing was written that
/// is said.
#[test]
fn what_was_done_before_an_error_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let second = PLAN.replace("people.csv", "more.csv");
    fs::write(folder.join("plan.toml"), format!("{PLAN}{second}")).unwrap();
    fs::write(folder.join("people.csv"), "Name,E-mail,Worth\nAna,ana@x.com,\nBob,bob@,\n").unwrap();
    let run = |db: &str, task: &[&str]| {
        let output = crm_import(folder, &[&["--db", db, "plan.toml", "--failed", "out"], task].concat());
        let error = String::from_utf8(output.stderr.clone()).unwrap();
        assert_eq!(output.status.code(), Some(1), "{error}");
        (output, error)
    };
    for task in ["--dry-run", "--apply"] {
        let (output, error) = run(&format!("{task}.db"), &[task]);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("people.csv: 2 rows, 1 created, 0 updated, 0 skipped, 1 refused"), "{text}");
        assert!(text.contains("people.csv:3: E-mail \"bob@\""), "{text}");
        assert!(text.contains("people.failed.csv"), "{text}");
        assert!(error.contains("steps.1.file: more.csv") && !error.contains("store"), "{error}");
        assert_eq!(error.contains("what was done stays"), task == "--apply", "{error}");
    }
    let (output, _) = run("json.db", &["--apply", "--json"]);
    let report = json(&output);
    assert_eq!((&report["finished"], &report["error"]["code"]), (&false.into(), &"invalid".into()));
    assert_eq!((&report["counts"]["failed"], &report["problems"][0]["line"]), (&1.into(), &3.into()));

    fs::write(folder.join("people.csv"), "Name,Mail\nAna,ana@x.com\n").unwrap();
    let (output, error) = run("none.db", &["--apply"]);
    assert!(error.contains("nothing was written") && !error.contains("--import"), "{error}");
    assert_eq!(output.stdout.len(), 0);
}

/// Protects: the settings are those of a new store, and one that is there keeps its own.
#[test]
fn a_new_store_is_somewhere() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(
        folder.join("plan.toml"),
        PLAN.replace("E-mail\", field = \"emails", "E-mail\", field = \"phones").replace("emails", "phones"),
    )
    .unwrap();
    fs::write(folder.join("people.csv"), "Name,E-mail,Worth\nAna,0722 000001,\n").unwrap();
    let run =
        |more: &[&str]| crm_import(folder, &[&["--db", "crm.db", "plan.toml", "--apply"], more].concat());
    let place = ["--region", "ke", "--zone", "Africa/Nairobi", "--currency", "KES"];
    assert_eq!(run(&place).status.code(), Some(0));
    {
        let session = crm_sqlite::open(folder.join("crm.db")).unwrap().system("test");
        let settings = session.settings().unwrap();
        assert_eq!((settings.phone_region.as_str(), settings.base_currency.code()), ("KE", "KES"));
        assert_eq!(settings.time_zone.to_string(), "Africa/Nairobi");
    }
    fs::write(folder.join("people.csv"), "Name,E-mail,Worth\nAna,+254722000001,\n").unwrap();
    let again = String::from_utf8(run(&place).stdout).unwrap();
    assert!(again.contains("1 skipped (1 unchanged)"), "{again}");
    let other = run(&["--region", "DE"]);
    let error = String::from_utf8(other.stderr).unwrap();
    assert_eq!(other.status.code(), Some(1));
    assert!(error.contains("--region KE") && error.contains("new stores only"), "{error}");
    for wrong in
        [["--region", "UK"], ["--zone", "Nairobi"], ["--currency", "Shilling"], ["--entity", "person"]]
    {
        assert_eq!(run(&wrong).status.code(), Some(2), "{wrong:?}");
    }
}

/// Protects: the plan that is printed for a file is one, imports it, and says what is left to decide.
#[test]
fn a_file_becomes_a_plan() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let text = "Full Name;Email;Birthday;Shoe \"size\"\nAna Abel;ana@x.com;12/03/2021;38\nBob;bob@x.com;01/02/2021;40\n";
    fs::write(folder.join("people.csv"), text).unwrap();
    let sniffed = crm_import(folder, &["--sniff", "people.csv"]);
    assert_eq!(sniffed.status.code(), Some(0));
    fs::write(folder.join("plan.toml"), &sniffed.stdout).unwrap();
    let plan = String::from_utf8(sniffed.stdout).unwrap();
    assert!(plan.contains("# not used: \"Birthday\""), "{plan}");
    let done = crm_import(folder, &["--db", "crm.db", "plan.toml", "--apply", "--json"]);
    assert_eq!((done.status.code(), &json(&done)["counts"]["created"]), (Some(0), &2.into()), "{plan}");
    let contacts = crm_import(folder, &["--sniff", "people.csv", "--entity=contact"]);
    let plan = String::from_utf8(contacts.stdout).unwrap();
    assert!(
        plan.contains(
            "# \"Birthday\" can be read in two ways; say which: formats = { date = \"%d/%m/%Y\" } or"
        ),
        "{plan}"
    );
    assert_eq!(crm_import(folder, &["--sniff", "none.csv"]).status.code(), Some(1));
}

/// Protects: the plan in the guide is one, imports the file beside it, and a second time changes nothing.
#[test]
fn the_guide_is_true() {
    let guide = include_str!("../../../docs/import.md");
    let block = |name: &str| {
        let start = format!("```{name}\n");
        guide.split_once(&start).unwrap().1.split_once("```").unwrap().0
    };
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("plan.toml"), block("toml")).unwrap();
    fs::write(folder.join("people.csv"), block("csv")).unwrap();
    let run = || {
        let output =
            crm_import(folder, &["--db", "crm.db", "plan.toml", "--apply", "--region", "KE", "--json"]);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
        json(&output)["counts"].clone()
    };
    assert_eq!(run()["created"], 5);
    assert_eq!(run()["skipped"], 5);
}
