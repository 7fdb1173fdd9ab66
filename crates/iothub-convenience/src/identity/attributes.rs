//! Attributes of identities.

use serde_json::{Map, Value};

use crate::error::{Error, Result};

/// The maximum length of a name, in bytes.
const NAME_BYTES: usize = 1024;

/// Checks the length and the characters of attribute names, and that no value is an object.
pub(crate) fn check_attributes(attributes: Option<&Map<String, Value>>) -> Result<()> {
    for (name, value) in attributes.into_iter().flatten() {
        if let Some(reason) = problem(name, value) {
            return Err(Error::invalid_input("attributes", reason));
        }
    }
    Ok(())
}

/// Returns the reason that an attribute is invalid, or `None` if it is valid.
fn problem(name: &str, value: &Value) -> Option<String> {
    let forbidden = |c: char| c.is_control() || ".$ ".contains(c);
    if let Some((position, character)) = name.chars().enumerate().find(|(_, c)| forbidden(*c)) {
        return Some(format!(
            "have the name {name:?} with {character:?} at position {position}; names must not contain . $ space or control \
             characters"
        ));
    }
    if name.len() > NAME_BYTES {
        return Some(format!(
            "have a name of {} bytes; at most {NAME_BYTES} are allowed",
            name.len()
        ));
    }
    value.is_object().then(|| {
        format!("have an object as the value of {name:?}; use a string, a number, a boolean, an array, or several attributes")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refused(attributes: &Value) -> Option<String> {
        let error = check_attributes(attributes.as_object()).err()?;
        assert_eq!(error.parameter(), Some("attributes"));
        Some(error.to_string())
    }

    /// HUB-ATTRIBUTE-2.
    #[test]
    fn scalars_and_arrays_are_allowed_and_objects_are_not() {
        let allowed =
            json!({"s": "x", "n": 1, "f": 1.5, "b": true, "a": [1, "x", [null]], "z": null, "": 1, "ü#": 1});
        assert_eq!(refused(&allowed), None);
        assert_eq!(check_attributes(None).err().map(|error| error.to_string()), None);
        assert_eq!(
            refused(&json!({"fine": 1, "o": {"x": 1}})).unwrap(),
            "invalid attributes: have an object as the value of \"o\"; use a string, a number, a boolean, an array, or several \
             attributes"
        );
    }

    /// HUB-ATTRIBUTE-2.
    #[test]
    fn names_are_checked() {
        for (name, character, position) in [
            ("a.b", '.', 1),
            ("$a", '$', 0),
            ("ü b", ' ', 1),
            ("a\u{1f}", '\u{1f}', 1),
            ("ab\u{85}", '\u{85}', 2),
        ] {
            let text = refused(&json!({ name: 1 })).unwrap();
            let expected = format!("have the name {name:?} with {character:?} at position {position}; ");
            assert!(text.contains(&expected), "{text}");
        }
        assert_eq!(refused(&json!({"x".repeat(1024): 1})), None);
        let text = refused(&json!({"ü".repeat(513): 1})).unwrap();
        assert!(text.contains("have a name of 1026 bytes; at most 1024"), "{text}");
    }
}
