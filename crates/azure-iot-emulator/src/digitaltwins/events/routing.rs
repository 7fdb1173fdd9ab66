//! Routes and endpoints: which event goes where.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde::Serialize;
use thiserror::Error;
use tokio::sync::mpsc;
use url::Url;

use crate::digitaltwins::events::CloudEvent;
use crate::digitaltwins::events::filter::Filter;
use crate::digitaltwins::events::webhook;
use crate::durable::Tracked;

/// Endpoints of one instance, as the service documents.
const MAXIMUM_ENDPOINTS: usize = 6;

/// Why an endpoint can't be had.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// An instance has at most six endpoints.
    #[error("an instance has at most {MAXIMUM_ENDPOINTS} endpoints")]
    TooMany,
    /// The name is empty.
    #[error("an endpoint must have a name")]
    Name,
    /// There is no webhook of this name.
    #[error("no webhook is called {name:?}")]
    NotFound {
        /// The name.
        name: String,
    },
    /// Routes lead to the endpoint, which can't go before them.
    #[error("{name:?} is the endpoint of the event routes {}: delete these first", routes.join(", "))]
    InUse {
        /// The name of the endpoint.
        name: String,
        /// The ids of the routes.
        routes: Vec<String>,
    },
    /// The address is neither `http` nor `https`, or has no host.
    #[error("events can't be sent to {url}: only http and https are possible")]
    Url {
        /// The address.
        url: String,
    },
    /// What should be certificates to trust is none.
    #[error("these are no certificates in PEM: {reason}")]
    Certificates {
        /// What is wrong.
        reason: String,
    },
    /// An `https` webhook can't be had, for instance because this computer has no certificates to trust.
    #[error("events can't be sent over TLS: {reason}")]
    Tls {
        /// What is wrong.
        reason: String,
    },
    /// Webhooks are sent by a Tokio runtime, and none is running here.
    #[error("webhooks need a Tokio runtime")]
    NoRuntime,
}

/// A route as it is stored. The derived JSON is the form of dumped state.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Route {
    #[serde(rename = "endpointName")]
    pub(crate) endpoint: String,
    /// The filter as it was written.
    #[serde(rename = "filter")]
    pub(crate) text: String,
    #[serde(skip)]
    pub(crate) filter: Filter,
}

/// Where events go; a name may stand for subscribers in this process and a webhook at once.
#[derive(Debug, Default)]
struct Endpoint {
    subscribers: Vec<mpsc::UnboundedSender<Arc<CloudEvent>>>,
    webhook: Option<(Url, webhook::Sender)>,
}

/// The routes and endpoints of an instance.
#[derive(Debug, Default)]
pub(crate) struct Routing {
    endpoints: BTreeMap<String, Endpoint>,
    /// What webhooks trust besides the platform's certificates.
    roots: Vec<CertificateDer<'static>>,
    pub(crate) routes: Tracked<Route>,
}

impl Routing {
    pub(crate) fn has_endpoint(&self, name: &str) -> bool {
        self.endpoints.contains_key(name)
    }

    fn endpoint(&mut self, name: &str) -> Result<&mut Endpoint, EndpointError> {
        if name.is_empty() {
            return Err(EndpointError::Name);
        }
        if !self.has_endpoint(name) && self.endpoints.len() >= MAXIMUM_ENDPOINTS {
            return Err(EndpointError::TooMany);
        }
        Ok(self.endpoints.entry(name.to_owned()).or_default())
    }

    pub(crate) fn subscribe(&mut self, endpoint: &str) -> Result<EventSubscription, EndpointError> {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.endpoint(endpoint)?.subscribers.push(sender);
        Ok(EventSubscription { receiver })
    }

    pub(crate) fn trust(&mut self, pem: &str) -> Result<(), EndpointError> {
        let faulty = |reason: String| EndpointError::Certificates { reason };
        let roots = CertificateDer::pem_slice_iter(pem.as_bytes())
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| faulty(error.to_string()))?;
        if roots.is_empty() {
            return Err(faulty("there is none".to_owned()));
        }
        // Looked at here, so that the fault is told where it was made and not with the next webhook.
        let mut store = RootCertStore::empty();
        for root in &roots {
            store
                .add(root.clone())
                .map_err(|error| faulty(error.to_string()))?;
        }
        self.roots.extend(roots);
        Ok(())
    }

    pub(crate) fn add_webhook(&mut self, endpoint: &str, url: &Url) -> Result<(), EndpointError> {
        let sender = webhook::start(endpoint, url, &self.roots)?;
        self.endpoint(endpoint)?.webhook = Some((url.clone(), sender));
        Ok(())
    }

    /// The webhooks by name.
    pub(crate) fn webhooks(&self) -> impl Iterator<Item = (&str, &Url)> {
        self.endpoints
            .iter()
            .filter_map(|(name, endpoint)| Some((name.as_str(), &endpoint.webhook.as_ref()?.0)))
    }

    /// Takes a webhook away, and its endpoint unless somebody in this process listens there.
    pub(crate) fn remove_webhook(&mut self, name: &str) -> Result<(), EndpointError> {
        let not_found = || EndpointError::NotFound {
            name: name.to_owned(),
        };
        let endpoint = self.endpoints.get_mut(name).ok_or_else(not_found)?;
        if endpoint.webhook.is_none() {
            return Err(not_found());
        }
        endpoint.subscribers.retain(|subscriber| !subscriber.is_closed());
        if !endpoint.subscribers.is_empty() {
            endpoint.webhook = None;
            return Ok(());
        }
        let routes = self.routes.iter().filter(|(_, route)| route.endpoint == name);
        let routes: Vec<_> = routes.map(|(id, _)| id.clone()).collect();
        if !routes.is_empty() {
            let name = name.to_owned();
            return Err(EndpointError::InUse { name, routes });
        }
        self.endpoints.remove(name);
        Ok(())
    }

    /// Hands an event to the endpoint of every route that takes it; once per route. It is not made if no route
    /// could take it.
    pub(crate) fn send(&mut self, event: impl FnOnce() -> CloudEvent) {
        if self.routes.is_empty() {
            return;
        }
        let event = Arc::new(event());
        for route in self.routes.values().filter(|route| route.filter.takes(&event)) {
            let Some(endpoint) = self.endpoints.get_mut(&route.endpoint) else {
                continue;
            };
            endpoint
                .subscribers
                .retain(|subscriber| subscriber.send(Arc::clone(&event)).is_ok());
            if let Some((_, webhook)) = &endpoint.webhook {
                webhook.send(&event);
            }
        }
    }
}

/// The events of an endpoint, from [`DigitalTwins::subscribe`](crate::DigitalTwins::subscribe).
///
/// Events wait here without a limit until they are taken; drop it when no more are wanted.
#[derive(Debug)]
pub struct EventSubscription {
    receiver: mpsc::UnboundedReceiver<Arc<CloudEvent>>,
}

impl EventSubscription {
    /// Waits for the next event; `None` when the instance is gone.
    pub async fn next(&mut self) -> Option<CloudEvent> {
        self.receiver.recv().await.map(Arc::unwrap_or_clone)
    }

    /// The next event, if one is here. An event is here as soon as the operation that made it is answered.
    pub fn try_next(&mut self) -> Option<CloudEvent> {
        self.receiver.try_recv().ok().map(Arc::unwrap_or_clone)
    }
}
