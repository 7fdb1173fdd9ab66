//! The rules for ids of twins, relationships and models.

use dtdl::Dtmi;

use crate::error::{Error, Result};

/// The maximum length of a model id, in characters, all of which are ASCII.
const MAX_MODEL_ID: usize = 128;

/// Returns the reason why an id cannot be used, or `None` if it can. The service accepts any id, but with some ids, the
/// URL path would address a different resource.
pub(crate) fn fault(id: &str) -> Option<&'static str> {
    match id {
        "" => Some("is empty"),
        "." | ".." => Some("is a relative segment in a path"),
        _ if id.contains('/') => {
            Some("contains '/', which the service does not decode in a path; use another character")
        }
        _ => None,
    }
}

/// Returns an error if the id cannot be used.
pub(crate) fn check(parameter: &'static str, id: &str) -> Result<()> {
    match fault(id) {
        None => Ok(()),
        Some(fault) => Err(Error::invalid_input(parameter, format!("{id:?} {fault}"))),
    }
}

/// Returns an error if the id is not a valid model id: a DTMI of at most 128 characters (ADT-ID-6).
pub(crate) fn check_model(parameter: &'static str, id: &str) -> Result<()> {
    if let Err(error) = id.parse::<Dtmi>() {
        return Err(Error::invalid_input(parameter, error.to_string()));
    }
    if id.len() > MAX_MODEL_ID {
        let reason = format!(
            "{id:?} has {} characters, at most {MAX_MODEL_ID} are allowed",
            id.len()
        );
        return Err(Error::invalid_input(parameter, reason));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ADT-ID-3, ADT-ID-4: the validator of import files refuses the same ids.
    #[test]
    fn only_ids_that_would_address_another_resource_are_refused() {
        for id in [
            "a-contains->b",
            "dtmi:a:b;1",
            "Büro 1 & 2",
            "100%2F",
            "a\\b",
            "#?",
        ] {
            assert_eq!(fault(id), None, "{id}");
        }
        for id in ["", ".", "..", "a/b", "/"] {
            assert!(check("id", id).unwrap_err().is_invalid_input(), "{id}");
        }
    }
}
