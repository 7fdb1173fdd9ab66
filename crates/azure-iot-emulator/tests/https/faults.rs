use std::time::{Duration, Instant};

use azure_iot_emulator::{Fault, FaultAction};
use reqwest::Method;
use serde_json::Value;

use crate::support::Running;

#[tokio::test]
async fn status_fault_has_the_services_error_body_and_retry_after() {
    let running = Running::start().await;
    running.create("a").await;
    let fault = Fault::status(429).retry_after(7).on("GET", "/devices/*").times(1);
    running.emulator.faults().add(fault).unwrap();
    let response = running.hub(Method::GET, "/devices/a").send().await.unwrap();
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()["retry-after"], "7");
    assert_eq!(response.headers()["iothub-errorcode"], "ThrottlingException");
    let body: Value = response.json().await.unwrap();
    assert!(
        body["Message"]
            .as_str()
            .unwrap()
            .starts_with("ErrorCode:ThrottlingException;")
    );
    assert_eq!(
        running
            .hub(Method::GET, "/devices/a")
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
}

/// HUB-HTTP-3, ADT-HTTP-12: a rule applies to every spelling of a path that the service treats as the same resource.
#[tokio::test]
async fn path_of_a_fault_is_compared_as_the_service_separates_it() {
    let running = Running::start().await;
    running
        .emulator
        .faults()
        .add(Fault::status(503).on("GET", "*/devices/a"))
        .unwrap();
    for (path, status) in [
        ("/devices/a", 503),
        ("/devices%2Fa", 503),
        ("/devices%2fa", 503),
        ("/devices%252Fa", 404),
    ] {
        let response = running.hub(Method::GET, path).send().await.unwrap();
        assert_eq!(response.status(), status, "{path}");
    }
    let url = running.emulator.digitaltwins_endpoint();
    for (path, status) in [("/x/devices/a", 503), ("/digitaltwins/x%2Fdevices%2Fa", 404)] {
        let request = running.client.get(format!("{url}{path}?api-version=2023-10-31"));
        let response = request.bearer_auth(running.emulator.bearer_token()).send().await;
        assert_eq!(response.unwrap().status(), status, "{path}");
    }
    // A rule whose path contains `%2F` applies only to that spelling.
    running.emulator.faults().clear();
    let sent = Fault::status(503).on("GET", "/devices%2Fa");
    running.emulator.faults().add(sent).unwrap();
    for (path, status) in [("/devices/a", 404), ("/devices%2Fa", 503)] {
        let response = running.hub(Method::GET, path).send().await.unwrap();
        assert_eq!(response.status(), status, "{path}");
    }
}

#[tokio::test]
async fn reset_fault_applies_before_or_after_processing() {
    let running = Running::start().await;
    for (device_id, processed) in [("before", false), ("after", true)] {
        let fault = Fault::new(FaultAction::Reset { processed })
            .on("PUT", "*")
            .times(1);
        running.emulator.faults().add(fault).unwrap();
        let body = serde_json::json!({ "deviceId": device_id });
        let request = running
            .hub(Method::PUT, &format!("/devices/{device_id}"))
            .json(&body);
        let error = request.send().await.unwrap_err();
        assert!(error.is_request(), "{error:?}");
        assert_eq!(running.has_device(device_id), processed);
    }
    // The server still accepts connections.
    running.create("next").await;
}

#[tokio::test]
async fn truncate_fault_cuts_the_body() {
    let running = Running::start().await;
    running.create("a").await;
    running
        .emulator
        .faults()
        .add(Fault::truncate().on("GET", "/devices/a").times(1))
        .unwrap();
    let response = running.hub(Method::GET, "/devices/a").send().await.unwrap();
    assert_eq!(response.status(), 200);
    let error = response.bytes().await.unwrap_err();
    assert!(error.is_body() || error.is_decode(), "{error:?}");
    assert_eq!(
        running
            .hub(Method::GET, "/devices/a")
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
}

#[tokio::test]
async fn latency_fault_delays_its_service_and_management_has_no_faults() {
    let running = Running::start().await;
    let mut fault = Fault::latency(Duration::from_millis(50));
    fault.service = Some("iothub".to_owned());
    running.emulator.faults().add(fault).unwrap();
    let started = Instant::now();
    assert_eq!(
        running
            .hub(Method::GET, "/devices")
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    assert!(started.elapsed() >= Duration::from_millis(50));
    // Faults never apply to the management API, so a rule can always be removed.
    running.emulator.faults().add(Fault::status(503)).unwrap();
    let url = format!("{}/faults", running.emulator.management_endpoint());
    let request = running.client.delete(url).header("x-requested-with", "test");
    assert_eq!(request.send().await.unwrap().status(), 204);
    assert_eq!(
        running
            .hub(Method::GET, "/devices")
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
}
