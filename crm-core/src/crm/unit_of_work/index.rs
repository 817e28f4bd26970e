//! The keys and words beside a record, and what follows when the rules change by which they are made.

use super::{Ahead, UnitOfWork};
use crate::crm::ops::ops;
use crate::error::Result;
use crate::model::{AnyData, CustomField, CustomFieldType, FieldSet, Kind, Record, Schema, Settings};
use crate::store::{AnyEntry, Condition, IndexChange, Key, Plan, Position, custom_key_field, keeper};
use crate::value::{EmailAddress, FieldValue, KeyRules, PhoneNumber, Value, Words};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Records that are looked at in one read. Tests, whose tables are tiny, read several times.
const PAGE: usize = if cfg!(debug_assertions) { 2 } else { 500 };

impl UnitOfWork<'_> {
    /// The keys and words of a new record, some of which may be made already.
    pub(super) fn index_of_new(&self, kind: Kind, data: &AnyData, ahead: Option<&Ahead>) -> IndexChange {
        let Some(ahead) = ahead else {
            return self.index_change(kind, None, Some(data), kind.schema().all_fields());
        };
        let (schema, conventions) = (kind.schema(), self.conventions());
        let rules = &conventions.keys;
        let keys = |field: usize, out: &mut dyn FnMut(String)| match ahead.holds(field) {
            true => ahead.keys(field).for_each(|key| out(key.to_owned())),
            false => data.keys(field, rules, out),
        };
        let unique = |field: &str| ops(kind).is_unique(field, self.settings());
        let mut added = BTreeSet::new();
        keys_by(kind, schema.all_fields(), &keys, &unique, &mut added);
        custom_keys(kind, data, schema.all_fields(), rules, &conventions.custom_fields, &mut added);
        let mut words = Words::with_capacity(ahead.length_of_words());
        for field in schema.all_fields().iter().filter(|field| schema.fields[*field].searchable) {
            match ahead.holds(field) {
                true => words.append(ahead.words(field)),
                false => data.words(field, rules, &mut words),
            }
        }
        IndexChange {
            removed: Vec::new(),
            added: added.into_iter().collect(),
            words: schema.searchable.then(|| words.into_text()),
            deletion: true,
        }
    }

    /// What changes in the key table and the search index when a record goes from `old` to `new`.
    pub(super) fn index_change(
        &self,
        kind: Kind,
        old: Option<&AnyData>,
        new: Option<&AnyData>,
        changed: FieldSet,
    ) -> IndexChange {
        let schema = kind.schema();
        let rules = &self.shared.conventions.keys;
        let keys = |data: Option<&AnyData>| {
            data.map(|data| self.keys_of(kind, data, changed, rules)).unwrap_or_default()
        };
        let (before, after) = (keys(old), keys(new));
        let words = match (old, new) {
            _ if !schema.searchable => None,
            (_, None) => Some(String::new()),
            (Some(_), Some(_)) if !changed.iter().any(|field| schema.fields[field].searchable) => None,
            (_, Some(new)) => Some(words_of(new, schema.all_fields(), rules)),
        };
        IndexChange {
            removed: before.difference(&after).cloned().collect(),
            added: after.difference(&before).cloned().collect(),
            words,
            deletion: old.is_some() != new.is_some(),
        }
    }

    /// The keys of some fields.
    pub(super) fn keys_of(
        &self,
        kind: Kind,
        data: &AnyData,
        fields: FieldSet,
        rules: &KeyRules,
    ) -> BTreeSet<Key> {
        keys_of(kind, data, fields, rules, &self.conventions().custom_fields, &|field| {
            ops(kind).is_unique(field, self.settings())
        })
    }

    /// Takes over new settings. What comes later in this operation follows them, and so do the keys and words of all
    /// live records; what is in the trash has none, and gets them by the rules that hold when it comes back.
    pub(crate) fn adopt(&mut self, settings: &Record<Settings>) -> Result<()> {
        let adopted = Arc::new(self.shared.with_settings(settings.clone()));
        let before = std::mem::replace(&mut self.shared, adopted);
        if before.conventions.keys != self.shared.conventions.keys {
            for kind in Kind::ALL {
                self.reindex(*kind, &before.conventions.keys)?;
            }
        }
        Ok(())
    }

    /// Makes the keys and words of an entity's live records anew that follow the rules. The records themselves do not
    /// change, so neither do their versions, and the journal has nothing to say of them.
    pub(super) fn reindex(&mut self, kind: Kind, before: &KeyRules) -> Result<()> {
        let mut regional = regional_fields(kind.schema());
        let with_region = keyed(&self.conventions().custom_fields, kind)
            .any(|field| field.r#type == CustomFieldType::Phone);
        if let Some(custom) = kind.schema().custom.filter(|_| with_region) {
            regional.insert(custom);
        }
        if regional.is_empty() {
            return Ok(());
        }
        let mut plan = Plan::all_where(Condition::All(Vec::new()), false, PAGE);
        loop {
            let page = keeper(kind).find(self.tx(), &plan)?;
            for entry in &page {
                self.reindex_one(kind, &**entry, regional, before)?;
            }
            match page.last() {
                Some(last) if page.len() == PAGE => plan.order.after = Some(place_of(&plan, &**last)),
                _ => return Ok(()),
            }
        }
    }

    fn reindex_one(
        &mut self,
        kind: Kind,
        entry: &AnyEntry,
        regional: FieldSet,
        before: &KeyRules,
    ) -> Result<()> {
        let data = entry.data();
        let rules = &self.shared.conventions.keys;
        let (old, new) =
            (self.keys_of(kind, data, regional, before), self.keys_of(kind, data, regional, rules));
        let same_words = words_of(data, regional, before) == words_of(data, regional, rules);
        if old == new && same_words {
            return Ok(());
        }
        let index = IndexChange {
            removed: old.difference(&new).cloned().collect(),
            added: new.difference(&old).cloned().collect(),
            words: (!same_words).then(|| words_of(data, kind.schema().all_fields(), rules)),
            deletion: false,
        };
        let replaced = keeper(kind).replace(self.writer(), entry, FieldSet::EMPTY, &index);
        replaced.map_err(|error| self.hide_holder(error))
    }
}

