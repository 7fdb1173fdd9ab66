//! An executor that keeps the request and answers what the test wants.

use std::sync::{Arc, Mutex};

use azure_protocol_runtime::{Executor, Operation};
use futures::future::BoxFuture;

/// What was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    pub(crate) operation: &'static Operation,
}

impl Sent {
    pub(crate) fn header(&self, name: &str) -> Vec<&str> {
        self.headers
            .iter()
            .filter(|(n, _)| n == name)
            .map(|(_, v)| v.as_str())
            .collect()
    }
}

#[derive(Debug)]
pub(crate) struct Capture {
    status: u16,
    answer: String,
    sent: Mutex<Vec<Sent>>,
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

    /// The requests so far.
    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }

    /// The only request.
    #[track_caller]
    pub(crate) fn only(&self) -> Sent {
        let sent = self.sent();
        assert_eq!(sent.len(), 1, "{sent:?}");
        sent[0].clone()
    }
}

impl Executor for Capture {
    fn execute<'a>(
        &'a self,
        request: reqwest::Request,
        operation: &'static Operation,
    ) -> BoxFuture<'a, reqwest::Result<reqwest::Response>> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        self.sent.lock().unwrap().push(Sent {
            method: request.method().to_string(),
            url: request.url().to_string(),
            headers: request
                .headers()
                .iter()
                .map(|(name, value)| (name.to_string(), text(value.as_bytes())))
                .collect(),
            body: request
                .body()
                .and_then(reqwest::Body::as_bytes)
                .map(text)
                .unwrap_or_default(),
            operation,
        });
        let answer = http::Response::builder()
            .status(self.status)
            .body(self.answer.clone())
            .unwrap();
        Box::pin(async { Ok(answer.into()) })
    }
}
