//! The data plane of Azure Digital Twins.
//!
//! | where | what |
//! |---|---|
//! | [`router`], [`call`], [`errors`] | requests to operations and errors to answers |
//! | [`models`], [`twins`], [`components`], [`relationships`], [`relationship_lists`], [`telemetry`], [`query`], [`events`], [`jobs`] | the operations, by noun |
//! | [`model_check`], [`twin_check`], [`value_check`], [`twin_patch`], [`patch`], [`etag`], [`limits`], [`rates`] | the rules they share |
//! | [`instance`], [`graph`], [`model_store`], [`interface`], [`twin`], [`property_index`], [`slab`], [`timestamp`], [`state`], [`lag`], [`preset`] | what is stored and how it is written |
//! | [`manage`] | what the management API can ask of it |
//!
//! One lock holds the graph: an operation on a twin sees no other half done. A query holds it for so many twins looked
//! at or relationships followed, a few milliseconds, and then lets others have it, in the middle of a walk, too.

mod call;
mod components;
mod delete_jobs;
mod errors;
mod event_routes;
mod events;
mod import_jobs;
mod instance;
mod jobs;
mod manage;
mod models;
mod preset;
mod query;
mod relationship_lists;
mod relationships;
mod router;
mod rules;
mod state;
mod store;
mod telemetry;
mod twins;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use url::Url;

use crate::clock::Clock;
pub use crate::digitaltwins::events::{CloudEvent, EndpointError, EventSubscription};
use crate::digitaltwins::instance::Instance;
use crate::digitaltwins::jobs::BlobDirectory;
use crate::durable::Journal;

/// An instance of Azure Digital Twins: models, twins and relationships in memory.
///
/// ```
/// use azure_iot_emulator::{Clock, DigitalTwins, Service, ServiceRequest};
/// use http::{Method, StatusCode};
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let instance = DigitalTwins::new(Clock::new());
/// let request = ServiceRequest::new(Method::GET, "/digitaltwins/room-1?api-version=2023-10-31")?;
/// let response = instance.handle(request).await;
/// assert_eq!(response.status, StatusCode::NOT_FOUND);
/// assert_eq!(response.header("x-ms-error-code"), Some("DigitalTwinNotFound"));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct DigitalTwins {
    instance: Arc<Instance>,
}

impl DigitalTwins {
    /// An empty instance with the limits that the service documents.
    pub fn new(clock: Clock) -> Self {
        DigitalTwins {
            instance: Arc::new(Instance::new(clock)),
        }
    }

    /// Says what makes the work of jobs durable. Only the first call counts.
    pub(crate) fn set_journal(&self, journal: Journal) {
        // Jobs of a loaded state run already and may have told nobody yet.
        self.instance.journal.get_or_init(|| journal).poke();
    }

    /// Makes an endpoint for event routes, unless there is one of this name, and gives its events from now on.
    /// Every subscriber of an endpoint gets all of them.
    ///
    /// ```
    /// use azure_iot_emulator::{Clock, DigitalTwins, Service, ServiceRequest};
    /// use http::Method;
    /// use serde_json::json;
    ///
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let instance = DigitalTwins::new(Clock::new());
    /// let mut events = instance.subscribe("my-endpoint")?;
    /// let send = async |path: &str, body| {
    ///     let request = ServiceRequest::new(Method::PUT, path)?.with_json(&body);
    ///     Ok::<_, String>(instance.handle(request).await)
    /// };
    /// let route = json!({"endpointName": "my-endpoint", "filter": "true"});
    /// send("/eventroutes/all?api-version=2023-10-31", route).await?;
    /// # let model = json!([{"@id": "dtmi:a:Room;1", "@type": "Interface", "@context": "dtmi:dtdl:context;2"}]);
    /// # let request = ServiceRequest::new(Method::POST, "/models?api-version=2023-10-31")?.with_json(&model);
    /// # instance.handle(request).await;
    /// let room = json!({"$metadata": {"$model": "dtmi:a:Room;1"}});
    /// send("/digitaltwins/room?api-version=2023-10-31", room).await?;
    /// let event = events.next().await.ok_or("the instance is gone")?;
    /// assert_eq!(event.event_type, "Microsoft.DigitalTwins.Twin.Create");
    /// assert_eq!(event.subject, "room");
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`EndpointError::TooMany`] if the instance has six endpoints already, [`EndpointError::Name`] if the name is
    /// empty.
    pub fn subscribe(&self, endpoint: &str) -> Result<EventSubscription, EndpointError> {
        self.instance.routing.lock().subscribe(endpoint)
    }

    /// Where import jobs read their input and write their logs: the blob `https://<any host>/<container>/<blob>` is the
    /// file `<directory>/<container>/<blob>`. Without it every import job fails.
    pub fn set_blob_directory(&self, directory: impl Into<PathBuf>) {
        *self.instance.blobs.lock() = Some(BlobDirectory(directory.into()));
    }

    /// Lets queries see the graph as it was so long ago, by the clock of the instance; no time at all by default. The
    /// service's own queries lag by up to ten seconds; reads by id are never late.
    pub fn set_query_lag(&self, lag: Duration) {
        self.instance.set_query_lag(lag);
    }

    /// Switches the documented rates on or off (the default): requests beyond them are answered with 429.
    pub fn set_rate_limits(&self, enabled: bool) {
        self.instance.rates.lock().enabled = enabled;
    }

    /// Makes an endpoint for event routes that posts each event to an address, or gives the endpoint of this name
    /// another address. Events leave one after the other; one that is not taken is sent up to five times within
    /// two seconds or so (an attempt may take 10 seconds) and then dropped with a warning in the log. Up to 10,000
    /// wait. With a data file an event may leave before its change is on the disk.
    ///
    /// With `https` the receiver needs a certificate that this computer trusts, or one of
    /// [`trust_webhook_certificates`](Self::trust_webhook_certificates).
    ///
    /// # Errors
    /// If the name is empty, the address is neither `http` nor `https`, the instance has six endpoints already, no Tokio
    /// runtime is there to send the events, or there is nothing that `https` could trust.
    pub fn add_webhook(&self, endpoint: &str, url: &Url) -> Result<(), EndpointError> {
        self.instance.routing.lock().add_webhook(endpoint, url)
    }

    /// Takes a webhook away. What it has taken already it still sends. The endpoint goes with it, unless there is a
    /// [subscriber](Self::subscribe).
    ///
    /// # Errors
    /// If there is no webhook of this name, or if event routes lead to the endpoint, which would be gone.
    pub fn remove_webhook(&self, endpoint: &str) -> Result<(), EndpointError> {
        self.instance.routing.lock().remove_webhook(endpoint)
    }

    /// Lets webhooks made from now on trust these certificates of authorities (PEM, one or more), too.
    ///
    /// # Errors
    /// [`EndpointError::Certificates`] if there is none or one that can't be read.
    pub fn trust_webhook_certificates(&self, pem: &str) -> Result<(), EndpointError> {
        self.instance.routing.lock().trust(pem)
    }
}

impl Drop for DigitalTwins {
    fn drop(&mut self) {
        self.instance.stopping.store(true, Ordering::Relaxed);
    }
}
