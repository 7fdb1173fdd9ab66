//! The start of the management API.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::auth::authenticator::Authenticator;
use crate::builder::error::StartError;
use crate::builder::options::Builder;
use crate::builder::shared::{Shared, listen};
use crate::faults::Faults;
use crate::management::Management;
use crate::running::{RunningHub, RunningInstance, RunningManagement};
use crate::server::endpoint::Endpoint;
use crate::server::limits::MANAGEMENT_CONNECTIONS;
use crate::service::StatefulService;
use crate::socket::local_authority;

pub(super) async fn start(
    options: &Builder,
    services: Vec<Arc<dyn StatefulService>>,
    iothub: Option<&RunningHub>,
    digitaltwins: Option<&RunningInstance>,
    shared: &Shared,
) -> Result<RunningManagement, StartError> {
    let management = Management {
        services,
        faults: shared.faults.clone(),
        clock: options.clock.clone(),
        amqp: iothub.map(|running| running.amqp.clone()),
        endpoints: endpoints(iothub, digitaltwins),
    };
    let endpoint = Endpoint {
        service: Arc::new(management),
        authenticator: Authenticator::open(options.clock.clone()),
        // Fault rules never apply to the management API, so that they can always be removed.
        faults: Faults::default(),
        tls: None,
        upgrade: None,
        journal: shared.journal.clone(),
    };
    let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), options.management_port);
    let server = listen("management", address, endpoint, MANAGEMENT_CONNECTIONS).await?;
    Ok(RunningManagement {
        url: format!("http://{}", local_authority(server.port(), 80)),
        server,
    })
}

/// Returns the body of the response to `GET /`.
fn endpoints(iothub: Option<&RunningHub>, digitaltwins: Option<&RunningInstance>) -> Value {
    let mut endpoints = json!({});
    if let Some(running) = iothub {
        endpoints["iothub"] = json!({
            "endpoint": running.url,
            "amqpEndpoint": running.amqp_url(),
            "blobEndpoint": running.blob_url(),
        });
    }
    if let Some(running) = digitaltwins {
        endpoints["digitaltwins"] = json!({ "endpoint": running.url });
    }
    endpoints
}
