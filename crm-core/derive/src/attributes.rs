//! What a struct and its fields say of themselves, read from the syntax tree.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Attribute, Data, DeriveInput, Expr, ExprLit, Field, Fields, Lit, LitInt, LitStr, Result, Type};

/// One field of the struct with its `#[entity(…)]` attributes.
pub(crate) struct FieldSpec {
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
    pub(crate) name: String,
    pub(crate) doc: String,
    pub(crate) was: Option<LitStr>,
    pub(crate) max: Option<LitInt>,
    pub(crate) flags: Flags,
    pub(crate) on_purge: Option<&'static str>,
}

#[derive(Default)]
pub(crate) struct Flags {
    pub(crate) filterable: bool,
    pub(crate) sortable: bool,
    pub(crate) searchable: bool,
    pub(crate) key: bool,
    pub(crate) unique: bool,
    pub(crate) system: bool,
}

impl FieldSpec {
    fn read(field: &Field) -> Result<Self> {
        let ident =
            field.ident.clone().ok_or_else(|| syn::Error::new_spanned(field, "a field needs a name"))?;
        let mut spec = FieldSpec {
            name: ident.to_string().trim_start_matches("r#").to_owned(),
            ident,
            ty: field.ty.clone(),
            doc: doc_of(&field.attrs),
            was: None,
            max: None,
            flags: Flags::default(),
            on_purge: None,
        };
        for attr in field.attrs.iter().filter(|a| a.path().is_ident("entity")) {
            attr.parse_nested_meta(|meta| {
                let word = meta.path.require_ident()?.to_string();
                match word.as_str() {
                    "filterable" => spec.flags.filterable = true,
                    "sortable" => spec.flags.sortable = true,
                    "searchable" => spec.flags.searchable = true,
                    "key" => spec.flags.key = true,
                    "unique" => spec.flags.unique = true,
                    "system" => spec.flags.system = true,
                    "parent" => spec.on_purge = Some("Parent"),
                    "link" => spec.on_purge = Some("Link"),
                    "restrict" => spec.on_purge = Some("Restrict"),
                    "max" => spec.max = Some(meta.value()?.parse()?),
                    "was" => spec.was = Some(meta.value()?.parse()?),
                    other => {
                        return Err(meta.error(format!("`{other}` is no attribute of an entity's field")));
                    }
                }
                Ok(())
            })?;
        }
        Ok(spec)
    }

    /// The longest text that the field takes, as an expression.
    pub(crate) fn max_chars(&self) -> TokenStream {
        match &self.max {
            Some(max) => quote!(#max),
            None => quote!(crm_core::FieldDef::DEFAULT_MAX),
        }
    }

    /// The `FieldDef` of this field, as an expression.
    pub(crate) fn definition(&self) -> TokenStream {
        let Self { name, ty, doc, .. } = self;
        let Flags { filterable, sortable, searchable, key, unique, system } = self.flags;
        let was = match &self.was {
            Some(old) => quote!(::core::option::Option::Some(#old)),
            None => quote!(::core::option::Option::None),
        };
        let max = self.max_chars();
        let reference = match self.on_purge {
            Some(policy) => {
                let policy = Ident::new(policy, self.ident.span());
                quote!(::core::option::Option::Some(crm_core::OnPurge::#policy))
            }
            None => quote!(::core::option::Option::None),
        };
        quote! {
            crm_core::FieldDef {
                name: #name, doc: #doc, was: #was, max: #max, reference: #reference,
                filterable: #filterable, sortable: #sortable, searchable: #searchable,
                key: #key, unique: #unique, system: #system,
                regional: <#ty as crm_core::FieldValue>::REGIONAL,
                shape: <#ty as crm_core::FieldValue>::shape,
                target: <#ty as crm_core::FieldValue>::target,
                retype: crm_core::retype::<#ty>,
            }
        }
    }
}

pub(crate) fn fields_of(input: &DeriveInput) -> Result<Vec<FieldSpec>> {
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => fields.named.iter().map(FieldSpec::read).collect(),
            _ => Err(syn::Error::new_spanned(input, "only a struct with named fields can be derived")),
        },
        _ => Err(syn::Error::new_spanned(input, "only a struct can be derived")),
    }
}

/// `name = "customer"` of the struct's own attribute.
pub(crate) fn entity_name(input: &DeriveInput) -> Result<LitStr> {
    let mut name = None;
    for attr in input.attrs.iter().filter(|a| a.path().is_ident("entity")) {
        attr.parse_nested_meta(|meta| {
            if meta.path.is_ident("name") {
                name = Some(meta.value()?.parse()?);
                Ok(())
            } else {
                Err(meta.error("an entity has a `name` and nothing else"))
            }
        })?;
    }
    name.ok_or_else(|| syn::Error::new_spanned(&input.ident, "an entity needs #[entity(name = \"…\")]"))
}

/// The doc comment as one text, for field tables that users see.
fn doc_of(attrs: &[Attribute]) -> String {
    let mut lines = Vec::new();
    for attr in attrs.iter().filter(|a| a.path().is_ident("doc")) {
        if let syn::Meta::NameValue(pair) = &attr.meta
            && let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &pair.value
        {
            lines.push(text.value().trim().to_owned());
        }
    }
    lines.join(" ").trim().to_owned()
}
