//! Imports on SQLite: chunks, what they cost, what they leave in the file, and that both stores agree on them.

use crm_core::Crm;
use crm_core::contract::test_options;
use crm_core::exchange::import::{Counts, Import, ImportEvent, ImportReport, Plan, RowAction, undo_import};
use crm_core::{
    Action, Customer, Error, Grants, Kind, Level, MemoryStore, Query, Role, Session, User, Uuid, port::Store,
};
use crm_sqlite::OpenOptions;
use std::io::{Cursor, Read};
use std::ops::ControlFlow;
use std::sync::Arc;

struct Office {
    crm: Crm,
    admin: Session,
}

fn office_on(store: Arc<dyn Store>) -> Office {
    let crm = Crm::open(store, test_options(7).0).unwrap();
    crm.create_admin(User { username: "amina".into(), ..User::default() }, "correct horse").unwrap();
    let admin = crm.login("amina", "correct horse").unwrap();
    Office { crm, admin }
}

fn office() -> Office {
    office_on(Arc::new(OpenOptions::in_memory().open().unwrap()))
}

fn failure<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    match result.unwrap_err() {
        Error::Refused { rule, .. } => format!("refused {rule}"),
        error => error.code().to_owned(),
    }
}

fn plan(json: &str) -> Plan {
    serde_json::from_str(json).unwrap()
}

fn customers() -> Plan {
    plan(
        r#"{"steps": [{"entity": "customer", "file": "f", "match_by": ["external_ids.erp"], "on_match": "update",
        "columns": [{"column": "id", "field": "external_ids.erp"}, {"column": "name", "field": "name"}]}]}"#,
    )
}

fn rows(count: usize) -> String {
    let rows: String = (0..count).map(|n| format!("{n},Customer {n}\n")).collect();
    format!("id,name\n{rows}")
}

fn count(session: &Session) -> u64 {
    session.customers().count(&Query::new()).unwrap()
}

/// What an import did, and what it told of each row.
pub(crate) type Ran = (ImportReport, Vec<(u64, RowAction, String)>);

pub(crate) fn run(session: &Session, plan: &Plan, text: &str, dry: bool) -> Result<Ran, Error> {
    let import = Import::new(session, plan)?;
    let mut told = Vec::new();
    let mut open = |_: &str| Ok(Box::new(Cursor::new(text.to_owned())) as Box<dyn Read + Send>);
    let mut watch = |event: ImportEvent<'_>| {
        if let ImportEvent::Row(row) = event {
            let problems: Vec<String> = row
                .problems
                .iter()
                .map(|p| format!("{} {} {} {}", p.column, p.rule, p.value, p.reason))
                .collect();
            told.push((row.row.line, row.action, format!("{}{}", row.reason, problems.join("; "))));
        }
        ControlFlow::Continue(())
    };
    let report =
        if dry { import.dry_run(&mut open, &mut watch)? } else { import.apply(&mut open, &mut watch)? };
    Ok((report, told))
}

