//! Who a card speaks of: what customers and contacts have alike.

use super::extra::ONE;
use super::own::keep_wrong;
use super::property::{CardProperty, cleaned};
use super::reader::{CardProblem, VCard};
use crate::crm::UnitOfWork;
use crate::error::Violations;
use crate::exchange::content_lines::escape;
use crate::model::Kind;
use crate::value::{Address, CustomValues, Email, FieldDef, FieldValue, Phone};
use chrono::{Datelike, NaiveDate};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// Under this name a record keeps the `UID` of its card among its ids in other systems.
pub(super) const SYSTEM: &str = "vcard";

/// What properties that only this library writes begin with: fields that vCard has no property for, in JSON.
pub(super) const OWN: &str = "X-CRM-";

/// Who a card speaks of.
#[derive(Default)]
pub(super) struct Person {
    pub(super) uid: Option<String>,
    /// Whether it says that it is of an organisation, or of a person.
    pub(super) is_organisation: Option<bool>,
    /// What else it is of: a group, a room, a device.
    pub(super) other_kind: Option<String>,
    pub(super) full_name: String,
    /// The parts of `N`: family name, given name, and others.
    pub(super) name: Option<CardProperty>,
    pub(super) emails: Vec<Email>,
    pub(super) phones: Vec<Phone>,
    pub(super) organisation: Option<CardProperty>,
    pub(super) title: Option<CardProperty>,
    pub(super) website: Option<CardProperty>,
    pub(super) address: Option<Address>,
    pub(super) birthday: Option<NaiveDate>,
    pub(super) note: String,
    /// The fields in JSON, by the name of the property after `X-CRM-`.
    pub(super) own: BTreeMap<String, CardProperty>,
    /// Those of them that come again. Whatever becomes of the first, they are never read as fields.
    pub(super) surplus: Vec<CardProperty>,
    /// Everything else that says something.
    pub(super) rest: Vec<CardProperty>,
    pub(super) problems: Vec<CardProblem>,
}

