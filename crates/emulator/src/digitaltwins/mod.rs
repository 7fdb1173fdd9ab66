//! The data plane of Azure Digital Twins.
//!
//! | where | what |
//! |---|---|
//! | [`router`], [`call`], [`errors`] | requests to operations and errors to answers |
//! | [`models`], [`twins`], [`components`], [`relationships`], [`relationship_lists`], [`telemetry`], [`query`] | the operations, by noun |
//! | [`model_check`], [`twin_check`], [`value_check`], [`twin_patch`], [`patch`], [`etag`], [`limits`] | the rules they share |
//! | [`graph`], [`model_store`], [`interface`], [`twin`], [`slab`], [`timestamp`], [`state`] | what is stored and how it is written |
//!
//! One lock holds the graph: an operation on a twin sees no other half done, and none holds it longer than a
//! small part of a query takes.

mod call;
mod components;
mod errors;
mod etag;
mod graph;
mod interface;
mod limits;
mod model_check;
mod model_store;
mod models;
mod patch;
mod query;
mod relationship_lists;
mod relationships;
mod router;
mod slab;
mod state;
mod telemetry;
mod timestamp;
mod twin;
mod twin_check;
mod twin_patch;
mod twins;
mod value_check;

use parking_lot::{Mutex, RwLock};
use uuid::Uuid;

use crate::clock::Clock;
use graph::Graph;
use limits::Limits;

/// An instance of Azure Digital Twins: models, twins and relationships in memory.
///
/// ```
/// use emulator::{Clock, DigitalTwins, Service, ServiceRequest};
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
    clock: Clock,
    limits: Limits,
    /// Told apart from every other instance, so that continuation tokens are of use only here.
    instance: Uuid,
    graph: RwLock<Graph>,
    /// Held by whatever changes models, which looks at the graph more than once.
    model_changes: Mutex<()>,
}

impl DigitalTwins {
    /// An empty instance with the limits that the service documents.
    pub fn new(clock: Clock) -> Self {
        DigitalTwins {
            clock,
            limits: Limits::default(),
            instance: Uuid::new_v4(),
            graph: RwLock::default(),
            model_changes: Mutex::default(),
        }
    }
}
