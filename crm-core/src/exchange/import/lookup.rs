//! By what a record is found: the keys of rows and of what is stored, compared in the forms in which the store compares.

use super::formats::Refusal;
use crate::model::{AnyData, Kind, Op};
use crate::store::{Atom, ColumnRef, Condition, keeper};
use crate::value::{Code, KeyRules, Shape, Value, ValueType, fold};
use std::collections::BTreeMap;
use uuid::Uuid;

/// How a record that a cell refers to is found.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Lookup {
    pub(super) kind: Kind,
    pub(super) by: Vec<By>,
}

/// One way to find a record.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum By {
    /// By its id.
    Id,
    /// By a column that holds one value.
    Column(&'static str, usize),
    /// By a field with keys; of a map those of one entry.
    Keys(usize, Option<String>),
    /// By given and family name together.
    FullName(usize, usize),
}

impl Lookup {
    pub(super) fn new(kind: Kind, by: &[String]) -> Result<Self, Refusal> {
        let by = match by.is_empty() {
            true => usual(kind).iter().map(|by| By::parse(kind, by)).collect(),
            false => by.iter().map(|by| By::parse(kind, by)).collect::<Result<_, _>>(),
        }?;
        Ok(Lookup { kind, by })
    }

    /// In words, for error texts.
    pub(super) fn describe(&self) -> String {
        let schema = self.kind.schema();
        let name = |field: usize| schema.fields.get(field).map_or("", |field| field.name);
        let names = self.by.iter().map(|by| match by {
            By::Id => "id".to_owned(),
            By::Column(name, _) => (*name).to_owned(),
            By::Keys(field, Some(source)) => format!("{}.{source}", name(*field)),
            By::Keys(field, None) => name(*field).to_owned(),
            By::FullName(..) => "full_name".to_owned(),
        });
        names.collect::<Vec<_>>().join(", ")
    }
}

/// By what records of a kind are usually called in files. A text that is no id is not looked for among the ids.
pub(super) fn usual(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Customer => &["id", "code", "emails", "name"],
        Kind::Contact => &["id", "emails", "full_name"],
        Kind::User => &["id", "username", "email", "full_name"],
        Kind::Role => &["id", "key"],
        Kind::Product => &["id", "sku", "name"],
        Kind::Pipeline | Kind::Opportunity => &["id", "name"],
        _ => &["id"],
    }
}

impl By {
    pub(super) fn parse(kind: Kind, name: &str) -> Result<Self, Refusal> {
        let schema = kind.schema();
        let unknown = || ("unknown_field", format!("{kind} records can't be looked up by {name:?}"));
        let index = |name: &str| schema.fields.iter().position(|field| field.name == name);
        match name {
            "id" => return Ok(By::Id),
            "full_name" => {
                let (given, family) = (index("given_name"), index("family_name"));
                return given
                    .zip(family)
                    .map(|(given, family)| By::FullName(given, family))
                    .ok_or_else(unknown);
            }
            _ => {}
        }
        let (field, source) =
            name.split_once('.').map_or((name, None), |(field, source)| (field, Some(source)));
        let index = index(field).ok_or_else(unknown)?;
        if schema.keyed.contains(&index) {
            return Ok(By::Keys(index, source.map(str::to_owned)));
        }
        let column = schema.columns.iter().find(|column| column.field == index && column.sub.is_none());
        let looked_up = column.filter(|column| source.is_none() && (column.filterable || column.sortable));
        let one_value = matches!(
            schema.fields.get(index).map(|field| (field.shape)()),
            Some(Shape::Scalar { .. } | Shape::Code { .. })
        );
        looked_up.filter(|_| one_value).map(|column| By::Column(column.name, index)).ok_or_else(unknown)
    }

