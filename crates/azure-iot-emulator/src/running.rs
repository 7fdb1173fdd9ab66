//! A running emulator.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::amqp::control::Amqp;
use crate::amqp::listener::Listener;
use crate::auth::bearer;
use crate::auth::bearer::TokenError;
use crate::auth::sas::Policy;
use crate::clock::Clock;
use crate::digitaltwins::DigitalTwins;
use crate::durable::journal::Writer;
use crate::error::StateError;
use crate::faults::Faults;
use crate::iothub::IotHub;
use crate::provisioning::ProvisioningService;
use crate::server::listener::Server;
use crate::service::{StatefulService, dump_all, load_all};
use crate::socket::local_authority;

/// A running hub with its endpoints.
pub(crate) struct RunningHub {
    pub(crate) url: String,
    pub(crate) hub: Arc<IotHub>,
    pub(crate) server: Server,
    pub(crate) listener: Listener,
    pub(crate) amqp: Amqp,
    pub(crate) blobs: Server,
    pub(crate) jobs: RunningJobs,
}

impl RunningHub {
    pub(crate) fn amqp_url(&self) -> String {
        format!("amqps://{}", local_authority(self.listener.port(), 5671))
    }

    pub(crate) fn blob_url(&self) -> String {
        format!("https://{}", local_authority(self.blobs.port(), 443))
    }
}

/// The task that runs a hub's jobs. Dropping it aborts the task.
pub(crate) struct RunningJobs(tokio::task::JoinHandle<()>);

impl RunningJobs {
    pub(crate) fn spawn(hub: Arc<IotHub>) -> Self {
        Self(tokio::spawn(hub.keep_running_jobs()))
    }
}

impl Drop for RunningJobs {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A running provisioning service with its endpoint.
pub(crate) struct RunningProvisioning {
    pub(crate) url: String,
    pub(crate) service: Arc<ProvisioningService>,
    pub(crate) server: Server,
}

/// A running instance of Digital Twins with its endpoint.
pub(crate) struct RunningInstance {
    pub(crate) url: String,
    pub(crate) twins: Arc<DigitalTwins>,
    pub(crate) server: Server,
}

/// The running management API with its endpoint.
pub(crate) struct RunningManagement {
    pub(crate) url: String,
    pub(crate) server: Server,
}

/// A running emulator. Dropping it closes its ports and aborts open connections; [`shut_down`](Emulator::shut_down)
/// lets them finish their requests first.
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
    pub(crate) iothub: Option<RunningHub>,
    pub(crate) provisioning: Option<RunningProvisioning>,
    pub(crate) digitaltwins: Option<RunningInstance>,
    pub(crate) management: RunningManagement,
    pub(crate) hub_policies: Vec<Policy>,
    pub(crate) provisioning_policies: Vec<Policy>,
    pub(crate) ca_pem: String,
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    /// The last field, so that it is dropped last and still writes the last changes of the services.
    pub(crate) _writer: Option<Writer>,
}

impl fmt::Debug for Emulator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Emulator")
            .field("iothub", &self.iothub_endpoint())
            .field("provisioning", &self.provisioning_endpoint())
            .field("digitaltwins", &self.digitaltwins_endpoint())
            .field("management", &self.management_endpoint())
            .finish_non_exhaustive()
    }
}

impl Emulator {
    /// Returns the URL of IoT Hub, such as `https://localhost:40123`; empty if the service is disabled. Default
    /// ports are omitted from URLs and connection strings.
    pub fn iothub_endpoint(&self) -> &str {
        self.iothub.as_ref().map_or("", |running| &running.url)
    }

    /// Returns the URL of the hub's AMQP endpoint, such as `amqps://localhost:40125`; empty if the service is disabled.
    /// AMQP over WebSockets is at the path `/$iothub/websocket` of [`iothub_endpoint`](Self::iothub_endpoint).
    pub fn iothub_amqp_endpoint(&self) -> String {
        self.iothub
            .as_ref()
            .map_or_else(String::new, RunningHub::amqp_url)
    }

    /// Returns the URL of the blob containers for import and export jobs, such as `https://localhost:40126`; empty if the
    /// service is disabled. The URL of a container is `<this URL>/<container>`.
    pub fn iothub_blob_endpoint(&self) -> String {
        self.iothub
            .as_ref()
            .map_or_else(String::new, RunningHub::blob_url)
    }

    /// Returns the controls of the hub's AMQP endpoint; `None` if the service is disabled.
    pub fn amqp(&self) -> Option<&Amqp> {
        self.iothub.as_ref().map(|running| &running.amqp)
    }

    /// Returns a connection string with the hub's owner policy; empty if the service is disabled.
    pub fn iothub_connection_string(&self) -> String {
        self.iothub_connection_string_for("iothubowner")
            .unwrap_or_default()
    }

    /// Returns a connection string with a policy of the hub; see
    /// [`Builder::policy_key`](crate::Builder::policy_key) for the names of policies. `None` if there is no such
    /// policy or the service is disabled.
    pub fn iothub_connection_string_for(&self, policy: &str) -> Option<String> {
        let url = &self.iothub.as_ref()?.url;
        let mut policies = self.hub_policies.iter();
        let policy = policies.find(|known| known.name() == policy)?;
        Some(policy.connection_string(url))
    }

