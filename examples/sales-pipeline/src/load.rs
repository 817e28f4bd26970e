//! The import: a plan says what becomes of every row of the files.

use crate::Failure;
use crm_core::exchange::import::{Import, ImportEvent, ImportReport, Plan, RowProblem};
use crm_core::{Id, Pipeline, Query, Session};
use std::fs::File;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::Path;

/// The plan, to be read, changed and given to the program `crm-import`.
pub const PLAN: &str = include_str!("../plan.toml");

/// What was loaded.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The pipeline that the opportunities are in.
    pub pipeline: Id<Pipeline>,
    /// What became of the rows, file by file.
    pub report: ImportReport,
    /// What is wrong with refused rows, each with the step of the plan and its line.
    pub problems: Vec<(usize, u64, RowProblem)>,
}

/// Imports the files of a folder by a plan, in TOML, into an empty store.
///
/// # Errors
/// What is wrong with the plan and the files, and the store's errors. The chunks before stay loaded.
pub fn load(session: &Session, folder: &Path, plan: &str) -> Result<Loaded, Failure> {
    if session.users().count(&Query::new())? > 0 {
        return Err("the store has users already: load into a new file".into());
    }
    let plan: Plan = toml::from_str(plan)?;
    let mut problems = Vec::new();
    let mut open = |name: &str| Ok(Box::new(File::open(folder.join(name))?) as Box<dyn Read + Send>);
    let report = Import::new(session, &plan)?.apply(&mut open, &mut |event| {
        if let ImportEvent::Row(row) = event {
            problems.extend(row.problems.iter().map(|problem| (row.step, row.row.line, problem.clone())));
        }
        ControlFlow::Continue(())
    })?;
    let mine = Query::new().filter(Pipeline::DEFAULT.is(false));
    let pipeline =
        session.pipelines().list(&mine)?.into_iter().next().ok_or("the plan brings a pipeline")?.id;
    Ok(Loaded { pipeline, report, problems })
}
