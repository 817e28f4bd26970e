//! How a record that is there takes over what a card says.

use crate::value::{Email, Phone};
use std::collections::BTreeMap;

/// A single value.
pub(super) fn fill<T>(there: &mut Option<T>, card: Option<T>, replace: bool) {
    if card.is_some() && (replace || there.is_none()) {
        *there = card;
    }
}

/// A text.
pub(super) fn fill_text(there: &mut String, card: String, replace: bool) {
    if !card.is_empty() && (replace || there.is_empty()) {
        *there = card;
    }
}

/// Addresses: each once.
pub(super) fn unite_emails(there: &mut Vec<Email>, card: Vec<Email>, replace: bool) {
    let key = |email: &Email| email.address.comparison_key().unwrap_or_default();
    for email in card {
        match there.iter_mut().find(|other| key(other) == key(&email)) {
            Some(known) => {
                fill(&mut known.label, email.label, replace);
                known.opted_out |= email.opted_out;
            }
            None => there.push(email),
        }
    }
}

/// Numbers: each once, in whatever format.
pub(super) fn unite_phones(there: &mut Vec<Phone>, card: Vec<Phone>, replace: bool, region: &str) {
    let key = |phone: &Phone| phone.number.comparison_key(region);
    for phone in card {
        match there.iter_mut().find(|other| key(other) == key(&phone)) {
            Some(known) => {
                fill(&mut known.label, phone.label, replace);
                known.opted_out |= phone.opted_out;
            }
            None => there.push(phone),
        }
    }
}

/// Values by name.
pub(super) fn unite_map<V>(there: &mut BTreeMap<String, V>, card: BTreeMap<String, V>, replace: bool) {
    for (name, value) in card {
        if replace || !there.contains_key(&name) {
            there.insert(name, value);
        }
    }
}
