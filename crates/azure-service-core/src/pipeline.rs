//! The pipeline that sends requests: authentication, retries, timeouts, tracing.

use std::borrow::Cow;
use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use azure_core::Bytes;
use azure_core::http::headers::{ACCEPT, CONTENT_TYPE, HeaderName, IF_MATCH};
use azure_core::http::policies::Policy;
use azure_core::http::{
    ClientOptions, Context, Method, Pipeline, PipelineSendOptions, RawResponse, Request, Transport,
};
use azure_core::tracing::{PublicApiInstrumentationInformation, Tracer};
use azure_protocol_runtime::TypedRequest;
use tokio::time::Instant;
use tracing::Instrument as _;
use tracing::field::Empty;
use url::Url;

use crate::call_options::CallOptions;
use crate::client_info::{CallEvent, ClientInfo};
use crate::credential::Credential;
use crate::error::{Error, Result};
use crate::limits::{Attempt, AttemptTimeout, CallLimits, LimitedTransport, within};
use crate::retry::{Call, Gate, Restore, RetryClass};
use crate::transport;

/// Headers that help to diagnose a failure. azure_core would log them as `REDACTED`.
const LOGGED_HEADERS: &[&str] = &[
    "x-ms-error-code",
    "x-ms-request-id",
    "x-ms-client-request-id",
    "mise-correlation-id",
    "retry-after",
    "retry-after-ms",
    "x-ms-retry-after-ms",
];

/// A marker in the context of calls inside a composite method, which may recover from their failures.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InComposite;

/// The pipeline of a client, shared by its clones.
#[derive(Clone)]
pub struct ServicePipeline(Arc<Inner>);

struct Inner {
    parts: Arc<Parts>,
    pipeline: Arc<Pipeline>,
    call_options: CallOptions,
    limits: CallLimits,
}

/// The parts of a pipeline, kept to build a pipeline with different retry options.
struct Parts {
    info: ClientInfo,
    options: ClientOptions,
    per_try: Vec<Arc<dyn Policy>>,
    pipeline: Arc<Pipeline>,
    http: reqwest::Client,
    tracer: Option<Arc<dyn Tracer>>,
}

fn pipeline(info: &ClientInfo, options: ClientOptions, per_try: Vec<Arc<dyn Policy>>) -> Arc<Pipeline> {
    let (name, version) = (Some(info.package), Some(info.version));
    Arc::new(Pipeline::new(name, version, options, Vec::new(), per_try, None))
}

impl fmt::Debug for ServicePipeline {
    /// Omits the policies, because the `Debug` output of a custom policy might show secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServicePipeline")
            .field("traced", &self.0.parts.tracer.is_some())
            .finish_non_exhaustive()
    }
}

impl ServicePipeline {
    /// Builds a pipeline that authenticates with `credential`.
    ///
    /// `options` are azure_core's: transport, policies, retries, tracing, user agent. Without a transport in
    /// `options`, the pipeline sends with the `reqwest::Client` that also [builds the requests](Self::http).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for an `application_id` that azure_core refuses, or,
    /// without the feature `rustls`, for a missing transport.
    pub fn new(info: ClientInfo, credential: &Credential, mut options: ClientOptions) -> Result<Self> {
        check_application_id(options.user_agent.application_id.as_deref())?;
        let http = transport::http_client()?;
        if options.transport.is_none() {
            #[cfg(feature = "rustls")]
            {
                options.transport = Some(Transport::new(Arc::new(http.clone())));
            }
            #[cfg(not(feature = "rustls"))]
            return Err(Error::invalid_input(
                "transport",
                "must be set, because the feature rustls is off",
            ));
        }
        options.transport = options
            .transport
            .map(|transport| Transport::with_policy(Arc::new(LimitedTransport(transport))));
        // The last per-call policy runs right before the retry policy, the first per-try policy right after it.
        options.per_call_policies.push(Arc::new(Restore));
        let logged = LOGGED_HEADERS.iter().chain(info.logged_headers);
        let logged = logged.map(|name| Cow::Borrowed(*name));
        options.logging.additional_allowed_header_names.extend(logged);
        let tracer = options.instrumentation.tracer_provider.as_ref();
        let tracer =
            tracer.map(|tracers| tracers.get_tracer(Some(info.namespace), info.package, Some(info.version)));
        let per_try: Vec<Arc<dyn Policy>> = vec![Arc::new(Gate), credential.policy(), Arc::new(Attempt)];
        let pipeline = pipeline(&info, options.clone(), per_try.clone());
        let parts = Parts {
            info,
            options,
            per_try,
            pipeline: pipeline.clone(),
            http,
            tracer,
        };
        Ok(Self(Arc::new(Inner {
            parts: Arc::new(parts),
            pipeline,
            call_options: CallOptions::default(),
            limits: CallLimits::default(),
        })))
    }

