//! Import of files.

mod cases;
mod exported;
mod failed;
mod plans;
mod reading;
mod running;

use crm_core::Session;
use crm_core::exchange::import::{
    FailedRows, Import, ImportEvent, ImportReport, Plan, RowAction, RowProblem,
};
use std::io::{Cursor, Read};
use std::ops::ControlFlow;

fn plan(json: &str) -> Plan {
    let plan: Plan = serde_json::from_str(json).unwrap();
    plan.check().unwrap();
    plan
}

/// What an import told.
struct Ran {
    report: ImportReport,
    rows: Vec<Told>,
    failed: String,
    failed_bytes: Vec<u8>,
}

struct Told {
    line: u64,
    action: RowAction,
    reason: &'static str,
    problems: Vec<RowProblem>,
}

impl Ran {
    fn actions(&self) -> Vec<RowAction> {
        self.rows.iter().map(|row| row.action).collect()
    }

    fn reasons(&self, action: RowAction) -> Vec<(u64, &'static str)> {
        self.rows.iter().filter(|row| row.action == action).map(|row| (row.line, row.reason)).collect()
    }

    /// Line, column and rule of every problem.
    fn told(&self) -> Vec<String> {
        let of_row = |row: &Told| {
            row.problems.iter().map(|p| format!("{} {} {}", row.line, p.column, p.rule)).collect::<Vec<_>>()
        };
        self.rows.iter().flat_map(of_row).collect()
    }
}

fn run(
    session: &Session,
    plan: &Plan,
    dry: bool,
    open: &dyn Fn(&str) -> Vec<u8>,
) -> Result<Ran, crm_core::Error> {
    let import = Import::new(session, plan)?;
    let mut rows = Vec::new();
    let mut failed = FailedRows::new(Vec::new());
    let mut watch = |event: ImportEvent<'_>| {
        if let ImportEvent::Row(row) = event {
            failed.add(&row).unwrap();
            let (line, problems) = (row.row.line, row.problems.to_vec());
            rows.push(Told { line, action: row.action, reason: row.reason, problems });
        }
        ControlFlow::Continue(())
    };
    let mut open = |name: &str| Ok(Box::new(Cursor::new(open(name))) as Box<dyn Read + Send>);
    let report = match dry {
        true => import.dry_run(&mut open, &mut watch)?,
        false => import.apply(&mut open, &mut watch)?,
    };
    let counts = report.counts;
    assert_eq!(counts.rows, counts.created + counts.updated + counts.skipped + counts.failed);
    assert_eq!(usize::try_from(counts.rows).unwrap(), rows.len());
    assert!(report.finished);
    let failed_bytes = failed.finish().unwrap();
    let failed = String::from_utf8_lossy(&failed_bytes).into_owned();
    Ok(Ran { report, rows, failed, failed_bytes })
}

fn apply_bytes(session: &Session, plan: &Plan, bytes: Vec<u8>) -> Ran {
    run(session, plan, false, &|_| bytes.clone()).unwrap()
}

fn apply(session: &Session, plan: &Plan, text: &str) -> Ran {
    apply_bytes(session, plan, text.as_bytes().to_vec())
}

fn dry_run(session: &Session, plan: &Plan, text: &str) -> Ran {
    run(session, plan, true, &|_| text.as_bytes().to_vec()).unwrap()
}

/// As a semicolon-separated file.
fn try_rows(session: &Session, plan: &Plan, text: &str) -> Ran {
    let mut plan = plan.clone();
    plan.steps[0].layout.delimiter = ';';
    apply(session, &plan, text)
}
