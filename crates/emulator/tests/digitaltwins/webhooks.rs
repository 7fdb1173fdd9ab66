//! Section 5: events over HTTP.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use emulator::{EndpointError, Service, ServiceRequest};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use url::Url;

use crate::fixture::Instance;

/// A receiver that answers these statuses in turn, then 200. Gives its address and what it got.
async fn receiver(statuses: &'static [u16]) -> (Url, mpsc::UnboundedReceiver<(http::request::Parts, Value)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (sender, got) = mpsc::unbounded_channel();
    let count = Arc::new(AtomicUsize::new(0));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (sender, count) = (sender.clone(), count.clone());
            let answer = move |request: Request<Incoming>| {
                let (sender, count) = (sender.clone(), count.clone());
                async move {
                    let (parts, body) = request.into_parts();
                    let body = body.collect().await.expect("a body").to_bytes();
                    let event = serde_json::from_slice(&body).expect("JSON");
                    sender.send((parts, event)).expect("the test goes on");
                    let status = statuses.get(count.fetch_add(1, Ordering::Relaxed));
                    let mut response = Response::new(Full::new(Bytes::new()));
                    *response.status_mut() =
                        StatusCode::from_u16(status.copied().unwrap_or(200)).expect("a status");
                    Ok::<_, Infallible>(response)
                }
            };
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)));
        }
    });
    let url = Url::parse(&format!("http://{address}/hook?key=1")).expect("a URL");
    (url, got)
}

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
        let (parts, event) = got.recv().await.expect("an event");
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

/// A receiver that is out of order for a while gets the same event again; a refusal is final.
#[tokio::test]
async fn passing_faults_are_retried_and_refusals_are_not() {
    let (url, mut got) = receiver(&[503, 429, 200, 400]).await;
    let instance = Instance::new();
    routed(&instance, &url).await;
    for id in ["a", "b", "c"] {
        put(&instance, id).await;
    }
    let mut subjects = Vec::new();
    for _ in 0..5 {
        subjects.push(got.recv().await.expect("an event").1["subject"].clone());
    }
    assert_eq!(subjects, ["a", "a", "a", "b", "c"]);
}

#[tokio::test]
async fn an_event_that_nobody_takes_is_given_up() {
    let (url, mut got) = receiver(&[500; 5]).await;
    let instance = Instance::new();
    routed(&instance, &url).await;
    put(&instance, "a").await;
    put(&instance, "b").await;
    let mut subjects = Vec::new();
    for _ in 0..6 {
        subjects.push(got.recv().await.expect("an event").1["subject"].clone());
    }
    assert_eq!(subjects, ["a", "a", "a", "a", "a", "b"]);
}

#[test]
fn addresses_that_cannot_be() {
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
