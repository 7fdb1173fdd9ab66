//! An emulator that runs.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::amqp::{self, Amqp};
use crate::auth::{self, Policy};
use crate::builder::{Builder, StartError};
use crate::clock::Clock;
use crate::digitaltwins::DigitalTwins;
use crate::durable::Writer;
use crate::faults::Faults;
use crate::iothub::IotHub;
use crate::server::Server;
use crate::service::Service;

pub(crate) struct RunningAmqp {
    pub(crate) listener: amqp::Listener,
    pub(crate) control: Amqp,
}

impl RunningAmqp {
    pub(crate) fn url(&self) -> String {
        format!("amqps://localhost:{}", self.listener.port())
    }
}

/// The blob containers, and what runs the jobs that fill and read them.
pub(crate) struct RunningBlobs {
    pub(crate) server: Server,
    pub(crate) jobs: RunningJobs,
}

impl RunningBlobs {
    pub(crate) fn url(&self) -> String {
        format!("https://localhost:{}", self.server.port())
    }
}

/// The task that runs jobs, which ends with this.
pub(crate) struct RunningJobs(pub(crate) tokio::task::JoinHandle<()>);

impl Drop for RunningJobs {
    fn drop(&mut self) {
        self.0.abort();
    }
}

pub(crate) struct Running<S> {
    pub(crate) url: String,
    pub(crate) service: Arc<S>,
    pub(crate) server: Server,
}

/// A running emulator. Dropping it frees its ports and cuts its connections; [`shut_down`](Emulator::shut_down)
/// lets them finish first.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), azure_iot_emulator::StartError> {
/// let emulator = azure_iot_emulator::Emulator::start().await?;
/// assert!(emulator.iothub_connection_string().starts_with("HostName=localhost:"));
/// assert!(emulator.digitaltwins_endpoint().starts_with("https://localhost:"));
/// # Ok(())
/// # }
/// ```
pub struct Emulator {
    pub(crate) iothub: Option<Running<IotHub>>,
    pub(crate) amqp: Option<RunningAmqp>,
    pub(crate) blobs: Option<RunningBlobs>,
    pub(crate) digitaltwins: Option<Running<DigitalTwins>>,
    pub(crate) management: Server,
    pub(crate) management_url: String,
    pub(crate) policies: Vec<Policy>,
    pub(crate) ca_pem: String,
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    /// Ends last, so that it writes what the others have done.
    pub(crate) _writer: Option<Writer>,
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

    /// Where the containers of import and export jobs are, such as `https://localhost:40126`: a container's address
    /// is this, a slash and its name. Empty if the hub was left out.
    pub fn iothub_blob_endpoint(&self) -> String {
        self.blobs.as_ref().map(RunningBlobs::url).unwrap_or_default()
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
    /// The text says what in `state` is not understood, for instance that it names a service that is not here.
    /// Services before that place have their new state.
    pub fn load_state(&self, state: &Value) -> Result<(), String> {
        load_all(&self.services().collect::<Vec<_>>(), state)
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
        let (blobs, jobs) = self.blobs.map(|running| (running.server, running.jobs)).unzip();
        drop(jobs);
        let servers = self.iothub.map(|running| running.server).into_iter();
        let servers = servers
            .chain(self.digitaltwins.map(|running| running.server))
            .chain(blobs)
            .chain([self.management]);
        futures::future::join_all(servers.map(Server::shut_down)).await;
    }
}

/// Gives services the states that `state` has under their names.
pub(crate) fn load_all(services: &[&dyn Service], state: &Value) -> Result<(), String> {
    let states = state.as_object().ok_or("the state is not an object")?;
    let is_here = |name: &str| services.iter().any(|service| service.name() == name);
    if let Some(name) = states.keys().find(|name| !is_here(name)) {
        return Err(format!("there is no service {name:?} here"));
    }
    for service in services {
        if let Some(state) = states.get(service.name()) {
            let loaded = service.load(state);
            loaded.map_err(|text| format!("{}: {text}", service.name()))?;
        }
    }
    Ok(())
}
