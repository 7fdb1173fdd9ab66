//! Corrects generated code where the generator has no setting.
//!
//! Each correction counts how often it applied and compares that with the expected number, so an update of the generator
//! that changes its output fails here and not in a request.

mod bodies;
mod counter;
mod docs;
mod enums;
mod fields;
mod methods;
mod requests;
mod version;

use syn::visit::Visit;
use syn::visit_mut::VisitMut;
use syn::{Attribute, Field, FieldValue, File, Ident, ImplItem, Item, ItemImpl, Member, parse_quote};

use crate::error::Located;
use crate::lower::Lowered;
use counter::Counter;

/// Corrects a generated file in place; returns the names of the methods, in the order of the operations.
///
/// # Errors
/// [`Fault::PostPass`](crate::error::Fault::PostPass) if a correction does not apply as often as expected, located in the
/// description.
pub fn correct(code: &mut File, lowered: &Lowered) -> Result<Vec<String>, Located> {
    let count = Counter::whole();

    drop_prelude(code, &count)?;
    drop_panicking_constructor(code, &count)?;
    drop_hooks(code, &count)?;
    parse_base_url(code, &count)?;
    let methods = methods::correct(operations_impl(code, &count)?, &lowered.operations, &count)?;
    let types = types_mod(code, &count)?;
    enums::open(types, &count)?;
    fields::explicit_nulls(types);
    fields::defaults(types);
    fields::secrets(types, &lowered.secrets, &lowered.open)?;
    drop_unused_error_mod(types);
    docs::Docs.visit_file_mut(code);
    version::store(code, &count)?;
    requests::split(operations_impl(code, &count)?, &lowered.operations)?;
    Ok(methods)
}

/// Finds the `impl Client` with one method per operation.
fn operations_impl<'a>(code: &'a mut File, count: &Counter) -> Result<&'a mut ItemImpl, Located> {
    let is_operations = |item: &ItemImpl| {
        item.trait_.is_none()
            && item
                .items
                .iter()
                .any(|i| matches!(i, ImplItem::Fn(f) if f.sig.asyncness.is_some()))
    };
    code.items
        .iter_mut()
        .find_map(|item| match item {
            Item::Impl(item) if is_operations(item) => Some(item),
            _ => None,
        })
        .ok_or_else(|| count.fail("operations", "an impl block with async methods", "none"))
}

fn types_mod<'a>(code: &'a mut File, count: &Counter) -> Result<&'a mut Vec<Item>, Located> {
    code.items
        .iter_mut()
        .find_map(|item| match item {
            Item::Mod(item) if item.ident == "types" => item.content.as_mut().map(|(_, items)| items),
            _ => None,
        })
        .ok_or_else(|| count.fail("types", "a module `types`", "none"))
}

/// Removes the prelude, which exports only `Client`; the crate root exports it too.
fn drop_prelude(code: &mut File, count: &Counter) -> Result<(), Located> {
    let before = code.items.len();
    code.items
        .retain(|item| !matches!(item, Item::Mod(m) if m.ident == "prelude"));
    count.check("prelude", 1, before - code.items.len())
}

/// Removes `Client::new`, which panics if no TLS backend is available and sets its own timeouts. `new_with_client` is
/// kept.
fn drop_panicking_constructor(code: &mut File, count: &Counter) -> Result<(), Located> {
    let mut dropped = 0;
    for item in &mut code.items {
        if let Item::Impl(item) = item
            && item.trait_.is_none()
        {
            let before = item.items.len();
            item.items
                .retain(|i| !matches!(i, ImplItem::Fn(f) if f.sig.ident == "new"));
            dropped += before - item.items.len();
        }
    }
    count.check("constructor", 1, dropped)
}

/// Removes the check for hooks: requests are sent by an executor, without hooks.
fn drop_hooks(code: &mut File, count: &Counter) -> Result<(), Located> {
    let before = code.items.len();
    code.items.retain(
        |item| !matches!(item, Item::Const(c) if quote::quote!(#c).to_string().contains("assert_client_hooks")),
    );
    count.check("hooks", 1, before - code.items.len())
}

/// Turns `baseurl: String` into a `BaseUrl`, which is parsed once per client.
fn parse_base_url(code: &mut File, count: &Counter) -> Result<(), Located> {
    let mut base = BaseUrl(0);
    for item in &mut code.items {
        match item {
            Item::Struct(item) => base.visit_item_struct_mut(item),
            Item::Impl(item) if item.trait_.is_none() => base.visit_item_impl_mut(item),
            _ => {}
        }
    }
    count.check("base URL", 2, base.0)
}

struct BaseUrl(usize);

impl VisitMut for BaseUrl {
    fn visit_field_mut(&mut self, field: &mut Field) {
        if field.ident.as_ref().is_some_and(|name| name == "baseurl") {
            field.ty = parse_quote!(azure_protocol_runtime::BaseUrl);
            self.0 += 1;
        }
    }

    fn visit_field_value_mut(&mut self, field: &mut FieldValue) {
        if matches!(&field.member, Member::Named(name) if name == "baseurl") {
            field.expr = parse_quote!(azure_protocol_runtime::BaseUrl::new(baseurl));
            self.0 += 1;
        }
    }
}

/// Removes the `error` module if nothing uses it. Conversions of open enums are infallible.
fn drop_unused_error_mod(types: &mut Vec<Item>) {
    let is_error = |item: &Item| matches!(item, Item::Mod(m) if m.ident == "error");
    let mut found = Mentions {
        name: "ConversionError",
        found: false,
    };
    let others = types.iter().filter(|item| !is_error(item));
    others.for_each(|item| found.visit_item(item));
    if !found.found {
        types.retain(|item| !is_error(item));
    }
}

/// A visitor that looks for an identifier.
struct Mentions {
    name: &'static str,
    found: bool,
}

impl<'a> Visit<'a> for Mentions {
    /// Skips attributes, because documentation is not code.
    fn visit_attribute(&mut self, _: &'a Attribute) {}

    fn visit_ident(&mut self, ident: &'a Ident) {
        self.found |= ident == self.name;
    }
}

/// Removes a trait from a `derive`.
fn underive(attribute: &mut Attribute, name: &str) {
    let mut kept = Vec::new();
    let parsed = attribute.parse_nested_meta(|meta| {
        if !meta.path.is_ident(name) {
            kept.push(meta.path);
        }
        Ok(())
    });
    if parsed.is_ok() {
        *attribute = parse_quote!(#[derive(#(#kept),*)]);
    }
}
