//! The parts of a dumped state.

use serde_json::Value;

/// Returns the members of a part of the state; none if it is left out.
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
