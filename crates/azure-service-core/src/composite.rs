//! Public methods that consist of several calls.

use std::future::Future;
use std::sync::Arc;

use azure_core::tracing::{Span, SpanKind, SpanStatus};

use crate::client::ServiceClient;
use crate::client_info::{CallEvent, ClientInfo};
use crate::error::{Error, ErrorKind};
use crate::pipeline::InComposite;

/// A public method that consists of several calls, made by [`ServiceClient::begin`]: one span, to which the requests of
/// all its calls belong. The span ends when this is dropped.
///
/// As azure_core has it, calls inside have no span of their own, and a composite method inside another has none either.
#[must_use = "the span ends when this is dropped"]
pub struct Composite<C> {
    client: ServiceClient<C>,
    span: Option<Arc<dyn Span>>,
    info: ClientInfo,
    /// Whether another composite method has begun already, which then logs.
    inner: bool,
}

impl<C> std::fmt::Debug for Composite<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Composite").finish_non_exhaustive()
    }
}

impl<C> Composite<C> {
    /// The client for the calls inside.
    #[must_use]
    pub fn client(&self) -> &ServiceClient<C> {
        &self.client
    }

    /// Notes that the method failed.
    pub fn failed(&self, error: &Error) {
        if !self.inner {
            (self.info.log)(CallEvent::Failure(error));
        }
        if let Some(span) = &self.span {
            let kind = match (error.kind(), error.status()) {
                (ErrorKind::Service, Some(status)) => status.to_string(),
                (kind, _) => format!("{kind:?}"),
            };
            span.set_attribute("error.type", kind.into());
            span.set_status(SpanStatus::Error {
                description: error.to_string(),
            });
        }
    }
}

impl<C> Drop for Composite<C> {
    fn drop(&mut self) {
        if let Some(span) = &self.span {
            span.end();
        }
    }
}

impl<C: Clone> ServiceClient<C> {
    /// Begins a public method that consists of several calls, for a stream or another thing that outlives the function.
    /// See [`composite`](Self::composite) for the rest.
    pub fn begin(&self, method: &'static str) -> Composite<C> {
        let mut options = self.call_options().clone();
        let inner = options.context.value::<InComposite>().is_some();
        options.context.insert(InComposite);
        let info = *self.pipeline().info();
        let outer: Option<&Arc<dyn Span>> = options.context.value();
        let tracer = self.pipeline().tracer().filter(|_| !inner);
        let span = tracer.map(|tracer| {
            let name = format!("{}.{method}", info.name).into();
            let attributes = vec![azure_core::tracing::Attribute {
                key: "az.namespace".into(),
                value: info.namespace.into(),
            }];
            match outer {
                Some(outer) => {
                    tracer.start_span_with_parent(name, SpanKind::Internal, attributes, outer.clone())
                }
                None => tracer.start_span(name, SpanKind::Internal, attributes),
            }
        });
        if let Some(span) = &span {
            options.context.insert(span.clone());
        }
        Composite {
            client: self.with_call_options(options),
            span,
            info,
            inner,
        }
    }

    /// Runs a public method that consists of several calls: `work` makes them with the client that it is given, and they
    /// belong to one span with the method's name.
    ///
    /// Failures of single calls are logged at level info, because `work` may handle them; that of the whole at warn.
    ///
    /// # Errors
    ///
    /// Those of `work`.
    pub async fn composite<T, E, Fut>(
        &self,
        method: &'static str,
        work: impl FnOnce(Self) -> Fut,
    ) -> Result<T, E>
    where
        E: AsRef<Error>,
        Fut: Future<Output = Result<T, E>>,
    {
        let composite = self.begin(method);
        let result = work(composite.client.clone()).await;
        if let Err(error) = &result {
            composite.failed(error.as_ref());
        }
        result
    }
}
