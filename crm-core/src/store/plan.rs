//! A query that was checked against the entity's fields: what adapters carry out.

use super::condition::Resolver;
use super::path::{Target, target};
use super::{AnyEntry, Atom, ColumnRef, Condition, Entry, Sight, Snapshot, Stored, cursor};
use crate::error::{Error, Result, Violations};
use crate::model::{Conventions, Page, Query, Schema};
use crate::value::{Search, Timestamp, ValueType};
use std::sync::Arc;
use uuid::Uuid;

/// A checked query.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Which records.
    pub condition: Condition,
    /// Words that they contain: whole, as the beginning of a word, or inside of one. A search that asks for nothing finds
    /// nothing.
    pub words: Option<Search>,
    /// In which order.
    pub order: Order,
    /// At most so many.
    pub limit: usize,
    /// What is in the trash instead of what is live.
    pub trash: bool,
    /// Which of them the reader may see.
    pub sight: Arc<Sight>,
    /// Tells the cursors of this query from others.
    pub(crate) hash: u64,
}

/// The order of a list, and the place where it goes on.
///
/// Nulls come last in either direction. Records with equal keys stand in the order of their creation, in the
/// direction of the last key. Nobody's clock runs backwards in a store, so the order of `created_at` is that of rows.
#[derive(Clone, Debug)]
pub struct Order {
    /// The keys; never empty.
    pub keys: Vec<SortKey>,
    /// After this record.
    pub after: Option<Position>,
    /// It is the order that lists have when nothing is said: by `created_at`, the newest first.
    pub newest: bool,
}

/// A place in an order.
#[derive(Clone, Debug, PartialEq)]
pub struct Position {
    /// The ranks of the record in the keys of the order.
    pub ranks: Vec<Atom>,
    /// When it was created: helps when it is gone.
    pub created_at: Timestamp,
    /// Its id.
    pub id: Uuid,
}

impl Order {
    fn newest() -> Self {
        let keys = ColumnRef::envelope("created_at").map(|column| SortKey { column, descending: true });
        Order { keys: keys.into_iter().collect(), after: None, newest: true }
    }
}

/// One key of an order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SortKey {
    /// The column.
    pub column: ColumnRef,
    /// Largest first.
    pub descending: bool,
}

/// What a store can be expected to look at for each record.
const MOST_TESTS: usize = 500;
const MOST_VALUES: usize = 10_000;

impl Plan {
    /// Checks a query against an entity.
    ///
    /// # Errors
    /// `invalid` with all that is wrong: unknown fields, values of the wrong type, a page size out of range, a
    /// cursor that is broken or belongs to another query.
    pub fn new(
        schema: &'static Schema,
        query: &Query,
        sight: Arc<Sight>,
        conventions: &Conventions,
    ) -> Result<Self> {
        let mut problems = Violations::default();
        if !(1..=Query::LARGEST_PAGE).contains(&query.page_size) {
            let reason = format!("a page has 1 to {} records", Query::LARGEST_PAGE);
            problems.add("page_size", "range", &query.page_size.to_string(), reason);
        }
        let condition = Resolver { schema, conventions }.condition(&query.filter, &mut problems, 0);
        if problems.iter().any(|problem| problem.rule == "too_deep") {
            // What follows walks the filter to its end, which may be too deep for the stack.
            return Err(Error::Invalid(problems));
        }
        let (tests, values) = condition.weight();
        if tests > MOST_TESTS || values > MOST_VALUES {
            let reason = format!("at most {MOST_TESTS} tests (an amount is two) and {MOST_VALUES} values");
            problems.add("filter", "too_many", "", reason);
        }
        let keys = sort_keys(schema, &query.order, conventions, &mut problems);
        let region = &conventions.keys.phone_region;
        let words = query.words.as_deref().map(|text| Search::new(text, region));
        if words.is_some() && !schema.searchable {
            problems.add(
                "words",
                "not_searchable",
                "",
                format!("{} has no words to be found by", schema.entity),
            );
        }
        let hash = cursor::query_hash(schema.entity, query);
        let mut order = match keys.is_empty() {
            true => Order::newest(),
            false => Order { keys, after: None, newest: false },
        };
        if let Some(text) = &query.cursor {
            match cursor::decode(text, hash) {
                Ok(position) => resume(&mut order, position, &mut problems),
                Err(reason) => problems.add("cursor", "cursor", text, reason),
            }
        }
        problems.into_result()?;
        let limit = usize::try_from(query.page_size).unwrap_or(usize::MAX);
        Ok(Plan { condition, words, order, limit, trash: false, sight, hash })
    }

