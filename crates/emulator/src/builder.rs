//! Starting and stopping the emulator in process.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use serde_json::{Value, json};
use thiserror::Error;
use tokio_rustls::TlsAcceptor;

use crate::amqp::{self, Amqp};
use crate::auth::{self, Authenticator, BearerTokens, Policies, Policy};
use crate::clock::Clock;
use crate::digitaltwins::DigitalTwins;
use crate::faults::Faults;
use crate::iothub::IotHub;
use crate::management::Management;
use crate::server::{Endpoint, Server};
use crate::service::Service;
use crate::tls::{self, CertificateError};

/// Why the emulator did not start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// A port can't be had.
    #[error("{service} can't listen on {address}")]
    Bind {
        /// Which endpoint.
        service: &'static str,
        /// Where it should listen.
        address: SocketAddr,
        /// What the operating system says.
        source: io::Error,
    },
    /// There is no certificate.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// A preset policy has a name that no hub has, or a key that is not base64.
    #[error("the key of the shared access policy {policy:?} is not base64, or there is no such policy")]
    PolicyKey {
        /// The policy's name.
        policy: String,
    },
}

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
    clock: Clock,
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
            clock: Clock::new(),
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

    /// The clock that the services go by.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Starts.
    ///
    /// # Errors
    /// If a port is taken, a host name is none, or a preset policy key can't be used.
    pub async fn start(self) -> Result<Emulator, StartError> {
        let policies = self.policies()?;
        let hub_host = format!("{}.azure-devices.net", self.hub_name);
        let mut names = self.host_names.clone();
        names.push(hub_host.clone());
        let certificates = tls::generate(&names)?;
        let tls = TlsAcceptor::from(certificates.server_config.clone());
        let faults = Faults::default();
        let mut services: Vec<Arc<dyn Service>> = Vec::new();

        let mut iothub = None;
        let mut amqp = None;
        if let Some(port) = self.iothub_port {
            let service = Arc::new(IotHub::new(self.clock.clone()));
            services.push(service.clone());
            let shared = Policies::new(policies.clone(), vec![hub_host]);
            let tokens = BearerTokens::for_iot_hub();
            let authenticator = Authenticator::shared_access_or_bearer(self.clock.clone(), shared, tokens);
            let node = Arc::new(amqp::Node::new(
                service.clone(),
                self.hub_name.clone(),
                authenticator.clone(),
                self.clock.clone(),
            ));
            let endpoint = Endpoint {
                service: service.clone(),
                authenticator,
                faults: faults.clone(),
                tls: Some(tls.clone()),
                amqp: Some(node.clone()),
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
            amqp = Some(RunningAmqp { listener, control: Amqp::new(node) });
        }
        let mut digitaltwins = None;
        if let Some(port) = self.digitaltwins_port {
            let service = Arc::new(DigitalTwins::new(self.clock.clone()));
            services.push(service.clone());
            let endpoint = Endpoint {
                service: service.clone(),
                authenticator: Authenticator::bearer(self.clock.clone(), BearerTokens::for_digital_twins()),
                faults: faults.clone(),
                tls: Some(tls),
                amqp: None,
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
        if let Some(digitaltwins) = &digitaltwins {
            endpoints["digitaltwins"] = json!({ "endpoint": digitaltwins.url });
        }
        let management = Management {
            services,
            faults: faults.clone(),
            clock: self.clock.clone(),
            endpoints: endpoints.clone(),
        };
        let endpoint = Endpoint {
            service: Arc::new(management),
            authenticator: Authenticator::open(self.clock.clone()),
            faults: Faults::default(),
            tls: None,
            amqp: None,
        };
        let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), self.management_port);
        let management = listen("management", address, endpoint).await?;
        let management_url = format!("http://localhost:{}", management.port());
        Ok(Emulator {
            iothub,
            amqp,
            digitaltwins,
            management,
            management_url,
            policies,
            ca_pem: certificates.ca_pem,
            clock: self.clock,
            faults,
        })
    }

    fn policies(&self) -> Result<Vec<Policy>, StartError> {
        let mut policies = Policies::defaults();
        for (name, key) in &self.policy_keys {
            let unusable = || StartError::PolicyKey { policy: name.clone() };
            let policy = policies
                .iter_mut()
                .find(|policy| policy.name() == name)
                .ok_or_else(unusable)?;
            *policy = policy.clone().with_primary_key(key).map_err(|_| unusable())?;
        }
        Ok(policies)
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

struct RunningAmqp {
    listener: amqp::Listener,
    control: Amqp,
}

impl RunningAmqp {
    fn url(&self) -> String {
        format!("amqps://localhost:{}", self.listener.port())
    }
}

struct Running<S> {
    url: String,
    service: Arc<S>,
    server: Server,
}

/// A running emulator. Dropping it frees its ports and cuts its connections; [`shut_down`](Emulator::shut_down)
/// lets them finish first.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), emulator::StartError> {
/// let emulator = emulator::Emulator::start().await?;
/// assert!(emulator.iothub_connection_string().starts_with("HostName=localhost:"));
/// assert!(emulator.digitaltwins_endpoint().starts_with("https://localhost:"));
/// # Ok(())
/// # }
/// ```
pub struct Emulator {
    iothub: Option<Running<IotHub>>,
    amqp: Option<RunningAmqp>,
    digitaltwins: Option<Running<DigitalTwins>>,
    management: Server,
    management_url: String,
    policies: Vec<Policy>,
    ca_pem: String,
    clock: Clock,
    faults: Faults,
}

impl fmt::Debug for Emulator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Emulator")
            .field("iothub", &self.iothub_endpoint())
            .field("digitaltwins", &self.digitaltwins_endpoint())
            .field("management", &self.management_url)
            .finish_non_exhaustive()
    }
}

