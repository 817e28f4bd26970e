//! What can be done to a record whose kind is known only at run time. All kinds are alike but for their rules.

use super::check::Replay;
use super::rules::Rules;
use super::session::Hit;
use super::unit_of_work::{Ahead, UnitOfWork};
use crate::error::Result;
use crate::insight::TimelinePlace;
use crate::model::{
    Action, AnyData, Conventions, Customer, Deletion, Gate, Kind, Op, Query, Record, Schema, Settings,
};
use crate::store::{
    AnyEntry, Atom, ColumnRef, Condition, Envelope, Order, Plan, Position, Sight, Snapshot, SortKey,
    column_is, has_custom, keeper, own_data, own_data_mut,
};
use crate::value::{Id, Value, to_micros};
use std::cmp::Ordering;
use std::marker::PhantomData;
use std::sync::Arc;
use uuid::Uuid;

/// The operations of a kind.
pub(crate) fn ops(kind: Kind) -> KindOps {
    KindOps(kind)
}

/// What can be done to the records of a kind.
#[derive(Clone, Copy)]
pub(crate) struct KindOps(Kind);

/// That a field refers to this id: through its column, or through the keys of a list.
pub(super) fn refers_to(schema: &'static Schema, field: usize, id: Uuid) -> Condition {
    let column = schema.columns.iter().find(|column| column.field == field);
    match column {
        Some(column) if matches!(column.ty, crate::value::ValueType::Id(_)) => {
            crate::store::equals(column, id)
        }
        _ => Condition::HasKey {
            field: schema.fields[field].name,
            index: field,
            keys: vec![id.to_string()],
            prefix: false,
        },
    }
}

impl KindOps {
    /// `Some(true)` when it is live, `Some(false)` in the trash, `None` when it is not there or not seen.
    pub(crate) fn is_live(self, view: &dyn Snapshot, id: Uuid, sight: &Sight) -> Result<Option<bool>> {
        Ok(keeper(self.0).get(view, id, sight)?.map(|entry| entry.is_live()))
    }

    /// What the record is called, live or in the trash; `None` when it is not there or not seen.
    pub(crate) fn title(self, view: &dyn Snapshot, id: Uuid, sight: &Sight) -> Result<Option<String>> {
        let entry = keeper(self.0).get(view, id, sight)?;
        Ok(entry.map(|entry| rules(self.0).title(entry.data())))
    }

    /// The records of a plan.
    pub(crate) fn ids(self, view: &dyn Snapshot, plan: &Plan) -> Result<Vec<Uuid>> {
        Ok(keeper(self.0).find(view, plan)?.into_iter().map(|entry| entry.id()).collect())
    }

    /// The records whose field refers to this id, live or in the trash.
    pub(crate) fn referring(
        self,
        view: &dyn Snapshot,
        field: usize,
        id: Uuid,
        trash: bool,
    ) -> Result<Vec<Uuid>> {
        let condition = match (trash, refers_to(self.0.schema(), field, id)) {
            // What is in the trash has given up its keys.
            (true, Condition::HasKey { .. }) => Condition::All(Vec::new()),
            (_, condition) => condition,
        };
        let mut found = keeper(self.0).find(view, &Plan::all_where(condition, trash, usize::MAX))?;
        found.retain(|entry| {
            let mut refers = false;
            entry.data().references(field, &mut |_, to| refers |= to == id);
            refers
        });
        Ok(found.into_iter().map(|entry| entry.id()).collect())
    }

    /// Puts it and what hangs on it in the trash.
    pub(crate) fn trash_tree(self, unit: &mut UnitOfWork<'_>, id: Uuid, deletion: Deletion) -> Result<()> {
        match unit.peek_kind(self.0, id)? {
            Some(entry) if entry.is_live() => unit.trash_tree(self.0, entry, deletion),
            _ => Ok(()),
        }
    }

    /// Brings it back if it went with this deletion.
    pub(crate) fn restore_tree(self, unit: &mut UnitOfWork<'_>, id: Uuid, deletion: Uuid) -> Result<()> {
        match unit.peek_kind(self.0, id)? {
            Some(entry) if entry.envelope().deletion.is_some_and(|d| d.id == deletion) => {
                unit.restore_tree(self.0, entry, deletion).map(drop)
            }
            _ => Ok(()),
        }
    }

