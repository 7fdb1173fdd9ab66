//! Shared access policies of a hub, and their signatures.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::percent_decode_str;
use sha2::Sha256;
use time::OffsetDateTime;

use crate::auth::CLOCK_SKEW;
use crate::auth::authenticator::Authenticated;
use crate::auth::caller::{Caller, Rights};
use crate::auth::error::AuthError;
use crate::auth::hub_hosts::without_port;
use crate::auth::key::generate_key;

/// A shared access policy. `Debug` shows no keys.
#[derive(Clone)]
pub(crate) struct Policy {
    name: String,
    rights: Rights,
    /// The key in base64, as in connection strings.
    primary_key: String,
    secondary_key: String,
}

impl fmt::Debug for Policy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Policy")
            .field("name", &self.name)
            .field("rights", &self.rights)
            .finish_non_exhaustive()
    }
}

impl Policy {
    /// Creates a policy with random keys.
    pub(crate) fn generate(name: impl Into<String>, rights: Rights) -> Self {
        Self {
            name: name.into(),
            rights,
            primary_key: generate_key(),
            secondary_key: generate_key(),
        }
    }

    /// Replaces the primary key, which must be non-empty base64.
    pub(crate) fn with_primary_key(mut self, key: &str) -> Result<Self, AuthError> {
        match STANDARD.decode(key) {
            Ok(bytes) if !bytes.is_empty() => {
                self.primary_key = key.to_owned();
                Ok(self)
            }
            _ => Err(AuthError::Malformed),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Returns the connection string of a service at `url`.
    pub(crate) fn connection_string(&self, url: &str) -> String {
        let host = url.trim_start_matches("https://");
        format!(
            "HostName={host};SharedAccessKeyName={};SharedAccessKey={}",
            self.name, self.primary_key
        )
    }

    /// Returns the primary key in base64.
    pub(crate) fn primary_key(&self) -> &str {
        &self.primary_key
    }
}

/// The policies of a hub, and its host names.
#[derive(Debug, Clone)]
pub(crate) struct Policies {
    policies: Arc<[Policy]>,
    hosts: Arc<[String]>,
    others: Arc<[String]>,
}

impl Policies {
    /// Creates the policies of a hub. `hosts` are its names. A token must be for the host that the client addressed; at hosts
    /// that are not in `hosts`, such as `localhost`, it may also be for one of `hosts` or `others`.
    pub(crate) fn new(policies: Vec<Policy>, hosts: Vec<String>, others: Vec<String>) -> Self {
        Self {
            policies: policies.into(),
            hosts: hosts.into(),
            others: others.into(),
        }
    }

    /// Generates policies with these names and rights.
    pub(crate) fn generate(policies: &[(&str, Rights)]) -> Vec<Policy> {
        let policies = policies.iter();
        policies
            .map(|(name, rights)| Policy::generate(*name, *rights))
            .collect()
    }

    /// Validates a request's credentials: the part of the `Authorization` header after `SharedAccessSignature `.
    pub(crate) fn check(
        &self,
        credentials: &str,
        host: &str,
        path_segments: &[String],
        now: OffsetDateTime,
    ) -> Result<Authenticated, AuthError> {
        let mut token = Token::parse(credentials)?;
        let policy_name = token.policy.take().ok_or(AuthError::NoPolicy)?;
        let policy = self
            .policies
            .iter()
            .find(|policy| policy.name == policy_name)
            .ok_or(AuthError::UnknownPolicy)?;
        if !token.signed_by(&policy.primary_key) && !token.signed_by(&policy.secondary_key) {
            return Err(AuthError::WrongSignature);
        }
        if token.expiry.saturating_add(CLOCK_SKEW.whole_seconds()) <= now.unix_timestamp() {
            return Err(AuthError::Expired);
        }
        if !self.resource_contains(token.resource, host, path_segments) {
            return Err(AuthError::WrongResource);
        }
        Ok(Authenticated {
            caller: Caller::shared_access(policy_name, policy.rights),
            expiry: token.expiry,
        })
    }

    fn resource_contains(&self, resource: &str, host: &str, path_segments: &[String]) -> bool {
        // Some clients encode a space as `+`, others send a literal `+`. Ids have no spaces, so trying both forms
        // is unambiguous.
        let as_form = resource.replace('+', " ");
        [as_form.as_str(), resource].into_iter().any(|text| {
            let Ok(decoded) = percent_decode_str(text).decode_utf8() else {
                return false;
            };
            let decoded = decoded.trim_end_matches('/');
            let (resource_host, path) = decoded.split_once('/').unwrap_or((decoded, ""));
            let mut parts = path.split('/').filter(|_| !path.is_empty()).enumerate();
            self.is_host(resource_host, host)
                && parts.all(|(at, part)| path_segments.get(at).is_some_and(|segment| segment == part))
        })
    }

    /// Compares hosts with and without the port, because clients sign either form if the connection string has a
    /// port. A default port equals no port: clients omit it from `Host`, but may sign it.
    fn is_host(&self, resource_host: &str, addressed: &str) -> bool {
        let addressed_name = without_port(addressed);
        let is_own = self
            .hosts
            .iter()
            .any(|host| host.eq_ignore_ascii_case(addressed_name));
        let others = self.hosts.iter().chain(self.others.iter()).filter(|_| !is_own);
        let mut known = others.map(String::as_str).chain([addressed]);
        known.any(|known| {
            without_default_port(known).eq_ignore_ascii_case(without_default_port(resource_host))
                || without_port(known).eq_ignore_ascii_case(resource_host)
        })
    }
}

/// The default ports of HTTPS and AMQP over TLS.
const DEFAULT_PORTS: [&str; 2] = ["443", "5671"];

fn without_default_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if DEFAULT_PORTS.contains(&port) => name,
        _ => host,
    }
}

