//! What a parser accepts.

use std::collections::BTreeSet;

use crate::metamodel::VERSIONS;

/// Whether extensions that the parser does not know may be used.
///
/// With one allowed, types and properties it might bring are accepted unread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum UnknownExtensions {
    /// As the version of the language has it: allowed in 2, refused in later ones.
    #[default]
    ByVersion,
    /// Allowed.
    Allow,
    /// Refused.
    Refuse,
}

/// The choices of a [`Parser`](crate::Parser).
#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) versions: BTreeSet<u8>,
    pub(crate) unknown_extensions: UnknownExtensions,
    pub(crate) limits: Vec<String>,
    pub(crate) max_diagnostics: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            versions: VERSIONS.iter().map(|version| version.number).collect(),
            unknown_extensions: UnknownExtensions::default(),
            limits: Vec::new(),
            max_diagnostics: 10_000,
        }
    }
}

impl Options {
    /// Whether a context of limits is acceptable: named with this version or without one.
    pub(crate) fn accepts_limits(&self, context: &str) -> bool {
        let (path, _) = context.split_once(';').unwrap_or((context, ""));
        self.limits
            .iter()
            .any(|accepted| accepted == context || accepted == path)
    }
}
