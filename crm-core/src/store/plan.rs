//! A query that was checked against the entity's fields: what adapters carry out.

use super::column::is_keyed_list;
use super::{Atom, ColumnRef, Entry, Query, Sight, cursor};
use crate::error::{Error, Result, Violations};
use crate::model::{Entity, Filter, Op, Schema};
use crate::value::{Code, Currency, KeyRules, Mismatch, Timestamp, Value, ValueType, fold, query_words};
use std::sync::Arc;
use uuid::Uuid;

/// A checked query.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Which records.
    pub condition: Condition,
    /// Folded words that they contain, each as the beginning of a word. `Some` of nothing finds nothing.
    pub words: Option<Vec<String>>,
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

/// A checked filter.
#[derive(Clone, Debug)]
pub enum Condition {
    /// All of these.
    All(Vec<Condition>),
    /// At least one of these.
    Any(Vec<Condition>),
    /// The opposite.
    Not(Box<Condition>),
    /// A column compared with values. `Is`, `IsNot` and `In` take equality atoms, the comparisons ranks.
    Test {
        /// The column.
        column: ColumnRef,
        /// How. `Is` with NULL stands for "is empty".
        op: Op,
        /// With what; two values for `Between`.
        values: Vec<Atom>,
    },
    /// One of the keys of a list is one of these, or starts with the first.
    HasKey {
        /// The field.
        field: &'static str,
        /// Its index.
        index: usize,
        /// The keys.
        keys: Vec<String>,
        /// They are beginnings.
        prefix: bool,
    },
    /// The list is empty.
    NoKeys {
        /// The field's column.
        column: ColumnRef,
    },
    /// The record that a field refers to is live, visible, and meets the condition.
    Hop {
        /// The column with the reference.
        column: ColumnRef,
        /// What it refers to.
        target: &'static Schema,
        /// The condition on that.
        condition: Box<Condition>,
    },
}

/// What a store can be expected to look at for each record.
const MOST_TESTS: usize = 500;
const MOST_VALUES: usize = 10_000;

impl Condition {
    /// How many tests and values it has.
    fn weight(&self) -> (usize, usize) {
        match self {
            Condition::All(several) | Condition::Any(several) => {
                let weights = several.iter().map(Condition::weight);
                weights.fold((0, 0), |(tests, values), (t, v)| (tests + t, values + v))
            }
            Condition::Not(one) | Condition::Hop { condition: one, .. } => one.weight(),
            Condition::Test { values, .. } => (1, values.len()),
            Condition::HasKey { keys, .. } => (1, keys.len()),
            Condition::NoKeys { .. } => (1, 0),
        }
    }
}

