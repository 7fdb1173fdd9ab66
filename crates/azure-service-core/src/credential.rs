//! How a client proves who it is.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use azure_core::credentials::{AccessToken, Secret, TokenCredential, TokenRequestOptions};
use azure_core::error::ErrorKind;
use azure_core::http::policies::Policy;
use azure_core::http::policies::auth::BearerTokenAuthorizationPolicy;
use azure_core::time::{Duration, OffsetDateTime};

use crate::sas::{SasCredential, SasPolicy};

/// How a client proves who it is.
#[derive(Clone)]
pub struct Credential {
    policy: Arc<dyn Policy>,
    needs_tls: bool,
}

impl Credential {
    /// A Microsoft Entra identity. `scope` names the service, such as `https://rooms.example/.default`; see
    /// [`CloudScopes`](crate::CloudScopes).
    #[must_use]
    pub fn entra(credential: Arc<dyn TokenCredential>, scope: impl Into<String>) -> Self {
        let credential = Arc::new(Strict(credential));
        Self {
            policy: Arc::new(BearerTokenAuthorizationPolicy::new(credential, [scope.into()])),
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

/// A credential whose tokens come from a function, for services that are not behind Microsoft Entra ID, such as an
/// emulator in the same process.
///
/// The function is called for every request, so it decides how long tokens are used.
///
/// # Example
///
/// ```
/// use azure_core::credentials::TokenCredential;
/// use azure_service_core::DelegatedTokenCredential;
/// use std::sync::Arc;
///
/// let credential: Arc<dyn TokenCredential> = DelegatedTokenCredential::new(|| "token".to_owned());
/// ```
pub struct DelegatedTokenCredential<F>(F);

/// How long a token is said to be valid. azure_core asks for a new one five minutes ahead, which is at once.
const DELEGATED_VALIDITY: Duration = Duration::minutes(4);

impl<F, T> DelegatedTokenCredential<F>
where
    F: Fn() -> T + Send + Sync + 'static,
    T: Into<Secret>,
{
    /// The credential whose tokens `token` gives.
    #[must_use]
    pub fn new(token: F) -> Arc<Self> {
        Arc::new(Self(token))
    }
}

impl<F> fmt::Debug for DelegatedTokenCredential<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DelegatedTokenCredential")
    }
}

#[async_trait]
impl<F, T> TokenCredential for DelegatedTokenCredential<F>
where
    F: Fn() -> T + Send + Sync + 'static,
    T: Into<Secret>,
{
    async fn get_token(
        &self,
        _: &[&str],
        _: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        Ok(AccessToken::new(
            (self.0)().into(),
            OffsetDateTime::now_utc() + DELEGATED_VALIDITY,
        ))
    }
}
