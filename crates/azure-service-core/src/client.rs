//! A generated client with everything it needs to make calls.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use azure_core::http::{ClientOptions, Context, Response};
use azure_protocol_runtime::ProtocolClient;
use progenitor_client::ResponseValue;
use url::Url;

use crate::call::{Relay, call, call_with_answer};
use crate::credential::Credential;
use crate::error::{Error, Result};
use crate::pipeline::{Failure, Package, ServicePipeline};

/// A generated client, the pipeline through which it sends, and the service's address. Cheap to clone.
#[derive(Clone)]
pub struct ServiceClient<C> {
    pub(crate) protocol: C,
    pipeline: ServicePipeline,
    endpoint: Url,
}

impl<C> fmt::Debug for ServiceClient<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceClient")
            .field("endpoint", &self.endpoint.as_str())
            .finish_non_exhaustive()
    }
}

impl<C: ProtocolClient + 'static> ServiceClient<C> {
    /// A client for the service at `endpoint`, which is a URL or a bare host name.
    ///
    /// `protocol` makes the generated client of its base URL and the client with which it builds requests:
    /// `|url, http| Client::new_with_client(url, http, None)`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if `endpoint` is no URL of a service or not `https`
    /// although the credential needs it, or if `options` have something that [`ServicePipeline::new`] refuses.
    pub fn new(
        endpoint: &str,
        credential: &Credential,
        package: Package,
        options: ClientOptions,
        protocol: impl FnOnce(&str, reqwest::Client) -> C,
    ) -> Result<Self> {
        let endpoint = parse_endpoint(endpoint)?;
        if credential.needs_tls() && endpoint.scheme() != "https" {
            return Err(Error::invalid_input(
                "endpoint",
                "must be https, because the credential goes there",
            ));
        }
        let pipeline = ServicePipeline::new(package, credential, options)?;
        let protocol = protocol(endpoint.as_str().trim_end_matches('/'), pipeline.http().clone());
        Ok(Self {
            protocol,
            pipeline,
            endpoint,
        })
    }

    /// Calls one operation: see [`call`].
    ///
    /// # Errors
    ///
    /// As [`call`].
    pub async fn call<T, E, Fut>(
        &self,
        context: Context<'_>,
        operation: impl FnOnce(C) -> Fut,
    ) -> Result<Response<T>>
    where
        Fut: Future<Output = Result<ResponseValue<T>, progenitor_client::Error<E>>>,
    {
        call(&self.protocol, &self.pipeline, context, operation).await
    }

    /// Calls one operation whose failures have a result in them: see [`call`] and [`Failure`].
    ///
    /// # Errors
    ///
    /// As [`call`].
    pub async fn call_with_answer<T, E, Fut>(
        &self,
        context: Context<'_>,
        operation: impl FnOnce(C) -> Fut,
    ) -> Result<Response<T>, Failure>
    where
        Fut: Future<Output = Result<ResponseValue<T>, progenitor_client::Error<E>>>,
    {
        call_with_answer(&self.protocol, &self.pipeline, context, operation).await
    }

    /// The generated client, sending through the same pipeline: every operation, with authentication and retries.
    ///
    /// Its methods fail with `progenitor_client::Error`; [`Error`] can be made `From` one and has all that is known.
    #[must_use]
    pub fn protocol(&self) -> C {
        self.protocol
            .with_executor(Arc::new(Relay(self.pipeline.clone())))
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