/// A shared access signature.
pub(crate) struct Token<'a> {
    /// The resource as sent, because the signature covers the escaped string.
    pub(crate) resource: &'a str,
    signature: Vec<u8>,
    expiry_text: &'a str,
    /// In seconds since 1970.
    pub(crate) expiry: i64,
    pub(crate) policy: Option<String>,
}

impl<'a> Token<'a> {
    /// Parses the part of the `Authorization` header after `SharedAccessSignature `.
    pub(crate) fn parse(credentials: &'a str) -> Result<Self, AuthError> {
        let (mut resource, mut signature, mut expiry_text, mut policy) = (None, None, None, None);
        for field in credentials.split('&') {
            let (name, value) = field.split_once('=').ok_or(AuthError::Malformed)?;
            let slot = match name {
                "sr" => &mut resource,
                "sig" => &mut signature,
                "se" => &mut expiry_text,
                "skn" => &mut policy,
                _ => return Err(AuthError::Malformed),
            };
            if slot.replace(value).is_some() {
                return Err(AuthError::Malformed);
            }
        }
        let expiry_text = expiry_text.ok_or(AuthError::Malformed)?;
        let decode = |text: &str| {
            percent_decode_str(text)
                .decode_utf8()
                .map(|text| text.into_owned())
        };
        let signature = decode(signature.ok_or(AuthError::Malformed)?).map_err(|_| AuthError::Malformed)?;
        let policy = policy.filter(|name| !name.is_empty()).map(decode).transpose();
        Ok(Self {
            resource: resource.ok_or(AuthError::Malformed)?,
            signature: STANDARD.decode(signature).map_err(|_| AuthError::Malformed)?,
            expiry_text,
            expiry: expiry_text.parse().map_err(|_| AuthError::Malformed)?,
            policy: policy.map_err(|_| AuthError::Malformed)?,
        })
    }

    /// Returns whether a key, which must be base64, signed the token. The comparison takes constant time.
    #[expect(clippy::expect_used, reason = "keys are validated when they are stored")]
    pub(crate) fn signed_by(&self, key: &str) -> bool {
        let key = STANDARD.decode(key).expect("a stored key is base64");
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("HMAC accepts keys of any length");
        mac.update(self.resource.as_bytes());
        mac.update(b"\n");
        mac.update(self.expiry_text.as_bytes());
        mac.verify_slice(&self.signature).is_ok()
    }
}

#[cfg(test)]
mod tests;
