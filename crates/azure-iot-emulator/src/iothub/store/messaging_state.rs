//! The messaging state of the hub itself.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::iothub::store::notifications::Notifications;

/// Notifications, and an index of the queues.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct MessagingState {
    pub(crate) notifications: Notifications,
    /// Devices and modules with a non-empty queue. Some of them may have been deleted.
    pub(crate) waiting: BTreeSet<(String, Option<String>)>,
}
