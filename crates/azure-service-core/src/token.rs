//! Bearer tokens: the policy that authorizes requests with them, and their cache.

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use azure_core::async_runtime::get_async_runtime;
use azure_core::credentials::{AccessToken, Secret, TokenCredential};
use azure_core::error::ErrorKind as AzureKind;
use azure_core::http::headers::AUTHORIZATION;
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{Context, Request, StatusCode};
use azure_core::time::{Duration, OffsetDateTime};
use futures::FutureExt as _;
use futures::channel::oneshot;
use futures::future::Shared;
use tokio::time::Instant;

use crate::error::{Error, ErrorKind, Result};
use crate::limits::within;
use crate::retry::proceed;

/// The time before its expiry at which a token is renewed.
const REFRESH_BEFORE: Duration = Duration::minutes(5);
/// The minimum time between two token requests while there is a token. It applies to tokens with a lifetime below
/// [`REFRESH_BEFORE`], and after a failed request.
const MIN_REFRESH: Duration = Duration::seconds(30);
/// The minimum remaining validity of a token that is sent, because it might expire in transit.
const MIN_VALIDITY: Duration = Duration::seconds(10);
/// The longest duration of a token request. A call usually times out earlier; the next call then waits for the same
/// request.
const REQUEST_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(120);

/// A source of tokens for one Microsoft Entra identity and one scope, shared by all protocols of a client.
///
/// Clones share the token. It is renewed five minutes before it expires. All calls share one token request, which
/// continues even if the calls are canceled. Until it completes, calls use the old token as long as that is valid.
///
/// # Example
///
/// ```
/// use azure_service_core::{Credential, DelegatedTokenCredential, TokenSource};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), azure_service_core::Error> {
/// let identity = DelegatedTokenCredential::new(|| "token".to_owned());
/// let source = TokenSource::new(identity, "https://rooms.example/.default");
/// let over_http = Credential::token_source(source.clone());
/// assert_eq!(source.token().await?.token.secret(), "token");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct TokenSource(Arc<TokenCache>);

impl TokenSource {
    /// Creates a source that gets tokens for `scope` from `credential`. Sends no token request yet.
    #[must_use]
    pub fn new(credential: Arc<dyn TokenCredential>, scope: impl Into<String>) -> Self {
        let cache = TokenCache::new(credential, scope.into(), OffsetDateTime::now_utc);
        Self(Arc::new(cache))
    }

    /// Returns the scope of the tokens.
    #[must_use]
    pub fn scope(&self) -> &str {
        &self.0.scope
    }

    /// Returns a token that is valid for at least ten seconds. Waits for the credential only if no such token is
    /// cached.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Credential`] if the credential returns no token within two minutes.
    pub async fn token(&self) -> Result<AccessToken> {
        self.0.token().await
    }

    /// Removes `token`, which the service has refused, from the cache, unless a newer token has already replaced it.
    pub fn discard(&self, token: &Secret) {
        self.0.discard(token);
    }
}

/// The policy that authorizes requests with tokens from a [`TokenSource`].
#[derive(Debug)]
pub(crate) struct TokenPolicy(pub(crate) TokenSource);

#[async_trait]
impl Policy for TokenPolicy {
    async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        if request.url().scheme() != "https" {
            return Err(
                Error::invalid_input("endpoint", "must be https, because tokens are sent to it").into(),
            );
        }
        let token = self.0.token().await?;
        request.insert_header(AUTHORIZATION, format!("Bearer {}", token.token.secret()));
        let response = proceed(ctx, request, next).await?;
        if response.status() == StatusCode::Unauthorized {
            self.0.discard(&token.token);
        }
        Ok(response)
    }
}

/// The token cache for one scope.
///
/// At most one token request runs at a time, in a separate task, so it does not end with the call that started it.
/// Calls wait for it only if there is no valid token.
struct TokenCache {
    credential: Arc<dyn TokenCredential>,
    scope: String,
    clock: Box<dyn Fn() -> OffsetDateTime + Send + Sync>,
    state: Mutex<State>,
}

struct State {
    token: Option<AccessToken>,
    /// The time from which a call renews the token.
    refresh_at: OffsetDateTime,
    running: Option<TokenRequest>,
}

