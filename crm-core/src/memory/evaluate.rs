//! Conditions, orders and figures, worked out record by record.

use super::State;
use super::table::{Stored, Table};
use crate::error::{Error, Result};
use crate::model::{Entity, Gate, Op, Schema};
use crate::port::{
    AggregatePlan, Atom, ColumnRef, Condition, Entry, Found, GroupKey, Order, Plan, RawGroup, Scope, Sight,
    Weights,
};
use crate::store::in_order;
use crate::value::{Currency, Id, Match, Money, Value, ValueType};
use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;
use uuid::Uuid;

/// A record of any entity, as conditions look at it.
pub(super) trait Row {
    fn value(&self, column: &ColumnRef) -> Value;
    fn has_key(&self, field: &str, accepts: &dyn Fn(&str) -> bool) -> bool;
    fn is_live(&self) -> bool;
    fn owner(&self) -> Option<Uuid>;
    fn customer(&self) -> Option<Uuid>;
}

impl<E: Entity> Row for Stored<E> {
    fn value(&self, column: &ColumnRef) -> Value {
        column.value(&self.entry)
    }
    fn has_key(&self, field: &str, accepts: &dyn Fn(&str) -> bool) -> bool {
        self.keys.iter().any(|key| key.field == field && accepts(&key.key))
    }
    fn is_live(&self) -> bool {
        self.entry.deletion.is_none()
    }
    fn owner(&self) -> Option<Uuid> {
        reference(&self.entry, "owner")
    }
    fn customer(&self) -> Option<Uuid> {
        reference(&self.entry, "customer")
    }
}

fn reference<E: Entity>(entry: &Entry<E>, field: &str) -> Option<Uuid> {
    match E::schema().field(field).map(|field| entry.record.data.value(field)) {
        Some(Value::Id(id)) => Some(id),
        _ => None,
    }
}

impl State {
    pub(super) fn sees<E: Entity>(&self, entry: &Entry<E>, sight: &Sight) -> bool {
        self.in_scope(E::schema(), reference(entry, "owner"), reference(entry, "customer"), sight)
    }

    fn in_scope(&self, schema: &Schema, owner: Option<Uuid>, customer: Option<Uuid>, sight: &Sight) -> bool {
        let owner = || match schema.gate {
            Gate::Owner => owner,
            _ => customer.and_then(|id| self.row("customer", id)).and_then(Row::owner),
        };
        match sight.scope(schema) {
            Scope::All => true,
            Scope::Nothing => false,
            Scope::Own(user) => owner() == Some(user.uuid()),
            Scope::Team(team) => {
                let user = owner()
                    .and_then(|id| self.table::<crate::model::User>()?.get(crate::value::Id::from_uuid(id)));
                user.is_some_and(|user| user.record.team.as_deref() == Some(team))
            }
        }
    }

    fn row(&self, entity: &str, id: Uuid) -> Option<&dyn Row> {
        self.tables.get(entity)?.row(id)
    }

    fn accepts(&self, condition: &Condition, row: &dyn Row, sight: &Sight) -> bool {
        match condition {
            Condition::All(all) => all.iter().all(|one| self.accepts(one, row, sight)),
            Condition::Any(any) => any.iter().any(|one| self.accepts(one, row, sight)),
            Condition::Not(not) => !self.accepts(not, row, sight),
            Condition::HasChoice { column, choices } => match row.value(column) {
                Value::List(list) => list.iter().any(|choice| {
                    choice.as_text().is_some_and(|text| choices.contains(&crate::value::fold(text)))
                }),
                _ => false,
            },
            Condition::Test { column, op, values } => test(column, *op, values, row.value(column)),
            Condition::HasKey { field, keys, prefix, .. } => row.has_key(field, &|key| {
                keys.iter()
                    .any(|wanted| if *prefix { key.starts_with(wanted.as_str()) } else { key == wanted })
            }),
            Condition::KeyContains { field, part, .. } => {
                row.has_key(field, &|key| key.contains(part.as_str()))
            }
            Condition::NoKeys { column } => row.value(column).is_empty(),
            Condition::Hop { column, target, condition } => match row.value(column) {
                Value::Id(id) => self.row(target.entity, id).is_some_and(|row| {
                    row.is_live()
                        && self.in_scope(target, row.owner(), row.customer(), sight)
                        && self.accepts(condition, row, sight)
                }),
                _ => false,
            },
        }
    }

