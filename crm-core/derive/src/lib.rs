//! Derive macros of `crm-core`. The struct is the schema: everything that the stores, the lists, the journal and
//! the bindings need to know of an entity is read from its declaration here, once.

mod attributes;
mod composite;
mod entity;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Derives `crm_core::Entity`: the field table, typed field constants and the conversion of every field to and from
/// columns and the neutral `Value`; and serde's `Deserialize`, by names and values: a field that is absent is empty, an unknown
/// one is an error.
///
/// On the struct: `#[entity(name = "customer")]`. On a field, any of
///
/// | attribute | meaning |
/// |---|---|
/// | `filterable` | a list may filter by it |
/// | `sortable` | a list may be sorted by it |
/// | `searchable` | its words are found by search |
/// | `key` | looked up through the key table (lists, external ids) |
/// | `unique` | its keys belong to one live record |
/// | `system` | set by the library only: a caller who sets it gets `invalid` |
/// | `parent`, `link`, `restrict` | it refers to another record, and what happens to this one when that goes |
/// | `max = N` | longest text in characters (1,000 when absent) |
/// | `was = "old"` | the name that it had before; the journal still uses it |
#[proc_macro_derive(Entity, attributes(entity))]
pub fn derive_entity(input: TokenStream) -> TokenStream {
    entity::expand(&parse_macro_input!(input as DeriveInput))
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

/// Derives `crm_core::FieldValue` for a struct that is part of an entity: it flattens into columns when it is a
/// field (`address_city`) and is written as JSON when it stands in a list.
#[proc_macro_derive(Composite, attributes(entity))]
pub fn derive_composite(input: TokenStream) -> TokenStream {
    composite::expand(&parse_macro_input!(input as DeriveInput))
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}
