//! The options of an emulator.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use crate::clock::Clock;
use crate::iothub::Tier;

/// The options of an emulator. See [`Emulator::builder`](crate::Emulator::builder).
#[derive(Debug, Clone)]
#[must_use]
pub struct Builder {
    pub(super) address: IpAddr,
    pub(super) iothub_port: Option<u16>,
    pub(super) amqp_port: u16,
    pub(super) digitaltwins_port: Option<u16>,
    pub(super) management_port: u16,
    pub(super) hub_name: String,
    pub(super) policy_keys: Vec<(String, String)>,
    pub(super) host_names: Vec<String>,
    pub(super) webhooks: Vec<(String, url::Url)>,
    pub(super) webhook_certificates: Vec<String>,
    pub(super) blob_directory: Option<PathBuf>,
    pub(super) query_lag: Duration,
    pub(super) building: bool,
    pub(super) clock: Clock,
    pub(super) blob_port: u16,
    pub(super) tier: Tier,
    pub(super) data_file: Option<PathBuf>,
    pub(super) preset: Option<Value>,
    pub(super) models: Option<PathBuf>,
    pub(super) state: Option<Value>,
    pub(super) throttling: bool,
    pub(super) local_authentication: bool,
    pub(super) device_registry: Option<(String, Duration)>,
    pub(super) provisioning_port: Option<u16>,
    pub(super) provisioning_name: String,
    pub(super) id_scope: String,
    /// In seconds.
    pub(super) retry_after: Option<u64>,
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
            models: None,
            state: None,
            throttling: false,
            local_authentication: true,
            device_registry: None,
            provisioning_port: Some(0),
            provisioning_name: "emulator".to_owned(),
            id_scope: "0ne00000001".to_owned(),
            retry_after: None,
        }
    }
}

impl Builder {
    /// Sets the address that the services listen on, 127.0.0.1 by default. The management API always listens on
    /// 127.0.0.1.
    pub fn address(mut self, address: IpAddr) -> Self {
        self.address = address;
        self
    }

    /// Sets the port of the IoT Hub endpoint; 0, the default, selects a free port.
    pub fn iothub_port(mut self, port: u16) -> Self {
        self.iothub_port = Some(port);
        self
    }

    /// Sets the port of the hub's AMQP endpoint; 0, the default, selects a free port. Clients with a fixed port use 5671.
    /// AMQP over WebSockets is on the port of the IoT Hub endpoint.
    pub fn amqp_port(mut self, port: u16) -> Self {
        self.amqp_port = port;
        self
    }

    /// Sets the port of the blob containers for import and export jobs; 0, the default, selects a free port. The endpoint
    /// does not check credentials, so it always listens on 127.0.0.1.
    pub fn blob_port(mut self, port: u16) -> Self {
        self.blob_port = port;
        self
    }

    /// Sets the tier of the hub, S1 by default.
    pub fn tier(mut self, tier: Tier) -> Self {
        self.tier = tier;
        self
    }