    /// Everything that meets a condition, in the order of creation: for the library's own questions.
    pub(crate) fn all_where(condition: Condition, trash: bool, limit: usize) -> Self {
        let sight = Arc::new(Sight::all());
        Plan { condition, words: None, order: Order::newest(), limit, trash, sight, hash: 0 }
    }

    /// The cursor of the page that begins after this record.
    pub(crate) fn cursor_after(&self, entry: &AnyEntry) -> String {
        let envelope = entry.envelope();
        let ranks = self.order.keys.iter().map(|key| key.column.rank(key.column.value_in(entry)));
        let mut position: Vec<Atom> = ranks.collect();
        position.push(Atom::Int(envelope.created_at.timestamp_micros()));
        position.push(Atom::Id { id: envelope.id });
        cursor::encode(&position, self.hash)
    }
}

impl<E: Stored> Page<Entry<E>> {
    /// The page of a plan.
    pub(crate) fn read(view: &dyn Snapshot, plan: &Plan, total: bool) -> Result<Self> {
        let (items, more) = E::read(view).page(plan)?;
        let next = items.last().filter(|_| more).map(|last| plan.cursor_after(last));
        let total = total.then(|| E::read(view).count(plan)).transpose()?;
        Ok(Page { items, next, total })
    }
}

/// Sets the place where the order goes on.
fn resume(order: &mut Order, mut ranks: Vec<Atom>, problems: &mut Violations) {
    let (id, at) = (ranks.pop(), ranks.pop());
    match (id, at) {
        (Some(Atom::Id { id }), Some(Atom::Int(micros))) if ranks.len() == order.keys.len() => {
            let created_at = Timestamp::from_timestamp_micros(micros).unwrap_or_default();
            order.after = Some(Position { ranks, created_at, id });
        }
        _ => problems.add("cursor", "cursor", "", "the cursor does not fit the order"),
    }
}

fn sort_keys(
    schema: &'static Schema,
    order: &[String],
    conventions: &Conventions,
    problems: &mut Violations,
) -> Vec<SortKey> {
    const MOST_KEYS: usize = 8;
    if order.len() > MOST_KEYS {
        problems.add("order", "too_many", "", format!("at most {MOST_KEYS} keys"));
    }
    let mut keys = Vec::new();
    for path in order.iter().take(MOST_KEYS) {
        let (name, descending) = match path.strip_prefix('-') {
            Some(name) => (name, true),
            None => (path.as_str(), false),
        };
        match target(schema, name, conventions) {
            Some(Target::Column(column, flags) | Target::Custom(column, _, flags)) if flags.sortable => {
                // A code sorts by its number.
                let number = schema.column(&format!("{name}_number")).map(ColumnRef::of);
                let column = number.filter(|_| column.ty == ValueType::Code).unwrap_or(column);
                keys.push(SortKey { column, descending });
            }
            // Amounts sort within their currency.
            Some(Target::Money { minor, currency, flags }) if flags.sortable => {
                keys.push(SortKey { column: currency, descending: false });
                keys.push(SortKey { column: minor, descending });
            }
            Some(_) => {
                problems.add("order", "not_sortable", name, format!("lists can't be sorted by {name:?}"));
            }
            None => {
                problems.add(
                    "order",
                    "unknown_field",
                    name,
                    format!("{} has no field {name:?}", schema.entity),
                );
            }
        }
    }
    keys
}
