//! Records of import and export jobs.

use serde::{Deserialize, Serialize};

use crate::timestamp::Timestamp;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum TransferKind {
    Export,
    Import,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum TransferStatus {
    Enqueued,
    Running,
    Completed,
    Failed,
    Cancelled,
}

impl TransferStatus {
    pub(crate) fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

/// An import or export job. The derived serialization defines the format of dumped state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Transfer {
    pub(crate) id: String,
    pub(crate) kind: TransferKind,
    pub(crate) status: TransferStatus,
    pub(crate) progress: u8,
    pub(crate) started: Timestamp,
    pub(crate) ended: Option<Timestamp>,
    pub(crate) failure: Option<String>,
    /// The input container of an import; `None` for an export.
    pub(crate) input: Option<BlobPath>,
    /// The container for the exported devices, or for the error log of an import.
    pub(crate) output: BlobPath,
    pub(crate) exclude_keys: bool,
    /// The name of the blob with the configurations, if they are included.
    pub(crate) configurations: Option<String>,
    /// Includes the members of Azure Device Registry in exports. Set by api-versions that have these members.
    #[serde(default)]
    pub(crate) with_registry: bool,
    pub(crate) storage_authentication: String,
}

/// The path of a blob.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct BlobPath {
    pub(crate) container: String,
    pub(crate) blob: String,
}