    /// Persists the state, including shared access keys, in this file and its journal, `<file>.journal`. The
    /// response to a request that changes something is sent only after the change is on disk, so killing the
    /// process loses no acknowledged change. By default the state is only in memory.
    pub fn data_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.data_file = Some(path.into());
        self
    }

    /// Sets the initial content of a new hub, `{"devices": […], "configurations": […]}`, with devices and modules as in a
    /// bulk request or in the file of an export job. With a data file, it applies only to the first start.
    pub fn preset(mut self, hub: Value) -> Self {
        self.preset = Some(hub);
        self
    }

    /// Sets the models of Plug and Play devices: a file of DTDL, or a folder with `.json` files, at any depth. See
    /// [`IotHub::set_models`](crate::IotHub::set_models).
    pub fn models(mut self, path: impl Into<PathBuf>) -> Self {
        self.models = Some(path.into());
        self
    }

    /// Sets a state to load, from [`Emulator::dump_state`](crate::Emulator::dump_state). It replaces the state in the data
    /// file for the services that it contains.
    pub fn state(mut self, state: Value) -> Self {
        self.state = Some(state);
        self
    }

    /// Enables throttling (default: disabled): requests beyond the limits of the hub's [tier](Self::tier) or the
    /// documented rates of Digital Twins or the provisioning service fail with 429.
    pub fn throttling(mut self, on: bool) -> Self {
        self.throttling = on;
        self
    }

    /// Sets the port of the Digital Twins endpoint; 0, the default, selects a free port.
    pub fn digitaltwins_port(mut self, port: u16) -> Self {
        self.digitaltwins_port = Some(port);
        self
    }

    /// Sets the port of the management API; 0, the default, selects a free port.
    pub fn management_port(mut self, port: u16) -> Self {
        self.management_port = port;
        self
    }

    /// Sets the port of the provisioning service; 0, the default, selects a free port. Services and devices use the same
    /// port.
    pub fn provisioning_port(mut self, port: u16) -> Self {
        self.provisioning_port = Some(port);
        self
    }

    /// Sets the name of the provisioning service, `emulator` by default. Tokens and the certificate are also valid for
    /// `<name>.azure-devices-provisioning.net`, and the certificate for `global.azure-devices-provisioning.net`, the name
    /// that devices use.
    pub fn provisioning_name(mut self, name: impl Into<String>) -> Self {
        self.provisioning_name = name.into();
        self
    }

    /// Sets the id scope of the provisioning service, `0ne00000001` by default.
    pub fn provisioning_id_scope(mut self, id_scope: impl Into<String>) -> Self {
        self.id_scope = id_scope.into();
        self
    }

    /// Sets the `Retry-After` of registrations, in seconds; see
    /// [`ProvisioningService::set_retry_after`](crate::ProvisioningService::set_retry_after).
    pub fn provisioning_retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// Disables the provisioning service.
    pub fn without_provisioning(mut self) -> Self {
        self.provisioning_port = None;
        self
    }

    /// Disables IoT Hub, and with it the provisioning service, which assigns devices to the hub.
    pub fn without_iothub(mut self) -> Self {
        self.iothub_port = None;
        self
    }

    /// Disables Digital Twins.
    pub fn without_digitaltwins(mut self) -> Self {
        self.digitaltwins_port = None;
        self
    }

    /// Refuses shared access signatures at the hub, which then accepts only bearer tokens, like a hub with
    /// `disableLocalAuth`.
    pub fn without_local_authentication(mut self) -> Self {
        self.local_authentication = false;
        self
    }

    /// Links the hub to a namespace of Azure Device Registry; see
    /// [`IotHub::link_device_registry`](crate::IotHub::link_device_registry).
    pub fn device_registry(mut self, namespace: impl Into<String>, delay: Duration) -> Self {
        self.device_registry = Some((namespace.into(), delay));
        self
    }

    /// Sets the name of the hub, `emulator` by default. Tokens and the certificate are also valid for
    /// `<name>.azure-devices.net`, `<name>.service.azure-devices.net`, which serves only services, and
    /// `<name>.device.azure-devices.net`, which serves only devices. The last two require SNI.
    pub fn hub_name(mut self, name: impl Into<String>) -> Self {
        self.hub_name = name.into();
        self
    }

    /// Sets the primary key (base64) of a shared access policy: `iothubowner`, `service`, `device`, `registryRead` or
    /// `registryReadWrite` of the hub; `provisioningserviceowner`, `enrollmentRead`, `enrollmentReadWrite`,
    /// `registrationRead` or `registrationReadWrite` of the provisioning service. The other keys are random.
    pub fn policy_key(mut self, policy: impl Into<String>, key: impl Into<String>) -> Self {
        self.policy_keys.push((policy.into(), key.into()));
        self
    }

    /// Adds a host name to the server certificate.
    pub fn host_name(mut self, name: impl Into<String>) -> Self {
        self.host_names.push(name.into());
        self
    }

    /// Adds an endpoint for event routes of Digital Twins that posts events as CloudEvents to an `http` or `https` URL. An
    /// instance can have at most six endpoints.
    pub fn event_webhook(mut self, endpoint: impl Into<String>, url: url::Url) -> Self {
        self.webhooks.push((endpoint.into(), url));
        self
    }

    /// Adds CA certificates (PEM, one or more) that webhooks trust in addition to the system's.
    pub fn event_webhook_certificates(mut self, pem: impl Into<String>) -> Self {
        self.webhook_certificates.push(pem.into());
        self
    }

    /// Sets the directory in which import jobs of Digital Twins read their input and write their logs: the blob
    /// `https://<any host>/<container>/<blob>` is the file `<directory>/<container>/<blob>`.
    pub fn blob_directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.blob_directory = Some(directory.into());
        self
    }

    /// Delays the effect of writes on Digital Twins queries; no delay by default.
    pub fn query_lag(mut self, lag: Duration) -> Self {
        self.query_lag = lag;
        self
    }

    /// Fills an empty instance of Digital Twins with [a demo building](crate::DigitalTwins::load_building).
    pub fn building(mut self) -> Self {
        self.building = true;
        self
    }

    /// Sets the clock of the services.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }
}
