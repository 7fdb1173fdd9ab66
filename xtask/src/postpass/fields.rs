//! Corrects fields: optional JSON, defaults, secrets.

use std::collections::BTreeSet;

use syn::{Expr, Field, Fields, Item, ItemStruct, parse_quote};

use super::counter::Counter;
use crate::error::Located;
use crate::lower::Secret;

/// Distinguishes `null` from absent in optional fields of any JSON: serde deserializes both as `None`, but a device may
/// return `null`.
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

/// Derives `Default` for types whose fields are all optional. The generator omits it if the type keeps unknown members.
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

/// Replaces the derived `Debug` of types with secrets by one that redacts them. The service may return a subtype for a type in
/// `open`; members of the subtype are then in `extra` and may be secrets, so `Debug` shows only their names.
pub(super) fn secrets(
    types: &mut Vec<Item>,
    secrets: &[Secret],
    open: &BTreeSet<String>,
) -> Result<(), Located> {
    let mut hidden = vec![0; secrets.len()];
    let mut implementations = Vec::new();
    for item in types.iter_mut() {
        let Item::Struct(item) = item else { continue };
        let title = item.ident.to_string();
        let is_open = open.iter().any(|name| same_name(name, &title));
        let has_secrets = secrets.iter().any(|secret| same_name(&secret.schema, &title));
        let Fields::Named(fields) = &item.fields else {
            continue;
        };
        if !is_open && !has_secrets {
            continue;
        }
        let mut shown: Vec<Expr> = Vec::new();
        for field in &fields.named {
            let Some(ident) = &field.ident else { continue };
            let name = ident.to_string();
            let is_this =
                |secret: &Secret| same_name(&secret.schema, &title) && same_name(&secret.property, &name);
            let secret = secrets.iter().position(is_this);
            if let Some(index) = secret {
                hidden[index] += 1;
            }
            shown.push(match secret {
                Some(_) if is_option(field) => {
                    parse_quote!(field(#name, &self.#ident.as_ref().map(|_| "***")))
                }
                Some(_) => parse_quote!(field(#name, &"***")),
                None if is_open && is_rest(field) => {
                    parse_quote!(field(#name, &self.#ident.keys().collect::<::std::vec::Vec<_>>()))
                }
                None => parse_quote!(field(#name, &self.#ident)),
            });
        }
        let name = &item.ident;
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
    for (secret, hidden) in secrets.iter().zip(hidden) {
        Counter::property(&secret.schema, &secret.property).check("secrets", 1, hidden)?;
    }
    Ok(())
}

/// Compares a name of the description with a Rust name, ignoring case and separators.
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
        // On a parse error the attribute has no further derives to find.
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
    let json =
        |ty: &syn::Type| matches!(ty, syn::Type::Path(p) if is_path(&p.path, &["serde_json", "Value"]));
    let syn::Type::Path(option) = &field.ty else {
        return false;
    };
    let arguments = option.path.segments.last().map(|last| &last.arguments);
    let Some(syn::PathArguments::AngleBracketed(arguments)) = arguments else {
        return false;
    };
    let of = arguments.args.first();
    is_path(&option.path, &["std", "option", "Option"])
        && matches!(of, Some(syn::GenericArgument::Type(ty)) if json(ty))
}

fn is_path(path: &syn::Path, names: &[&str]) -> bool {
    path.segments.len() == names.len() && path.segments.iter().zip(names).all(|(s, name)| s.ident == name)
}

fn keep_null(field: &mut Field) {
    field.attrs.push(parse_quote! {
        #[serde(default, deserialize_with = "::azure_protocol_runtime::explicit_null::deserialize")]
    });
}
