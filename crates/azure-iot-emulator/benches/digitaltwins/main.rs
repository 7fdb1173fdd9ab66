//! Load time, memory and throughput of a large graph, first in the engine without HTTP, then over TLS:
//! `cargo bench -p azure-iot-emulator --bench digitaltwins`.
//!
//! `TWINS` sets the number of twins (20,000 by default); the graph has twice as many relationships.

#![expect(clippy::expect_used, reason = "a benchmark ends on its first error")]
#![expect(clippy::print_stdout, reason = "the results go to standard output")]

mod graph;
mod process;
mod tls;

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use azure_iot_emulator::{DigitalTwins, Emulator, ServiceRequest};
use futures::executor::block_on;
use http::Method;
use serde_json::{Value, json};

use process::{cpu_time, memory};

/// Duration of each measurement.
const MEASURED: Duration = Duration::from_secs(2);
/// Number of slices of a measurement. The best slice estimates the speed of an otherwise idle machine.
const SLICES: u32 = 10;
const CONNECTIONS: usize = 64;
/// Number of runs of reads over TLS. Each run takes [`MEASURED`].
const TLS_RUNS: usize = 5;

fn send(service: &DigitalTwins, method: Method, path: &str, body: Option<&Value>) -> Value {
    let mark = if path.contains('?') { '&' } else { '?' };
    let path = format!("{path}{mark}api-version=2023-10-31");
    let request = ServiceRequest::new(method, &path).expect("a path");
    let request = match body {
        Some(body) => request.with_json(body),
        None => request,
    };
    let response = block_on(service.handle(request));
    assert!(response.status.is_success(), "{path}: {}", response.status);
    response.body_json().expect("JSON or nothing")
}

/// Returns all rows of a query, page by page.
fn query(service: &DigitalTwins, query: &str) -> Vec<Value> {
    let mut body = json!({ "query": query });
    let mut rows = Vec::new();
    loop {
        let mut page = send(service, Method::POST, "/query", Some(&body));
        if let Some(items) = page["value"].as_array_mut() {
            rows.append(items);
        }
        match page["continuationToken"].take() {
            Value::Null => return rows,
            token => body = json!({ "continuationToken": token }),
        }
    }
}

fn count(service: &DigitalTwins, condition: &str) -> u64 {
    let rows = query(service, &format!("SELECT COUNT() FROM DIGITALTWINS {condition}"));
    rows.first()
        .and_then(|row| row["COUNT"].as_u64())
        .expect("a count")
}

/// Repeats a call for [`MEASURED`] and prints the time per call: the median of the slices and the best slice.
fn measure(what: &str, mut call: impl FnMut(usize)) {
    let mut calls = 0;
    let mut slices: Vec<_> = (0..SLICES)
        .map(|_| {
            let start = Instant::now();
            let mut in_slice: u32 = 0;
            while in_slice == 0 || start.elapsed() < MEASURED / SLICES {
                call(calls);
                calls += 1;
                in_slice += 1;
            }
            start.elapsed() / in_slice
        })
        .collect();
    slices.sort();
    let (best, median) = (slices[0], slices[slices.len() / 2]);
    println!(
        "{what:<34} {median:>10.2?}   best {best:>10.2?}   {:>9.0} a second",
        1.0 / median.as_secs_f64()
    );
}

/// Makes one call and prints the elapsed time and the CPU time.
fn measure_once<T>(what: &str, call: impl FnOnce() -> T) -> T {
    let (start, before) = (Instant::now(), cpu_time());
    let result = call();
    let time = start.elapsed();
    print!("{what:<34} {time:>10.2?}");
    match cpu_time().zip(before) {
        Some((after, before)) => println!("   {:.2?} of CPU time", after - before),
        None => println!(),
    }
    result
}

