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
use crate::running::{RunningHub, RunningInstance, RunningManagement, RunningProvisioning};
use crate::server::endpoint::Endpoint;
use crate::server::limits::MANAGEMENT_CONNECTIONS;
use crate::service::StatefulService;
use crate::socket::local_authority;

pub(super) async fn start(
    options: &Builder,
    services: Vec<Arc<dyn StatefulService>>,
    running: RunningServices<'_>,
    shared: &Shared,
) -> Result<RunningManagement, StartError> {
    let management = Management {
        services,
        faults: shared.faults.clone(),
        clock: options.clock.clone(),
        amqp: running.iothub.map(|running| running.amqp.clone()),
        endpoints: endpoints(running),
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

/// The services whose endpoints the API shows.
#[derive(Clone, Copy)]
pub(super) struct RunningServices<'a> {
    pub(super) iothub: Option<&'a RunningHub>,
    pub(super) provisioning: Option<&'a RunningProvisioning>,
    pub(super) digitaltwins: Option<&'a RunningInstance>,
}

/// Returns the body of the response to `GET /`.
fn endpoints(services: RunningServices<'_>) -> Value {
    let mut endpoints = json!({});
    if let Some(running) = services.iothub {
        endpoints["iothub"] = json!({
            "endpoint": running.url,
            "amqpEndpoint": running.amqp_url(),
            "blobEndpoint": running.blob_url(),
        });
    }
    if let Some(running) = services.provisioning {
        endpoints["provisioning"] = json!({
            "endpoint": running.url,
            "idScope": running.service.id_scope(),
        });
    }
    if let Some(running) = services.digitaltwins {
        endpoints["digitaltwins"] = json!({ "endpoint": running.url });
    }
    endpoints
}
