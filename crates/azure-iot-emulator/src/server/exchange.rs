//! Processing of one request: faults, credentials, durability, request ids, logging.

use std::borrow::Cow;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::header::{HOST, HeaderValue, RETRY_AFTER};
use http::request::Parts;
use http::{HeaderMap, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;

use crate::auth::caller::Caller;
use crate::durable::journal::NotDurable;
use crate::faults::Outcome;
use crate::server::body::{ResponseBody, empty, into_http};
use crate::server::connections::Processing;
use crate::server::endpoint::Endpoint;
use crate::server::limits::{BODY_LIMIT, BODY_TIMEOUT};
use crate::server::reset::Reset;
use crate::server::tls_peer::TlsPeer;
use crate::server::unread::{self, Sending};
use crate::service::request::{ServiceRequest, split_path, split_query};
use crate::service::response::ServiceResponse;
use crate::service::{Refusal, Service, Target};

/// Responds to a request, or resets the connection if a fault rule requires it. The response is sent only after the
/// request's body has been read, even if the service ignores the body.
pub(super) async fn respond(
    endpoint: Arc<Endpoint>,
    reset: Arc<Reset>,
    peer: Arc<TlsPeer>,
    processing: Processing,
    mut request: Request<Incoming>,
) -> Result<Response<ResponseBody>, Infallible> {
    let upgraded = endpoint
        .upgrade
        .as_ref()
        .and_then(|protocol| protocol.upgrade(&mut request, &peer));
    let sending = Sending::of(&request);
    let (parts, mut body) = request.into_parts();
    let mut response = match upgraded {
        Some(Ok(response)) => {
            processing.keep();
            return Ok(switch_protocol(&endpoint, &parts, response));
        }
        Some(Err(refusal)) => refuse_upgrade(&endpoint, &parts, &refusal),
        None => {
            let client = Client {
                peer: &peer,
                processing: &processing,
            };
            exchange(&endpoint, &reset, client, parts, &mut body).await
        }
    };
    let discarded = unread::discard(body, sending, response.headers_mut());
    processing.wait_for_client(discarded).await;
    Ok(response)
}

/// Logs a request to switch protocols that succeeds.
fn switch_protocol(endpoint: &Endpoint, parts: &Parts, response: Response<()>) -> Response<ResponseBody> {
    let request_id = new_request_id();
    log(endpoint, parts, response.status(), &request_id, Instant::now());
    let mut response = response.map(|()| empty());
    let headers = response.headers_mut();
    headers.insert(REQUEST_ID, header_value(&request_id));
    response
}

/// Logs a request to switch protocols that is refused, and responds to it as to other requests.
fn refuse_upgrade(endpoint: &Endpoint, parts: &Parts, refusal: &Refusal) -> Response<ResponseBody> {
    let request_id = new_request_id();
    let response = with_request_id(refuse(endpoint, refusal, &request_id), &request_id);
    log(endpoint, parts, response.status, &request_id, Instant::now());
    into_http(response, false)
}

/// The client of a request.
#[derive(Clone, Copy)]
struct Client<'a> {
    peer: &'a TlsPeer,
    processing: &'a Processing,
}

/// Applies the fault rules, processes the request, and logs it.
async fn exchange(
    endpoint: &Endpoint,
    reset: &Reset,
    client: Client<'_>,
    mut parts: Parts,
    body: &mut Incoming,
) -> Response<ResponseBody> {
    let started = Instant::now();
    let request_id = new_request_id();
    let path = parts.uri.path();
    let separated = separated(&*endpoint.service, path);
    let service = endpoint.service.name();
    let effects = endpoint.faults.apply(service, &parts.method, &[path, &separated]);
    if !effects.delay.is_zero() {
        tokio::time::sleep(effects.delay).await;
    }
    let response = match effects.outcome {
        Some(Outcome::Reset { processed: false }) => return reset.now().await,
        Some(Outcome::Status(status, retry_after)) => {
            refuse_by_fault(endpoint, status, retry_after, &request_id)
        }
        Some(Outcome::Reset { processed: true } | Outcome::Truncate) | None => {
            process(endpoint, client, &mut parts, body, &request_id).await
        }
    };
    if effects.outcome == Some(Outcome::Reset { processed: true }) {
        return reset.now().await;
    }
    let response = with_request_id(response, &request_id);
    log(endpoint, &parts, response.status, &request_id, started);
    into_http(response, effects.outcome == Some(Outcome::Truncate))
}

const REQUEST_ID: &str = "x-ms-request-id";

fn new_request_id() -> String {
    uuid::Uuid::new_v4().to_string()
}

#[expect(clippy::expect_used, reason = "a UUID is ASCII")]
fn header_value(request_id: &str) -> HeaderValue {
    HeaderValue::from_str(request_id).expect("a UUID is a header value")
}

