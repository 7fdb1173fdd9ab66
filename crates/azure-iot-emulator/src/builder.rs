//! What to start, and starting it.

mod error;
mod prepare;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use serde_json::{Value, json};
use tokio_rustls::TlsAcceptor;

pub use self::error::StartError;
use self::prepare::Prepared;
use crate::amqp::{self, Amqp};
use crate::auth::{Authenticator, BearerTokens, Policies};
use crate::clock::Clock;
use crate::digitaltwins::DigitalTwins;
use crate::faults::Faults;
use crate::iothub::{Blobs, IotHub, Tier};
use crate::management::Management;
use crate::running::{Emulator, Running, RunningAmqp, RunningBlobs, RunningJobs};
use crate::server::{Endpoint, Server};
use crate::service::Service;
use crate::tls;

/// What to start. See [`Emulator::builder`].
#[derive(Debug, Clone)]
#[must_use]
pub struct Builder {
    address: IpAddr,
    iothub_port: Option<u16>,
    amqp_port: u16,
    digitaltwins_port: Option<u16>,
    management_port: u16,
    hub_name: String,
    policy_keys: Vec<(String, String)>,
    host_names: Vec<String>,
    webhooks: Vec<(String, url::Url)>,
    webhook_certificates: Vec<String>,
    blob_directory: Option<PathBuf>,
    query_lag: Duration,
    building: bool,
    clock: Clock,
    blob_port: u16,
    tier: Tier,
    data_file: Option<PathBuf>,
    preset: Option<Value>,
    state: Option<Value>,
    throttling: bool,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            iothub_port: Some(0),
            amqp_port: 0,
            digitaltwins_port: Some(0),
            management_port: 0,
            hub_name: "emulator".to_owned(),
            policy_keys: Vec::new(),
            host_names: Vec::new(),
            webhooks: Vec::new(),
            webhook_certificates: Vec::new(),
            blob_directory: None,
            query_lag: Duration::ZERO,
            building: false,
            clock: Clock::new(),
            blob_port: 0,
            tier: Tier::default(),
            data_file: None,
            preset: None,
            state: None,
            throttling: false,
        }
    }
}

impl Builder {
    /// The address that the services listen on, by default 127.0.0.1. The management API stays on 127.0.0.1.
    pub fn address(mut self, address: IpAddr) -> Self {
        self.address = address;
        self
    }

    /// The port of the IoT Hub endpoint; 0, the default, takes a free one.
    pub fn iothub_port(mut self, port: u16) -> Self {
        self.iothub_port = Some(port);
        self
    }

    /// The port on which the hub speaks AMQP; 0, the default, takes a free one. Clients that can't be given a port
    /// use 5671. AMQP over WebSockets is on the port of the IoT Hub endpoint.
    pub fn amqp_port(mut self, port: u16) -> Self {
        self.amqp_port = port;
        self
    }

    /// The port at which the blob containers of import and export jobs are served; 0, the default, takes a free one.
    /// They take every caller, and so stay on 127.0.0.1.
    pub fn blob_port(mut self, port: u16) -> Self {
        self.blob_port = port;
        self
    }

    /// The size of the hub, S1 unless set.
    pub fn tier(mut self, tier: Tier) -> Self {
        self.tier = tier;
        self
    }