impl Person {
    pub(super) fn read(card: VCard) -> Person {
        let mut person = Person { problems: card.problems, ..Person::default() };
        let labels = Labels::of(&card.properties);
        let mut properties = Vec::with_capacity(card.properties.len());
        for property in card.properties {
            if let Some(octets) = property.data {
                let reason = format!("{octets} octets of inline data were left out");
                person.problems.push(CardProblem::of(&property, "inline_data", &reason));
            } else if !property.value.trim().is_empty() {
                properties.push(property);
            }
        }
        // The preferred of several comes first; the order of equals stays.
        let mut chosen = BTreeMap::new();
        for (index, property) in properties.iter().enumerate() {
            if ONE.contains(&property.name.as_str()) {
                let best = chosen.entry(property.name.clone()).or_insert((property.preference(), index));
                *best = (*best).min((property.preference(), index));
            }
        }
        let (mut emails, mut phones) = (Vec::new(), Vec::new());
        for (index, mut property) in properties.into_iter().enumerate() {
            let is_chosen = chosen.get(&property.name).is_some_and(|(_, best)| *best == index);
            // Those that are kept: only the chosen one says nothing of how much it is preferred.
            match chosen.contains_key(&property.name) {
                true if is_chosen => property.prefer(None),
                true => property.prefer(Some(property.preference().clamp(2, 100))),
                false => {}
            }
            match property.name.as_str() {
                // Of the file, not of the person.
                "PRODID" | "REV" | "PROFILE" => {}
                "UID" if is_chosen => person.uid = Some(cleaned(property.text())),
                "FN" if is_chosen => person.full_name = cleaned(property.text()),
                "N" if is_chosen => person.name = Some(property),
                "ORG" if is_chosen => person.organisation = Some(property),
                "ADR" if is_chosen => person.address = person.address_of(property),
                "KIND" | "X-ADDRESSBOOKSERVER-KIND" | "X-ABSHOWAS" => {
                    match property.text().trim().to_ascii_lowercase().as_str() {
                        "org" | "organization" | "company" => person.is_organisation = Some(true),
                        "individual" | "person" => _ = person.is_organisation.get_or_insert(false),
                        kind => person.other_kind = Some(kind.to_owned()),
                    }
                }
                "TITLE" if is_chosen => person.title = Some(property),
                "URL" if is_chosen => person.website = Some(property),
                "EMAIL" => match email(&property, &labels) {
                    Some(email) if emails.len() < FieldDef::MOST_ENTRIES => {
                        emails.push((property.preference(), email));
                    }
                    _ => person.keep_invalid(property, "this is no e-mail address"),
                },
                "TEL" => match phone(&property, &labels) {
                    Some(phone) if phones.len() < FieldDef::MOST_ENTRIES => {
                        phones.push((property.preference(), phone));
                    }
                    _ => person.keep_invalid(property, "this is no phone number"),
                },
                "BDAY" if person.birthday.is_none() => {
                    person.birthday = birthday(&property);
                    if person.birthday.is_none() {
                        person.keep_invalid(property, "this is no whole date");
                    }
                }
                "NOTE" => {
                    let text = cleaned(property.text());
                    if !person.note.is_empty() && !text.is_empty() {
                        person.note.push_str("\n\n");
                    }
                    person.note.push_str(&text);
                }
                "X-ABLABEL" if labels.is_taken(&property) => {}
                name if name.starts_with(OWN) => {
                    // What another store could not take is tried again.
                    let property = super::extra::own_in(&property).unwrap_or(property);
                    let name = property.name.strip_prefix(OWN).unwrap_or_default().to_owned();
                    match person.own.entry(name) {
                        Entry::Vacant(none) if none.key() == "EXTRA" => person.rest.push(property),
                        Entry::Vacant(none) => _ = none.insert(property),
                        Entry::Occupied(_) => person.surplus.push(property),
                    }
                }
                _ => person.rest.push(property),
            }
        }
        emails.sort_by_key(|(preference, _)| *preference);
        phones.sort_by_key(|(preference, _)| *preference);
        person.emails = emails.into_iter().map(|(_, email)| email).collect();
        person.phones = phones.into_iter().map(|(_, phone)| phone).collect();
        person
    }

    fn keep_invalid(&mut self, property: CardProperty, reason: &str) {
        self.problems.push(CardProblem::of(&property, "not_valid", reason));
        self.rest.push(property);
    }

    fn address_of(&mut self, property: CardProperty) -> Option<Address> {
        let address = address_in(&property);
        let is_all = property.parts().iter().skip(7).all(String::is_empty);
        if !is_all || !property.parameters.is_empty() {
            self.rest.push(property);
        }
        address
    }

    /// The given and the family name.
    pub(super) fn names(&self) -> (String, String) {
        let mut parts = self.name.as_ref().map(CardProperty::parts).unwrap_or_default().into_iter();
        let family = parts.next().unwrap_or_default();
        (parts.next().unwrap_or_default(), family)
    }

    /// What else `N` says: further names, titles before and after.
    pub(super) fn has_more_names(&self) -> bool {
        let is_more = |name: &CardProperty| {
            !name.parameters.is_empty() || name.parts().iter().skip(2).any(|part| !part.is_empty())
        };
        self.name.as_ref().is_some_and(is_more)
    }

    /// Takes the custom fields that this library wrote in JSON; those that the store does not define are kept as they
    /// are.
    pub(super) fn take_custom(&mut self, unit: &UnitOfWork<'_>, kind: Kind) -> CustomValues {
        let Some(told) = self.own.remove("CUSTOM") else { return CustomValues::default() };
        let mut custom = match serde_json::from_str::<CustomValues>(&told.text()) {
            Ok(custom) => custom,
            Err(error) => {
                keep_wrong(self, told, &error.to_string());
                return CustomValues::default();
            }
        };
        let mut unknown = CustomValues::default();
        let is_known = |key: &str| {
            let field = unit.conventions().custom_field(Some(kind), key);
            field.is_some_and(|field| field.active)
        };
        for (key, value) in std::mem::take(&mut custom.0) {
            match is_known(&key) {
                true => custom.0.insert(key, value),
                false => unknown.0.insert(key, value),
            };
        }
        if let Ok(json) = serde_json::to_string(&unknown)
            && !unknown.0.is_empty()
        {
            let name = format!("{OWN}CUSTOM");
            let property = CardProperty { line: told.line, ..CardProperty::plain(&name, &escape(&json)) };
            let reason = "there are no custom fields with these keys; they are kept as they are";
            self.problems.push(CardProblem::of(&property, "unknown_field", reason));
            self.rest.push(property);
        }
        custom
    }

