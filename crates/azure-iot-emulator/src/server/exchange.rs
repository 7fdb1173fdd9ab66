//! Processing of one request: faults, credentials, durability, request ids, logging.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::header::{HOST, HeaderValue, RETRY_AFTER};
use http::request::Parts;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;

use crate::faults::Outcome;
use crate::server::body::{ResponseBody, empty, into_http};
use crate::server::endpoint::Endpoint;
use crate::server::reset::Reset;
use crate::service::Refusal;
use crate::service::request::{ServiceRequest, split_path, split_query};
use crate::service::response::ServiceResponse;

/// The maximum length of a request body, in bytes.
const BODY_LIMIT: usize = 16 * 1024 * 1024;

/// Responds to a request, or resets the connection on a fault rule.
#[expect(clippy::expect_used, reason = "a UUID is a header value")]
pub(super) async fn respond(
    endpoint: Arc<Endpoint>,
    reset: Arc<Reset>,
    mut request: Request<Incoming>,
) -> Result<Response<ResponseBody>, Infallible> {
    if let Some(protocol) = &endpoint.upgrade
        && let Some(response) = protocol.upgrade(&mut request)
    {
        return Ok(response.map(|()| empty()));
    }
    let started = Instant::now();
    let request_id = uuid::Uuid::new_v4().to_string();
    let (mut parts, body) = request.into_parts();
    let service = endpoint.service.name();
    let effects = endpoint.faults.apply(service, &parts.method, parts.uri.path());
    if !effects.delay.is_zero() {
        tokio::time::sleep(effects.delay).await;
    }
    let mut response = match effects.outcome {
        Some(Outcome::Reset { processed: false }) => return reset.now().await,
        Some(Outcome::Status(status, retry_after)) => {
            refuse_by_fault(&endpoint, status, retry_after, &request_id)
        }
        Some(Outcome::Reset { processed: true } | Outcome::Truncate) | None => {
            process(&endpoint, &mut parts, body, &request_id).await
        }
    };
    if effects.outcome == Some(Outcome::Reset { processed: true }) {
        return reset.now().await;
    }
    response
        .headers
        .entry("x-ms-request-id")
        .or_insert_with(|| HeaderValue::from_str(&request_id).expect("a UUID is ASCII"));
    tracing::info!(
        service,
        id = request_id,
        method = %parts.method,
        path = parts.uri.path(),
        status = response.status.as_u16(),
        microseconds = started.elapsed().as_micros(),
        "request"
    );
    Ok(into_http(response, effects.outcome == Some(Outcome::Truncate)))
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
    parts: &mut Parts,
    body: Incoming,
    request_id: &str,
) -> ServiceResponse {
    let refuse = |refusal: Refusal| {
        tracing::info!(id = request_id, ?refusal, "refused");
        endpoint.service.refuse(&refusal, request_id)
    };
    let request = match check(endpoint, parts, body, request_id).await {
        Ok(request) => request,
        Err(refusal) => return refuse(refusal),
    };
    let journal = endpoint.journal.as_ref();
    let journal = journal.filter(|_| endpoint.service.is_durable(&request));
    let response = endpoint.service.handle(request).await;
    // Errors wait as well, because bulk requests may have changed a part.
    if let Some(journal) = journal
        && journal.commit().await.is_err()
    {
        return refuse(Refusal::Fault(StatusCode::INTERNAL_SERVER_ERROR));
    }
    response
}

/// Checks the path, the credentials and the length of the body, in this order.
async fn check(
    endpoint: &Endpoint,
    parts: &mut Parts,
    body: Incoming,
    request_id: &str,
) -> Result<ServiceRequest, Refusal> {
    let path_segments =
        split_path(parts.uri.path()).map_err(|error| Refusal::BadRequest(error.to_string()))?;
    let authority = parts.uri.authority().map(|authority| authority.as_str());
    let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok());
    let host = authority.or(host).unwrap_or("localhost").to_owned();
    let caller = endpoint
        .authenticator
        .check(&parts.headers, &host, &path_segments);
    let caller = caller.map_err(Refusal::Unauthorized)?;
    let scheme = if endpoint.tls.is_some() { "https" } else { "http" };
    Ok(ServiceRequest {
        method: parts.method.clone(),
        path_segments,
        raw_path: parts.uri.path().to_owned(),
        query: split_query(parts.uri.query().unwrap_or_default()),
        body: read(body).await?,
        headers: std::mem::take(&mut parts.headers),
        caller,
        base_url: format!("{scheme}://{host}"),
        request_id: request_id.to_owned(),
    })
}

async fn read(body: Incoming) -> Result<Bytes, Refusal> {
    match Limited::new(body, BODY_LIMIT).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => {
            Err(Refusal::BodyTooLarge { limit: BODY_LIMIT })
        }
        Err(error) => Err(Refusal::BadRequest(format!("could not read the body: {error}"))),
    }
}
