//! Delivers the events of an endpoint by HTTP, one at a time, with a few retries.

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
use crate::digitaltwins::events::endpoint::EndpointError;

/// Events that are queued for a slow receiver. Events beyond that are dropped.
const QUEUE: usize = 10_000;
const ATTEMPTS: u32 = 5;
/// Before the second attempt; doubled before each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
/// Limit of a response body, which is read only so that its connection can be used again.
const RESPONSE_BYTES: usize = 64 * 1024;

type BoxError = Box<dyn Error + Send + Sync>;

/// Queue of the events of one endpoint. Delivery ends when it is dropped and empty.
#[derive(Debug)]
pub(crate) struct Sender {
    name: String,
    queue: mpsc::Sender<Arc<CloudEvent>>,
}

impl Sender {
    /// Queues an event without waiting: the caller is in the middle of an operation.
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

/// Starts to deliver events to `url`. The certificate of an `https` receiver must lead to one of the platform's
/// authorities or one of `roots`.
pub(crate) fn start(
    name: &str,
    url: &Url,
    roots: &[CertificateDer<'static>],
) -> Result<Sender, EndpointError> {
    let runtime = Handle::try_current().map_err(|_| EndpointError::NoRuntime);
    let client = client(url, roots)?;
    let (queue, events) = mpsc::channel(QUEUE);
    runtime?.spawn(deliver(name.to_owned(), client, url.clone(), events));
    Ok(Sender {
        name: name.to_owned(),
        queue,
    })
}

fn client(url: &Url, roots: &[CertificateDer<'static>]) -> Result<Client, EndpointError> {
    let builder = Client::builder()
        .http1_only()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .timeout(ATTEMPT_TIMEOUT);
    let client = match url.scheme() {
        // A computer without trusted certificates can still send by `http`.
        "http" => builder.tls_certs_only([]).build(),
        "https" => roots
            .iter()
            .map(|root| Certificate::from_der(root))
            .collect::<Result<Vec<_>, _>>()
            .and_then(|roots| builder.tls_certs_merge(roots).build()),
        _ => return Err(EndpointError::Url { url: url.to_string() }),
    };
    client.map_err(|error| EndpointError::Tls {
        reason: describe(&error),
    })
}

/// Joins the messages of an error and its sources: reqwest's own message does not name the cause.
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
                tracing::error!(endpoint = name, event = event.id, %error, "event can't be written");
            }
        }
    }
}

async fn deliver_one(endpoint: &str, client: &Client, url: &Url, event: &str, body: Bytes) {
    let mut pause = FIRST_PAUSE;
    for attempt in 1..=ATTEMPTS {
        let problem = match post(client, url, body.clone()).await {
            Ok(status) if status.is_success() => return,
            Ok(status) if !is_transient(status) => {
                tracing::warn!(endpoint, event, %status, "event refused");
                return;
            }
            Ok(status) => status.to_string(),
            Err(error) => describe(&*error),
        };
        if attempt == ATTEMPTS {
            tracing::warn!(endpoint, event, problem, "event given up");
            return;
        }
        tracing::debug!(endpoint, event, problem, attempt, "event is sent again");
        tokio::time::sleep(pause).await;
        pause *= 2;
    }
}

/// Returns whether the same request may get another response later.
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
        // The query may hold the receiver's key.
        .map_err(reqwest::Error::without_url)?;
    let status = response.status();
    Limited::new(Body::from(response), RESPONSE_BYTES)
        .collect()
        .await?;
    Ok(status)
}