    pub(crate) fn with_limits(&self, limits: CallLimits) -> Self {
        let Inner {
            parts,
            pipeline,
            call_options,
            ..
        } = &*self.0;
        Self(Arc::new(Inner {
            parts: parts.clone(),
            pipeline: pipeline.clone(),
            call_options: call_options.clone(),
            limits,
        }))
    }

    pub(crate) fn with_call_options(&self, call_options: CallOptions) -> Self {
        let parts = &self.0.parts;
        let pipeline = match &call_options.retry {
            None => parts.pipeline.clone(),
            Some(retry) => {
                let options = ClientOptions {
                    retry: retry.clone(),
                    ..parts.options.clone()
                };
                pipeline(&parts.info, options, parts.per_try.clone())
            }
        };
        Self(Arc::new(Inner {
            parts: parts.clone(),
            pipeline,
            call_options,
            limits: self.0.limits,
        }))
    }

    pub(crate) fn call_options(&self) -> &CallOptions {
        &self.0.call_options
    }

    pub(crate) fn info(&self) -> &ClientInfo {
        &self.0.parts.info
    }

    pub(crate) fn tracer(&self) -> Option<&Arc<dyn Tracer>> {
        self.0.parts.tracer.as_ref()
    }

    /// Returns the HTTP client that generated code builds requests with.
    #[must_use]
    pub fn http(&self) -> &reqwest::Client {
        &self.0.parts.http
    }

