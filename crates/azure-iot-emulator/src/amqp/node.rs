//! The state that all AMQP connections of a hub share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use parking_lot::Mutex;
use serde::Serialize;

use crate::amqp::access::Access;
use crate::amqp::faults::AmqpFaults;
use crate::amqp::stream::AbortHandle;
use crate::auth::authenticator::Authenticator;
use crate::auth::error::AuthError;
use crate::auth::hub_hosts::{HostSide, HubHosts};
use crate::clock::Clock;
use crate::iothub::IotHub;

/// Counters of a hub's AMQP endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AmqpStatistics {
    /// Connections accepted.
    pub connections: u64,
    /// Tokens accepted, over `$cbs` or SASL.
    pub tokens: u64,
    /// Cloud-to-device messages received, including rejected ones.
    pub messages: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) connections: AtomicU64,
    pub(crate) tokens: AtomicU64,
    pub(crate) messages: AtomicU64,
}

impl Counters {
    pub(crate) fn read(&self) -> AmqpStatistics {
        AmqpStatistics {
            connections: self.connections.load(Ordering::Relaxed),
            tokens: self.tokens.load(Ordering::Relaxed),
            messages: self.messages.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

pub(crate) struct Node {
    pub(crate) hub: Arc<IotHub>,
    pub(crate) hub_name: String,
    hosts: HubHosts,
    pub(crate) authenticator: Authenticator,
    /// The host and port of the hub's HTTPS endpoint, which tokens have in their resource. Set when
    /// the port is bound.
    host: OnceLock<String>,
    pub(crate) clock: Clock,
    pub(crate) faults: AmqpFaults,
    pub(crate) counters: Counters,
    abort_handles: Mutex<Vec<AbortHandle>>,
}

impl Node {
    pub(crate) fn new(
        hub: Arc<IotHub>,
        hub_name: String,
        hosts: HubHosts,
        authenticator: Authenticator,
        clock: Clock,
    ) -> Self {
        Self {
            hub,
            hub_name,
            hosts,
            authenticator,
            host: OnceLock::new(),
            clock,
            faults: AmqpFaults::default(),
            counters: Counters::default(),
            abort_handles: Mutex::default(),
        }
    }

    /// Sets the host that tokens must have in their resource. Further calls have no effect.
    pub(crate) fn set_host(&self, authority: String) {
        self.host.get_or_init(|| authority);
    }

    /// Returns the host names of the hub.
    pub(crate) fn hosts(&self) -> &HubHosts {
        &self.hosts
    }

    /// Returns the authority that a client addressed. AMQP has no field for it, so it is the name in the TLS handshake
    /// if that is a name of the hub.
    fn addressed(&self, server_name: Option<&str>) -> String {
        let host = self.host.get().map_or("localhost", String::as_str);
        let names = self.hosts.names();
        let own = server_name.filter(|name| names.iter().any(|own| own.eq_ignore_ascii_case(name)));
        match (own, host.split_once(':')) {
            (Some(name), Some((_, port))) => format!("{name}:{port}"),
            (Some(name), None) => name.to_owned(),
            (None, _) => host.to_owned(),
        }
    }

    /// Checks a token. A token without a scheme is a bearer token, because some clients omit `Bearer`. `server_name` is
    /// the name in the TLS handshake. Only tokens of services are accepted, and none at the name for devices.
    pub(crate) fn check_token(&self, token: &str, server_name: Option<&str>) -> Result<Access, AuthError> {
        let addressed = self.addressed(server_name);
        let side = self.hosts.side(&addressed);
        match (self.check_token_for(token, &addressed), side) {
            (Err(AuthError::NoPolicy), HostSide::Service) => Err(AuthError::WrongSide),
            (Ok(_), HostSide::Device) => Err(AuthError::WrongSide),
            (checked, _) => checked,
        }
    }

    fn check_token_for(&self, token: &str, addressed: &str) -> Result<Access, AuthError> {
        let token = token.trim();
        let text = match token.split_once(' ') {
            Some(_) => token.to_owned(),
            None => format!("Bearer {token}"),
        };
        let mut headers = HeaderMap::new();
        let value = HeaderValue::from_str(&text).map_err(|_| AuthError::Malformed)?;
        headers.insert(AUTHORIZATION, value);
        // The resource of a token may be restricted to the AMQP links.
        let path = ["messages", "devicebound"].map(str::to_owned);
        let authenticated = self.authenticator.check(&headers, addressed, &path)?;
        Counters::count(&self.counters.tokens);
        Ok(authenticated.into())
    }

    /// Creates the abort handle of a new connection.
    pub(crate) fn new_abort_handle(&self) -> AbortHandle {
        let abort_handle = AbortHandle::default();
        let mut abort_handles = self.abort_handles.lock();
        abort_handles.retain(AbortHandle::is_in_use);
        abort_handles.push(abort_handle.clone());
        abort_handle
    }

    /// Breaks all connections.
    pub(crate) fn abort_all(&self) {
        for abort_handle in self.abort_handles.lock().drain(..) {
            abort_handle.abort();
        }
    }
}
