//! Who asks, and whether the credentials prove it.

pub(crate) mod bearer;
pub(crate) mod sas;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use thiserror::Error;

use crate::clock::Clock;
pub use bearer::BearerTokens;
pub use sas::{Policies, Policy};

/// The difference between clocks that is forgiven, as the services do.
pub(crate) const CLOCK_SKEW: time::Duration = time::Duration::minutes(5);

/// What a shared access policy of a hub allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rights(u8);

impl Rights {
    /// Read the identity registry.
    pub const REGISTRY_READ: Self = Self(1);
    /// Write the identity registry.
    pub const REGISTRY_WRITE: Self = Self(2);
    /// The service side: twins, queries, methods, messages.
    pub const SERVICE_CONNECT: Self = Self(4);
    /// The device side.
    pub const DEVICE_CONNECT: Self = Self(8);
    /// Everything.
    pub const ALL: Self = Self(15);

    /// These and those.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of `needed` is among these.
    pub const fn contains(self, needed: Self) -> bool {
        self.0 & needed.0 == needed.0
    }
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Caller {
    /// A shared access policy of the hub proved by a signature.
    SharedAccess {
        /// The policy's name.
        policy: String,
        /// What it allows.
        rights: Rights,
    },
    /// A principal with a bearer token. The emulator knows no role assignments: it may do everything.
    Bearer,
}

impl Caller {
    /// The hub's owner policy, for tests that are not about rights.
    pub fn everything() -> Self {
        Self::SharedAccess {
            policy: "iothubowner".to_owned(),
            rights: Rights::ALL,
        }
    }

    /// Whether the caller has all of these rights.
    pub fn may(&self, needed: Rights) -> bool {
        match self {
            Self::SharedAccess { rights, .. } => rights.contains(needed),
            Self::Bearer => true,
        }
    }
}

/// Why credentials were refused. The client is only told that they were; this goes to the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AuthError {
    /// No `Authorization` header.
    #[error("no Authorization header")]
    Missing,
    /// Not `SharedAccessSignature` or `Bearer`, or not a scheme of this service.
    #[error("the Authorization scheme is not one of this service")]
    UnknownScheme,
    /// The credentials don't have the scheme's form.
    #[error("the credentials are malformed")]
    Malformed,
    /// No shared access policy of this name.
    #[error("there is no shared access policy of this name")]
    UnknownPolicy,
    /// The signature was made by another key or over another text.
    #[error("the signature does not match")]
    WrongSignature,
    /// The token is no longer valid, or not yet.
    #[error("the token has expired or is not valid yet")]
    Expired,
    /// The token is for another host or for a resource that does not contain the one asked for.
    #[error("the token's resource does not contain the requested one")]
    WrongResource,
    /// The token is for another audience.
    #[error("the token's audience is another service")]
    WrongAudience,
}

/// Checks the credentials of requests to one service.
#[derive(Debug, Clone)]
pub struct Authenticator {
    clock: Clock,
    policies: Option<Policies>,
    tokens: Option<BearerTokens>,
    open: bool,
}

impl Authenticator {
    /// Accepts bearer tokens only.
    pub fn bearer(clock: Clock, tokens: BearerTokens) -> Self {
        Self {
            clock,
            policies: None,
            tokens: Some(tokens),
            open: false,
        }
    }

    /// Accepts shared access signatures of these policies and bearer tokens.
    pub fn shared_access_or_bearer(clock: Clock, policies: Policies, tokens: BearerTokens) -> Self {
        Self {
            clock,
            policies: Some(policies),
            tokens: Some(tokens),
            open: false,
        }
    }

    /// Accepts everybody; for the management endpoint, which only listens on the loopback address.
    pub(crate) fn open(clock: Clock) -> Self {
        Self {
            clock,
            policies: None,
            tokens: None,
            open: true,
        }
    }

    /// Checks a request's credentials. `host` is the authority that the client addressed.
    ///
    /// # Errors
    /// Why the credentials are refused.
    pub fn check(
        &self,
        headers: &HeaderMap,
        host: &str,
        path_segments: &[String],
    ) -> Result<Caller, AuthError> {
        if self.open {
            return Ok(Caller::everything());
        }
        let header = headers.get(AUTHORIZATION).ok_or(AuthError::Missing)?;
        let header = header.to_str().map_err(|_| AuthError::Malformed)?.trim();
        let (scheme, credentials) = header.split_once(' ').ok_or(AuthError::Malformed)?;
        let now = self.clock.now();
        if scheme.eq_ignore_ascii_case("SharedAccessSignature") {
            let policies = self.policies.as_ref().ok_or(AuthError::UnknownScheme)?;
            policies.check(credentials.trim(), host, path_segments, now)
        } else if scheme.eq_ignore_ascii_case("Bearer") {
            let tokens = self.tokens.as_ref().ok_or(AuthError::UnknownScheme)?;
            tokens.check(credentials.trim(), now).map(|()| Caller::Bearer)
        } else {
            Err(AuthError::UnknownScheme)
        }
    }
}
