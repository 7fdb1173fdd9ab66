//! Sections of an import file.

use std::fmt;

/// The supported version of the format.
pub(super) const FILE_VERSION: &str = "1.0.0";
/// The member that marks the first line of a section.
pub(super) const SECTION: &str = "Section";
/// The names of the sections, for messages.
pub(super) const SECTION_NAMES: &str = "Header, Models, Twins, Relationships";

/// A section of an import file, in file order. Only the header is required.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ImportFileSection {
    /// The header, one line.
    Header,
    /// One DTDL interface per line.
    Models,
    /// One twin per line.
    Twins,
    /// One relationship per line.
    Relationships,
}

impl ImportFileSection {
    const ALL: [Self; 4] = [Self::Header, Self::Models, Self::Twins, Self::Relationships];

    /// Returns the section's name in the file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Header => "Header",
            Self::Models => "Models",
            Self::Twins => "Twins",
            Self::Relationships => "Relationships",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|section| section.as_str() == name)
    }

    /// Returns whether `name` is the name of a section, ignoring case.
    pub(super) fn is_name(name: &str) -> bool {
        Self::ALL
            .iter()
            .any(|section| section.as_str().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for ImportFileSection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
