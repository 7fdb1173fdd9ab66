//! Views of identities and twins that serialize to wire format without copies.

use std::collections::BTreeMap;

use serde::ser::{SerializeMap, SerializeStruct};
use serde::{Serialize, Serializer};

use crate::iothub::store::api_version::ApiVersion;
use crate::iothub::store::device_registry::RegistryDeviceView;
use crate::iothub::store::etag;
use crate::iothub::store::identity::{
    Authentication, CertificateSettings, ConfigurationStatus, Device, Identity, Module,
};
use crate::iothub::store::timestamp::{NEVER_IN_IDENTITY, NEVER_IN_TWIN, OrNever};
use crate::iothub::store::twin::{Metadata, Section, Twin};
use crate::timestamp::Timestamp;

/// The api-version and the time of a response.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ViewContext {
    pub(crate) version: ApiVersion,
    pub(crate) now: Timestamp,
}

/// A device identity.
pub(crate) struct DeviceView<'a> {
    pub(crate) device: &'a Device,
    pub(crate) context: ViewContext,
}

impl Serialize for DeviceView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { device, context } = *self;
        let identity = &device.identity;
        let mut map = serializer.serialize_struct("Device", 18)?;
        map.serialize_field("deviceId", &device.id)?;
        map.serialize_field("generationId", &Decimal(identity.generation))?;
        map.serialize_field("etag", &etag::of_identity(identity.version))?;
        map.serialize_field("connectionState", identity.connection.state())?;
        map.serialize_field("status", device.status())?;
        map.serialize_field("statusReason", &device.status_reason)?;
        let never = NEVER_IN_IDENTITY;
        map.serialize_field(
            "connectionStateUpdatedTime",
            &OrNever(identity.connection.updated, never),
        )?;
        map.serialize_field("statusUpdatedTime", &OrNever(device.status_updated, never))?;
        map.serialize_field(
            "lastActivityTime",
            &OrNever(identity.connection.last_activity, never),
        )?;
        map.serialize_field("cloudToDeviceMessageCount", &identity.message_count)?;
        map.serialize_field(
            "authentication",
            &AuthenticationView::new(identity, context.version),
        )?;
        map.serialize_field(
            "capabilities",
            &Capabilities {
                iot_edge: device.edge,
            },
        )?;
        map.serialize_field("deviceScope", &device.scope)?;
        map.serialize_field("parentScopes", &device.parent_scopes)?;
        if let Some(attributes) = identity.attributes().filter(|_| context.version.has_attributes()) {
            map.serialize_field("attributes", attributes)?;
        }
        let registry_device = device.registry_device(context.now);
        if let Some(found) = registry_device.filter(|_| context.version.has_device_registry()) {
            let view = RegistryDeviceView {
                device_id: &device.id,
                device: found,
            };
            map.serialize_field("adrDeviceProperties", &view)?;
            map.serialize_field("deviceResourceId", &found.resource_id(&device.id))?;
            map.serialize_field("armSyncStatus", &ArmSyncStatus { state: "Succeeded" })?;
        }
        map.end()
    }
}

/// A module identity.
pub(crate) struct ModuleView<'a> {
    pub(crate) device: &'a Device,
    pub(crate) module: &'a Module,
    pub(crate) version: ApiVersion,
}

impl Serialize for ModuleView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self {
            device,
            module,
            version,
        } = *self;
        let identity = &module.identity;
        let mut map = serializer.serialize_struct("Module", 11)?;
        map.serialize_field("moduleId", &module.id)?;
        map.serialize_field("managedBy", &module.managed_by)?;
        map.serialize_field("deviceId", &device.id)?;
        map.serialize_field("generationId", &Decimal(identity.generation))?;
        map.serialize_field("etag", &etag::of_identity(identity.version))?;
        map.serialize_field("connectionState", identity.connection.state())?;
        let never = NEVER_IN_IDENTITY;
        map.serialize_field(
            "connectionStateUpdatedTime",
            &OrNever(identity.connection.updated, never),
        )?;
        map.serialize_field(
            "lastActivityTime",
            &OrNever(identity.connection.last_activity, never),
        )?;
        map.serialize_field("cloudToDeviceMessageCount", &identity.message_count)?;
        map.serialize_field("authentication", &AuthenticationView::new(identity, version))?;
        if let Some(attributes) = identity.attributes().filter(|_| version.has_attributes()) {
            map.serialize_field("attributes", attributes)?;
        }
        map.end()
    }
}

#[derive(Serialize)]
struct ArmSyncStatus {
    state: &'static str,
}

/// A number written as a string.
struct Decimal(u64);

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Capabilities {
    pub(crate) iot_edge: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Keys<'a> {
    primary_key: Option<&'a str>,
    secondary_key: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Thumbprints<'a> {
    primary_thumbprint: Option<&'a str>,
    secondary_thumbprint: Option<&'a str>,
}

impl<'a> Thumbprints<'a> {
    pub(crate) fn of(authentication: &'a Authentication) -> Self {
        let (primary_thumbprint, secondary_thumbprint) = authentication.thumbprints();
        Self {
            primary_thumbprint,
            secondary_thumbprint,
        }
    }
}

struct AuthenticationView<'a> {
    authentication: &'a Authentication,
    certificate: Option<&'a CertificateSettings>,
}

impl<'a> AuthenticationView<'a> {
    fn new(identity: &'a Identity, version: ApiVersion) -> Self {
        let additions = identity.additions.as_deref();
        Self {
            authentication: &identity.authentication,
            certificate: additions
                .map(|additions| &additions.certificate)
                .filter(|_| version.has_device_registry()),
        }
    }
}