/// Runs until so many chunks are done.
fn run_until(import: &Import<'_>, text: &str, chunks: usize) -> Counts {
    let mut open = |_: &str| Ok(Box::new(std::io::Cursor::new(text.to_owned())) as Box<dyn Read + Send>);
    let mut left = chunks;
    let report = import.apply(&mut open, &mut |event| {
        left -= usize::from(matches!(event, ImportEvent::Chunk(_)));
        if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let report = report.unwrap();
    assert!(!report.finished);
    report.counts
}

/// Protects: a thousand rows are one operation with the import's id; what was stopped goes on after the last of them, with
/// counts that add up; undo takes all of it back, the newest first.
#[test]
fn an_import_is_stopped_taken_up_and_taken_back() {
    let office = office();
    let (plan, text) = (customers(), rows(2_100));
    let import = Import::new(&office.admin, &plan).unwrap();
    assert_eq!(run_until(&import, &text, 1).created, 1_000);
    assert_eq!(count(&office.admin), 1_000);
    let operation = office.admin.last_operation().unwrap().unwrap();
    let part = operation.import.unwrap();
    assert_eq!(
        (part.import, part.rows, part.created, operation.changes.len()),
        (import.id(), 1_000, 1_000, 1_000)
    );
    assert_eq!(part.plan, plan.hash().unwrap());

    let other = Plan { name: "Other".into(), ..plan.clone() };
    assert_eq!(failure(Import::resume(&office.admin, &other, import.id())), "refused plan_changed");
    assert_eq!(failure(Import::resume(&office.admin, &plan, Uuid::from_u128(5))), "not_found");
    let again = Import::resume(&office.admin, &plan, import.id()).unwrap();
    let mut short = |_: &str| Ok(Box::new(std::io::Cursor::new(rows(10))) as Box<dyn Read + Send>);
    let result = again.apply(&mut short, &mut |_| ControlFlow::Continue(()));
    assert_eq!(failure(result), "refused file_changed");
    let mut open = |_: &str| Ok(Box::new(std::io::Cursor::new(text.clone())) as Box<dyn Read + Send>);
    let report = again.apply(&mut open, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!((report.counts.rows, report.counts.created, report.finished), (2_100, 2_100, true));
    assert_eq!(report.steps[0].counts.rows, 1_100);
    assert_eq!(count(&office.admin), 2_100);

    let mut told = Vec::new();
    let undone = undo_import(&office.admin, import.id(), &mut |undone| {
        told.push((undone.operations, undone.left));
        if told.len() == 1 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!(undone.unwrap().left, 2);
    assert_eq!(count(&office.admin), 2_000);
    let undone = undo_import(&office.admin, import.id(), &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!((undone.operations, undone.left, count(&office.admin)), (2, 0, 0));
    assert_eq!(failure(Import::resume(&office.admin, &plan, import.id())), "refused undone");
    let undone = undo_import(&office.admin, import.id(), &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(undone.operations, 0);
    assert!(office.crm.check().unwrap().is_clean() && office.crm.verify().unwrap().holds());
}

/// Protects: a dry run leaves the file as it was, byte for byte, and no other file beside it.
#[test]
fn case_12_a_dry_run_leaves_the_file_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("crm.db");
    let store = Arc::new(OpenOptions::new(&path).open().unwrap());
    let office = office_on(store.clone());
    run(&office.admin, &customers(), &rows(50), false).unwrap();
    store.close().unwrap();
    let files = || -> Vec<(String, Vec<u8>)> {
        let entries = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap());
        let mut files: Vec<_> = entries
            .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap()))
            .collect();
        files.sort();
        files
    };
    let before = files();
    store.reopen().unwrap();
    let text = rows(2_500).replace("Customer 7\n", "Changed\n");
    let (report, _) = run(&office.admin, &customers(), &text, true).unwrap();
    assert_eq!((report.counts.created, report.counts.updated, report.counts.skipped), (2_450, 1, 49));
    store.close().unwrap();
    assert!(files() == before, "the dry run wrote");
}

/// Protects: a row costs the statements of its record, and what it may be and refers to is asked for once a chunk.
#[test]
fn a_row_costs_the_statements_of_its_record() {
    let store = Arc::new(OpenOptions::in_memory().open().unwrap());
    let office = office_on(store.clone());
    let counted = |text: &str| {
        let before = store.statements().unwrap();
        run(&office.admin, &customers(), text, false).unwrap();
        store.statements().unwrap() - before
    };
    // Of each: row, text, tokens, one key, the change.
    const OF_A_CREATE: u64 = 5;
    let (ten, thousand) = (counted(&rows(10)), counted(&rows(1_010).replace(",Cust", "a,Cust")));
    assert!(ten <= 10 * OF_A_CREATE + 10, "{ten}");
    assert!(thousand <= 1_010 * OF_A_CREATE + 30, "{thousand}");
    // Those that are there already and say nothing new are looked at, and that is all.
    let again = counted(&rows(10));
    assert!(again <= 10 + 10, "{again}");
}

/// Protects: an import finds no more than its user sees: a record that he may not see is like none, and its key is taken
/// without saying by whom.
#[test]
fn an_import_tells_nothing_of_what_its_user_may_not_see() {
    let office = office();
    let mut grants = Grants::default();
    for action in [Action::View, Action::Create, Action::Edit] {
        for kind in [Kind::Customer, Kind::Contact] {
            grants.grant(kind, action, Level::Own);
        }
    }
    let role = Role { key: "narrow".into(), grants, ..Role::default() };
    let role = office.admin.roles().create(role).unwrap().id;
    let juma = User { username: "juma".into(), role, ..User::default() };
    let juma = office.admin.users().create(juma).unwrap();
    office.admin.set_password(juma.id, "battery staple").unwrap();
    let narrow = office.crm.login("juma", "battery staple").unwrap();
    let foreign =
        Customer { name: "Hidden Ltd".into(), emails: vec!["hidden@x.com".into()], ..Customer::default() };
    let foreign = office.admin.customers().create(foreign).unwrap();
    let step = |policy: &str| {
        plan(&format!(
            r#"{{"steps": [{{"entity": "customer", "file": "f", {policy}, "columns": [{{"column": "name", "field": "name"}},
            {{"column": "email", "field": "emails"}}, {{"column": "parent", "field": "parent"}}]}}]}}"#
        ))
    };
    for dry in [true, false] {
        for policy in ["update", "skip", "fill_empty"] {
            let plan = step(
                &format!(r#""match_by": ["emails", "name", "code"], "on_match": "{policy}""#)
                    .replace(", \"code\"", ""),
            );
            let text = "name,email,parent\nMine,hidden@x.com,\nOther,,Hidden Ltd\nThird,,Nobody Ltd\n";
            let (report, told) = run(&narrow, &plan, text, dry).unwrap();
            assert_eq!((report.counts.failed, report.counts.rows), (3, 3), "{told:?}");
            assert!(
                told[0].2.contains("duplicate") && !told[0].2.contains(&foreign.id.to_string()),
                "{told:?}"
            );
            assert_eq!(told[1].2.replace("Hidden", "Nobody"), told[2].2);
        }
    }
    assert_eq!(office.admin.customers().get(foreign.id).unwrap(), foreign);
    assert_eq!(count(&narrow), 0);
}

