//! The emulator as a program: prints one JSON line when it is ready, and logs to stderr.

use std::error::Error;
use std::fs::OpenOptions;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use azure_iot_emulator::{Clock, Emulator, Tier};
use clap::Parser;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tracing_subscriber::EnvFilter;

/// Emulates Azure IoT Hub and Azure Digital Twins.
///
/// When it is ready, one line of JSON on standard output names the endpoints, the file with the certificate to
/// trust, the hub's connection string and a bearer token. Standard error has the log. SIGINT and SIGTERM end it.
#[derive(Debug, Parser)]
#[command(name = "iot-emulator", version)]
struct Options {
    /// Address that the services listen on; the management API stays on 127.0.0.1
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    address: IpAddr,
    /// Port of the IoT Hub endpoint; 0 takes a free one
    #[arg(long, default_value_t = 0, env = "IOT_EMULATOR_IOTHUB_PORT")]
    iothub_port: u16,
    /// Port on which the hub speaks AMQP; 0 takes a free one. Clients that can't be given a port use 5671
    #[arg(long, default_value_t = 0, env = "IOT_EMULATOR_AMQP_PORT")]
    amqp_port: u16,
    /// Port of the blob containers for import and export jobs; 0 takes a free one. They stay on 127.0.0.1
    #[arg(long, default_value_t = 0, env = "IOT_EMULATOR_BLOB_PORT")]
    blob_port: u16,
    /// Size of the hub, one unit of F1, S1, S2 or S3: says how many jobs may be active, and what `--throttle` allows
    #[arg(long, default_value_t, conflicts_with = "no_iothub")]
    tier: Tier,
    /// Port of the Digital Twins endpoint; 0 takes a free one
    #[arg(long, default_value_t = 0, env = "IOT_EMULATOR_DIGITALTWINS_PORT")]
    digitaltwins_port: u16,
    /// Port of the management API; 0 takes a free one
    #[arg(long, default_value_t = 0, env = "IOT_EMULATOR_MANAGEMENT_PORT")]
    management_port: u16,
    /// Leave IoT Hub out
    #[arg(long, conflicts_with = "no_digitaltwins")]
    no_iothub: bool,
    /// Leave Digital Twins out
    #[arg(long)]
    no_digitaltwins: bool,
    /// Name of the hub; it also answers to NAME.azure-devices.net
    #[arg(long, default_value = "emulator")]
    hub_name: String,
    /// Preset primary key of a shared access policy of the hub; may be repeated
    #[arg(long, value_name = "POLICY=BASE64", value_parser = policy_key)]
    policy_key: Vec<(String, String)>,
    /// One more host name for the server certificate; may be repeated
    #[arg(long, value_name = "NAME")]
    host_name: Vec<String>,
    /// Endpoint for event routes of Digital Twins, whose events are posted to URL; may be repeated
    #[arg(long, value_name = "NAME=URL", value_parser = webhook, conflicts_with = "no_digitaltwins")]
    event_webhook: Vec<(String, url::Url)>,
    /// Certificates of authorities (PEM) that webhooks trust besides those of this computer; may be repeated
    #[arg(long, value_name = "FILE", conflicts_with = "no_digitaltwins")]
    event_webhook_ca: Vec<PathBuf>,
    /// Folder in which import jobs of Digital Twins read and write: DIR/container/blob
    #[arg(
        long,
        visible_alias = "digitaltwins-blobs",
        value_name = "DIR",
        conflicts_with = "no_digitaltwins"
    )]
    blob_directory: Option<PathBuf>,
    /// Let queries of Digital Twins see the graph as it was so many seconds ago
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 0,
        conflicts_with = "no_digitaltwins"
    )]
    query_lag: u64,
    /// Fill an empty instance of Digital Twins with a building to look around in
    #[arg(long, conflicts_with = "no_digitaltwins")]
    building: bool,
    /// Where to write the certificate to trust (PEM); by default a new file in the temporary folder,
    /// removed at the end
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Keep the state in this file, and beside it in FILE.journal: nothing that was answered is lost, however the
    /// program ends. Without it everything is in memory
    #[arg(long, value_name = "FILE")]
    data_file: Option<PathBuf>,
    /// Fill a new hub from this file: {"devices": [...], "configurations": [...]}, devices as in a bulk request
    #[arg(long, value_name = "FILE", conflicts_with = "no_iothub")]
    hub: Option<PathBuf>,
    /// Answer 429 to requests beyond what the hub's size allows, or beyond the rates of Digital Twins
    #[arg(long)]
    throttle: bool,
    /// Start the clock at this time (RFC 3339) instead of now
    #[arg(long, value_name = "TIME", value_parser = clock)]
    clock: Option<Clock>,
    /// State to start with, as `GET /state` of the management API gives it
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// What to log, in the syntax of tracing's EnvFilter
    #[arg(long, default_value = "info", env = "IOT_EMULATOR_LOG")]
    log: String,
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

