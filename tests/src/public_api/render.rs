//! The lines of a listing.

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{
    Attribute, Field, Fields, FnArg, Generics, ImplItem, Item, ItemImpl, Macro, Pat, Signature, TraitItem,
    Variant, Visibility,
};

/// Returns the lines of an item under a public path: the item, its public fields or variants, and its derived traits.
pub(super) fn item(item: &Item, path: &str) -> Vec<String> {
    let (attributes, declaration, members) = match item {
        Item::Const(item) => (&item.attrs, format!("const {path}: {}", text(&item.ty)), vec![]),
        Item::Static(item) => (&item.attrs, format!("static {path}: {}", text(&item.ty)), vec![]),
        Item::Type(item) => {
            let generics = generics(&item.generics);
            let ty = text(&item.ty);
            (&item.attrs, format!("type {path}{generics} = {ty}"), vec![])
        }
        Item::Fn(item) => (&item.attrs, signature(&item.sig, path), vec![]),
        Item::Macro(item) if item.ident.is_none() => {
            let tokens = text(&without_docs(item.mac.tokens.clone()));
            let name = text(&item.mac.path);
            (
                &item.attrs,
                format!("item {path} from {name}! {{ {tokens} }}"),
                vec![],
            )
        }
        Item::Macro(item) => (
            &item.attrs,
            format!("macro {path}! {}", text(&item.mac.tokens)),
            vec![],
        ),
        Item::Struct(item) => {
            let is_open = item.fields.iter().all(is_public);
            let private = if is_open { "" } else { " /* private fields */" };
            let declaration = format!("struct {path}{}{private}", generics(&item.generics));
            (&item.attrs, declaration, public_fields(&item.fields, path))
        }
        Item::Union(item) => {
            let fields = Fields::Named(item.fields.clone());
            let declaration = format!("union {path}{}", generics(&item.generics));
            (&item.attrs, declaration, public_fields(&fields, path))
        }
        Item::Enum(item) => {
            let variants = item.variants.iter().map(|item| variant(item, path));
            let declaration = format!("enum {path}{}", generics(&item.generics));
            (&item.attrs, declaration, variants.collect())
        }
        Item::Trait(item) => {
            let colon = if item.supertraits.is_empty() { "" } else { ": " };
            let supertraits = text(&item.supertraits);
            let declaration = format!("trait {path}{}{colon}{supertraits}", generics(&item.generics));
            let items = item.items.iter().filter_map(|item| trait_item(item, path));
            (&item.attrs, declaration, items.collect())
        }
        _ => return Vec::new(),
    };
    let mut lines = vec![line(attributes, &format!("pub {declaration}"))];
    lines.extend(members);
    lines.extend(derived(attributes, path));
    lines
}

fn variant(variant: &Variant, path: &str) -> String {
    let fields = variant_fields(&variant.fields);
    let value = variant.discriminant.as_ref();
    let value = value.map_or_else(String::new, |(_, value)| format!(" = {}", text(value)));
    let declaration = format!("pub variant {path}::{}{fields}{value}", variant.ident);
    line(&variant.attrs, &declaration)
}

/// Returns the parameters and bounds of an item.
fn generics(generics: &Generics) -> String {
    let bounds = generics.where_clause.as_ref();
    let bounds = bounds.map_or_else(String::new, |bounds| format!(" {}", text(bounds)));
    format!("{}{bounds}", text(generics))
}

/// Returns the lines of an `impl` block: the public functions and constants of an inherent one, or the trait with its
/// associated types.
pub(super) fn impl_block(item: &ItemImpl, path: &str) -> Vec<String> {
    let generics = text(&item.generics);
    let bounds = item.generics.where_clause.as_ref();
    let bounds = bounds.map_or_else(String::new, |bounds| format!(" {}", text(bounds)));
    if let Some((trait_, _)) = &item.trait_ {
        let types = item.items.iter().filter_map(|item| match item {
            ImplItem::Type(item) => Some(format!(" type {} = {}", item.ident, text(&item.ty))),
            _ => None,
        });
        let types: String = types.collect();
        let header = format!("impl{generics} {} for {path}{bounds}{types}", text(trait_));
        return vec![line(&item.attrs, &header)];
    }
    // The bounds of a generic block are part of its functions' signatures.
    let block = if generics.is_empty() {
        String::new()
    } else {
        format!(" in impl{generics} {}{bounds}", text(&item.self_ty))
    };
    let items = item.items.iter().filter_map(|item| match item {
        ImplItem::Fn(item) if matches!(item.vis, Visibility::Public(_)) => {
            let name = format!("{path}::{}", item.sig.ident);
            Some(line(
                &item.attrs,
                &format!("pub {}{block}", signature(&item.sig, &name)),
            ))
        }
        ImplItem::Const(item) if matches!(item.vis, Visibility::Public(_)) => {
            let constant = format!("pub const {path}::{}: {}{block}", item.ident, text(&item.ty));
            Some(line(&item.attrs, &constant))
        }
        ImplItem::Macro(item) => Some(invocation(&item.attrs, &item.mac, path)),
        _ => None,
    });
    items.collect()
}

/// Returns the line of an implementation for a type of another crate.
pub(super) fn foreign_impl(item: &ItemImpl) -> String {
    let self_ty = text(&item.self_ty);
    impl_block(item, &self_ty).concat()
}

/// Returns the line of a macro invocation in a module or an `impl` block.
pub(super) fn invocation(attributes: &[Attribute], invoked: &Macro, place: &str) -> String {
    let tokens = text(&without_docs(invoked.tokens.clone()));
    let name = text(&invoked.path);
    line(
        attributes,
        &format!("items in {place} from {name}! {{ {tokens} }}"),
    )
}

