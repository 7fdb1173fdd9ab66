//! Generates Rust code from a lowered description with progenitor.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use progenitor_impl::{GenerationSettings, Generator, HooksMode, InterfaceStyle, TagStyle, TypeImpl};
use quote::quote;
use serde_json::{Value, json};

use crate::error::Error;

/// Generates the client and its types as one file.
///
/// # Errors
/// [`Error::Generator`], also for the constructs on which the generator panics.
pub fn generate(document: &Value, file: &Path) -> Result<syn::File, Error> {
    let fail = |reason: String| Error::Generator {
        file: file.to_owned(),
        reason,
    };
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
    let tokens = catch_unwind(AssertUnwindSafe(|| {
        Generator::new(&settings).generate_tokens(&spec)
    }))
    .map_err(|panic| {
        let message = panic.downcast_ref::<String>().cloned();
        let message = message.or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()));
        fail(message.unwrap_or_else(|| "it panicked".to_owned()))
    })?
    .map_err(|e| fail(e.to_string()))?;
    syn::parse2(tokens).map_err(|e| fail(format!("its output is not Rust: {e}")))
}