    pub(super) fn matching<E: Entity>(&self, plan: &Plan, worst: Match) -> Vec<&Stored<E>> {
        let Some(table) = self.table::<E>() else { return Vec::new() };
        let wanted = |stored: &&Stored<E>| {
            stored.entry.deletion.is_some() == plan.trash
                && self.sees(&stored.entry, &plan.sight)
                && plan.words.as_ref().is_none_or(|search| search.best_match(&stored.words, worst).is_some())
                && self.accepts(&plan.condition, *stored, &plan.sight)
        };
        table.rows().filter(wanted).collect()
    }

    pub(super) fn find<E: Entity>(&self, plan: &Plan) -> Vec<Entry<E>> {
        let Some(table) = self.table::<E>() else { return Vec::new() };
        let mut found = self.matching::<E>(plan, Match::Inside);
        // One that the reader does not see is as good as gone: a cursor tells nothing of it.
        let seen = |id| table.get(id).is_some_and(|entry| self.sees(entry, &plan.sight));
        sort(&mut found, &plan.order, table, seen);
        found.into_iter().take(plan.limit).map(|stored| stored.entry.clone()).collect()
    }

    pub(super) fn search<E: Entity>(&self, plan: &Plan) -> Vec<Found<E>> {
        let Some(search) = &plan.words else { return Vec::new() };
        let mut found: Vec<(Match, &Stored<E>)> = self
            .matching::<E>(plan, Match::Typo)
            .into_iter()
            .filter_map(|stored| Some((search.best_match(&stored.words, Match::Typo)?, stored)))
            .collect();
        found.sort_by_key(|(matched, stored)| (*matched, Reverse(stored.place)));
        let of = |(matched, stored): (Match, &Stored<E>)| Found { matched, entry: stored.entry.clone() };
        found.into_iter().take(plan.limit).map(of).collect()
    }

    pub(super) fn aggregate<E: Entity>(&self, plan: &Plan, figures: &AggregatePlan) -> Result<Vec<RawGroup>> {
        let mut groups: BTreeMap<(Vec<Atom>, Atom), RawGroup> = BTreeMap::new();
        let found = self.matching::<E>(plan, Match::Inside);
        let raw = |column: &ColumnRef, entry: &Entry<E>| {
            ColumnRef { folded: false, ..*column }.atom(column.value(entry))
        };
        for stored in found {
            let entry = &stored.entry;
            let keys: Vec<Atom> = figures.keys.iter().map(|key| group_key(key, figures, entry)).collect();
            let currency = figures.currency.map_or(Atom::Null, |column| raw(&column, entry));
            let group = groups.entry((keys.clone(), currency.clone())).or_insert(RawGroup {
                keys,
                currency,
                count: 0,
                measured: 0,
                sum: None,
                min: Atom::Null,
                max: Atom::Null,
            });
            group.count += 1;
            let Some(measure) = &figures.measure else { continue };
            let value = raw(measure, entry);
            if value == Atom::Null {
                continue;
            }
            group.measured += 1;
            if let (true, Atom::Int(number)) = (figures.summable, &value) {
                let number =
                    figures.weights.as_ref().map_or(*number, |weights| weighted(weights, *number, entry));
                let sum = group.sum.unwrap_or(0).checked_add(number);
                group.sum = Some(sum.ok_or_else(|| Error::invalid("of", "range", "the sum is too large"))?);
            }
            if group.min == Atom::Null || value < group.min {
                group.min = value.clone();
            }
            if group.max == Atom::Null || value > group.max {
                group.max = value;
            }
        }
        Ok(groups.into_values().collect())
    }
}

