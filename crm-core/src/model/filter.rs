//! Filters as data: the same in every language, saved in views, sent over a wire.

use crate::value::Value;
use serde::{Deserialize, Serialize};

/// Which records a list, count, search or figure speaks of.
///
/// Its JSON form is part of the public format and does not change:
/// `{"field": "status", "op": "is", "value": "active"}`, `{"and": […]}`, `{"or": […]}`, `{"not": …}`.
/// A path may hop over one reference: `customer.address_city`.
///
/// A filter nests at most 32 deep and has at most 500 tests with 10,000 values; an amount counts as two tests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Filter {
    /// All of them; the empty one accepts everything.
    And {
        /// The filters that must all accept.
        and: Vec<Filter>,
    },
    /// At least one of them; the empty one accepts nothing.
    Or {
        /// The filters of which one must accept.
        or: Vec<Filter>,
    },
    /// The opposite.
    Not {
        /// The filter that must not accept.
        not: Box<Filter>,
    },
    /// One field compared with a value.
    Test {
        /// The field's path.
        field: String,
        /// The comparison.
        op: Op,
        /// What it is compared with: a list for `in` and `between`, nothing for `is_empty`.
        #[serde(default, skip_serializing_if = "is_null")]
        value: Value,
    },
}

fn is_null(value: &Value) -> bool {
    *value == Value::Null
}

/// How a field is compared with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// Equal; texts without case and accents; a list contains it.
    Is,
    /// Not equal, or empty.
    IsNot,
    /// Equal to one of a list.
    In,
    /// Less than.
    Less,
    /// Less or equal.
    AtMost,
    /// Greater than.
    Greater,
    /// Greater or equal.
    AtLeast,
    /// Between the two values of a list, both included.
    Between,
    /// The text contains it, or a text of the list does, or the list names the record.
    Contains,
    /// The text starts with it.
    StartsWith,
    /// Null, an empty text or an empty list.
    IsEmpty,
}

impl Default for Filter {
    fn default() -> Self {
        Filter::all()
    }
}

macro_rules! tests {
    ($($(#[$doc:meta])* $name:ident => $op:ident),* $(,)?) => {$(
        $(#[$doc])*
        pub fn $name(field: impl Into<String>, value: impl Into<Value>) -> Self {
            Filter::test(field, Op::$op, value.into())
        }
    )*};
}

impl Filter {
    /// Accepts everything.
    pub fn all() -> Self {
        Filter::And { and: Vec::new() }
    }

    /// How deep filters nest at most.
    pub const DEEPEST: usize = 32;

    /// Whether it nests deeper than this.
    pub(crate) fn is_deeper_than(&self, limit: usize) -> bool {
        let Some(rest) = limit.checked_sub(1) else { return true };
        match self {
            Filter::And { and: several } | Filter::Or { or: several } => {
                several.iter().any(|filter| filter.is_deeper_than(rest))
            }
            Filter::Not { not } => not.is_deeper_than(rest),
            Filter::Test { .. } => false,
        }
    }

    fn test(field: impl Into<String>, op: Op, value: Value) -> Self {
        Filter::Test { field: field.into(), op, value }
    }

    tests! {
        /// Equal.
        is => Is,
        /// Not equal, or empty.
        is_not => IsNot,
        /// Less than.
        less => Less,
        /// Less or equal.
        at_most => AtMost,
        /// Greater than.
        greater => Greater,
        /// Greater or equal.
        at_least => AtLeast,
    }

    /// Equal to one of these.
    pub fn is_in<V: Into<Value>>(field: impl Into<String>, values: impl IntoIterator<Item = V>) -> Self {
        Filter::test(field, Op::In, Value::List(values.into_iter().map(Into::into).collect()))
    }

    /// Between two values, both included.
    pub fn between(field: impl Into<String>, low: impl Into<Value>, high: impl Into<Value>) -> Self {
        Filter::test(field, Op::Between, Value::List(vec![low.into(), high.into()]))
    }

    /// The text, or a value of the list, contains this: see [`Field::contains`](crate::Field::contains).
    pub fn contains(field: impl Into<String>, text: impl Into<String>) -> Self {
        Filter::test(field, Op::Contains, Value::Text(text.into()))
    }

    /// The text starts with this.
    pub fn starts_with(field: impl Into<String>, text: impl Into<String>) -> Self {
        Filter::test(field, Op::StartsWith, Value::Text(text.into()))
    }

    /// Nothing is set.
    pub fn is_empty(field: impl Into<String>) -> Self {
        Filter::test(field, Op::IsEmpty, Value::Null)
    }

    /// This and the other.
    #[must_use]
    pub fn and(self, other: Filter) -> Self {
        match self {
            Filter::And { mut and } => {
                and.push(other);
                Filter::And { and }
            }
            first => Filter::And { and: vec![first, other] },
        }
    }

    /// This or the other.
    #[must_use]
    pub fn or(self, other: Filter) -> Self {
        match self {
            Filter::Or { mut or } => {
                or.push(other);
                Filter::Or { or }
            }
            first => Filter::Or { or: vec![first, other] },
        }
    }
}

impl std::ops::Not for Filter {
    type Output = Filter;

    /// The opposite.
    fn not(self) -> Filter {
        Filter::Not { not: Box::new(self) }
    }
}
