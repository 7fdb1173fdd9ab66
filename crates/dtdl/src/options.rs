//! Parser options.

use std::collections::BTreeSet;

use crate::metamodel::VERSIONS;

/// The handling of unknown extensions.
///
/// If unknown extensions are allowed and a model uses one, unknown types and their properties are accepted without
/// validation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum UnknownExtensions {
    /// Allowed in DTDL version 2, refused in later versions.
    #[default]
    ByVersion,
    /// Allowed in all DTDL versions.
    Allow,
    /// Refused in all DTDL versions.
    Refuse,
}

/// The options of a [`Parser`](crate::Parser).
#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) versions: BTreeSet<u8>,
    pub(crate) unknown_extensions: UnknownExtensions,
    /// The contexts of the accepted extensions; `None` accepts all supported extensions.
    pub(crate) extensions: Option<Vec<String>>,
    pub(crate) tolerate_solecisms: bool,
    pub(crate) limits: Vec<String>,
    pub(crate) max_diagnostics: usize,
}

/// The DTDL versions that Azure Digital Twins accepts.
pub(crate) const AZURE_DIGITAL_TWINS_VERSIONS: [u8; 2] = [2, 3];

/// The extensions that the documentation of Azure Digital Twins lists.
pub(crate) const AZURE_DIGITAL_TWINS_EXTENSIONS: [&str; 4] = [
    "dtmi:dtdl:extension:annotation;1",
    "dtmi:dtdl:extension:historization;1",
    "dtmi:dtdl:extension:overriding;1",
    "dtmi:dtdl:extension:quantitativeTypes;1",
];

impl Default for Options {
    fn default() -> Self {
        Self {
            versions: VERSIONS.iter().map(|version| version.number).collect(),
            unknown_extensions: UnknownExtensions::default(),
            extensions: None,
            tolerate_solecisms: false,
            limits: Vec::new(),
            max_diagnostics: 10_000,
        }
    }
}

impl Options {
    /// Returns whether the context of a limit extension is accepted: `limits` contains it with this version or without
    /// a version.
    pub(crate) fn accepts_limits(&self, context: &str) -> bool {
        let (path, _) = context.split_once(';').unwrap_or((context, ""));
        self.limits
            .iter()
            .any(|accepted| accepted == context || accepted == path)
    }

    /// Returns whether elements of this DTDL version may have the [solecisms](crate::Parser::tolerate_solecisms).
    pub(crate) fn tolerates_solecisms(&self, version: u8) -> bool {
        self.tolerate_solecisms && version < 3
    }
}
