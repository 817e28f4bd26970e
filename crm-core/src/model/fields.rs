//! The fields of an entity's data, whatever the entity.

use super::{Entity, FieldSet, Schema, Validate};
use crate::error::Violations;
use crate::value::{KeyRules, Mismatch, Value, Words};
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use std::any::Any;
use std::fmt::{self, Debug};
use uuid::Uuid;

/// The data of an entity that is not known when the code is compiled. What takes it so is compiled once, and not for each
/// entity: half of a program that links the library would be copies of it.
pub(crate) type AnyData = dyn Fields;

/// What [`Entity`] says of single fields, for [`AnyData`].
pub(crate) trait Fields: Any + Debug + Send + Sync {
    fn schema(&self) -> &'static Schema;
    fn value(&self, field: usize) -> Value;
    fn set(&mut self, field: usize, value: Value) -> Result<(), Mismatch>;
    fn references(&self, field: usize, visit: &mut dyn FnMut(&'static str, Uuid));
    fn keys(&self, field: usize, rules: &KeyRules, out: &mut dyn FnMut(String));
    fn words(&self, field: usize, rules: &KeyRules, out: &mut Words);
    fn tidy(&mut self, problems: &mut Violations);
    fn check(&self, problems: &mut Violations);
    /// The fields that differ; all of them in data of another entity.
    fn changed(&self, other: &AnyData) -> FieldSet;
    /// Takes one field over from data of the same entity.
    fn copy_field(&mut self, field: usize, from: &AnyData);
    /// Data of the same entity with nothing in it.
    fn empty(&self) -> Box<AnyData>;
    /// The same data once more.
    fn copy(&self) -> Box<AnyData>;
}

/// The comparison keys of one entry of a list: two spellings of one e-mail address are one.
pub(crate) fn entry_keys(data: &AnyData, field: usize, entry: &Value, rules: &KeyRules) -> Vec<String> {
    let mut alone = data.empty();
    let mut keys = Vec::new();
    if alone.set(field, Value::List(vec![entry.clone()])).is_ok() {
        alone.keys(field, rules, &mut |key| keys.push(key));
    }
    keys
}

impl<E: Entity> Fields for E {
    fn schema(&self) -> &'static Schema {
        E::schema()
    }

    fn value(&self, field: usize) -> Value {
        Entity::value(self, field)
    }

    fn set(&mut self, field: usize, value: Value) -> Result<(), Mismatch> {
        Entity::set(self, field, value)
    }

    fn references(&self, field: usize, visit: &mut dyn FnMut(&'static str, Uuid)) {
        Entity::references(self, field, visit);
    }

    fn keys(&self, field: usize, rules: &KeyRules, out: &mut dyn FnMut(String)) {
        Entity::keys(self, field, rules, out);
    }

    fn words(&self, field: usize, rules: &KeyRules, out: &mut Words) {
        Entity::words(self, field, rules, out);
    }

    fn tidy(&mut self, problems: &mut Violations) {
        Entity::tidy(self, problems);
    }

    fn check(&self, problems: &mut Violations) {
        Validate::check(self, problems);
    }

    fn changed(&self, other: &AnyData) -> FieldSet {
        let other: &dyn Any = other;
        match other.downcast_ref() {
            Some(other) => Entity::changed(self, other),
            None => E::schema().all_fields(),
        }
    }

    fn copy_field(&mut self, field: usize, from: &AnyData) {
        let from: &dyn Any = from;
        if let Some(from) = from.downcast_ref() {
            Entity::copy_field(self, field, from);
        }
    }

    fn empty(&self) -> Box<AnyData> {
        Box::new(E::default())
    }

    fn copy(&self) -> Box<AnyData> {
        Box::new(self.clone())
    }
}

/// The fields of some entity's data by name, as they are read.
#[derive(Debug)]
pub(crate) struct Named(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Named {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = Named;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("fields by name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Named, A::Error> {
                let mut named = Vec::new();
                while let Some(field) = access.next_entry()? {
                    named.push(field);
                }
                Ok(Named(named))
            }
        }

        deserializer.deserialize_map(Fields)
    }
}

impl Named {
    /// Puts the fields into empty data.
    ///
    /// # Errors
    /// What is wrong with one of them, in words.
    pub(crate) fn put_into(self, data: &mut AnyData) -> Result<(), String> {
        let schema = data.schema();
        let mut known = FieldSet::EMPTY;
        for (name, value) in self.0 {
            let field = schema.field(&name);
            let field = field.ok_or_else(|| format!("a {} has no field {name:?}", schema.entity))?;
            if known.contains(field) {
                return Err(format!("{name} is there twice"));
            }
            known.insert(field);
            data.set(field, value).map_err(|mismatch| format!("{name}: expected {}", mismatch.expected))?;
        }
        Ok(())
    }
}

/// Reads an entity's data from its fields by name; what is absent stays empty. `Deserialize` of every entity is this.
///
/// # Errors
/// Those of the deserializer; an unknown field, or a value that does not fit.
#[doc(hidden)]
pub fn read_data<'de, E: Entity, D: Deserializer<'de>>(deserializer: D) -> Result<E, D::Error> {
    let mut data = E::default();
    Named::deserialize(deserializer)?.put_into(&mut data).map_err(de::Error::custom)?;
    Ok(data)
}
