//! An executor that keeps the requests and gives the response that the test wants.

use std::sync::{Arc, Mutex};

use azure_protocol_runtime::{Executor, TypedRequest};
use futures::future::BoxFuture;

#[derive(Debug)]
pub(crate) struct Capture {
    status: u16,
    answer: String,
    sent: Mutex<Vec<TypedRequest<()>>>,
}

impl Capture {
    /// Answers every request with this.
    pub(crate) fn new(status: u16, answer: impl Into<String>) -> Arc<Self> {
        Arc::new(Self {
            status,
            answer: answer.into(),
            sent: Mutex::default(),
        })
    }

    /// The only request.
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
        let answer = http::Response::builder()
            .status(self.status)
            .body(self.answer.clone())
            .unwrap();
        Box::pin(async { Ok(answer.into()) })
    }
}
