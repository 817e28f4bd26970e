//! What can be done to a record whose kind is known only at run time: one object for each kind, all alike.

use super::rules::Rules;
use super::session::Hit;
use super::undo;
use super::unit_of_work::UnitOfWork;
use crate::error::Result;
use crate::insight::TimelinePlace;
use crate::model::{
    Action, Change, Conventions, Customer, Deletion, Entity, Gate, Kind, Op, Query, Settings,
};
use crate::store::{
    Atom, ColumnRef, Condition, Entry, Found, Order, Plan, Position, Sight, Snapshot, SortKey, Transaction,
    column_is, has_custom,
};
use crate::value::{Id, KeyRules, Value, to_micros};
use std::cmp::Ordering;
use std::marker::PhantomData;
use std::sync::Arc;
use uuid::Uuid;

/// A record of some kind in a state that the caller has just read.
pub(crate) trait KindOps: Sync {
    /// `Some(true)` when it is live, `Some(false)` in the trash, `None` when it is not there or not seen.
    fn is_live(&self, tx: &dyn Transaction, id: Uuid, sight: &Sight) -> Result<Option<bool>>;
    /// What the record is called, live or in the trash; `None` when it is not there or not seen.
    fn title(&self, tx: &dyn Transaction, id: Uuid, sight: &Sight) -> Result<Option<String>>;
    /// The records of a plan.
    fn ids(&self, tx: &dyn Transaction, plan: &Plan) -> Result<Vec<Uuid>>;
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
    /// Leads its reference to one record to another one.
    fn relink(&self, unit: &mut UnitOfWork<'_>, id: Uuid, field: usize, from: Uuid, to: Uuid) -> Result<()>;
    /// Takes one change back.
    fn undo(&self, unit: &mut UnitOfWork<'_>, change: &Change, deletion: Deletion) -> Result<()>;
    /// Whether the actor sees the record, and may do all of this to it.
    fn require(&self, unit: &UnitOfWork<'_>, id: Uuid, actions: &[Action]) -> Result<()>;
    /// Whether any record, live or in the trash, has a value in this custom field.
    fn has_custom(&self, tx: &dyn Transaction, key: &str) -> Result<bool>;
    /// Whether no two live records may have the same key in a field.
    fn is_unique(&self, field: &str, settings: &Settings) -> bool;
    /// Whether a query can be carried out.
    fn check_query(&self, query: &Query, conventions: &Conventions) -> Result<()>;
    /// Makes the keys and words anew that were made by other rules.
    fn reindex(&self, unit: &mut UnitOfWork<'_>, before: &KeyRules) -> Result<()>;
    /// Finds words.
    fn search(
        &self,
        view: &dyn Snapshot,
        words: &str,
        limit: u32,
        sight: Arc<Sight>,
        conventions: &Conventions,
    ) -> Result<Vec<Hit>>;
    /// The latest records of a customer before a place in the timeline, each with its moment.
    fn timeline(
        &self,
        view: &dyn Snapshot,
        customer: Uuid,
        before: Option<&TimelinePlace>,
        limit: usize,
        sight: Arc<Sight>,
    ) -> Result<Vec<(TimelinePlace, String)>>;
    /// Compares all rows with what the journal says of them.
    fn compare(&self, view: &dyn Snapshot, journal: &mut super::check::Replay) -> Result<()>;
}

struct Of<E>(PhantomData<fn() -> E>);

macro_rules! table {
    ($($entity:ident = $name:literal),+ $(,)?) => {
        /// The operations of a kind.
        pub(crate) fn ops(kind: Kind) -> &'static dyn KindOps {
            match kind {
                $(Kind::$entity => &Of::<crate::model::$entity>(PhantomData)),+
            }
        }
    };
}
crate::for_each_entity!(table);

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

    fn title(&self, tx: &dyn Transaction, id: Uuid, sight: &Sight) -> Result<Option<String>> {
        Ok(E::reads(tx).get(Id::from_uuid(id), sight)?.map(|entry| E::title(&entry.record.data)))
    }

    fn ids(&self, tx: &dyn Transaction, plan: &Plan) -> Result<Vec<Uuid>> {
        Ok(E::reads(tx).find(plan)?.into_iter().map(|entry| entry.record.id.uuid()).collect())
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

    fn relink(&self, unit: &mut UnitOfWork<'_>, id: Uuid, field: usize, from: Uuid, to: Uuid) -> Result<()> {
        match Self::entry(unit, id)? {
            Some(entry) => unit.relink(entry, field, from, to),
            None => Ok(()),
        }
    }

    fn undo(&self, unit: &mut UnitOfWork<'_>, change: &Change, deletion: Deletion) -> Result<()> {
        undo::undo_change::<E>(unit, change, deletion)
    }

    fn require(&self, unit: &UnitOfWork<'_>, id: Uuid, actions: &[Action]) -> Result<()> {
        let id = Id::<E>::from_uuid(id);
        unit.load_any(id)?;
        actions.iter().try_for_each(|action| unit.require(id, *action))
    }

    fn has_custom(&self, tx: &dyn Transaction, key: &str) -> Result<bool> {
        for trash in [false, true] {
            let plan = Plan::all_where(has_custom(E::schema(), key), trash, 1);
            if !E::reads(tx).find(&plan)?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn is_unique(&self, field: &str, settings: &Settings) -> bool {
        E::is_unique(field, settings)
    }

    fn check_query(&self, query: &Query, conventions: &Conventions) -> Result<()> {
        Plan::new(E::schema(), query, Arc::new(Sight::all()), conventions).map(drop)
    }

    fn reindex(&self, unit: &mut UnitOfWork<'_>, before: &KeyRules) -> Result<()> {
        unit.reindex::<E>(before)
    }

    fn search(
        &self,
        view: &dyn Snapshot,
        words: &str,
        limit: u32,
        sight: Arc<Sight>,
        conventions: &Conventions,
    ) -> Result<Vec<Hit>> {
        let query = Query::new().words(words).page_size(limit.clamp(1, Query::LARGEST_PAGE));
        let plan = Plan::new(E::schema(), &query, sight, conventions)?;
        if limit == 0 {
            return Ok(Vec::new());
        }
        let hit = |Found { matched, entry }: Found<E>| Hit {
            kind: E::kind(),
            matched,
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
        Ok(E::read(view).search(&plan)?.into_iter().map(hit).collect())
    }

    fn timeline(
        &self,
        view: &dyn Snapshot,
        customer: Uuid,
        before: Option<&TimelinePlace>,
        limit: usize,
        sight: Arc<Sight>,
    ) -> Result<Vec<(TimelinePlace, String)>> {
        let Some(column) = ColumnRef::named(E::schema(), E::MOMENT) else { return Ok(Vec::new()) };
        let mut conditions = vec![column_is(E::schema(), "customer", customer)];
        let mut after = None;
        if let Some(place) = before {
            let micros = Atom::Int(to_micros(place.at));
            match place.kind.cmp(&E::kind()) {
                // Of the same moment, kinds stand in their own order.
                Ordering::Equal => {
                    let (ranks, created_at) = (vec![micros], place.created_at);
                    after = Some(Position { ranks, created_at, id: place.id });
                }
                Ordering::Less => {
                    conditions.push(Condition::Test { column, op: Op::AtMost, values: vec![micros] });
                }
                Ordering::Greater => {
                    conditions.push(Condition::Test { column, op: Op::Less, values: vec![micros] });
                }
            }
        }
        let plan = Plan::all_where(Condition::All(conditions), false, limit);
        let newest = E::MOMENT == "created_at";
        let order = Order { keys: vec![SortKey { column, descending: true }], after, newest };
        let found = E::read(view).find(&Plan { order, sight, ..plan })?;
        let entry = |entry: Entry<E>| {
            let at = match column.value(&entry) {
                Value::Instant(at) => at,
                _ => entry.record.created_at,
            };
            let (id, created_at) = (entry.record.id.uuid(), entry.record.created_at);
            (TimelinePlace { at, kind: E::kind(), created_at, id }, E::title(&entry.record.data))
        };
        Ok(found.into_iter().map(entry).collect())
    }

    fn compare(&self, view: &dyn Snapshot, journal: &mut super::check::Replay) -> Result<()> {
        for trash in [false, true] {
            let plan = Plan::all_where(Condition::All(Vec::new()), trash, usize::MAX);
            for entry in E::read(view).find(&plan)? {
                let Entry { record, deletion } = &entry;
                journal.compare(
                    E::kind(),
                    record.id.uuid(),
                    record.version,
                    deletion.is_some(),
                    &record.data,
                );
            }
        }
        Ok(())
    }
}
