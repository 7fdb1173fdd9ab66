//! Enrollments in request bodies: their checks and defaults.

use serde::Deserialize;
use serde_json::{Map, Value};
use url::{Host, Url};

use crate::provisioning::errors::{Code, ProvisioningError, Result};
use crate::provisioning::rules::api_version::ApiVersion;
use crate::provisioning::rules::attestation_input::AttestationInput;
use crate::provisioning::rules::{id, object};
use crate::provisioning::store::attestation::Attestation;
use crate::provisioning::store::enrollment::{
    AllocationPolicy, Enrollment, EnrollmentKind, InitialTwin, RegistryNames, ReprovisionPolicy, Settings,
    Webhook,
};

/// An enrollment in a request body. Unknown members are ignored, since clients send back what they read.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct EnrollmentInput {
    registration_id: Option<String>,
    enrollment_group_id: Option<String>,
    pub(crate) etag: Option<String>,
    device_id: Option<String>,
    optional_device_information: Option<Map<String, Value>>,
    attestation: Option<AttestationInput>,
    capabilities: Option<CapabilitiesInput>,
    iot_hub_host_name: Option<String>,
    initial_twin: Option<InitialTwinInput>,
    provisioning_status: Option<String>,
    reprovision_policy: Option<ReprovisionPolicy>,
    allocation_policy: Option<String>,
    iot_hubs: Option<Vec<String>>,
    custom_allocation_definition: Option<Webhook>,
    namespace_name: Option<String>,
    certificate_authority_name: Option<String>,
    certificate_policy_name: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct CapabilitiesInput {
    iot_edge: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct InitialTwinInput {
    tags: Option<Map<String, Value>>,
    properties: Option<PropertiesInput>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PropertiesInput {
    desired: Option<Map<String, Value>>,
}

impl From<InitialTwinInput> for InitialTwin {
    fn from(input: InitialTwinInput) -> Self {
        Self {
            tags: input.tags.unwrap_or_default(),
            desired: input
                .properties
                .and_then(|properties| properties.desired)
                .unwrap_or_default(),
        }
    }
}

/// Kind, api-version and linked hubs of a write.
#[derive(Clone, Copy)]
pub(crate) struct WriteContext<'a> {
    pub(crate) kind: EnrollmentKind,
    pub(crate) version: ApiVersion,
    /// The hubs that are linked.
    pub(crate) linked: &'a [String],
}

/// The checked content of an enrollment.
#[derive(Debug)]
pub(crate) struct EnrollmentWrite {
    pub(crate) attestation: Attestation,
    pub(crate) settings: Settings,
}

impl EnrollmentInput {
    /// Parses a body, which must be an object.
    pub(crate) fn parse(body: &[u8]) -> Result<Self> {
        let value: Value = serde_json::from_slice(body).map_err(|error| {
            ProvisioningError::new(Code::FORMAT_ERROR, format!("The body is not JSON: {error}"))
        })?;
        Self::from_value(value)
    }

    pub(crate) fn from_value(value: Value) -> Result<Self> {
        let invalid = |reason: String| {
            let message = format!("The enrollment is not valid: {reason}.");
            ProvisioningError::new(Code::FORMAT_ERROR, message)
        };
        object::check(&value).map_err(invalid)?;
        serde_json::from_value(value).map_err(|error| invalid(error.to_string()))
    }

    /// Returns the id in the body.
    pub(crate) fn id(&self, kind: EnrollmentKind) -> Option<&str> {
        match kind {
            EnrollmentKind::Individual => self.registration_id.as_deref(),
            EnrollmentKind::Group => self.enrollment_group_id.as_deref(),
        }
    }

    /// Checks the content. Members that the api-version does not have keep the values of `existing`.
    pub(crate) fn check(
        self,
        context: WriteContext<'_>,
        existing: Option<&Enrollment>,
    ) -> Result<EnrollmentWrite> {
        let is_individual = context.kind == EnrollmentKind::Individual;
        let device_id = self.device_id.filter(|id| is_individual && !id.is_empty());
        if let Some(device_id) = &device_id {
            id_of_device(device_id)?;
        }
        let allocation = allocation(self.allocation_policy.as_deref())?;
        let webhook = self.custom_allocation_definition;
        check_webhook(allocation, webhook.as_ref())?;
        let hub = self.iot_hub_host_name.filter(|hub| !hub.is_empty());
        let hubs = self.iot_hubs.filter(|hubs| !hubs.is_empty());
        let hubs = hubs.or_else(|| hub.map(|hub| vec![hub]));
        check_hubs(hubs.as_deref().unwrap_or_default(), context.linked)?;
        let registry = if context.version.has_device_registry() {
            registry_names([
                self.namespace_name,
                self.certificate_authority_name,
                self.certificate_policy_name,
            ])?
        } else {
            existing.and_then(|existing| existing.settings.registry.clone())
        };
        let attestation = self.attestation.unwrap_or_default();
        Ok(EnrollmentWrite {
            attestation: attestation.check(context.kind, existing.map(|existing| &existing.attestation))?,
            settings: Settings {
                disabled: disabled(self.provisioning_status.as_deref())?,
                edge: self.capabilities.and_then(|capabilities| capabilities.iot_edge) == Some(true),
                device_id,
                device_information: self.optional_device_information.filter(|_| is_individual),
                initial_twin: self.initial_twin.map(InitialTwin::from),
                reprovision: self.reprovision_policy.unwrap_or_default(),
                allocation,
                hubs,
                webhook,
                registry,
            },
        })
    }
}

/// Checks the id of the device in the hub, which allows more characters than a registration id.
fn id_of_device(device_id: &str) -> Result<()> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-:.+%_#*?!(),=@;$'".contains(&byte);
    if device_id.len() <= 128 && device_id.bytes().all(allowed) {
        return Ok(());
    }
    Err(ProvisioningError::argument(format!(
        "The deviceId \"{device_id}\" is not valid: it must have 1 to 128 characters, which may be letters, digits and -:.+%_#*?!(),=@;$'"
    )))
}

