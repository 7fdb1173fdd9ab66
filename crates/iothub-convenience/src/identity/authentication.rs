//! How a device or module proves who it is.

use azure_core::credentials::Secret;
use iothub_protocol::types;
use serde::Deserialize;

use super::key::SymmetricKey;
use super::thumbprint::X509Thumbprint;
use crate::error::Result;

/// How a device or module proves who it is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct Authentication {
    /// The kind of proof.
    #[serde(rename = "type")]
    pub kind: Option<AuthenticationType>,
    /// The keys, if the kind is [`Sas`](AuthenticationType::Sas); else both are missing.
    pub symmetric_key: Option<SymmetricKey>,
    /// The thumbprints, if the kind is [`SelfSigned`](AuthenticationType::SelfSigned); else both are missing.
    pub x509_thumbprint: Option<X509Thumbprint>,
}

azure_service_core::open_enum! {
    /// The kind of proof by which a device or module shows who it is.
    pub enum AuthenticationType {
        /// A token signed with a symmetric key.
        Sas = "sas",
        /// A certificate whose thumbprint the hub knows.
        SelfSigned = "selfSigned",
        /// A certificate that an authority known to the hub has signed.
        CertificateAuthority = "certificateAuthority",
        /// None: system modules of an edge device.
        None = "none",
    }
}

/// The proof that a created or updated identity is to give.
#[derive(Debug, Clone)]
pub(crate) enum Proof {
    Sas(SymmetricKey),
    X509(X509Thumbprint),
    CertificateAuthority,
}

impl Proof {
    /// The proof as it is sent, unless the service would refuse it.
    pub(crate) fn checked(&self) -> Result<types::AuthenticationMechanism> {
        use types::AuthenticationMechanismType as Kind;
        let mut mechanism = types::AuthenticationMechanism::default();
        mechanism.type_ = Some(match self {
            Self::Sas(keys) => {
                keys.check()?;
                let text = |key: Option<&Secret>| key.map(|key| key.secret().to_owned());
                mechanism.symmetric_key = Some(types::SymmetricKey {
                    primary_key: text(keys.primary()),
                    secondary_key: text(keys.secondary()),
                });
                Kind::Sas
            }
            Self::X509(thumbprint) => {
                thumbprint.check()?;
                mechanism.x509_thumbprint = Some(types::X509Thumbprint {
                    primary_thumbprint: thumbprint.primary().map(str::to_owned),
                    secondary_thumbprint: thumbprint.secondary().map(str::to_owned),
                    ..Default::default()
                });
                Kind::SelfSigned
            }
            Self::CertificateAuthority => Kind::CertificateAuthority,
        });
        Ok(mechanism)
    }
}
