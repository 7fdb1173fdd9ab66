//! Fields: optional ones that hold any JSON, defaults, secrets.

use syn::{Field, Fields, Item, ItemStruct, parse_quote};

use super::Counter;
use crate::error::Error;
use crate::lower::Secret;

/// Lets `null` in such a field be something else than its absence: serde alone reads both as `None`, although the
/// answer of a device may well be `null`.
pub(super) fn explicit_nulls(types: &mut [Item]) {
    for item in types {
        if let Item::Struct(item) = item
            && let Fields::Named(fields) = &mut item.fields
        {
            fields
                .named
                .iter_mut()
                .filter(|f| is_optional_json(f))
                .for_each(keep_null);
        }
    }
}

/// Gives `Default` to types of which every field may be absent. The generator does that as well, but not where
/// unknown members are kept, which may be none just as well.
pub(super) fn defaults(types: &mut [Item]) {
    for item in types {
        if let Item::Struct(item) = item
            && let Fields::Named(fields) = &item.fields
            && fields.named.iter().any(is_rest)
            && fields.named.iter().all(|f| is_rest(f) || is_option(f))
            && !derives(item, "Default")
        {
            item.attrs.push(parse_quote!(#[derive(Default)]));
        }
    }
}

/// Replaces `Debug` where a field is a secret, so that no log can show it.
pub(super) fn secrets(types: &mut Vec<Item>, secrets: &[Secret], count: &Counter<'_>) -> Result<(), Error> {
    let mut hidden = 0;
    let mut implementations = Vec::new();
    for item in types.iter_mut() {
        let Item::Struct(item) = item else { continue };
        let own: Vec<_> = secrets
            .iter()
            .filter(|s| same_name(&s.schema, &item.ident.to_string()))
            .collect();
        let Fields::Named(fields) = &item.fields else {
            continue;
        };
        if own.is_empty() {
            continue;
        }
        let name = item.ident.clone();
        let shown: Vec<syn::Expr> = fields
            .named
            .iter()
            .filter_map(|field| {
                let ident = field.ident.as_ref()?;
                let text = ident.to_string();
                let is_secret = own.iter().any(|s| same_name(&s.property, &text));
                hidden += usize::from(is_secret);
                Some(if is_secret && is_option(field) {
                    parse_quote!(field(#text, &self.#ident.as_ref().map(|_| "***")))
                } else if is_secret {
                    parse_quote!(field(#text, &"***"))
                } else {
                    parse_quote!(field(#text, &self.#ident))
                })
            })
            .collect();
        let title = name.to_string();
        implementations.push(parse_quote! {
            impl ::std::fmt::Debug for #name {
                fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                    f.debug_struct(#title) #(.#shown)* .finish()
                }
            }
        });
        underive(item, "Debug");
    }
    types.extend(implementations);
    count.check("secrets", secrets.len(), hidden)
}

/// Whether a name of the description is this Rust name: the case and the separators differ.
fn same_name(described: &str, rust: &str) -> bool {
    let plain = |s: &str| {
        s.chars()
            .filter(|c| c.is_ascii_alphanumeric())
            .collect::<String>()
            .to_lowercase()
    };
    plain(described) == plain(rust)
}

fn derives(item: &ItemStruct, name: &str) -> bool {
    let mut found = false;
    for attribute in item.attrs.iter().filter(|a| a.path().is_ident("derive")) {
        // What does not parse is no list of paths, and then there is nothing to find.
        let _ = attribute.parse_nested_meta(|meta| {
            found |= meta.path.is_ident(name);
            Ok(())
        });
    }
    found
}

fn underive(item: &mut ItemStruct, name: &str) {
    for attribute in item.attrs.iter_mut().filter(|a| a.path().is_ident("derive")) {
        super::underive(attribute, name);
    }
}

fn is_rest(field: &Field) -> bool {
    field.attrs.iter().any(|a| {
        a.path().is_ident("serde")
            && a.meta
                .require_list()
                .is_ok_and(|l| l.tokens.to_string().contains("flatten"))
    })
}

fn is_option(field: &Field) -> bool {
    matches!(&field.ty, syn::Type::Path(p) if p.path.segments.last().is_some_and(|s| s.ident == "Option"))
}

fn is_optional_json(field: &Field) -> bool {
    let ty = &field.ty;
    quote::quote!(#ty).to_string().replace(' ', "") == "::std::option::Option<::serde_json::Value>"
}

fn keep_null(field: &mut Field) {
    field.attrs.push(parse_quote! {
        #[serde(default, deserialize_with = "::azure_protocol_runtime::explicit_null::deserialize")]
    });
}