fn trait_item(item: &TraitItem, path: &str) -> Option<String> {
    match item {
        TraitItem::Fn(item) => {
            let provided = if item.default.is_some() { " { .. }" } else { "" };
            let name = format!("{path}::{}", item.sig.ident);
            Some(line(
                &item.attrs,
                &format!("pub {}{provided}", signature(&item.sig, &name)),
            ))
        }
        TraitItem::Const(item) => {
            let constant = format!("pub const {path}::{}: {}", item.ident, text(&item.ty));
            Some(line(&item.attrs, &constant))
        }
        TraitItem::Type(item) => {
            let bounds = text(&item.bounds);
            Some(line(
                &item.attrs,
                &format!("pub type {path}::{}: {bounds}", item.ident),
            ))
        }
        _ => None,
    }
}

/// Returns a signature with a path in place of the name, and without the patterns of parameters.
fn signature(signature: &Signature, path: &str) -> String {
    let mut signature = signature.clone();
    for input in &mut signature.inputs {
        match input {
            FnArg::Receiver(receiver) => {
                receiver.attrs.clear();
                receiver.mutability = None;
            }
            FnArg::Typed(argument) => {
                argument.attrs.clear();
                if let Pat::Ident(pattern) = &mut *argument.pat {
                    pattern.mutability = None;
                }
            }
        }
    }
    let name = signature.ident.to_string();
    // Only the first occurrence, because nothing but keywords precedes the name.
    text(&signature).replacen(&format!("fn {name}"), &format!("fn {path}"), 1)
}

fn public_fields(fields: &Fields, path: &str) -> Vec<String> {
    let fields = fields.iter().enumerate().filter(|(_, field)| is_public(field));
    fields
        .map(|(at, field)| {
            let name = field
                .ident
                .as_ref()
                .map_or_else(|| at.to_string(), ToString::to_string);
            line(
                &field.attrs,
                &format!("pub field {path}::{name}: {}", text(&field.ty)),
            )
        })
        .collect()
}

fn variant_fields(fields: &Fields) -> String {
    let list: Vec<_> = fields
        .iter()
        .map(|field| {
            let name = field
                .ident
                .as_ref()
                .map(|name| format!("{name}: "))
                .unwrap_or_default();
            line(&field.attrs, &format!("{name}{}", text(&field.ty)))
        })
        .collect();
    match fields {
        Fields::Named(_) => format!(" {{ {} }}", list.join(", ")),
        Fields::Unnamed(_) => format!("({})", list.join(", ")),
        Fields::Unit => String::new(),
    }
}

fn is_public(field: &Field) -> bool {
    matches!(field.vis, Visibility::Public(_))
}

/// Returns a line per derived trait.
fn derived(attributes: &[Attribute], path: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for attribute in attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("derive"))
    {
        let traits = attribute
            .parse_args_with(syn::punctuated::Punctuated::<syn::Path, syn::Token![,]>::parse_terminated);
        lines.extend(
            traits
                .into_iter()
                .flatten()
                .map(|derived| format!("impl {} for {path}", text(&derived))),
        );
    }
    lines
}

/// Appends the attributes that are part of the API. `from` is one, because it generates a conversion for errors.
fn line(attributes: &[Attribute], declaration: &str) -> String {
    const SHOWN: [&str; 5] = ["non_exhaustive", "must_use", "deprecated", "cfg", "from"];
    let mut line = declaration.to_owned();
    for attribute in attributes {
        let hidden = attribute.path().is_ident("doc")
            && attribute
                .parse_args::<syn::Ident>()
                .is_ok_and(|doc| doc == "hidden");
        if hidden || SHOWN.iter().any(|shown| attribute.path().is_ident(shown)) {
            line.push_str(&format!(" #[{}]", text(&attribute.meta)));
        }
    }
    line
}

/// Removes documentation from the tokens of a macro.
fn without_docs(tokens: TokenStream) -> TokenStream {
    let mut kept: Vec<TokenTree> = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Group(group) if group.stream().to_string().starts_with("doc =") => {
                // Removes the `#` before the attribute.
                kept.pop();
            }
            TokenTree::Group(group) => {
                kept.push(Group::new(group.delimiter(), without_docs(group.stream())).into());
            }
            token => kept.push(token),
        }
    }
    kept.into_iter().collect()
}

/// Returns tokens in the usual spacing.
fn text(tokens: &impl ToTokens) -> String {
    const TIGHT: [(&str, &str); 14] = [
        (" ::", "::"),
        (":: ", "::"),
        (" <", "<"),
        ("< ", "<"),
        (" >", ">"),
        (" ,", ","),
        (" :", ":"),
        (" (", "("),
        ("( ", "("),
        (" )", ")"),
        ("[ ", "["),
        (" ]", "]"),
        ("& ", "&"),
        (" ;", ";"),
    ];
    const LOOSE: [(&str, &str); 5] = [
        ("->(", "-> ("),
        (",(", ", ("),
        (":(", ": ("),
        ("=(", "= ("),
        (":<", ": <"),
    ];
    let mut text = quote!(#tokens).to_string();
    for (from, to) in TIGHT.iter().chain(&LOOSE) {
        text = text.replace(from, to);
    }
    // Undoes the space that the rule for `:<` inserts into `::<`.
    text.replace(":: <", "::<").replace(",)", ")").trim().to_owned()
}