/// A token request in progress. It is canceled if its task is dropped with the runtime.
type TokenRequest = Shared<oneshot::Receiver<Result<AccessToken>>>;

impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCache")
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

impl TokenCache {
    fn new(
        credential: Arc<dyn TokenCredential>,
        scope: String,
        clock: impl Fn() -> OffsetDateTime + Send + Sync + 'static,
    ) -> Self {
        let state = State {
            token: None,
            refresh_at: OffsetDateTime::UNIX_EPOCH,
            running: None,
        };
        Self {
            credential,
            scope,
            clock: Box::new(clock),
            state: Mutex::new(state),
        }
    }

    /// Returns a valid token.
    async fn token(self: &Arc<Self>) -> Result<AccessToken> {
        // If the token request is aborted because its runtime has shut down, a second request is made.
        for _ in 0..2 {
            let running = match self.token_or_request() {
                Ok(token) => return Ok(token),
                Err(running) => running,
            };
            match running.clone().await {
                Ok(result) => return result,
                Err(oneshot::Canceled) => self.forget(&running),
            }
        }
        Err(Error::with_message(
            ErrorKind::Credential,
            "the token request was aborted",
        ))
    }

    /// Returns the token if it is valid, otherwise the request to wait for. Starts a request if one is due.
    fn token_or_request(self: &Arc<Self>) -> Result<AccessToken, TokenRequest> {
        let mut state = self.state();
        let now = (self.clock)();
        let valid = state
            .token
            .clone()
            .filter(|token| token.expires_on - now > MIN_VALIDITY);
        match valid {
            Some(token) if now < state.refresh_at => Ok(token),
            valid => {
                let running = state.running.get_or_insert_with(|| self.start()).clone();
                valid.ok_or(running)
            }
        }
    }

    /// Starts a request for a token.
    fn start(self: &Arc<Self>) -> TokenRequest {
        let (sender, receiver) = oneshot::channel();
        let cache = self.clone();
        let request = async move {
            let result = cache.request().await;
            cache.store(&result);
            // If no call is waiting for the result, sending fails; later calls use the stored token.
            drop(sender.send(result));
        };
        // The task continues after its handle is dropped.
        drop(get_async_runtime().spawn(request.boxed()));
        receiver.shared()
    }

    async fn request(&self) -> Result<AccessToken> {
        let scopes = [self.scope.as_str()];
        // The request does not carry the context of any one call, because all calls share the token.
        let request = within(
            Instant::now(),
            REQUEST_TIMEOUT,
            "token request",
            self.credential.get_token(&scopes, None),
        );
        let result = request
            .await
            .map_err(|timed_out| azure_core::Error::new(AzureKind::Credential, timed_out));
        // Some credentials report a failed request to the authority as an I/O error. The pipeline would mistake that
        // error for a broken connection to the service, retry, and report an unknown outcome.
        result.flatten().map_err(|error| match error.kind() {
            AzureKind::Credential => error.into(),
            _ => azure_core::Error::new(AzureKind::Credential, error).into(),
        })
    }

    fn store(&self, result: &Result<AccessToken>) {
        let mut state = self.state();
        let now = (self.clock)();
        state.running = None;
        match result {
            Ok(token) => {
                let half: Duration = (token.expires_on - now) / 2;
                state.refresh_at = token
                    .expires_on
                    .saturating_sub(REFRESH_BEFORE)
                    .max(now + half.min(MIN_REFRESH));
                state.token = Some(token.clone());
            }
            Err(error) => {
                tracing::debug!(%error, "the credential returned no token");
                state.refresh_at = now + MIN_REFRESH;
            }
        }
    }

    /// Removes `token` from the cache, unless a newer token has already replaced it.
    fn discard(&self, token: &Secret) {
        let mut state = self.state();
        if state
            .token
            .as_ref()
            .is_some_and(|current| current.token == *token)
        {
            state.token = None;
        }
    }

    fn forget(&self, request: &TokenRequest) {
        let mut state = self.state();
        if state
            .running
            .as_ref()
            .is_some_and(|running| running.ptr_eq(request))
        {
            state.running = None;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
