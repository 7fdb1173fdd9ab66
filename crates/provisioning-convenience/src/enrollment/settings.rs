//! Settings that individual enrollments and groups share.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::initial_twin::InitialTwin;
use crate::policy::{
    Allocation, AllocationPolicy, CertificateIssuance, CustomAllocation, DeviceCapabilities,
    ProvisioningStatus, ReprovisionPolicy,
};

/// The settings that individual enrollments and enrollment groups share.
///
/// # Example
///
/// ```
/// use provisioning_convenience::{Allocation, EnrollmentSettings, InitialTwin, ReprovisionPolicy};
///
/// let settings = EnrollmentSettings::new()
///     .with_allocation(Allocation::Static("factory-hub.azure-devices.net".to_owned()))
///     .with_reprovision_policy(ReprovisionPolicy::reset())
///     .with_initial_twin(InitialTwin::new().with_tag("site", "oslo"));
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct EnrollmentSettings {
    /// Whether devices may register. Default: enabled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provisioning_status: Option<ProvisioningStatus>,
    /// Capabilities of the device identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<DeviceCapabilities>,
    /// Initial twin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_twin: Option<InitialTwin>,
    /// Policy for a device that registers again. Default: [`ReprovisionPolicy::migrate`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reprovision_policy: Option<ReprovisionPolicy>,
    /// Policy for choosing a hub. Default: the allocation policy of the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allocation_policy: Option<AllocationPolicy>,
    /// Hubs to choose from. Default: all hubs that are linked to the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iot_hubs: Option<Vec<String>>,
    /// Hub for the policy `static`. Newer enrollments use `iot_hubs` instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iot_hub_host_name: Option<String>,
    /// Webhook for the policy `custom`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_allocation_definition: Option<CustomAllocation>,
    /// Name of the Azure Device Registry namespace. The three names of [`CertificateIssuance`] must be set together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace_name: Option<String>,
    /// Name of the certificate authority in the namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_authority_name: Option<String>,
    /// Name of the policy by which the certificate authority issues certificates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_policy_name: Option<String>,
    /// Unknown members, as the service wrote them.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl EnrollmentSettings {
    /// Creates settings with the defaults of the service.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets whether devices may register.
    #[must_use]
    pub fn with_status(mut self, status: ProvisioningStatus) -> Self {
        self.provisioning_status = Some(status);
        self
    }

    /// Sets whether the device identities are IoT Edge devices.
    #[must_use]
    pub fn with_iot_edge(mut self, iot_edge: bool) -> Self {
        let capabilities = self.capabilities.get_or_insert_default();
        capabilities.iot_edge = iot_edge;
        self
    }

    /// Sets the initial twin.
    #[must_use]
    pub fn with_initial_twin(mut self, twin: InitialTwin) -> Self {
        self.initial_twin = Some(twin);
        self
    }

    /// Sets the policy for a device that registers again.
    #[must_use]
    pub fn with_reprovision_policy(mut self, policy: ReprovisionPolicy) -> Self {
        self.reprovision_policy = Some(policy);
        self
    }

    /// Sets the policy for choosing a hub, with its parameters. Replaces any earlier policy and its parameters.
    #[must_use]
    pub fn with_allocation(mut self, allocation: Allocation) -> Self {
        let (policy, webhook, hubs) = match allocation {
            Allocation::Hashed(hubs) => (AllocationPolicy::Hashed, None, hubs),
            Allocation::GeoLatency(hubs) => (AllocationPolicy::GeoLatency, None, hubs),
            Allocation::Static(hub) => (AllocationPolicy::Static, None, vec![hub]),
            Allocation::Custom(webhook, hubs) => (AllocationPolicy::Custom, Some(webhook), hubs),
        };
        self.allocation_policy = Some(policy);
        self.custom_allocation_definition = webhook;
        self.iot_hubs = (!hubs.is_empty()).then_some(hubs);
        self.iot_hub_host_name = None;
        self
    }

    /// Sets the certificate authority that issues client certificates for the devices. Requires API version 2026-11-01.
    #[must_use]
    pub fn with_certificate_issuance(mut self, issuance: CertificateIssuance) -> Self {
        self.namespace_name = Some(issuance.namespace_name);
        self.certificate_authority_name = Some(issuance.certificate_authority_name);
        self.certificate_policy_name = Some(issuance.certificate_policy_name);
        self
    }

    /// Ends certificate issuance by sending the three names as empty strings, which makes the service clear them.
    #[must_use]
    pub fn without_certificate_issuance(self) -> Self {
        self.with_certificate_issuance(CertificateIssuance::new("", "", ""))
    }

    pub(crate) fn check(&self) -> Result<()> {
        let names = [
            &self.namespace_name,
            &self.certificate_authority_name,
            &self.certificate_policy_name,
        ];
        let given = names
            .iter()
            .filter(|name| name.as_deref().is_some_and(|name| !name.is_empty()))
            .count();
        if given == 1 || given == 2 {
            return Err(Error::invalid_input(
                "certificate issuance",
                "has only some of namespace, certificate authority and policy; set all three or none",
            ));
        }
        if self.allocation_policy == Some(AllocationPolicy::Custom)
            && self.custom_allocation_definition.is_none()
        {
            return Err(Error::invalid_input(
                "allocation_policy",
                "is custom, which needs a webhook; use Allocation::Custom",
            ));
        }
        Ok(())
    }
}

/// Converts a model into a request body. Secrets in it are redacted; the caller must fill them in.
pub(crate) fn body<T: DeserializeOwned>(parameter: &str, model: &impl Serialize) -> Result<T> {
    let value = serde_json::to_value(model);
    let body = value.and_then(serde_json::from_value);
    body.map_err(|error| Error::invalid_input(parameter, format!("cannot be sent: {error}")))
}