    /// Returns the context of a call of `method`: the context of the call options and the attributes of azure_core's
    /// span.
    pub(crate) fn context(&self, method: &'static str) -> Context<'static> {
        let mut context = self.0.call_options.context.clone();
        self.trace(&mut context, method);
        context
    }

    fn trace(&self, context: &mut Context<'_>, method: &'static str) {
        let Some(tracer) = self.tracer() else { return };
        if context.value::<PublicApiInstrumentationInformation>().is_none() {
            let name = format!("{}.{method}", self.info().name);
            context.insert(PublicApiInstrumentationInformation::new(name, Vec::new()));
        }
        if context.value::<Arc<dyn Tracer>>().is_none() {
            context.insert(tracer.clone());
        }
    }

    /// Sends `request` with its operation id as the method name; see [`send_as`](Self::send_as).
    pub(crate) async fn send(
        &self,
        request: TypedRequest<()>,
        context: Context<'_>,
    ) -> Result<RawResponse, Failure> {
        self.send_as(request.operation.id, request, context).await
    }

    /// Sends `request` for the public method `method` and checks that the status is a success of the operation.
    pub(crate) async fn send_as(
        &self,
        method: &'static str,
        request: TypedRequest<()>,
        mut context: Context<'_>,
    ) -> Result<RawResponse, Failure> {
        let operation = request.operation;
        let mut request = to_azure(request)?;
        let timeout = self.call_timeout(&context);
        self.apply_options(&mut request, &mut context);
        self.trace(&mut context, method);
        let class = RetryClass::of(operation, &request);
        let begin = Instant::now();
        let AttemptTimeout(attempt_timeout) = context.value().copied().unwrap_or_default();
        context.insert(Call::new(
            class,
            method,
            self.info().log,
            (begin, timeout),
            attempt_timeout,
            self.0.limits.max_response_size(),
        ));
        let span = tracing::info_span!(
            "service_call",
            operation = method,
            method = operation.method,
            status = Empty,
            attempts = Empty,
            error = Empty,
        );
        // azure_core's own check supports only one form of error body, and ignores the operation's success codes.
        let options = PipelineSendOptions {
            skip_checks: true,
            ..PipelineSendOptions::default()
        };
        let sent = {
            // Pinned, because the future is large and would be copied at every move.
            let sending = pin!(self.0.pipeline.send(&context, &mut request, Some(options)));
            within(begin, timeout, "call", sending.instrument(span.clone())).await
        };
        let call = Call::of(&context);
        let attempts = call.map_or(0, Call::attempts);
        let last_status = call.and_then(Call::last_status);
        span.record("attempts", attempts);
        if let Some(status) = last_status {
            span.record("status", status);
        }
        let (error, response) = match sent {
            Ok(Ok(response)) => match without_byte_order_mark(response) {
                response if operation.is_success(u16::from(response.status())) => return Ok(response),
                response => (Error::from_response(&response), Some(Box::new(response))),
            },
            Ok(Err(error)) => (Error::from(error).with_last_status(last_status), None),
            Err(timed_out) => {
                let unanswered = call.is_some_and(Call::is_unanswered);
                let failure = call.and_then(Call::take_failure);
                let error = Error::timed_out(timed_out, attempts, unanswered, failure);
                (error.with_last_status(last_status), None)
            }
        };
        let error = error
            .with_call(method, attempts, class == RetryClass::Repeatable)
            .with_target(host_and_port(request.url()));
        span.record("error", tracing::field::display(&error));
        (self.info().log)(match context.value::<InComposite>() {
            Some(_) => CallEvent::Step(&error),
            None => CallEvent::Failure(&error),
        });
        Err(Failure { error, response })
    }

    /// Returns the timeout of a call: the timeout in the call options, or the default. A slow operation puts its
    /// attempt timeout into `context`, which extends the default.
    pub(crate) fn call_timeout(&self, context: &Context<'_>) -> Duration {
        let options = self.call_options();
        options.call_timeout.unwrap_or_else(|| {
            let longer = context
                .value()
                .map_or(Duration::ZERO, |AttemptTimeout(timeout)| *timeout);
            let timeout = self.0.limits.call_timeout().saturating_add(longer);
            timeout.max(options.attempt_timeout.unwrap_or_default())
        })
    }

    fn apply_options(&self, request: &mut Request, context: &mut Context<'_>) {
        let options = self.call_options();
        if let Some(timeout) = options.attempt_timeout {
            context.insert(AttemptTimeout(timeout));
        }
        for (name, value) in &options.headers {
            if request.headers().get_optional_str(name).is_none() {
                request.insert_header(name.clone(), value.clone());
            }
        }
    }
}

/// A failed call with its error response.
///
/// Used by operations whose error response carries a result.
#[derive(Debug)]
#[non_exhaustive]
pub struct Failure {
    /// The error.
    pub error: Error,
    /// The error response, if there was one.
    pub response: Option<Box<RawResponse>>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self {
            error,
            response: None,
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        failure.error
    }
}

fn to_azure(request: TypedRequest<()>) -> Result<Request> {
    let method = match request.method {
        http::Method::GET => Method::Get,
        http::Method::PUT => Method::Put,
        http::Method::POST => Method::Post,
        http::Method::PATCH => Method::Patch,
        http::Method::DELETE => Method::Delete,
        http::Method::HEAD => Method::Head,
        _ => {
            return Err(Error::invalid_input(
                "method",
                "is not one that the pipeline supports",
            ));
        }
    };
    let mut result = Request::new(request.url, method);
    // Generated code sets `Accept` only if the response has a model, but error bodies are always JSON.
    if !request.headers.contains_key(http::header::ACCEPT) {
        result.insert_header(ACCEPT, "application/json");
    }
    for (name, value) in &request.headers {
        let value = std::str::from_utf8(value.as_bytes())
            .map_err(|error| Error::invalid_input(name.as_str(), "is not UTF-8").with_source(error))?;
        result.insert_header(header_name(name), value.to_owned());
    }
    if let Some(body) = request.body {
        result.set_body(body);
    }
    Ok(result)
}

/// Converts a header name. The most frequent names are static; all others are copied.
fn header_name(name: &http::HeaderName) -> HeaderName {
    match *name {
        http::header::ACCEPT => ACCEPT,
        http::header::CONTENT_TYPE => CONTENT_TYPE,
        http::header::IF_MATCH => IF_MATCH,
        _ => HeaderName::from(name.as_str().to_owned()),
    }
}

/// Removes a byte order mark at the start of the body, which JSON decoders refuse.
fn without_byte_order_mark(response: RawResponse) -> RawResponse {
    const MARK: &[u8] = "\u{feff}".as_bytes();
    if !response.body().starts_with(MARK) {
        return response;
    }
    let (status, headers, body) = response.deconstruct();
    RawResponse::from_bytes(status, headers, Bytes::from(body).slice(MARK.len()..))
}

/// Returns host and port, for errors.
fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// Refuses application ids on which azure_core panics.
fn check_application_id(id: Option<&str>) -> Result<()> {
    let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    match id {
        Some(id) if id.len() > 24 || !id.chars().all(token) => Err(Error::invalid_input(
            "application_id",
            "must have at most 24 characters: ASCII letters, digits and !#$%&'*+-.^_`|~",
        )),
        _ => Ok(()),
    }
}
