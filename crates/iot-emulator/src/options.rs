//! The command line.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use azure_iot_emulator::{Clock, Tier};
use clap::Parser;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Emulates Azure IoT Hub and Azure Digital Twins.
///
/// When it is ready, one line of JSON on standard output names the endpoints, the file with the certificate to
/// trust, the hub's connection string and a bearer token. The log is on standard error. SIGINT and SIGTERM end it.
#[derive(Debug, Parser)]
#[command(name = "iot-emulator", version)]
pub(crate) struct Options {
    /// Address that the services listen on; the management API stays on 127.0.0.1
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    pub(crate) address: IpAddr,
    /// Port of the IoT Hub endpoint; 0 takes a free one
    #[arg(long, default_value_t = 0, env = "IOT_EMULATOR_IOTHUB_PORT")]
    pub(crate) iothub_port: u16,
    /// Port on which the hub speaks AMQP; 0 takes a free one. Clients that can't be given a port use 5671
    #[arg(long, default_value_t = 0, env = "IOT_EMULATOR_AMQP_PORT")]
    pub(crate) amqp_port: u16,
    /// Port of the blob containers for import and export jobs; 0 takes a free one. They stay on 127.0.0.1
    #[arg(long, default_value_t = 0, env = "IOT_EMULATOR_BLOB_PORT")]
    pub(crate) blob_port: u16,
    /// Size of the hub, one unit of F1, S1, S2 or S3: says how many jobs may be active, and what `--throttle` allows
    #[arg(long, default_value_t, conflicts_with = "no_iothub")]
    pub(crate) tier: Tier,
    /// Port of the Digital Twins endpoint; 0 takes a free one
    #[arg(long, default_value_t = 0, env = "IOT_EMULATOR_DIGITALTWINS_PORT")]
    pub(crate) digitaltwins_port: u16,
    /// Port of the management API; 0 takes a free one
    #[arg(long, default_value_t = 0, env = "IOT_EMULATOR_MANAGEMENT_PORT")]
    pub(crate) management_port: u16,
    /// Leave IoT Hub out
    #[arg(long, conflicts_with = "no_digitaltwins")]
    pub(crate) no_iothub: bool,
    /// Leave Digital Twins out
    #[arg(long)]
    pub(crate) no_digitaltwins: bool,
    /// Name of the hub; it also answers to NAME.azure-devices.net
    #[arg(long, default_value = "emulator")]
    pub(crate) hub_name: String,
    /// Preset primary key of a shared access policy of the hub; may be repeated
    #[arg(long, value_name = "POLICY=BASE64", value_parser = policy_key)]
    pub(crate) policy_key: Vec<(String, String)>,
    /// One more host name for the server certificate; may be repeated
    #[arg(long, value_name = "NAME")]
    pub(crate) host_name: Vec<String>,
    /// Endpoint for event routes of Digital Twins, whose events are posted to URL; may be repeated
    #[arg(long, value_name = "NAME=URL", value_parser = webhook, conflicts_with = "no_digitaltwins")]
    pub(crate) event_webhook: Vec<(String, url::Url)>,
    /// Certificates of authorities (PEM) that webhooks trust besides those of this computer; may be repeated
    #[arg(long, value_name = "FILE", conflicts_with = "no_digitaltwins")]
    pub(crate) event_webhook_ca: Vec<PathBuf>,
    /// Folder in which import jobs of Digital Twins read and write: DIR/container/blob
    #[arg(
        long,
        visible_alias = "digitaltwins-blobs",
        value_name = "DIR",
        conflicts_with = "no_digitaltwins"
    )]
    pub(crate) blob_directory: Option<PathBuf>,
    /// Let queries of Digital Twins see the graph as it was so many seconds ago
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 0,
        conflicts_with = "no_digitaltwins"
    )]
    pub(crate) query_lag: u64,
    /// Fill an empty instance of Digital Twins with a building to look around in
    #[arg(long, conflicts_with = "no_digitaltwins")]
    pub(crate) building: bool,
    /// Where to write the certificate to trust (PEM); by default a new file in the temporary folder,
    /// removed at the end
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// Keep the state in this file, and beside it in FILE.journal: nothing that was answered is lost, however the
    /// program ends. Without it everything is in memory
    #[arg(long, value_name = "FILE")]
    pub(crate) data_file: Option<PathBuf>,
    /// Fill a new hub from this file: {"devices": [...], "configurations": [...]}, devices as in a bulk request
    #[arg(long, value_name = "FILE", conflicts_with = "no_iothub")]
    pub(crate) hub: Option<PathBuf>,
    /// Answer 429 to requests beyond what the hub's size allows, or beyond the rates of Digital Twins
    #[arg(long)]
    pub(crate) throttle: bool,
    /// Start the clock at this time (RFC 3339) instead of now
    #[arg(long, value_name = "TIME", value_parser = clock)]
    pub(crate) clock: Option<Clock>,
    /// State to start with, as `GET /state` of the management API gives it
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
    /// What to log, in the syntax of tracing's EnvFilter
    #[arg(long, default_value = "info", env = "IOT_EMULATOR_LOG")]
    pub(crate) log: String,
}

fn webhook(text: &str) -> Result<(String, url::Url), String> {
    let (name, url) = text.split_once('=').ok_or("NAME=URL is expected")?;
    Ok((name.to_owned(), url.parse().map_err(|error| format!("{error}"))?))
}

fn clock(text: &str) -> Result<Clock, String> {
    let now = OffsetDateTime::parse(text, &Rfc3339).map_err(|error| error.to_string())?;
    let clock = Clock::new();
    clock.try_set(now).map_err(|error| error.to_string())?;
    Ok(clock)
}

fn policy_key(text: &str) -> Result<(String, String), String> {
    let (policy, key) = text.split_once('=').ok_or("POLICY=BASE64 is expected")?;
    Ok((policy.to_owned(), key.to_owned()))
}
