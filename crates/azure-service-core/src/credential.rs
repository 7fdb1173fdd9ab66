//! How a client proves who it is.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::error::ErrorKind;
use azure_core::http::policies::Policy;
use azure_core::http::policies::auth::BearerTokenAuthorizationPolicy;

use crate::sas::{SasCredential, SasPolicy};

/// How a client proves who it is.
#[derive(Clone)]
pub struct Credential {
    policy: Arc<dyn Policy>,
    needs_tls: bool,
}

impl Credential {
    /// A Microsoft Entra identity. `scope` names the service, such as `https://digitaltwins.azure.net/.default`.
    #[must_use]
    pub fn entra(credential: Arc<dyn TokenCredential>, scope: &'static str) -> Self {
        let credential = Arc::new(Strict(credential));
        Self {
            policy: Arc::new(BearerTokenAuthorizationPolicy::new(credential, [scope])),
            needs_tls: true,
        }
    }

    /// The key of a shared access policy.
    #[must_use]
    pub fn sas(credential: SasCredential) -> Self {
        Self {
            policy: Arc::new(SasPolicy::new(credential)),
            needs_tls: true,
        }
    }

    /// A policy of the caller's, which must authorise every request. The only credential that may go over `http`.
    #[must_use]
    pub fn custom(policy: Arc<dyn Policy>) -> Self {
        Self {
            policy,
            needs_tls: false,
        }
    }

    pub(crate) fn policy(&self) -> Arc<dyn Policy> {
        self.policy.clone()
    }

    pub(crate) fn needs_tls(&self) -> bool {
        self.needs_tls
    }
}

impl fmt::Debug for Credential {
    /// Does not show the policy: what a foreign credential shows of itself is not known.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential").finish_non_exhaustive()
    }
}

/// A credential of which every failure is a failure of the credential.
///
/// Some credentials report a failed request to the authority as an error of input and output. The pipeline would take
/// it for one of the service's connection, repeat it, and call the outcome unknown.
struct Strict(Arc<dyn TokenCredential>);

impl fmt::Debug for Strict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenCredential")
    }
}

#[async_trait]
impl TokenCredential for Strict {
    async fn get_token(
        &self,
        scopes: &[&str],
        options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        self.0
            .get_token(scopes, options)
            .await
            .map_err(|error| match error.kind() {
                ErrorKind::Credential => error,
                _ => azure_core::Error::new(ErrorKind::Credential, error),
            })
    }
}
