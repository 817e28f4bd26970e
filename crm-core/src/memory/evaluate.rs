//! Conditions, orders and figures, worked out record by record.

use super::State;
use super::table::Stored;
use crate::error::{Error, Result};
use crate::model::{AnyData, Entity, Gate, Op, Schema, User};
use crate::port::{
    AggregatePlan, Atom, ColumnRef, Condition, GroupKey, Order, Plan, RawGroup, Scope, Sight, Weights,
};
use crate::store::{AnyEntry, in_order};
use crate::value::{Currency, Match, Money, Value, ValueType};
use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;
use uuid::Uuid;

impl Stored {
    fn value(&self, column: &ColumnRef) -> Value {
        column.value_in(&*self.entry)
    }

    fn has_key(&self, field: &str, accepts: &dyn Fn(&str) -> bool) -> bool {
        self.keys.iter().any(|key| key.field == field && accepts(&key.key))
    }

    fn owner(&self) -> Option<Uuid> {
        reference(self.entry.data(), "owner")
    }

    fn customer(&self) -> Option<Uuid> {
        reference(self.entry.data(), "customer")
    }
}

fn reference(data: &AnyData, field: &str) -> Option<Uuid> {
    match data.schema().field(field).map(|field| data.value(field)) {
        Some(Value::Id(id)) => Some(id),
        _ => None,
    }
}

impl State {
    pub(super) fn sees(&self, row: &Stored, sight: &Sight) -> bool {
        self.in_scope(row.entry.schema(), row.owner(), row.customer(), sight)
    }

    fn in_scope(&self, schema: &Schema, owner: Option<Uuid>, customer: Option<Uuid>, sight: &Sight) -> bool {
        let owner = || match schema.gate {
            Gate::Owner => owner,
            _ => customer.and_then(|id| self.row("customer", id)).and_then(Stored::owner),
        };
        match sight.scope(schema) {
            Scope::All => true,
            Scope::Nothing => false,
            Scope::Own(user) => owner() == Some(user.uuid()),
            Scope::Team(team) => {
                let user = owner()
                    .and_then(|id| self.row(User::ENTITY, id))
                    .and_then(|row| row.entry.of::<User>().ok());
                user.is_some_and(|user| user.record.team.as_deref() == Some(team))
            }
        }
    }

    pub(super) fn row(&self, entity: &str, id: Uuid) -> Option<&Stored> {
        self.tables.get(entity)?.get(id)
    }

