//! Device and module identities in request bodies: their checks and defaults.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::iothub::errors::{HubError, Result};
use crate::iothub::rules::additions::AdditionsWrite;
use crate::iothub::rules::{body, object};
use crate::iothub::store::api_version::ApiVersion;
use crate::iothub::store::identity::{Authentication, CertificateSettings};

/// The body of a device PUT. Unknown members are ignored, because clients send devices back as they received them.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct DeviceInput {
    pub(crate) device_id: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) status_reason: Option<String>,
    #[serde(deserialize_with = "object::optional")]
    pub(crate) authentication: Option<AuthenticationInput>,
    #[serde(deserialize_with = "object::optional")]
    pub(crate) capabilities: Option<CapabilitiesInput>,
    pub(crate) device_scope: Option<String>,
    pub(crate) parent_scopes: Option<Vec<String>>,
    pub(crate) attributes: Option<Value>,
}

/// The members of identities in their documented spelling.
const MEMBERS: [&str; 20] = [
    "attributes",
    "authentication",
    "capabilities",
    "deviceId",
    "deviceScope",
    "iotEdge",
    "managedBy",
    "moduleId",
    "parentScopes",
    "policyResourceId",
    "primaryKey",
    "primaryThumbprint",
    "secondaryKey",
    "secondaryThumbprint",
    "status",
    "statusReason",
    "symmetricKey",
    "type",
    "x509CaValidation",
    "x509Thumbprint",
];

/// Members whose content is defined by clients, so that names in it keep their spelling.
const OPAQUE_MEMBERS: [&str; 2] = ["attributes", "x509CaValidation"];

/// Parses the body of a PUT. Member names are case-insensitive. If two names differ only in case, the last member
/// counts, because some tools add `primarykey` to a device that already has `primaryKey`.
pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    let value: Value = body::parse_any(body)?;
    body::from_value(with_documented_names(value))
}

fn with_documented_names(value: Value) -> Value {
    let Value::Object(members) = value else {
        return value;
    };
    let mut renamed = Map::new();
    for (name, value) in members {
        let documented = MEMBERS.iter().find(|member| member.eq_ignore_ascii_case(&name));
        let name = documented.map_or(name, |member| (*member).to_owned());
        let is_opaque = OPAQUE_MEMBERS.contains(&name.as_str());
        renamed.insert(
            name,
            if is_opaque {
                value
            } else {
                with_documented_names(value)
            },
        );
    }
    Value::Object(renamed)
}

