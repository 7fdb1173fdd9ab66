//! JSON Patch in the service's dialect: `add`, `replace` and `remove` only, with the service's checks and messages.
//!
//! The crate `json-patch` does not apply the patches, because its errors do not match the service's, and because it
//! reorders members on removal. Only its JSON pointers are used.

use json_patch::jsonptr::Pointer;
use serde_json::{Map, Value};

use crate::digitaltwins::errors::{self, ServiceError, ServiceResult};

/// One operation of a patch.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Operation {
    /// The pointer from the request; in the patch of a component, prefixed with the component.
    pub(crate) path: String,
    /// The unescaped tokens of the path.
    pub(crate) segments: Vec<String>,
    pub(crate) action: Action,
}

/// The action of an operation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Action {
    Add(Value),
    Replace(Value),
    Remove,
}

/// Parses a patch. `prefix` is the patched component, if any.
pub(crate) fn parse(body: &[u8], prefix: Option<&str>) -> ServiceResult<Vec<Operation>> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(errors::empty_body());
    }
    let body: Value = serde_json::from_slice(body).map_err(|error| {
        errors::unreadable_body(
            "patchDocument",
            format!("The JSON patch is not valid JSON: {error}"),
        )
    })?;
    let Value::Array(items) = body else {
        return Err(not_a_patch());
    };
    items.into_iter().map(|item| operation(item, prefix)).collect()
}

fn not_a_patch() -> ServiceError {
    errors::unreadable_body(
        "patchDocument",
        "The JSON patch document was malformed and could not be parsed.",
    )
}

fn operation(item: Value, prefix: Option<&str>) -> ServiceResult<Operation> {
    let Value::Object(mut item) = item else {
        return Err(not_a_patch());
    };
    let name = text(&item, "op")?;
    let kind = name.to_ascii_lowercase();
    if !matches!(kind.as_str(), "add" | "replace" | "remove") {
        return Err(errors::patch_operation_unsupported(&name));
    }
    let mut path = text(&item, "path")?;
    if let Some(component) = prefix {
        path.insert_str(
            0,
            &format!("/{}", component.replace('~', "~0").replace('/', "~1")),
        );
    }
    let pointer = Pointer::parse(&path).map_err(|_| errors::patch_path_unresolved(&path))?;
    let segments: Vec<String> = pointer
        .tokens()
        .map(|token| token.decoded().into_owned())
        .collect();
    let value = item.shift_remove("value");
    let action = match (kind.as_str(), value) {
        ("remove", _) => Action::Remove,
        ("add", Some(value)) => Action::Add(value),
        ("replace", Some(value)) => Action::Replace(value),
        _ => return Err(errors::patch_parameter_empty("value")),
    };
    Ok(Operation {
        path,
        segments,
        action,
    })
}

/// Returns a member that must be a non-empty string.
fn text(item: &Map<String, Value>, member: &str) -> ServiceResult<String> {
    match item.get(member) {
        Some(Value::String(text)) if !text.is_empty() => Ok(text.clone()),
        None | Some(Value::Null | Value::String(_)) => Err(errors::patch_parameter_empty(member)),
        Some(_) => Err(not_a_patch()),
    }
}

/// Applies one operation to a document. Every parent on the path must exist and be an object.
pub(crate) fn apply(document: &mut Map<String, Value>, operation: Operation) -> ServiceResult<()> {
    let Operation {
        path,
        segments,
        action,
    } = operation;
    let Some((last, parents)) = segments.split_last() else {
        return Err(errors::patch_parameter_empty("path"));
    };
    let mut parent = document;
    for segment in parents {
        parent = match parent.get_mut(segment) {
            Some(Value::Object(inner)) => inner,
            _ => return Err(errors::patch_path_unresolved(&path)),
        };
    }
    match action {
        Action::Add(value) => {
            parent.insert(last.clone(), value);
        }
        Action::Replace(value) => match parent.get_mut(last) {
            Some(place) => *place = value,
            None => return Err(errors::patch_target_missing(last)),
        },
        Action::Remove => {
            parent
                .shift_remove(last)
                .ok_or_else(|| errors::patch_target_missing(last))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn patched(document: Value, patch: Value) -> Result<Value, ServiceError> {
        let Value::Object(mut document) = document else {
            panic!("the document is an object")
        };
        for operation in parse(patch.to_string().as_bytes(), None)? {
            apply(&mut document, operation)?;
        }
        Ok(Value::Object(document))
    }

    fn message(patch: Value) -> String {
        patched(json!({"a": 1, "o": {"x": 1}}), patch)
            .unwrap_err()
            .message
    }

    #[test]
    fn add_replace_and_remove_change_the_document() {
        let patch = json!([
            {"op": "add", "path": "/b", "value": null},
            {"op": "add", "path": "/a", "value": 2},
            {"op": "replace", "path": "/o/x", "value": [1]},
            {"op": "Remove", "path": "/gone"},
            {"op": "add", "path": "/s~1l~0t", "value": true},
        ]);
        let result = patched(json!({"gone": 0, "a": 1, "o": {"x": 1}}), patch).unwrap();
        assert_eq!(
            result.to_string(),
            r#"{"a":2,"o":{"x":[1]},"b":null,"s/l~t":true}"#
        );
    }

    #[test]
    fn each_error_has_its_message() {
        for (patch, text) in [
            (json!([{}]), "Parameter op must not be empty."),
            (
                json!([{"op": "add", "value": 1}]),
                "Parameter path must not be empty.",
            ),
            (
                json!([{"op": "add", "path": "/a"}]),
                "Parameter value must not be empty.",
            ),
            (
                json!([{"op": "test", "path": "/a", "value": 1}]),
                "Unsupported operation type test.",
            ),
            (
                json!([{"op": "remove", "path": "/X"}]),
                "path segment 'X' was not found.",
            ),
            (
                json!([{"op": "replace", "path": "/o/X", "value": 1}]),
                "path segment 'X' was not found.",
            ),
            (
                json!([{"op": "add", "path": "/p/x", "value": 1}]),
                "Could not resolve path /p/x.",
            ),
            (
                json!([{"op": "add", "path": "/a/x", "value": 1}]),
                "Could not resolve path /a/x.",
            ),
            (
                json!([{"op": "add", "path": "a", "value": 1}]),
                "Could not resolve path a.",
            ),
        ] {
            let found = message(patch);
            assert!(found.contains(text), "{found}");
        }
    }
}
