//! Records of configurations.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::iothub::store::content::Content;
use crate::timestamp::Timestamp;

/// A configuration. The derived serialization defines the format of dumped state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Configuration {
    pub(crate) id: String,
    /// The number encoded in the ETag.
    pub(crate) version: u64,
    pub(crate) schema_version: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) labels: Option<IndexMap<String, String>>,
    pub(crate) content: Content,
    pub(crate) target_condition: String,
    pub(crate) priority: i64,
    /// Queries of the custom metrics, by name.
    pub(crate) queries: IndexMap<String, String>,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
}
