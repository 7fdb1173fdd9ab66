//! The hub's engine with 100,000 devices, without HTTP: `cargo bench -p azure-iot-emulator --bench iothub`.

#![allow(missing_docs, reason = "criterion's macros make public items")]
#![expect(clippy::expect_used, reason = "a benchmark ends on its first error")]

use std::hint::black_box;

use azure_iot_emulator::{Clock, IotHub, ServiceRequest};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use futures::executor::block_on;
use http::Method;
use serde_json::{Value, json};

const DEVICES: usize = 100_000;

fn request(method: Method, path: &str, body: Option<&Value>) -> ServiceRequest {
    let path = format!("{path}?api-version=2021-04-12");
    let request = ServiceRequest::new(method, &path).expect("the path is valid");
    match body {
        Some(body) => request.with_json(body),
        None => request,
    }
}

fn send(hub: &IotHub, request: ServiceRequest) -> usize {
    let response = block_on(hub.handle(request));
    assert!(response.status.is_success(), "{}", response.status);
    response.body.len()
}

fn filled() -> IotHub {
    let hub = IotHub::new(Clock::new());
    for first in (0..DEVICES).step_by(100) {
        let item = |number: usize| {
            json!({
                "id": format!("device-{number:06}"),
                "tags": {"location": {"floor": number % 100, "building": format!("b{}", number % 7)}},
                "properties": {"desired": {"interval": number % 60, "mode": "on"}},
            })
        };
        let items: Value = (first..first + 100).map(item).collect();
        send(&hub, request(Method::POST, "/devices", Some(&items)));
    }
    hub
}

fn benchmarks(criterion: &mut Criterion) {
    let hub = filled();
    let mut group = criterion.benchmark_group("iothub, 100,000 devices");
    group.sample_size(20);
    let mut number = 0;
    let mut next = move || {
        number = (number + 7919) % DEVICES;
        format!("/twins/device-{number:06}")
    };
    group.bench_function("read a twin", |bencher| {
        bencher.iter_batched(
            || request(Method::GET, &next(), None),
            |request| black_box(send(&hub, request)),
            BatchSize::SmallInput,
        );
    });
    let patch = json!({"properties": {"desired": {"interval": 5}}});
    group.bench_function("patch a twin", |bencher| {
        bencher.iter_batched(
            || request(Method::PATCH, "/twins/device-050000", Some(&patch)),
            |request| black_box(send(&hub, request)),
            BatchSize::SmallInput,
        );
    });
    for (name, query) in [
        (
            "count with a filter",
            "SELECT COUNT() AS n FROM devices WHERE tags.location.floor = 42 AND properties.desired.mode = 'on'",
        ),
        (
            "find the last",
            "SELECT * FROM devices WHERE deviceId = 'device-099999'",
        ),
        (
            "group",
            "SELECT tags.location.building AS b, COUNT() AS n FROM devices GROUP BY tags.location.building",
        ),
    ] {
        let body = json!({ "query": query });
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                || request(Method::POST, "/devices/query", Some(&body)),
                |request| black_box(send(&hub, request)),
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, benchmarks);
criterion_main!(benches);
