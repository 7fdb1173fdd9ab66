//! Delivery of an endpoint's events by HTTP, one at a time, with retries.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use http_body_util::{BodyExt, Limited};
use reqwest::{Body, Certificate, Client, redirect};
use rustls::pki_types::CertificateDer;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use url::Url;

use crate::digitaltwins::events::cloud_event::CloudEvent;
use crate::digitaltwins::events::endpoint::{EndpointError, without_password};

/// Maximum number of queued events. Further events are dropped.
const MAX_QUEUED: usize = 10_000;
const MAX_ATTEMPTS: u32 = 5;
/// Backoff before the second attempt, doubled before each further one.
const INITIAL_BACKOFF: Duration = Duration::from_millis(100);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
/// Maximum length of a response body, which is read only so that the connection can be reused.
const MAX_RESPONSE_BYTES: usize = 64 * 1024;

type BoxError = Box<dyn Error + Send + Sync>;

/// The queue of an endpoint's events. Queued events are still delivered after it is dropped.
#[derive(Debug)]
pub(crate) struct Sender {
    name: String,
    queue: mpsc::Sender<Arc<CloudEvent>>,
}

impl Sender {
    /// Queues an event without blocking, because the caller holds the graph's lock.
    pub(crate) fn send(&self, event: &Arc<CloudEvent>) {
        if self.queue.try_send(Arc::clone(event)).is_err() {
            tracing::warn!(
                endpoint = self.name,
                event = event.id,
                "event dropped: the queue is full"
            );
        }
    }
}

/// Starts the delivery of events to `url`. The certificate of an `https` receiver must chain to one of the platform's
/// authorities or one of `roots`.
pub(crate) fn start(
    name: &str,
    url: &Url,
    roots: &[CertificateDer<'static>],
) -> Result<Sender, EndpointError> {
    let runtime = Handle::try_current().map_err(|_| EndpointError::NoRuntime);
    let client = client(url, roots)?;
    let (queue, events) = mpsc::channel(MAX_QUEUED);
    runtime?.spawn(deliver(name.to_owned(), client, url.clone(), events));
    Ok(Sender {
        name: name.to_owned(),
        queue,
    })
}

/// Creates a client that sends credentials in the URL as `Authorization: Basic`, follows no redirects and uses no
/// proxy.
fn client(url: &Url, roots: &[CertificateDer<'static>]) -> Result<Client, EndpointError> {
    let builder = Client::builder()
        .http1_only()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .timeout(ATTEMPT_TIMEOUT);
    let client = match url.scheme() {
        // A platform without trusted certificates can still use `http`.
        "http" => builder.tls_certs_only([]).build(),
        "https" => roots
            .iter()
            .map(|root| Certificate::from_der(root))
            .collect::<Result<Vec<_>, _>>()
            .and_then(|roots| builder.tls_certs_merge(roots).build()),
        _ => {
            let url = without_password(url).into();
            return Err(EndpointError::Url { url });
        }
    };
    client.map_err(|error| EndpointError::Tls {
        reason: describe(&error),
    })
}

/// Joins the messages of an error and its sources, because reqwest's own message omits the cause.
fn describe(error: &(dyn Error + 'static)) -> String {
    std::iter::successors(Some(error), |&error| error.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

async fn deliver(name: String, client: Client, url: Url, mut events: mpsc::Receiver<Arc<CloudEvent>>) {
    while let Some(event) = events.recv().await {
        match serde_json::to_vec(&*event) {
            Ok(body) => deliver_one(&name, &client, &url, &event.id, body.into()).await,
            Err(error) => {
                tracing::error!(endpoint = name, event = event.id, %error, "could not serialize the event");
            }
        }
    }
}

async fn deliver_one(endpoint: &str, client: &Client, url: &Url, event: &str, body: Bytes) {
    let mut pause = INITIAL_BACKOFF;
    for attempt in 1..=MAX_ATTEMPTS {
        let problem = match post(client, url, body.clone()).await {
            Ok(status) if status.is_success() => return,
            Ok(status) if !is_transient(status) => {
                tracing::warn!(endpoint, event, %status, "the receiver rejected the event");
                return;
            }
            Ok(status) => status.to_string(),
            Err(error) => describe(&*error),
        };
        if attempt == MAX_ATTEMPTS {
            tracing::warn!(endpoint, event, problem, "event dropped after the last attempt");
            return;
        }
        tracing::debug!(endpoint, event, problem, attempt, "delivery failed; will retry");
        tokio::time::sleep(pause).await;
        pause *= 2;
    }
}

/// Returns whether a retry may succeed.
fn is_transient(status: StatusCode) -> bool {
    status.is_server_error()
        || matches!(
            status,
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS
        )
}

async fn post(client: &Client, url: &Url, body: Bytes) -> Result<StatusCode, BoxError> {
    let response = client
        .post(url.clone())
        .header(CONTENT_TYPE, "application/cloudevents+json; charset=utf-8")
        .body(body)
        .send()
        .await
        // The error must not contain the URL, because its query may contain the receiver's key.
        .map_err(reqwest::Error::without_url)?;
    let status = response.status();
    Limited::new(Body::from(response), MAX_RESPONSE_BYTES)
        .collect()
        .await?;
    Ok(status)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// The first attempt gets no response; the second one is accepted.
    #[tokio::test(start_paused = true)]
    async fn every_attempt_has_its_own_timeout() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let url = Url::parse(&url).unwrap();
        let client = client(&url, &[]).unwrap();
        let receiver = async {
            let (silent, _) = listener.accept().await.unwrap();
            let (mut answered, _) = listener.accept().await.unwrap();
            let mut received = vec![0; 4096];
            let length = answered.read(&mut received).await.unwrap();
            let response = b"HTTP/1.1 204 No Content\r\n\r\n";
            answered.write_all(response).await.unwrap();
            drop(silent);
            String::from_utf8(received[..length].to_vec()).unwrap()
        };
        let delivery = deliver_one("hook", &client, &url, "1", Bytes::from_static(b"{}"));
        let started = tokio::time::Instant::now();
        let (received, ()) = tokio::join!(receiver, delivery);
        assert!(received.starts_with("POST / HTTP/1.1\r\n"), "{received}");
        assert_eq!(started.elapsed().as_secs(), 10);
    }

    #[test]
    fn events_beyond_ten_thousand_are_dropped() {
        let (queue, events) = mpsc::channel(MAX_QUEUED);
        let name = "hook".to_owned();
        let sender = Sender { name, queue };
        let event = Arc::new(CloudEvent {
            specversion: "1.0",
            id: String::new(),
            source: String::new(),
            event_type: "",
            time: String::new(),
            subject: String::new(),
            datacontenttype: "",
            dataschema: None,
            traceparent: String::new(),
            data: serde_json::Value::Null,
        });
        for _ in 0..10_005 {
            sender.send(&event);
        }
        assert_eq!(events.len(), 10_000);
    }
}
