//! From a finished request to an answer: authentication, retries, timeouts, tracing.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use azure_core::error::ErrorKind as AzureKind;
use azure_core::http::headers::{ACCEPT, CONTENT_TYPE, HeaderName, IF_MATCH};
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{ClientOptions, Context, Method, Pipeline, PipelineSendOptions, RawResponse, Request};
use azure_core::tracing::{PublicApiInstrumentationInformation, Tracer};
use azure_protocol_runtime::TypedRequest;
use tracing::Instrument as _;
use tracing::field::Empty;
use url::Url;

use crate::call_options::CallOptions;
use crate::client_info::{CallEvent, ClientInfo};
use crate::credential::Credential;
use crate::error::{Error, Result, Seconds};
use crate::retry::{Call, Gate, Restore, RetryClass, proceed};
use crate::transport;

/// Headers that azure_core would log as `REDACTED`, and that one needs to find out why a call failed.
const LOGGED_HEADERS: &[&str] = &[
    "x-ms-error-code",
    "x-ms-request-id",
    "x-ms-client-request-id",
    "mise-correlation-id",
    "retry-after",
    "retry-after-ms",
    "x-ms-retry-after-ms",
];

/// How long one attempt may take, from the request to the end of the answer. Default: 60 seconds.
///
/// Put another into the [`Context`] of a call that takes longer by nature, such as a direct method.
///
/// ```
/// use azure_core::http::Context;
/// use azure_service_core::ResponseTimeout;
/// use std::time::Duration;
///
/// let context = Context::new().with_value(ResponseTimeout(Duration::from_secs(300)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResponseTimeout(pub Duration);

impl Default for ResponseTimeout {
    fn default() -> Self {
        Self(Duration::from_secs(60))
    }
}

/// In the context of calls that belong to a composite method, whose failures that method may handle.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InComposite;

/// Sends requests: one per client, shared by its clones.
#[derive(Clone)]
pub struct ServicePipeline(Arc<Inner>);

struct Inner {
    parts: Arc<Parts>,
    pipeline: Arc<Pipeline>,
    call_options: CallOptions,
}

/// What a pipeline is made of, kept to make one with other retries.
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
    /// Does not show the policies: what foreign ones show of themselves is not known.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServicePipeline")
            .field("traced", &self.0.parts.tracer.is_some())
            .finish_non_exhaustive()
    }
}