/// The body of a module PUT.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ModuleInput {
    pub(crate) module_id: Option<String>,
    pub(crate) device_id: Option<String>,
    pub(crate) managed_by: Option<String>,
    #[serde(deserialize_with = "object::optional")]
    pub(crate) authentication: Option<AuthenticationInput>,
    pub(crate) attributes: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct CapabilitiesInput {
    pub(crate) iot_edge: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct AuthenticationInput {
    #[serde(deserialize_with = "object::optional")]
    symmetric_key: Option<KeysInput>,
    #[serde(deserialize_with = "object::optional")]
    x509_thumbprint: Option<ThumbprintsInput>,
    r#type: Option<String>,
    policy_resource_id: Option<String>,
    #[serde(rename = "x509CaValidation")]
    x509_ca_validation: Option<Map<String, Value>>,
}

impl AuthenticationInput {
    /// Takes the members of api-version 2026-11-01.
    pub(crate) fn take_certificate(&mut self) -> CertificateSettings {
        CertificateSettings {
            policy_resource_id: body::non_empty(self.policy_resource_id.take()),
            x509_ca_validation: self.x509_ca_validation.take().map(Value::Object),
        }
    }
}

impl std::fmt::Debug for AuthenticationInput {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("AuthenticationInput")
            .field("type", &self.r#type)
            .finish_non_exhaustive()
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct KeysInput {
    primary_key: Option<String>,
    secondary_key: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ThumbprintsInput {
    primary_thumbprint: Option<String>,
    secondary_thumbprint: Option<String>,
}

/// The body of a device PUT after all checks that do not need the registry.
#[derive(Debug)]
pub(crate) struct DeviceWrite {
    pub(crate) enabled: bool,
    pub(crate) status_reason: Option<String>,
    pub(crate) authentication: Authentication,
    pub(crate) edge: bool,
    pub(crate) scope: Option<String>,
    pub(crate) parent_scopes: Vec<String>,
    pub(crate) additions: AdditionsWrite,
}

impl DeviceWrite {
    pub(crate) fn new(mut input: DeviceInput, version: ApiVersion) -> Result<Self> {
        let certificate = input.authentication.as_mut();
        let certificate = certificate.map(AuthenticationInput::take_certificate);
        Ok(Self {
            additions: AdditionsWrite::new(version, input.attributes, certificate.unwrap_or_default())?,
            enabled: enabled(input.status.as_deref())?,
            status_reason: status_reason(input.status_reason)?,
            authentication: authentication(input.authentication, IdentityKind::Device)?,
            edge: input
                .capabilities
                .and_then(|capabilities| capabilities.iot_edge)
                .unwrap_or(false),
            scope: body::non_empty(input.device_scope),
            parent_scopes: input.parent_scopes.unwrap_or_default(),
        })
    }
}

/// The body of a module PUT after all checks that do not need the registry.
#[derive(Debug)]
pub(crate) struct ModuleWrite {
    pub(crate) managed_by: Option<String>,
    pub(crate) authentication: Authentication,
    pub(crate) additions: AdditionsWrite,
}

impl ModuleWrite {
    pub(crate) fn new(mut input: ModuleInput, version: ApiVersion) -> Result<Self> {
        let certificate = input.authentication.as_mut();
        let certificate = certificate.map(AuthenticationInput::take_certificate);
        Ok(Self {
            additions: AdditionsWrite::new(version, input.attributes, certificate.unwrap_or_default())?,
            managed_by: body::non_empty(input.managed_by),
            authentication: authentication(input.authentication, IdentityKind::Module)?,
        })
    }
}

/// The kind of identity. Only modules may have the authentication type `none`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IdentityKind {
    Device,
    Module,
}

/// Checks a device or module id.
pub(crate) fn check_id(id: &str) -> Result<()> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-:.+%_#*?!(),=@;$'".contains(&byte);
    if (1..=128).contains(&id.len()) && id.bytes().all(allowed) {
        return Ok(());
    }
    Err(HubError::argument(format!(
        "The id \"{id}\" is not valid: it must have 1 to 128 characters, which may be letters, digits and -:.+%_#*?!(),=@;$'"
    )))
}

/// Validates the id of a module to be written. Ids of system modules are reserved.
pub(crate) fn check_module_id(id: &str) -> Result<()> {
    check_id(id)?;
    if id.starts_with('$') {
        return Err(HubError::argument("The id of a module must not start with '$'."));
    }
    Ok(())
}

/// Parses the status of a device, `enabled` by default.
pub(crate) fn enabled(status: Option<&str>) -> Result<bool> {
    match status {
        None => Ok(true),
        Some(status) if status.eq_ignore_ascii_case("enabled") => Ok(true),
        Some(status) if status.eq_ignore_ascii_case("disabled") => Ok(false),
        Some(status) => Err(HubError::argument(format!(
            "Unknown device status \"{status}\"; it must be enabled or disabled."
        ))),
    }
}

/// Checks the length of a status reason.
pub(crate) fn status_reason(reason: Option<String>) -> Result<Option<String>> {
    match reason {
        Some(reason) if reason.chars().count() > 128 => Err(HubError::argument(
            "The status reason is longer than 128 characters.",
        )),
        reason => Ok(reason),
    }
}

/// Checks the authentication of a device or module and generates missing keys.
pub(crate) fn authentication(
    input: Option<AuthenticationInput>,
    identity: IdentityKind,
) -> Result<Authentication> {
    let input = input.unwrap_or_default();
    let keys = input.symmetric_key.unwrap_or_default();
    let primary_key = body::non_empty(keys.primary_key);
    let secondary_key = body::non_empty(keys.secondary_key);
    let thumbprints = input.x509_thumbprint.unwrap_or_default();
    let primary_thumbprint = body::non_empty(thumbprints.primary_thumbprint);
    let secondary_thumbprint = body::non_empty(thumbprints.secondary_thumbprint);
    let kind = match body::non_empty(input.r#type) {
        Some(kind) => kind.to_ascii_lowercase(),
        // Without a type, thumbprints imply a self-signed certificate.
        None if primary_thumbprint.is_some() || secondary_thumbprint.is_some() => "selfsigned".to_owned(),
        None => "sas".to_owned(),
    };
    match (kind.as_str(), identity) {
        ("sas", _) | ("none", IdentityKind::Module) => sas(primary_key, secondary_key),
        ("selfsigned", _) => {
            let lengths = [&primary_thumbprint, &secondary_thumbprint]
                .map(|thumbprint| thumbprint.as_deref().map(thumbprint_length).transpose());
            let [primary, secondary] = lengths;
            if let (Some(primary), Some(secondary)) = (primary?, secondary?)
                && primary != secondary
            {
                return Err(HubError::argument(
                    "Both thumbprints must have the same algorithm, SHA-1 or SHA-256.",
                ));
            }
            Ok(Authentication::SelfSigned {
                primary_thumbprint,
                secondary_thumbprint,
            })
        }
        ("certificateauthority", _) => Ok(Authentication::CertificateAuthority),
        ("none", IdentityKind::Device) => Err(HubError::argument(
            "DeviceAuthenticationTypeIsMissing: a device needs an authentication type.",
        )),
        (kind, _) => Err(HubError::argument(format!(
            "Unknown authentication type \"{kind}\"."
        ))),
    }
}

fn sas(primary_key: Option<String>, secondary_key: Option<String>) -> Result<Authentication> {
    match (primary_key, secondary_key) {
        (None, None) => Ok(Authentication::generated()),
        (Some(primary_key), Some(secondary_key)) => {
            check_key(&primary_key)?;
            check_key(&secondary_key)?;
            Ok(Authentication::Sas {
                primary_key,
                secondary_key,
            })
        }
        _ => Err(HubError::argument("Either no keys or both keys can be set")),
    }
}

fn check_key(key: &str) -> Result<()> {
    match STANDARD.decode(key) {
        Ok(bytes) if (16..=64).contains(&bytes.len()) => Ok(()),
        _ => Err(HubError::argument(
            "Invalid device key length: base64 of 16 to 64 bytes is expected.",
        )),
    }
}

fn thumbprint_length(thumbprint: &str) -> Result<usize> {
    let length = thumbprint.len();
    if matches!(length, 40 | 64) && thumbprint.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(length);
    }
    Err(HubError::argument(
        "StringIsNotThumbprint: 40 or 64 hexadecimal digits are expected.",
    ))
}
