//! Devices and modules as the hub keeps them. The derived JSON is the form of dumped state, not the wire's.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::messaging::Queue;
use super::timestamp::Timestamp;
use super::twin::Twin;
use crate::auth::sas::generate_key;

/// How a device or module proves who it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "type")]
pub(crate) enum Authentication {
    Sas {
        primary_key: String,
        secondary_key: String,
    },
    SelfSigned {
        primary_thumbprint: Option<String>,
        secondary_thumbprint: Option<String>,
    },
    CertificateAuthority,
    /// Only system modules of edge devices.
    None,
}

impl Authentication {
    /// New keys.
    pub(crate) fn generated() -> Self {
        Self::Sas {
            primary_key: generate_key(),
            secondary_key: generate_key(),
        }
    }

    /// The name on the wire.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Sas { .. } => "sas",
            Self::SelfSigned { .. } => "selfSigned",
            Self::CertificateAuthority => "certificateAuthority",
            Self::None => "none",
        }
    }

    /// The primary and the secondary key.
    pub(crate) fn keys(&self) -> (Option<&str>, Option<&str>) {
        match self {
            Self::Sas {
                primary_key,
                secondary_key,
            } => (Some(primary_key), Some(secondary_key)),
            _ => (None, None),
        }
    }

    /// The primary and the secondary thumbprint.
    pub(crate) fn thumbprints(&self) -> (Option<&str>, Option<&str>) {
        match self {
            Self::SelfSigned {
                primary_thumbprint,
                secondary_thumbprint,
            } => (primary_thumbprint.as_deref(), secondary_thumbprint.as_deref()),
            _ => (None, None),
        }
    }
}

/// Whether the device side is there, and when that changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Connection {
    pub(crate) connected: bool,
    pub(crate) updated: Option<Timestamp>,
    pub(crate) last_activity: Option<Timestamp>,
}

impl Connection {
    /// The name on the wire.
    pub(crate) fn state(&self) -> &'static str {
        if self.connected {
            "Connected"
        } else {
            "Disconnected"
        }
    }
}

/// What became of a configuration on a twin that it targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ConfigurationStatus {
    /// Another one of higher priority won.
    Targeted,
    Applied,
}

/// What device and module identities have in common.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Identity {
    /// Ticks of the creation.
    pub(crate) generation: u64,
    /// The number inside the entity tag.
    pub(crate) version: u64,
    pub(crate) authentication: Authentication,
    pub(crate) connection: Connection,
    /// The configurations that target this twin.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) configurations: BTreeMap<String, ConfigurationStatus>,
    /// Cloud-to-device messages waiting.
    pub(crate) message_count: u32,
    #[serde(default)]
    pub(crate) messages: Queue,
    pub(crate) twin: Twin,
}

/// A device with its twin and modules.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Device {
    pub(crate) id: String,
    pub(crate) identity: Identity,
    pub(crate) enabled: bool,
    pub(crate) status_reason: Option<String>,
    pub(crate) status_updated: Option<Timestamp>,
    pub(crate) edge: bool,
    pub(crate) scope: Option<String>,
    pub(crate) parent_scopes: Vec<String>,
    pub(crate) modules: BTreeMap<String, Module>,
}

impl Device {
    /// The name on the wire.
    pub(crate) fn status(&self) -> &'static str {
        if self.enabled { "enabled" } else { "disabled" }
    }
}

/// A module with its twin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Module {
    pub(crate) id: String,
    pub(crate) managed_by: Option<String>,
    pub(crate) identity: Identity,
}
