//! Opens enums to values that the description does not list.

use proc_macro2::Span;
use syn::visit::Visit;
use syn::{Attribute, Fields, Item, ItemEnum, LitStr, parse_quote};

use super::counter::Counter;
use crate::error::Located;

/// The generated trait implementations that are replaced with infallible ones.
const REPLACED: [&str; 3] = ["Display", "FromStr", "TryFrom"];

/// Opens every string enum: unknown values are kept.
pub(super) fn open(types: &mut Vec<Item>, count: &Counter) -> Result<(), Located> {
    let mut opened = Vec::new();
    let mut replaced = 0;
    for item in types.iter_mut() {
        if let Item::Enum(item) = item
            && item.variants.iter().all(|v| matches!(v.fields, Fields::Unit))
        {
            opened.push((item.ident.clone(), names(item, count)?));
            open_one(item);
        }
    }
    types.retain(|item| {
        let Item::Impl(item) = item else { return true };
        let syn::Type::Path(of) = &*item.self_ty else {
            return true;
        };
        let Some((implemented, _)) = &item.trait_ else {
            return true;
        };
        let is_ours = opened.iter().any(|(name, _)| of.path.is_ident(name));
        let is_replaced = implemented
            .segments
            .last()
            .is_some_and(|s| REPLACED.iter().any(|r| s.ident == r));
        replaced += usize::from(is_ours && is_replaced);
        !(is_ours && is_replaced)
    });
    // `Display`, `FromStr`, `TryFrom<&str>` and `TryFrom<String>`.
    count.check("implementations of enums", 4 * opened.len(), replaced)?;
    let mut closed = Closed(0);
    types.iter().for_each(|item| closed.visit_item(item));
    count.check("closed enums", 0, closed.0)?;

    let mut out = Vec::new();
    for item in std::mem::take(types) {
        let own = match &item {
            Item::Enum(item) => opened.iter().find(|(name, _)| *name == item.ident),
            _ => None,
        };
        out.push(item);
        if let Some((name, names)) = own {
            out.extend(implementations(name, names));
        }
    }
    *types = out;
    Ok(())
}

/// Rust name and wire name of each variant.
type Names = Vec<(syn::Ident, LitStr)>;

fn names(item: &ItemEnum, count: &Counter) -> Result<Names, Located> {
    item.variants
        .iter()
        .map(|variant| {
            let mut wire = None;
            for attribute in variant.attrs.iter().filter(|a| a.path().is_ident("serde")) {
                attribute
                    .parse_nested_meta(|meta| {
                        if meta.path.is_ident("rename") {
                            wire = Some(meta.value()?.parse::<LitStr>()?);
                        }
                        Ok(())
                    })
                    .map_err(|e| count.fail("names of enums", "a rename", e))?;
            }
            let own = LitStr::new(&variant.ident.to_string(), Span::call_site());
            Ok((variant.ident.clone(), wire.unwrap_or(own)))
        })
        .collect()
}

fn open_one(item: &mut ItemEnum) {
    // `UnknownValue` has a `String`, which is not `Copy`.
    for attribute in item.attrs.iter_mut().filter(|a| a.path().is_ident("derive")) {
        super::underive(attribute, "Copy");
    }
    for variant in &mut item.variants {
        if !variant.attrs.iter().any(|a| a.path().is_ident("doc")) {
            let name = variant
                .attrs
                .iter()
                .find_map(|a| a.meta.require_list().ok())
                .map(|l| l.tokens.to_string());
            let wire = name
                .as_deref()
                .and_then(|n| n.split('"').nth(1))
                .map(str::to_owned);
            let doc = format!(" `{}`", wire.unwrap_or_else(|| variant.ident.to_string()));
            variant.attrs.insert(0, parse_quote!(#[doc = #doc]));
        }
    }
    item.variants.push(parse_quote! {
        /// A value that the API description does not list, as received.
        #[serde(untagged)]
        UnknownValue(::std::string::String)
    });
}

fn implementations(name: &syn::Ident, names: &Names) -> Vec<Item> {
    let (variants, wire): (Vec<_>, Vec<_>) = names.iter().map(|(v, w)| (v, w)).unzip();
    let file: syn::File = parse_quote! {
        impl #name {
            /// The values that the API description lists.
            pub const KNOWN: &'static [&'static str] = &[#(#wire),*];

            /// Returns the value as it is sent.
            pub fn as_str(&self) -> &str {
                match self {
                    #(Self::#variants => #wire,)*
                    Self::UnknownValue(value) => value,
                }
            }
        }
        impl ::std::convert::AsRef<str> for #name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }
        impl ::std::fmt::Display for #name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl ::std::convert::From<&str> for #name {
            fn from(value: &str) -> Self {
                match value {
                    #(#wire => Self::#variants,)*
                    other => Self::UnknownValue(other.to_string()),
                }
            }
        }
        impl ::std::convert::From<::std::string::String> for #name {
            fn from(value: ::std::string::String) -> Self {
                value.as_str().into()
            }
        }
        impl ::std::str::FromStr for #name {
            type Err = ::std::convert::Infallible;
            fn from_str(value: &str) -> ::std::result::Result<Self, Self::Err> {
                Ok(value.into())
            }
        }
    };
    file.items
}

/// A visitor that counts the functions which reject values that the description does not list.
struct Closed(usize);

impl<'a> Visit<'a> for Closed {
    /// Skips attributes, because documentation may contain the same words.
    fn visit_attribute(&mut self, _: &'a Attribute) {}

    fn visit_lit_str(&mut self, text: &'a LitStr) {
        self.0 += usize::from(text.value() == "invalid value");
    }
}