    /// Returns the URL of the provisioning service, such as `https://localhost:40129`; empty if the service is disabled.
    /// Services and devices use the same URL.
    pub fn provisioning_endpoint(&self) -> &str {
        self.provisioning.as_ref().map_or("", |running| &running.url)
    }

    /// Returns the id scope of the provisioning service; empty if the service is disabled.
    pub fn provisioning_id_scope(&self) -> &str {
        let running = self.provisioning.as_ref();
        running.map_or("", |running| running.service.id_scope())
    }

    /// Returns a connection string with the owner policy of the provisioning service; empty if the service is disabled.
    pub fn provisioning_connection_string(&self) -> String {
        self.provisioning_connection_string_for("provisioningserviceowner")
            .unwrap_or_default()
    }

    /// Returns a connection string with a policy of the provisioning service; see
    /// [`Builder::policy_key`](crate::Builder::policy_key) for their names. `None` if there is no such policy or the
    /// service is disabled.
    pub fn provisioning_connection_string_for(&self, policy: &str) -> Option<String> {
        let url = &self.provisioning.as_ref()?.url;
        let mut policies = self.provisioning_policies.iter();
        let policy = policies.find(|known| known.name() == policy)?;
        Some(policy.connection_string(url))
    }

    /// Returns the URL of the Digital Twins instance; empty if the service is disabled.
    pub fn digitaltwins_endpoint(&self) -> &str {
        self.digitaltwins.as_ref().map_or("", |running| &running.url)
    }

    /// Returns the URL of the management API, such as `http://localhost:40124`: plain HTTP, loopback only.
    pub fn management_endpoint(&self) -> &str {
        &self.management.url
    }

    /// Returns the CA certificate that clients must trust, in PEM.
    pub fn ca_certificate_pem(&self) -> &str {
        &self.ca_pem
    }

    /// Issues a bearer token for all services, valid for one hour of the emulator's clock.
    pub fn bearer_token(&self) -> String {
        bearer::issue(self.clock.now(), bearer::DEFAULT_LIFETIME, None).token
    }

    /// Issues a bearer token for one audience, such as `https://digitaltwins.azure.net`, or by default for all
    /// services. Its lifetime, in whole seconds, is measured by the emulator's clock.
    ///
    /// # Errors
    /// If no service has this audience, or the lifetime is less than a second or more than ten years.
    pub fn bearer_token_for(&self, audience: Option<&str>, lifetime: Duration) -> Result<String, TokenError> {
        let lifetime = bearer::check_lifetime(lifetime.as_secs())?;
        if let Some(audience) = audience {
            bearer::check_audience(audience)?;
        }
        Ok(bearer::issue(self.clock.now(), lifetime, audience).token)
    }

    /// Returns a function that issues bearer tokens, for credentials that outlive one token. Lifetimes are measured
    /// by the emulator's clock, so a new token is valid even after a test has moved the clock.
    pub fn bearer_tokens(&self) -> impl Fn() -> String + Send + Sync + 'static + use<> {
        let clock = self.clock.clone();
        move || bearer::issue(clock.now(), bearer::DEFAULT_LIFETIME, None).token
    }

    /// Returns the clock of the services.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Returns the fault rules of all services.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Returns the hub; `None` if the service is disabled.
    pub fn iothub(&self) -> Option<&IotHub> {
        self.iothub.as_ref().map(|running| &*running.hub)
    }

    /// Returns the Digital Twins instance; `None` if the service is disabled.
    pub fn digitaltwins(&self) -> Option<&DigitalTwins> {
        self.digitaltwins.as_ref().map(|running| &*running.twins)
    }

    /// Returns the provisioning service; `None` if it is disabled.
    pub fn provisioning(&self) -> Option<&ProvisioningService> {
        self.provisioning.as_ref().map(|running| &*running.service)
    }

    /// Returns the state of all services, for [`load_state`](Emulator::load_state).
    pub fn dump_state(&self) -> Value {
        Value::Object(dump_all(self.services()))
    }

    /// Replaces the state of the services that `state` contains.
    ///
    /// # Errors
    /// If `state` contains a service that is not running (nothing changes then), or a service refuses its part (services
    /// loaded before it keep their new state).
    pub fn load_state(&self, state: &Value) -> Result<(), StateError> {
        load_all(&self.services().collect::<Vec<_>>(), state)
    }

    fn services(&self) -> impl Iterator<Item = &dyn StatefulService> {
        let iothub = self.iothub().map(|hub| hub as &dyn StatefulService);
        let provisioning = self.provisioning().map(|service| service as &dyn StatefulService);
        let digitaltwins = self.digitaltwins().map(|twins| twins as &dyn StatefulService);
        iothub.into_iter().chain(provisioning).chain(digitaltwins)
    }

    /// Stops accepting connections, and waits up to 5 seconds for open connections to finish their requests.
    pub async fn shut_down(self) {
        let mut servers = vec![self.management.server];
        servers.extend(self.digitaltwins.map(|running| running.server));
        servers.extend(self.provisioning.map(|running| running.server));
        // Held until the servers have stopped, because dropping it aborts AMQP connections, including those over WebSockets.
        let listener = self.iothub.map(|running| {
            drop(running.jobs);
            servers.extend([running.server, running.blobs]);
            running.listener
        });
        futures::future::join_all(servers.into_iter().map(Server::shut_down)).await;
        drop(listener);
    }
}
