//! Delivery of events from routes to endpoints.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use parking_lot::Mutex;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::Value;
use tokio::sync::mpsc;
use url::Url;

use crate::clock::Clock;
use crate::digitaltwins::errors::{self, ServiceResult};
use crate::digitaltwins::events::cloud_event::CloudEvent;
use crate::digitaltwins::events::endpoint::{EndpointError, MAX_ENDPOINTS};
use crate::digitaltwins::events::route::Route;
use crate::digitaltwins::events::subscription::EventSubscription;
use crate::digitaltwins::events::webhook;
use crate::durable::{StateChange, Tracked};

/// Maximum number of routes per instance, as documented.
const MAX_ROUTES: usize = 6;

/// The routes and endpoints of an instance.
///
/// Lock order: last. The lock is private. No method returns its guard, or takes another lock except the clock's.
#[derive(Debug)]
pub(crate) struct EventRouting {
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    endpoints: BTreeMap<String, Endpoint>,
    /// Certificates that webhooks trust in addition to the platform's.
    roots: Vec<CertificateDer<'static>>,
    routes: Tracked<Route>,
}

/// The receivers of events: subscribers in this process and a webhook can share a name.
#[derive(Debug, Default)]
struct Endpoint {
    subscribers: Vec<mpsc::UnboundedSender<Arc<CloudEvent>>>,
    webhook: Option<(Url, webhook::Sender)>,
}

impl State {
    /// Returns the endpoint with this name, and creates it if needed.
    fn endpoint(&mut self, name: &str) -> Result<&mut Endpoint, EndpointError> {
        if name.is_empty() {
            return Err(EndpointError::Name);
        }
        if !self.endpoints.contains_key(name) && self.endpoints.len() >= MAX_ENDPOINTS {
            return Err(EndpointError::TooMany);
        }
        Ok(self.endpoints.entry(name.to_owned()).or_default())
    }
}

impl EventRouting {
    pub(crate) fn new(clock: Clock) -> Self {
        EventRouting {
            clock,
            state: Mutex::default(),
        }
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(crate) fn subscribe(&self, endpoint: &str) -> Result<EventSubscription, EndpointError> {
        let (sender, subscription) = EventSubscription::new();
        self.state.lock().endpoint(endpoint)?.subscribers.push(sender);
        Ok(subscription)
    }

    pub(crate) fn trust(&self, pem: &str) -> Result<(), EndpointError> {
        let faulty = |reason: String| EndpointError::Certificates { reason };
        let roots = CertificateDer::pem_slice_iter(pem.as_bytes())
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| faulty(error.to_string()))?;
        if roots.is_empty() {
            return Err(faulty("no certificate found".to_owned()));
        }
        // Checked here, so that this call reports an invalid certificate rather than a later call that adds a
        // webhook.
        let mut store = RootCertStore::empty();
        for root in &roots {
            store
                .add(root.clone())
                .map_err(|error| faulty(error.to_string()))?;
        }
        self.state.lock().roots.extend(roots);
        Ok(())
    }

    pub(crate) fn add_webhook(&self, endpoint: &str, url: &Url) -> Result<(), EndpointError> {
        let mut state = self.state.lock();
        let sender = webhook::start(endpoint, url, &state.roots)?;
        state.endpoint(endpoint)?.webhook = Some((url.clone(), sender));
        Ok(())
    }

    /// Returns the webhooks by name.
    pub(crate) fn webhooks(&self) -> Vec<(String, Url)> {
        let state = self.state.lock();
        let endpoints = state.endpoints.iter();
        endpoints
            .filter_map(|(name, endpoint)| Some((name.clone(), endpoint.webhook.as_ref()?.0.clone())))
            .collect()
    }

    /// Removes a webhook, and its endpoint unless it has subscribers.
    pub(crate) fn remove_webhook(&self, name: &str) -> Result<(), EndpointError> {
        let mut state = self.state.lock();
        let state = &mut *state;
        let not_found = || EndpointError::NotFound {
            name: name.to_owned(),
        };
        let endpoint = state.endpoints.get_mut(name).ok_or_else(not_found)?;
        if endpoint.webhook.is_none() {
            return Err(not_found());
        }
        endpoint.subscribers.retain(|subscriber| !subscriber.is_closed());
        if !endpoint.subscribers.is_empty() {
            endpoint.webhook = None;
            return Ok(());
        }
        let routes = state.routes.iter().filter(|(_, route)| route.endpoint == name);
        let routes: Vec<_> = routes.map(|(id, _)| id.clone()).collect();
        if !routes.is_empty() {
            let name = name.to_owned();
            return Err(EndpointError::InUse { name, routes });
        }
        state.endpoints.remove(name);
        Ok(())
    }

    /// Sends an event to the endpoint of every matching route, once per route. `event` is not called if there
    /// are no routes.
    pub(super) fn send(&self, event: impl FnOnce() -> CloudEvent) {
        let mut state = self.state.lock();
        let state = &mut *state;
        if state.routes.is_empty() {
            return;
        }
        let event = Arc::new(event());
        for route in state.routes.values().filter(|route| route.filter.matches(&event)) {
            // Routes in a loaded state may refer to endpoints that do not exist in this process.
            let Some(endpoint) = state.endpoints.get_mut(&route.endpoint) else {
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

    pub(crate) fn put_route(&self, id: &str, route: Route) -> ServiceResult<()> {
        let mut state = self.state.lock();
        if !state.endpoints.contains_key(&route.endpoint) {
            return Err(errors::route_endpoint_invalid());
        }
        if !state.routes.contains_key(id) && state.routes.len() >= MAX_ROUTES {
            return Err(errors::route_limit_exceeded(MAX_ROUTES));
        }
        state.routes.insert(id.to_owned(), route);
        Ok(())
    }

    pub(crate) fn route(&self, id: &str) -> Option<Route> {
        self.state.lock().routes.get(id).cloned()
    }

    /// Returns up to `size` routes in the order of their ids, starting after `after`, and whether more follow.
    pub(crate) fn routes(&self, after: Option<String>, size: usize) -> (Vec<(String, Route)>, bool) {
        let state = self.state.lock();
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut routes = state.routes.range((from, Bound::Unbounded));
        let page = routes
            .by_ref()
            .take(size)
            .map(|(id, route)| (id.clone(), route.clone()));
        (page.collect(), routes.next().is_some())
    }

    pub(crate) fn remove_route(&self, id: &str) -> Option<Route> {
        self.state.lock().routes.remove(id)
    }

    /// Returns the routes in the format of dumped state.
    #[expect(clippy::expect_used, reason = "strings serialize")]
    pub(crate) fn dump(&self) -> Value {
        serde_json::to_value(&self.state.lock().routes).expect("routes are made of strings")
    }

    /// Replaces all routes. Endpoints are not part of the state, so a route may refer to a missing one; its events are
    /// dropped.
    pub(crate) fn replace_routes(&self, routes: BTreeMap<String, Route>) {
        let mut state = self.state.lock();
        let is_recorded = state.routes.is_recorded();
        state.routes = Tracked::from(routes);
        if is_recorded {
            state.routes.record();
        }
    }

    pub(crate) fn record_changes(&self) {
        self.state.lock().routes.record();
    }

    pub(crate) fn take_changes(&self) -> Vec<StateChange> {
        self.state.lock().routes.take_changes(&["eventRoutes"])
    }
}
