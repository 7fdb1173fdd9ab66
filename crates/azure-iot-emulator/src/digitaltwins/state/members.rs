//! Access to the members of dumped state.

use serde_json::Value;

/// Returns the members of an object in the state; none if the object is absent.
pub(super) fn members<'a>(
    state: &'a Value,
    name: &str,
) -> Result<impl Iterator<Item = (&'a String, &'a Value)>, String> {
    let members = match state.get(name) {
        None => None,
        Some(Value::Object(members)) => Some(members),
        Some(_) => return Err(format!("{name} is not an object")),
    };
    Ok(members.into_iter().flatten())
}