    /// Removes it for good.
    pub(crate) fn purge_tree(self, unit: &mut UnitOfWork<'_>, id: Uuid) -> Result<()> {
        match unit.peek_kind(self.0, id)? {
            Some(entry) => unit.purge_tree(self.0, entry),
            None => Ok(()),
        }
    }

    /// Empties its reference to another record.
    pub(crate) fn unlink(
        self,
        unit: &mut UnitOfWork<'_>,
        id: Uuid,
        field: usize,
        target: Uuid,
    ) -> Result<()> {
        match unit.peek_kind(self.0, id)? {
            Some(entry) => unit.unlink(self.0, entry, field, target),
            None => Ok(()),
        }
    }

    /// Leads its reference to one record to another one.
    pub(crate) fn relink(
        self,
        unit: &mut UnitOfWork<'_>,
        id: Uuid,
        field: usize,
        from: Uuid,
        to: Uuid,
    ) -> Result<()> {
        match unit.peek_kind(self.0, id)? {
            Some(entry) => unit.relink(self.0, entry, field, from, to),
            None => Ok(()),
        }
    }

    /// Whether the actor sees the record, and may do all of this to it.
    pub(crate) fn require(self, unit: &UnitOfWork<'_>, id: Uuid, actions: &[Action]) -> Result<()> {
        unit.load_kind_any(self.0, id)?;
        actions.iter().try_for_each(|action| unit.require_kind(self.0, id, *action))
    }

