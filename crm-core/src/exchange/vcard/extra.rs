//! Properties that a record has no field for, kept as they are: under a key that says all about them but the value.

use super::lines::Logical;
use super::person::{OWN, Person};
use super::property::{CardProperty, cleaned, parse};
use super::reader::CardProblem;
use crate::exchange::content_lines::{escape, parameter};
use std::collections::{BTreeMap, BTreeSet};

/// The property in which an entry is written that has not the form of one.
const FREE: &str = "X-CRM-EXTRA";

/// The longest value that is kept; a field takes little more.
const LONGEST: usize = 90_000;

/// Keeps all that is left of a card.
pub(super) fn keep(person: &mut Person, extra: &mut BTreeMap<String, String>) {
    let mut keeper = Keeper { extra, kept: BTreeSet::new(), numbers: BTreeMap::new() };
    for property in
        std::mem::take(&mut person.rest).into_iter().chain(std::mem::take(&mut person.own).into_values())
    {
        match free_in(&property) {
            Some((key, value)) => _ = keeper.extra.insert(key, value),
            None => keeper.keep(property, 1, &mut person.problems),
        }
    }
    // Without a number it would be read as the field when the card comes in again.
    for property in std::mem::take(&mut person.surplus) {
        keeper.keep(property, 2, &mut person.problems);
    }
}

/// The entry that was written without the form of a property; only one that a record takes.
fn free_in(property: &CardProperty) -> Option<(String, String)> {
    let [key, value] = <[String; 2]>::try_from(property.parts()).ok().filter(|_| property.name == FREE)?;
    (!key.is_empty() && !key.contains(':') && !value.is_empty()).then_some((key, value))
}

/// The property of this library that was kept because it did not fit.
pub(super) fn own_in(property: &CardProperty) -> Option<CardProperty> {
    if property.name != FREE {
        return None;
    }
    let [key, value] = <[String; 2]>::try_from(property.parts()).ok()?;
    let is_own =
        key.starts_with(OWN) && key != FREE && key.chars().all(|c| c.is_ascii_uppercase() || c == '-');
    is_own.then(|| CardProperty { name: key, value, line: property.line, ..CardProperty::default() })
}

/// Puts properties into a record. A card may have the same one thousands of times, so what was put in is not looked
/// through again for each.
struct Keeper<'e> {
    extra: &'e mut BTreeMap<String, String>,
    kept: BTreeSet<(String, String)>,
    /// The last number of each key.
    numbers: BTreeMap<String, u32>,
}

impl Keeper<'_> {
    /// The first number is the one that a key goes without.
    fn keep(&mut self, property: CardProperty, least: u32, problems: &mut Vec<CardProblem>) {
        let value = kept(&property.value);
        if value.is_empty() {
            return;
        }
        let key = key_of(&property);
        if value.len() > LONGEST || key.len() > LONGEST {
            let reason = "longer than a record keeps; it was left out";
            problems.push(CardProblem::of(&property, "too_long", reason));
            return;
        }
        if !self.kept.insert((key.clone(), value.clone())) {
            return;
        }
        // The same property twice: `URL`, `URL#2`.
        let last = self.numbers.entry(key.clone()).or_insert(1);
        let mut number = least;
        let mut free = numbered(&key, number);
        while let Some(there) = self.extra.get(&free) {
            if *there == value {
                return;
            }
            *last = number.max(*last) + 1;
            number = *last;
            free = numbered(&key, number);
        }
        self.extra.insert(free, value);
    }
}

fn numbered(key: &str, number: u32) -> String {
    if number == 1 { key.to_owned() } else { format!("{key}#{number}") }
}

/// The value as it is kept: with its escapes, in one line.
fn kept(value: &str) -> String {
    cleaned(value.replace("\r\n", "\n").replace(['\n', '\r'], "\\n"))
}

/// `item1.X-ABLABEL`, `TEL;TYPE=home`. A key holds no colon, and a `#` only before its number.
fn key_of(property: &CardProperty) -> String {
    let mut key = property.group.as_ref().map(|group| format!("{group}.")).unwrap_or_default();
    key.push_str(&property.name);
    for (name, value) in &property.parameters {
        let value = parameter(value).replace(':', "^c").replace('#', "^h");
        key.push_str(&format!(";{name}={value}"));
    }
    cleaned(key)
}

