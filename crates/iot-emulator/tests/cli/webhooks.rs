//! Webhooks over TLS.

use reqwest::Method;
use serde_json::json;

use crate::data_file::Caller;
use crate::program::start;
use crate::receiver::{event, tls_receiver};

/// The program trusts the authority of `--event-webhook-ca`.
#[tokio::test]
async fn webhooks_are_posted_over_tls() {
    let (url, mut got, pem) = tls_receiver().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("authority.pem");
    std::fs::write(&file, pem).unwrap();
    let (_program, ready) = start(&[
        "--no-iothub",
        "--building",
        "--event-webhook-ca",
        file.to_str().unwrap(),
        "--ca-file",
        folder.path().join("emulator.pem").to_str().unwrap(),
        "--event-webhook",
        &format!("hook={url}"),
        "--log",
        "off",
    ]);
    let caller = Caller::of(ready);
    let route = json!({"endpointName": "hook", "filter": "true"});
    let (status, _) = caller
        .twins(Method::PUT, "/eventroutes/r", Some(route))
        .await
        .unwrap();
    assert_eq!(status, 204);
    let query = json!({"query": "SELECT TOP(1) FROM DIGITALTWINS"});
    let (_, page) = caller.twins(Method::POST, "/query", Some(query)).await.unwrap();
    let twin = page["value"][0].clone();
    let id = twin["$dtId"].as_str().unwrap().to_owned();
    let (status, _) = caller
        .twins(Method::PUT, &format!("/digitaltwins/{id}"), Some(twin))
        .await
        .unwrap();
    assert_eq!(status, 200);
    assert_eq!(event(&mut got).await.1["subject"], id);
}
