//! Patches: absent = keep, null = clear, value = set.

use super::{AnyData, set_named};
use crate::error::Violations;
use crate::value::Value;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Changes by field name, as a JSON merge patch (RFC 7396) on the top level: a field that is not named keeps its
/// value, null clears it, any other value replaces it. Each custom field counts as a field: `{"custom": {"tier": "gold"}}`
/// and `{"custom.tier": "gold"}` both set one of them and keep the others.
///
/// ```
/// use crm_core::Patch;
/// let patch: Patch = serde_json::from_str(r#"{"website": null, "name": "Mara Tea"}"#).unwrap();
/// assert_eq!(patch, Patch::new().set("name", "Mara Tea").clear("website"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Patch {
    fields: BTreeMap<String, Value>,
}

impl Patch {
    /// Changes nothing yet.
    pub fn new() -> Self {
        Patch::default()
    }

    /// Sets a field.
    #[must_use]
    pub fn set(mut self, field: impl Into<String>, value: impl Into<Value>) -> Self {
        self.fields.insert(field.into(), value.into());
        self
    }

    /// Clears a field.
    #[must_use]
    pub fn clear(mut self, field: impl Into<String>) -> Self {
        self.fields.insert(field.into(), Value::Null);
        self
    }

    /// The fields that it names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.keys().map(String::as_str)
    }

    /// Applies it; what doesn't fit is noted and left as it was.
    pub(crate) fn apply(self, data: &mut AnyData, problems: &mut Violations) {
        let schema = data.schema();
        let custom = schema.custom.map(|index| schema.fields[index].name);
        let mut set = |name: &str, value: Value| match set_named(data, name, value) {
            Ok(true) => {}
            Ok(false) => {
                problems.add(name, "unknown_field", "", format!("{} has no field {name:?}", schema.entity));
            }
            Err(mismatch) => {
                let reason = format!("expected {}", mismatch.expected);
                problems.add(name, "mismatch", &mismatch.found, reason);
            }
        };
        for (name, value) in self.fields {
            match value {
                Value::Map(values) if Some(name.as_str()) == custom => {
                    values.into_iter().for_each(|(key, value)| set(&format!("{name}.{key}"), value));
                }
                value => set(&name, value),
            }
        }
    }
}

impl FromIterator<(String, Value)> for Patch {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(fields: I) -> Self {
        Patch { fields: fields.into_iter().collect() }
    }
}