fn load(service: &DigitalTwins, folder: &Path, twins: usize) {
    std::fs::create_dir(folder.join("c")).expect("a container");
    graph::write_input(&folder.join("c/in"), twins).expect("an input");
    service.set_blob_directory(folder);
    let before = memory();
    let status = measure_once("import", || {
        let job = json!({"inputBlobUri": "https://host/c/in", "outputBlobUri": "https://host/c/out"});
        send(service, Method::PUT, "/jobs/imports/load", Some(&job));
        loop {
            let job = send(service, Method::GET, "/jobs/imports/load", None);
            let status = job["status"].as_str().unwrap_or_default().to_owned();
            if !matches!(status.as_str(), "notstarted" | "running") {
                break status;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    });
    assert_eq!(status, "succeeded");
    let length = |path: &str| send(service, Method::GET, path, None).to_string().len();
    let json = length("/digitaltwins/room-1")
        + length("/digitaltwins/room-1/relationships/next")
        + length("/digitaltwins/room-1/relationships/above");
    if let Some(each) = per_twin(before, twins) {
        println!("memory per twin and its two        {each:>10} B   ({json} B as JSON)");
    }
}

fn per_twin(before: Option<u64>, twins: usize) -> Option<u64> {
    Some(memory()?.saturating_sub(before?) / twins as u64)
}

fn reads_and_writes(service: &DigitalTwins, twins: usize) {
    let id = |call: usize| call.wrapping_mul(7919) % twins;
    measure("read a twin", |call| {
        let path = format!("/digitaltwins/room-{}", id(call));
        black_box(send(service, Method::GET, &path, None));
    });
    measure("list a twin's relationships", |call| {
        let path = format!("/digitaltwins/room-{}/relationships", id(call));
        let page = send(service, Method::GET, &path, None);
        assert_eq!(page["value"].as_array().map(Vec::len), Some(2));
    });
    measure("list its incoming relationships", |call| {
        let path = format!("/digitaltwins/room-{}/incomingrelationships", id(call));
        let page = send(service, Method::GET, &path, None);
        assert_eq!(page["value"].as_array().map(Vec::len), Some(2));
    });
    measure("patch a twin", |call| {
        let path = format!("/digitaltwins/room-{}", id(call));
        let patch = json!([{"op": "replace", "path": "/temperature", "value": call}]);
        send(service, Method::PATCH, &path, Some(&patch));
    });
    measure("create and delete a twin", |call| {
        let path = format!("/digitaltwins/new-{call}");
        let mut body = graph::twin(twins + call);
        body["$dtId"] = format!("new-{call}").into();
        send(service, Method::PUT, &path, Some(&body));
        send(service, Method::DELETE, &path, None);
    });
    measure("create and delete a relationship", |call| {
        let path = format!("/digitaltwins/room-{}/relationships/new", id(call));
        let target = format!("room-{}", (id(call) + 2) % twins);
        let body = json!({"$relationshipName": "above", "$targetId": target, "weight": call});
        send(service, Method::PUT, &path, Some(&body));
        send(service, Method::DELETE, &path, None);
    });
}

fn queries(service: &DigitalTwins, twins: usize) {
    let id = |call: usize| call.wrapping_mul(7919) % twins;
    let before = memory();
    let equality = |number: usize| format!("SELECT * FROM DIGITALTWINS T WHERE T.number = {number}");
    let rows = measure_once("first query by a property", || query(service, &equality(1)));
    assert_eq!(rows.len(), 1);
    if let Some(each) = per_twin(before, twins) {
        println!("memory of its index per twin       {each:>10} B");
    }
    measure("query by a property", |call| {
        assert_eq!(query(service, &equality(id(call))).len(), 1);
    });
    let matching = |pattern: &str, call: usize| {
        let start = id(call);
        let text = format!("SELECT E.$dtId FROM DIGITALTWINS MATCH {pattern} WHERE S.$dtId = 'room-{start}'");
        query(service, &text).len()
    };
    measure("three hops from one twin", |call| {
        assert!(matching("(S)-[]->(A)-[]->(B)-[]->(E)", call) >= 4);
    });
    measure("one to five hops from one twin", |call| {
        assert!(matching("(S)-[*..5]->(E)", call) >= 20);
    });
    measure("COUNT of all", |_| assert_eq!(count(service, ""), twins as u64));
    measure("COUNT, IS_OF_MODEL 1 % of all", |_| {
        let halls = count(service, "WHERE IS_OF_MODEL('dtmi:bench:Hall;1')");
        assert_eq!(halls, graph::halls(twins) as u64);
    });
    measure("COUNT, IS_OF_MODEL of the base", |_| {
        let all = count(service, "WHERE IS_OF_MODEL('dtmi:bench:Space;1')");
        assert_eq!(all, twins as u64);
    });
    let holding = (0..twins)
        .filter(|number| number.to_string().contains("99"))
        .count();
    measure("COUNT, scan with a filter", |_| {
        let found = count(service, "WHERE CONTAINS(name, '99')");
        assert_eq!(found, holding as u64);
    });
}

async fn over_tls(emulator: &Emulator, twins: usize) {
    let mut runs = Vec::new();
    for _ in 0..TLS_RUNS {
        let run = tls::reads(emulator, CONNECTIONS, twins, MEASURED)
            .await
            .expect("correct responses");
        let cpu = run.cpu_time.unwrap_or_default().as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "the figures are printed rounded")]
        let count = run.count as f64;
        runs.push((count / run.time.as_secs_f64(), cpu * 1e6 / count));
    }
    runs.sort_by(|one, other| other.0.total_cmp(&one.0));
    for (what, (rate, cpu)) in [("best", runs[0]), ("median", runs[runs.len() / 2])] {
        println!(
            "reads over TLS, {what:<18} {rate:>10.0} per second, {cpu:.1} µs of CPU time each, client included"
        );
    }
}

#[tokio::main]
async fn main() {
    let twins: usize = std::env::var("TWINS").map_or(20_000, |text| text.parse().expect("a number"));
    let folder = tempfile::tempdir().expect("a folder");
    let emulator = Emulator::builder()
        .without_iothub()
        .start()
        .await
        .expect("it starts");
    let service = emulator.digitaltwins().expect("Digital Twins is enabled");
    println!("{twins} twins, {} relationships", 2 * twins);
    load(service, folder.path(), twins);
    over_tls(&emulator, twins).await;
    reads_and_writes(service, twins);
    queries(service, twins);
    emulator.shut_down().await;
}
