//! The instance: its store, settings and linked hub.
//!
//! The store's lock is private to this module and is taken only by [`ProvisioningService::read`] and
//! [`ProvisioningService::write`], whose closures are synchronous and do not use the hub, so it is never held while waiting.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::RwLock;

use crate::clock::Clock;
use crate::provisioning::errors::Result;
use crate::provisioning::rates::Rates;
use crate::provisioning::router::Operation;
use crate::provisioning::store::Store;
use crate::service::assignment::AssignmentTarget;
use crate::timestamp::Timestamp;

/// Default of `Retry-After`, in seconds, as in the service.
const RETRY_AFTER: u64 = 3;

/// A provisioning service without a server: [`handle`](Self::handle) answers requests.
pub struct ProvisioningService {
    clock: Clock,
    id_scope: String,
    hub: LinkedHub,
    store: RwLock<Store>,
    /// In seconds.
    retry_after: AtomicU64,
    rates: Rates,
}

/// The hub that devices are assigned to.
pub(crate) struct LinkedHub {
    /// Its host name.
    pub(crate) host: String,
    pub(crate) target: Arc<dyn AssignmentTarget>,
}

impl fmt::Debug for ProvisioningService {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ProvisioningService")
            .field("id_scope", &self.id_scope)
            .finish_non_exhaustive()
    }
}

impl ProvisioningService {
    /// Creates a service without enrollments.
    pub(crate) fn with_hub(clock: Clock, id_scope: String, hub: LinkedHub) -> Self {
        Self {
            clock,
            id_scope,
            hub,
            store: RwLock::new(Store::default()),
            retry_after: AtomicU64::new(RETRY_AFTER),
            rates: Rates::default(),
        }
    }

    /// Returns the id scope, the first part of the path of a device's requests.
    pub fn id_scope(&self) -> &str {
        &self.id_scope
    }

    /// Sets the `Retry-After` of registrations, in seconds; 3 by default, as in the service. The emulator assigns devices at
    /// once, so tests may set 0.
    pub fn set_retry_after(&self, seconds: u64) {
        self.retry_after.store(seconds, Ordering::Relaxed);
    }

    /// Enables or disables throttling (default: disabled). Requests beyond the documented rates then fail with 429.
    pub fn set_throttling(&self, on: bool) {
        self.rates.enforce(on);
    }

    pub(super) fn is_throttling(&self) -> bool {
        self.rates.are_enforced()
    }

    /// Counts a request, and returns an error if throttling is enabled and the rate is exceeded.
    pub(super) fn admit(&self, operation: Operation<'_>) -> Result<()> {
        self.rates.admit(operation, self.clock.now())
    }

    pub(super) fn retry_after(&self) -> u64 {
        self.retry_after.load(Ordering::Relaxed)
    }

    /// Reads the store. `read` must not lock it again.
    pub(super) fn read<T>(&self, read: impl FnOnce(&Store) -> T) -> T {
        read(&self.store.read())
    }

    /// Writes the store in one critical section. `write` must not lock it again.
    pub(super) fn write<T>(&self, write: impl FnOnce(&mut Store) -> T) -> T {
        write(&mut self.store.write())
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(super) fn now(&self) -> Timestamp {
        Timestamp::from(self.clock.now())
    }

    pub(super) fn linked(&self) -> &LinkedHub {
        &self.hub
    }

    /// Returns the host names of the linked hubs.
    pub(super) fn linked_hosts(&self) -> Vec<String> {
        vec![self.hub.host.clone()]
    }
}