/// The amount of a deal weighted by how likely it is won.
fn weighted<E: Entity>(weights: &Weights, minor: i64, entry: &Entry<E>) -> i64 {
    let stage = weights.stage.value(entry);
    let percent = weights.percent(
        weights.probability.value(entry).as_int(),
        weights.pipeline.value(entry).as_id(),
        stage.as_text().unwrap_or_default(),
    );
    Money::new(minor, Currency::USD).percent(percent).minor
}

fn group_key<E: Entity>(key: &GroupKey, figures: &AggregatePlan, entry: &Entry<E>) -> Atom {
    let value = key.column.value(entry);
    match (key.period, &value) {
        (Some(period), Value::Date(date)) => Atom::Text(period.start(*date).to_string()),
        (Some(period), Value::Instant(at)) => Atom::Text(period.start(figures.zone.date_at(*at)).to_string()),
        _ => ColumnRef { folded: false, ..key.column }.atom(value),
    }
}

fn test(column: &ColumnRef, op: Op, values: &[Atom], value: Value) -> bool {
    let atom = || column.atom(value.clone());
    let rank = || column.rank(value.clone());
    let first = values.first().unwrap_or(&Atom::Null);
    let compared = |wanted: &[Ordering]| {
        let rank = rank();
        rank != Atom::Null && wanted.contains(&rank.cmp(first))
    };
    match op {
        Op::Is => atom() == *first,
        Op::IsNot => atom() != *first,
        Op::In => values.contains(&atom()),
        Op::Less => compared(&[Ordering::Less]),
        Op::AtMost => compared(&[Ordering::Less, Ordering::Equal]),
        Op::Greater => compared(&[Ordering::Greater]),
        Op::AtLeast => compared(&[Ordering::Greater, Ordering::Equal]),
        Op::Between => {
            let rank = rank();
            rank != Atom::Null && rank >= *first && values.get(1).is_some_and(|last| rank <= *last)
        }
        Op::Contains | Op::StartsWith => match (atom(), first) {
            (Atom::Text(text), Atom::Text(part)) if op == Op::Contains => text.contains(part.as_str()),
            (Atom::Text(text), Atom::Text(part)) => text.starts_with(part.as_str()),
            _ => false,
        },
        Op::IsEmpty => match column.ty {
            ValueType::Text => value.is_empty(),
            _ => value == Value::Null,
        },
    }
}

fn sort<E: Entity>(
    found: &mut Vec<&Stored<E>>,
    order: &Order,
    table: &Table<E>,
    seen: impl Fn(Id<E>) -> bool,
) {
    let backwards = order.keys.last().is_some_and(|key| key.descending);
    let compare = |left: (&[Atom], u64), right: (&[Atom], u64)| {
        let pairs = left.0.iter().zip(right.0).zip(&order.keys);
        let by_keys = pairs.map(|((l, r), key)| in_order(l, r, key.descending)).find(|o| o.is_ne());
        let by_place = if backwards { right.1.cmp(&left.1) } else { left.1.cmp(&right.1) };
        by_keys.unwrap_or(by_place)
    };
    let ranks = |stored: &Stored<E>| -> Vec<Atom> {
        order.keys.iter().map(|key| key.column.rank(key.column.value(&stored.entry))).collect()
    };
    found.sort_by(|left, right| compare((&ranks(left), left.place), (&ranks(right), right.place)));
    if let Some(after) = &order.after {
        let last = Some(Id::from_uuid(after.id)).filter(|id| seen(*id));
        let place = last.and_then(|id| table.place(id)).unwrap_or_else(|| {
            // Of the same moment, as in a batch, the ids tell who was first.
            let age = |stored: &&Stored<E>| (stored.entry.record.created_at, stored.entry.record.id.uuid());
            let older = table.rows().filter(|stored| age(stored) < (after.created_at, after.id));
            // One further when going backwards: the youngest that is left comes next.
            older.map(|stored| stored.place).max().unwrap_or(0) + u64::from(backwards)
        });
        found.retain(|stored| {
            compare((&ranks(stored), stored.place), (&after.ranks, place)) == Ordering::Greater
        });
    }
}
