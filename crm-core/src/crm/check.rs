//! The check of a whole store: the backend's own, and that the journal tells what the rows hold.

use super::ops::ops;
use super::system::{Crm, with_types};
use super::unit_of_work::content_name;
use crate::error::Result;
use crate::model::{AnyData, Attachment, Change, ChangeKind, FieldValues, Kind, named_values};
use crate::store::{Condition, Plan, Sight, Stored};
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// How many records were compared with the journal.
    pub records: u64,
    /// How many operations were replayed.
    pub operations: u64,
    /// What is wrong, one sentence each; empty when all is well.
    pub problems: Vec<String>,
}

impl CheckReport {
    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }
}

impl Crm {
    /// Looks for damage: lets the store check itself, then replays the journal from its beginning and compares the
    /// outcome with every record. Takes time and memory in proportion to the whole store. Whether the journal itself was
    /// altered tells [`Crm::verify`]: a nightly job calls both.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// assert!(crm.check()?.is_clean());
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of the store. What is wrong with the data is no error but in the report.
    pub fn check(&self) -> Result<CheckReport> {
        const AT_A_TIME: usize = 1_000;
        let mut replay = Replay::default();
        replay.report.problems = self.inner.store.check()?;
        let view = self.inner.store.snapshot()?;
        let mut seq = 0;
        loop {
            let operations = with_types(view.operations(seq, AT_A_TIME, &Sight::all())?);
            let Some(last) = operations.last() else { break };
            seq = last.seq;
            for operation in operations {
                replay.report.operations += 1;
                operation.changes.into_iter().for_each(|change| replay.apply(change));
            }
        }
        for kind in Kind::ALL {
            ops(*kind).compare(&*view, &mut replay)?;
        }
        for trash in [false, true] {
            let all = Plan::all_where(Condition::All(Vec::new()), trash, usize::MAX);
            for entry in Attachment::read(&*view).find(&all)? {
                let name = content_name(&entry.record.sha256);
                if name.map(|name| view.chunk(&name, 0)).transpose()?.flatten().is_none() {
                    replay
                        .report
                        .problems
                        .push(format!("the bytes of attachment {} are missing", entry.record.id));
                }
            }
        }
        Ok(replay.finish())
    }
}

/// What the journal says that the store holds.
#[derive(Default)]
pub(crate) struct Replay {
    records: HashMap<(Kind, Uuid), Told>,
    report: CheckReport,
}

struct Told {
    version: u64,
    trashed: bool,
    /// Something of it was erased, with a customer on whom it hung at the time.
    erased: bool,
    fields: FieldValues,
}

impl Replay {
    fn apply(&mut self, change: Change) {
        let key = (change.kind, change.id);
        if matches!(change.change, ChangeKind::Purge | ChangeKind::Erase) {
            self.records.remove(&key);
            return;
        }
        let told = self.records.entry(key).or_insert(Told {
            version: 0,
            trashed: false,
            erased: false,
            fields: FieldValues::new(),
        });
        if change.version != told.version + 1 {
            let text = format!("the journal jumps from version {} to {} of", told.version, change.version);
            self.report.problems.push(format!("{text} {} {}", change.kind, change.id));
        }
        told.version = change.version;
        told.erased |= change.erased;
        match change.change {
            ChangeKind::Trash => told.trashed = true,
            ChangeKind::Restore => told.trashed = false,
            _ => {}
        }
        let names: Vec<_> =
            change.before.keys().filter(|name| !change.after.contains_key(*name)).cloned().collect();
        for name in names {
            told.fields.remove(&name);
        }
        told.fields.extend(change.after);
    }

    /// Compares a record with what the journal tells of it.
    pub(super) fn compare(&mut self, kind: Kind, id: Uuid, version: u64, trashed: bool, data: &AnyData) {
        self.report.records += 1;
        let Some(told) = self.records.remove(&(kind, id)) else {
            self.report.problems.push(format!("the journal does not know {kind} {id}"));
            return;
        };
        let problems = &mut self.report.problems;
        if told.version != version || told.trashed != trashed {
            problems.push(format!("{kind} {id} is not in the state that the journal tells"));
        }
        if told.erased {
            return;
        }
        let stored = named_values(data, data.schema().all_fields());
        let names: BTreeSet<_> = stored.keys().chain(told.fields.keys()).collect();
        for name in names {
            let value = |values: &FieldValues| values.get(name).cloned().unwrap_or_default();
            let (stored, told) = (value(&stored), value(&told.fields));
            if stored != told && !(stored.is_empty() && told.is_empty()) {
                problems.push(format!("{name} of {kind} {id} differs from what the journal tells"));
            }
        }
    }

    fn finish(mut self) -> CheckReport {
        for (kind, id) in self.records.keys() {
            self.report.problems.push(format!("{kind} {id} is in the journal and not in the store"));
        }
        self.report.problems.sort();
        self.report
    }
}
