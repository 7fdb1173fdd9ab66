//! The command line.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use azure_iot_emulator::{Clock, Tier};
use clap::Parser;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Emulates Azure IoT Hub, its Device Provisioning Service and Azure Digital Twins.
///
/// When ready, it prints one line of JSON to standard output with the endpoints, the file of the CA certificate,
/// connection strings and a bearer token. It logs to standard error. SIGINT and SIGTERM stop it.
#[derive(Debug, Parser)]
#[command(name = "iot-emulator", version)]
pub(crate) struct Options {
    /// Address that the services listen on; the management API always listens on 127.0.0.1
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    pub(crate) address: IpAddr,
    /// Port of the IoT Hub endpoint; 0 selects a free port
    #[arg(long, default_value_t = 0, env = "IOT_EMULATOR_IOTHUB_PORT")]
    pub(crate) iothub_port: u16,
    /// Port of the hub's AMQP endpoint; 0 selects a free port. Clients with a fixed port use 5671
    #[arg(long, default_value_t = 0, env = "IOT_EMULATOR_AMQP_PORT")]
    pub(crate) amqp_port: u16,
    /// Port of the blob containers for import and export jobs, always on 127.0.0.1; 0 selects a free port
    #[arg(long, default_value_t = 0, env = "IOT_EMULATOR_BLOB_PORT")]
    pub(crate) blob_port: u16,
    /// Tier of the hub, F1, S1, S2 or S3, with one unit; determines the limits of active jobs and of `--throttle`
    #[arg(long, default_value_t, conflicts_with = "no_iothub")]
    pub(crate) tier: Tier,
    /// Port of the Digital Twins endpoint; 0 selects a free port
    #[arg(long, default_value_t = 0, env = "IOT_EMULATOR_DIGITALTWINS_PORT")]
    pub(crate) digitaltwins_port: u16,
    /// Port of the provisioning service; 0 selects a free port
    #[arg(long, default_value_t = 0, env = "IOT_EMULATOR_PROVISIONING_PORT")]
    pub(crate) provisioning_port: u16,
    /// Port of the management API; 0 selects a free port
    #[arg(long, default_value_t = 0, env = "IOT_EMULATOR_MANAGEMENT_PORT")]
    pub(crate) management_port: u16,
    /// Disable IoT Hub and the provisioning service
    #[arg(long, conflicts_with = "no_digitaltwins")]
    pub(crate) no_iothub: bool,
    /// Disable the provisioning service
    #[arg(long)]
    pub(crate) no_provisioning: bool,
    /// Disable Digital Twins
    #[arg(long)]
    pub(crate) no_digitaltwins: bool,
    /// Name of the hub; the certificate and tokens are also valid for the hosts NAME.azure-devices.net,
    /// NAME.service.azure-devices.net and NAME.device.azure-devices.net
    #[arg(long, default_value = "emulator")]
    pub(crate) hub_name: String,
    /// Name of the provisioning service, whose host name NAME.azure-devices-provisioning.net is also valid
    #[arg(
        long,
        value_name = "NAME",
        default_value = "emulator",
        conflicts_with = "no_iothub"
    )]
    pub(crate) provisioning_name: String,
    /// Id scope of the provisioning service
    #[arg(long, default_value = "0ne00000001", conflicts_with = "no_iothub")]
    pub(crate) id_scope: String,
    /// Seconds that a registering device waits before it polls, 3 as in the service; the emulator assigns devices at once
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 3,
        conflicts_with = "no_iothub"
    )]
    pub(crate) retry_after: u64,
    /// Primary key of a shared access policy of the hub or the provisioning service; may be repeated
    #[arg(long, value_name = "POLICY=BASE64", value_parser = policy_key)]
    pub(crate) policy_key: Vec<(String, String)>,
    /// Refuse shared access signatures at the hub, which then accepts only bearer tokens
    #[arg(long, conflicts_with = "no_iothub")]
    pub(crate) no_local_auth: bool,
    /// Link the hub to this namespace of Azure Device Registry: new devices get `adrDeviceProperties`
    #[arg(long, value_name = "NAMESPACE", conflicts_with = "no_iothub")]
    pub(crate) device_registry: Option<String>,
    /// Delay of `adrDeviceProperties` after the creation of a device, in seconds of the emulator's clock
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 5,
        requires = "device_registry"
    )]
    pub(crate) device_registry_delay: u64,
    /// Additional host name for the server certificate; may be repeated
    #[arg(long, value_name = "NAME")]
    pub(crate) host_name: Vec<String>,
    /// Endpoint for event routes of Digital Twins that posts events to URL; may be repeated
    #[arg(long, value_name = "NAME=URL", value_parser = webhook, conflicts_with = "no_digitaltwins")]
    pub(crate) event_webhook: Vec<(String, url::Url)>,
    /// CA certificates (PEM) that webhooks trust in addition to those of the system; may be repeated
    #[arg(long, value_name = "FILE", conflicts_with = "no_digitaltwins")]
    pub(crate) event_webhook_ca: Vec<PathBuf>,
    /// Directory for the blobs of import jobs of Digital Twins: DIR/container/blob
    #[arg(
        long,
        visible_alias = "digitaltwins-blobs",
        value_name = "DIR",
        conflicts_with = "no_digitaltwins"
    )]
    pub(crate) blob_directory: Option<PathBuf>,
    /// Delay of writes in query results of Digital Twins, in seconds
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 0,
        conflicts_with = "no_digitaltwins"
    )]
    pub(crate) query_lag: u64,
    /// Fill an empty instance of Digital Twins with a demo building
    #[arg(long, conflicts_with = "no_digitaltwins")]
    pub(crate) building: bool,
    /// File to write the CA certificate (PEM) to; by default a temporary file that is removed at exit
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// Persist the state in this file and in FILE.journal, so that a kill loses no acknowledged change; by default the
    /// state is only in memory
    #[arg(long, value_name = "FILE")]
    pub(crate) data_file: Option<PathBuf>,
    /// Initial content of a new hub: {"devices": [...], "configurations": [...]}, with devices as in a bulk request, or only
    /// the list of devices
    #[arg(long, value_name = "FILE", conflicts_with = "no_iothub")]
    pub(crate) hub: Option<PathBuf>,
    /// Models of Plug and Play devices, which patches of their digital twins must fit: a file of DTDL, or a folder with .json
    /// files
    #[arg(long, value_name = "PATH", conflicts_with = "no_iothub")]
    pub(crate) models: Option<PathBuf>,
    /// Respond with 429 to requests beyond the limits of the hub's tier, or the rates of Digital Twins or the provisioning
    /// service
    #[arg(long)]
    pub(crate) throttle: bool,
    /// Initial time of the clock (RFC 3339); by default the current time
    #[arg(long, value_name = "TIME", value_parser = clock)]
    pub(crate) clock: Option<Clock>,
    /// State to load, from `GET /state` of the management API
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
    /// Lifetime of the bearer token in the ready line, in seconds of the emulator's clock, at most ten years; `POST
    /// /tokens` of the management API issues more tokens
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    pub(crate) token_lifetime: u64,
    /// Audience of the bearer token in the ready line, such as `https://digitaltwins.azure.net`; by default all services
    #[arg(long, value_name = "AUDIENCE")]
    pub(crate) token_audience: Option<String>,
    /// Log filter, in the syntax of tracing's EnvFilter
    #[arg(long, default_value = "info", env = "IOT_EMULATOR_LOG")]
    pub(crate) log: String,
}

fn webhook(text: &str) -> Result<(String, url::Url), String> {
    let (name, url) = text.split_once('=').ok_or("expected NAME=URL")?;
    Ok((name.to_owned(), url.parse().map_err(|error| format!("{error}"))?))
}

fn clock(text: &str) -> Result<Clock, String> {
    let now = OffsetDateTime::parse(text, &Rfc3339).map_err(|error| error.to_string())?;
    let clock = Clock::new();
    clock.try_set(now).map_err(|error| error.to_string())?;
    Ok(clock)
}

fn policy_key(text: &str) -> Result<(String, String), String> {
    let (policy, key) = text.split_once('=').ok_or("expected POLICY=BASE64")?;
    Ok((policy.to_owned(), key.to_owned()))
}
