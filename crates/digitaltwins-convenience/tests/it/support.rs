//! A mock transport that records requests and returns scripted responses.

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
pub(crate) struct SentRequest {
    pub(crate) method: String,
    /// Path and query, as on the wire.
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl SentRequest {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Returns method and path, without the `api-version`.
    pub(crate) fn line(&self) -> String {
        let target = self
            .target
            .replace("?api-version=2023-10-31", "")
            .replace("&api-version=2023-10-31", "");
        format!("{} {target}", self.method)
    }

    /// Formats the request for snapshots, with the relevant headers only.
    fn render(&self) -> String {
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

/// A scripted response, or a failure in its place.
pub(crate) struct MockResponse {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    failure: Option<ErrorKind>,
}

impl MockResponse {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::with_body(status, &body.to_string())
    }

    pub(crate) fn with_body(status: u16, body: &str) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.as_bytes().to_vec(),
            failure: None,
        }
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self::with_body(status, "")
    }

    /// Returns a response with the service's error envelope.
    pub(crate) fn error(status: u16, code: &str) -> Self {
        let body = serde_json::json!({"error": {"code": code, "message": format!("the message of {code}")}});
        Self::json(status, &body).header("x-ms-error-code", code)
    }

    /// Returns a connection failure of this kind in place of a response.
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

type Script = Box<dyn FnMut(&SentRequest) -> MockResponse + Send>;

/// A mock service that records its requests and gets its responses from a script.
pub(crate) struct MockService {
    log: Mutex<Vec<SentRequest>>,
    script: Mutex<Script>,
}

impl std::fmt::Debug for MockService {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MockService")
    }
}

impl MockService {
    /// Creates a service with responses from `script`, and a client for it.
    pub(crate) fn new(
        script: impl FnMut(&SentRequest) -> MockResponse + Send + 'static,
    ) -> (Arc<Self>, DigitalTwinsClient) {
        Self::with_options(ClientOptions::default(), script)
    }

    /// Like [`new`](Self::new), with client options.
    pub(crate) fn with_options(
        options: ClientOptions,
        script: impl FnMut(&SentRequest) -> MockResponse + Send + 'static,
    ) -> (Arc<Self>, DigitalTwinsClient) {
        let service = Arc::new(Self {
            log: Mutex::default(),
            script: Mutex::new(Box::new(script)),
        });
        let client = client(service.clone(), options);
        (service, client)
    }

    /// Creates a service that gives these responses in order, and a client for it.
    pub(crate) fn with_responses(
        responses: impl IntoIterator<Item = MockResponse>,
    ) -> (Arc<Self>, DigitalTwinsClient) {
        let mut responses: std::collections::VecDeque<_> = responses.into_iter().collect();
        Self::new(move |sent| {
            responses
                .pop_front()
                .unwrap_or_else(|| panic!("unexpected: {}", sent.line()))
        })
    }

    pub(crate) fn sent(&self) -> Vec<SentRequest> {
        self.log.lock().unwrap().clone()
    }

    /// Returns the method and path of each request.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.sent().iter().map(SentRequest::line).collect()
    }

    /// Returns all requests, formatted for snapshots.
    pub(crate) fn text(&self) -> String {
        self.sent()
            .iter()
            .map(SentRequest::render)
            .collect::<Vec<_>>()
            .join("\n---\n")
    }
}

/// Returns a client that requests tokens for `scope`.
pub(crate) fn client_with_scope(transport: Arc<dyn HttpClient>, scope: &str) -> DigitalTwinsClient {
    let client_options = ClientOptions {
        transport: Some(Transport::new(transport)),
        ..Default::default()
    };
    let options = DigitalTwinsClientOptions {
        client_options,
        scope: Some(scope.to_owned()),
        ..Default::default()
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
        ..Default::default()
    };
    client_with(options)
}

pub(crate) fn client_with(options: DigitalTwinsClientOptions) -> DigitalTwinsClient {
    DigitalTwinsClient::new("https://twins.example", Arc::new(Credential), Some(options)).unwrap()
}

#[async_trait::async_trait]
impl HttpClient for MockService {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let Body::Bytes(body) = request.body() else {
            panic!("the body is not bytes")
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
        let sent = SentRequest {
            method: request.method().to_string(),
            target,
            headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        };
        self.log.lock().unwrap().push(sent.clone());
        let response = (self.script.lock().unwrap())(&sent);
        // Lets concurrent calls interleave.
        tokio::task::yield_now().await;
        if let Some(kind) = response.failure {
            return Err(azure_core::Error::with_message(kind, "the connection broke"));
        }
        let mut headers = Headers::new();
        for (name, value) in response.headers {
            headers.insert(HeaderName::from_static(name), value);
        }
        Ok(AsyncRawResponse::from_bytes(
            StatusCode::from(response.status),
            headers,
            response.body,
        ))
    }
}

/// A credential whose tokens name the requested scopes.
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
