//! How the records with a key of one record are found in a store: by conditions that indexes serve.

use super::KeyForm;
use super::field::column_of;
use super::form::{sorted, words_of};
use super::matcher::{KeyOf, Matcher, Part};
use crate::model::{Op, Schema};
use crate::store::{Atom, ColumnRef, Condition, Reading};
use crate::value::{Search, Value, ValueType};

/// What finds the records with a key, and perhaps others, which are told by their own keys.
#[derive(Debug)]
pub(crate) struct Lookup {
    /// What they meet.
    pub(crate) condition: Condition,
    /// Words that they have, where no index serves the condition.
    pub(crate) words: Option<Search>,
    /// None but those with the key meet it.
    pub(crate) exact: bool,
    /// The order in which an index gives them one by one, when there may be many.
    pub(crate) order: Option<ColumnRef>,
}

/// The condition of one part.
struct One {
    condition: Condition,
    indexed: bool,
    exact: bool,
    /// It is a range of this column.
    range: Option<ColumnRef>,
}

impl Matcher<'_> {
    /// How to find the records with a key; `None` when no part of it can be asked for.
    pub(crate) fn lookup(&self, schema: &'static Schema, key: &KeyOf) -> Option<Lookup> {
        let parts = self.keys.get(key.key)?;
        let mut conditions = Vec::new();
        let (mut exact, mut indexed, mut order) = (true, false, None);
        for (part, (text, form)) in parts.iter().zip(&key.parts) {
            match self.condition(*part, text, form) {
                Some(one) => {
                    exact &= one.exact;
                    indexed |= one.indexed;
                    order = one.range;
                    conditions.push(one.condition);
                }
                None => exact = false,
            }
        }
        if conditions.is_empty() {
            return None;
        }
        let words = if indexed || !schema.searchable { None } else { self.words(schema, parts, key) };
        // Where something is equal, too, that is the better index.
        let order = order.filter(|_| conditions.len() == 1);
        Some(Lookup { condition: Condition::All(conditions), words, exact, order })
    }

    /// The words of texts that search finds, and that a record with the key has whole.
    fn words(&self, schema: &'static Schema, parts: &[Part], key: &KeyOf) -> Option<Search> {
        let mut words = Vec::new();
        for (part, (text, _)) in parts.iter().zip(&key.parts).filter(|(part, _)| part.form == KeyForm::Whole)
        {
            let columns = self.fields.get(part.field)?.parts.iter().map(|part| column_of(*part));
            let searched = |column: ColumnRef| {
                matches!(column.ty, ValueType::Text | ValueType::Date)
                    && schema.fields.iter().any(|field| field.name == column.name && field.searchable)
            };
            if columns.into_iter().all(|column| column.is_some_and(searched)) {
                words.push(text.as_str());
            }
        }
        // No region: the whole of a text is wanted, not a number in another form.
        Some(Search::new(&words.join(" "), "")).filter(|search| !search.is_empty())
    }

    fn condition(&self, part: Part, text: &str, form: &str) -> Option<One> {
        match self.fields.get(part.field)?.parts.as_slice() {
            [Reading::Keys { index, field, .. }] => key_condition(part.form, *index, field, text, form),
            [Reading::Column(column)] => column_condition(part.form, *column, text, form),
            several if matches!(part.form, KeyForm::Whole | KeyForm::Words) => {
                joined_condition(several, text)
            }
            _ => None,
        }
    }
}

fn key_condition(form: KeyForm, index: usize, field: &'static str, text: &str, found: &str) -> Option<One> {
    let has = |key: String, prefix| Condition::HasKey { field, index, keys: vec![key], prefix };
    let condition = match form {
        KeyForm::Whole => has(text.to_owned(), false),
        KeyForm::LocalPart => has(format!("{found}@"), true),
        // The number alone, or with an extension.
        KeyForm::Phone if text.starts_with(found) => {
            Condition::Any(vec![has(found.to_owned(), false), has(format!("{found};"), true)])
        }
        KeyForm::First(_) => has(found.to_owned(), true),
        _ => return None,
    };
    Some(One { condition, indexed: true, exact: matches!(form, KeyForm::Whole), range: None })
}

