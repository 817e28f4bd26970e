//! References to saved values, and whether what came is what was expected.

use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;

/// Values by the names that they were saved under.
pub(super) type Saved = BTreeMap<String, Json>;

/// The word of an object with one member whose name begins with `$`.
fn word(given: &Json) -> Option<(&str, &Json)> {
    let (name, value) = given.as_object().filter(|all| all.len() == 1)?.iter().next()?;
    Some((name.strip_prefix('$')?, value))
}

/// The same with `{"$": "name.path"}` and `{"$text": "… {name.path} …"}` put in.
pub(super) fn resolved(given: &Json, saved: &Saved) -> Json {
    match (word(given), given) {
        (Some(("", path)), _) => at(path.as_str().unwrap(), saved).clone(),
        (Some(("text", template)), _) => {
            let mut parts = template.as_str().unwrap().split('{');
            let mut text = parts.next().unwrap_or_default().to_owned();
            for part in parts {
                let (path, rest) = part.split_once('}').unwrap();
                match at(path, saved) {
                    Json::String(inside) => text.push_str(inside),
                    other => text.push_str(&other.to_string()),
                }
                text.push_str(rest);
            }
            text.into()
        }
        (_, Json::Object(all)) => {
            Json::Object(all.iter().map(|(name, one)| (name.clone(), resolved(one, saved))).collect())
        }
        (_, Json::Array(all)) => all.iter().map(|one| resolved(one, saved)).collect(),
        _ => given.clone(),
    }
}

fn at<'a>(path: &str, saved: &'a Saved) -> &'a Json {
    let mut parts = path.split('.');
    let name = parts.next().unwrap_or_default();
    let mut found = saved.get(name).unwrap_or_else(|| panic!("nothing was saved as {name:?}"));
    for part in parts {
        let next = match (found, part.parse::<usize>()) {
            (Json::Array(all), Ok(index)) => all.get(index),
            _ => found.get(part),
        };
        found = next.unwrap_or_else(|| panic!("{path:?}: no {part:?} in {found}"));
    }
    found
}

/// What differs, in words: objects may have more than is expected, all else must be equal.
pub(super) fn differences(expected: &Json, got: Option<&Json>, path: &str, out: &mut Vec<String>) {
    let Some(got) = got else {
        match word(expected) {
            Some(("absent", _)) => {}
            _ => out.push(format!("{path}: is not there, expected {expected}")),
        }
        return;
    };
    let mut wrong = || out.push(format!("{path}: {got}, expected {expected}"));
    match (word(expected), expected, got) {
        (Some(("absent", _)), ..) => wrong(),
        (Some(("any", _)), ..) => {
            if got.is_null() {
                wrong();
            }
        }
        (Some(("exact", whole)), ..) => {
            if whole != got {
                wrong();
            }
        }
        (Some(("length", length)), ..) => {
            let found = match got {
                Json::Array(all) => all.len(),
                Json::String(text) => text.chars().count(),
                _ => usize::MAX,
            };
            if length.as_u64() != u64::try_from(found).ok() {
                out.push(format!("{path}: has the length {found}, expected {length}"));
            }
        }
        (Some(("contains", part)), ..) => {
            let found = match (got, part) {
                (Json::String(text), Json::String(part)) => text.contains(part.as_str()),
                (Json::Array(all), part) => all.iter().any(|one| {
                    let mut none = Vec::new();
                    differences(part, Some(one), path, &mut none);
                    none.is_empty()
                }),
                _ => false,
            };
            if !found {
                wrong();
            }
        }
        (Some((unknown, _)), ..) => panic!("there is no matcher ${unknown}"),
        (None, Json::Object(all), Json::Object(found)) => all_of(all, found, path, out),
        (None, Json::Array(all), Json::Array(found)) if all.len() == found.len() => {
            for (index, (one, other)) in all.iter().zip(found).enumerate() {
                differences(one, Some(other), &format!("{path}.{index}"), out);
            }
        }
        _ => {
            if expected != got {
                wrong();
            }
        }
    }
}

fn all_of(expected: &Map<String, Json>, got: &Map<String, Json>, path: &str, out: &mut Vec<String>) {
    for (name, one) in expected {
        differences(one, got.get(name), &format!("{path}.{name}"), out);
    }
}
