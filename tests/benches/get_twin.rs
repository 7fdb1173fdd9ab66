//! Cost of one GET of a twin through three clients: CPU time of this process and requests per second.
//!
//! * `reqwest`: a bare `reqwest::Client` and `serde_json`.
//! * `pipeline`: code as Microsoft's generator writes it, on `azure_core`'s `Pipeline`, with the same credential policy.
//! * `convenience`: `IotHubRegistryManager::get_twin`.
//!
//! All of them read the same twin of about 1 KB from an emulator in a separate process, over TLS and keep-alive
//! connections, and decode it into the same type. Machines are shared and noisy, so the clients take turns in small
//! batches, and each batch is compared only with batches of the same round. Read the ratios, not the absolute numbers.
//! ```sh
//! cargo bench -p integration-tests --bench get_twin   # ROUNDS=200 for less noise, CLIENT=… to profile one client
//! ```
#![allow(clippy::print_stdout, reason = "the results go to standard output")]
#![allow(missing_docs, reason = "a program")]

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use azure_core::error::CheckSuccessOptions;
use azure_core::http::policies::Policy;
use azure_core::http::{
    ClientOptions, Context, Method, Pipeline, PipelineSendOptions, Request, Response, Transport, Url,
    UrlExt as _,
};
use azure_iot_emulator::Emulator;
use azure_service_core::{ConnectionString, SasCredential, SasPolicy};
use futures::StreamExt as _;
use integration_tests::Failure;
use iothub_convenience::{
    DeviceStatus, IotHubClientOptions, IotHubRegistryManager, Precondition, SymmetricKey, Twin, TwinPatch,
};
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};

const DEVICE: &str = "bench-device";
const CONNECTIONS: [usize; 2] = [1, 64];
/// Requests per client and round, for each number of connections.
const REQUESTS: [usize; 2] = [300, 1_000];
/// Warm-up rounds; the first opens the connections.
const WARM_UP: usize = 3;

fn main() -> Result<(), Failure> {
    if std::env::args().any(|argument| argument == "--serve") {
        return serve();
    }
    // azure_core creates and drops an error for every absent header. With backtraces enabled, these dominate the cost and
    // would hide the difference that is measured here.
    if std::env::var("RUST_LIB_BACKTRACE").as_deref() != Ok("0") {
        let status = Command::new(std::env::current_exe()?)
            .env("RUST_LIB_BACKTRACE", "0")
            .status()?;
        return if status.success() {
            Ok(())
        } else {
            Err("the benchmark process failed".into())
        };
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let server = Server::start()?;
    runtime.block_on(run(&server))
}

/// Runs an emulator until standard input is closed. This is the child process.
fn serve() -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let emulator = runtime.block_on(Emulator::start())?;
    println!(
        "{}",
        json!({"connection_string": emulator.iothub_connection_string(), "ca": emulator.ca_certificate_pem()})
    );
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink())?;
    Ok(())
}

struct Server {
    process: Child,
    connection_string: String,
    ca: String,
}

