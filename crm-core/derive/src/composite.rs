//! `#[derive(Composite)]`.

use crate::attributes::fields_of;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{DeriveInput, Result};

pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let fields = fields_of(input)?;
    let ty = &input.ident;
    let names: Vec<_> = fields.iter().map(|f| &f.name).collect();
    let idents: Vec<_> = fields.iter().map(|f| &f.ident).collect();
    let types: Vec<_> = fields.iter().map(|f| &f.ty).collect();
    let locals: Vec<_> = fields.iter().map(|f| format_ident!("part_{}", f.name)).collect();
    // Without its first part, when that can't be absent, there is nothing: the other cells need not be looked at.
    let skips = locals.iter().zip(&types).enumerate().map(|(place, (first, ty))| {
        let rest = &types[place + 1..];
        (place == 0).then(|| {
            quote! {
                if #first.is_none() && <#ty as crm_core::FieldValue>::absent().is_none() {
                    from.skip(0 #(+ <#rest as crm_core::FieldValue>::CELLS)*)?;
                    return ::core::result::Result::Ok(::core::option::Option::None);
                }
            }
        })
    });
    let definitions: Vec<_> = fields.iter().map(|f| f.definition()).collect();
    let constants = fields.iter().map(|f| {
        let (constant, part_ty, part) = (format_ident!("{}", f.name.to_uppercase()), &f.ty, &f.name);
        let doc = format!("The part `{part}`, for filters and sorting. {}", f.doc);
        quote! {
            #[doc = #doc]
            pub const #constant: crm_core::Field<#ty, #part_ty> = crm_core::Field::new(#part);
        }
    });
    let maxima: Vec<_> = fields.iter().map(|f| f.max_chars()).collect();
    let expected =
        format!("an object with {}", names.iter().map(|n| n.as_str()).collect::<Vec<_>>().join(", "));
    let searched = fields.iter().filter(|f| f.flags.searchable).map(|f| &f.ident);
    let keyed = fields.iter().filter(|f| f.flags.key).map(|f| &f.ident);
    let indexed = fields.iter().filter(|f| f.flags.key || f.flags.searchable).map(|f| &f.ty);
    Ok(quote! {
        #[automatically_derived]
        impl #ty { #(#constants)* }

        #[automatically_derived]
        impl #ty {
            /// The parts of this type.
            pub const PARTS: &'static [crm_core::FieldDef] = &[#(#definitions),*];
        }

        #[automatically_derived]
        impl crm_core::FieldValue for #ty {
            const REGIONAL: bool = false #(|| <#indexed as crm_core::FieldValue>::REGIONAL)*;
            const CELLS: usize = 0 #(+ <#types as crm_core::FieldValue>::CELLS)*;

            fn shape() -> crm_core::Shape {
                crm_core::Shape::parts(Self::PARTS)
            }

            fn to_value(&self) -> crm_core::Value {
                let mut map = ::std::collections::BTreeMap::new();
                #({
                    let part = crm_core::FieldValue::to_value(&self.#idents);
                    if part != crm_core::Value::Null {
                        map.insert(::std::string::String::from(#names), part);
                    }
                })*
                crm_core::Value::Map(map)
            }

            fn from_value(value: crm_core::Value) -> ::core::result::Result<Self, crm_core::Mismatch> {
                let mut map = crm_core::parts_of(value, #expected, &[#(#names),*])?;
                // A part that is not named is as in an empty one.
                let mut empty = <#ty as ::core::default::Default>::default();
                #(if let ::core::option::Option::Some(part) = crm_core::take_part::<#types>(&mut map, #names)? {
                    empty.#idents = part;
                })*
                ::core::result::Result::Ok(empty)
            }

            fn write(&self, out: &mut dyn crm_core::ColumnWriter) -> crm_core::Result<()> {
                #(crm_core::FieldValue::write(&self.#idents, out)?;)*
                ::core::result::Result::Ok(())
            }

            fn write_absent(out: &mut dyn crm_core::ColumnWriter) -> crm_core::Result<()> {
                #(<#types as crm_core::FieldValue>::write_absent(out)?;)*
                ::core::result::Result::Ok(())
            }

            fn read<R: crm_core::ColumnReader + ?Sized>(from: &mut R) -> crm_core::Result<::core::option::Option<Self>> {
                #(
                    let #locals = <#types as crm_core::FieldValue>::read(from)?;
                    #skips
                )*
                if true #(&& #locals.is_none())* {
                    return ::core::result::Result::Ok(::core::option::Option::None);
                }
                ::core::result::Result::Ok(::core::option::Option::Some(#ty {
                    #(#idents: crm_core::present(#locals, #names)?,)*
                }))
            }

            fn tidy(&mut self, name: &str, _max: usize, problems: &mut crm_core::Violations) {
                problems.within(name, |problems| {
                    #(crm_core::FieldValue::tidy(&mut self.#idents, #names, #maxima, problems);)*
                });
            }

            fn target() -> ::core::option::Option<&'static str> {
                ::core::option::Option::None #(.or_else(<#types as crm_core::FieldValue>::target))*
            }

            fn references(&self, visit: &mut dyn FnMut(&'static str, crm_core::Uuid)) {
                #(crm_core::FieldValue::references(&self.#idents, visit);)*
            }

            fn keys(&self, rules: &crm_core::KeyRules, out: &mut dyn FnMut(String)) {
                #(crm_core::FieldValue::keys(&self.#keyed, rules, out);)*
            }

            fn words(&self, rules: &crm_core::KeyRules, out: &mut crm_core::Words) {
                #(crm_core::FieldValue::words(&self.#searched, rules, out);)*
            }
        }
    })
}