/// The fields whose keys or words follow the rules.
fn regional_fields(schema: &Schema) -> FieldSet {
    let mut regional = FieldSet::EMPTY;
    for (index, field) in schema.fields.iter().enumerate() {
        if field.regional && (field.key || field.unique || field.searchable) {
            regional.insert(index);
        }
    }
    regional
}

fn place_of(plan: &Plan, entry: &AnyEntry) -> Position {
    let (created_at, id) = entry.born();
    Position {
        ranks: plan.order.keys.iter().map(|key| key.column.rank(key.column.value_in(entry))).collect(),
        created_at,
        id,
    }
}

/// The keys of some fields; those of unique fields are so when `unique` says it.
pub(in crate::crm) fn keys_of(
    kind: Kind,
    data: &AnyData,
    fields: FieldSet,
    rules: &KeyRules,
    custom_fields: &[CustomField],
    unique: &dyn Fn(&str) -> bool,
) -> BTreeSet<Key> {
    let mut keys = BTreeSet::new();
    keys_by(kind, fields, &|field, out| data.keys(field, rules, out), unique, &mut keys);
    custom_keys(kind, data, fields, rules, custom_fields, &mut keys);
    keys
}

/// Gives the keys of a field.
type KeysOfField<'a> = &'a dyn Fn(usize, &mut dyn FnMut(String));

/// The keys of ordinary fields.
fn keys_by(
    kind: Kind,
    fields: FieldSet,
    of_field: KeysOfField<'_>,
    unique: &dyn Fn(&str) -> bool,
    keys: &mut BTreeSet<Key>,
) {
    let schema = kind.schema();
    for field in schema.keyed.iter().filter(|field| fields.contains(**field)) {
        let def = &schema.fields[*field];
        let unique = def.unique && unique(def.name);
        of_field(*field, &mut |key| {
            keys.insert(Key { field: def.name, key, unique });
        });
    }
}

/// Phone numbers and e-mail addresses in custom fields are looked up like the others.
fn custom_keys(
    kind: Kind,
    data: &AnyData,
    fields: FieldSet,
    rules: &KeyRules,
    custom_fields: &[CustomField],
    keys: &mut BTreeSet<Key>,
) {
    let custom = kind.schema().custom.filter(|custom| fields.contains(*custom));
    let Some(custom) = custom.filter(|_| keyed(custom_fields, kind).next().is_some()) else { return };
    let Value::Map(mut values) = data.value(custom) else { return };
    for field in keyed(custom_fields, kind) {
        let Some(Value::Text(text)) = values.remove(&field.key) else { continue };
        let mut take = |key| {
            keys.insert(Key { field: custom_key_field(&field.key), key, unique: false });
        };
        match field.r#type {
            CustomFieldType::Phone => PhoneNumber(text).keys(rules, &mut take),
            _ => EmailAddress(text).keys(rules, &mut take),
        }
    }
}

/// The custom fields of a kind whose values have keys.
fn keyed(custom_fields: &[CustomField], kind: Kind) -> impl Iterator<Item = &CustomField> {
    let keyed = |ty| matches!(ty, CustomFieldType::Phone | CustomFieldType::Email);
    custom_fields.iter().filter(move |field| field.entity == kind && keyed(field.r#type))
}

/// The words of some fields.
pub(in crate::crm) fn words_of(data: &AnyData, fields: FieldSet, rules: &KeyRules) -> String {
    let mut words = Words::default();
    for field in fields.iter().filter(|field| data.schema().fields[*field].searchable) {
        data.words(field, rules, &mut words);
    }
    words.into_text()
}
