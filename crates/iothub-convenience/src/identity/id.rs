//! Ids of devices and modules.

/// The characters that ids may contain besides ASCII letters and digits.
const PUNCTUATION: &str = "-:.+%_#*?!(),=@;$'";

/// The maximum length of an id, in characters.
const MAX_LENGTH: usize = 128;

/// An invalid id of a device or module.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{parameter} {id:?} {problem}")]
#[non_exhaustive]
pub struct InvalidId {
    /// The name of the parameter with the id: `device_id` or `module_id`.
    pub parameter: &'static str,
    /// The id.
    pub id: String,
    /// The rule that the id breaks.
    pub problem: IdProblem,
}

/// The reason that an id is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdProblem {
    /// The id is empty.
    #[error("must not be empty")]
    Empty,
    /// The id has more than 128 characters.
    #[error("has {length} characters; at most 128 are allowed")]
    TooLong {
        /// The number of characters.
        length: usize,
    },
    /// The id has characters other than ASCII letters, digits and `-:.+%_#*?!(),=@;$'`.
    #[error(
        "contains {character:?} at position {position}; only ASCII letters, digits and -:.+%_#*?!(),=@;$' are allowed"
    )]
    Character {
        /// The first character that is not allowed.
        character: char,
        /// The position of that character, counted in characters from 0.
        position: usize,
    },
    /// The id is `.` or `..`, a relative path segment, so a request for it would address a different resource.
    #[error("is a relative path segment, which addresses another resource")]
    DotSegment,
    /// The id begins with `$`, which is reserved for system modules created by the service.
    #[error("begins with $, which is reserved for system modules")]
    SystemModule,
}

/// Checks the id of a device.
pub(crate) fn check_device_id(id: &str) -> Result<(), InvalidId> {
    check("device_id", id)
}

/// Checks the id of a module, which may be a system module.
pub(crate) fn check_module_id(id: &str) -> Result<(), InvalidId> {
    check("module_id", id)
}

/// Checks the id of a module that is to be created.
pub(crate) fn check_new_module_id(id: &str) -> Result<(), InvalidId> {
    check_module_id(id)?;
    if id.starts_with('$') {
        return Err(invalid("module_id", id, IdProblem::SystemModule));
    }
    Ok(())
}

fn check(parameter: &'static str, id: &str) -> Result<(), InvalidId> {
    let length = id.chars().count();
    let forbidden = |c: &char| !c.is_ascii_alphanumeric() && !PUNCTUATION.contains(*c);
    let problem = if id.is_empty() {
        IdProblem::Empty
    } else if id == "." || id == ".." {
        IdProblem::DotSegment
    } else if let Some((position, character)) = id.chars().enumerate().find(|(_, c)| forbidden(c)) {
        IdProblem::Character { character, position }
    } else if length > MAX_LENGTH {
        IdProblem::TooLong { length }
    } else {
        return Ok(());
    };
    Err(invalid(parameter, id, problem))
}

fn invalid(parameter: &'static str, id: &str, problem: IdProblem) -> InvalidId {
    let id = id.to_owned();
    InvalidId {
        parameter,
        id,
        problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn problem(id: &str) -> Option<IdProblem> {
        check_device_id(id).err().map(|error| error.problem)
    }

    #[test]
    fn every_allowed_character_is_accepted() {
        assert_eq!(problem("dev:1.2+3%_#*?!(),=@;$'-AZaz09"), None);
        assert_eq!(problem(&"x".repeat(128)), None);
        assert_eq!(problem("..."), None);
        assert_eq!(problem("$edgeAgent"), None);
    }

    #[test]
    fn each_broken_rule_is_reported() {
        assert_eq!(problem(""), Some(IdProblem::Empty));
        assert_eq!(problem("."), Some(IdProblem::DotSegment));
        assert_eq!(problem(".."), Some(IdProblem::DotSegment));
        assert_eq!(
            problem(&"x".repeat(129)),
            Some(IdProblem::TooLong { length: 129 })
        );
        for character in [
            '/', '&', ' ', '"', '\\', 'ü', '\n', '\0', '😀', '<', '~', '^', '`', '|',
        ] {
            let expected = IdProblem::Character {
                character,
                position: 2,
            };
            assert_eq!(problem(&format!("ab{character}c")), Some(expected));
        }
        let error = check_module_id("a/b").unwrap_err();
        assert_eq!(
            error.to_string(),
            r#"module_id "a/b" contains '/' at position 1; only ASCII letters, digits and -:.+%_#*?!(),=@;$' are allowed"#
        );
    }

    #[test]
    fn system_module_ids_are_valid_but_not_for_new_modules() {
        assert_eq!(check_module_id("$edgeHub"), Ok(()));
        assert_eq!(
            check_new_module_id("$edgeHub").unwrap_err().problem,
            IdProblem::SystemModule
        );
        assert_eq!(check_new_module_id("edge$Hub"), Ok(()));
    }

    proptest! {
        #[test]
        fn ids_of_the_documented_form_are_accepted(id in r"[A-Za-z0-9\-:.+%_#*?!(),=@;$']{3,128}") {
            prop_assert_eq!(check_device_id(&id), Ok(()));
        }

        #[test]
        fn accepted_ids_have_only_the_documented_characters(id in ".{0,140}") {
            if check_device_id(&id).is_ok() {
                prop_assert!(id.is_ascii() && (1..=128).contains(&id.len()));
                prop_assert!(!id.contains(['/', '&', '\\', ' ', '"']));
            }
        }
    }
}