/// What stands before the value's colon.
fn head_of(key: &str) -> Option<String> {
    let key = match key.rsplit_once('#') {
        Some((key, number)) if number.parse::<u32>().is_ok_and(|number| number > 1) => key,
        _ => key,
    };
    let mut head = String::with_capacity(key.len());
    let mut chars = key.chars();
    while let Some(c) = chars.next() {
        match c {
            '^' => match chars.next()? {
                'c' => head.push(':'),
                'h' => head.push('#'),
                escaped => head.extend(['^', escaped]),
            },
            c => head.push(c),
        }
    }
    Some(head)
}

/// The property that an entry is, when reading it would give this entry again: its group and name, and what stands
/// before the colon.
fn property_of(key: &str, value: &str) -> Option<(Option<String>, String, String)> {
    let head = head_of(key)?;
    if head.chars().chain(value.chars()).any(char::is_control) {
        return None;
    }
    let property = parse(&Logical::new(0, format!("{head}:{value}").as_bytes()), false)?.property;
    let is_same = head_of(&key_of(&property))? == head && property.value == value && property.data.is_none();
    let is_taken = property.name.starts_with(OWN)
        || matches!(
            property.name.as_str(),
            "BEGIN" | "END" | "VERSION" | "PRODID" | "REV" | "PROFILE" | "UID" | "NOTE" | "KIND"
        );
    (is_same && !is_taken).then_some((property.group, property.name, head))
}

/// The properties of which one is a record's field, and others may be kept beside it.
pub(super) const ONE: [&str; 7] = ["FN", "N", "ORG", "ADR", "TITLE", "URL", "UID"];

/// The lines of the entries but those that [`write_one`] writes, those of a property in the order in which they came.
pub(super) fn lines(extra: &BTreeMap<String, String>) -> impl Iterator<Item = String> {
    let number = |key: &str| key.rsplit_once('#').and_then(|(_, number)| number.parse().ok()).unwrap_or(0u32);
    let mut entries: Vec<_> = extra.iter().collect();
    entries.sort_by_key(|(key, _)| (key.split('#').next().map(str::to_owned), number(key)));
    entries.into_iter().filter_map(move |(key, value)| match property_of(key, value) {
        Some((_, name, head)) if ONE.contains(&name.as_str()) && !is_lesser(&head) => None,
        Some((_, _, head)) => Some(format!("{head}:{value}")),
        None => Some(format!("{FREE}:{};{}", escape(key), escape(value))),
    })
}

/// Writes the property that a field stands for: as the card had it, while it still says the same, else anew.
pub(super) fn write_one(
    extra: &BTreeMap<String, String>,
    name: &str,
    says_the_same: impl FnOnce(&CardProperty) -> bool,
    anew: Option<String>,
    lines: &mut Vec<String>,
) {
    let of_name =
        |(key, value): (&String, &String)| property_of(key, value).filter(|(_, other, _)| other == name);
    let has_lesser = extra.iter().filter_map(of_name).any(|(_, _, head)| is_lesser(&head));
    let preferred = if has_lesser { ";PREF=1" } else { "" };
    match chosen(extra, name).filter(|(_, property)| says_the_same(property)) {
        Some((head, property)) => lines.push(format!("{head}{preferred}:{}", property.value)),
        None => lines.extend(anew.map(|value| format!("{name}{preferred}:{value}"))),
    }
}

/// The entry of the property that a field stands for.
pub(super) fn find(extra: &BTreeMap<String, String>, name: &str) -> Option<CardProperty> {
    chosen(extra, name).map(|(_, property)| property)
}

fn chosen(extra: &BTreeMap<String, String>, name: &str) -> Option<(String, CardProperty)> {
    extra.iter().find_map(|(key, value)| {
        let (_, found, head) = property_of(key, value)?;
        (found == name && !is_lesser(&head)).then(|| (head, CardProperty::plain(name, value)))
    })
}

/// Whether it is one beside the one that a field stands for.
fn is_lesser(head: &str) -> bool {
    head.split(';').any(|parameter| parameter.starts_with("PREF="))
}

/// The groups that the entries name, in lower case.
pub(super) fn groups(extra: &BTreeMap<String, String>) -> Vec<String> {
    let group = |(key, value): (&String, &String)| Some(property_of(key, value)?.0?.to_ascii_lowercase());
    extra.iter().filter_map(group).collect()
}
