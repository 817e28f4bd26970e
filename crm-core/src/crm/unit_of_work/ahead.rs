//! What is made of a new record's data ahead of its writing, on another core: the rules that run when it is written change
//! few fields, and for the others it holds.

use crate::model::{AnyData, Entity, FieldSet, FieldValues, named_values};
use crate::value::KeyRules;
#[cfg(feature = "exchange")]
use crate::value::Words;
use std::any::Any;

/// What was made of some data, field by field.
#[derive(Debug)]
pub(crate) struct Ahead {
    /// The data as they were.
    data: Box<AnyData>,
    rules: KeyRules,
    values: FieldValues,
    words: Vec<(usize, String)>,
    keys: Vec<(usize, String)>,
    /// The fields for which it holds.
    fields: FieldSet,
}

impl Ahead {
    #[cfg(feature = "exchange")]
    pub(crate) fn of(data: &AnyData, rules: &KeyRules) -> Self {
        let schema = data.schema();
        let mut fields = FieldSet::EMPTY;
        // Custom fields have definitions, which are the store's.
        schema
            .all_fields()
            .iter()
            .filter(|field| schema.custom != Some(*field))
            .for_each(|field| fields.insert(field));
        let searchable = fields.iter().filter(|field| schema.searchable && schema.fields[*field].searchable);
        let words = searchable.map(|field| {
            let mut words = Words::default();
            data.words(field, rules, &mut words);
            (field, words.into_text())
        });
        let words = words.collect();
        let mut keys = Vec::new();
        for field in schema.keyed.iter().filter(|field| fields.contains(**field)) {
            data.keys(*field, rules, &mut |key| keys.push((*field, key)));
        }
        let values = named_values(data, fields);
        Ahead { data: data.copy(), rules: rules.clone(), values, words, keys, fields }
    }

    /// What still holds of these data, by these rules.
    pub(super) fn of_now<E: Entity>(mut self, data: &E, rules: &KeyRules) -> Option<Self> {
        let before: &dyn Any = &*self.data;
        let changed = data.changed(before.downcast_ref()?);
        let mut fields = FieldSet::EMPTY;
        self.fields.iter().filter(|field| !changed.contains(*field)).for_each(|field| fields.insert(field));
        self.fields = fields;
        (self.rules == *rules).then_some(self)
    }

    pub(super) fn holds(&self, field: usize) -> bool {
        self.fields.contains(field)
    }

    pub(super) fn words(&self, field: usize) -> &str {
        let words = self.words.iter().find(|(of, _)| *of == field);
        words.map_or("", |(_, words)| words)
    }

    /// About how long all words are together.
    pub(super) fn length_of_words(&self) -> usize {
        const OF_OTHERS: usize = 32;
        self.words.iter().map(|(_, words)| words.len() + 1).sum::<usize>() + OF_OTHERS
    }

    pub(super) fn keys(&self, field: usize) -> impl Iterator<Item = &str> {
        self.keys.iter().filter(move |(of, _)| *of == field).map(|(_, key)| key.as_str())
    }

    /// The values of all fields by name, as [`named_values`] gives them.
    pub(super) fn into_values(mut self, data: &AnyData) -> FieldValues {
        let schema = data.schema();
        let mut others = FieldSet::EMPTY;
        for field in schema.all_fields().iter().filter(|field| !self.fields.contains(*field)) {
            self.values.remove(schema.fields[field].name);
            others.insert(field);
        }
        self.values.extend(named_values(data, others));
        self.values
    }
}
