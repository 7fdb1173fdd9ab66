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
