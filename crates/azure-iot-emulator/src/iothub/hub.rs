//! The hub: its store and transient state.
//!
//! # Locks
//!
//! The fields are private to this module, so the compiler enforces two rules:
//!
//! - The store's lock is never held while waiting. Only [`IotHub::read`] and [`IotHub::write`] take it, and their
//!   closures are synchronous.
//! - The store is locked before anything else. The scripts, signals, runner, models, tier and throttle have their
//!   own locks, which are private to their types. Their methods release the lock before they return and call no
//!   other code while they hold it.
//!
//! The compiler cannot detect that a closure locks the store again. `tests/tests/locks.rs` therefore refuses
//! closures that use the hub, and code below the operations gets a [`Store`] rather than the hub.

use std::fmt;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
use serde_json::Value;

use crate::auth::hub_hosts::HubHosts;
use crate::clock::Clock;
use crate::durable::journal::{Journal, NotDurable, PendingCommit};
use crate::iothub::codes::Code;
use crate::iothub::device::scripts::Scripts;
use crate::iothub::errors::{HubError, Result};
use crate::iothub::jobs::runner::Runner;
use crate::iothub::messaging::signal::MessagingSignal;
use crate::iothub::models::{Models, ModelsError};
use crate::iothub::router::Operation;
use crate::iothub::store::Store;
use crate::iothub::store::api_version::ApiVersion;
use crate::iothub::store::device_registry::RegistryLink;
use crate::iothub::store::view::ViewContext;
use crate::iothub::throttle::Throttle;
use crate::iothub::tier::Tier;
use crate::timestamp::Timestamp;

/// An IoT hub without a server. Requests are passed to [`handle`](Self::handle).
pub struct IotHub {
    clock: Clock,
    store: RwLock<Store>,
    scripts: Scripts,
    messaging: MessagingSignal,
    runner: Runner,
    models: Models,
    tier: Mutex<Tier>,
    throttle: Throttle,
    /// Port of the blob containers.
    blob_port: OnceLock<u16>,
    hosts: OnceLock<HubHosts>,
    journal: OnceLock<Journal>,
}

impl fmt::Debug for IotHub {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("IotHub").finish_non_exhaustive()
    }
}

impl IotHub {
    /// Creates an empty hub.
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            store: RwLock::new(Store::default()),
            scripts: Scripts::default(),
            messaging: MessagingSignal::default(),
            runner: Runner::default(),
            models: Models::default(),
            tier: Mutex::default(),
            throttle: Throttle::default(),
            blob_port: OnceLock::new(),
            hosts: OnceLock::new(),
            journal: OnceLock::new(),
        }
    }

    /// Sets the tier. The default is S1.
    pub fn set_tier(&self, tier: Tier) {
        *self.tier.lock() = tier;
    }

    /// Enables or disables throttling (default: disabled). Requests beyond the limits of the [tier](Self::set_tier) then
    /// fail with 429.
    pub fn set_throttling(&self, on: bool) {
        self.throttle.set(on);
    }

    /// Replaces the models of Plug and Play devices. Patches of digital twins are validated for devices whose
    /// [model id](Self::set_model_id) is one of them. The models are a setting, not part of the state.
    ///
    /// # Errors
    /// If the documents are not valid DTDL, or refer to models that are not among them. The models are unchanged then.
    pub fn set_models(&self, documents: &[Value]) -> std::result::Result<(), ModelsError> {
        self.models.set(documents)
    }

    /// Replaces the models of Plug and Play devices by those of a file or folder.
    pub(crate) fn read_models(&self, path: &Path) -> std::result::Result<(), ModelsError> {
        self.models.read(path)
    }

    /// Links the hub to a namespace of Azure Device Registry. Devices created afterwards get `adrDeviceProperties`,
    /// `deviceResourceId` and `armSyncStatus` (api-version 2026-11-01) once `delay` has passed on the hub's clock. The link is a
    /// setting, not part of the state.
    pub fn link_device_registry(&self, namespace: impl Into<String>, delay: Duration) {
        let link = RegistryLink {
            namespace: namespace.into(),
            delay,
        };
        self.write(|store| store.registry_link = Some(link));
    }

    /// Sets the journal that makes changes durable. Further calls have no effect.
    pub(crate) fn set_journal(&self, journal: Journal) {
        self.journal.get_or_init(|| journal);
    }

    /// Sets the port of the blob containers. Further calls have no effect.
    pub(crate) fn set_blob_port(&self, port: u16) {
        self.blob_port.get_or_init(|| port);
    }

    /// Sets the host names. Further calls have no effect.
    pub(crate) fn set_hosts(&self, hosts: HubHosts) {
        self.hosts.get_or_init(|| hosts);
    }

    /// Returns the host names, if the hub has an endpoint.
    pub(super) fn hosts(&self) -> Option<&HubHosts> {
        self.hosts.get()
    }

    /// Runs a future that makes changes. Returns its output and the pending commit to pass to
    /// [`durable`](Self::durable).
    pub(crate) async fn track<F: Future>(&self, changes: F) -> (F::Output, Option<PendingCommit>) {
        match self.journal.get() {
            Some(journal) => {
                let (result, commit) = journal.track(changes).await;
                (result, Some(commit))
            }
            None => (changes.await, None),
        }
    }

    /// Waits until the changes of a commit are on disk. Returns immediately without a data file.
    pub(crate) async fn durable(commit: Option<PendingCommit>) -> Result<()> {
        match commit {
            Some(commit) => commit.durable().await.map_err(|NotDurable| {
                let text = "The change could not be written to the data file.";
                HubError::new(Code::SERVER_ERROR, text)
            }),
            None => Ok(()),
        }
    }

    /// Reads the store. `read` must not lock the store again.
    pub(super) fn read<T>(&self, read: impl FnOnce(&Store) -> T) -> T {
        read(&self.store.read())
    }

    /// Changes the store in one critical section. `write` must not lock the store again.
    pub(super) fn write<T>(&self, write: impl FnOnce(&mut Store) -> T) -> T {
        write(&mut self.store.write())
    }

    /// Counts a request, and returns an error if throttling is enabled and the limit is exceeded.
    pub(super) fn admit(&self, operation: Operation) -> Result<()> {
        self.throttle.admit(operation, self.tier(), self.clock.now())
    }

    pub(super) fn is_throttling(&self) -> bool {
        self.throttle.is_on()
    }

    pub(super) fn tier(&self) -> Tier {
        *self.tier.lock()
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(super) fn now(&self) -> Timestamp {
        Timestamp::from(self.clock.now())
    }

    /// Returns the context of a response to a request with this api-version.
    pub(super) fn view_context(&self, version: ApiVersion) -> ViewContext {
        ViewContext {
            version,
            now: self.now(),
        }
    }

    pub(super) fn blob_port(&self) -> Option<u16> {
        self.blob_port.get().copied()
    }

    pub(super) fn scripts(&self) -> &Scripts {
        &self.scripts
    }

    pub(crate) fn messaging(&self) -> &MessagingSignal {
        &self.messaging
    }

    pub(super) fn models(&self) -> &Models {
        &self.models
    }

    pub(super) fn runner(&self) -> &Runner {
        &self.runner
    }
}