impl ServicePipeline {
    /// Builds a pipeline that authenticates with `credential`.
    ///
    /// `options` are azure_core's: transport, policies, retries, tracing, user agent. Unless they have a transport, the
    /// pipeline sends with the `reqwest::Client` that also [builds the requests](Self::http).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for an `application_id` that azure_core does not
    /// accept, or, without the feature `rustls`, if there is no transport.
    pub fn new(info: ClientInfo, credential: &Credential, mut options: ClientOptions) -> Result<Self> {
        check_application_id(options.user_agent.application_id.as_deref())?;
        let http = transport::http_client()?;
        if options.transport.is_none() {
            #[cfg(feature = "rustls")]
            {
                options.transport = Some(azure_core::http::Transport::new(Arc::new(http.clone())));
            }
            #[cfg(not(feature = "rustls"))]
            return Err(Error::invalid_input(
                "transport",
                "is needed without the feature rustls",
            ));
        }
        // The last of the caller's policies per call is the one right before the retry policy; the first per attempt
        // is the one right behind it.
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
        })))
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

    /// The client with which generated code builds its requests.
    #[must_use]
    pub fn http(&self) -> &reqwest::Client {
        &self.0.parts.http
    }

    /// The context of a call of `method`: the caller's, with what azure_core needs to make a span.
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

    /// Sends `request` under the id of its operation: see [`send_as`](Self::send_as).
    pub(crate) async fn send(
        &self,
        request: TypedRequest<()>,
        context: Context<'_>,
    ) -> Result<RawResponse, Failure> {
        self.send_as(request.operation.id, request, context).await
    }

    /// Sends `request` for the public method `method` and checks the status against the operation's.
    pub(crate) async fn send_as(
        &self,
        method: &'static str,
        request: TypedRequest<()>,
        mut context: Context<'_>,
    ) -> Result<RawResponse, Failure> {
        let operation = request.operation;
        let mut request = to_azure(request)?;
        self.apply_options(&mut request, &mut context);
        self.trace(&mut context, method);
        let class = RetryClass::of(operation, &request);
        context.insert(Call::new(class, method, self.info().log));
        let span = tracing::info_span!(
            "service_call",
            operation = method,
            method = operation.method,
            status = Empty,
            attempts = Empty,
            error = Empty,
        );
        // azure_core's own check knows one of the error bodies only and no success codes per operation.
        let options = PipelineSendOptions {
            skip_checks: true,
            ..PipelineSendOptions::default()
        };
        let sent = self
            .0
            .pipeline
            .send(&context, &mut request, Some(options))
            .instrument(span.clone())
            .await;
        let attempts = Call::of(&context).map_or(0, Call::attempts);
        let last_status = Call::of(&context).and_then(Call::last_status);
        span.record("attempts", attempts);
        if let Some(status) = last_status {
            span.record("status", status);
        }
        let (error, response) = match sent {
            Ok(response) if operation.is_success(u16::from(response.status())) => return Ok(response),
            Ok(response) => (Error::from_response(&response), Some(Box::new(response))),
            Err(error) => (Error::from(error).with_last_status(last_status), None),
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

    fn apply_options(&self, request: &mut Request, context: &mut Context<'_>) {
        let options = self.call_options();
        if let Some(timeout) = options.attempt_timeout {
            context.insert(ResponseTimeout(timeout));
        }
        for (name, value) in &options.headers {
            if request.headers().get_optional_str(name).is_none() {
                request.insert_header(name.clone(), value.clone());
            }
        }
    }
}

/// A call that failed, with the answer that says so.
///
/// For operations whose failures have a result in them; in all others the error has everything.
#[derive(Debug)]
#[non_exhaustive]
pub struct Failure {
    /// What failed.
    pub error: Error,
    /// The answer, if one came that is not a success.
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
                "is none that the pipeline can send",
            ));
        }
    };
    let mut result = Request::new(request.url, method);
    // Generated code asks for JSON only where a response has a model; errors are JSON everywhere.
    result.insert_header(ACCEPT, "application/json");
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

/// The names that most requests have cost nothing; any other is copied twice.
fn header_name(name: &http::HeaderName) -> HeaderName {
    match *name {
        http::header::ACCEPT => ACCEPT,
        http::header::CONTENT_TYPE => CONTENT_TYPE,
        http::header::IF_MATCH => IF_MATCH,
        _ => HeaderName::from(name.as_str().to_owned()),
    }
}

/// How errors name the service that was addressed.
fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// azure_core panics on what this refuses.
fn check_application_id(id: Option<&str>) -> Result<()> {
    let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    match id {
        Some(id) if id.len() > 24 || !id.chars().all(token) => Err(Error::invalid_input(
            "application_id",
            "must be at most 24 characters without spaces",
        )),
        _ => Ok(()),
    }
}

/// The last policy of ours before the transport: counts the attempts and ends those that take too long.
#[derive(Debug)]
struct Attempt;

/// The time was up.
#[derive(Debug, thiserror::Error)]
#[error("gave up after {}", Seconds(*.0))]
pub(crate) struct TimedOut(Duration);

#[async_trait]
impl Policy for Attempt {
    async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        if let Some(call) = Call::of(ctx) {
            call.count();
        }
        let ResponseTimeout(limit) = ctx.value().copied().unwrap_or_default();
        let begin = Instant::now();
        match tokio::time::timeout(limit, proceed(ctx, request, next)).await {
            // The timer has a resolution of a millisecond, in which a service nearby may have responded.
            Ok(outcome) if begin.elapsed() <= limit => outcome,
            // An error of input and output, so that the retry policy repeats what may be repeated.
            _ => Err(azure_core::Error::new(AzureKind::Io, TimedOut(limit))),
        }
    }
}
