//! Request rate limits, when enabled.

use std::time::Duration;

use http::Method;
use serde_json::json;

use crate::fixture::{Instance, Reply};

fn limited() -> Instance {
    let instance = Instance::with_building();
    instance.service.set_rate_limits(true);
    instance
}

/// Sends `times` requests. Returns the number of admitted requests and the first refusal.
fn admitted(times: u32, mut send: impl FnMut(u32) -> Reply) -> (u32, Option<Reply>) {
    let mut count = 0;
    let mut refusal = None;
    for number in 0..times {
        let reply = send(number);
        match reply.status {
            429 => refusal = refusal.or(Some(reply)),
            _ => count += 1,
        }
    }
    (count, refusal)
}

/// ADT-RATE-10, ADT-ERROR-6: 429 with `Retry-After` and an error without a code.
#[test]
fn jobs_are_limited_to_one_per_second() {
    let instance = limited();
    let list = || instance.get("/jobs/imports");
    assert_eq!(list().status, 200);
    let reply = list();
    assert_eq!(
        (reply.status, &reply.body),
        (
            429,
            &json!({"error": {"statusCode": 429, "message": "Maximum request rate limit reached. For Azure Digital Twins rate limiting details please see http://aka.ms/dtv2limits."}})
        )
    );
    let seconds: u64 = reply
        .header("retry-after")
        .and_then(|text| text.parse().ok())
        .expect("seconds");
    // ADT-HTTP-1: the gateway sends none of the service's headers.
    assert_eq!(reply.header("content-type"), Some("application/json"));
    for header in [
        "x-ms-error-code",
        "mise-correlation-id",
        "strict-transport-security",
    ] {
        assert_eq!(reply.header(header), None, "{header}");
    }
    instance.clock.advance(Duration::from_secs(seconds));
    assert_eq!(list().status, 200);
}

/// ADT-RATE-1, ADT-RATE-2, ADT-RATE-3, ADT-RATE-4, ADT-RATE-7, ADT-RATE-9.
#[test]
fn each_group_of_operations_has_its_own_rate() {
    let instance = limited();
    let get = |path: &'static str| move |instance: &Instance| instance.get(path);
    for (rate, send) in [
        (100, get("/models")),
        (100, get("/eventroutes")),
        (1000, get("/digitaltwins/room-1")),
    ] {
        assert_eq!(admitted(rate + 2, |_| send(&instance)).0, rate);
    }
    let query = json!({"query": "SELECT COUNT() FROM DIGITALTWINS"});
    assert_eq!(admitted(502, |_| instance.post("/query", &query)).0, 500);
    let absent = |number: u32| instance.delete(&format!("/digitaltwins/none-{number}"));
    assert_eq!(admitted(502, absent).0, 500);
    let patch = |number: u32| instance.patch(&format!("/digitaltwins/none-{number}"), &json!([]));
    assert_eq!(admitted(1002, patch).0, 1000);
}

/// ADT-RATE-5.
#[test]
fn one_twin_can_change_ten_times_per_second() {
    let instance = limited();
    let patch = json!([{"op": "add", "path": "/name", "value": "n"}]);
    let (count, refusal) = admitted(12, |_| instance.patch("/digitaltwins/room-1", &patch));
    assert_eq!((count, refusal.is_some()), (10, true));
    assert_eq!(instance.patch("/digitaltwins/room-2", &patch).status, 204);
    assert_eq!(
        instance.get("/digitaltwins/room-1").status,
        200,
        "reads do not count"
    );
    instance.clock.advance(Duration::from_secs(1));
    assert_eq!(instance.patch("/digitaltwins/room-1", &patch).status, 204);
}

/// ADT-RATE-5: changes to the twin, its components and its relationships share one limit.
#[test]
fn telemetry_and_routes_do_not_count_as_changes() {
    let instance = limited();
    drop(instance.service.subscribe("ep").expect("an endpoint"));
    let telemetry = |_| {
        let path = "/digitaltwins/room-1/telemetry";
        instance.send(Method::POST, path, Some(&json!({})), &[("message-id", "m")])
    };
    assert_eq!(admitted(12, telemetry).0, 12);
    let route = json!({"endpointName": "ep", "filter": "true"});
    let put = |_| instance.put("/eventroutes/room-1", &route);
    assert_eq!(admitted(12, put).0, 12);
    let patch = json!([]);
    let changes = [
        "/digitaltwins/room-1",
        "/digitaltwins/room-1/components/thermostat",
        "/digitaltwins/room-1/relationships/none",
    ];
    let change = |number: u32| instance.patch(changes[number as usize % 3], &patch);
    assert_eq!(admitted(12, change).0, 10);
}

/// ADT-QUERY-25, ADT-RATE-7: the error for a refused query has a code. A unit test checks the limit on query charges.
#[test]
fn queries_beyond_the_rate_exceed_the_quota() {
    let query = json!({"query": "SELECT COUNT() FROM DIGITALTWINS"});
    let instance = limited();
    let (count, refusal) = admitted(501, |_| instance.post("/query", &query));
    let refusal = refusal.expect("a refusal");
    assert_eq!(count, 500);
    refusal.is_error(429, "QuotaReachedError", "");
    assert!(refusal.header("retry-after").is_some());
    instance.clock.advance(Duration::from_secs(1));
    assert_eq!(instance.post("/query", &query).status, 200);
}

#[test]
fn rates_are_off_by_default() {
    let instance = Instance::with_building();
    let send = |_| instance.send(Method::GET, "/jobs/imports", None, &[]);
    assert_eq!(admitted(200, send).0, 200);
}
