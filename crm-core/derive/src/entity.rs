//! `#[derive(Entity)]`.

use crate::attributes::{entity_name, fields_of};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{DeriveInput, Result};

pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let name = entity_name(input)?;
    let fields = fields_of(input)?;
    if fields.len() > 64 {
        return Err(syn::Error::new_spanned(&input.ident, "an entity has at most 64 fields"));
    }
    let ty = &input.ident;
    let count = fields.len();
    let definitions = fields.iter().map(|f| f.definition());
    let names: Vec<_> = fields.iter().map(|f| &f.name).collect();
    let maxima: Vec<_> = fields.iter().map(|f| f.max_chars()).collect();
    let idents: Vec<_> = fields.iter().map(|f| &f.ident).collect();
    let types: Vec<_> = fields.iter().map(|f| &f.ty).collect();
    let indexes: Vec<_> = (0..count).collect();
    let constants = fields.iter().map(|f| {
        let (constant, field_ty, field) = (format_ident!("{}", f.name.to_uppercase()), &f.ty, &f.name);
        let doc = format!("The field `{field}`, for filters and sorting. {}", f.doc);
        quote! {
            #[doc = #doc]
            pub const #constant: crm_core::Field<#ty, #field_ty> = crm_core::Field::new(#field);
        }
    });
    Ok(quote! {
        #[automatically_derived]
        impl #ty { #(#constants)* }

        #[automatically_derived]
        impl<'de> ::serde::Deserialize<'de> for #ty {
            fn deserialize<D: ::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::core::result::Result<Self, D::Error> {
                crm_core::read_data(deserializer)
            }
        }

        #[automatically_derived]
        impl crm_core::Entity for #ty {
            const ENTITY: &'static str = #name;
            const FIELDS: &'static [crm_core::FieldDef] = &[#(#definitions),*];

            fn schema() -> &'static crm_core::Schema {
                static SCHEMA: ::std::sync::OnceLock<crm_core::Schema> = ::std::sync::OnceLock::new();
                SCHEMA.get_or_init(|| crm_core::Schema::build(#name, <Self as crm_core::Entity>::FIELDS))
            }

            fn value(&self, field: usize) -> crm_core::Value {
                match field {
                    #(#indexes => crm_core::FieldValue::to_value(&self.#idents),)*
                    _ => crm_core::Value::Null,
                }
            }

            fn set(
                &mut self,
                field: usize,
                value: crm_core::Value,
            ) -> ::core::result::Result<(), crm_core::Mismatch> {
                match field {
                    #(#indexes => self.#idents = crm_core::FieldValue::from_value(value)?,)*
                    _ => {}
                }
                ::core::result::Result::Ok(())
            }

            fn copy_field(&mut self, field: usize, from: &Self) {
                match field {
                    #(#indexes => self.#idents = ::core::clone::Clone::clone(&from.#idents),)*
                    _ => {}
                }
            }

            fn changed(&self, other: &Self) -> crm_core::FieldSet {
                let mut set = crm_core::FieldSet::EMPTY;
                #(if self.#idents != other.#idents { set.insert(#indexes); })*
                set
            }

            fn tidy(&mut self, problems: &mut crm_core::Violations) {
                #(crm_core::FieldValue::tidy(&mut self.#idents, #names, #maxima, problems);)*
            }

            fn write_columns(&self, out: &mut dyn crm_core::ColumnWriter) -> crm_core::Result<()> {
                #(crm_core::FieldValue::write(&self.#idents, out)?;)*
                ::core::result::Result::Ok(())
            }

            // Once for each adapter: without it a row is copied several times on its way into a list.
            #[inline(always)]
            fn read_columns<R: crm_core::ColumnReader + ?Sized>(from: &mut R) -> crm_core::Result<Self> {
                // Into their places: what was read before a cell that can't be is dropped in one go.
                let mut data = <#ty as ::core::default::Default>::default();
                #(crm_core::read_field::<#types, R>(&mut data.#idents, from, #names)?;)*
                ::core::result::Result::Ok(data)
            }

            fn references(&self, field: usize, visit: &mut dyn FnMut(&'static str, crm_core::Uuid)) {
                match field {
                    #(#indexes => crm_core::FieldValue::references(&self.#idents, visit),)*
                    _ => {}
                }
            }

            fn keys(&self, field: usize, rules: &crm_core::KeyRules, out: &mut dyn FnMut(String)) {
                match field {
                    #(#indexes => crm_core::FieldValue::keys(&self.#idents, rules, out),)*
                    _ => {}
                }
            }

            fn words(&self, field: usize, rules: &crm_core::KeyRules, out: &mut crm_core::Words) {
                match field {
                    #(#indexes => crm_core::FieldValue::words(&self.#idents, rules, out),)*
                    _ => {}
                }
            }
        }
    })
}