#[tokio::main]
async fn main() -> ExitCode {
    let Err(error) = run(Options::parse()).await else {
        return ExitCode::SUCCESS;
    };
    let mut text = format!("error: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    // Nobody is left to tell if this fails.
    let _ = writeln!(std::io::stderr(), "{text}");
    ExitCode::FAILURE
}

async fn run(options: Options) -> Result<(), Box<dyn Error>> {
    let filter = EnvFilter::try_new(&options.log).map_err(|error| format!("--log: {error}"))?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .init();
    // Before anything is announced, so that no signal is missed.
    let interrupted = end_signal()?;

    let emulator = start(&options).await?;
    let ca_file = CaFile::write(options.ca_file, emulator.ca_certificate_pem())?;
    let mut line = ready_line(&emulator, &ca_file.path).to_string();
    line.push('\n');
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(line.as_bytes())?;
    stdout.flush()?;
    drop(stdout);

    interrupted.await;
    tracing::info!("shutting down");
    emulator.shut_down().await;
    Ok(())
}

async fn start(options: &Options) -> Result<Emulator, Box<dyn Error>> {
    let mut builder = Emulator::builder()
        .address(options.address)
        .iothub_port(options.iothub_port)
        .amqp_port(options.amqp_port)
        .blob_port(options.blob_port)
        .tier(options.tier)
        .digitaltwins_port(options.digitaltwins_port)
        .management_port(options.management_port)
        .hub_name(&options.hub_name);
    if options.no_iothub {
        builder = builder.without_iothub();
    }
    if options.no_digitaltwins {
        builder = builder.without_digitaltwins();
    }
    for (policy, key) in &options.policy_key {
        builder = builder.policy_key(policy, key);
    }
    for file in &options.event_webhook_ca {
        let pem = std::fs::read_to_string(file)
            .map_err(|error| format!("{} can't be read: {error}", file.display()))?;
        builder = builder.event_webhook_certificates(pem);
    }
    for (name, url) in &options.event_webhook {
        builder = builder.event_webhook(name, url.clone());
    }
    if let Some(directory) = &options.blob_directory {
        builder = builder.blob_directory(directory);
    }
    builder = builder.query_lag(std::time::Duration::from_secs(options.query_lag));
    if options.building {
        builder = builder.building();
    }
    for name in &options.host_name {
        builder = builder.host_name(name);
    }
    builder = builder.throttling(options.throttle);
    if let Some(path) = &options.data_file {
        builder = builder.data_file(path);
    }
    if let Some(path) = &options.hub {
        builder = builder.preset(read_json("--hub", path)?);
    }
    if let Some(path) = &options.state {
        builder = builder.state(read_json("--state", path)?);
    }
    if let Some(clock) = &options.clock {
        builder = builder.clock(clock.clone());
    }
    Ok(builder.start().await?)
}

fn read_json(option: &str, path: &Path) -> Result<Value, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("{option} {}: {error}", path.display()))?;
    serde_json::from_slice(&bytes).map_err(|error| format!("{option} {}: {error}", path.display()))
}

fn ready_line(emulator: &Emulator, ca_file: &Path) -> Value {
    let mut line = json!({ "status": "ready" });
    if emulator.iothub().is_some() {
        line["iothub"] = json!({
            "endpoint": emulator.iothub_endpoint(),
            "amqpEndpoint": emulator.iothub_amqp_endpoint(),
            "blobEndpoint": emulator.iothub_blob_endpoint(),
            "connectionString": emulator.iothub_connection_string(),
        });
    }
    if emulator.digitaltwins().is_some() {
        line["digitaltwins"] = json!({ "endpoint": emulator.digitaltwins_endpoint() });
    }
    line["management"] = json!({ "endpoint": emulator.management_endpoint() });
    line["caFile"] = json!(ca_file);
    line["bearerToken"] = json!(emulator.bearer_token());
    line
}

/// The file with the certificate to trust. It goes with this, unless somebody said where it is to be.
struct CaFile {
    path: PathBuf,
    temporary: bool,
}

impl CaFile {
    fn write(wanted: Option<PathBuf>, pem: &str) -> Result<Self, String> {
        let temporary = wanted.is_none();
        let path = wanted.unwrap_or_else(|| {
            std::env::temp_dir().join(format!("iot-emulator-ca-{}.pem", uuid::Uuid::new_v4()))
        });
        let written = if temporary {
            // A file that nobody can have put there before.
            let file = OpenOptions::new().write(true).create_new(true).open(&path);
            file.and_then(|mut file| file.write_all(pem.as_bytes()))
        } else {
            std::fs::write(&path, pem)
        };
        match written {
            Ok(()) => Ok(Self { path, temporary }),
            Err(error) => Err(format!(
                "the certificate can't be written to {}: {error}",
                path.display()
            )),
        }
    }
}

impl Drop for CaFile {
    fn drop(&mut self) {
        if self.temporary
            && let Err(error) = std::fs::remove_file(&self.path)
        {
            tracing::warn!(%error, path = %self.path.display(), "the certificate's file stays");
        }
    }
}

/// Resolves when the program is asked to end; listens from the moment it is called.
#[cfg(unix)]
fn end_signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Resolves when the program is asked to end.
#[cfg(not(unix))]
fn end_signal() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::error!(%error, "there is no way to hear a signal");
        }
    })
}
