//! Authentication of requests.

use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::auth::bearer::BearerTokens;
use crate::auth::caller::Caller;
use crate::auth::error::AuthError;
use crate::auth::sas::Policies;
use crate::clock::Clock;

/// A caller whose credentials were accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Authenticated {
    pub(crate) caller: Caller,
    /// The expiry of the credentials, in seconds since 1970, without the allowed clock skew.
    pub(crate) expiry: i64,
}

/// Authenticates requests to one service.
#[derive(Debug, Clone)]
pub(crate) struct Authenticator {
    clock: Clock,
    schemes: Schemes,
}

#[derive(Debug, Clone)]
enum Schemes {
    Bearer(BearerTokens),
    SharedAccessOrBearer(Policies, BearerTokens),
    /// No credentials are required.
    Open,
}

impl Authenticator {
    /// Accepts bearer tokens only.
    pub(crate) fn bearer(clock: Clock, tokens: BearerTokens) -> Self {
        Self {
            clock,
            schemes: Schemes::Bearer(tokens),
        }
    }

    /// Accepts shared access signatures of these policies and bearer tokens.
    pub(crate) fn shared_access_or_bearer(clock: Clock, policies: Policies, tokens: BearerTokens) -> Self {
        Self {
            clock,
            schemes: Schemes::SharedAccessOrBearer(policies, tokens),
        }
    }

    /// Accepts every request. Only for endpoints on the loopback address.
    pub(crate) fn open(clock: Clock) -> Self {
        Self {
            clock,
            schemes: Schemes::Open,
        }
    }

    /// Checks a request's credentials. `host` is the authority that the client addressed.
    pub(crate) fn check(
        &self,
        headers: &HeaderMap,
        host: &str,
        path_segments: &[String],
    ) -> Result<Authenticated, AuthError> {
        let (policies, tokens) = match &self.schemes {
            Schemes::Open => {
                return Ok(Authenticated {
                    caller: Caller::owner(),
                    expiry: i64::MAX,
                });
            }
            Schemes::Bearer(tokens) => (None, tokens),
            Schemes::SharedAccessOrBearer(policies, tokens) => (Some(policies), tokens),
        };
        let header = headers.get(AUTHORIZATION).ok_or(AuthError::Missing)?;
        let header = header.to_str().map_err(|_| AuthError::Malformed)?.trim();
        let (scheme, credentials) = header.split_once(' ').ok_or(AuthError::Malformed)?;
        let now = self.clock.now();
        if scheme.eq_ignore_ascii_case("SharedAccessSignature") {
            let policies = policies.ok_or(AuthError::UnknownScheme)?;
            policies.check(credentials.trim(), host, path_segments, now)
        } else if scheme.eq_ignore_ascii_case("Bearer") {
            let expiry = tokens.check(credentials.trim(), now)?;
            Ok(Authenticated {
                caller: Caller::bearer(),
                expiry,
            })
        } else {
            Err(AuthError::UnknownScheme)
        }
    }
}