/// A text with rows of every kind: new, there already, twice in the file, wrong in one way or another.
pub(crate) fn generated(seed: u64, count: u64) -> String {
    let mut state = seed;
    let mut dice = move |sides: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % sides
    };
    let mut text = "name,email,phone,parent,tags,value,status\n".to_owned();
    for _ in 0..count {
        let name = ["Ana", "Bob", "Cid", "  ", "Zoë \u{301}", "\"Quoted, Ltd\"", "\"open", "O'Brien"]
            [dice(8) as usize];
        let email = match dice(5) {
            0 => String::new(),
            1 => "no address".into(),
            _ => format!("{}@X{}.com", ["ana", "BOB", "çid"][dice(3) as usize], dice(3)),
        };
        let phone = match dice(4) {
            0 => String::new(),
            1 => "12".into(),
            _ => format!("+254 722 {:06}", dice(9)),
        };
        let parent = ["", "", "Ana", "Nobody", "C001", "bob"][dice(6) as usize];
        let tags = ["", "a;b", "b", ";"][dice(4) as usize];
        let value = ["", "1.5", "1,5", "1.234", "x", "12 EUR"][dice(6) as usize];
        let status = ["", "contacted", "Qualified", "asleep", "lost"][dice(5) as usize];
        if dice(12) == 0 {
            text.push_str(",,,,,,\n\n");
        }
        text.push_str(&format!("{name},{email},{phone},{parent},{tags},\"{value}\",{status}\n"));
    }
    text
}

/// What becomes of rows that are there already.
pub(crate) const POLICIES: [&str; 7] = [
    r#""on_match": "create""#,
    r#""match_by": ["emails"], "on_match": "update""#,
    r#""match_by": ["emails", "phones"], "on_match": "update", "when_empty": "clear", "lists": "replace""#,
    r#""match_by": ["name"], "on_match": "skip""#,
    r#""match_by": ["phones", "name"], "on_match": "fill_empty""#,
    r#""match_by": ["name+emails"], "on_match": "update", "on_new": "fail""#,
    r#""match_by": ["emails"], "on_match": "update", "on_new": "skip""#,
];

/// A plan for [`generated`] rows.
pub(crate) fn customers_by(policy: &str) -> Plan {
    plan(&format!(
        r#"{{"steps": [{{"entity": "customer", "file": "f", {policy}, "formats": {{"currency": "KES"}},
                "columns": [{{"column": "name", "field": "name"}}, {{"column": "email", "field": "emails"}},
                {{"column": "phone", "field": "phones"}}, {{"column": "parent", "field": "parent"}},
                {{"column": "tags", "field": "tags", "separator": ";"}}, {{"column": "value", "field": "lead.estimated_value"}},
                {{"column": "status", "field": "lead.status", "default": "new"}}]}}]}}"#
    ))
}

/// Protects: the memory store and SQLite agree on imports of any rows, by any policy: on every row's action and problems, on the
/// records and on the journal; a dry run tells what the import does; and undo gives back what was.
#[test]
fn memory_and_sqlite_agree_on_imports() {
    for seed in 0..14_u64 {
        let offices = [office_on(Arc::new(MemoryStore::new())), office()];
        for (round, policy) in POLICIES.iter().cycle().skip(seed as usize).take(4).enumerate() {
            let plan = customers_by(policy);
            let text = generated(seed * 100 + round as u64, 40);
            let state = |office: &Office| {
                let all = Query::new().page_size(1_000);
                let live = office.admin.customers().list(&all).unwrap().items;
                live.into_iter().map(|record| record.data).collect::<Vec<_>>()
            };
            let before = offices.each_ref().map(state);
            let ran = offices.each_ref().map(|office| {
                let (_, tried) = run(&office.admin, &plan, &text, true).unwrap();
                let (report, told) = run(&office.admin, &plan, &text, false).unwrap();
                assert_eq!(tried, told, "seed {seed}, round {round}");
                let counts = report.counts;
                assert_eq!(counts.rows, counts.created + counts.updated + counts.skipped + counts.failed);
                (report.import.unwrap(), counts, told)
            });
            assert_eq!((&ran[0].1, &ran[0].2), (&ran[1].1, &ran[1].2), "seed {seed}, round {round}");
            let after = offices.each_ref().map(state);
            assert_eq!(after[0], after[1], "seed {seed}, round {round}");
            if round == 2 && ran[0].1.created + ran[0].1.updated > 0 {
                for (office, (import, ..)) in offices.iter().zip(&ran) {
                    undo_import(&office.admin, *import, &mut |_| ControlFlow::Continue(())).unwrap();
                }
                assert_eq!(offices.each_ref().map(state), before, "seed {seed}, round {round}");
            }
        }
        for office in &offices {
            let check = office.crm.check().unwrap();
            assert!(check.is_clean(), "seed {seed}: {:?}", check.problems);
            assert!(office.crm.verify().unwrap().holds());
        }
    }
}
