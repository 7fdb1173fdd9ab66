//! Soak test: many connections send mixed requests to a service. Every response is checked; then the rate of point
//! reads is measured.
//!
//! ```text
//! cargo xtask soak [iothub | digitaltwins] [seconds] [devices or twins] [connections]
//! ```
//!
//! Without a service name, both are tested one after the other. Fails on a wrong response, or if memory grows by more
//! than a quarter after the first third of the run.

#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a command-line program that ends on its first error"
)]

mod caller;
mod digitaltwins;
mod iothub;
mod iteration;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use caller::{Caller, Outcome};

/// One minute gives a reliable result; an unoptimized build only shows that the test runs.
const DEFAULT_SECONDS: u64 = if cfg!(debug_assertions) { 3 } else { 60 };
/// In a shorter run, start-up allocations dominate the memory figures.
const MIN_SECONDS_FOR_MEMORY_CHECK: u64 = 30;
/// Duration of the point reads.
const READ_TIME: Duration = Duration::from_secs(if cfg!(debug_assertions) { 1 } else { 5 });

/// Size and duration of a run.
#[derive(Debug, Clone, Copy)]
struct Size {
    seconds: u64,
    /// Number of devices or twins.
    items: u64,
    connections: u64,
}

/// A running service under test.
trait Subject: Send + Sync + 'static {
    fn caller(&self) -> &Caller;

    /// Sends mixed requests on one connection until `until`. No two connections use the same devices or twins, so
    /// the expected response to every request is known.
    fn send_mixed_requests(
        &self,
        connection: u64,
        until: Instant,
    ) -> impl Future<Output = Outcome<()>> + Send;

    /// Reads devices or twins one after the other until `until`, and returns the number of reads.
    fn read(&self, first: u64, until: Instant) -> impl Future<Output = Outcome<u64>> + Send;

    /// Checks the final state after all connections have ended.
    fn end(&self) -> impl Future<Output = Outcome<()>> + Send;
}

async fn run<S: Subject>(subject: Arc<S>, size: Size) -> Outcome<()> {
    let time = Duration::from_secs(size.seconds);
    let until = Instant::now() + time;
    let tasks: Vec<_> = (0..size.connections)
        .map(|connection| {
            let subject = subject.clone();
            tokio::spawn(async move { subject.send_mixed_requests(connection, until).await })
        })
        .collect();
    tokio::time::sleep(time / 3).await;
    let early = memory();
    for task in tasks {
        task.await??;
    }
    let late = memory();
    subject.end().await?;
    let calls = subject.caller().calls.load(Ordering::Relaxed);
    println!(
        "  mixed requests: {calls} in {} s, all responses correct",
        size.seconds
    );
    println!("  memory: {early} KB after a third of the run, {late} KB at the end");
    if size.seconds >= MIN_SECONDS_FOR_MEMORY_CHECK && late > early + early / 4 {
        return Err("memory grew by more than a quarter after the first third of the run".into());
    }

    let until = Instant::now() + READ_TIME;
    let readers: Vec<_> = (0..size.connections)
        .map(|first| {
            let subject = subject.clone();
            tokio::spawn(async move { subject.read(first * 31, until).await })
        })
        .collect();
    let mut reads = 0;
    for reader in readers {
        reads += reader.await??;
    }
    println!(
        "  point reads: {} a second, client included",
        reads / READ_TIME.as_secs()
    );
    Ok(())
}

/// Returns the memory of the process in KB, or 0 where `/proc` is missing.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}

#[tokio::main]
async fn main() -> Outcome<()> {
    // `cargo bench` appends `--bench`.
    let arguments = std::env::args().skip(1);
    let mut arguments = arguments.filter(|argument| argument != "--bench").peekable();
    let service = arguments.next_if(|argument| argument.parse::<u64>().is_err());
    let mut numbers = arguments.map(|argument| argument.parse::<u64>());
    let mut next = |default: u64| numbers.next().unwrap_or(Ok(default));
    let size = Size {
        seconds: next(DEFAULT_SECONDS)?,
        items: next(1000)?.max(1),
        connections: next(64)?.max(1),
    };
    let (hub, twins) = match service.as_deref() {
        None => (true, true),
        Some("iothub") => (true, false),
        Some("digitaltwins") => (false, true),
        Some(other) => {
            return Err(format!("unknown service {other:?}; expected iothub or digitaltwins").into());
        }
    };
    if hub {
        println!("iothub, {} devices, {} connections", size.items, size.connections);
        let (emulator, load) = iothub::start(size).await?;
        run(Arc::new(load), size).await?;
        emulator.shut_down().await;
    }
    if twins {
        println!(
            "digitaltwins, {} twins, {} connections",
            size.items, size.connections
        );
        let (emulator, load) = digitaltwins::start(size).await?;
        run(Arc::new(load), size).await?;
        emulator.shut_down().await;
    }
    Ok(())
}