/// Adds the request id, unless the service has its own.
fn with_request_id(mut response: ServiceResponse, request_id: &str) -> ServiceResponse {
    let entry = response.headers.entry(REQUEST_ID);
    entry.or_insert_with(|| header_value(request_id));
    response
}

fn log(endpoint: &Endpoint, parts: &Parts, status: StatusCode, request_id: &str, started: Instant) {
    tracing::info!(
        service = endpoint.service.name(),
        id = request_id,
        method = %parts.method,
        path = parts.uri.path(),
        status = status.as_u16(),
        microseconds = started.elapsed().as_micros(),
        "request"
    );
}

fn refuse(endpoint: &Endpoint, refusal: &Refusal, request_id: &str) -> ServiceResponse {
    tracing::info!(id = request_id, ?refusal, "refused");
    endpoint.service.refuse(refusal, request_id)
}

/// Returns a path with `/` for `%2F`, if the service separates segments there.
fn separated<'a>(service: &dyn Service, path: &'a str) -> Cow<'a, str> {
    if service.separates_at_encoded_slash() && path.contains('%') {
        path.replace("%2F", "/").replace("%2f", "/").into()
    } else {
        path.into()
    }
}

fn refuse_by_fault(
    endpoint: &Endpoint,
    status: StatusCode,
    retry_after: Option<u64>,
    request_id: &str,
) -> ServiceResponse {
    let mut response = endpoint.service.refuse(&Refusal::Fault(status), request_id);
    if let Some(seconds) = retry_after {
        response.headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// Checks a request, forwards it to the service, and waits until its changes are durable. Moves the headers out of
/// `parts`.
async fn process(
    endpoint: &Endpoint,
    client: Client<'_>,
    parts: &mut Parts,
    body: &mut Incoming,
    request_id: &str,
) -> ServiceResponse {
    let request = match check(endpoint, client, parts, body, request_id).await {
        Ok(request) => request,
        Err(refusal) => return refuse(endpoint, &refusal, request_id),
    };
    let journal = endpoint.journal.as_ref();
    let journal = journal.filter(|_| endpoint.service.is_durable(&request));
    let handled = endpoint.service.handle(request);
    let Some(journal) = journal else {
        return handled.await;
    };
    let (response, commit) = journal.track(handled).await;
    // Error responses wait as well, because a failed bulk request may have changed some items.
    match commit.durable().await {
        Ok(()) => response,
        Err(NotDurable) => {
            let refusal = Refusal::Fault(StatusCode::INTERNAL_SERVER_ERROR);
            refuse(endpoint, &refusal, request_id)
        }
    }
}

/// Checks, in this order: the path, the target, the credentials, and the length of the body.
async fn check(
    endpoint: &Endpoint,
    client: Client<'_>,
    parts: &mut Parts,
    body: &mut Incoming,
    request_id: &str,
) -> Result<ServiceRequest, Refusal> {
    let path = separated(&*endpoint.service, parts.uri.path());
    let path_segments = split_path(&path).map_err(|error| Refusal::BadRequest(error.to_string()))?;
    let host = authority(&parts.uri, &parts.headers).to_owned();
    let target = Target {
        method: &parts.method,
        path_segments: &path_segments,
        host: &host,
        server_name: client.peer.server_name.as_deref(),
    };
    endpoint.service.check_target(&target)?;
    let caller = if endpoint.service.checks_credentials(&target) {
        Caller::unauthenticated()
    } else {
        let authenticated = endpoint
            .authenticator
            .check(&parts.headers, &host, &path_segments);
        authenticated.map_err(Refusal::Unauthorized)?.caller
    };
    let scheme = if endpoint.tls.is_some() { "https" } else { "http" };
    Ok(ServiceRequest {
        method: parts.method.clone(),
        path_segments,
        raw_path: parts.uri.path().to_owned(),
        query: split_query(parts.uri.query().unwrap_or_default()),
        body: client.processing.wait_for_client(read(body)).await?,
        headers: std::mem::take(&mut parts.headers),
        client_certificates: client.peer.certificates.clone(),
        caller,
        base_url: format!("{scheme}://{host}"),
        request_id: request_id.to_owned(),
    })
}

/// Returns the authority that a request addresses.
pub(crate) fn authority<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> &'a str {
    let authority = uri.authority().map(|authority| authority.as_str());
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    // HTTP/1.0 has no `Host`.
    authority.or(host).unwrap_or("localhost")
}

async fn read(body: &mut Incoming) -> Result<Bytes, Refusal> {
    let read = tokio::time::timeout(BODY_TIMEOUT, Limited::new(body, BODY_LIMIT).collect());
    let Ok(read) = read.await else {
        return Err(Refusal::BodyTimeout {
            seconds: BODY_TIMEOUT.as_secs(),
        });
    };
    match read {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => {
            Err(Refusal::BodyTooLarge { limit: BODY_LIMIT })
        }
        Err(error) => Err(Refusal::BadRequest(format!("could not read the body: {error}"))),
    }
}