impl Server {
    fn start() -> Result<Self, Failure> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg("--serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        let output = process.stdout.take().ok_or("no output")?;
        BufReader::new(output).read_line(&mut line)?;
        let ready: Value = serde_json::from_str(&line)?;
        let text = |name: &str| ready[name].as_str().map(str::to_owned).ok_or("no ready line");
        Ok(Self {
            connection_string: text("connection_string")?,
            ca: text("ca")?,
            process,
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// One of the measured clients.
enum Client {
    Reqwest {
        http: reqwest::Client,
        url: Url,
        token: Arc<str>,
    },
    Pipeline(Direct),
    Convenience(IotHubRegistryManager),
}

impl Client {
    async fn get(&self) -> Result<Twin, Failure> {
        match self {
            Self::Reqwest { http, url, token } => {
                let request = http.get(url.clone()).header("authorization", &**token);
                let response = request
                    .header("accept", "application/json")
                    .send()
                    .await?
                    .error_for_status()?;
                Ok(serde_json::from_slice(&response.bytes().await?)?)
            }
            Self::Pipeline(direct) => Ok(direct.get_twin(DEVICE).await?.into_model()?),
            Self::Convenience(hub) => Ok(hub.get_twin(DEVICE).await?.into_model()?),
        }
    }
}

/// A client as Microsoft's generator writes it, without tracing.
struct Direct {
    endpoint: Url,
    api_version: String,
    pipeline: Pipeline,
}

impl Direct {
    async fn get_twin(&self, id: &str) -> azure_core::Result<Response<Twin>> {
        let context = Context::new();
        let mut url = self.endpoint.clone();
        url.append_path("/twins/{id}".replace("{id}", id));
        let mut query = url.query_builder();
        query.set_pair("api-version", &self.api_version);
        query.build();
        let mut request = Request::new(url, Method::Get);
        request.insert_header("accept", "application/json");
        let options = PipelineSendOptions {
            check_success: CheckSuccessOptions {
                success_codes: &[200],
            },
            ..Default::default()
        };
        Ok(self
            .pipeline
            .send(&context, &mut request, Some(options))
            .await?
            .into())
    }
}

/// Returns the clients with their names, each with its own connections.
fn clients(server: &Server) -> Result<Vec<(&'static str, Client)>, Failure> {
    let connection: ConnectionString = server.connection_string.parse()?;
    let endpoint = Url::parse(&connection.endpoint())?;
    let mut url = endpoint.clone();
    url.set_path(&format!("/twins/{DEVICE}"));
    url.set_query(Some("api-version=2024-03-31"));
    let http = || {
        let certificates = reqwest::Certificate::from_pem_bundle(server.ca.as_bytes())?;
        reqwest::Client::builder().tls_certs_merge(certificates).build()
    };
    let options = || -> Result<ClientOptions, Failure> {
        Ok(ClientOptions {
            transport: Some(Transport::new(Arc::new(http()?))),
            ..Default::default()
        })
    };
    let credential = SasCredential::new(&connection)?;
    let token: Arc<str> = credential.token().token.secret().into();
    let policy: Arc<dyn Policy> = Arc::new(SasPolicy::new(credential));
    let pipeline = Pipeline::new(
        Some("bench"),
        Some("0"),
        options()?,
        Vec::new(),
        vec![policy],
        None,
    );
    let hub_options = IotHubClientOptions {
        client_options: options()?,
        ..Default::default()
    };
    let hub = IotHubRegistryManager::from_connection_string(&server.connection_string, Some(hub_options))?;
    Ok(vec![
        (
            "reqwest",
            Client::Reqwest {
                http: http()?,
                url,
                token,
            },
        ),
        (
            "pipeline",
            Client::Pipeline(Direct {
                endpoint,
                api_version: "2024-03-31".to_owned(),
                pipeline,
            }),
        ),
        ("convenience", Client::Convenience(hub)),
    ])
}

#[derive(Clone, Copy)]
struct Sample {
    microseconds: f64,
    per_second: f64,
}

async fn measure(client: &Client, connections: usize, requests: usize) -> Result<Sample, Failure> {
    let (start, cpu) = (Instant::now(), cpu_time());
    let mut calls = futures::stream::iter(0..requests)
        .map(|_| client.get())
        .buffer_unordered(connections);
    while let Some(twin) = calls.next().await {
        let twin = twin?;
        if twin.device_id.as_deref() != Some(DEVICE) {
            return Err("the response has a twin other than the requested one".into());
        }
    }
    let (elapsed, cpu) = (start.elapsed(), cpu_time() - cpu);
    let count = requests as f64;
    Ok(Sample {
        microseconds: cpu.as_secs_f64() * 1e6 / count,
        per_second: count / elapsed.as_secs_f64(),
    })
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or_default(),
        u32::try_from(time.tv_nsec).unwrap_or_default(),
    )
}

async fn run(server: &Server) -> Result<(), Failure> {
    let mut clients = clients(server)?;
    let Some((_, Client::Convenience(hub))) = clients.last() else {
        return Err("no client".into());
    };
    prepare(hub).await?;
    // A single client runs under a profiler, without a comparison.
    let only = std::env::var("CLIENT").ok();
    clients.retain(|(name, _)| only.as_deref().is_none_or(|only| only == *name));
    let rounds: usize = std::env::var("ROUNDS").ok().map_or(Ok(60), |text| text.parse())?;
    for (connections, requests) in CONNECTIONS.into_iter().zip(REQUESTS) {
        let mut samples = vec![Vec::new(); clients.len()];
        for round in 0..WARM_UP + rounds {
            for turn in 0..clients.len() {
                // The order rotates, because the first client of a round may find colder caches.
                let index = (round + turn) % clients.len();
                let sample = measure(&clients[index].1, connections, requests).await?;
                if round >= WARM_UP {
                    samples[index].push(sample);
                }
            }
        }
        report(connections, &clients, &samples);
    }
    Ok(())
}

/// Registers a device whose twin has about 1 KB of JSON.
async fn prepare(hub: &IotHubRegistryManager) -> Result<(), Failure> {
    hub.create_device_with_sas(DEVICE, SymmetricKey::generate()?, DeviceStatus::Enabled, None)
        .await?;
    let patch = TwinPatch::new()
        .set_tag("location.building", "north")
        .set_tag("location.floor", 3)
        .set_desired("telemetry.intervalSeconds", 30);
    let twin = hub
        .update_twin(DEVICE, &patch, Precondition::Unconditional)
        .await?;
    println!("a twin of {} bytes", twin.body().len());
    Ok(())
}

fn report(connections: usize, clients: &[(&str, Client)], samples: &[Vec<Sample>]) {
    let base = clients
        .iter()
        .position(|(name, _)| *name == "pipeline")
        .unwrap_or_default();
    println!(
        "\n{connections} connection(s)   CPU µs/request   to pipeline (quartiles)    requests/s   to pipeline"
    );
    for ((name, _), own) in clients.iter().zip(samples) {
        // Ratios within a round, so that a slow phase of the machine affects both sides.
        let ratio = |value: fn(&Sample) -> f64| {
            quartiles(
                own.iter()
                    .zip(&samples[base])
                    .map(|(own, base)| value(own) / value(base)),
            )
        };
        let [_, cpu, _] = quartiles(own.iter().map(|sample| sample.microseconds));
        let [low, middle, high] = ratio(|sample| sample.microseconds);
        let [_, rate, _] = quartiles(own.iter().map(|sample| sample.per_second));
        let [_, rates, _] = ratio(|sample| sample.per_second);
        println!("{name:<17} {cpu:>14.1} {middle:>13.3} ({low:.3}-{high:.3}) {rate:>12.0} {rates:>13.3}");
    }
}

/// Returns the lower quartile, the median and the upper quartile.
fn quartiles(values: impl Iterator<Item = f64>) -> [f64; 3] {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    [1, 2, 3].map(|quarter| {
        values
            .get(values.len() * quarter / 4)
            .copied()
            .unwrap_or(f64::NAN)
    })
}
