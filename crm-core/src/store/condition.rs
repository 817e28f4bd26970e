//! Filters that were checked against the entity's fields.

use super::column::custom_key_field;
use super::path::{Target, target};
use super::{Atom, ColumnRef};
use crate::error::Violations;
use crate::model::{Conventions, CustomFieldType, Filter, Op, Schema};
use crate::value::{
    Code, Currency, EmailAddress, FieldValue, KeyRules, Mismatch, PhoneNumber, Value, ValueType, fold,
    instant_text,
};
use uuid::Uuid;

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
    /// One of the keys of a list has this in it.
    KeyContains {
        /// The field.
        field: &'static str,
        /// Its index.
        index: usize,
        /// What it has in it.
        part: String,
    },
    /// A list in a custom field contains one of these.
    HasChoice {
        /// The custom field.
        column: ColumnRef,
        /// The folded choices.
        choices: Vec<String>,
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

impl Condition {
    /// Calls back with every entity to which it hops.
    pub(crate) fn hops(&self, found: &mut dyn FnMut(&'static Schema)) {
        match self {
            Condition::All(several) | Condition::Any(several) => {
                several.iter().for_each(|one| one.hops(found));
            }
            Condition::Not(one) => one.hops(found),
            Condition::Hop { target, condition, .. } => {
                found(target);
                condition.hops(found);
            }
            Condition::Test { .. }
            | Condition::HasKey { .. }
            | Condition::KeyContains { .. }
            | Condition::HasChoice { .. }
            | Condition::NoKeys { .. } => {}
        }
    }

    /// How many tests and values it has.
    pub(super) fn weight(&self) -> (usize, usize) {
        match self {
            Condition::All(several) | Condition::Any(several) => {
                let weights = several.iter().map(Condition::weight);
                weights.fold((0, 0), |(tests, values), (t, v)| (tests + t, values + v))
            }
            Condition::Not(one) | Condition::Hop { condition: one, .. } => one.weight(),
            Condition::Test { values, .. } => (1, values.len()),
            Condition::HasKey { keys, .. } => (1, keys.len()),
            Condition::HasChoice { choices, .. } => (1, choices.len()),
            Condition::KeyContains { .. } => (1, 1),
            Condition::NoKeys { .. } => (1, 0),
        }
    }
}

pub(super) struct Resolver<'a> {
    pub(super) schema: &'static Schema,
    pub(super) conventions: &'a Conventions,
}

impl Resolver<'_> {
    pub(super) fn condition(&self, filter: &Filter, problems: &mut Violations, depth: usize) -> Condition {
        if depth > Filter::DEEPEST {
            problems.add("filter", "too_deep", "", format!("filters nest at most {} deep", Filter::DEEPEST));
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
                    Some((reference, path)) if reference != "custom" => self.hop(reference, path, *op, value),
                    _ => self.test(field, *op, value),
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
        let Some(Target::Column(column, flags)) = target(self.schema, reference, self.conventions) else {
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
        let resolved =
            target(self.schema, path, self.conventions).ok_or_else(|| Problem::unknown(self.schema))?;
        let filterable = match &resolved {
            Target::Column(_, flags)
            | Target::Custom(_, _, flags)
            | Target::Money { flags, .. }
            | Target::Keys { flags, .. } => flags.filterable,
            Target::Choices(_) => true,
        };
        if !filterable {
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
            Target::Custom(column, ty, _) => match keys_like(ty) {
                Some(like) if is_keyed(op) && *value != Value::Null => {
                    self.custom_key_test(column, path, like, op, value)
                }
                _ => column_test(column, op, &custom_value(ty, value)),
            },
            Target::Choices(column) => choices_test(column, op, value),
            Target::Keys { column, .. } if op == Op::IsEmpty => Ok(Condition::NoKeys { column }),
            Target::Keys { index, .. } => {
                let field = &self.schema.fields[index];
                // Records that are referred to have no text to look into.
                let of_texts = field.reference.is_none();
                self.key_test(Keyed { field: field.name, like: field.name, index, of_texts }, op, value)
            }
        }
    }

    /// A phone number or an e-mail address in a custom field, compared like those of the library's own fields.
    fn custom_key_test(
        &self,
        column: ColumnRef,
        path: &str,
        like: &'static str,
        op: Op,
        value: &Value,
    ) -> std::result::Result<Condition, Problem> {
        let key = path.strip_prefix("custom.").unwrap_or(path);
        let index = self.schema.custom.unwrap_or(usize::MAX);
        let keyed = Keyed { field: custom_key_field(key), like, index, of_texts: true };
        let mut any = Vec::new();
        let value = match value {
            Value::List(list) if op == Op::In && list.contains(&Value::Null) => {
                any.push(column_test(column, Op::Is, &Value::Null)?);
                Value::List(list.iter().filter(|value| **value != Value::Null).cloned().collect())
            }
            other => other.clone(),
        };
        any.push(self.key_test(keyed, op, &value)?);
        Ok(if any.len() == 1 { any.remove(0) } else { Condition::Any(any) })
    }

    fn key_test(&self, keyed: Keyed, op: Op, value: &Value) -> std::result::Result<Condition, Problem> {
        let Keyed { field, like, index, of_texts } = keyed;
        let texts = match op {
            Op::Is | Op::IsNot | Op::Contains | Op::StartsWith => vec![value.clone()],
            Op::In => list(value)?,
            _ => {
                return Err(Problem::new(
                    "operator",
                    "a list is compared with is, is_not, in, contains, starts_with, is_empty",
                ));
            }
        };
        let mut keys = Vec::new();
        let mut parts = Vec::new();
        for text in texts {
            match text {
                Value::Text(text) if op == Op::Contains && of_texts => {
                    parts.extend(key_part(like, &text));
                    if like == "phones" {
                        // Their beginnings can be typed in other ways.
                        keys.extend(key_starts(like, &text, &self.conventions.keys));
                    }
                }
                Value::Text(text) if op == Op::StartsWith => {
                    keys.extend(key_starts(like, &text, &self.conventions.keys));
                }
                Value::Text(text) => keys.push(key_form(like, &text, &self.conventions.keys)),
                Value::Id(id) => keys.push(id.to_string()),
                other => return Err(Mismatch::new("a text", &other).into()),
            }
        }
        if op == Op::StartsWith || op == Op::Contains && of_texts {
            let start = |key| Condition::HasKey { field, index, keys: vec![key], prefix: true };
            let part = |part| Condition::KeyContains { field, index, part };
            return Ok(Condition::Any(
                parts.into_iter().map(part).chain(keys.into_iter().map(start)).collect(),
            ));
        }
        let has = Condition::HasKey { field, index, keys, prefix: false };
        Ok(if op == Op::IsNot { Condition::Not(Box::new(has)) } else { has })
    }
}

/// What is compared through the key table.
struct Keyed {
    /// The name under which the table keeps it.
    field: &'static str,
    /// The field of the library whose values it has: `emails`, `phones`, or any other.
    like: &'static str,
    /// The index of the field.
    index: usize,
    /// Its values are texts, not records.
    of_texts: bool,
}

/// The field of the library that a custom field of this type is compared like.
fn keys_like(ty: CustomFieldType) -> Option<&'static str> {
    match ty {
        CustomFieldType::Email => Some("emails"),
        CustomFieldType::Phone => Some("phones"),
        _ => None,
    }
}

fn is_keyed(op: Op) -> bool {
    matches!(op, Op::Is | Op::IsNot | Op::In | Op::Contains | Op::StartsWith)
}

/// What a user types to find an entry of a list, in the form of its keys.
fn key_form(field: &str, text: &str, rules: &KeyRules) -> String {
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

/// What the keys of the entries have in them that have in them what a user typed.
fn key_part(field: &str, text: &str) -> Option<String> {
    match field {
        // Each key ends with the digits after the area code, however the number was typed.
        "phones" => Some(PhoneNumber(text.to_owned()).digits()).filter(|digits| !digits.is_empty()),
        "emails" => Some(EmailAddress(text.to_owned()).key_start()),
        _ => Some(fold(text)),
    }
}

/// What the keys of the entries begin with that begin with what a user typed.
fn key_starts(field: &str, text: &str, rules: &KeyRules) -> Vec<String> {
    let number = PhoneNumber(text.to_owned());
    match field {
        "phones" if !number.digits().is_empty() => number.key_starts(&rules.phone_region),
        "emails" => vec![EmailAddress(text.to_owned()).key_start()],
        _ => vec![fold(text)],
    }
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
        Value::Text(text) => match Code::from_text(text) {
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
            (ValueType::Code, Value::Text(text)) => match Code::from_text(text) {
                Ok(code) => Value::Text(code.as_str().to_owned()),
                Err(reason) => return Err(Mismatch::new(reason, &value).into()),
            },
            // A custom choice in the definition's spelling.
            (ValueType::Choice(options), Value::Text(text)) if column.folded => {
                let named = fold(text);
                match options.iter().find(|option| fold(option) == named) {
                    Some(option) => Value::Text((*option).to_owned()),
                    None => return Err(Mismatch::one_of(options, &value).into()),
                }
            }
            _ => column.ty.coerce(value)?,
        };
        Ok(if ranked { column.rank(value) } else { column.atom(value) })
    };
    let textual = matches!(column.ty, ValueType::Text | ValueType::Code) || column.folded;
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

/// What a caller compares a custom field with, in the form in which its values are kept.
fn custom_value(ty: CustomFieldType, value: &Value) -> Value {
    match value {
        Value::List(list) => Value::List(list.iter().map(|value| custom_value(ty, value)).collect()),
        Value::Id(id) => Value::Text(id.to_string()),
        Value::Instant(at) => Value::Text(instant_text(*at)),
        Value::Text(_) if ty == CustomFieldType::Instant => match ValueType::Instant.coerce(value.clone()) {
            Ok(Value::Instant(at)) => Value::Text(instant_text(at)),
            _ => value.clone(),
        },
        other => other.clone(),
    }
}

fn choices_test(column: ColumnRef, op: Op, value: &Value) -> std::result::Result<Condition, Problem> {
    let texts = match op {
        Op::Is | Op::IsNot | Op::Contains => vec![value.clone()],
        Op::In => list(value)?,
        Op::IsEmpty => return Ok(Condition::Test { column, op, values: Vec::new() }),
        _ => {
            return Err(Problem::new(
                "operator",
                "choices are compared with is, is_not, in, contains, is_empty",
            ));
        }
    };
    let folded = texts.into_iter().map(|text| match text {
        Value::Text(text) => Ok(fold(&text)),
        other => Err(Mismatch::new("a text", &other).into()),
    });
    let choices = folded.collect::<std::result::Result<Vec<_>, Problem>>()?;
    let has = Condition::HasChoice { column, choices };
    Ok(if op == Op::IsNot { Condition::Not(Box::new(has)) } else { has })
}

/// That records have a value in a custom field: for the library's own questions.
pub(crate) fn has_custom(schema: &'static Schema, key: &str) -> Condition {
    match schema.custom {
        Some(index) => {
            let column = ColumnRef::custom(index, key, ValueType::Json, None);
            Condition::Not(Box::new(Condition::Test { column, op: Op::IsEmpty, values: Vec::new() }))
        }
        None => Condition::Any(Vec::new()),
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
