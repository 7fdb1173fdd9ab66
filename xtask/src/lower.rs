//! Reduces an API description to what the code generator supports.
//!
//! The rules apply to every service. Removed facts are either useless to a client (constraints that the service enforces,
//! and that would make decoding fail) or kept in the operations table (status codes, content types, paging). An operation
//! that cannot be generated is skipped and reported.

mod body;
mod composition;
mod inheritance;
mod inline;
mod lowered;
mod operation;
mod parameters;
mod reach;
mod responses;
mod schema;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::document::{GENERATED_METHODS, entries, object};
use crate::error::{Fault, Located, Pointer};
use crate::names::type_name;
pub use lowered::{ApiVersion, Lowered, Operation, Paging, Secret, Skipped};
pub(crate) use reach::{UNRESOLVED, reachable};

/// Lowers a checked document.
///
/// # Errors
/// An invalid construct, with its location in the document.
pub fn lower(document: &Value) -> Result<Lowered, Located> {
    let root = Pointer::root();
    let map = object(document, &root)?;
    let no_components = Map::new();
    let components = map
        .get("components")
        .and_then(Value::as_object)
        .unwrap_or(&no_components);
    let mut lowering = Lowering::new(document);
    lowering.schemas()?;
    let mut operations = BTreeMap::new();
    let mut paths = Map::new();
    let mut skipped = Vec::new();
    for (at, path, item) in entries(map, "paths", &root)? {
        let item = object(item, &at)?;
        for method in GENERATED_METHODS {
            let Some(value) = item.get(method) else {
                continue;
            };
            match lowering.operation(method, path, (item, &at), value) {
                Ok((template, value, operation)) => {
                    // Within a path, the generator emits methods in this order too.
                    let place = (template.clone(), method);
                    if !paths.contains_key(&template) {
                        paths.insert(template.clone(), json!({}));
                    }
                    paths[&template][method] = value;
                    operations.insert(place, operation);
                }
                Err(reason) if matches!(reason.fault, Fault::Unsupported { .. }) => {
                    skipped.push(Skipped::new(method, path, value, reason));
                }
                Err(fault) => return Err(fault),
            }
        }
    }
    let mut lowered = Lowered {
        document: json!({
            "openapi": map.get("openapi"),
            "info": map.get("info"),
            "paths": paths,
            "components": { "schemas": lowering.schemas },
        }),
        operations: Vec::new(),
        skipped,
        invalid: Vec::new(),
        secrets: secrets(components),
        open: inheritance::open_in(document),
    };
    lowered.keep(operations);
    lowered.skip_invalid(document);
    Ok(lowered)
}

impl Lowered {
    /// Restricts and sorts the operations to those of the document, in its order.
    fn keep(&mut self, mut operations: BTreeMap<(String, &str), Operation>) {
        let paths = self.document["paths"].as_object();
        let places = paths
            .into_iter()
            .flatten()
            .flat_map(|(path, item)| GENERATED_METHODS.map(|method| (path.clone(), method, item)));
        let present = places.filter(|(_, method, item)| item.get(method).is_some());
        self.operations = present
            .filter_map(|(path, method, _)| operations.remove(&(path, method)))
            .collect();
    }
}

impl Skipped {
    fn new(method: &str, path: &str, operation: &Value, reason: Located) -> Self {
        let id = operation.get("operationId").and_then(Value::as_str);
        Self {
            id: id.unwrap_or_default().to_owned(),
            method: method.to_uppercase(),
            path: path.to_owned(),
            reason,
        }
    }
}

/// Returns the secrets of each schema, including those inherited through `allOf`.
fn secrets(components: &Map<String, Value>) -> Vec<Secret> {
    let schemas = components.get("schemas").and_then(Value::as_object);
    let mut secrets = Vec::new();
    for (name, _) in schemas.into_iter().flatten() {
        let mut seen = vec![name.as_str()];
        let mut next = 0;
        while let Some(schema) = seen.get(next).and_then(|name| schemas?.get(*name)) {
            next += 1;
            let parts = schema.get("allOf").and_then(Value::as_array);
            for part in std::iter::once(schema).chain(parts.into_iter().flatten()) {
                let base = part
                    .get("$ref")
                    .and_then(Value::as_str)
                    .and_then(|r| r.rsplit('/').next());
                seen.extend(base.filter(|base| !seen.contains(base)));
                let properties = part.get("properties").and_then(Value::as_object);
                for (property, value) in properties.into_iter().flatten() {
                    if value.get("x-ms-secret").and_then(Value::as_bool) == Some(true) {
                        secrets.push(Secret {
                            schema: name.clone(),
                            property: property.clone(),
                        });
                    }
                }
            }
        }
    }
    secrets
}

struct Lowering<'a> {
    document: &'a Value,
    schemas: Map<String, Value>,
    /// The Rust names of types in use.
    types: BTreeSet<String>,
    /// The Rust names of methods in use, with those of their request functions.
    methods: BTreeSet<String>,
}

impl<'a> Lowering<'a> {
    fn new(document: &'a Value) -> Self {
        Self {
            document,
            schemas: Map::new(),
            types: BTreeSet::new(),
            methods: operation::RESERVED
                .iter()
                .map(|name| (*name).to_owned())
                .collect(),
        }
    }

    /// Lowers the named schemas.
    fn schemas(&mut self) -> Result<(), Located> {
        let mut schemas = inheritance::flatten(self.document)?;
        self.types = schemas.keys().map(|name| type_name(name)).collect();
        inline::hoist(&mut schemas, &mut self.types);
        let sent = reach::sent(self.document, &schemas);
        for (name, value) in &schemas {
            let lowered = schema::lower(value, &schemas, sent.contains(name));
            self.schemas.insert(name.clone(), lowered);
        }
        Ok(())
    }

    /// Lowers an inline schema of a request.
    fn sent_schema(&self, schema: &Value) -> Value {
        schema::lower(schema, &self.schemas, true)
    }

    /// Returns the name, or the name with a number, that no type has yet.
    fn free_type(&mut self, name: &str) -> String {
        inline::free(name, &mut self.types)
    }
}