    /// Keeps the state in this file: what was there when the emulator ended, however it ended, is there when it starts
    /// again, shared access keys included. A request that changes something is answered once the change is on the
    /// disk. Beside it is a journal, `<file>.journal`. Without this, everything is in memory.
    pub fn data_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.data_file = Some(path.into());
        self
    }

    /// Fills a hub that is new, which with a data file it is only once: `{"devices": […], "configurations": […]}`,
    /// the devices and modules as in a bulk request or in a file of an export job.
    pub fn preset(mut self, hub: Value) -> Self {
        self.preset = Some(hub);
        self
    }

    /// State to start with, as [`Emulator::dump_state`] gives it. Of the services that it names, it takes the place of
    /// what a data file has.
    pub fn state(mut self, state: Value) -> Self {
        self.state = Some(state);
        self
    }

    /// Answers 429 to requests beyond what the hub's [tier](Self::tier) allows, or beyond the documented rates of Digital
    /// Twins; off unless set.
    pub fn throttling(mut self, on: bool) -> Self {
        self.throttling = on;
        self
    }

    /// The port of the Digital Twins endpoint; 0, the default, takes a free one.
    pub fn digitaltwins_port(mut self, port: u16) -> Self {
        self.digitaltwins_port = Some(port);
        self
    }

    /// The port of the management API; 0, the default, takes a free one.
    pub fn management_port(mut self, port: u16) -> Self {
        self.management_port = port;
        self
    }

    /// Without IoT Hub.
    pub fn without_iothub(mut self) -> Self {
        self.iothub_port = None;
        self
    }

    /// Without Digital Twins.
    pub fn without_digitaltwins(mut self) -> Self {
        self.digitaltwins_port = None;
        self
    }

    /// The hub's name, `emulator` by default; the hub also answers to `<name>.azure-devices.net`.
    pub fn hub_name(mut self, name: impl Into<String>) -> Self {
        self.hub_name = name.into();
        self
    }

    /// Presets the primary key (base64) of one of the hub's shared access policies: `iothubowner`, `service`,
    /// `device`, `registryRead`, `registryReadWrite`. All other keys are random.
    pub fn policy_key(mut self, policy: impl Into<String>, key: impl Into<String>) -> Self {
        self.policy_keys.push((policy.into(), key.into()));
        self
    }

    /// One more host name for the server certificate.
    pub fn host_name(mut self, name: impl Into<String>) -> Self {
        self.host_names.push(name.into());
        self
    }

    /// An endpoint for event routes of Digital Twins that posts its events, as CloudEvents, to an address with
    /// `http` or `https`. An instance has at most six endpoints.
    pub fn event_webhook(mut self, endpoint: impl Into<String>, url: url::Url) -> Self {
        self.webhooks.push((endpoint.into(), url));
        self
    }

    /// Certificates of authorities (PEM, one or more) that webhooks trust besides those of this computer.
    pub fn event_webhook_certificates(mut self, pem: impl Into<String>) -> Self {
        self.webhook_certificates.push(pem.into());
        self
    }

    /// Where import jobs of Digital Twins find their input and leave their logs: the blob
    /// `https://<any host>/<container>/<blob>` is the file `<directory>/<container>/<blob>`.
    pub fn blob_directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.blob_directory = Some(directory.into());
        self
    }

    /// Lets queries of Digital Twins see the graph as it was so long ago; without a lag by default.
    pub fn query_lag(mut self, lag: Duration) -> Self {
        self.query_lag = lag;
        self
    }

    /// Fills an instance of Digital Twins that is empty with [a building](DigitalTwins::load_building).
    pub fn building(mut self) -> Self {
        self.building = true;
        self
    }

    /// The clock that the services go by.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Starts.
    ///
    /// # Errors
    /// If a port is taken, a host name is none, a preset policy key can't be used, or there is something wrong with
    /// a file or state to start with.
    pub async fn start(self) -> Result<Emulator, StartError> {
        let hub = self
            .iothub_port
            .map(|_| Arc::new(IotHub::new(self.clock.clone())));
        let twins = self
            .digitaltwins_port
            .map(|_| Arc::new(DigitalTwins::new(self.clock.clone())));
        if let (Some(directory), Some(twins)) = (&self.blob_directory, &twins) {
            if directory.exists() && !directory.is_dir() {
                let path = directory.clone();
                return Err(StartError::BlobDirectory { path });
            }
            // Before any state is loaded: a job in it goes on at once.
            twins.set_blob_directory(directory);
        }
        let mut services: Vec<Arc<dyn Service>> = Vec::new();
        services.extend(hub.clone().map(|hub| hub as Arc<dyn Service>));
        services.extend(twins.clone().map(|twins| twins as Arc<dyn Service>));
        let Prepared {
            policies,
            journal,
            writer,
        } = self.prepare(&services, hub.as_deref(), twins.as_deref())?;
        let hub_host = format!("{}.azure-devices.net", self.hub_name);
        let mut names = self.host_names.clone();
        names.push(hub_host.clone());
        for name in &names {
            ServerName::try_from(name.as_str()).map_err(|_| StartError::HostName { name: name.clone() })?;
        }
        let certificates = tls::generate(&names)?;
        let tls = TlsAcceptor::from(certificates.server_config.clone());
        let faults = Faults::default();

        let mut iothub = None;
        let mut amqp = None;
        let mut blobs = None;
        if let (Some(port), Some(service)) = (self.iothub_port, hub) {
            service.set_tier(self.tier);
            service.set_throttling(self.throttling);
            if let Some(journal) = journal.clone() {
                service.set_journal(journal);
            }
            let shared = Policies::new(policies.clone(), vec![hub_host]);
            let tokens = BearerTokens::for_iot_hub();
            // A request over HTTP says which host it is for; over AMQP any name of the certificate may be meant.
            let named = Policies::new(policies.clone(), [names, tls::local_names()].concat());
            let amqp_authenticator =
                Authenticator::shared_access_or_bearer(self.clock.clone(), named, tokens.clone());
            let authenticator = Authenticator::shared_access_or_bearer(self.clock.clone(), shared, tokens);
            let node = Arc::new(amqp::Node::new(
                service.clone(),
                self.hub_name.clone(),
                amqp_authenticator,
                self.clock.clone(),
            ));
            let endpoint = Endpoint {
                service: service.clone(),
                authenticator,
                faults: faults.clone(),
                tls: Some(tls.clone()),
                amqp: Some(node.clone()),
                journal: journal.clone(),
            };
            let server = listen("iothub", SocketAddr::new(self.address, port), endpoint).await?;
            let authority = format!("localhost:{}", server.port());
            iothub = Some(Running {
                url: format!("https://{authority}"),
                service,
                server,
            });
            node.set_host(authority);
            let address = SocketAddr::new(self.address, self.amqp_port);
            let listener = amqp::Listener::start(address, tls.clone(), node.clone());
            let listener = listener.await.map_err(|source| StartError::Bind {
                service: "amqp",
                address,
                source,
            })?;
            let endpoint = Endpoint {
                service: Arc::new(Blobs(node.hub.clone())),
                authenticator: Authenticator::open(self.clock.clone()),
                faults: faults.clone(),
                tls: Some(tls.clone()),
                amqp: None,
                journal: journal.clone(),
            };
            let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), self.blob_port);
            let server = listen("blobs", address, endpoint).await?;
            node.hub.set_blob_port(server.port());
            blobs = Some(RunningBlobs {
                server,
                jobs: RunningJobs(tokio::spawn(node.hub.clone().keep_running_jobs())),
            });
            amqp = Some(RunningAmqp {
                listener,
                control: Amqp::new(node),
            });
        }
        let mut digitaltwins = None;
        if let (Some(port), Some(service)) = (self.digitaltwins_port, twins) {
            for pem in &self.webhook_certificates {
                service.trust_webhook_certificates(pem)?;
            }
            for (endpoint, url) in &self.webhooks {
                service.add_webhook(endpoint, url)?;
            }
            if let Some(journal) = journal.clone() {
                service.set_journal(journal);
            }
            service.set_rate_limits(self.throttling);
            service.set_query_lag(self.query_lag);
            let endpoint = Endpoint {
                service: service.clone(),
                authenticator: Authenticator::bearer(self.clock.clone(), BearerTokens::for_digital_twins()),
                faults: faults.clone(),
                tls: Some(tls),
                amqp: None,
                journal: journal.clone(),
            };
            let server = listen("digitaltwins", SocketAddr::new(self.address, port), endpoint).await?;
            digitaltwins = Some(Running {
                url: format!("https://localhost:{}", server.port()),
                service,
                server,
            });
        }

        let mut endpoints = json!({});
        if let Some(iothub) = &iothub {
            endpoints["iothub"] = json!({ "endpoint": iothub.url });
        }
        if let Some(amqp) = &amqp {
            endpoints["iothub"]["amqpEndpoint"] = json!(amqp.url());
        }
        if let Some(blobs) = &blobs {
            endpoints["iothub"]["blobEndpoint"] = json!(blobs.url());
        }
        if let Some(digitaltwins) = &digitaltwins {
            endpoints["digitaltwins"] = json!({ "endpoint": digitaltwins.url });
        }
        let management = Management {
            services,
            faults: faults.clone(),
            clock: self.clock.clone(),
            amqp: amqp.as_ref().map(|running| running.control.clone()),
            endpoints: endpoints.clone(),
        };
        let endpoint = Endpoint {
            service: Arc::new(management),
            authenticator: Authenticator::open(self.clock.clone()),
            faults: Faults::default(),
            tls: None,
            amqp: None,
            journal,
        };
        let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), self.management_port);
        let management = listen("management", address, endpoint).await?;
        let management_url = format!("http://localhost:{}", management.port());
        Ok(Emulator {
            iothub,
            amqp,
            blobs,
            digitaltwins,
            management,
            management_url,
            policies,
            ca_pem: certificates.ca_pem,
            clock: self.clock,
            faults,
            _writer: writer,
        })
    }
}

async fn listen(
    service: &'static str,
    address: SocketAddr,
    endpoint: Endpoint,
) -> Result<Server, StartError> {
    Server::start(address, endpoint)
        .await
        .map_err(|source| StartError::Bind {
            service,
            address,
            source,
        })
}
