//! Finds operations and types that would get the same Rust name.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::document::METHODS;
use crate::error::{Fault, Located, Pointer};
use crate::names::{member_name, type_name};

/// Checks the names of operations and of types. Parameters, properties and enum values are numbered instead, because
/// their wire names distinguish them.
pub(super) fn check(paths: &Map<String, Value>, schemas: Option<&Map<String, Value>>) -> Result<(), Located> {
    let mut methods = BTreeMap::new();
    for (path, item) in paths {
        for method in METHODS {
            if let Some(id) = item.get(method).and_then(|o| o.get("operationId")?.as_str()) {
                let at = Pointer::root().at("paths").at(path).at(method).at("operationId");
                distinct(&mut methods, member_name(id), id, at)?;
            }
        }
    }
    let mut types = BTreeMap::new();
    for name in schemas.into_iter().flat_map(Map::keys) {
        let at = Pointer::to("#/components/schemas").at(name);
        distinct(&mut types, type_name(name), name, at)?;
    }
    Ok(())
}

fn distinct(
    names: &mut BTreeMap<String, Pointer>,
    rust: String,
    name: &str,
    at: Pointer,
) -> Result<(), Located> {
    match names.get(&rust) {
        Some(other) => Err(Located::new(
            &at,
            Fault::NameClash {
                name: name.to_owned(),
                rust,
                other: other.as_str().to_owned(),
            },
        )),
        None => {
            names.insert(rust, at);
            Ok(())
        }
    }
}
