//! Names and property paths.

use std::fmt;
use std::str::FromStr;

use winnow::combinator::{alt, separated};
use winnow::error::EmptyError;
use winnow::prelude::*;
use winnow::token::{take_until, take_while};

/// The name of an alias, property, or relationship, without brackets.
///
/// A name is any string that `[[…]]` can quote: it is not empty, does not contain `]]` or end with `]`, and has no
/// control characters. `Display` of a query adds the brackets where a name needs them. Names are case-sensitive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

impl Name {
    /// Validates a name.
    ///
    /// # Errors
    ///
    /// [`NameError`] for the rule that the name violates.
    pub fn new(name: impl Into<String>) -> Result<Self, NameError> {
        let name = name.into();
        if name.is_empty() {
            Err(NameError::Empty)
        } else if name.contains("]]") || name.ends_with(']') {
            Err(NameError::Bracket(name))
        } else if name.contains(char::is_control) {
            Err(NameError::Control(name))
        } else {
            Ok(Self(name))
        }
    }

    /// Returns the name as a string slice, without brackets.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether the name is an ASCII identifier, optionally with a leading `$`. Such a name needs no brackets
    /// unless it is a reserved word, which depends on the language and is not checked here.
    pub(crate) fn is_plain(&self) -> bool {
        is_identifier(self.0.strip_prefix('$').unwrap_or(&self.0))
    }
}

pub(crate) fn is_identifier_start(character: char) -> bool {
    character.is_ascii_alphabetic() || character == '_'
}

pub(crate) fn is_identifier_part(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

fn is_identifier(text: &str) -> bool {
    text.starts_with(is_identifier_start) && text.chars().all(is_identifier_part)
}

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

/// Prints the name without brackets, for messages.
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::new(text)
    }
}

/// An invalid name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// The name is empty, or a path has an empty segment.
    #[error("name is empty; each segment of a path needs at least one character")]
    Empty,
    /// The name contains `]]` or ends with `]`, so `[[…]]` cannot quote it.
    #[error("name `{0}` contains `]]` or ends with `]`, which `[[…]]` cannot represent")]
    Bracket(String),
    /// The name contains a control character.
    #[error("name {0:?} contains a control character, which a query cannot represent")]
    Control(String),
}

/// A sequence of one or more names, separated by dots.
///
/// The path alone does not show whether its first name is an alias; that depends on the query.
///
/// ```
/// use twin_query::Path;
///
/// let path: Path = "T.map.[[1st floor]]".parse()?;
/// assert_eq!(path.names().len(), 3);
/// assert_eq!(path.last(), &"1st floor");
/// # Ok::<(), twin_query::NameError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path {
    /// Never empty: every constructor ensures it.
    names: Vec<Name>,
}

impl Path {
    /// Creates a path from its first name and the remaining ones.
    #[must_use]
    pub fn new(first: Name, rest: impl IntoIterator<Item = Name>) -> Self {
        let mut names = vec![first];
        names.extend(rest);
        Self { names }
    }

    /// Creates a path from names that are not split: a dot stays part of its name.
    ///
    /// # Errors
    ///
    /// [`NameError`] if a name is invalid or the list is empty.
    pub fn from_names<N: AsRef<str>>(names: impl IntoIterator<Item = N>) -> Result<Self, NameError> {
        let names = names
            .into_iter()
            .map(|name| Name::new(name.as_ref()))
            .collect::<Result<Vec<_>, _>>()?;
        Self::from_vec(names).ok_or(NameError::Empty)
    }

    pub(crate) fn from_vec(names: Vec<Name>) -> Option<Self> {
        (!names.is_empty()).then_some(Self { names })
    }

    /// Returns all names of the path; never empty.
    #[must_use]
    pub fn names(&self) -> &[Name] {
        &self.names
    }

    /// Returns the first name.
    #[must_use]
    pub fn first(&self) -> &Name {
        &self.names[0]
    }

    /// Returns the last name, which is the key of a projection without an alias.
    #[must_use]
    pub fn last(&self) -> &Name {
        &self.names[self.names.len() - 1]
    }
}

/// Splits at dots outside `[[…]]`. Reserved words and names that are not identifiers need no brackets here.
impl FromStr for Path {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let bracketed = ("[[", take_until(0.., "]]"), "]]").map(|(_, name, _)| name);
        let part = alt((bracketed, take_while(0.., |character| character != '.')));
        let mut parts = separated::<_, &str, Vec<&str>, _, EmptyError, _, _>(1.., part, '.');
        let parts = parts
            .parse(text)
            .map_err(|_| NameError::Bracket(text.to_owned()))?;
        Self::from_names(parts)
    }
}

/// Conversion to a property path. A string such as `"T.temperature"` is split at its dots; a list of names is used
/// unchanged.
pub trait IntoPath {
    /// Converts and validates the path.
    ///
    /// # Errors
    ///
    /// [`NameError`] if a name is invalid.
    fn into_path(self) -> Result<Path, NameError>;
}

impl IntoPath for Path {
    fn into_path(self) -> Result<Path, NameError> {
        Ok(self)
    }
}

impl IntoPath for &Path {
    fn into_path(self) -> Result<Path, NameError> {
        Ok(self.clone())
    }
}

impl IntoPath for &str {
    fn into_path(self) -> Result<Path, NameError> {
        self.parse()
    }
}

impl IntoPath for &String {
    fn into_path(self) -> Result<Path, NameError> {
        self.parse()
    }
}

impl IntoPath for String {
    fn into_path(self) -> Result<Path, NameError> {
        self.parse()
    }
}

impl<N: AsRef<str>, const COUNT: usize> IntoPath for [N; COUNT] {
    fn into_path(self) -> Result<Path, NameError> {
        Path::from_names(self)
    }
}

impl<N: AsRef<str>> IntoPath for &[N] {
    fn into_path(self) -> Result<Path, NameError> {
        Path::from_names(self)
    }
}

impl<N: AsRef<str>> IntoPath for Vec<N> {
    fn into_path(self) -> Result<Path, NameError> {
        Path::from_names(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        text.parse::<Path>()
            .unwrap()
            .names()
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn paths_split_at_dots_outside_brackets() {
        assert_eq!(names("a"), ["a"]);
        assert_eq!(names("T.$metadata.$model"), ["T", "$metadata", "$model"]);
        assert_eq!(names("a.[[b.c]].d"), ["a", "b.c", "d"]);
        assert_eq!(names("a.b c.GROUP"), ["a", "b c", "GROUP"]);
    }

    #[test]
    fn paths_with_invalid_names_are_rejected() {
        for text in ["", ".", "a.", ".a", "a..b", "[[]]", "a.[[]]"] {
            assert_eq!(text.parse::<Path>(), Err(NameError::Empty), "{text}");
        }
        for text in ["[[a]]b", "a]", "[[a]", "[[a]]]", "a]]b"] {
            assert!(
                matches!(text.parse::<Path>(), Err(NameError::Bracket(_))),
                "{text}"
            );
        }
        assert!(matches!("a\nb".parse::<Path>(), Err(NameError::Control(_))));
        assert_eq!(Path::from_names::<&str>([]), Err(NameError::Empty));
    }

    #[test]
    fn lists_of_names_are_not_split_at_dots() {
        assert_eq!(["a.b", "c"].into_path().unwrap().names(), ["a.b", "c"]);
    }
}
