//! Authentication of devices and modules.

use azure_core::credentials::Secret;
use iothub_protocol::types;
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::identity::key::SymmetricKey;
use crate::identity::thumbprint::X509Thumbprint;
use crate::model::{model, plain_members};

model! {
    /// The authentication of a device or module.
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::{Authentication, AuthenticationType, SymmetricKey};
    ///
    /// let authentication = Authentication::sas(SymmetricKey::generate()?);
    /// assert_eq!(authentication.kind, Some(AuthenticationType::Sas));
    /// # Ok::<(), iothub_convenience::Error>(())
    /// ```
    pub struct Authentication as "authentication" {
        /// The kind of credentials.
        pub kind: Option<AuthenticationType> = "type",
        /// The keys. Both are missing unless the kind is [`Sas`](AuthenticationType::Sas).
        pub symmetric_key: Option<SymmetricKey> = "symmetricKey",
        /// The thumbprints. Both are missing unless the kind is [`SelfSigned`](AuthenticationType::SelfSigned).
        pub x509_thumbprint: Option<X509Thumbprint> = "x509Thumbprint",
        /// The resource id of the certificate policy that applies, in Azure Resource Manager. Since API version 2026-11-01.
        pub policy_resource_id: Option<String> = "policyResourceId",
        /// The validation of certificates signed by an authority. Since API version 2026-11-01.
        pub x509_ca_validation: Option<X509CaValidation> = "x509CaValidation",
    }
}

model! {
    /// The validation of certificates signed by an authority.
    pub struct X509CaValidation as "certificate validation" {
        /// The validation scheme. Its values are not documented.
        pub scheme: Option<String> = "scheme",
        /// The settings of the scheme.
        pub value: Option<Map<String, Value>> = "value",
    }
}

impl X509CaValidation {
    /// Creates a validation with a scheme and its settings.
    #[must_use]
    pub fn new(scheme: impl Into<String>, value: Option<Map<String, Value>>) -> Self {
        Self {
            scheme: Some(scheme.into()),
            value,
            ..Self::default()
        }
    }

    /// Returns the request body, including unknown members.
    fn to_body(&self) -> types::X509CaValidation {
        types::X509CaValidation {
            scheme: self.scheme.clone(),
            value: self.value.clone().map(Value::Object),
            extra: self.extra.clone(),
        }
    }
}

azure_service_core::open_enum! {
    /// The kind of credentials of a device or module.
    pub enum AuthenticationType {
        /// A token signed with a symmetric key.
        Sas = "sas",
        /// A certificate that the hub recognizes by its thumbprint.
        SelfSigned = "selfSigned",
        /// A certificate signed by a certificate authority that is registered with the hub.
        CertificateAuthority = "certificateAuthority",
        /// No credentials, as in system modules of an edge device.
        None = "none",
    }
}

plain_members!(AuthenticationType);

impl Authentication {
    /// Returns authentication with symmetric keys. With [`SymmetricKey::assigned_by_service`] the service generates them.
    #[must_use]
    pub fn sas(keys: SymmetricKey) -> Self {
        Self {
            kind: Some(AuthenticationType::Sas),
            symmetric_key: Some(keys),
            ..Self::default()
        }
    }

    /// Returns authentication with certificates that have these thumbprints.
    #[must_use]
    pub fn x509(thumbprint: X509Thumbprint) -> Self {
        Self {
            kind: Some(AuthenticationType::SelfSigned),
            x509_thumbprint: Some(thumbprint),
            ..Self::default()
        }
    }

    /// Returns authentication with certificates signed by a certificate authority that is registered with the hub.
    #[must_use]
    pub fn certificate_authority() -> Self {
        Self {
            kind: Some(AuthenticationType::CertificateAuthority),
            ..Self::default()
        }
    }

    /// Sets the resource id of the certificate policy that applies. Needs API version 2026-11-01.
    #[must_use]
    pub fn with_policy_resource_id(mut self, resource_id: impl Into<String>) -> Self {
        self.policy_resource_id = Some(resource_id.into());
        self
    }

    /// Sets the validation of certificates signed by an authority. Needs API version 2026-11-01.
    #[must_use]
    pub fn with_x509_ca_validation(mut self, validation: X509CaValidation) -> Self {
        self.x509_ca_validation = Some(validation);
        self
    }

    /// Returns the request body. Fails if the keys or thumbprints are invalid, or if identities cannot be created with
    /// this kind of credentials.
    pub(crate) fn to_body(&self) -> Result<types::AuthenticationMechanism> {
        use types::AuthenticationMechanismType as Kind;
        let mut mechanism = types::AuthenticationMechanism::default();
        mechanism.type_ = Some(match &self.kind {
            Some(AuthenticationType::Sas) | None => {
                let keys = self.symmetric_key.clone().unwrap_or_default();
                keys.check()?;
                let text = |key: Option<&Secret>| key.map(|key| key.secret().to_owned());
                mechanism.symmetric_key = Some(types::SymmetricKey {
                    primary_key: text(keys.primary()),
                    secondary_key: text(keys.secondary()),
                });
                Kind::Sas
            }
            Some(AuthenticationType::SelfSigned) => {
                let thumbprint = self.x509_thumbprint.clone().unwrap_or_default();
                thumbprint.check()?;
                mechanism.x509_thumbprint = Some(types::X509Thumbprint {
                    primary_thumbprint: thumbprint.primary().map(str::to_owned),
                    secondary_thumbprint: thumbprint.secondary().map(str::to_owned),
                    ..Default::default()
                });
                Kind::SelfSigned
            }
            Some(AuthenticationType::CertificateAuthority) => Kind::CertificateAuthority,
            Some(other) => {
                let reason = format!(
                    "has the type {other:?}, which identities cannot be created with; use Authentication::sas, x509 or \
                     certificate_authority",
                    other = other.as_str()
                );
                return Err(Error::invalid_input("authentication", reason));
            }
        });
        mechanism.policy_resource_id = self.policy_resource_id.clone();
        mechanism.x509_ca_validation = self.x509_ca_validation.as_ref().map(X509CaValidation::to_body);
        Ok(mechanism)
    }
}
