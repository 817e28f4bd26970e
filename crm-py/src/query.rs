//! What to list, from the keywords of a call: `status="active", created_at__gte=…, where={…}, order_by=["-created_at"]`.

use crate::errors::invalid;
use crate::value::{core_name, from_py};
use crm_core::{Filter, Query, Value};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

/// The endings of keywords that say how a field is compared.
const ENDINGS: [(&str, &str); 13] = [
    ("is", "is"),
    ("not", "is_not"),
    ("in", "in"),
    ("lt", "less"),
    ("lte", "at_most"),
    ("gt", "greater"),
    ("gte", "at_least"),
    ("between", "between"),
    ("contains", "contains"),
    ("startswith", "starts_with"),
    ("starts_with", "starts_with"),
    ("empty", "is_empty"),
    ("isnull", "is_empty"),
];

/// The filter that keywords and a tree of tests say together.
pub(crate) fn filter_of(
    tree: Option<&Bound<'_, PyAny>>,
    tests: Option<&Bound<'_, PyDict>>,
) -> PyResult<Filter> {
    let mut filter = Filter::all();
    if let Some(tree) = tree.filter(|tree| !tree.is_none()) {
        filter = filter.and(tree_of(tree)?);
    }
    for (name, value) in tests.into_iter().flat_map(|tests| tests.iter()) {
        filter = filter.and(test(&name.extract::<String>()?, from_py(&value)?)?);
    }
    Ok(filter)
}

/// `{"field": …, "op": …, "value": …}`, `{"and": […]}`, `{"or": […]}` or `{"not": …}`.
fn tree_of(tree: &Bound<'_, PyAny>) -> PyResult<Filter> {
    let wrong = |reason: String| invalid("where", "syntax", reason);
    let value = in_core_words(from_py(tree)?);
    let json = serde_json::to_value(&value).map_err(|error| wrong(error.to_string()))?;
    serde_json::from_value(json).map_err(|_| {
        wrong(
            "a filter is {\"field\": …, \"op\": …, \"value\": …} with one of is, not, in, lt, lte, gt, gte, between, contains, \
             startswith, empty; or {\"and\": […]}, {\"or\": […]}, {\"not\": …}"
                .to_owned(),
        )
    })
}

/// A tree in which fields and comparisons are called as keywords call them, in the words of the library's own filters, which
/// it may have as well.
fn in_core_words(tree: Value) -> Value {
    let entry = |(name, value): (String, Value)| {
        let value = match (name.as_str(), value) {
            ("op", Value::Text(op)) => {
                let known = ENDINGS.iter().find(|(ending, _)| *ending == op);
                Value::Text(known.map_or(op, |(_, op)| (*op).to_owned()))
            }
            ("field", Value::Text(field)) => Value::Text(field_of(&field)),
            ("and" | "or" | "not", value) => in_core_words(value),
            (_, value) => value,
        };
        (name, value)
    };
    match tree {
        Value::Map(map) => Value::Map(map.into_iter().map(entry).collect()),
        Value::List(list) => Value::List(list.into_iter().map(in_core_words).collect()),
        other => other,
    }
}

/// One keyword: the field's path with `__` between its parts, and perhaps the ending.
fn test(name: &str, value: Value) -> PyResult<Filter> {
    let (path, op) = match name.rsplit_once("__") {
        Some((path, ending)) => match ENDINGS.iter().find(|(known, _)| *known == ending) {
            Some((_, op)) => (path, *op),
            None => (name, "is"),
        },
        None => (name, "is"),
    };
    let field = field_of(path);
    // Nothing is compared with nothing: it is there or not.
    Ok(match (op, value) {
        ("is_empty", Value::Bool(false)) | ("is_not", Value::Null) => !Filter::is_empty(field),
        ("is_empty", _) | ("is", Value::Null) => Filter::is_empty(field),
        (op, value) => {
            let op = serde_json::from_value(op.into());
            let op = op.map_err(|_| invalid(&field, "unknown_op", "there is no such comparison"))?;
            Filter::Test { field, op, value }
        }
    })
}

/// The name of a field in the library's own filters: `address__city` is `address_city`, `custom__tier` is `custom.tier`.
pub(crate) fn field_of(path: &str) -> String {
    match path.split_once("__") {
        Some(("custom", key)) => format!("custom.{key}"),
        Some(_) => path.replace("__", "_"),
        None => core_name(path).to_owned(),
    }
}

/// The query of a list.
pub(crate) fn query_of(
    tree: Option<&Bound<'_, PyAny>>,
    words: Option<String>,
    order_by: Option<&Bound<'_, PyAny>>,
    page_size: u32,
    tests: Option<&Bound<'_, PyDict>>,
) -> PyResult<Query> {
    let mut query = Query::new().filter(filter_of(tree, tests)?).page_size(page_size);
    query.words = words;
    if let Some(order) = order_by.filter(|order| !order.is_none()) {
        query.order = match order.cast::<PyString>() {
            Ok(field) => vec![field.to_cow()?.into_owned()],
            Err(_) => order.extract().map_err(|_| PyTypeError::new_err("order_by is a field or several"))?,
        };
        query.order.iter_mut().for_each(|field| *field = field_of(field));
    }
    Ok(query)
}