    /// Whether any record, live or in the trash, has a value in this custom field.
    pub(crate) fn has_custom(self, view: &dyn Snapshot, key: &str) -> Result<bool> {
        for trash in [false, true] {
            let plan = Plan::all_where(has_custom(self.0.schema(), key), trash, 1);
            if !keeper(self.0).find(view, &plan)?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a query can be carried out.
    pub(crate) fn check_query(self, query: &Query, conventions: &Conventions) -> Result<()> {
        Plan::new(self.0.schema(), query, Arc::new(Sight::all()), conventions).map(drop)
    }

    /// Finds words.
    pub(crate) fn search(
        self,
        view: &dyn Snapshot,
        words: &str,
        limit: u32,
        sight: Arc<Sight>,
        conventions: &Conventions,
    ) -> Result<Vec<Hit>> {
        let (kind, schema) = (self.0, self.0.schema());
        let query = Query::new().words(words).page_size(limit.clamp(1, Query::LARGEST_PAGE));
        let plan = Plan::new(schema, &query, sight, conventions)?;
        if limit == 0 {
            return Ok(Vec::new());
        }
        let found = keeper(kind).search(view, &plan)?;
        let hits = found.into_iter().map(|(matched, entry)| {
            let (Envelope { id, created_at, .. }, data) = (entry.envelope(), entry.data());
            let customer = match schema.gate {
                Gate::Owner => Some(Id::<Customer>::from_uuid(id)),
                _ => schema.field("customer").and_then(|field| match data.value(field) {
                    Value::Id(id) => Some(Id::from_uuid(id)),
                    _ => None,
                }),
            };
            Hit { kind, matched, id, customer, created_at, title: rules(kind).title(data) }
        });
        Ok(hits.collect())
    }

    /// The latest records of a customer before a place in the timeline, each with its moment.
    pub(crate) fn timeline(
        self,
        view: &dyn Snapshot,
        customer: Uuid,
        before: Option<&TimelinePlace>,
        limit: usize,
        sight: Arc<Sight>,
    ) -> Result<Vec<(TimelinePlace, String)>> {
        let (kind, schema) = (self.0, self.0.schema());
        let moment = rules(kind).moment();
        let Some(column) = ColumnRef::named(schema, moment) else { return Ok(Vec::new()) };
        let mut conditions = vec![column_is(schema, "customer", customer)];
        let mut after = None;
        if let Some(place) = before {
            let micros = Atom::Int(to_micros(place.at));
            match place.kind.cmp(&kind) {
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
        let newest = moment == "created_at";
        let order = Order { keys: vec![SortKey { column, descending: true }], after, newest };
        let found = keeper(kind).find(view, &Plan { order, sight, ..plan })?;
        let entries = found.into_iter().map(|entry| {
            let (created_at, id) = entry.born();
            let at = match column.value_in(&*entry) {
                Value::Instant(at) => at,
                _ => created_at,
            };
            (TimelinePlace { at, kind, created_at, id }, rules(kind).title(entry.data()))
        });
        Ok(entries.collect())
    }

    /// Compares all rows with what the journal says of them.
    pub(crate) fn compare(self, view: &dyn Snapshot, journal: &mut Replay) -> Result<()> {
        for trash in [false, true] {
            let plan = Plan::all_where(Condition::All(Vec::new()), trash, usize::MAX);
            for entry in keeper(self.0).find(view, &plan)? {
                let Envelope { id, version, deletion, .. } = entry.envelope();
                journal.compare(self.0, id, version, deletion.is_some(), entry.data());
            }
        }
        Ok(())
    }

    // ---- the rules of the kind: see `Rules` ---------------------------------------------------------------------

    /// Whether no two live records may have the same key in a field.
    pub(crate) fn is_unique(self, field: &str, settings: &Settings) -> bool {
        rules(self.0).is_unique(field, settings)
    }

    /// Creates a record under an id that was made beforehand.
    pub(crate) fn create(
        self,
        unit: &mut UnitOfWork<'_>,
        id: Uuid,
        data: Box<AnyData>,
    ) -> Result<Box<AnyEntry>> {
        rules(self.0).create(unit, id, data, None)
    }

    /// The same with what was made of the data ahead.
    #[cfg(feature = "exchange")]
    pub(super) fn create_from(
        self,
        unit: &mut UnitOfWork<'_>,
        id: Uuid,
        data: Box<AnyData>,
        ahead: Option<Ahead>,
    ) -> Result<Box<AnyEntry>> {
        rules(self.0).create(unit, id, data, ahead)
    }

    /// Whether a record could be created, as far as its data and the rules say.
    #[cfg(feature = "exchange")]
    pub(super) fn check_new(self, unit: &mut UnitOfWork<'_>, id: Uuid, data: Box<AnyData>) -> Result<()> {
        rules(self.0).check_new(unit, id, data)
    }

    /// The changed data of a record, cleaned, checked and completed by the rules.
    pub(super) fn prepared(
        self,
        unit: &mut UnitOfWork<'_>,
        data: Box<AnyData>,
        old: &AnyEntry,
        by_library: bool,
    ) -> Result<Box<AnyData>> {
        rules(self.0).prepared(unit, data, old, by_library)
    }

    pub(super) fn after_save(
        self,
        unit: &mut UnitOfWork<'_>,
        entry: &AnyEntry,
        old: &AnyEntry,
    ) -> Result<()> {
        rules(self.0).after_save(unit, entry, old)
    }

    pub(super) fn before_trash(self, unit: &mut UnitOfWork<'_>, entry: &AnyEntry) -> Result<()> {
        rules(self.0).before_trash(unit, entry)
    }

    pub(super) fn before_restore(self, unit: &mut UnitOfWork<'_>, data: &mut AnyData) -> Result<()> {
        rules(self.0).before_restore(unit, data)
    }

    pub(super) fn after_restore(self, unit: &mut UnitOfWork<'_>, entry: &AnyEntry) -> Result<()> {
        rules(self.0).after_restore(unit, entry)
    }

    pub(super) fn after_purge(self, unit: &mut UnitOfWork<'_>, entry: &AnyEntry) -> Result<()> {
        rules(self.0).after_purge(unit, entry)
    }
}

/// What [`Rules`] say, for records of a kind that is known only at run time: one object for each kind.
trait AnyRules: Sync {
    fn title(&self, data: &AnyData) -> String;
    fn moment(&self) -> &'static str;
    fn is_unique(&self, field: &str, settings: &Settings) -> bool;
    fn create(
        &self,
        unit: &mut UnitOfWork<'_>,
        id: Uuid,
        data: Box<AnyData>,
        ahead: Option<Ahead>,
    ) -> Result<Box<AnyEntry>>;
    #[cfg(feature = "exchange")]
    fn check_new(&self, unit: &mut UnitOfWork<'_>, id: Uuid, data: Box<AnyData>) -> Result<()>;
    fn prepared(
        &self,
        unit: &mut UnitOfWork<'_>,
        data: Box<AnyData>,
        old: &AnyEntry,
        by_library: bool,
    ) -> Result<Box<AnyData>>;
    fn after_save(&self, unit: &mut UnitOfWork<'_>, entry: &AnyEntry, old: &AnyEntry) -> Result<()>;
    fn before_trash(&self, unit: &mut UnitOfWork<'_>, entry: &AnyEntry) -> Result<()>;
    fn before_restore(&self, unit: &mut UnitOfWork<'_>, data: &mut AnyData) -> Result<()>;
    fn after_restore(&self, unit: &mut UnitOfWork<'_>, entry: &AnyEntry) -> Result<()>;
    fn after_purge(&self, unit: &mut UnitOfWork<'_>, entry: &AnyEntry) -> Result<()>;
}

struct Of<E>(PhantomData<fn() -> E>);

macro_rules! table {
    ($($entity:ident = $name:literal),+ $(,)?) => {
        fn rules(kind: Kind) -> &'static dyn AnyRules {
            match kind {
                $(Kind::$entity => &Of::<crate::model::$entity>(PhantomData)),+
            }
        }
    };
}
crate::for_each_entity!(table);

fn record<E: Rules>(entry: &AnyEntry) -> Result<&Record<E>> {
    Ok(&entry.of::<E>()?.record)
}

impl<E: Rules> AnyRules for Of<E> {
    fn title(&self, data: &AnyData) -> String {
        let data: &dyn std::any::Any = data;
        data.downcast_ref::<E>().map(E::title).unwrap_or_default()
    }

    fn moment(&self) -> &'static str {
        E::MOMENT
    }

    fn is_unique(&self, field: &str, settings: &Settings) -> bool {
        E::is_unique(field, settings)
    }

    fn create(
        &self,
        unit: &mut UnitOfWork<'_>,
        id: Uuid,
        data: Box<AnyData>,
        ahead: Option<Ahead>,
    ) -> Result<Box<AnyEntry>> {
        let record = unit.insert(Id::<E>::from_uuid(id), own_data(data)?, ahead)?;
        Ok(Box::new(crate::store::Entry { record, deletion: None }))
    }

    #[cfg(feature = "exchange")]
    fn check_new(&self, unit: &mut UnitOfWork<'_>, id: Uuid, data: Box<AnyData>) -> Result<()> {
        unit.prepared_new(Id::<E>::from_uuid(id), own_data(data)?)
    }

    fn prepared(
        &self,
        unit: &mut UnitOfWork<'_>,
        data: Box<AnyData>,
        old: &AnyEntry,
        by_library: bool,
    ) -> Result<Box<AnyData>> {
        unit.prepared_change::<E>(data, old, by_library)
    }

    fn after_save(&self, unit: &mut UnitOfWork<'_>, entry: &AnyEntry, old: &AnyEntry) -> Result<()> {
        E::after_save(unit, record(entry)?, Some(record(old)?))
    }

    fn before_trash(&self, unit: &mut UnitOfWork<'_>, entry: &AnyEntry) -> Result<()> {
        E::before_trash(unit, record(entry)?)
    }

    fn before_restore(&self, unit: &mut UnitOfWork<'_>, data: &mut AnyData) -> Result<()> {
        E::before_restore(unit, own_data_mut(data)?)
    }

    fn after_restore(&self, unit: &mut UnitOfWork<'_>, entry: &AnyEntry) -> Result<()> {
        E::after_restore(unit, record(entry)?)
    }

    fn after_purge(&self, unit: &mut UnitOfWork<'_>, entry: &AnyEntry) -> Result<()> {
        E::after_purge(unit, record(entry)?)
    }
}