    fn accepts(&self, condition: &Condition, row: &Stored, sight: &Sight) -> bool {
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
                    row.entry.is_live()
                        && self.in_scope(target, row.owner(), row.customer(), sight)
                        && self.accepts(condition, row, sight)
                }),
                _ => false,
            },
        }
    }

    /// The records that a plan is for, in no order.
    pub(super) fn matching(&self, schema: &Schema, plan: &Plan, worst: Match) -> Vec<&Stored> {
        let Some(table) = self.tables.get(schema.entity) else { return Vec::new() };
        let wanted = |row: &&Stored| {
            row.entry.is_live() != plan.trash
                && self.sees(row, &plan.sight)
                && plan.words.as_ref().is_none_or(|search| search.best_match(&row.words, worst).is_some())
                && self.accepts(&plan.condition, row, &plan.sight)
        };
        table.rows().filter(wanted).collect()
    }

    pub(crate) fn find(&self, schema: &Schema, plan: &Plan) -> Vec<Box<AnyEntry>> {
        let found = self.sorted(schema, plan).into_iter().take(plan.limit);
        found.map(|row| row.entry.copy()).collect()
    }

    pub(crate) fn search(&self, schema: &Schema, plan: &Plan) -> Vec<(Match, Box<AnyEntry>)> {
        let found = self.ranked(schema, plan).into_iter().take(plan.limit);
        found.map(|(matched, row)| (matched, row.entry.copy())).collect()
    }

    /// The records that a plan is for, in its order.
    fn sorted(&self, schema: &Schema, plan: &Plan) -> Vec<&Stored> {
        let mut found = self.matching(schema, plan, Match::Inside);
        let order = &plan.order;
        let backwards = order.keys.last().is_some_and(|key| key.descending);
        let ranked = |row: &Stored| {
            let ranks = order.keys.iter().map(|key| key.column.rank(row.value(&key.column))).collect();
            Ranked { order, backwards, ranks, place: row.place }
        };
        found.sort_by_cached_key(|row| ranked(row));
        let Some(after) = &order.after else { return found };
        // One that the reader does not see is as good as gone: a cursor tells nothing of it.
        let last = self.row(schema.entity, after.id).filter(|row| self.sees(row, &plan.sight));
        let place = last.map(|row| row.place).unwrap_or_else(|| {
            // Of the same moment, as in a batch, the ids tell who was first.
            let rows = self.tables.get(schema.entity).into_iter().flat_map(|table| table.rows());
            let older = rows.filter(|row| row.entry.born() < (after.created_at, after.id));
            // One further when going backwards: the youngest that is left comes next.
            older.map(|row| row.place).max().unwrap_or(0) + u64::from(backwards)
        });
        let after = Ranked { order, backwards, ranks: after.ranks.clone(), place };
        found.retain(|row| ranked(row) > after);
        found
    }

    /// The records that a search finds, the best first, among equals the newest.
    fn ranked(&self, schema: &Schema, plan: &Plan) -> Vec<(Match, &Stored)> {
        let Some(search) = &plan.words else { return Vec::new() };
        let matching = self.matching(schema, plan, Match::Typo).into_iter();
        let mut found: Vec<(Match, &Stored)> =
            matching.filter_map(|row| Some((search.best_match(&row.words, Match::Typo)?, row))).collect();
        found.sort_by_key(|(matched, row)| (*matched, Reverse(row.place)));
        found
    }

    pub(crate) fn aggregate(
        &self,
        schema: &Schema,
        plan: &Plan,
        figures: &AggregatePlan,
    ) -> Result<Vec<RawGroup>> {
        let mut groups: BTreeMap<(Vec<Atom>, Atom), RawGroup> = BTreeMap::new();
        let found = self.matching(schema, plan, Match::Inside);
        let raw =
            |column: &ColumnRef, row: &Stored| ColumnRef { folded: false, ..*column }.atom(row.value(column));
        for row in found {
            let keys: Vec<Atom> = figures.keys.iter().map(|key| group_key(key, figures, row)).collect();
            let currency = figures.currency.map_or(Atom::Null, |column| raw(&column, row));
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
            let value = raw(measure, row);
            if value == Atom::Null {
                continue;
            }
            group.measured += 1;
            if let (true, Atom::Int(number)) = (figures.summable, &value) {
                let number =
                    figures.weights.as_ref().map_or(*number, |weights| weighted(weights, *number, row));
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
fn weighted(weights: &Weights, minor: i64, row: &Stored) -> i64 {
    let stage = row.value(&weights.stage);
    let percent = weights.percent(
        row.value(&weights.probability).as_int(),
        row.value(&weights.pipeline).as_id(),
        stage.as_text().unwrap_or_default(),
    );
    Money::new(minor, Currency::USD).percent(percent).minor
}

fn group_key(key: &GroupKey, figures: &AggregatePlan, row: &Stored) -> Atom {
    let value = row.value(&key.column);
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

/// Where a record stands in an order.
struct Ranked<'o> {
    order: &'o Order,
    backwards: bool,
    ranks: Vec<Atom>,
    place: u64,
}

impl Ord for Ranked<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let pairs = self.ranks.iter().zip(&other.ranks).zip(&self.order.keys);
        let by_keys = pairs.map(|((l, r), key)| in_order(l, r, key.descending)).find(|o| o.is_ne());
        let by_place = self.place.cmp(&other.place);
        by_keys.unwrap_or(if self.backwards { by_place.reverse() } else { by_place })
    }
}

impl PartialOrd for Ranked<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ranked<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Ranked<'_> {}