impl Plan {
    /// Checks a query against an entity.
    ///
    /// # Errors
    /// `invalid` with all that is wrong: unknown fields, values of the wrong type, a page size out of range, a
    /// cursor that is broken or belongs to another query.
    pub fn new<E: Entity>(query: &Query, sight: Arc<Sight>, rules: &KeyRules) -> Result<Self> {
        let schema = E::schema();
        let mut problems = Violations::default();
        if !(1..=Query::LARGEST_PAGE).contains(&query.page_size) {
            let reason = format!("a page has 1 to {} records", Query::LARGEST_PAGE);
            problems.add("page_size", "range", &query.page_size.to_string(), reason);
        }
        let condition = Resolver { schema, rules }.condition(&query.filter, &mut problems, 0);
        if problems.iter().any(|problem| problem.rule == "too_deep") {
            // What follows walks the filter to its end, which may be too deep for the stack.
            return Err(Error::Invalid(problems));
        }
        let (tests, values) = condition.weight();
        if tests > MOST_TESTS || values > MOST_VALUES {
            let reason = format!("at most {MOST_TESTS} tests (an amount is two) and {MOST_VALUES} values");
            problems.add("filter", "too_many", "", reason);
        }
        let keys = sort_keys(schema, &query.order, &mut problems);
        let words = query.words.as_deref().map(query_words);
        if words.is_some() && !schema.searchable {
            problems.add(
                "words",
                "not_searchable",
                "",
                format!("{} has no words to be found by", schema.entity),
            );
        }
        let hash = cursor::query_hash(E::ENTITY, query);
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
    pub(crate) fn cursor_after<E: Entity>(&self, entry: &Entry<E>) -> String {
        let ranks = self.order.keys.iter().map(|key| key.column.rank(key.column.value(entry)));
        let mut position: Vec<Atom> = ranks.collect();
        position.push(Atom::Int(entry.record.created_at.timestamp_micros()));
        position.push(Atom::Id { id: entry.record.id.uuid() });
        cursor::encode(&position, self.hash)
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

fn sort_keys(schema: &'static Schema, order: &[String], problems: &mut Violations) -> Vec<SortKey> {
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
        match target(schema, name) {
            Some(Target::Column(column, flags)) if flags.sortable => {
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

#[derive(Clone, Copy)]
struct Usable {
    filterable: bool,
    sortable: bool,
}

/// What a path means.
enum Target {
    Column(ColumnRef, Usable),
    Money { minor: ColumnRef, currency: ColumnRef, flags: Usable },
    Keys { index: usize, column: ColumnRef, flags: Usable },
}

fn target(schema: &'static Schema, name: &str) -> Option<Target> {
    if let Some(column) = ColumnRef::envelope(name) {
        return Some(Target::Column(column, Usable { filterable: true, sortable: true }));
    }
    if let Some(column) = schema.column(name) {
        let field = &schema.fields[column.field];
        let flags = Usable { filterable: column.filterable, sortable: column.sortable };
        let reference = ColumnRef::of(column);
        return Some(if is_keyed_list(field) {
            Target::Keys { index: column.field, column: reference, flags }
        } else {
            Target::Column(reference, flags)
        });
    }
    let minor = schema.column(&format!("{name}_minor"))?;
    let currency = schema.column(&format!("{name}_currency"))?;
    let flags = Usable { filterable: minor.filterable, sortable: minor.sortable };
    (minor.sub == Some("minor")).then(|| Target::Money {
        minor: ColumnRef::of(minor),
        currency: ColumnRef::of(currency),
        flags,
    })
}

/// The column of a path, for figures.
pub(super) fn column_of(schema: &'static Schema, name: &str) -> Option<(ColumnRef, Option<ColumnRef>)> {
    match target(schema, name)? {
        Target::Column(column, flags) if flags.filterable => Some((column, None)),
        Target::Money { minor, currency, flags } if flags.filterable => Some((minor, Some(currency))),
        _ => None,
    }
}

struct Resolver<'a> {
    schema: &'static Schema,
    rules: &'a KeyRules,
}

impl Resolver<'_> {
    const DEEPEST: usize = 32;

    fn condition(&self, filter: &Filter, problems: &mut Violations, depth: usize) -> Condition {
        if depth > Self::DEEPEST {
            problems.add("filter", "too_deep", "", format!("filters nest at most {} deep", Self::DEEPEST));
            return Condition::All(Vec::new());
        }
        let mut each = |filters: &[Filter]| -> Vec<Condition> {
            filters.iter().map(|filter| self.condition(filter, problems, depth + 1)).collect()
        };
        match filter {
            Filter::And { and } => Condition::All(each(and)),
            Filter::Or { or } => Condition::Any(each(or)),
            Filter::Not { not } => Condition::Not(Box::new(self.condition(not, problems, depth + 1))),
            Filter::Test { field, op, value } => {
                let tested = match field.split_once('.') {
                    Some((reference, path)) => self.hop(reference, path, *op, value),
                    None => self.test(field, *op, value),
                };
                tested.unwrap_or_else(|problem| {
                    problems.add(field, problem.rule, &problem.found, problem.reason);
                    Condition::All(Vec::new())
                })
            }
        }
    }

    fn hop(
        &self,
        reference: &str,
        path: &str,
        op: Op,
        value: &Value,
    ) -> std::result::Result<Condition, Problem> {
        let Some(Target::Column(column, flags)) = target(self.schema, reference) else {
            return Err(Problem::unknown(self.schema));
        };
        let kind = match column.ty {
            ValueType::Id(entity) if flags.filterable => crate::model::Kind::from_word(entity),
            _ => None,
        };
        let Some(kind) = kind else {
            return Err(Problem::new("not_a_reference", "it refers to no other record"));
        };
        let target = kind.schema();
        let condition = Resolver { schema: target, ..*self }.test(path, op, value)?;
        Ok(Condition::Hop { column, target, condition: Box::new(condition) })
    }

    fn test(&self, path: &str, op: Op, value: &Value) -> std::result::Result<Condition, Problem> {
        let resolved = target(self.schema, path).ok_or_else(|| Problem::unknown(self.schema))?;
        let (Target::Column(_, flags) | Target::Money { flags, .. } | Target::Keys { flags, .. }) = &resolved;
        if !flags.filterable {
            return Err(Problem::new("not_filterable", format!("lists can't be filtered by {path:?}")));
        }
        match resolved {
            Target::Column(column, _) if column.ty == ValueType::Code && is_ranked(op) => {
                // A code is ranked by its number.
                let number = self.schema.column(&format!("{path}_number")).map(ColumnRef::of);
                column_test(number.unwrap_or(column), op, &numbers(value)?)
            }
            Target::Column(column, _) => column_test(column, op, value),
            Target::Money { minor, currency, .. } => money_test(minor, currency, op, value),
            Target::Keys { index, column, .. } => self.key_test(index, column, op, value),
        }
    }

    fn key_test(
        &self,
        index: usize,
        column: ColumnRef,
        op: Op,
        value: &Value,
    ) -> std::result::Result<Condition, Problem> {
        let field = self.schema.fields[index].name;
        let texts = match op {
            Op::Is | Op::IsNot | Op::Contains | Op::StartsWith => vec![value.clone()],
            Op::In => list(value)?,
            Op::IsEmpty => return Ok(Condition::NoKeys { column }),
            _ => {
                return Err(Problem::new(
                    "operator",
                    "a list is compared with is, is_not, in, contains, starts_with, is_empty",
                ));
            }
        };
        let mut keys = Vec::new();
        for text in texts {
            match text {
                Value::Text(text) => keys.push(key_form(field, &text, op, self.rules)),
                Value::Id(id) => keys.push(id.to_string()),
                other => return Err(Mismatch::new("a text", &other).into()),
            }
        }
        let prefix = op == Op::StartsWith;
        let has = Condition::HasKey { field, index, keys, prefix };
        Ok(if op == Op::IsNot { Condition::Not(Box::new(has)) } else { has })
    }
}

/// What a user types to find an entry of a list, in the form of its keys.
fn key_form(field: &str, text: &str, op: Op, rules: &KeyRules) -> String {
    use crate::value::{EmailAddress, FieldValue, PhoneNumber};
    if op == Op::StartsWith {
        let digits = PhoneNumber(text.to_owned()).digits();
        return if field == "phones" && !digits.is_empty() { digits } else { fold(text) };
    }
    let mut key = None;
    let mut take = |found: String| key = Some(found);
    match field {
        "emails" => EmailAddress(text.to_owned()).keys(rules, &mut take),
        "phones" => PhoneNumber(text.to_owned()).keys(rules, &mut take),
        "external_ids" => take(text.to_owned()),
        _ => {}
    }
    key.unwrap_or_else(|| fold(text))
}

fn is_ranked(op: Op) -> bool {
    matches!(op, Op::Less | Op::AtMost | Op::Greater | Op::AtLeast | Op::Between)
}

/// The numbers of codes.
fn numbers(value: &Value) -> std::result::Result<Value, Problem> {
    match value {
        Value::List(_) => {
            let numbers = list(value)?.iter().map(numbers).collect::<std::result::Result<_, _>>();
            Ok(Value::List(numbers?))
        }
        Value::Text(text) => match text.parse::<Code>() {
            Ok(code) => Ok(Value::Int(i64::try_from(code.number()).unwrap_or(i64::MAX))),
            Err(reason) => Err(Mismatch::new(reason, value).into()),
        },
        Value::Null => Ok(Value::Null),
        other => Err(Mismatch::new("a code like C001", other).into()),
    }
}

fn column_test(column: ColumnRef, op: Op, value: &Value) -> std::result::Result<Condition, Problem> {
    let ranked = is_ranked(op);
    let atom = |value: Value| -> std::result::Result<Atom, Problem> {
        let value = match (column.ty, &value) {
            // A code is compared in its written form, whatever case it is typed in.
            (ValueType::Code, Value::Text(text)) => match text.parse::<Code>() {
                Ok(code) => Value::Text(code.as_str().to_owned()),
                Err(reason) => return Err(Mismatch::new(reason, &value).into()),
            },
            _ => column.ty.coerce(value)?,
        };
        Ok(if ranked { column.rank(value) } else { column.atom(value) })
    };
    let textual = matches!(column.ty, ValueType::Text | ValueType::Code);
    let values = match op {
        Op::Is | Op::IsNot => vec![atom(value.clone())?],
        Op::In => list(value)?.into_iter().map(atom).collect::<std::result::Result<_, _>>()?,
        Op::Less | Op::AtMost | Op::Greater | Op::AtLeast => vec![not_null(atom(value.clone())?)?],
        Op::Between => {
            let bounds = list(value)?;
            if bounds.len() != 2 {
                return Err(Problem::new("mismatch", "between takes a list of two values"));
            }
            bounds.into_iter().map(|v| not_null(atom(v)?)).collect::<std::result::Result<_, _>>()?
        }
        Op::Contains | Op::StartsWith if !textual => {
            return Err(Problem::new("operator", "only texts contain or start with something"));
        }
        Op::Contains | Op::StartsWith => match value {
            Value::Text(text) if column.folded => vec![Atom::Text(fold(text))],
            Value::Text(text) => vec![Atom::Text(text.to_uppercase())],
            other => return Err(Mismatch::new("a text", other).into()),
        },
        Op::IsEmpty => Vec::new(),
    };
    Ok(Condition::Test { column, op, values })
}

fn not_null(atom: Atom) -> std::result::Result<Atom, Problem> {
    match atom {
        Atom::Null => Err(Problem::new("mismatch", "nothing is less or greater than null; use is_empty")),
        atom => Ok(atom),
    }
}

/// Money is compared within the currency that the value names.
fn money_test(
    minor: ColumnRef,
    currency: ColumnRef,
    op: Op,
    value: &Value,
) -> std::result::Result<Condition, Problem> {
    let empty = Condition::Test { column: minor, op: Op::IsEmpty, values: Vec::new() };
    match (op, value) {
        (Op::IsEmpty, _) | (Op::Is, Value::Null) => return Ok(empty),
        (Op::IsNot, Value::Null) => return Ok(Condition::Not(Box::new(empty))),
        _ => {}
    }
    let money = |value: Value| -> std::result::Result<(i64, Currency), Problem> {
        match ValueType::Money.coerce(value)? {
            Value::Money(money) => Ok((money.minor, money.currency)),
            other => Err(Mismatch::new("an amount with its currency", &other).into()),
        }
    };
    let one = |op: Op, value: Value| -> std::result::Result<Condition, Problem> {
        let (amount, code) = money(value)?;
        let same = Condition::Test {
            column: currency,
            op: Op::Is,
            values: vec![Atom::Text(code.code().to_owned())],
        };
        Ok(Condition::All(vec![same, Condition::Test { column: minor, op, values: vec![Atom::Int(amount)] }]))
    };
    match op {
        Op::Is | Op::Less | Op::AtMost | Op::Greater | Op::AtLeast => one(op, value.clone()),
        Op::IsNot => Ok(Condition::Not(Box::new(one(Op::Is, value.clone())?))),
        Op::In => {
            let any = list(value)?.into_iter().map(|value| one(Op::Is, value));
            Ok(Condition::Any(any.collect::<std::result::Result<_, _>>()?))
        }
        Op::Between => match <[Value; 2]>::try_from(list(value)?) {
            Ok([low, high]) => Ok(Condition::All(vec![one(Op::AtLeast, low)?, one(Op::AtMost, high)?])),
            Err(_) => Err(Problem::new("mismatch", "between takes a list of two values")),
        },
        _ => Err(Problem::new("operator", "amounts are compared, they don't contain anything")),
    }
}

fn list(value: &Value) -> std::result::Result<Vec<Value>, Problem> {
    const MOST: usize = 1_000;
    match value {
        Value::List(list) if list.len() <= MOST => Ok(list.clone()),
        Value::List(_) => Err(Problem::new("too_many", "a list in a filter has at most 1,000 values")),
        other => Err(Mismatch::new("a list", other).into()),
    }
}

struct Problem {
    rule: &'static str,
    found: String,
    reason: String,
}

impl Problem {
    fn new(rule: &'static str, reason: impl Into<String>) -> Self {
        Problem { rule, found: String::new(), reason: reason.into() }
    }

    fn unknown(schema: &Schema) -> Self {
        Problem::new("unknown_field", format!("{} has no such field", schema.entity))
    }
}

impl From<Mismatch> for Problem {
    fn from(mismatch: Mismatch) -> Self {
        Problem { rule: "mismatch", found: mismatch.found, reason: format!("expected {}", mismatch.expected) }
    }
}

/// That a column with a reference holds this id: for the library's own questions.
pub(crate) fn equals(column: &crate::value::Column, id: Uuid) -> Condition {
    Condition::Test { column: ColumnRef::of(column), op: Op::Is, values: vec![Atom::Id { id }] }
}

/// That a column named so holds this value: for the library's own questions.
pub(crate) fn column_is(schema: &'static Schema, name: &str, value: impl Into<Value>) -> Condition {
    match schema.column(name).map(ColumnRef::of) {
        Some(column) => Condition::Test { column, op: Op::Is, values: vec![column.atom(value.into())] },
        None => Condition::Any(Vec::new()),
    }
}
