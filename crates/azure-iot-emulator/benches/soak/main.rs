//! Soak test: connections that mix calls on a service for a while. Every response is checked, then point reads alone
//! are counted.
//!
//! ```text
//! cargo xtask soak [iothub | digitaltwins] [seconds] [devices or twins] [connections]
//! ```
//!
//! Without a service's name both are tested in turn. Fails on a wrong response, or if memory grows by more than a
//! quarter after the first third of the time.

#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a program for people to run, which ends when it cannot go on"
)]

mod caller;
mod digitaltwins;
mod iothub;
mod turn;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use caller::{Caller, Outcome};

/// A minute for a judgement; an unoptimised build shows only that it works.
const DEFAULT_SECONDS: u64 = if cfg!(debug_assertions) { 3 } else { 60 };
/// Below this, the memory of a process that has just begun says nothing.
const SECONDS_TO_JUDGE_MEMORY: u64 = 30;
/// How long point reads are counted.
const READ_TIME: Duration = Duration::from_secs(if cfg!(debug_assertions) { 1 } else { 5 });

/// How much is wanted of a run.
#[derive(Debug, Clone, Copy)]
struct Size {
    seconds: u64,
    /// Devices or twins.
    items: u64,
    connections: u64,
}

/// A service that runs and is ready for load.
trait Subject: Send + Sync + 'static {
    fn caller(&self) -> &Caller;

    /// Mixes calls on one connection. Its devices or twins are its own, so that it knows what every answer must be.
    fn mix(&self, connection: u64, until: Instant) -> impl Future<Output = Outcome<()>> + Send;

    /// Reads devices or twins one after the other; tells how many.
    fn read(&self, first: u64, until: Instant) -> impl Future<Output = Outcome<u64>> + Send;

    /// Looks at what is left when every connection has ended.
    fn end(&self) -> impl Future<Output = Outcome<()>> + Send;
}

async fn run<S: Subject>(subject: Arc<S>, size: Size) -> Outcome<()> {
    let time = Duration::from_secs(size.seconds);
    let until = Instant::now() + time;
    let tasks: Vec<_> = (0..size.connections)
        .map(|connection| {
            let subject = subject.clone();
            tokio::spawn(async move { subject.mix(connection, until).await })
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
    println!("  mixed calls: {calls} in {} s, all answers right", size.seconds);
    println!("  memory: {early} KB after a third of the time, {late} KB at the end");
    if size.seconds >= SECONDS_TO_JUDGE_MEMORY && late > early + early / 4 {
        return Err("the memory grows".into());
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

/// The program's memory in KB; 0 where it can't be told.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}

#[tokio::main]
async fn main() -> Outcome<()> {
    // `cargo bench` adds `--bench`.
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
        Some(other) => return Err(format!("{other} is no service").into()),
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
