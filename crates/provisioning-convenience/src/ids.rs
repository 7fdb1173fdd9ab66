//! Ids of enrollments and registrations.

use crate::error::{Error, Result};

/// The maximum length of an id, in characters.
const MAX_LENGTH: usize = 128;

/// Checks a registration id against the service's rules for length and characters.
pub(crate) fn check_registration_id(id: &str) -> Result<()> {
    check("registration_id", id)
}

/// Checks an enrollment group id against the service's rules for length and characters.
pub(crate) fn check_enrollment_group_id(id: &str) -> Result<()> {
    check("enrollment_group_id", id)
}

fn check(parameter: &'static str, id: &str) -> Result<()> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._:".contains(c);
    let length = id.chars().count();
    let reason = if id.is_empty() {
        "must not be empty".to_owned()
    } else if let Some((position, character)) = id.chars().enumerate().find(|(_, c)| !allowed(*c)) {
        format!(
            "{id:?} contains {character:?} at position {position}; allowed are ASCII letters, digits and -._:"
        )
    } else if length > MAX_LENGTH {
        format!("has {length} characters; at most {MAX_LENGTH} are allowed")
    } else if id.ends_with(['.', '_', ':']) {
        format!("{id:?} must end with a letter, a digit or -")
    } else {
        return Ok(());
    };
    Err(Error::invalid_input(parameter, reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_the_documented_form_are_accepted() {
        for id in ["a", "Device-7", "a.b_c:d-", ".a", &"x".repeat(128)] {
            assert!(check_registration_id(id).is_ok(), "{id}");
        }
    }

    #[test]
    fn each_broken_rule_is_named() {
        let long = "x".repeat(129);
        for (id, reason) in [
            ("", "must not be empty"),
            (
                "a/b",
                "\"a/b\" contains '/' at position 1; allowed are ASCII letters, digits and -._:",
            ),
            (
                "sensör",
                "\"sensör\" contains 'ö' at position 4; allowed are ASCII letters, digits and -._:",
            ),
            (&long, "has 129 characters; at most 128 are allowed"),
            ("a.", "\"a.\" must end with a letter, a digit or -"),
            ("..", "\"..\" must end with a letter, a digit or -"),
        ] {
            let error = check_enrollment_group_id(id).unwrap_err();
            assert_eq!(error.parameter(), Some("enrollment_group_id"));
            assert_eq!(error.message(), Some(reason));
        }
    }
}