    /// What to call somebody without any name.
    pub(super) fn nameless(&self) -> Option<String> {
        let nickname =
            self.rest.iter().find(|property| property.name == "NICKNAME").map(|p| cleaned(p.text()));
        let organisation =
            self.organisation.as_ref().and_then(|property| property.parts().into_iter().next());
        let email = self.emails.first().map(|email| email.address.0.clone());
        let phone = self.phones.first().map(|phone| phone.number.0.clone());
        [nickname, organisation, email, phone].into_iter().flatten().find(|name| !name.is_empty())
    }
}

/// The labels that Apple and Google put beside a property of the same group.
struct Labels {
    by_group: BTreeMap<String, String>,
    /// Groups that consist of nothing but phones, addresses and their label.
    taken: BTreeSet<String>,
}

impl Labels {
    fn of(properties: &[CardProperty]) -> Labels {
        let mut labels = Labels { by_group: BTreeMap::new(), taken: BTreeSet::new() };
        for property in properties.iter().filter(|property| property.name == "X-ABLABEL") {
            let text = cleaned(property.text());
            let text = text.strip_prefix("_$!<").and_then(|text| text.strip_suffix(">!$_")).unwrap_or(&text);
            if let Some(group) = &property.group
                && is_label(text)
            {
                labels.by_group.entry(group.to_ascii_lowercase()).or_insert_with(|| text.to_owned());
            }
        }
        labels.taken = labels.by_group.keys().cloned().collect();
        for property in properties {
            let is_labelled = match property.name.as_str() {
                "EMAIL" => email(property, &labels).is_some(),
                "TEL" => phone(property, &labels).is_some(),
                name => name == "X-ABLABEL",
            };
            if let Some(group) = &property.group
                && !is_labelled
            {
                labels.taken.remove(&group.to_ascii_lowercase());
            }
        }
        labels
    }

    fn get(&self, property: &CardProperty) -> Option<String> {
        let group = property.group.as_ref()?.to_ascii_lowercase();
        self.by_group.get(&group).cloned()
    }

    fn is_taken(&self, property: &CardProperty) -> bool {
        property.group.as_ref().is_some_and(|group| self.taken.contains(&group.to_ascii_lowercase()))
    }
}

/// The address that a property gives.
pub(super) fn address_in(property: &CardProperty) -> Option<Address> {
    let parts = property.parts();
    let part = |index: usize| parts.get(index).filter(|part| !part.is_empty()).cloned();
    // Box, extended address, street: the lines above the town.
    let street: Vec<_> = (0..3).filter_map(part).collect();
    let address = Address {
        street: (!street.is_empty()).then(|| street.join("\n")),
        city: part(3),
        state: part(4),
        postal_code: part(5),
        country: part(6),
    };
    Some(address).filter(|address| *address != Address::default())
}