fn column_condition(form: KeyForm, column: ColumnRef, text: &str, found: &str) -> Option<One> {
    let is_own = !column.is_custom();
    let test = |op, values: Vec<Atom>| Condition::Test { column, op, values };
    let atom = |text: &str| Atom::Text(text.to_owned());
    let one = |condition, exact| Some(One { condition, indexed: is_own, exact, range: None });
    let range = |start: &str| {
        let condition = test(Op::StartsWith, vec![atom(start)]);
        Some(One { condition, indexed: is_own, exact: false, range: is_own.then_some(column) })
    };
    if !column.folded {
        let exact = form == KeyForm::Whole;
        return match column.ty {
            ValueType::Date if exact => one(test(Op::Is, vec![atom(text)]), true),
            ValueType::Id(_) if exact => {
                let id = text.parse().ok()?;
                one(test(Op::Is, vec![column.atom(Value::Id(id))]), true)
            }
            _ => None,
        };
    }
    match form {
        KeyForm::Whole => one(test(Op::Is, vec![atom(text)]), true),
        KeyForm::LocalPart => range(&format!("{found}@")),
        KeyForm::First(_) => range(found),
        KeyForm::Words => one(test(Op::In, orders(text).iter().map(|text| atom(text)).collect()), false),
        // As many of the words as the text begins with, parted by nothing but spaces.
        KeyForm::Company => {
            let ends = found.match_indices(' ').map(|(end, _)| end).chain([found.len()]);
            // The longest first.
            let starts = ends.filter_map(|end| found.get(..end));
            range(starts.rev().find(|start| text.starts_with(start))?)
        }
        _ => None,
    }
}

/// Several fields that make one text hold each some of its words that follow one another, or nothing.
fn joined_condition(parts: &[Reading], text: &str) -> Option<One> {
    const MOST_WORDS: usize = 8;
    let words: Vec<&str> = text.split(' ').collect();
    if words.len() > MOST_WORDS {
        return None;
    }
    let mut runs: Vec<Atom> = Vec::new();
    for start in 0..words.len() {
        for end in start + 1..=words.len() {
            let run = Atom::Text(words.get(start..end)?.join(" "));
            if !runs.contains(&run) {
                runs.push(run);
            }
        }
    }
    let mut conditions = Vec::with_capacity(parts.len());
    let mut indexed = true;
    for part in parts {
        let column = column_of(*part).filter(|column| column.folded)?;
        indexed &= !column.is_custom();
        let nothing = if column.nullable { Atom::Null } else { Atom::Text(String::new()) };
        let values = runs.iter().cloned().chain([nothing]).collect();
        conditions.push(Condition::Test { column, op: Op::In, values });
    }
    // The last field first: a family name says more than a given one.
    conditions.reverse();
    Some(One { condition: Condition::All(conditions), indexed, exact: false, range: None })
}

/// A text with its words in every order, also with a comma behind the first (`Smith, John`), and as it is.
fn orders(text: &str) -> Vec<String> {
    const MOST: usize = 4;
    let words = sorted(words_of(text).collect());
    let mut orders = vec![text.to_owned()];
    if words.len() <= MOST {
        permute(&mut Vec::new(), &words, &mut |order| {
            let with_comma = order.replacen(' ', ", ", 1);
            for order in [order, with_comma] {
                if !orders.contains(&order) {
                    orders.push(order);
                }
            }
        });
    }
    orders
}

fn permute<'w>(begun: &mut Vec<&'w str>, left: &[&'w str], out: &mut dyn FnMut(String)) {
    if left.is_empty() {
        return out(begun.join(" "));
    }
    for (place, word) in left.iter().enumerate() {
        let rest: Vec<&str> =
            left.iter().enumerate().filter(|(at, _)| *at != place).map(|(_, w)| *w).collect();
        begun.push(word);
        permute(begun, &rest, out);
        begun.pop();
    }
}
