//! What one GET of a twin costs on the way through three clients: CPU time of this process and requests per second.
//!
//! * `reqwest`: a bare `reqwest::Client` and `serde_json`.
//! * `pipeline`: what one would write on `azure_core`'s `Pipeline` by hand, with the same credential policy.
//! * `convenience`: `IotHubRegistryManager::get_twin`.
//!
//! All of them read the same twin of about 1 KB from an emulator in a process of its own, over TLS and kept-alive
//! connections, and decode it into the same type. Rounds are interleaved, because machines are shared and noisy;
//! read the ratios, not the numbers.
//!
//! ```sh
//! cargo bench -p integration-tests --bench get_twin            # ROUNDS=15 for a calmer picture, CLIENT=… for one
//! ```
#![allow(clippy::print_stdout, reason = "it prints its result")]
#![allow(missing_docs, reason = "a program")]

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use azure_core::http::policies::Policy;
use azure_core::http::{ClientOptions, Context, Method, Pipeline, Request, Response, Transport, Url};
use emulator::Emulator;
use futures::StreamExt as _;
use integration_tests::Failure;
use iothub_convenience::{
    DeviceStatus, IotHubClientOptions, IotHubRegistryManager, Precondition, SymmetricKey, Twin, TwinPatch,
};
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};
use service_core::{ConnectionString, SasCredential, SasPolicy};

const DEVICE: &str = "bench-device";
const CONNECTIONS: [usize; 2] = [1, 64];
/// Requests of one client in one round.
const REQUESTS: [usize; 2] = [3_000, 12_000];

fn main() -> Result<(), Failure> {
    if std::env::args().any(|argument| argument == "--serve") {
        return serve();
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let server = Server::start()?;
    runtime.block_on(run(&server))
}

/// The child process: an emulator until its standard input ends.
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

/// The three ways to the same twin.
#[derive(Clone)]
enum Client {
    Reqwest {
        http: reqwest::Client,
        url: Url,
        token: Arc<str>,
    },
    Pipeline {
        pipeline: Pipeline,
        url: Url,
    },
    Convenience(IotHubRegistryManager),
}

impl Client {
    async fn get(&self) -> Result<Twin, Failure> {
        match self {
            Self::Reqwest { http, url, token } => {
                let request = http.get(url.clone()).header("authorization", &**token);
                let answer = request
                    .header("accept", "application/json")
                    .send()
                    .await?
                    .error_for_status()?;
                Ok(serde_json::from_slice(&answer.bytes().await?)?)
            }
            Self::Pipeline { pipeline, url } => {
                let mut request = Request::new(url.clone(), Method::Get);
                request.insert_header("accept", "application/json");
                let response: Response<Twin> =
                    pipeline.send(&Context::new(), &mut request, None).await?.into();
                Ok(response.into_model()?)
            }
            Self::Convenience(hub) => Ok(hub.get_twin(DEVICE).await?.into_model()?),
        }
    }
}

/// A client and its name, with connections of its own.
fn clients(server: &Server) -> Result<Vec<(&'static str, Client)>, Failure> {
    let connection: ConnectionString = server.connection_string.parse()?;
    let mut url = Url::parse(&connection.endpoint())?;
    url.set_path(&format!("/twins/{DEVICE}"));
    url.set_query(Some("api-version=2021-04-12"));
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
                url: url.clone(),
                token,
            },
        ),
        ("pipeline", Client::Pipeline { pipeline, url }),
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
        .map(|_| {
            let client = client.clone();
            async move { client.get().await }
        })
        .buffer_unordered(connections);
    while let Some(twin) = calls.next().await {
        let twin = twin?;
        if twin.device_id.as_deref() != Some(DEVICE) {
            return Err("another twin than the one asked for".into());
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
    // One client alone is for a profiler: there is nothing to compare it with.
    let only = std::env::var("CLIENT").ok();
    clients.retain(|(name, _)| only.as_deref().is_none_or(|only| only == *name));
    let rounds: usize = std::env::var("ROUNDS").ok().map_or(Ok(7), |text| text.parse())?;
    for (connections, requests) in CONNECTIONS.into_iter().zip(REQUESTS) {
        let mut samples = vec![Vec::new(); clients.len()];
        for round in 0..=rounds {
            for (index, (_, client)) in clients.iter().enumerate() {
                let sample = measure(client, connections, requests).await?;
                // The first round opens the connections.
                if round > 0 {
                    samples[index].push(sample);
                }
            }
        }
        report(connections, &clients, &samples);
    }
    Ok(())
}

/// A device whose twin is about 1 KB of JSON.
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
    let median = |samples: &[Sample], value: fn(&Sample) -> f64| {
        let mut values: Vec<f64> = samples.iter().map(value).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
    };
    let base = clients
        .iter()
        .position(|(name, _)| *name == "pipeline")
        .unwrap_or_default();
    // Ratios within a round, so that a slow minute of the machine hits both sides.
    let ratio = |index: usize, value: fn(&Sample) -> f64| {
        let mut ratios: Vec<f64> = samples[index]
            .iter()
            .zip(&samples[base])
            .map(|(own, base)| value(own) / value(base))
            .collect();
        ratios.sort_by(f64::total_cmp);
        ratios.get(ratios.len() / 2).copied().unwrap_or(f64::NAN)
    };
    println!("\n{connections} connection(s)   CPU µs/request   to pipeline   requests/s   to pipeline");
    for (index, (name, _)) in clients.iter().enumerate() {
        println!(
            "{name:<17} {:>14.1} {:>13.3} {:>12.0} {:>13.3}",
            median(&samples[index], |sample| sample.microseconds),
            ratio(index, |sample| sample.microseconds),
            median(&samples[index], |sample| sample.per_second),
            ratio(index, |sample| sample.per_second),
        );
    }
}
