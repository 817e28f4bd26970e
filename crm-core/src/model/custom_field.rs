//! The definitions of the fields that an organisation adds.

use super::{Kind, Validate};
use crate::error::Violations;
use crate::value::choice;
use crm_core_derive::Entity;
use serde::Serialize;

/// A field that the organisation added to one kind of record.
///
/// Its values lie in the record's `custom` under the `key`; lists filter and sort by `custom.KEY`, search finds its
/// words.
#[derive(Clone, Debug, PartialEq, Serialize, Entity)]
#[entity(name = "custom_field")]
pub struct CustomField {
    /// The kind of record that it belongs to: customer, contact, opportunity or product. Stays.
    #[entity(filterable, sortable)]
    pub entity: Kind,
    /// The name of the field in code, JSON and CSV: small letters, digits and `_`, a letter first. Stays; belongs to
    /// one definition of the kind for ever.
    #[entity(filterable, sortable, max = 60)]
    pub key: String,
    /// The name that is shown; the key when blank.
    #[entity(max = 255)]
    pub label: String,
    /// What its values are. Stays.
    #[entity(filterable)]
    pub r#type: CustomFieldType,
    /// Whether new records need it, and nobody may clear it.
    pub required: bool,
    /// The values of a choice, in their order; other types have none. Stored values stay when one is removed.
    #[entity(max = 100)]
    pub options: Vec<String>,
    /// The kind of record that a reference leads to; other types have none.
    pub target: Option<Kind>,
    /// An inactive field keeps the values that are stored, shows and finds them, and takes no new ones.
    #[entity(filterable)]
    pub active: bool,
    /// The kind and the key: only one definition has them. Computed.
    #[entity(system, unique)]
    pub path: String,
}

impl CustomField {
    /// The kinds of record that can have custom fields.
    pub const KINDS: &'static [Kind] = &[Kind::Customer, Kind::Contact, Kind::Opportunity, Kind::Product];
}

impl Default for CustomField {
    /// An active text of customers without a key.
    fn default() -> Self {
        CustomField {
            entity: Kind::Customer,
            key: String::new(),
            label: String::new(),
            r#type: CustomFieldType::Text,
            required: false,
            options: Vec::new(),
            target: None,
            active: true,
            path: String::new(),
        }
    }
}

impl Validate for CustomField {
    fn normalise(&mut self) {
        self.path = format!("{}.{}", self.entity, self.key);
        if self.label.is_empty() {
            self.label.clone_from(&self.key);
        }
    }

    fn check(&self, problems: &mut Violations) {
        if !Self::KINDS.contains(&self.entity) {
            let reason = "customers, contacts, opportunities and products have custom fields";
            problems.add("entity", "unknown", self.entity.as_str(), reason);
        }
        if !is_key(&self.key) {
            let reason = "a key is small letters, digits and _, a letter first";
            problems.add("key", "syntax", &self.key, reason);
        }
        let chosen = matches!(self.r#type, CustomFieldType::Choice | CustomFieldType::Choices);
        match (chosen, self.options.is_empty()) {
            (true, true) => problems.add("options", "blank", "", "a choice has options"),
            (false, false) => problems.add("options", "unused", "", "only choices have options"),
            _ => {}
        }
        for (index, option) in self.options.iter().enumerate() {
            let earlier = &self.options[..index];
            if option.is_empty() || earlier.contains(option) {
                let field = format!("options.{index}");
                problems.add(&field, "duplicate", option, "options must not be blank, and must differ");
            }
        }
        match (self.r#type == CustomFieldType::Reference, self.target.is_some()) {
            (true, false) => problems.add("target", "blank", "", "a reference says to what kind of record"),
            (false, true) => problems.add("target", "unused", "", "only references have a target"),
            _ => {}
        }
    }
}

/// Whether a text can be the key of a custom field.
fn is_key(key: &str) -> bool {
    key.starts_with(|c: char| c.is_ascii_lowercase())
        && key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

choice! {
    /// What the values of a custom field are.
    #[derive(Default)]
    pub enum CustomFieldType {
        /// A text.
        #[default]
        Text = "text",
        /// A number.
        Number = "number",
        /// An amount.
        Money = "money",
        /// A day.
        Date = "date",
        /// A moment.
        Instant = "instant",
        /// Yes or no.
        Bool = "bool",
        /// One of the options.
        Choice = "choice",
        /// Several of the options.
        Choices = "choices",
        /// A web address.
        Url = "url",
        /// An e-mail address.
        Email = "email",
        /// A phone number.
        Phone = "phone",
        /// Another record.
        Reference = "reference",
    }
}
