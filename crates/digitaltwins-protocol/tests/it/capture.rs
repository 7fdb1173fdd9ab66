//! An executor that records requests and returns a fixed response.

use std::sync::{Arc, Mutex};

use azure_protocol_runtime::{Executor, TypedRequest};
use futures::future::BoxFuture;

/// Records requests and returns the same response to each.
#[derive(Debug)]
pub(crate) struct Capture {
    status: u16,
    body: String,
    sent: Mutex<Vec<TypedRequest<()>>>,
}

impl Capture {
    /// Creates an executor that responds to every request with `status` and `body`.
    pub(crate) fn new(status: u16, body: impl Into<String>) -> Arc<Self> {
        Arc::new(Self {
            status,
            body: body.into(),
            sent: Mutex::default(),
        })
    }

    /// Returns the only request sent.
    #[track_caller]
    pub(crate) fn only(&self) -> TypedRequest<()> {
        let sent = self.sent.lock().unwrap();
        assert_eq!(sent.len(), 1, "{sent:?}");
        sent[0].clone()
    }
}

impl Executor for Capture {
    fn execute(&self, request: TypedRequest<()>) -> BoxFuture<'_, reqwest::Result<reqwest::Response>> {
        self.sent.lock().unwrap().push(request);
        let response = http::Response::builder()
            .status(self.status)
            .body(self.body.clone())
            .unwrap();
        Box::pin(async { Ok(response.into()) })
    }
}