    /// The form in which a text is compared; none when it can't be the key of anything.
    pub(super) fn key_of_text(&self, kind: Kind, text: &str, rules: &KeyRules) -> Option<String> {
        match self {
            By::Id => text.parse::<Uuid>().ok().map(|id| id.to_string()),
            By::Column("code", _) => text.parse::<Code>().ok().map(|code| code.as_str().to_owned()),
            By::Column(..) => Some(fold(text)),
            By::FullName(..) => Some(joined([text])),
            By::Keys(field, Some(source)) => {
                let mut scratch = keeper(kind).empty();
                let entry = BTreeMap::from([(source.clone(), Value::Text(text.to_owned()))]);
                scratch.set(*field, Value::Map(entry)).ok()?;
                first_key(&*scratch, *field, rules)
            }
            By::Keys(field, None) => {
                let text = || Value::Text(text.to_owned());
                let part =
                    |name: &str| Value::List(vec![Value::Map(BTreeMap::from([(name.to_owned(), text())]))]);
                let mut scratch = keeper(kind).empty();
                let forms = [text(), Value::List(vec![text()]), part("address"), part("number")];
                forms.into_iter().find_map(|form| scratch.set(*field, form).ok())?;
                first_key(&*scratch, *field, rules)
            }
        }
    }

    /// The keys of a record; several for a list.
    pub(super) fn keys_of(&self, data: &AnyData, rules: &KeyRules, out: &mut Vec<String>) {
        match self {
            By::Id => {}
            By::Column("code", field) => {
                if let Value::Text(code) = data.value(*field) {
                    out.push(code);
                }
            }
            By::Column(_, field) => {
                let value = data.value(*field);
                if !value.is_empty() && value != Value::Id(Uuid::nil()) {
                    out.push(fold(&value.to_string()));
                }
            }
            By::FullName(given, family) => {
                let names = [data.value(*given).to_string(), data.value(*family).to_string()];
                let name = joined(names.iter().map(String::as_str));
                if !name.is_empty() {
                    out.push(name);
                }
            }
            By::Keys(field, source) => {
                let start = source.as_ref().map(|source| format!("{source}:"));
                data.keys(*field, rules, &mut |key| {
                    if start.as_ref().is_none_or(|start| key.starts_with(start.as_str())) && !key.is_empty() {
                        out.push(key);
                    }
                });
            }
        }
    }

    /// What the records with one of these keys meet; a few others may be among them.
    pub(super) fn condition(&self, kind: Kind, keys: &[String]) -> Option<Condition> {
        let schema = kind.schema();
        let test = |name: &str, values: Vec<Atom>| {
            let column = ColumnRef::named(schema, name)?;
            Some(Condition::Test { column, op: Op::In, values })
        };
        let ids =
            || keys.iter().filter_map(|key| key.parse().ok()).map(|id| Atom::Id { id }).collect::<Vec<_>>();
        let texts = || keys.iter().cloned().map(Atom::Text).collect::<Vec<_>>();
        match self {
            By::Id => test("id", ids()),
            By::Column(name, index) => {
                let ty = schema.fields.get(*index).map(|field| (field.shape)());
                match ty {
                    Some(Shape::Scalar { ty: ValueType::Id(_), .. }) => test(name, ids()),
                    _ => test(name, texts()),
                }
            }
            By::FullName(_, family) => {
                // Where the family name begins nobody knows.
                let ends = keys.iter().flat_map(|key| {
                    let starts = std::iter::once(0).chain(key.match_indices(' ').map(|(at, _)| at + 1));
                    starts
                        .filter_map(|at| key.get(at..))
                        .map(|end| Atom::Text(end.to_owned()))
                        .collect::<Vec<_>>()
                });
                test(schema.fields.get(*family).map_or("", |field| field.name), ends.collect())
            }
            By::Keys(index, _) => schema.fields.get(*index).map(|field| Condition::HasKey {
                field: field.name,
                index: *index,
                keys: keys.to_vec(),
                prefix: false,
            }),
        }
    }
}

fn first_key(data: &AnyData, field: usize, rules: &KeyRules) -> Option<String> {
    let mut first = None;
    data.keys(field, rules, &mut |key| {
        first.get_or_insert(key);
    });
    first.filter(|key| !key.is_empty())
}

fn joined<'t>(names: impl IntoIterator<Item = &'t str>) -> String {
    let words = names.into_iter().flat_map(str::split_whitespace);
    fold(&words.collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every usual way to find a record of a kind is one.
    #[test]
    fn the_usual_ways_are_ways() {
        for kind in Kind::ALL {
            assert_eq!(
                Lookup::new(*kind, &[]).map(|lookup| lookup.by.len()),
                Ok(usual(*kind).len()),
                "{kind}"
            );
        }
    }
}
