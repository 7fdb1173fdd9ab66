//! Digital twin model identifiers.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// A digital twin model identifier such as `dtmi:com:example:Pump;2`.
///
/// Clones share the string; comparison is case-sensitive. [`FromStr`] checks the general DTMI syntax; the
/// [`Parser`](crate::Parser) checks the stricter rules of DTDL versions and properties.
///
/// ```
/// use dtdl::Dtmi;
///
/// let pump: Dtmi = "dtmi:com:example:Pump;2".parse()?;
/// assert_eq!(pump.segments().last(), Some("Pump"));
/// assert_eq!(pump.version().map(|version| version.major), Some(2));
/// assert_eq!(pump.versionless(), "dtmi:com:example:Pump");
/// assert!("dtmi:com::Pump;2".parse::<Dtmi>().is_err());
/// # Ok::<(), dtdl::DtmiError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Dtmi(Arc<str>);

/// The version at the end of a [`Dtmi`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DtmiVersion {
    /// The part before the dot, at least 1.
    pub major: u32,
    /// The part after the dot, at least 1.
    pub minor: Option<u32>,
}

/// The error for a string that is not a digital twin model identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a DTMI; expected `dtmi:<segment>:…;<version>` with segments of letters, digits and inner underscores"
)]
pub struct DtmiError {
    text: String,
}

impl Dtmi {
    /// Returns the identifier as a string.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the segments between `dtmi:` and the version.
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = &str> {
        let path = self.versionless();
        path.get(5..).unwrap_or_default().split(':')
    }

    /// Returns the part before the `;`.
    #[must_use]
    pub fn versionless(&self) -> &str {
        self.0.split_once(';').map_or(&*self.0, |(path, _)| path)
    }

    /// Returns the version, if the identifier has one.
    #[must_use]
    pub fn version(&self) -> Option<DtmiVersion> {
        let (_, version) = self.0.split_once(';')?;
        let (major, minor) = match version.split_once('.') {
            Some((major, minor)) => (major, Some(minor)),
            None => (version, None),
        };
        Some(DtmiVersion {
            major: major.parse().ok()?,
            minor: minor.and_then(|minor| minor.parse().ok()),
        })
    }

    /// Returns whether a segment starts with an underscore, as in identifiers that the parser assigns.
    #[must_use]
    pub fn is_system(&self) -> bool {
        self.segments().any(|segment| segment.starts_with('_'))
    }

    /// Creates an identifier without validation, from a string that the parser has validated or assigned.
    pub(crate) fn unchecked(text: &str) -> Self {
        Self(Arc::from(text))
    }

    /// Returns the identifier assigned to a child without `@id`. It is this identifier with `:_property` inserted
    /// before the version, followed by `:__segment` if the property has several values.
    pub(crate) fn child(&self, property: &str, segment: Option<&str>) -> Self {
        let (path, version) = match self.0.find(';') {
            Some(at) => self.0.split_at(at),
            None => (&*self.0, ""),
        };
        let property = property.split(';').next().unwrap_or_default();
        Self::unchecked(&match segment {
            Some(segment) => format!("{path}:_{property}:__{segment}{version}"),
            None => format!("{path}:_{property}{version}"),
        })
    }
}

/// The identifiers that [`is_valid`] accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Syntax {
    /// Identifiers that a model may define: no segment starts with an underscore.
    User,
    /// Identifiers that a model may refer to, including assigned ones.
    Any,
}

/// Returns whether `text` is a DTMI by the rules of a DTDL version. In DTDL version 2, the identifier must have a
/// version, without a minor part.
pub(crate) fn is_valid(text: &str, syntax: Syntax, dtdl_version: u8) -> bool {
    let Some(rest) = text.strip_prefix("dtmi:") else {
        return false;
    };
    let (path, version) = match rest.split_once(';') {
        Some((path, version)) => (path, Some(version)),
        None => (rest, None),
    };
    let segment = |segment: &str| {
        let mut bytes = segment.bytes();
        let first = bytes
            .next()
            .is_some_and(|b| b.is_ascii_alphabetic() || (b == b'_' && syntax == Syntax::Any));
        first && !segment.ends_with('_') && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    let number = |text: &str, digits: usize| {
        text.len() <= digits
            && text.bytes().all(|b| b.is_ascii_digit())
            && text.bytes().next().is_some_and(|b| b != b'0')
    };
    let version = match (version, dtdl_version) {
        (None, version) => version != 2,
        (Some(text), 2) => number(text, 9),
        (Some(text), _) => match text.split_once('.') {
            Some((major, minor)) => number(major, 9) && number(minor, 6),
            None => number(text, 9),
        },
    };
    version && path.split(':').all(segment)
}

impl FromStr for Dtmi {
    type Err = DtmiError;

    fn from_str(text: &str) -> Result<Self, DtmiError> {
        if is_valid(text, Syntax::Any, 4) {
            Ok(Self::unchecked(text))
        } else {
            Err(DtmiError {
                text: text.chars().take(200).collect(),
            })
        }
    }
}

impl fmt::Display for Dtmi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Dtmi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl AsRef<str> for Dtmi {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl std::borrow::Borrow<str> for Dtmi {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Dtmi {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}

impl PartialEq<&str> for Dtmi {
    fn eq(&self, other: &&str) -> bool {
        &*self.0 == *other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ADT-DTDL-6, ADT-DTDL-7.
    #[test]
    fn dtdl_version_2_requires_a_major_version_only() {
        for (text, two, three) in [
            ("dtmi:pump;1", true, true),
            ("dtmi:a:b_c:d9;999999999", true, true),
            ("dtmi:pump", false, true),
            ("dtmi:pump;2.5", false, true),
            ("dtmi:pump;2.0", false, false),
            ("dtmi:pump;2.1234567", false, false),
            ("dtmi:pump;", false, false),
            ("dtmi:pump;0", false, false),
            ("dtmi:pump;01", false, false),
            ("dtmi:pump;1234567890", false, false),
            ("dtmi:pump_;1", false, false),
            ("dtmi:_pump;1", false, false),
            ("dtmi:9pump;1", false, false),
            ("dtmi:pump::valve;1", false, false),
            ("dtmi:;1", false, false),
            ("DTMI:pump;1", false, false),
            ("dtmi:pümp;1", false, false),
        ] {
            assert_eq!(is_valid(text, Syntax::User, 2), two, "{text} in version 2");
            assert_eq!(is_valid(text, Syntax::User, 3), three, "{text} in version 3");
        }
        assert!(is_valid("dtmi:pump:_contents:__flow;1", Syntax::Any, 2));
    }

    #[test]
    fn child_segments_come_before_the_version() {
        let pump: Dtmi = "dtmi:pump;1".parse().unwrap();
        assert_eq!(
            pump.child("contents", Some("flow")),
            "dtmi:pump:_contents:__flow;1"
        );
        assert_eq!(
            Dtmi::unchecked("dtmi:pump").child("schema", None),
            "dtmi:pump:_schema"
        );
        assert!(pump.child("contents", Some("flow")).is_system());
    }
}