/// The address in a line.
pub(super) fn address_text(address: Option<&Address>) -> String {
    let Some(address) = address else { return String::new() };
    let Address { street, city, state, postal_code, country } = address;
    let parts = [street, city, state, postal_code, country].into_iter().flatten();
    parts.map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// The longest label, in characters.
const LONGEST_LABEL: usize = 50;

fn is_label(text: &str) -> bool {
    !text.is_empty() && text.chars().count() <= LONGEST_LABEL
}

/// Types that say nothing about what a number or an address is for.
const UNTOLD: [&str; 6] = ["pref", "voice", "internet", "msg", "x400", ""];

/// What types say, as a label: `work fax`, `mobile`.
pub(super) fn label_of(types: impl Iterator<Item = String>) -> Option<String> {
    let mut words: Vec<String> = Vec::new();
    for word in types.filter(|word| !UNTOLD.contains(&word.as_str())) {
        let word = if word == "cell" { "mobile".to_owned() } else { word };
        if !words.contains(&word) {
            words.push(word);
        }
        // As many words are no label, and may be hundreds of thousands.
        if words.len() > LONGEST_LABEL {
            return None;
        }
    }
    words.sort_by_key(|word| !matches!(word.as_str(), "work" | "home"));
    let label = cleaned(words.join(" "));
    is_label(&label).then_some(label)
}

/// The types that say a label, when there are such.
pub(super) fn types_of(label: &str) -> Option<Vec<String>> {
    let is_type = |word: &str| word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    let types = label.split(' ').map(|word| if word == "mobile" { "cell" } else { word }.to_owned());
    let types: Vec<String> = types.collect();
    let says_it =
        types.iter().all(|word| is_type(word)) && label_of(types.iter().cloned()).as_deref() == Some(label);
    says_it.then_some(types)
}

fn is_opted_out(property: &CardProperty) -> bool {
    property.parameter("X-OPTED-OUT").any(|value| value.eq_ignore_ascii_case("true"))
}

fn email(property: &CardProperty, labels: &Labels) -> Option<Email> {
    let text = cleaned(property.text());
    let text = without_scheme(&text, "mailto:");
    // A display name before it is no part of it.
    let address = match text.rsplit_once('<').map(|(_, rest)| rest.split_once('>')) {
        Some(Some((address, _))) => address,
        _ => text,
    };
    let mut email = Email::new(address.trim());
    email.label = labels.get(property).or_else(|| label_of(property.types()));
    email.opted_out = is_opted_out(property);
    is_fit(&mut email).then_some(email)
}

fn phone(property: &CardProperty, labels: &Labels) -> Option<Phone> {
    let text = cleaned(property.text());
    let is_text = property.parameter("VALUE").any(|kind| kind.eq_ignore_ascii_case("text"));
    let number = if is_text { text.as_str() } else { without_scheme(&text, "tel:") };
    let number = match number.len() == text.len() {
        true => text.clone(),
        false => plain_number(number),
    };
    let mut phone = Phone::new(number);
    phone.label = labels.get(property).or_else(|| label_of(property.types()));
    phone.opted_out = is_opted_out(property);
    is_fit(&mut phone).then_some(phone)
}

/// What follows `tel:` (RFC 3966), as people write it.
fn plain_number(uri: &str) -> String {
    let mut parameters = uri.split(';');
    let mut number = parameters.next().unwrap_or_default().to_owned();
    for (name, value) in parameters.filter_map(|parameter| parameter.split_once('=')) {
        match name.to_ascii_lowercase().as_str() {
            "ext" => number = format!("{number} ext. {value}"),
            "phone-context" if value.starts_with('+') && !number.starts_with('+') => {
                number = format!("{value}{number}");
            }
            _ => {}
        }
    }
    number
}

fn without_scheme<'t>(text: &'t str, scheme: &str) -> &'t str {
    match text.get(..scheme.len()) {
        Some(start) if start.eq_ignore_ascii_case(scheme) => text.get(scheme.len()..).unwrap_or_default(),
        _ => text,
    }
}

/// Whether a record would take it.
fn is_fit<T: FieldValue>(value: &mut T) -> bool {
    let mut problems = Violations::default();
    value.tidy("", 1_000, &mut problems);
    problems.into_result().is_ok()
}

fn birthday(property: &CardProperty) -> Option<NaiveDate> {
    if property.parameter("X-APPLE-OMIT-YEAR").next().is_some() {
        return None;
    }
    let text = cleaned(property.text());
    let day = text.split(['T', 't', ' ']).next()?;
    let format = match day.len() {
        10 => "%Y-%m-%d",
        8 => "%Y%m%d",
        _ => return None,
    };
    let date = NaiveDate::parse_from_str(day, format).ok()?;
    (1..=9999).contains(&date.year()).then_some(date)
}
