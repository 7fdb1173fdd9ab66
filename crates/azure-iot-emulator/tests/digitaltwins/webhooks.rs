//! Webhooks over HTTP and HTTPS.

use azure_iot_emulator::{EndpointError, ServiceRequest};
use http::Method;
use serde_json::{Value, json};
use url::Url;

use crate::fixture::Instance;
use crate::receiver::{event, next, receiver, tls_receiver};

async fn send(instance: &Instance, method: Method, path: &str, body: Value) {
    let path = format!("{path}?api-version=2023-10-31");
    let request = ServiceRequest::new(method, &path)
        .expect("a path")
        .with_json(&body);
    let response = instance.service.handle(request).await;
    assert!(response.status.is_success(), "{path} {}", response.status);
}

async fn routed(instance: &Instance, url: &Url) {
    instance.service.add_webhook("hook", url).expect("an endpoint");
    let route = json!({"endpointName": "hook", "filter": "true"});
    send(instance, Method::PUT, "/eventroutes/r", route).await;
    send(instance, Method::POST, "/models", crate::fixture::building()).await;
}

async fn put(instance: &Instance, id: &str) {
    let floor = json!({"$metadata": {"$model": "dtmi:test:Floor;1"}});
    send(instance, Method::PUT, &format!("/digitaltwins/{id}"), floor).await;
}

#[tokio::test]
async fn events_are_posted_in_order() {
    let (url, mut got) = receiver(&[]).await;
    let instance = Instance::new();
    routed(&instance, &url).await;
    for number in 0..20 {
        put(&instance, &format!("floor-{number}")).await;
    }
    for number in 0..20 {
        let (parts, event) = event(&mut got).await;
        assert_eq!(event["subject"], format!("floor-{number}"));
        assert_eq!(
            (parts.method, parts.uri.to_string()),
            (Method::POST, "/hook?key=1".to_owned())
        );
        assert_eq!(
            parts.headers["content-type"],
            "application/cloudevents+json; charset=utf-8"
        );
        assert_eq!(parts.headers["host"], url.authority());
        assert_eq!(event["type"], "Microsoft.DigitalTwins.Twin.Create");
    }
}

/// An event is sent again after 503 and 429, but not after 400.
#[tokio::test]
async fn transient_errors_are_retried_and_refusals_are_not() {
    let (url, mut got) = receiver(&[503, 429, 200, 400]).await;
    let instance = Instance::new();
    routed(&instance, &url).await;
    for id in ["a", "b", "c"] {
        put(&instance, id).await;
    }
    let mut subjects = Vec::new();
    for _ in 0..5 {
        subjects.push(event(&mut got).await.1["subject"].clone());
    }
    assert_eq!(subjects, ["a", "a", "a", "b", "c"]);
}

/// A redirect may change the method, so the new URL of a receiver that has moved must be configured.
#[tokio::test]
async fn redirects_are_not_followed() {
    let (url, mut got) = receiver(&[307, 302]).await;
    let instance = Instance::new();
    routed(&instance, &url).await;
    for id in ["a", "b", "c"] {
        put(&instance, id).await;
        let (parts, event) = event(&mut got).await;
        assert_eq!((parts.uri.path(), &event["subject"]), ("/hook", &json!(id)));
    }
}

/// Credentials in the URL are sent as basic authentication, but not returned by the management API.
#[tokio::test]
async fn user_and_password_of_the_url_are_sent_but_not_shown() {
    let (mut url, mut got) = receiver(&[]).await;
    url.set_username("me").expect("a URL with a host");
    url.set_password(Some("secret")).expect("a URL with a host");
    let instance = Instance::new();
    routed(&instance, &url).await;
    put(&instance, "a").await;
    let (parts, _) = event(&mut got).await;
    // Base64 of `me:secret`.
    assert_eq!(parts.headers["authorization"], "Basic bWU6c2VjcmV0");
    let port = url.port().expect("a port");
    assert_eq!(parts.headers["host"], format!("127.0.0.1:{port}"));
    assert_eq!(parts.uri, "/hook?key=1");
    let refused = Url::parse("ftp://me:secret@host/").expect("a URL");
    let error = instance.service.add_webhook("e", &refused);
    let error = error.expect_err("the scheme is not supported").to_string();
    assert!(
        error.contains("ftp://me:***@host/") && !error.contains("secret"),
        "{error}"
    );
}

#[tokio::test]
async fn event_is_dropped_after_five_attempts() {
    let (url, mut got) = receiver(&[500; 5]).await;
    let instance = Instance::new();
    routed(&instance, &url).await;
    put(&instance, "a").await;
    put(&instance, "b").await;
    let mut subjects = Vec::new();
    for _ in 0..6 {
        subjects.push(event(&mut got).await.1["subject"].clone());
    }
    assert_eq!(subjects, ["a", "a", "a", "a", "a", "b"]);
}

/// The receiver's certificate was issued by an authority that the instance trusts.
#[tokio::test]
async fn events_are_posted_over_tls() {
    let (url, mut got, pem) = tls_receiver().await;
    let instance = Instance::new();
    instance
        .service
        .trust_webhook_certificates(&pem)
        .expect("a certificate");
    routed(&instance, &url).await;
    for id in ["a", "b"] {
        put(&instance, id).await;
        let (parts, event) = event(&mut got).await;
        assert_eq!(
            (parts.uri.to_string(), &event["subject"]),
            ("/hook?key=1".to_owned(), &json!(id))
        );
        assert_eq!(parts.headers["host"], url.authority());
    }
}

/// No event is sent to a receiver whose certificate is not trusted.
#[tokio::test]
async fn unknown_authorities_are_not_trusted() {
    let (url, mut got, _) = tls_receiver().await;
    let (_, _, other) = tls_receiver().await;
    let instance = Instance::new();
    instance
        .service
        .trust_webhook_certificates(&other)
        .expect("a certificate");
    routed(&instance, &url).await;
    put(&instance, "a").await;
    for _ in 0..5 {
        next(&mut got).await.expect_err("the handshake fails");
    }
}

#[test]
fn invalid_certificates_are_refused() {
    let instance = Instance::new();
    for pem in [
        "",
        "no certificate",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        let error = instance.service.trust_webhook_certificates(pem);
        assert!(
            matches!(error, Err(EndpointError::Certificates { .. })),
            "{pem:?} {error:?}"
        );
    }
}

#[test]
fn invalid_webhook_urls_are_refused() {
    let instance = Instance::new();
    let url = |text: &str| Url::parse(text).expect("a URL");
    let error = instance.service.add_webhook("e", &url("ftp://host/"));
    assert_eq!(
        error,
        Err(EndpointError::Url {
            url: "ftp://host/".to_owned()
        })
    );
    let error = instance.service.add_webhook("e", &url("http://localhost/"));
    assert_eq!(error, Err(EndpointError::NoRuntime));
}
