//! Violations of the rules for tags and desired properties.

use std::fmt;

use crate::identity::IdProblem;

/// Violations of the service's rules for twins.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidTwin {
    /// All violations in document order; never empty.
    pub violations: Vec<Violation>,
}

impl InvalidTwin {
    /// Returns an error if there are any violations.
    pub(crate) fn check(violations: Vec<Violation>) -> Result<(), Self> {
        if violations.is_empty() {
            Ok(())
        } else {
            Err(Self { violations })
        }
    }
}

/// The maximum number of violations shown. `Display` only counts the rest.
const SHOWN: usize = 3;

impl fmt::Display for InvalidTwin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, violation) in self.violations.iter().take(SHOWN).enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{violation}")?;
        }
        match self.violations.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}

impl std::error::Error for InvalidTwin {}

/// A violation of a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path} {rule}")]
#[non_exhaustive]
pub struct Violation {
    /// The path, such as `tags.site.floor` or `properties.desired.limits[2]`; names with special characters are quoted,
    /// such as `tags["a b"]`.
    pub path: String,
    /// The rule that is broken.
    pub rule: Rule,
}

/// A violated rule for twins, patches and replacements.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rule {
    /// The name has more than 1024 bytes.
    #[error("has a name of {bytes} bytes; at most 1024 are allowed")]
    NameTooLong {
        /// The length of the name in bytes of UTF-8.
        bytes: usize,
    },
    /// The name contains a `.`, `$`, `#`, space or control character.
    #[error("has {character:?} in its name; names must not contain . $ # space or control characters")]
    NameCharacter {
        /// The first character that is not allowed.
        character: char,
    },
    /// The string has more than 4096 bytes.
    #[error("is a string of {bytes} bytes; at most 4096 are allowed")]
    StringTooLong {
        /// The length of the string in bytes of UTF-8.
        bytes: usize,
    },
    /// Objects are nested more than 10 deep.
    #[error("is nested more than 10 objects deep")]
    TooDeep,
    /// The integer is not between -4503599627370496 and 4503599627370495.
    #[error("is an integer outside the range -4503599627370496 to 4503599627370495")]
    IntegerRange,
    /// The value in a replacement is `null`, which only patches can use to remove values.
    #[error("is null, which is not allowed in a replacement; leave the value out to remove it")]
    Null,
    /// An array contains `null`, directly or inside an object.
    #[error("is null, which is not allowed in arrays")]
    NullInArray,
    /// The section is too large. The limit is 8 KiB for tags and 32 KiB for desired properties.
    #[error("has a size of {size}; at most {limit} is allowed")]
    TooLarge {
        /// The size as the service counts it: one per character of names and strings, 8 per number, 4 per boolean.
        size: usize,
        /// The limit.
        limit: usize,
    },
    /// The device or module id is invalid.
    #[error(transparent)]
    Id(IdProblem),
    /// The value is not an object.
    #[error("must be an object")]
    NotAnObject,
    /// The value cannot be serialized to JSON.
    #[error("cannot be serialized to JSON: {reason}")]
    NotJson {
        /// The serializer's error.
        reason: String,
    },
    /// The member cannot be written; only `tags` and `properties.desired` can.
    #[error("cannot be written; only tags and properties.desired can")]
    NotWritable,
    /// The patch sets a value and also changes an object around it, so the result would depend on the current twin.
    #[error("is set in the same patch that removes or replaces {ancestor}")]
    Conflict {
        /// The path of the surrounding object.
        ancestor: String,
    },
}

/// The path of a value in a twin, as shown in messages.
#[derive(Debug, Clone)]
pub(crate) struct Path(String);

impl Path {
    pub(crate) fn root(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// Returns the path of a member.
    pub(crate) fn member(&self, name: &str) -> Self {
        let plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_-$".contains(c));
        if plain {
            Self(format!("{}.{name}", self.0))
        } else {
            Self(format!("{}[{name:?}]", self.0))
        }
    }

    /// Returns the path of an array element.
    pub(crate) fn element(&self, index: usize) -> Self {
        Self(format!("{}[{index}]", self.0))
    }

    /// Returns a violation at this path.
    pub(crate) fn breaks(&self, rule: Rule) -> Violation {
        Violation {
            path: self.0.clone(),
            rule,
        }
    }

    pub(crate) fn into_string(self) -> String {
        self.0
    }
}
