//! The client that sends a generated client's requests through the pipeline.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use azure_core::http::{ClientOptions, Context, Response};
use azure_protocol_runtime::{Hook, TypedRequest};
use url::Url;

use crate::call_options::CallOptions;
use crate::client_info::ClientInfo;
use crate::credential::Credential;
use crate::error::{Error, Result};
use crate::executor::PipelineExecutor;
use crate::limits::CallLimits;
use crate::pipeline::{Failure, ServicePipeline};

/// The result of a generated function that builds a request.
///
/// [`ServiceClient`] accepts the `Result` itself, so an invalid request fails in `send` like every other error.
pub type BuiltRequest<T, E> = Result<TypedRequest<T>, progenitor_client::Error<E>>;

/// A generated client together with its pipeline and the service's endpoint. Cheap to clone.
#[derive(Clone)]
pub struct ServiceClient<C> {
    protocol: C,
    make_protocol: MakeProtocol<C>,
    pipeline: ServicePipeline,
    endpoint: Url,
}

/// A constructor of a generated client, from the base URL, the HTTP client that builds requests, and the hook that
/// sends them.
type MakeProtocol<C> = Arc<dyn Fn(&str, reqwest::Client, Hook) -> C + Send + Sync>;

impl<C> fmt::Debug for ServiceClient<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceClient")
            .field("endpoint", &self.endpoint.as_str())
            .finish_non_exhaustive()
    }
}

impl<C> ServiceClient<C> {
    /// Creates a client for the service at `endpoint`, which is a URL or a bare host name.
    ///
    /// `protocol` is the constructor of the generated client: `Client::new_with_client`, or a closure that also sets the API
    /// version.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if `endpoint` is not a valid URL, or is not `https`
    /// although the credential requires TLS, or if [`ServicePipeline::new`] refuses `options`.
    pub fn new(
        endpoint: &str,
        credential: &Credential,
        info: ClientInfo,
        options: ClientOptions,
        protocol: impl Fn(&str, reqwest::Client, Hook) -> C + Send + Sync + 'static,
    ) -> Result<Self> {
        let endpoint = parse_endpoint(endpoint)?;
        if credential.needs_tls() && endpoint.scheme() != "https" {
            return Err(Error::invalid_input(
                "endpoint",
                "must be https, because credentials are sent to it",
            ));
        }
        let pipeline = ServicePipeline::new(info, credential, options)?;
        Ok(Self::over(pipeline, endpoint, Arc::new(protocol)))
    }

    fn over(pipeline: ServicePipeline, endpoint: Url, make_protocol: MakeProtocol<C>) -> Self {
        Self {
            protocol: make_protocol(
                endpoint.as_str().trim_end_matches('/'),
                pipeline.http().clone(),
                Some(Arc::new(PipelineExecutor(pipeline.clone()))),
            ),
            make_protocol,
            pipeline,
            endpoint,
        }
    }

    /// Returns a client with these call options, which also apply to [`protocol`](Self::protocol), pagers and pollers.
    /// Replaces all earlier options.
    #[must_use]
    pub fn with_call_options(&self, options: CallOptions) -> Self {
        Self::over(
            self.pipeline.with_call_options(options),
            self.endpoint.clone(),
            self.make_protocol.clone(),
        )
    }

    /// Returns a client with these limits, which also apply to [`protocol`](Self::protocol), pagers and pollers.
    #[must_use]
    pub fn with_limits(&self, limits: CallLimits) -> Self {
        let pipeline = self.pipeline.with_limits(limits);
        Self::over(pipeline, self.endpoint.clone(), self.make_protocol.clone())
    }

    /// Returns the client's call options.
    #[must_use]
    pub fn call_options(&self) -> &CallOptions {
        self.pipeline.call_options()
    }

    /// Returns the timeout of a call, including all its attempts, for use by calls that bypass the pipeline.
    #[must_use]
    pub fn call_timeout(&self) -> Duration {
        self.pipeline.call_timeout(&Context::new())
    }

    /// Sends a request and returns the response; `into_model` decodes it.
    ///
    /// # Errors
    ///
    /// Any [`ErrorKind`](crate::ErrorKind) except `JobFailed`. A response that cannot be decoded fails in `into_model`.
    pub async fn send<T, E>(&self, request: BuiltRequest<T, E>, context: Context<'_>) -> Result<Response<T>> {
        Ok(self.send_with_failure(request, context).await?)
    }

    /// Sends a request whose error response may carry a result: see [`Failure`].
    ///
    /// # Errors
    ///
    /// Same as [`send`](Self::send).
    pub async fn send_with_failure<T, E>(
        &self,
        request: BuiltRequest<T, E>,
        context: Context<'_>,
    ) -> Result<Response<T>, Failure> {
        let request = request.map_err(Error::from)?;
        Ok(self.pipeline.send(request.cast(), context).await?.into())
    }

    /// Returns the generated client. It builds requests, and its async methods send them through the same pipeline.
    ///
    /// Its async methods return `progenitor_client::Error`, which converts into [`Error`] without loss.
    #[must_use]
    pub fn protocol(&self) -> &C {
        &self.protocol
    }

    /// Returns the service's endpoint.
    #[must_use]
    pub fn endpoint(&self) -> &Url {
        &self.endpoint
    }

    /// Returns the client's pipeline.
    #[must_use]
    pub fn pipeline(&self) -> &ServicePipeline {
        &self.pipeline
    }
}

fn parse_endpoint(text: &str) -> Result<Url> {
    let invalid = |reason: &str| Error::invalid_input("endpoint", reason);
    let text = text.trim();
    let url = if text.contains("://") {
        Url::parse(text)
    } else {
        Url::parse(&format!("https://{text}"))
    };
    let url = url.map_err(|error| invalid("is not a valid URL").with_source(error))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(invalid("must be https"));
    }
    if !url.username().is_empty()
        || url.password().is_some()
        || url.query().is_some()
        || url.fragment().is_some()
    {
        return Err(invalid("must not have a user name, query or fragment"));
    }
    Ok(url)
}
