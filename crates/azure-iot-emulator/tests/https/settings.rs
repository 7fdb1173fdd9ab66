//! Settings of a running emulator through the management API. A data file does not keep them.

use std::time::Duration;

use azure_iot_emulator::Emulator;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;

use crate::support::{Running, client};

/// Sends a request to the management API. Returns the status and the body, which is null if it is not JSON.
async fn manage(running: &Running, method: Method, path: &str, body: Value) -> (u16, Value) {
    let url = format!("{}{path}", running.emulator.management_endpoint());
    let mut request = running
        .client
        .request(method, url)
        .header("x-requested-with", "test");
    if !body.is_null() {
        request = request.json(&body);
    }
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or_default())
}

async fn assert_refused(running: &Running, path: &str, body: Value, text: &str) {
    let (status, response) = manage(running, Method::PUT, path, body).await;
    assert_eq!(status, 400, "{path}: {response}");
    assert!(response.to_string().contains(text), "{path}: {response}");
}

#[tokio::test]
async fn tier_sets_the_number_of_active_jobs() {
    let running = Running::start().await;
    let tier = async |body| manage(&running, Method::PUT, "/iothub/tier", body).await;
    let get = async |path| manage(&running, Method::GET, path, Value::Null).await.1;
    assert_eq!(get("/iothub/tier").await, json!({"tier": "S1"}));
    assert_eq!(tier(json!({"tier": "s3"})).await, (200, json!({"tier": "S3"})));
    assert_eq!(get("/iothub/tier").await, json!({"tier": "S3"}));
    // S3 allows ten active scheduled jobs, S1 one.
    let start = running.emulator.clock().now() + Duration::from_secs(3600);
    let start = start.format(&Rfc3339).unwrap();
    let schedule = async |id: u32| {
        let body = json!({
            "jobId": id.to_string(), "type": "scheduleUpdateTwin", "queryCondition": "*",
            "updateTwin": {"etag": "*"}, "startTime": start, "maxExecutionTimeInSeconds": 60,
        });
        let request = running.hub(Method::PUT, &format!("/jobs/v2/{id}")).json(&body);
        request.send().await.unwrap().status()
    };
    for id in 0..10 {
        assert_eq!(schedule(id).await, StatusCode::OK, "{id}");
    }
    assert_eq!(schedule(10).await, StatusCode::TOO_MANY_REQUESTS);
    assert_refused(
        &running,
        "/iothub/tier",
        json!({"tier": "B1"}),
        "one of F1, S1, S2, S3",
    )
    .await;
    assert_refused(
        &running,
        "/iothub/tier",
        json!({"tier": "S1", "units": 2}),
        "unknown field",
    )
    .await;
    assert_refused(&running, "/iothub/tier", Value::Null, "JSON").await;
    assert_eq!(get("/iothub/tier").await, json!({"tier": "S3"}));
}

#[tokio::test]
async fn hub_throttles_when_enabled() {
    let running = Running::start().await;
    let path = "/iothub/throttling";
    let throttling = async |enabled: bool| {
        let response = manage(&running, Method::PUT, path, json!({ "enabled": enabled })).await;
        assert_eq!(response, (200, json!({ "enabled": enabled })));
        let response = manage(&running, Method::GET, path, Value::Null).await;
        assert_eq!(response, (200, json!({ "enabled": enabled })));
    };
    // The limit is 20 operations on configurations per minute.
    let first_refusal = async || {
        for number in 0..200 {
            let request = running.hub(Method::GET, "/configurations/none");
            if request.send().await.unwrap().status() == StatusCode::TOO_MANY_REQUESTS {
                return Some(number);
            }
        }
        None
    };
    assert_eq!(
        manage(&running, Method::GET, path, Value::Null).await.1,
        json!({"enabled": false})
    );
    throttling(true).await;
    assert!(first_refusal().await.is_some_and(|number| number >= 20));
    throttling(false).await;
    assert_eq!(first_refusal().await, None);
    assert_refused(&running, path, json!({"enabled": "yes"}), "JSON").await;
    assert_refused(&running, path, json!({}), "enabled").await;
}

#[tokio::test]
async fn digital_twins_settings_take_effect() {
    let running = Running::start().await;
    for (path, body, response) in [
        (
            "/digitaltwins/queryLag",
            json!({"seconds": 2.5}),
            json!({"seconds": 2.5}),
        ),
        (
            "/digitaltwins/rates",
            json!({"enabled": true}),
            json!({"enabled": true}),
        ),
    ] {
        assert_eq!(
            manage(&running, Method::PUT, path, body).await,
            (200, response.clone())
        );
        assert_eq!(
            manage(&running, Method::GET, path, Value::Null).await,
            (200, response)
        );
        assert_refused(&running, path, json!({}), "missing field").await;
        let (status, _) = manage(&running, Method::DELETE, path, Value::Null).await;
        assert_eq!(status, 404);
    }
    let hook = json!({"url": "http://127.0.0.1:9/hook"});
    let path = "/digitaltwins/webhooks/my%20hook";
    assert_eq!(manage(&running, Method::PUT, path, hook).await.0, 204);
    assert_eq!(
        manage(&running, Method::GET, "/digitaltwins/webhooks", Value::Null).await,
        (
            200,
            json!([{"name": "my hook", "url": "http://127.0.0.1:9/hook"}])
        )
    );
    assert_eq!(manage(&running, Method::DELETE, path, Value::Null).await.0, 204);
    assert_eq!(manage(&running, Method::DELETE, path, Value::Null).await.0, 404);
}

#[tokio::test]
async fn a_disabled_service_has_no_settings() {
    let emulator = Emulator::builder().without_digitaltwins().start().await.unwrap();
    let client = client(&emulator).build().unwrap();
    let running = Running { emulator, client };
    for path in [
        "/digitaltwins/queryLag",
        "/digitaltwins/rates",
        "/digitaltwins/webhooks",
    ] {
        let (status, _) = manage(&running, Method::GET, path, Value::Null).await;
        assert_eq!(status, 404, "{path}");
    }
    let (status, _) = manage(&running, Method::PUT, "/digitaltwins/building", Value::Null).await;
    assert_eq!(status, 404);
}

/// The data file keeps the building, because the building is state. It does not keep settings: a new process starts
/// with the settings from its options.
#[tokio::test]
async fn building_is_kept_and_settings_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data.json");
    let start = async || {
        let emulator = Emulator::builder().data_file(&file).start().await.unwrap();
        let client = client(&emulator).build().unwrap();
        Running { emulator, client }
    };
    let first = start().await;
    let (status, _) = manage(&first, Method::PUT, "/digitaltwins/building", Value::Null).await;
    assert_eq!(status, 204);
    let lag = json!({"seconds": 5});
    manage(&first, Method::PUT, "/digitaltwins/queryLag", lag).await;
    let state = first.emulator.dump_state();
    // Copying the files while the first emulator runs simulates a crash. The copy has the building, because the
    // emulator writes a change to the journal before it responds.
    let copy = tempfile::tempdir().unwrap();
    for name in ["data.json", "data.json.journal"] {
        std::fs::copy(folder.path().join(name), copy.path().join(name)).unwrap();
    }
    let copied = Emulator::builder().data_file(copy.path().join("data.json"));
    let copied = copied.start().await.unwrap();
    assert_eq!(copied.dump_state(), state);
    drop(first);
    let second = start().await;
    assert_eq!(second.emulator.dump_state(), state);
    assert_eq!(
        manage(&second, Method::GET, "/digitaltwins/queryLag", Value::Null)
            .await
            .1,
        json!({"seconds": 0.0})
    );
}
