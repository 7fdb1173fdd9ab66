//! Records of device and module identities. The derived serialization defines the format of dumped
//! state, not the wire format.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::auth::key::generate_key;
use crate::iothub::store::device_registry::RegistryDevice;
use crate::iothub::store::queue::MessageQueue;
use crate::iothub::store::twin::Twin;
use crate::timestamp::Timestamp;

/// The authentication of a device or module.
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
    /// No authentication, only for system modules of edge devices.
    None,
}

impl Authentication {
    /// Creates an authentication with generated keys.
    pub(crate) fn generated() -> Self {
        Self::Sas {
            primary_key: generate_key(),
            secondary_key: generate_key(),
        }
    }

    /// Returns the wire name.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Sas { .. } => "sas",
            Self::SelfSigned { .. } => "selfSigned",
            Self::CertificateAuthority => "certificateAuthority",
            Self::None => "none",
        }
    }

    /// Returns the primary and the secondary key.
    pub(crate) fn keys(&self) -> (Option<&str>, Option<&str>) {
        match self {
            Self::Sas {
                primary_key,
                secondary_key,
            } => (Some(primary_key), Some(secondary_key)),
            _ => (None, None),
        }
    }

    /// Returns the primary and the secondary thumbprint.
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

/// The keys that a regeneration replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum KeyPolicy {
    PrimaryKey,
    SecondaryKey,
    Both,
}

impl KeyPolicy {
    /// Replaces the keys of this policy, and returns the new primary and secondary key.
    pub(crate) fn regenerate(
        self,
        primary_key: &mut String,
        secondary_key: &mut String,
    ) -> (Option<String>, Option<String>) {
        let replace = |key: &mut String| {
            *key = generate_key();
            key.clone()
        };
        (
            (self != Self::SecondaryKey).then(|| replace(primary_key)),
            (self != Self::PrimaryKey).then(|| replace(secondary_key)),
        )
    }
}

/// Members that newer api-versions add to identities.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Additions {
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub(crate) attributes: Map<String, Value>,
    pub(crate) certificate: CertificateSettings,
}

/// The members that api-version 2026-11-01 adds to the authentication of identities.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct CertificateSettings {
    /// The certificate policy, as an id of Azure Resource Manager.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) policy_resource_id: Option<String>,
    /// The scheme of certificate validation and its settings, an object.
    #[serde(skip_serializing_if = "Option::is_none", rename = "x509CaValidation")]
    pub(crate) x509_ca_validation: Option<Value>,
}

/// State of the device's connection.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Connection {
    pub(crate) connected: bool,
    pub(crate) updated: Option<Timestamp>,
    pub(crate) last_activity: Option<Timestamp>,
}

impl Connection {
    /// Returns the wire name.
    pub(crate) fn state(&self) -> &'static str {
        if self.connected {
            "Connected"
        } else {
            "Disconnected"
        }
    }
}

/// The status of a configuration that targets a twin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ConfigurationStatus {
    /// Overridden by a configuration with a higher priority.
    Targeted,
    Applied,
}

/// The members that device and module identities share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Identity {
    /// Creation time in ticks.
    pub(crate) generation: u64,
    /// The number encoded in the ETag.
    pub(crate) version: u64,
    pub(crate) authentication: Authentication,
    pub(crate) connection: Connection,
    /// The configurations that target this twin.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) configurations: BTreeMap<String, ConfigurationStatus>,
    /// Length of the queue of cloud-to-device messages.
    pub(crate) message_count: u32,
    #[serde(default)]
    pub(crate) messages: MessageQueue,
    pub(crate) twin: Twin,
    /// Boxed, because most identities have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) additions: Option<Box<Additions>>,
}

impl Identity {
    /// Returns the attributes, if there are any.
    pub(crate) fn attributes(&self) -> Option<&Map<String, Value>> {
        let additions = self.additions.as_deref()?;
        Some(&additions.attributes).filter(|attributes| !attributes.is_empty())
    }
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
    /// Set if the hub was linked to Azure Device Registry when the device was created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) registry_device: Option<Box<RegistryDevice>>,
}

impl Device {
    /// Returns the device in the registry, once it exists.
    pub(crate) fn registry_device(&self, now: Timestamp) -> Option<&RegistryDevice> {
        self.registry_device
            .as_deref()
            .filter(|device| device.created <= now)
    }

    /// Returns the wire name.
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
