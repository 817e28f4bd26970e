//! What a step gives to its call. Whatever the call does not take is told, so that a scenario can't say a thing that
//! nobody hears.

use crm_core::chrono::NaiveDate;
use crm_core::{Entity, Error, FieldValue, Filter, Id, Patch, Query, Result, Timestamp, Uuid, Value};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};
use std::cell::RefCell;
use std::collections::BTreeSet;

pub(super) struct Args {
    args: Map<String, Json>,
    fields: Option<Map<String, Json>>,
    taken: RefCell<BTreeSet<String>>,
}

impl Args {
    pub(super) fn new(args: Json, fields: Option<Json>) -> Self {
        let object = |given: Json| match given {
            Json::Object(all) => all,
            other => panic!("args and fields are objects: {other}"),
        };
        Args { args: object(args), fields: fields.map(object), taken: RefCell::default() }
    }

    /// What the call did not ask for.
    pub(super) fn left_over(&self) -> Vec<String> {
        let taken = self.taken.borrow();
        let fields = self.fields.as_ref().map(|_| "fields".to_owned());
        self.args.keys().cloned().chain(fields).filter(|name| !taken.contains(name)).collect()
    }

    fn taking(&self, name: &str) {
        self.taken.borrow_mut().insert(name.to_owned());
    }

    /// An argument, if it is given and not null.
    pub(super) fn maybe(&self, name: &str) -> Option<&Json> {
        self.taking(name);
        self.args.get(name).filter(|given| !given.is_null())
    }

    pub(super) fn json(&self, name: &str) -> &Json {
        self.maybe(name).unwrap_or_else(|| panic!("the argument {name:?} is missing"))
    }

    pub(super) fn get<T: DeserializeOwned>(&self, name: &str) -> T {
        read(name, self.json(name))
    }

    pub(super) fn or<T: DeserializeOwned>(&self, name: &str, otherwise: T) -> T {
        self.maybe(name).map_or(otherwise, |given| read(name, given))
    }

    pub(super) fn option<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        self.maybe(name).map(|given| read(name, given))
    }

    pub(super) fn text(&self, name: &str) -> String {
        self.get(name)
    }

    pub(super) fn id<E>(&self, name: &str) -> Id<E> {
        Id::from_uuid(self.get::<Uuid>(name))
    }

    pub(super) fn moment(&self, name: &str) -> Timestamp {
        self.get(name)
    }

    pub(super) fn day(&self, name: &str) -> NaiveDate {
        self.get(name)
    }

    /// A value by the type of a field, as patches have it.
    pub(super) fn value<T: FieldValue>(&self, name: &str) -> Result<T> {
        let value: Value = self.get(name);
        T::from_value(value).map_err(|mismatch| Error::invalid(name, "mismatch", mismatch.expected))
    }

    pub(super) fn patch(&self) -> Patch {
        self.taking("fields");
        self.fields.iter().flatten().map(|(name, value)| (name.clone(), read(name, value))).collect()
    }

    pub(super) fn has_fields(&self) -> bool {
        self.fields.is_some()
    }

    /// The data that the fields say, on top of other data.
    pub(super) fn data<E: Entity>(&self, on: E) -> Result<E> {
        self.taking("fields");
        data(on, self.fields.as_ref())
    }

    pub(super) fn filter(&self) -> Filter {
        self.or("where", Filter::all())
    }

    pub(super) fn query(&self) -> Query {
        let mut query = Query::new().filter(self.filter());
        query.words = self.option("words");
        query.order = match self.maybe("order_by") {
            Some(Json::String(field)) => vec![field.clone()],
            Some(several) => read("order_by", several),
            None => Vec::new(),
        };
        query.page_size = self.or("page_size", Query::PAGE_SIZE);
        query
    }
}

pub(super) fn read<T: DeserializeOwned>(name: &str, given: &Json) -> T {
    serde_json::from_value(given.clone()).unwrap_or_else(|error| panic!("{name} = {given}: {error}"))
}

/// The data that fields say, on top of other data.
pub(super) fn data<E: Entity>(mut on: E, fields: Option<&Map<String, Json>>) -> Result<E> {
    for (name, given) in fields.into_iter().flatten() {
        let index =
            E::schema().field(name).unwrap_or_else(|| panic!("a {} has no field {name:?}", E::ENTITY));
        on.set(index, read(name, given)).map_err(|mismatch| {
            Error::invalid(name, "mismatch", format!("expected {}", mismatch.expected))
        })?;
    }
    Ok(on)
}