fn disabled(status: Option<&str>) -> Result<bool> {
    match status {
        None | Some("enabled") => Ok(false),
        Some("disabled") => Ok(true),
        Some(status) => Err(ProvisioningError::argument(format!(
            "Unknown provisioningStatus \"{status}\"; it must be enabled or disabled."
        ))),
    }
}

fn allocation(policy: Option<&str>) -> Result<AllocationPolicy> {
    match policy {
        None | Some("hashed") => Ok(AllocationPolicy::Hashed),
        Some("geoLatency") => Ok(AllocationPolicy::GeoLatency),
        Some("static") => Ok(AllocationPolicy::Static),
        Some("custom") => Ok(AllocationPolicy::Custom),
        Some(policy) => Err(ProvisioningError::argument(format!(
            "Unknown allocationPolicy \"{policy}\"; it must be hashed, geoLatency, static or custom."
        ))),
    }
}

/// Checks the webhook of a custom allocation. The emulator calls only webhooks on the same computer.
fn check_webhook(allocation: AllocationPolicy, webhook: Option<&Webhook>) -> Result<()> {
    let Some(webhook) = webhook else {
        if allocation == AllocationPolicy::Custom {
            let message = "The allocationPolicy custom requires customAllocationDefinition.webhookUrl.";
            return Err(ProvisioningError::argument(message));
        }
        return Ok(());
    };
    let url = Url::parse(&webhook.webhook_url)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"))
        .ok_or_else(|| {
            ProvisioningError::argument(format!(
                "The webhookUrl \"{}\" is not an http or https URL.",
                webhook.webhook_url
            ))
        })?;
    let is_local = match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if is_local {
        return Ok(());
    }
    Err(ProvisioningError::not_implemented(format!(
        "The emulator calls only webhooks on a loopback address, such as http://localhost:9000, not \"{}\".",
        webhook.webhook_url
    )))
}

fn check_hubs(hubs: &[String], linked: &[String]) -> Result<()> {
    let is_linked = |hub: &String| linked.iter().any(|linked| linked.eq_ignore_ascii_case(hub));
    match hubs.iter().find(|hub| !is_linked(hub)) {
        Some(hub) => Err(ProvisioningError::argument(format!(
            "The hub \"{hub}\" is not linked to the provisioning service; linked are {}.",
            linked.join(", ")
        ))),
        None => Ok(()),
    }
}

/// Returns the names. A request must have all three names or none; empty names count as missing.
fn registry_names(names: [Option<String>; 3]) -> Result<Option<RegistryNames>> {
    match names.map(|name| name.filter(|name| !name.is_empty())) {
        [None, None, None] => Ok(None),
        [
            Some(namespace_name),
            Some(certificate_authority_name),
            Some(certificate_policy_name),
        ] => Ok(Some(RegistryNames {
            namespace_name,
            certificate_authority_name,
            certificate_policy_name,
        })),
        _ => Err(ProvisioningError::argument(
            "namespaceName, certificateAuthorityName and certificatePolicyName must be given together.",
        )),
    }
}

/// Checks the id in the path, and that the body has the same one. Ids are case-insensitive.
pub(crate) fn check_id(kind: EnrollmentKind, path: &str, input: &EnrollmentInput) -> Result<()> {
    id::check(kind, path)?;
    match input.id(kind) {
        Some(body) if body.eq_ignore_ascii_case(path) => Ok(()),
        body => Err(ProvisioningError::argument(format!(
            "The {} \"{}\" in the body is not \"{path}\", that in the path.",
            kind.id_member(),
            body.unwrap_or("")
        ))),
    }
}
