//! From a finished request to an answer: authentication, retries, timeouts, tracing.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::error::ErrorKind as AzureKind;
use azure_core::http::headers::{ACCEPT, CONTENT_TYPE, HeaderName, IF_MATCH};
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{ClientOptions, Context, Method, PipelineSendOptions, RawResponse, Request};
use azure_core::tracing::PublicApiInstrumentationInformation;
use azure_protocol_runtime::TypedRequest;
use tracing::Instrument as _;
use tracing::field::Empty;

use crate::credential::Credential;
use crate::error::{Error, Result};
use crate::retry::{Call, Gate, Restore, RetryClass, proceed};
use crate::transport;

/// The crate that makes the calls; goes into the `User-Agent` header.
#[derive(Debug, Clone, Copy)]
pub struct Package {
    /// `env!("CARGO_PKG_NAME")`.
    pub name: &'static str,
    /// `env!("CARGO_PKG_VERSION")`.
    pub version: &'static str,
}

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

/// Sends requests: one per client, shared by its clones.
#[derive(Clone)]
pub struct ServicePipeline(Arc<Inner>);

struct Inner {
    pipeline: azure_core::http::Pipeline,
    http: reqwest::Client,
    traced: bool,
}

impl fmt::Debug for ServicePipeline {
    /// Does not show the policies: what foreign ones show of themselves is not known.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServicePipeline")
            .field("traced", &self.0.traced)
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
    pub fn new(package: Package, credential: &Credential, mut options: ClientOptions) -> Result<Self> {
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
        let traced = options.instrumentation.tracer_provider.is_some();
        let per_try: Vec<Arc<dyn Policy>> = vec![Arc::new(Gate), credential.policy(), Arc::new(Attempt)];
        let pipeline = azure_core::http::Pipeline::new(
            Some(package.name),
            Some(package.version),
            options,
            Vec::new(),
            per_try,
            None,
        );
        Ok(Self(Arc::new(Inner {
            pipeline,
            http,
            traced,
        })))
    }

    /// The client with which generated code builds its requests.
    #[must_use]
    pub fn http(&self) -> &reqwest::Client {
        &self.0.http
    }

    /// Sends `request` and checks the status against the operation's.
    pub(crate) async fn send(
        &self,
        request: TypedRequest<()>,
        mut context: Context<'_>,
    ) -> Result<RawResponse, Failure> {
        let operation = request.operation;
        let mut request = to_azure(request)?;
        context.insert(Call::new(RetryClass::of(operation, &request)));
        if self.0.traced && context.value::<PublicApiInstrumentationInformation>().is_none() {
            context.insert(PublicApiInstrumentationInformation::new(operation.id, Vec::new()));
        }
        let span = tracing::info_span!(
            "service_call",
            operation = operation.id,
            method = operation.method,
            status = Empty,
            attempts = Empty,
            error = Empty,
        );
        // azure_core's own check knows one of the services' envelopes only and no success codes per operation.
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
        let error = error.with_call(operation.id, attempts);
        span.record("error", tracing::field::display(&error));
        Err(Failure { error, response })
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
#[error("no answer within {} seconds", .0.as_secs_f64())]
pub(crate) struct TimedOut(Duration);

#[async_trait]
impl Policy for Attempt {
    async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        if let Some(call) = Call::of(ctx) {
            call.count();
        }
        let ResponseTimeout(limit) = ctx.value().copied().unwrap_or_default();
        match tokio::time::timeout(limit, proceed(ctx, request, next)).await {
            Ok(outcome) => outcome,
            // An error of input and output, so that the retry policy repeats what may be repeated.
            Err(_) => Err(azure_core::Error::new(AzureKind::Io, TimedOut(limit))),
        }
    }
}
