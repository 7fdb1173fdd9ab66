//! A generated client with everything it needs to send requests.

use std::fmt;
use std::sync::Arc;

use azure_core::http::{ClientOptions, Context, Response};
use azure_protocol_runtime::{Hook, TypedRequest};
use url::Url;

use crate::call_options::CallOptions;
use crate::client_info::ClientInfo;
use crate::credential::Credential;
use crate::error::{Error, Result};
use crate::executor::PipelineExecutor;
use crate::pipeline::{Failure, ServicePipeline};

/// What a function of a generated client returns that builds a request.
///
/// [`ServiceClient`] takes it as it is: a request that cannot be built fails where others fail, when it is sent.
pub type BuiltRequest<T, E> = Result<TypedRequest<T>, progenitor_client::Error<E>>;

/// A generated client, the pipeline through which it sends, and the service's address. Cheap to clone.
#[derive(Clone)]
pub struct ServiceClient<C> {
    protocol: C,
    make_protocol: MakeProtocol<C>,
    pipeline: ServicePipeline,
    endpoint: Url,
}

/// A generated client of its base URL, the client that builds requests, and what sends them.
type MakeProtocol<C> = fn(&str, reqwest::Client, Hook) -> C;

impl<C> fmt::Debug for ServiceClient<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceClient")
            .field("endpoint", &self.endpoint.as_str())
            .finish_non_exhaustive()
    }
}

impl<C> ServiceClient<C> {
    /// A client for the service at `endpoint`, which is a URL or a bare host name.
    ///
    /// `protocol` makes the generated client; it is `Client::new_with_client`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if `endpoint` is no URL of a service or not `https`
    /// although the credential needs it, or if `options` have something that [`ServicePipeline::new`] refuses.
    pub fn new(
        endpoint: &str,
        credential: &Credential,
        info: ClientInfo,
        options: ClientOptions,
        protocol: fn(&str, reqwest::Client, Hook) -> C,
    ) -> Result<Self> {
        let endpoint = parse_endpoint(endpoint)?;
        if credential.needs_tls() && endpoint.scheme() != "https" {
            return Err(Error::invalid_input(
                "endpoint",
                "must be https, because the credential goes there",
            ));
        }
        let pipeline = ServicePipeline::new(info, credential, options)?;
        Ok(Self::over(pipeline, endpoint, protocol))
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

    /// The same client, with other options for its calls: also those of [`protocol`](Self::protocol), pagers and
    /// pollers. Earlier options are replaced as a whole.
    #[must_use]
    pub fn with_call_options(&self, options: CallOptions) -> Self {
        Self::over(
            self.pipeline.with_call_options(options),
            self.endpoint.clone(),
            self.make_protocol,
        )
    }

    /// The options of [`with_call_options`](Self::with_call_options).
    #[must_use]
    pub fn call_options(&self) -> &CallOptions {
        self.pipeline.call_options()
    }

    /// Sends a request and returns the response, to be decoded with `into_model`.
    ///
    /// # Errors
    ///
    /// Everything that [`ErrorKind`](crate::ErrorKind) lists but `JobFailed`; a response that cannot be decoded shows
    /// only in `into_model`.
    pub async fn send<T, E>(&self, request: BuiltRequest<T, E>, context: Context<'_>) -> Result<Response<T>> {
        Ok(self.send_with_failure(request, context).await?)
    }

    /// Sends a request whose failures have a result in them: see [`Failure`].
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub async fn send_with_failure<T, E>(
        &self,
        request: BuiltRequest<T, E>,
        context: Context<'_>,
    ) -> Result<Response<T>, Failure> {
        let request = request.map_err(Error::from)?;
        Ok(self.pipeline.send(request.cast(), context).await?.into())
    }

    /// The generated client: builds requests, and sends them through the same pipeline if its async methods are called.
    ///
    /// Those fail with `progenitor_client::Error`; [`Error`] can be made `From` one and has all that is known.
    #[must_use]
    pub fn protocol(&self) -> &C {
        &self.protocol
    }

    /// The service's address.
    #[must_use]
    pub fn endpoint(&self) -> &Url {
        &self.endpoint
    }

    /// The pipeline through which the client sends.
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
    let url = url.map_err(|error| invalid("is no URL").with_source(error))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(invalid("must be https"));
    }
    if !url.username().is_empty()
        || url.password().is_some()
        || url.query().is_some()
        || url.fragment().is_some()
    {
        return Err(invalid("must have no user, query or fragment"));
    }
    Ok(url)
}
