//! What can be done to a record whose kind is known only at run time: one object for each kind, all alike.

use super::rules::Rules;
use super::session::Hit;
use super::undo;
use super::unit_of_work::UnitOfWork;
use crate::error::Result;
use crate::model::{
    Change, Contact, Customer, Deletion, Entity, Gate, Interaction, Kind, Opportunity, Pipeline, Reminder,
    Role, Settings, User, for_each_entity,
};
use crate::store::{Condition, Entry, Plan, Query, Sight, Snapshot, Transaction};
use crate::value::{Id, KeyRules, Value};
use std::marker::PhantomData;
use std::sync::Arc;
use uuid::Uuid;

/// A record of some kind in a state that the caller has just read.
pub(super) trait KindOps: Sync {
    /// `Some(true)` when it is live, `Some(false)` in the trash, `None` when it is not there or not seen.
    fn is_live(&self, tx: &dyn Transaction, id: Uuid, sight: &Sight) -> Result<Option<bool>>;
    /// The records whose field refers to this id, live or in the trash.
    fn referring(&self, tx: &dyn Transaction, field: usize, id: Uuid, trash: bool) -> Result<Vec<Uuid>>;
    /// Puts it and what hangs on it in the trash.
    fn trash_tree(&self, unit: &mut UnitOfWork<'_>, id: Uuid, deletion: Deletion) -> Result<()>;
    /// Brings it back if it went with this deletion.
    fn restore_tree(&self, unit: &mut UnitOfWork<'_>, id: Uuid, deletion: Uuid) -> Result<()>;
    /// Removes it for good.
    fn purge_tree(&self, unit: &mut UnitOfWork<'_>, id: Uuid) -> Result<()>;
    /// Empties its reference to another record.
    fn unlink(&self, unit: &mut UnitOfWork<'_>, id: Uuid, field: usize, target: Uuid) -> Result<()>;
    /// Takes one change back.
    fn undo(&self, unit: &mut UnitOfWork<'_>, change: &Change, deletion: Deletion) -> Result<()>;
    /// Whether the actor sees the record, and may edit it.
    fn require_edit(&self, unit: &UnitOfWork<'_>, id: Uuid) -> Result<()>;
    /// Finds words.
    fn search(
        &self,
        view: &dyn Snapshot,
        words: &str,
        limit: u32,
        sight: Arc<Sight>,
        rules: &KeyRules,
    ) -> Result<Vec<Hit>>;
    /// Compares all rows with what the journal says of them.
    fn compare(&self, view: &dyn Snapshot, journal: &mut super::check::Replay) -> Result<()>;
}

struct Of<E>(PhantomData<fn() -> E>);

macro_rules! table {
    ($($entity:ident = $name:literal),+ $(,)?) => {
        /// The operations of a kind.
        pub(super) fn ops(kind: Kind) -> &'static dyn KindOps {
            match kind {
                $(Kind::$entity => &Of::<$entity>(PhantomData)),+
            }
        }
    };
}
for_each_entity!(table);

/// That a field refers to this id: through its column, or through the keys of a list.
pub(super) fn refers_to<E: Entity>(field: usize, id: Uuid) -> Condition {
    let schema = E::schema();
    let column = schema.columns.iter().find(|column| column.field == field);
    match column {
        Some(column) if matches!(column.ty, crate::value::ValueType::Id(_)) => {
            crate::store::equals(column, id)
        }
        _ => Condition::HasKey {
            field: E::FIELDS[field].name,
            index: field,
            keys: vec![id.to_string()],
            prefix: false,
        },
    }
}

impl<E: Rules> Of<E> {
    fn entry(unit: &UnitOfWork<'_>, id: Uuid) -> Result<Option<Entry<E>>> {
        unit.peek(Id::from_uuid(id))
    }
}

impl<E: Rules> KindOps for Of<E> {
    fn is_live(&self, tx: &dyn Transaction, id: Uuid, sight: &Sight) -> Result<Option<bool>> {
        Ok(E::reads(tx).get(Id::from_uuid(id), sight)?.map(|entry| entry.deletion.is_none()))
    }

    fn referring(&self, tx: &dyn Transaction, field: usize, id: Uuid, trash: bool) -> Result<Vec<Uuid>> {
        let condition = match (trash, refers_to::<E>(field, id)) {
            // What is in the trash has given up its keys.
            (true, Condition::HasKey { .. }) => Condition::All(Vec::new()),
            (_, condition) => condition,
        };
        let mut found = E::reads(tx).find(&Plan::all_where(condition, trash, usize::MAX))?;
        found.retain(|entry| {
            let mut refers = false;
            entry.record.data.references(field, &mut |_, to| refers |= to == id);
            refers
        });
        Ok(found.into_iter().map(|entry| entry.record.id.uuid()).collect())
    }

    fn trash_tree(&self, unit: &mut UnitOfWork<'_>, id: Uuid, deletion: Deletion) -> Result<()> {
        match Self::entry(unit, id)? {
            Some(entry) if entry.deletion.is_none() => unit.trash_tree(entry, deletion),
            _ => Ok(()),
        }
    }

    fn restore_tree(&self, unit: &mut UnitOfWork<'_>, id: Uuid, deletion: Uuid) -> Result<()> {
        match Self::entry(unit, id)? {
            Some(entry) if entry.deletion.is_some_and(|d| d.id == deletion) => {
                unit.restore_tree(entry, deletion).map(drop)
            }
            _ => Ok(()),
        }
    }

    fn purge_tree(&self, unit: &mut UnitOfWork<'_>, id: Uuid) -> Result<()> {
        match Self::entry(unit, id)? {
            Some(entry) => unit.purge_tree(entry),
            None => Ok(()),
        }
    }

    fn unlink(&self, unit: &mut UnitOfWork<'_>, id: Uuid, field: usize, target: Uuid) -> Result<()> {
        match Self::entry(unit, id)? {
            Some(entry) => unit.unlink(entry, field, target),
            None => Ok(()),
        }
    }

    fn undo(&self, unit: &mut UnitOfWork<'_>, change: &Change, deletion: Deletion) -> Result<()> {
        undo::undo_change::<E>(unit, change, deletion)
    }

    fn require_edit(&self, unit: &UnitOfWork<'_>, id: Uuid) -> Result<()> {
        let id = Id::<E>::from_uuid(id);
        unit.load_any(id)?;
        unit.require(id, crate::model::Action::Edit)
    }

    fn search(
        &self,
        view: &dyn Snapshot,
        words: &str,
        limit: u32,
        sight: Arc<Sight>,
        rules: &KeyRules,
    ) -> Result<Vec<Hit>> {
        let query = Query::new().words(words).page_size(limit.clamp(1, Query::LARGEST_PAGE));
        let plan = Plan::new::<E>(&query, sight, rules)?;
        let hit = |entry: Entry<E>| Hit {
            kind: E::kind(),
            id: entry.record.id.uuid(),
            customer: match E::schema().gate {
                Gate::Owner => Some(Id::<Customer>::from_uuid(entry.record.id.uuid())),
                _ => E::schema().field("customer").and_then(|field| match entry.record.data.value(field) {
                    Value::Id(id) => Some(Id::from_uuid(id)),
                    _ => None,
                }),
            },
            created_at: entry.record.created_at,
            title: E::title(&entry.record.data),
        };
        Ok(E::read(view).find(&plan)?.into_iter().map(hit).collect())
    }

    fn compare(&self, view: &dyn Snapshot, journal: &mut super::check::Replay) -> Result<()> {
        for trash in [false, true] {
            let plan = Plan::all_where(Condition::All(Vec::new()), trash, usize::MAX);
            for entry in E::read(view).find(&plan)? {
                journal.compare(&entry);
            }
        }
        Ok(())
    }
}
