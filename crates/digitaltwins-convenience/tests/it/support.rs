//! A transport that records what is sent and answers from a script.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::error::ErrorKind;
use azure_core::http::headers::{HeaderName, HeaderValue, Headers};
use azure_core::http::{
    AsyncRawResponse, Body, ClientOptions, FixedRetryOptions, HttpClient, Request, RetryOptions, StatusCode,
    Transport,
};
use digitaltwins_convenience::{DigitalTwinsClient, DigitalTwinsClientOptions};
use serde_json::Value;

/// A request as it was sent.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) method: String,
    /// Path and query, as on the wire.
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Sent {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Method and path, without the version of the API.
    pub(crate) fn line(&self) -> String {
        let target = self
            .target
            .replace("?api-version=2023-10-31", "")
            .replace("&api-version=2023-10-31", "");
        format!("{} {target}", self.method)
    }

    /// What a reader of a snapshot wants to see.
    fn text(&self) -> String {
        let mut text = format!("{} {}\n", self.method, self.target);
        let shown = [
            "accept",
            "content-type",
            "content-length",
            "if-match",
            "if-none-match",
            "max-items-per-page",
            "message-id",
            "telemetry-source-time",
            "operation-id",
            "traceparent",
            "tracestate",
            "authorization",
            "api-version",
        ];
        for (name, value) in &self.headers {
            if shown.contains(&name.as_str()) {
                writeln!(text, "{name}: {value}").unwrap();
            }
        }
        if !self.body.is_empty() {
            writeln!(text, "\n{}", self.body).unwrap();
        }
        text
    }
}

/// What the service answers.
pub(crate) struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    failure: Option<ErrorKind>,
}

impl Answer {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::text(status, &body.to_string())
    }

    pub(crate) fn text(status: u16, body: &str) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.as_bytes().to_vec(),
            failure: None,
        }
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self::text(status, "")
    }

    /// The service's error envelope.
    pub(crate) fn error(status: u16, code: &str) -> Self {
        let body = serde_json::json!({"error": {"code": code, "message": format!("the message of {code}")}});
        Self::json(status, &body).header("x-ms-error-code", code)
    }

    /// No answer: the connection breaks.
    pub(crate) fn broken(kind: ErrorKind) -> Self {
        Self {
            failure: Some(kind),
            ..Self::empty(0)
        }
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

type Script = Box<dyn FnMut(&Sent) -> Answer + Send>;

/// The service: a log and a script.
pub(crate) struct Service {
    log: Mutex<Vec<Sent>>,
    script: Mutex<Script>,
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Service")
    }
}

impl Service {
    /// A service that answers what `script` says, and a client of it.
    pub(crate) fn new(
        script: impl FnMut(&Sent) -> Answer + Send + 'static,
    ) -> (Arc<Self>, DigitalTwinsClient) {
        Self::with_options(ClientOptions::default(), script)
    }

    /// The same, with more options.
    pub(crate) fn with_options(
        options: ClientOptions,
        script: impl FnMut(&Sent) -> Answer + Send + 'static,
    ) -> (Arc<Self>, DigitalTwinsClient) {
        let service = Arc::new(Self {
            log: Mutex::default(),
            script: Mutex::new(Box::new(script)),
        });
        let client = client(service.clone(), options);
        (service, client)
    }

    /// A service that answers `answers` one after the other.
    pub(crate) fn answering(answers: impl IntoIterator<Item = Answer>) -> (Arc<Self>, DigitalTwinsClient) {
        let mut answers: std::collections::VecDeque<_> = answers.into_iter().collect();
        Self::new(move |sent| {
            answers
                .pop_front()
                .unwrap_or_else(|| panic!("unexpected: {}", sent.line()))
        })
    }

    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.log.lock().unwrap().clone()
    }

    /// Method and path of all requests.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.sent().iter().map(Sent::line).collect()
    }

    /// All requests, for a snapshot.
    pub(crate) fn text(&self) -> String {
        self.sent()
            .iter()
            .map(Sent::text)
            .collect::<Vec<_>>()
            .join("\n---\n")
    }
}

/// A client that sends through `transport`, for tokens of another cloud.
pub(crate) fn client_with_scope(transport: Arc<dyn HttpClient>, scope: &str) -> DigitalTwinsClient {
    let client_options = ClientOptions {
        transport: Some(Transport::new(transport)),
        ..Default::default()
    };
    let options = DigitalTwinsClientOptions {
        client_options,
        scope: Some(scope.to_owned()),
    };
    DigitalTwinsClient::new("twins.example", Arc::new(Credential), Some(options)).unwrap()
}

fn client(transport: Arc<dyn HttpClient>, options: ClientOptions) -> DigitalTwinsClient {
    let retry = FixedRetryOptions {
        delay: azure_core::time::Duration::milliseconds(1),
        ..Default::default()
    };
    let client_options = ClientOptions {
        transport: Some(Transport::new(transport)),
        retry: RetryOptions::fixed(retry),
        ..options
    };
    let options = DigitalTwinsClientOptions {
        client_options,
        scope: None,
    };
    DigitalTwinsClient::new("https://twins.example", Arc::new(Credential), Some(options)).unwrap()
}

#[async_trait::async_trait]
impl HttpClient for Service {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let Body::Bytes(body) = request.body() else {
            panic!("a body that is no bytes")
        };
        let mut headers: Vec<_> = request
            .headers()
            .iter()
            .map(|(name, value): (&HeaderName, &HeaderValue)| {
                (name.as_str().to_owned(), value.as_str().to_owned())
            })
            .collect();
        headers.sort();
        let url = request.url();
        let target = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let sent = Sent {
            method: request.method().to_string(),
            target,
            headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        };
        self.log.lock().unwrap().push(sent.clone());
        let answer = (self.script.lock().unwrap())(&sent);
        // So that calls that run at the same time really do.
        tokio::task::yield_now().await;
        if let Some(kind) = answer.failure {
            return Err(azure_core::Error::with_message(kind, "the connection broke"));
        }
        let mut headers = Headers::new();
        for (name, value) in answer.headers {
            headers.insert(HeaderName::from_static(name), value);
        }
        Ok(AsyncRawResponse::from_bytes(
            StatusCode::from(answer.status),
            headers,
            answer.body,
        ))
    }
}

/// Gives the same token for ever.
#[derive(Debug)]
pub(crate) struct Credential;

#[async_trait::async_trait]
impl TokenCredential for Credential {
    async fn get_token(
        &self,
        scopes: &[&str],
        _: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let expires = time::OffsetDateTime::now_utc() + Duration::from_secs(3600);
        Ok(AccessToken::new(
            format!("token-for-{}", scopes.join("+")),
            expires,
        ))
    }
}
