//! What an organisation agreed on, as far as single records and lists need it.

use super::{CustomField, Kind};
use crate::value::KeyRules;

/// How keys are compared and which custom fields there are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Conventions {
    /// How e-mails, phones and the like become keys.
    pub keys: KeyRules,
    /// The definitions of custom fields, inactive ones too.
    pub custom_fields: Vec<CustomField>,
}

impl Conventions {
    /// The definition of a custom field of this kind of record.
    pub fn custom_field(&self, kind: Option<Kind>, key: &str) -> Option<&CustomField> {
        self.custom_fields.iter().find(|field| Some(field.entity) == kind && field.key == key)
    }
}
