//! Sections of an import file.

use std::fmt;

/// The supported version of the format.
pub(super) const FILE_VERSION: &str = "1.0.0";
/// The member of a line that begins a section.
pub(super) const SECTION: &str = "Section";

/// A section of an import file, in the order of the file. All but the header may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ImportFileSection {
    /// One line about the file.
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

    /// The name in the file.
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
}

impl fmt::Display for ImportFileSection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
