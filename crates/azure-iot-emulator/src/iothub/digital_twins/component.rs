//! Recognition of components among the properties of a twin.

use serde_json::{Map, Value, json};

/// The member that distinguishes a component from a property: `"__t": "c"`.
pub(crate) const COMPONENT_MARK: &str = "__t";

/// Returns whether `values` has a component with this name.
pub(crate) fn is_component(values: &Map<String, Value>, name: &str) -> bool {
    values.get(name).and_then(|value| value.get(COMPONENT_MARK)) == Some(&json!("c"))
}
