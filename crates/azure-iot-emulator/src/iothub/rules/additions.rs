//! Writes of the members that newer api-versions add to identities: attributes and the settings of certificates.

use serde_json::{Map, Value};

use crate::iothub::errors::{HubError, Result};
use crate::iothub::store::api_version::ApiVersion;
use crate::iothub::store::identity::{Additions, CertificateSettings, Identity};

/// Maximum length of an attribute's name, in bytes of UTF-8.
const NAME_SIZE: usize = 1024;

/// Added members in a write. `None` leaves the members of the identity unchanged, as requests with an older api-version and
/// bulk requests do.
#[derive(Debug, Default)]
pub(crate) struct AdditionsWrite {
    pub(crate) attributes: Option<Map<String, Value>>,
    pub(crate) certificate: Option<CertificateSettings>,
}

impl AdditionsWrite {
    /// Checks the added members of an identity in a request with this api-version.
    pub(crate) fn new(
        version: ApiVersion,
        attributes: Option<Value>,
        certificate: CertificateSettings,
    ) -> Result<Self> {
        let attributes = match attributes {
            _ if !version.has_attributes() => None,
            None | Some(Value::Null) => Some(Map::new()),
            Some(Value::Object(attributes)) => {
                check_names(&attributes)?;
                Some(attributes)
            }
            Some(_) => return Err(HubError::argument("'attributes' must be a JSON object.")),
        };
        Ok(Self {
            attributes,
            certificate: version.has_device_registry().then_some(certificate),
        })
    }

    /// Writes the members to an identity.
    pub(crate) fn apply(self, identity: &mut Identity) {
        let mut additions = identity.additions.take().map(|boxed| *boxed).unwrap_or_default();
        if let Some(attributes) = self.attributes {
            additions.attributes = attributes;
        }
        if let Some(certificate) = self.certificate {
            additions.certificate = certificate;
        }
        identity.additions = (additions != Additions::default()).then(|| Box::new(additions));
    }
}

/// Checks the names of attributes, including those inside their values.
fn check_names(attributes: &Map<String, Value>) -> Result<()> {
    attributes.iter().try_for_each(|(name, value)| {
        check_name(name)?;
        check_value(value)
    })
}

fn check_value(value: &Value) -> Result<()> {
    match value {
        Value::Object(members) => check_names(members),
        Value::Array(items) => items.iter().try_for_each(check_value),
        _ => Ok(()),
    }
}

fn check_name(name: &str) -> Result<()> {
    if name.len() > NAME_SIZE {
        return Err(HubError::argument(format!(
            "The attribute name \"{}…\" has {} bytes; at most {NAME_SIZE} are allowed.",
            name.chars().take(32).collect::<String>(),
            name.len()
        )));
    }
    let refused = name
        .chars()
        .find(|char| char.is_control() || matches!(char, '.' | '$' | ' '));
    match refused {
        Some(char) => Err(HubError::argument(format!(
            "The attribute name {name:?} contains {char:?}; control characters, '.', '$' and spaces are not allowed."
        ))),
        None => Ok(()),
    }
}
