//! The data plane of Azure Digital Twins.
//!
//! Each row imports only from the rows below it:
//!
//! | module | content |
//! |---|---|
//! | [`service`], [`manage`], [`preset`] | entry point for the server, management API, demo building |
//! | [`router`] | dispatch of requests to operations |
//! | [`models`], [`twins`], [`components`], [`relationships`], [`relationship_lists`], [`telemetry`], [`queries`], [`event_routes`], [`import_jobs`], [`delete_jobs`] | one operation group per noun; none uses another: parse, apply the rules, change the store, render |
//! | [`call`], [`paging`] | request parsing and paging, shared by operations |
//! | [`state`], [`query`], [`jobs`] | engines: dump and load, queries, background jobs |
//! | [`instance`] | shared state behind its locks |
//! | [`events`] | event notifications to subscribers and webhooks |
//! | [`rules`] | checks, limits, patches and preconditions; pure |
//! | [`errors`] | error responses |
//! | [`store`] | records, indexes and history; imports none of the above |
//!
//! The records of jobs, in [`jobs::record`] and [`jobs::table`], rank below the instance, their workers above it.
//!
//! One lock guards the graph, so operations are atomic. A query releases it every few milliseconds, even in the middle
//! of a traversal. [`instance::Instance`] describes the lock order.

mod call;
mod components;
mod delete_jobs;
mod errors;
mod event_routes;
mod events;
mod import_jobs;
mod in_process;
mod instance;
mod jobs;
mod manage;
mod models;
mod paging;
mod preset;
mod queries;
mod query;
mod relationship_lists;
mod relationships;
mod router;
mod rules;
mod service;
mod state;
mod store;
mod telemetry;
#[cfg(test)]
mod tests;
mod twins;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::clock::Clock;
pub use crate::digitaltwins::events::cloud_event::CloudEvent;
pub use crate::digitaltwins::events::endpoint::EndpointError;
pub use crate::digitaltwins::events::subscription::EventSubscription;
use crate::digitaltwins::instance::Instance;
use crate::durable::journal::Journal;

/// An instance of Azure Digital Twins: models, twins and relationships in memory.
///
/// ```
/// use azure_iot_emulator::{Clock, DigitalTwins, ServiceRequest};
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
    /// Creates an empty instance with the limits that the service documents.
    pub fn new(clock: Clock) -> Self {
        DigitalTwins {
            instance: Arc::new(Instance::new(clock)),
        }
    }

    /// Makes the progress of jobs durable. Further calls have no effect.
    pub(crate) fn set_journal(&self, journal: Journal) {
        self.instance.set_journal(journal);
    }

    /// Creates an endpoint for event routes, unless one with this name exists, and subscribes to its events. Every
    /// subscriber of an endpoint receives every event.
    ///
    /// ```
    /// use azure_iot_emulator::{Clock, DigitalTwins, ServiceRequest};
    /// use http::Method;
    /// use serde_json::json;
    ///
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let instance = DigitalTwins::new(Clock::new());
    /// let mut events = instance.subscribe("my-endpoint")?;
    /// let send = async |path: &str, body| {
    ///     let request = ServiceRequest::new(Method::PUT, path)?.with_json(&body);
    ///     Ok::<_, azure_iot_emulator::PathError>(instance.handle(request).await)
    /// };
    /// let route = json!({"endpointName": "my-endpoint", "filter": "true"});
    /// send("/eventroutes/all?api-version=2023-10-31", route).await?;
    /// # let model = json!([{"@id": "dtmi:a:Room;1", "@type": "Interface", "@context": "dtmi:dtdl:context;2"}]);
    /// # let request = ServiceRequest::new(Method::POST, "/models?api-version=2023-10-31")?.with_json(&model);
    /// # instance.handle(request).await;
    /// let room = json!({"$metadata": {"$model": "dtmi:a:Room;1"}});
    /// send("/digitaltwins/room?api-version=2023-10-31", room).await?;
    /// let event = events.next().await.ok_or("the instance was dropped")?;
    /// assert_eq!(event.event_type, "Microsoft.DigitalTwins.Twin.Create");
    /// assert_eq!(event.subject, "room");
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`EndpointError::TooMany`] if the instance already has six endpoints, [`EndpointError::Name`] if the name is
    /// empty.
    pub fn subscribe(&self, endpoint: &str) -> Result<EventSubscription, EndpointError> {
        self.instance.events.subscribe(endpoint)
    }

    /// Sets the directory in which import jobs read their input and write their logs: the blob
    /// `https://<any host>/<container>/<blob>` is the file `<directory>/<container>/<blob>`. Without it every import
    /// job fails.
    pub fn set_blob_directory(&self, directory: impl Into<PathBuf>) {
        self.instance.blobs.set(directory.into());
    }

    /// Makes queries return the graph as it was `lag` ago by the clock of the instance. The default is no lag. In the
    /// real service, queries lag by up to ten seconds; reads by id never lag.
    pub fn set_query_lag(&self, lag: Duration) {
        let clock = &self.instance.clock;
        self.instance.session().graph.set_query_lag(lag, clock);
    }

    /// Enables or disables the documented rate limits (default: disabled). Requests beyond the limits fail with 429.
    pub fn set_rate_limits(&self, enabled: bool) {
        self.instance.rates.set_enabled(enabled);
    }

    /// Creates an endpoint for event routes that posts each event to a URL, or changes the URL of the endpoint with this
    /// name. Events are sent in order. A failed delivery is retried up to four times with exponential backoff, about 1.5
    /// seconds in total (each attempt times out after 10 seconds); then the event is dropped with a warning in the log.
    /// Up to 10,000 events are queued. With a data file, an event may be sent before its change is on disk.
    ///
    /// With `https`, the receiver needs a certificate that the platform trusts, or one of
    /// [`trust_webhook_certificates`](Self::trust_webhook_certificates).
    ///
    /// # Errors
    /// If the name is empty, the URL is neither `http` nor `https`, the instance already has six endpoints, the caller
    /// runs outside a Tokio runtime, or no trusted certificates are available for `https`.
    pub fn add_webhook(&self, endpoint: &str, url: &Url) -> Result<(), EndpointError> {
        self.instance.events.add_webhook(endpoint, url)
    }

    /// Removes a webhook. Queued events are still delivered. Its endpoint is also removed, unless it has a
    /// [subscriber](Self::subscribe).
    ///
    /// # Errors
    /// If there is no webhook with this name, or if event routes refer to an endpoint that would be removed.
    pub fn remove_webhook(&self, endpoint: &str) -> Result<(), EndpointError> {
        self.instance.events.remove_webhook(endpoint)
    }

    /// Makes webhooks added after this call also trust these CA certificates (PEM, one or more).
    ///
    /// # Errors
    /// [`EndpointError::Certificates`] if `pem` has no certificate or an invalid one.
    pub fn trust_webhook_certificates(&self, pem: &str) -> Result<(), EndpointError> {
        self.instance.events.trust(pem)
    }
}

impl Drop for DigitalTwins {
    fn drop(&mut self) {
        self.instance.stop();
    }
}
