//! Composite methods: public methods that make several calls.

use std::future::Future;
use std::sync::Arc;

use azure_core::tracing::{Span, SpanKind, SpanStatus};

use crate::client::ServiceClient;
use crate::client_info::{CallEvent, ClientInfo};
use crate::error::{Error, ErrorKind};
use crate::pipeline::InComposite;

/// A composite method in progress, started by [`ServiceClient::begin`].
///
/// The method has one span, the parent of all its requests. The span ends when this value is dropped. As in
/// azure_core, calls and nested composite methods inside it have no spans of their own.
#[must_use = "the span ends when this is dropped"]
pub struct Composite<C> {
    client: ServiceClient<C>,
    span: Option<Arc<dyn Span>>,
    info: ClientInfo,
    /// Whether another composite method encloses this one. The outer method logs the failure.
    nested: bool,
}

impl<C> std::fmt::Debug for Composite<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Composite").finish_non_exhaustive()
    }
}

impl<C> Composite<C> {
    /// Returns the client that the method makes its calls with.
    #[must_use]
    pub fn client(&self) -> &ServiceClient<C> {
        &self.client
    }

    /// Records on the span and in the log that the method failed.
    pub fn failed(&self, error: &Error) {
        if !self.nested {
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
    /// Starts a composite method that continues after its function has returned, such as a method that returns a
    /// stream. For all others use [`composite`](Self::composite).
    pub fn begin(&self, method: &'static str) -> Composite<C> {
        let mut options = self.call_options().clone();
        let nested = options.context.value::<InComposite>().is_some();
        options.context.insert(InComposite);
        let info = *self.pipeline().info();
        let parent: Option<&Arc<dyn Span>> = options.context.value();
        let tracer = self.pipeline().tracer().filter(|_| !nested);
        let span = tracer.map(|tracer| {
            let name = format!("{}.{method}", info.name).into();
            let attributes = vec![azure_core::tracing::Attribute {
                key: "az.namespace".into(),
                value: info.namespace.into(),
            }];
            match parent {
                Some(parent) => {
                    tracer.start_span_with_parent(name, SpanKind::Internal, attributes, parent.clone())
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
            nested,
        }
    }

    /// Runs a composite method: all calls that `work` makes with the client it receives share one span, named after
    /// the method.
    ///
    /// A failed call is logged at level info, because `work` may recover from it; a failure of the method is logged
    /// at level warn.
    ///
    /// # Errors
    ///
    /// The errors that `work` returns.
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
