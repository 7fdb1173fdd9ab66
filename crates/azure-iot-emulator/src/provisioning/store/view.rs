//! Enrollments and registrations in wire format.

use serde_json::{Map, Value, json};

use crate::provisioning::store::attestation::Attestation;
use crate::provisioning::store::enrollment::{Enrollment, EnrollmentKind, InitialTwin};
use crate::provisioning::store::etag;
use crate::provisioning::store::registration::{Proof, Registration};

/// The extent of an enrollment in a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EnrollmentExtent {
    pub(crate) kind: EnrollmentKind,
    /// Includes symmetric keys.
    pub(crate) keys: bool,
    /// Includes the names that api-version 2026-11-01 adds.
    pub(crate) registry: bool,
}

/// Returns an enrollment. An individual enrollment includes the registration of its device.
pub(crate) fn enrollment(
    enrollment: &Enrollment,
    registration: Option<&Registration>,
    extent: EnrollmentExtent,
) -> Value {
    let settings = &enrollment.settings;
    let mut view = Map::new();
    let mut set = |name: &str, value: Value| {
        if !value.is_null() {
            view.insert(name.to_owned(), value);
        }
    };
    set(extent.kind.id_member(), json!(enrollment.id));
    set("deviceId", json!(settings.device_id));
    if extent.kind == EnrollmentKind::Individual {
        set(
            "registrationState",
            registration.map_or(Value::Null, registration_state),
        );
    }
    set("optionalDeviceInformation", json!(settings.device_information));
    set("attestation", attestation(&enrollment.attestation, extent));
    set("capabilities", json!({ "iotEdge": settings.edge }));
    set("etag", json!(etag::of_enrollment(enrollment.etag)));
    set(
        "initialTwin",
        settings.initial_twin.as_ref().map_or(Value::Null, initial_twin),
    );
    let status = if settings.disabled { "disabled" } else { "enabled" };
    set("provisioningStatus", json!(status));
    set("reprovisionPolicy", json!(settings.reprovision));
    set("createdDateTimeUtc", json!(enrollment.created));
    set("lastUpdatedDateTimeUtc", json!(enrollment.updated));
    set("allocationPolicy", json!(settings.allocation));
    set("iotHubs", json!(settings.hubs));
    set("customAllocationDefinition", json!(settings.webhook));
    if let Some(names) = settings.registry.as_ref().filter(|_| extent.registry) {
        set("namespaceName", json!(names.namespace_name));
        set(
            "certificateAuthorityName",
            json!(names.certificate_authority_name),
        );
        set("certificatePolicyName", json!(names.certificate_policy_name));
    }
    Value::Object(view)
}

/// Returns an attestation. Certificates are represented by their readable part.
pub(crate) fn attestation(attestation: &Attestation, extent: EnrollmentExtent) -> Value {
    let mut view = json!({ "type": attestation.name() });
    match attestation {
        Attestation::SymmetricKey {
            primary_key,
            secondary_key,
        } if extent.keys => {
            view["symmetricKey"] = json!({ "primaryKey": primary_key, "secondaryKey": secondary_key });
        }
        Attestation::SymmetricKey { .. } => {}
        Attestation::X509 { primary, secondary } => {
            let member = match extent.kind {
                EnrollmentKind::Individual => "clientCertificates",
                EnrollmentKind::Group => "signingCertificates",
            };
            view["x509"][member]["primary"] = json!({ "info": primary.info });
            if let Some(secondary) = secondary {
                view["x509"][member]["secondary"] = json!({ "info": secondary.info });
            }
        }
        Attestation::Tpm {
            endorsement_key,
            storage_root_key,
        } => {
            view["tpm"] = json!({ "endorsementKey": endorsement_key, "storageRootKey": storage_root_key });
        }
    }
    view
}

fn initial_twin(twin: &InitialTwin) -> Value {
    json!({ "tags": twin.tags, "properties": { "desired": twin.desired } })
}

/// Returns a registration as services see it.
pub(crate) fn registration_state(registration: &Registration) -> Value {
    let mut view = Map::new();
    let mut set = |name: &str, value: Value| {
        if !value.is_null() {
            view.insert(name.to_owned(), value);
        }
    };
    set("registrationId", json!(registration.id));
    set("createdDateTimeUtc", json!(registration.created));
    if let Some(assignment) = &registration.assignment {
        set("assignedHub", json!(assignment.hub));
        set("deviceId", json!(assignment.device_id));
    }
    set("status", json!(registration.status));
    if let Some(assignment) = &registration.assignment {
        set("substatus", json!(assignment.substatus));
    }
    if let Some(failure) = &registration.failure {
        set("errorCode", json!(failure.code));
        set("errorMessage", json!(failure.message));
    }
    set("lastUpdatedDateTimeUtc", json!(registration.updated));
    set("etag", json!(etag::of_registration(registration.etag)));
    set("payload", json!(registration.payload));
    Value::Object(view)
}

/// Returns a registration as the device sees it, including its credentials' public parts.
pub(crate) fn registration_result(registration: &Registration) -> Value {
    let mut view = registration_state(registration);
    match &registration.proof {
        Proof::SymmetricKey { group } => {
            view["symmetricKey"] = json!({ "enrollmentGroupId": group });
        }
        Proof::X509 {
            group,
            certificate,
            signer,
        } => {
            view["x509"] = json!({
                "certificateInfo": certificate,
                "enrollmentGroupId": group,
                "signingCertificateInfo": signer,
            });
        }
    }
    view
}