impl Serialize for AuthenticationView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (primary_key, secondary_key) = self.authentication.keys();
        let mut map = serializer.serialize_struct("AuthenticationMechanism", 5)?;
        map.serialize_field(
            "symmetricKey",
            &Keys {
                primary_key,
                secondary_key,
            },
        )?;
        map.serialize_field("x509Thumbprint", &Thumbprints::of(self.authentication))?;
        map.serialize_field("type", self.authentication.kind())?;
        if let Some(certificate) = self.certificate {
            if let Some(policy) = &certificate.policy_resource_id {
                map.serialize_field("policyResourceId", policy)?;
            }
            if let Some(validation) = &certificate.x509_ca_validation {
                map.serialize_field("x509CaValidation", validation)?;
            }
        }
        map.end()
    }
}

/// The twin of a device or, if `module` is set, of a module.
#[derive(Clone, Copy)]
pub(crate) struct TwinView<'a> {
    pub(crate) device: &'a Device,
    pub(crate) module: Option<&'a Module>,
}

impl<'a> TwinView<'a> {
    pub(crate) fn identity(self) -> &'a Identity {
        self.module
            .map_or(&self.device.identity, |module| &module.identity)
    }

    pub(crate) fn twin(self) -> &'a Twin {
        &self.identity().twin
    }
}

/// A whole twin in a response.
pub(crate) struct TwinBody<'a> {
    pub(crate) view: TwinView<'a>,
    pub(crate) version: ApiVersion,
}

impl Serialize for TwinBody<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let TwinView { device, module } = self.view;
        let (identity, twin) = (self.view.identity(), self.view.twin());
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("deviceId", &device.id)?;
        if let Some(module) = module {
            map.serialize_entry("moduleId", &module.id)?;
        }
        map.serialize_entry("etag", &etag::of_twin(twin.etag))?;
        map.serialize_entry("deviceEtag", &etag::of_identity(identity.version))?;
        map.serialize_entry("status", device.status())?;
        if let Some(reason) = &device.status_reason {
            map.serialize_entry("statusReason", reason)?;
        }
        map.serialize_entry("statusUpdateTime", &OrNever(device.status_updated, NEVER_IN_TWIN))?;
        map.serialize_entry("connectionState", identity.connection.state())?;
        map.serialize_entry(
            "lastActivityTime",
            &OrNever(identity.connection.last_activity, NEVER_IN_TWIN),
        )?;
        map.serialize_entry("cloudToDeviceMessageCount", &identity.message_count)?;
        map.serialize_entry("authenticationType", identity.authentication.kind())?;
        map.serialize_entry("x509Thumbprint", &Thumbprints::of(&identity.authentication))?;
        if let Some(model_id) = &twin.model_id {
            map.serialize_entry("modelId", model_id)?;
        }
        map.serialize_entry("version", &twin.version)?;
        if !identity.configurations.is_empty() {
            map.serialize_entry("configurations", &ConfigurationsView(&identity.configurations))?;
        }
        if !twin.tags.is_empty() {
            map.serialize_entry("tags", &twin.tags)?;
        }
        map.serialize_entry("properties", &Properties(twin))?;
        if let Some(attributes) = identity.attributes().filter(|_| self.version.has_attributes()) {
            map.serialize_entry("attributes", attributes)?;
        }
        if module.is_none() {
            map.serialize_entry(
                "capabilities",
                &Capabilities {
                    iot_edge: device.edge,
                },
            )?;
            if let Some(scope) = &device.scope {
                map.serialize_entry("deviceScope", scope)?;
            }
            if !device.parent_scopes.is_empty() {
                map.serialize_entry("parentScopes", &device.parent_scopes)?;
            }
        }
        map.end()
    }
}

/// The `configurations` of a twin.
pub(crate) struct ConfigurationsView<'a>(pub(crate) &'a BTreeMap<String, ConfigurationStatus>);

impl Serialize for ConfigurationsView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Entry {
            status: ConfigurationStatus,
        }
        serializer.collect_map(self.0.iter().map(|(id, status)| (id, Entry { status: *status })))
    }
}

/// The `properties` of a twin.
pub(crate) struct Properties<'a>(pub(crate) &'a Twin);

impl Serialize for Properties<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_struct("Properties", 2)?;
        map.serialize_field("desired", &SectionView(&self.0.desired))?;
        map.serialize_field("reported", &SectionView(&self.0.reported))?;
        map.end()
    }
}

/// Desired or reported properties with their `$metadata` and `$version`.
pub(crate) struct SectionView<'a>(pub(crate) &'a Section);

impl Serialize for SectionView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.values.len() + 2))?;
        for (key, value) in &self.0.values {
            map.serialize_entry(key, value)?;
        }
        map.serialize_entry("$metadata", &MetadataView(&self.0.metadata))?;
        map.serialize_entry("$version", &self.0.version)?;
        map.end()
    }
}

/// The `$metadata` of a section or of one property.
pub(crate) struct MetadataView<'a>(pub(crate) &'a Metadata);

impl Serialize for MetadataView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("$lastUpdated", &self.0.updated)?;
        if let Some(version) = self.0.version {
            map.serialize_entry("$lastUpdatedVersion", &version)?;
        }
        if let Some(author) = &self.0.author {
            map.serialize_entry("$lastUpdatedBy", &author.configuration)?;
            map.serialize_entry("$lastUpdatedByDigest", &author.digest)?;
        }
        for (key, member) in &self.0.members {
            map.serialize_entry(key, &MetadataView(member))?;
        }
        map.end()
    }
}
