//! Generates Rust code from a lowered description with progenitor.

mod culprits;

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use proc_macro2::{Group, Literal, TokenStream, TokenTree};
use progenitor_impl::{GenerationSettings, Generator, HooksMode, InterfaceStyle, TagStyle, TypeImpl};
use quote::quote;
use serde_json::{Value, json};

use crate::error::{Fault, Located, Pointer};
use crate::names;
pub use culprits::generate_or_skip;

/// Generates the client and its types as one file.
///
/// # Errors
/// [`Fault::Generator`], also for the constructs on which the generator panics.
pub fn generate(document: &Value) -> Result<syn::File, Located> {
    let fail = |reason: String| Located::new(&Pointer::root(), Fault::Generator(reason));
    let spec = serde_json::from_value(document.clone()).map_err(|e| fail(e.to_string()))?;
    let date_time = serde_json::from_value(json!({ "type": "string", "format": "date-time" }))
        .map_err(|e| fail(e.to_string()))?;

    let mut settings = GenerationSettings::new();
    settings
        .with_interface(InterfaceStyle::Positional)
        .with_tag(TagStyle::Merged)
        .with_derive("PartialEq")
        .with_map_type("::std::collections::BTreeMap")
        .with_inner_type(quote!(azure_protocol_runtime::Hook))
        .with_hooks(HooksMode::Expected)
        .with_conversion(
            date_time,
            "::azure_protocol_runtime::DateTime",
            [TypeImpl::Display, TypeImpl::FromStr].into_iter(),
        );
    EXPECTED.set(true);
    let generated = catch_unwind(AssertUnwindSafe(|| {
        Generator::new(&settings).generate_tokens(&spec)
    }));
    EXPECTED.set(false);
    let tokens = generated
        .map_err(|panic| {
            let message = panic.downcast_ref::<String>().cloned();
            let message = message.or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()));
            fail(message.unwrap_or_else(|| "it panicked".to_owned()))
        })?
        .map_err(|e| fail(e.to_string()))?;
    let tokens = match names::are_in(document) {
        true => with_wire_names(tokens),
        false => tokens,
    };
    syn::parse2(tokens).map_err(|e| fail(format!("its output is not Rust: {e}")))
}

thread_local! {
    /// Whether a panic on this thread comes from the generator and is converted to an error.
    static EXPECTED: Cell<bool> = const { Cell::new(false) };
}

/// Suppresses the generator's panic messages on standard error. For programs, not for tests.
pub fn silence_panics() {
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !EXPECTED.get() {
            print(panic);
        }
    }));
}

/// Replaces each result of [`names::named`] with the wire name that it contains.
fn with_wire_names(tokens: TokenStream) -> TokenStream {
    let wire = |literal: &Literal| {
        let text = literal.to_string();
        if !names::may_be_in(&text) {
            return None;
        }
        let text: syn::LitStr = syn::parse_str(&text).ok()?;
        names::wire(&text.value())
    };
    let tokens = tokens.into_iter().map(|token| match token {
        TokenTree::Group(group) => {
            let mut new = Group::new(group.delimiter(), with_wire_names(group.stream()));
            new.set_span(group.span());
            TokenTree::Group(new)
        }
        TokenTree::Literal(literal) => match wire(&literal) {
            Some(wire) => TokenTree::Literal(Literal::string(&wire)),
            None => TokenTree::Literal(literal),
        },
        other => other,
    });
    tokens.collect()
}
