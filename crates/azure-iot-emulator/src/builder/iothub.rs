//! The start of IoT Hub: HTTPS, AMQP, blob containers and the jobs that use them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use crate::amqp::control::Amqp;
use crate::amqp::listener::Listener;
use crate::amqp::node::Node;
use crate::amqp::websocket::AmqpWebSockets;
use crate::auth::authenticator::Authenticator;
use crate::auth::bearer::BearerTokens;
use crate::auth::hub_hosts::HubHosts;
use crate::auth::sas::{Policies, Policy};
use crate::builder::error::StartError;
use crate::builder::options::Builder;
use crate::builder::shared::{Shared, listen};
use crate::iothub::{Blobs, IotHub};
use crate::running::{RunningHub, RunningJobs};
use crate::server::connections::Connections;
use crate::server::endpoint::Endpoint;
use crate::server::listener::Server;
use crate::socket::local_authority;
use crate::tls;

impl Builder {
    /// Creates the hub with its models, unless the service is disabled.
    pub(super) fn new_iothub(&self) -> Result<Option<Arc<IotHub>>, StartError> {
        if self.iothub_port.is_none() {
            return Ok(None);
        }
        let hub = IotHub::new(self.clock.clone());
        if let Some(path) = &self.models {
            let read = hub.read_models(path);
            read.map_err(|source| StartError::Models {
                path: path.clone(),
                source,
            })?;
        }
        // Set before the preset creates devices.
        if let Some((namespace, delay)) = &self.device_registry {
            hub.link_device_registry(namespace, *delay);
        }
        Ok(Some(Arc::new(hub)))
    }
}

pub(super) async fn start(
    options: &Builder,
    port: u16,
    hub: Arc<IotHub>,
    policies: &[Policy],
    shared: &Shared,
) -> Result<RunningHub, StartError> {
    hub.set_tier(options.tier);
    hub.set_throttling(options.throttling);
    if let Some(journal) = &shared.journal {
        hub.set_journal(journal.clone());
    }
    let hosts = HubHosts::new(&options.hub_name);
    hub.set_hosts(hosts.clone());
    let tokens = BearerTokens::for_iot_hub();
    let authenticator = |others: Vec<String>| {
        let (clock, tokens) = (options.clock.clone(), tokens.clone());
        if !options.local_authentication {
            return Authenticator::bearer(clock, tokens);
        }
        let policies = Policies::new(policies.to_vec(), hosts.names().to_vec(), others);
        Authenticator::shared_access_or_bearer(clock, policies, tokens)
    };
    // An HTTP request names its host. AMQP has no such field, so a token may be for any name in the certificate.
    let amqp_names = [options.host_names.clone(), tls::local_names()].concat();
    let node = Arc::new(Node::new(
        hub.clone(),
        options.hub_name.clone(),
        hosts.clone(),
        authenticator(amqp_names),
        options.clock.clone(),
    ));
    let endpoint = Endpoint {
        service: hub.clone(),
        authenticator: authenticator(Vec::new()),
        faults: shared.faults.clone(),
        tls: Some(shared.tls.clone()),
        upgrade: Some(Arc::new(AmqpWebSockets(node.clone()))),
        journal: shared.journal.clone(),
    };
    let address = SocketAddr::new(options.address, port);
    let server = listen("iothub", address, endpoint, shared.connections).await?;
    let authority = local_authority(server.port(), 443);
    node.set_host(authority.clone());
    let listener = start_amqp(options, node.clone(), shared).await?;
    let blobs = start_blobs(options, hub.clone(), shared).await?;
    Ok(RunningHub {
        url: format!("https://{authority}"),
        server,
        listener,
        amqp: Amqp::new(node),
        blobs,
        jobs: RunningJobs::spawn(hub.clone()),
        hub,
    })
}

async fn start_amqp(options: &Builder, node: Arc<Node>, shared: &Shared) -> Result<Listener, StartError> {
    let address = SocketAddr::new(options.address, options.amqp_port);
    let connections = Connections::new(shared.connections);
    let listener = Listener::start(address, shared.tls.clone(), node, connections).await;
    listener.map_err(|source| StartError::Bind {
        service: "amqp",
        address,
        source,
    })
}

async fn start_blobs(options: &Builder, hub: Arc<IotHub>, shared: &Shared) -> Result<Server, StartError> {
    let endpoint = Endpoint {
        service: Arc::new(Blobs(hub.clone())),
        authenticator: Authenticator::open(options.clock.clone()),
        faults: shared.faults.clone(),
        tls: Some(shared.tls.clone()),
        upgrade: None,
        journal: shared.journal.clone(),
    };
    let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), options.blob_port);
    let server = listen("blobs", address, endpoint, shared.connections).await?;
    hub.set_blob_port(server.port());
    Ok(server)
}
