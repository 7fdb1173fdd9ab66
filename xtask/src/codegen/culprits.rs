//! Finds the schemas and operations on which the code generator fails, and skips the operations concerned.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::generate;
use crate::error::{Fault, Located, Pointer, unsupported};
use crate::lower::{Lowered, reachable};

/// Generates the client and its types. If generation fails, removes the schemas and operations that cause it.
///
/// # Errors
/// [`Fault::Generator`] if no schema and no operation fails on its own.
pub fn generate_or_skip(lowered: &mut Lowered) -> Result<syn::File, Located> {
    let first = match generate(&lowered.document) {
        Ok(code) => return Ok(code),
        Err(error) => error,
    };
    let schemas = failing_schemas(lowered);
    lowered.without(&schemas);
    let operations = failing_operations(lowered);
    if schemas.is_empty() && operations.is_empty() {
        return Err(first);
    }
    lowered.skip(operations);
    generate(&lowered.document)
}

fn fault(at: &Pointer, error: &Located) -> Located {
    let reason = match &error.fault {
        Fault::Generator(reason) => reason.clone(),
        other => other.to_string(),
    };
    let found = format!("construct: the code generator fails with \"{reason}\"");
    unsupported(
        at,
        found,
        "correct it in the overlay, or extend xtask/src/lower.rs",
    )
}

/// Returns the schemas that cannot be generated although all schemas that they refer to can be.
fn failing_schemas(lowered: &Lowered) -> BTreeMap<String, Located> {
    let no_schemas = Map::new();
    let schemas = lowered.document["components"]["schemas"]
        .as_object()
        .unwrap_or(&no_schemas);
    let mut errors = BTreeMap::new();
    for name in schemas.keys() {
        let reference = json!({ "$ref": format!("#/components/schemas/{name}") });
        if let Err(error) = generate(&with(&lowered.document, json!({}), &reference)) {
            errors.insert(name.clone(), error);
        }
    }
    let culprits = errors.iter().filter(|(name, _)| {
        let others = reachable(&schemas[*name], schemas);
        !others
            .iter()
            .any(|other| other != *name && errors.contains_key(other))
    });
    let at = Pointer::to("#/components/schemas");
    culprits
        .map(|(name, error)| (name.clone(), fault(&at.at(name), error)))
        .collect()
}

/// Returns the operations, by template and method, that cannot be generated alone.
fn failing_operations(lowered: &Lowered) -> Vec<(String, String, Located)> {
    let mut out = Vec::new();
    for operation in &lowered.operations {
        let (template, method) = (&operation.template, operation.method.to_lowercase());
        let value = &lowered.document["paths"][template][&method];
        let paths = json!({ template: { &method: value } });
        if let Err(error) = generate(&with(&lowered.document, paths, value)) {
            let at = Pointer::root().at("paths").at(&operation.path).at(&method);
            out.push((template.clone(), method, fault(&at, &error)));
        }
    }
    out
}

/// Returns the document with only the given paths and the schemas that `value` refers to.
fn with(document: &Value, paths: Value, value: &Value) -> Value {
    let no_schemas = Map::new();
    let schemas = document["components"]["schemas"]
        .as_object()
        .unwrap_or(&no_schemas);
    let names = reachable(value, schemas);
    let kept = schemas.iter().filter(|(name, _)| names.contains(*name));
    let kept: Map<_, _> = kept
        .map(|(name, schema)| (name.clone(), schema.clone()))
        .collect();
    json!({
        "openapi": document["openapi"],
        "info": document["info"],
        "paths": paths,
        "components": { "schemas": kept },
    })
}
