//! Limits of connections and requests. `docs/emulator.md` has a table of them.

use std::time::Duration;

/// Maximum time for the first byte and the rest of a TLS handshake, and for opening an AMQP connection.
pub(crate) const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// Maximum time to receive a request head, measured from the handshake or, over HTTP/1.1, from the previous response.
pub(super) const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// Maximum time for a request body.
pub(super) const BODY_TIMEOUT: Duration = Duration::from_secs(60);
/// Maximum time between two requests over HTTP/2.
pub(super) const IDLE_TIMEOUT: Duration = Duration::from_secs(120);
/// Maximum time for an idle connection to close.
pub(super) const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);
/// The maximum length of a request body, in bytes.
pub(super) const BODY_LIMIT: usize = 16 * 1024 * 1024;

/// Maximum number of connections of the management API. Their file descriptors are reserved, so that the emulator
/// can still be controlled when its services are flooded.
pub(crate) const MANAGEMENT_CONNECTIONS: usize = 64;
/// Number of endpoints that share the remaining file descriptors: the hub over HTTPS and over AMQP, its blob
/// containers, the provisioning service, and Digital Twins.
const ENDPOINTS: usize = 5;
/// Number of file descriptors reserved for listening sockets, files, webhooks, and connections that wait for a
/// place.
const OTHER_DESCRIPTORS: usize = 128;
const MIN_CONNECTIONS: usize = 12;
const MAX_CONNECTIONS: usize = 4096;

/// Returns the maximum number of connections of each endpoint of a service.
pub(crate) fn connections_per_endpoint() -> usize {
    share_of(descriptors())
}

fn share_of(descriptors: usize) -> usize {
    let shared = descriptors.saturating_sub(MANAGEMENT_CONNECTIONS + OTHER_DESCRIPTORS);
    (shared / ENDPOINTS).clamp(MIN_CONNECTIONS, MAX_CONNECTIONS)
}

/// Returns the maximum number of open file descriptors of the process.
#[cfg(unix)]
fn descriptors() -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    // `None` means unlimited.
    limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX))
}

#[cfg(not(unix))]
fn descriptors() -> usize {
    usize::MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_descriptors_for_the_management_api() {
        for descriptors in [256, 1024, 4096, 20_000, usize::MAX] {
            let all = share_of(descriptors) * ENDPOINTS + MANAGEMENT_CONNECTIONS + OTHER_DESCRIPTORS;
            assert!(all <= descriptors, "{descriptors}");
        }
        assert_eq!(share_of(1024), 166);
        assert_eq!(share_of(64), MIN_CONNECTIONS);
        assert_eq!(share_of(1_000_000), MAX_CONNECTIONS);
    }
}
