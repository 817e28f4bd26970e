//! Custom fields on their way in: checked against their definitions and brought into one form.

use super::UnitOfWork;
use crate::crm::ops::ops;
use crate::crm::system::Shared;
use crate::error::{Result, Violations};
use crate::model::{Action, AnyData, CustomField, CustomFieldType, custom_of};
use crate::value::{
    EmailAddress, FieldValue, Mismatch, Money, NUMBER, PhoneNumber, Quantity, Value, ValueType, fits_number,
    fold, instant_text,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;

impl UnitOfWork<'_> {
    /// From here on this is the definition on the path: it was changed by this operation.
    pub(in crate::crm) fn use_custom_field(&mut self, path: &str, definition: Option<&CustomField>) {
        let mut shared = Shared::clone(&self.shared);
        let fields = &mut shared.conventions.custom_fields;
        fields.retain(|field| field.path != path);
        fields.extend(definition.cloned());
        self.shared = Arc::new(shared);
    }

    /// Checks the custom fields that the caller changed and gives each the form of its type.
    pub(super) fn prepare_custom(
        &self,
        data: &mut AnyData,
        old: Option<&AnyData>,
        problems: &mut Violations,
    ) -> Result<()> {
        let schema = data.schema();
        let Some(index) = schema.custom else { return Ok(()) };
        let before = old.map(|old| custom_of(old, index)).unwrap_or_default();
        let mut custom = custom_of(data, index);
        if old.is_some() && custom == before {
            return Ok(());
        }
        let kind = schema.kind;
        let mut checked = BTreeMap::new();
        for (key, value) in std::mem::take(&mut custom) {
            if before.get(&key) == Some(&value) {
                checked.insert(key, value);
                continue;
            }
            let name = format!("custom.{key}");
            let Some(field) = self.conventions().custom_field(kind, &key) else {
                problems.add(
                    &name,
                    "unknown_field",
                    "",
                    format!("{} has no custom field {key:?}", schema.entity),
                );
                continue;
            };
            if !field.active {
                problems.add(&name, "inactive", "", "the field is no longer in use and takes no new values");
                continue;
            }
            match in_form(field, value) {
                Ok(value) => {
                    self.check_custom_reference(field, &name, &value, problems)?;
                    checked.insert(key, value);
                }
                // What is wrong with it whatever its type was told before.
                Err(_) if problems.iter().any(|problem| problem.field == name) => {}
                Err(mismatch) => {
                    let reason = format!("expected {}", mismatch.expected);
                    problems.add(&name, "mismatch", &mismatch.found, reason);
                }
            }
        }
        for field in self.conventions().custom_fields.iter().filter(|field| Some(field.entity) == kind) {
            let cleared = old.is_none() || before.contains_key(&field.key);
            let failed = problems.iter().any(|problem| problem.field == format!("custom.{}", field.key));
            if field.required && field.active && cleared && !failed && !checked.contains_key(&field.key) {
                let reason = format!("{} is required", field.label);
                problems.add(&format!("custom.{}", field.key), "blank", "", reason);
            }
        }
        if let Err(mismatch) = data.set(index, Value::Map(checked)) {
            problems.add("custom", "mismatch", &mismatch.found, format!("expected {}", mismatch.expected));
        }
        Ok(())
    }

    /// What a reference leads to must be live and visible. One that is not seen looks like one that is not there.
    fn check_custom_reference(
        &self,
        field: &CustomField,
        name: &str,
        value: &Value,
        problems: &mut Violations,
    ) -> Result<()> {
        let (Some(target), Some(id)) = (field.target, value.as_text().and_then(|id| id.parse::<Uuid>().ok()))
        else {
            return Ok(());
        };
        if ops(target).is_live(self.tx(), id, self.authority.sight(Action::View))? != Some(true) {
            problems.add(name, "unknown", &id.to_string(), format!("there is no {target} with this id"));
        }
        Ok(())
    }
}

/// The value in the one form of the field's type.
fn in_form(field: &CustomField, value: Value) -> std::result::Result<Value, Mismatch> {
    let text = |value: Value, ty: ValueType| ty.coerce(value);
    match field.r#type {
        CustomFieldType::Text => text(value, ValueType::Text),
        CustomFieldType::Bool => text(value, ValueType::Bool),
        CustomFieldType::Number => {
            let number = Quantity::from_value(value.clone())?;
            if !fits_number(number.0) {
                return Err(Mismatch::new(NUMBER, &value));
            }
            // As it comes back from JSON.
            crate::model::retype_custom(number.to_value())
        }
        CustomFieldType::Money => Money::from_value(value).map(Value::Money),
        CustomFieldType::Date => text(value, ValueType::Date).map(|date| Value::Text(date.to_string())),
        CustomFieldType::Instant => match text(value, ValueType::Instant)? {
            Value::Instant(at) => Ok(Value::Text(instant_text(at))),
            other => Ok(other),
        },
        CustomFieldType::Choice => option(field, value).map(Value::Text),
        CustomFieldType::Choices => match value {
            Value::List(list) => {
                let mut options = list
                    .into_iter()
                    .map(|value| option(field, value))
                    .collect::<std::result::Result<Vec<_>, _>>()?;
                let place = |option: &String| field.options.iter().position(|o| o == option);
                options.sort_by_key(place);
                options.dedup();
                Ok(Value::List(options.into_iter().map(Value::Text).collect()))
            }
            other => Err(Mismatch::new(format!("a list of {}", field.options.join(", ")), &other)),
        },
        CustomFieldType::Url => match text(value, ValueType::Text)? {
            Value::Text(url) if is_url(&url) => Ok(Value::Text(url)),
            other => Err(Mismatch::new("a web address like https://example.com", &other)),
        },
        CustomFieldType::Email => {
            let address = EmailAddress::from_value(value)?;
            match address.comparison_key() {
                Ok(_) => Ok(address.to_value()),
                Err(reason) => {
                    Err(Mismatch::new(format!("an e-mail address: {reason}"), &address.to_value()))
                }
            }
        }
        CustomFieldType::Phone => {
            let mut number = PhoneNumber::from_value(value)?;
            let mut problems = Violations::default();
            number.tidy("", 100, &mut problems);
            match problems.is_empty() {
                true => Ok(number.to_value()),
                false => Err(Mismatch::new("a phone number", &number.to_value())),
            }
        }
        CustomFieldType::Reference => match ValueType::Id("").coerce(value)? {
            Value::Id(id) => Ok(Value::Text(id.to_string())),
            other => Ok(other),
        },
    }
}

/// The option that a text names, in the definition's spelling.
fn option(field: &CustomField, value: Value) -> std::result::Result<String, Mismatch> {
    let named = value.as_text().map(fold);
    let found = field.options.iter().find(|option| Some(fold(option)) == named);
    found.cloned().ok_or_else(|| Mismatch::new(format!("one of {}", field.options.join(", ")), &value))
}

fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        !host.is_empty() && !rest.contains(char::is_whitespace)
    })
}
