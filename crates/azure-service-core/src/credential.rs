//! Credentials of clients.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use azure_core::credentials::{AccessToken, Secret, TokenCredential, TokenRequestOptions};
use azure_core::http::policies::Policy;
use azure_core::time::{Duration, OffsetDateTime};

use crate::sas::{SasCredential, SasPolicy};
use crate::token::{TokenPolicy, TokenSource};

/// The credential of a client.
#[derive(Clone)]
pub struct Credential {
    policy: Arc<dyn Policy>,
    needs_tls: bool,
}

impl Credential {
    /// Creates a credential from a Microsoft Entra identity. `scope` is the scope of the service, such as
    /// `https://rooms.example/.default`; see [`CloudScopes`](crate::CloudScopes).
    ///
    /// Clones share the token; see [`TokenSource`].
    #[must_use]
    pub fn entra(credential: Arc<dyn TokenCredential>, scope: impl Into<String>) -> Self {
        Self::token_source(TokenSource::new(credential, scope))
    }

    /// Creates a credential from a token source, which the client's other protocols may share.
    #[must_use]
    pub fn token_source(source: TokenSource) -> Self {
        Self {
            policy: Arc::new(TokenPolicy(source)),
            needs_tls: true,
        }
    }

    /// Creates a credential from the key of a shared access policy.
    #[must_use]
    pub fn sas(credential: SasCredential) -> Self {
        Self {
            policy: Arc::new(SasPolicy::new(credential)),
            needs_tls: true,
        }
    }

    /// Creates a credential from a policy that authorizes each request. Only this credential may be used over `http`.
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
    /// Omits the policy, because the `Debug` output of a custom policy might show secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential").finish_non_exhaustive()
    }
}

/// A credential that gets its tokens from a function, for services without Microsoft Entra ID, such as an emulator in
/// the same process.
///
/// The function must return tokens that are valid for four minutes. The first request that is sent at least 30 seconds
/// after the token was obtained, or after the service has refused it, gets a new token.
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

/// The lifetime reported for every token.
const DELEGATED_VALIDITY: Duration = Duration::minutes(4);

impl<F, T> DelegatedTokenCredential<F>
where
    F: Fn() -> T + Send + Sync + 'static,
    T: Into<Secret>,
{
    /// Creates a credential that gets its tokens from `token`.
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
