//! Violations of the rules for tags and desired properties.

use std::fmt;

use crate::identity::IdProblem;

/// Tags or desired properties break the service's rules.
///
/// All violations are listed, not just the first.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidTwin {
    /// At least one violation, in the order of the document.
    pub violations: Vec<Violation>,
}

impl InvalidTwin {
    /// An error if there is a violation.
    pub(crate) fn check(violations: Vec<Violation>) -> Result<(), Self> {
        if violations.is_empty() {
            Ok(())
        } else {
            Err(Self { violations })
        }
    }
}

impl fmt::Display for InvalidTwin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, violation) in self.violations.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{violation}")?;
        }
        Ok(())
    }
}

impl std::error::Error for InvalidTwin {}

/// One broken rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path} {rule}")]
#[non_exhaustive]
pub struct Violation {
    /// Where: `tags.site.floor`, `properties.desired.limits[2]`; a name that is no plain word is quoted, as in
    /// `tags["a b"]`.
    pub path: String,
    /// Which rule.
    pub rule: Rule,
}

/// A rule of the service, or of writing patches.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rule {
    /// A name has at most 1024 bytes.
    #[error("has a name of {bytes} bytes, more than 1024")]
    NameTooLong {
        /// The bytes of the name in UTF-8.
        bytes: usize,
    },
    /// A name has no `.`, `$`, `#`, space or control character.
    #[error("has {character:?} in its name, which no name may have")]
    NameCharacter {
        /// The first character that is not allowed.
        character: char,
    },
    /// A text has at most 4096 bytes.
    #[error("is a text of {bytes} bytes, more than 4096")]
    TextTooLong {
        /// The bytes of the text in UTF-8.
        bytes: usize,
    },
    /// Objects are nested at most 10 deep.
    #[error("is nested more than 10 objects deep")]
    TooDeep,
    /// An integer lies between -4503599627370496 and 4503599627370495.
    #[error("is an integer beyond -4503599627370496 to 4503599627370495")]
    IntegerRange,
    /// An array has no `null`.
    #[error("is null, which an array may not hold")]
    NullInArray,
    /// Tags have at most 8 KiB, desired properties 32 KiB.
    #[error("has a size of {size}, more than {limit}")]
    TooLarge {
        /// The size as the service counts it: names, texts in characters, 8 per number, 4 per boolean.
        size: usize,
        /// The limit.
        limit: usize,
    },
    /// An id cannot name a device or module.
    #[error(transparent)]
    Id(IdProblem),
    /// The value must be an object.
    #[error("must be an object")]
    NotAnObject,
    /// A value can be serialized to JSON.
    #[error("cannot be JSON: {reason}")]
    NotJson {
        /// What the serializer says.
        reason: String,
    },
    /// Only `tags` and `properties.desired` can be written.
    #[error("cannot be written; only tags and properties.desired can")]
    NotWritable,
    /// The patch also changes an object around this one, so the result would depend on the current twin.
    #[error("is set in the same patch that removes or replaces {ancestor}")]
    Conflict {
        /// The path of the object around it.
        ancestor: String,
    },
}

/// A path to a place in a twin, for messages.
#[derive(Debug, Clone)]
pub(crate) struct Path(String);

impl Path {
    pub(crate) fn root(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// The path of a member.
    pub(crate) fn member(&self, name: &str) -> Self {
        let plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_-$".contains(c));
        if plain {
            Self(format!("{}.{name}", self.0))
        } else {
            Self(format!("{}[{name:?}]", self.0))
        }
    }

    /// The path of an element.
    pub(crate) fn element(&self, index: usize) -> Self {
        Self(format!("{}[{index}]", self.0))
    }

    /// A violation here.
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
