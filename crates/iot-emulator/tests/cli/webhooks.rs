//! Webhooks over TLS.

use reqwest::Method;
use serde_json::json;

use crate::data_file::Caller;
use crate::program::{start, start_with_variables};
use crate::receiver::{event, receiver, tls_receiver};

/// The program trusts the authority in `--event-webhook-ca`.
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
    let id = cause_event(&Caller::of(ready)).await;
    assert_eq!(event(&mut got).await.1["subject"], id);
}

/// Receivers usually run on this machine or in its network, which a proxy may be unable to reach.
#[tokio::test]
async fn webhooks_do_not_use_a_proxy() {
    let (url, mut got) = receiver(&[]).await;
    // Nothing listens on the proxy's port.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let variables = ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"].map(|name| (name, &*proxy));
    let webhook = format!("hook={url}");
    let arguments = [
        "--no-iothub",
        "--building",
        "--event-webhook",
        &webhook,
        "--log",
        "off",
    ];
    let (_program, ready) = start_with_variables(&arguments, &variables);
    let id = cause_event(&Caller::of(ready)).await;
    assert_eq!(event(&mut got).await.1["subject"], id);
}

/// Adds a route to the webhook `hook`, replaces a twin, and returns its id.
async fn cause_event(caller: &Caller) -> String {
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
    id
}
