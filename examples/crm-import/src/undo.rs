//! An import is taken back.

use crate::{Arguments, Ending, Failure};
use crm_core::exchange::import::{Plan, Undone, undo_import};
use crm_core::{Session, Uuid};
use serde_json::json;
use std::collections::BTreeSet;
use std::io::Write;
use std::ops::ControlFlow;

pub(crate) fn undo(
    arguments: &Arguments,
    session: &Session,
    plan: &Plan,
    out: &mut dyn Write,
    progress: &mut dyn Write,
) -> Result<Ending, Failure> {
    let import = match arguments.import {
        Some(import) => import,
        None => newest(session, &plan.hash()?)?
            .ok_or("the store has no import of this plan that can be undone")?,
    };
    let mut so_far = Undone { operations: 0, left: 0 };
    let undone = undo_import(session, import, &mut |undone| {
        so_far = undone;
        // Whoever does not read the progress still wants his undo.
        let _ = writeln!(progress, "{} operations taken back, {} left", undone.operations, undone.left);
        ControlFlow::Continue(())
    });
    let undone = undone.map_err(|error| {
        let count = so_far.operations;
        format!(
            "import {import}: {count} operations taken back, then: {error:?}; put that right and --undo --import \
             {import} goes on"
        )
    })?;
    match arguments.json {
        true => writeln!(out, "{:#}", json!({"import": import, "undone": undone}))?,
        false => writeln!(out, "import {import}: {} operations taken back", undone.operations)?,
    }
    Ok(Ending::Clean)
}

/// The newest import with this plan of which something was not taken back.
fn newest(session: &Session, hash: &str) -> Result<Option<Uuid>, Failure> {
    const AT_ONCE: usize = 10;
    let mut before = None;
    let mut gone = BTreeSet::new();
    loop {
        let page = session.latest_operations(before, AT_ONCE)?;
        let Some(last) = page.last() else { return Ok(None) };
        before = Some(last.seq);
        for operation in page.iter().filter(|operation| operation.import.is_some()) {
            match (operation.undoes, &operation.import) {
                // An undo that was itself taken back takes nothing back.
                _ if gone.contains(&operation.id) => {}
                (Some(undone), _) => drop(gone.insert(undone)),
                (None, Some(part)) if part.plan == hash => return Ok(Some(part.import)),
                _ => {}
            }
        }
    }
}