impl Emulator {
    /// Starts both services on free ports of 127.0.0.1.
    ///
    /// # Errors
    /// See [`Builder::start`].
    pub async fn start() -> Result<Self, StartError> {
        Self::builder().start().await
    }

    /// What to start, to be changed before it starts.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The address of the IoT Hub service, such as `https://localhost:40123`; empty if it was left out.
    pub fn iothub_endpoint(&self) -> &str {
        self.iothub.as_ref().map_or("", |running| &running.url)
    }

    /// Where the hub speaks AMQP, such as `amqps://localhost:40125`; empty if the service was left out. Over
    /// WebSockets it does so at the path `/$iothub/websocket` of [`iothub_endpoint`](Self::iothub_endpoint).
    pub fn iothub_amqp_endpoint(&self) -> String {
        self.amqp.as_ref().map(RunningAmqp::url).unwrap_or_default()
    }

    /// The controls of the hub's AMQP endpoint, if the service was not left out.
    pub fn amqp(&self) -> Option<&Amqp> {
        self.amqp.as_ref().map(|running| &running.control)
    }

    /// A connection string of the hub's owner policy; empty if the service was left out.
    pub fn iothub_connection_string(&self) -> String {
        self.iothub_connection_string_for("iothubowner")
            .unwrap_or_default()
    }

    /// A connection string of another of the hub's policies; see [`Builder::policy_key`] for their names.
    pub fn iothub_connection_string_for(&self, policy: &str) -> Option<String> {
        let host = self.iothub.as_ref()?.url.strip_prefix("https://")?;
        let policy = self.policies.iter().find(|known| known.name() == policy)?;
        let (name, key) = (policy.name(), policy.primary_key());
        Some(format!(
            "HostName={host};SharedAccessKeyName={name};SharedAccessKey={key}"
        ))
    }

    /// The address of the Digital Twins instance; empty if it was left out.
    pub fn digitaltwins_endpoint(&self) -> &str {
        self.digitaltwins.as_ref().map_or("", |running| &running.url)
    }

    /// The address of the management API, such as `http://localhost:40124`: plain HTTP, loopback only.
    pub fn management_endpoint(&self) -> &str {
        &self.management_url
    }

    /// The certificate to trust, in PEM form.
    pub fn ca_certificate_pem(&self) -> &str {
        &self.ca_pem
    }

    /// A new bearer token that both services take, valid for an hour of the emulator's clock.
    pub fn bearer_token(&self) -> String {
        auth::bearer::issue(self.clock.now())
    }

    /// The clock that the services go by; moving it moves theirs.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The fault rules of both services.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// The hub behind the endpoint, if it was not left out.
    pub fn iothub(&self) -> Option<&IotHub> {
        self.iothub.as_ref().map(|running| &*running.service)
    }

    /// The Digital Twins instance behind the endpoint, if it was not left out.
    pub fn digitaltwins(&self) -> Option<&DigitalTwins> {
        self.digitaltwins.as_ref().map(|running| &*running.service)
    }

    /// The state of both services, for [`load_state`](Emulator::load_state).
    pub fn dump_state(&self) -> Value {
        self.services()
            .map(|service| (service.name().to_owned(), service.dump()))
            .collect()
    }

    /// Replaces the state of the services that `state` names.
    ///
    /// # Errors
    /// The text says what in `state` is not understood. Services before that place have their new state.
    pub fn load_state(&self, state: &Value) -> Result<(), String> {
        self.services()
            .try_for_each(|service| match state.get(service.name()) {
                Some(state) => service
                    .load(state)
                    .map_err(|text| format!("{}: {text}", service.name())),
                None => Ok(()),
            })
    }

    fn services(&self) -> impl Iterator<Item = &dyn Service> {
        let iothub = self
            .iothub
            .as_ref()
            .map(|running| &*running.service as &dyn Service);
        let digitaltwins = self
            .digitaltwins
            .as_ref()
            .map(|running| &*running.service as &dyn Service);
        iothub.into_iter().chain(digitaltwins)
    }

    /// Stops: no new connections, and those there are may finish what they are at, for 5 seconds at most.
    pub async fn shut_down(self) {
        let servers = self.iothub.map(|running| running.server).into_iter();
        let servers = servers
            .chain(self.digitaltwins.map(|running| running.server))
            .chain([self.management]);
        futures::future::join_all(servers.map(Server::shut_down)).await;
    }
}
