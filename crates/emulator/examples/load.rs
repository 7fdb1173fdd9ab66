//! Load on the hub: devices and connections that mix calls for a while, with every answer checked, and then point
//! reads alone to see how many there are in a second.
//!
//! ```text
//! cargo run --release -p emulator --example load -- [seconds] [devices] [connections]
//! ```
//!
//! Ends with an error on a wrong answer, or if the memory has grown beyond a quarter after the first third of the time.

#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a program for people to run, which ends when it cannot go on"
)]

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use emulator::{Emulator, MethodScript};
use reqwest::{Certificate, Client, Method};
use serde_json::{Value, json};

/// A minute for a judgement; an unoptimised build shows only that it works.
const DEFAULT_SECONDS: u64 = if cfg!(debug_assertions) { 3 } else { 60 };
/// Below this, the memory of a process that has just begun says nothing.
const SECONDS_TO_JUDGE_MEMORY: u64 = 30;
/// How long point reads are counted.
const READ_TIME: Duration = Duration::from_secs(if cfg!(debug_assertions) { 1 } else { 5 });

struct Load {
    base: String,
    token: String,
    pem: String,
    devices: u64,
    calls: AtomicU64,
}

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

impl Load {
    /// A client with one connection of its own.
    fn client(&self) -> Outcome<Client> {
        let certificate = Certificate::from_pem(self.pem.as_bytes())?;
        let builder = Client::builder().tls_certs_only([certificate]).http1_only();
        Ok(builder.pool_max_idle_per_host(1).build()?)
    }

    async fn call(&self, client: &Client, method: Method, path: &str, body: Option<Value>) -> Outcome<Value> {
        let url = format!("{}{path}?api-version=2021-04-12", self.base);
        let mut request = client.request(method, &url).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await?;
        self.calls.fetch_add(1, Ordering::Relaxed);
        let status = response.status();
        let body = response.text().await?;
        if !status.is_success() {
            return Err(format!("{path}: {status} {body}").into());
        }
        Ok(if body.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&body)?
        })
    }

    /// One connection's devices are its own, so that it knows what every answer must be.
    async fn mix(&self, first: u64, step: u64, until: Instant) -> Outcome<()> {
        let client = self.client()?;
        let mine: Vec<u64> = (first..self.devices).step_by(usize::try_from(step)?).collect();
        let mut round = 0_u64;
        while Instant::now() < until {
            round += 1;
            for device in &mine {
                if Instant::now() >= until {
                    break;
                }
                self.turn(&client, *device, round).await?;
            }
        }
        Ok(())
    }

    async fn turn(&self, client: &Client, device: u64, round: u64) -> Outcome<()> {
        let id = format!("device-{device}");
        let twin = format!("/twins/{id}");
        let patch = json!({"tags": {"round": round}, "properties": {"desired": {"n": round}}});
        let patched = self.call(client, Method::PATCH, &twin, Some(patch)).await?;
        expect(&patched["tags"]["round"], &json!(round), &id)?;
        expect(
            &patched["properties"]["desired"]["$version"],
            &json!(round + 1),
            &id,
        )?;
        let read = self.call(client, Method::GET, &twin, None).await?;
        expect(&read["properties"]["desired"]["n"], &json!(round), &id)?;
        expect(&read["etag"], &patched["etag"], &id)?;
        let identity = self
            .call(client, Method::GET, &format!("/devices/{id}"), None)
            .await?;
        expect(&identity["deviceId"], &json!(id), &id)?;
        let call = json!({"methodName": "echo", "payload": {"round": round}});
        let answer = self
            .call(client, Method::POST, &format!("{twin}/methods"), Some(call))
            .await?;
        expect(&answer, &json!({"status": 200, "payload": {"round": round}}), &id)?;
        if device.is_multiple_of(16) {
            let text = format!("SELECT tags.round AS r FROM devices WHERE deviceId = '{id}'");
            let query = json!({ "query": text });
            let rows = self
                .call(client, Method::POST, "/devices/query", Some(query))
                .await?;
            expect(&rows, &json!([{ "r": round }]), &id)?;
            let module = format!("/devices/{id}/modules/m");
            let body = json!({"deviceId": id, "moduleId": "m"});
            self.call(client, Method::PUT, &module, Some(body)).await?;
            let delete = client.delete(format!("{}{module}?api-version=2021-04-12", self.base));
            let deleted = delete
                .bearer_auth(&self.token)
                .header("if-match", "*")
                .send()
                .await?;
            expect(&json!(deleted.status().as_u16()), &json!(204), &id)?;
        }
        Ok(())
    }

    async fn read(&self, first: u64, until: Instant) -> Outcome<u64> {
        let client = self.client()?;
        let mut count = 0;
        while Instant::now() < until {
            let device = (first + count * 7919) % self.devices;
            let path = format!("/twins/device-{device}");
            let twin = self.call(&client, Method::GET, &path, None).await?;
            expect(&twin["deviceId"], &json!(format!("device-{device}")), &path)?;
            count += 1;
        }
        Ok(count)
    }
}

fn expect(found: &Value, expected: &Value, what: &str) -> Outcome<()> {
    if found == expected {
        return Ok(());
    }
    Err(format!("{what}: {found} instead of {expected}").into())
}

/// The program's memory in KB; 0 where it can't be told.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u64>());
    let mut next = |default: u64| arguments.next().unwrap_or(Ok(default));
    let (seconds, devices, connections) = (next(DEFAULT_SECONDS)?, next(1000)?.max(1), next(64)?.max(1));

    let emulator = Emulator::start().await?;
    let load = Arc::new(Load {
        base: emulator.iothub_endpoint().to_owned(),
        token: emulator.bearer_token(),
        pem: emulator.ca_certificate_pem().to_owned(),
        devices,
        calls: AtomicU64::new(0),
    });
    let client = load.client()?;
    let ids: Vec<u64> = (0..devices).collect();
    for part in ids.chunks(100) {
        let items: Value = part
            .iter()
            .map(|id| json!({ "id": format!("device-{id}") }))
            .collect();
        load.call(&client, Method::POST, "/devices", Some(items)).await?;
    }
    let hub = emulator.iothub().expect("it was not left out");
    for id in &ids {
        let id = format!("device-{id}");
        hub.set_connected(&id, None, true)?;
        hub.on_method(&id, None, "echo", MethodScript::Echo { status: 200 })?;
    }

    let time = Duration::from_secs(seconds);
    let until = Instant::now() + time;
    let tasks: Vec<_> = (0..connections)
        .map(|first| {
            let load = load.clone();
            tokio::spawn(async move { load.mix(first, connections, until).await })
        })
        .collect();
    tokio::time::sleep(time / 3).await;
    let early = memory();
    for task in tasks {
        task.await??;
    }
    let late = memory();
    let calls = load.calls.load(Ordering::Relaxed);
    println!("mixed calls: {calls} in {seconds} s, all answers right");
    println!("memory: {early} KB after a third of the time, {late} KB at the end");
    if seconds >= SECONDS_TO_JUDGE_MEMORY && late > early + early / 4 {
        return Err("the memory grows".into());
    }

    let until = Instant::now() + READ_TIME;
    let readers = (0..connections).map(|first| {
        let load = load.clone();
        tokio::spawn(async move { load.read(first * 31, until).await })
    });
    let readers: Vec<_> = readers.collect();
    let mut reads = 0;
    for reader in readers {
        reads += reader.await??;
    }
    println!(
        "point reads: {} a second, client included",
        reads / READ_TIME.as_secs()
    );
    emulator.shut_down().await;
    Ok(())
}
