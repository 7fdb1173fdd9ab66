//! Names and property paths.

use std::fmt;
use std::str::FromStr;

use winnow::combinator::{alt, separated};
use winnow::error::EmptyError;
use winnow::prelude::*;
use winnow::token::{take_until, take_while};

/// One name: an alias, a property, a relationship name; without brackets.
///
/// Any text is a name that `[[…]]` can hold: not empty, without `]]`, not ending in `]`, without control characters.
/// The printers add the brackets where a name needs them. Names are case-sensitive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

impl Name {
    /// Checks a name.
    ///
    /// # Errors
    ///
    /// [`NameError`] says which rule the text breaks.
    pub fn new(text: impl Into<String>) -> Result<Self, NameError> {
        let text = text.into();
        if text.is_empty() {
            Err(NameError::Empty)
        } else if text.contains("]]") || text.ends_with(']') {
            Err(NameError::Bracket(text))
        } else if text.contains(char::is_control) {
            Err(NameError::Control(text))
        } else {
            Ok(Self(text))
        }
    }

    /// The name's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the languages accept the name without brackets: an ASCII letter or `_`, then letters, digits and `_`;
    /// a leading `$` is allowed. Reserved words are a matter of each language and not looked at.
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

/// The bare text, for messages; a query prints its names with brackets where they are needed.
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

/// Why a text can't be a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// The name is empty, or a path has nothing before, between or after its dots.
    #[error("a name is empty")]
    Empty,
    /// The name contains `]]` or ends in `]`, so that `[[…]]` can't hold it.
    #[error("the name `{0}` can't be written in `[[…]]`: it contains `]]` or ends in `]`")]
    Bracket(String),
    /// The name contains a control character.
    #[error("the name {0:?} contains a control character")]
    Control(String),
}

/// Names joined by dots; at least one.
///
/// The syntax tree doesn't say whether the first name is an alias: that depends on the query.
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
    /// Never empty: every constructor sees to it.
    names: Vec<Name>,
}

impl Path {
    /// A path of a first name and those after it.
    #[must_use]
    pub fn new(first: Name, rest: impl IntoIterator<Item = Name>) -> Self {
        let mut names = vec![first];
        names.extend(rest);
        Self { names }
    }

    /// A path of the given names, each taken as it is: a dot in a name stays part of the name.
    ///
    /// # Errors
    ///
    /// [`NameError`] for a text that is no name, and if there is none at all.
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

    /// All names of the path; never empty.
    #[must_use]
    pub fn names(&self) -> &[Name] {
        &self.names
    }

    /// The first name.
    #[must_use]
    pub fn first(&self) -> &Name {
        &self.names[0]
    }

    /// The last name, under which a projection without alias returns its value.
    #[must_use]
    pub fn last(&self) -> &Name {
        &self.names[self.names.len() - 1]
    }
}

/// Splits at dots; a part in `[[…]]` is taken as it is, and other parts may be any text, reserved or not.
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

/// What a builder takes as a property path: `"T.temperature"` is split at its dots, a list of names is taken as it
/// is.
pub trait IntoPath {
    /// The checked path.
    ///
    /// # Errors
    ///
    /// [`NameError`] if a part is no name.
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
    fn bad_paths_are_refused() {
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
    fn lists_of_names_are_taken_as_they_are() {
        assert_eq!(["a.b", "c"].into_path().unwrap().names(), ["a.b", "c"]);
    }
}
