//! `POST /devices/keys/regenerate`: new keys for devices and modules, one by one; an error does not undo the others.

use std::collections::HashSet;

use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::iothub::codes::Code;
use crate::iothub::errors::{HubError, Result};
use crate::iothub::hub::IotHub;
use crate::iothub::registry::edge;
use crate::iothub::rules::{body, object};
use crate::iothub::store::Store;
use crate::iothub::store::identity::{Authentication, KeyPolicy};
use crate::iothub::store::twin_key::TwinKey;
use crate::service::{ServiceRequest, ServiceResponse};

/// Maximum number of identities of a request.
const ITEM_LIMIT: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RegenerationInput {
    policy_key: Option<String>,
    #[serde(default, deserialize_with = "object::list")]
    devices: Vec<IdentityName>,
}

/// A device or, with `module_id`, one of its modules.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct IdentityName {
    #[serde(default)]
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    module_id: Option<String>,
}

/// The new keys of an identity.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RotatedKeys {
    #[serde(flatten)]
    identity: IdentityName,
    #[serde(skip_serializing_if = "Option::is_none")]
    primary_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secondary_key: Option<String>,
}

/// An identity whose keys are unchanged.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RegenerationError {
    #[serde(flatten)]
    identity: IdentityName,
    error_code: u32,
    error_status: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RegenerationResult {
    policy_key: KeyPolicy,
    rotated_keys: Vec<RotatedKeys>,
    errors: Vec<RegenerationError>,
}

impl IotHub {
    pub(super) fn regenerate_keys(&self, request: &ServiceRequest) -> Result<ServiceResponse> {
        let input: RegenerationInput = body::parse(&request.body)?;
        let policy_key = key_policy(input.policy_key.as_deref())?;
        let identities: Vec<IdentityName> = input.devices.into_iter().map(IdentityName::normalized).collect();
        check_identities(&identities)?;
        let mut result = RegenerationResult {
            policy_key,
            rotated_keys: Vec::new(),
            errors: Vec::new(),
        };
        self.write(|store| {
            for identity in identities {
                match regenerate(store, &identity, policy_key) {
                    Ok((primary_key, secondary_key)) => result.rotated_keys.push(RotatedKeys {
                        identity,
                        primary_key,
                        secondary_key,
                    }),
                    Err(error) => result.errors.push(RegenerationError {
                        identity,
                        error_code: error.code.number(),
                        error_status: error.text,
                    }),
                }
            }
        });
        Ok(result.response())
    }
}

impl IdentityName {
    /// Returns the name without an empty module id.
    fn normalized(self) -> Self {
        Self {
            module_id: body::non_empty(self.module_id),
            ..self
        }
    }
}

impl RegenerationResult {
    fn response(&self) -> ServiceResponse {
        match (self.rotated_keys.is_empty(), self.errors.is_empty()) {
            (_, true) => ServiceResponse::json(StatusCode::OK, self),
            (false, false) => ServiceResponse::json(StatusCode::MULTI_STATUS, self),
            (true, false) => {
                let code = Code::BULK_REGENERATE_DEVICE_KEY_OPERATION_FAILURE;
                ServiceResponse::json(code.status(), self)
                    .with_header("iothuberrorcode", code.name())
                    .with_header("iothub-errorcode", code.name())
            }
        }
    }
}

fn key_policy(text: Option<&str>) -> Result<KeyPolicy> {
    match text {
        Some("primaryKey") => Ok(KeyPolicy::PrimaryKey),
        Some("secondaryKey") => Ok(KeyPolicy::SecondaryKey),
        Some("both") => Ok(KeyPolicy::Both),
        text => {
            let text = format!(
                "Invalid policyKey \"{}\"; it must be primaryKey, secondaryKey or both.",
                text.unwrap_or("")
            );
            Err(HubError::new(Code::INVALID_POLICY_KEY, text))
        }
    }
}

fn check_identities(identities: &[IdentityName]) -> Result<()> {
    if identities.len() > ITEM_LIMIT {
        let text = format!(
            "A request can have {ITEM_LIMIT} devices and modules, not {}.",
            identities.len()
        );
        return Err(HubError::new(Code::TOO_MANY_DEVICES, text));
    }
    let mut seen = HashSet::new();
    match identities.iter().find(|identity| !seen.insert(*identity)) {
        Some(repeated) => {
            let text = format!("DeviceDefinedMultipleTimes, device ID {}", repeated.id);
            Err(HubError::new(Code::DEVICE_DEFINED_MULTIPLE_TIMES, text))
        }
        None => Ok(()),
    }
}

/// Regenerates keys of an identity, and returns the new ones.
fn regenerate(
    store: &mut Store,
    name: &IdentityName,
    policy: KeyPolicy,
) -> Result<(Option<String>, Option<String>)> {
    // The identity operations name a missing module, unlike the twin operations.
    let device = store.device(&name.id)?;
    let module_id = name.module_id.as_deref();
    if let Some(module_id) = module_id {
        device.module(module_id)?;
        edge::check_modification(module_id)?;
    }
    let key = TwinKey {
        device_id: &name.id,
        module_id,
    };
    let identity = key.find_mut(store)?;
    let Authentication::Sas {
        primary_key,
        secondary_key,
    } = &mut identity.authentication
    else {
        let kind = identity.authentication.kind();
        let text = format!("The authentication type is {kind}; only identities with the type sas have keys.");
        return Err(HubError::new(Code::INVALID_OPERATION, text));
    };
    let keys = policy.regenerate(primary_key, secondary_key);
    identity.version += 1;
    Ok(keys)
}
