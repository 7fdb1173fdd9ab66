//! A mock transport that records requests and returns scripted replies.

#![allow(dead_code, reason = "not every test program uses all of it")]

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::http::headers::{AUTHORIZATION, Headers};
use azure_core::http::{AsyncRawResponse, HttpClient, Method, Request, StatusCode, Transport};
use azure_core::time::OffsetDateTime;
use iothub_convenience::{IotHubClientOptions, IotHubRegistryManager};
use serde_json::Value;

/// The shared access key in all tests.
pub(crate) const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// A transport that returns scripted replies in order, then `200 {}`.
#[derive(Debug, Default)]
pub(crate) struct MockTransport {
    replies: Mutex<VecDeque<Reply>>,
    requests: Mutex<Vec<String>>,
    authorizations: Mutex<Vec<String>>,
    times: Mutex<Vec<tokio::time::Instant>>,
}

#[derive(Debug)]
pub(crate) enum Reply {
    Response(u16, Vec<(&'static str, String)>, String),
    Failure(azure_core::error::ErrorKind),
    CutOff(&'static str),
    Never,
}

impl MockTransport {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Adds a reply with a JSON body.
    pub(crate) fn respond(&self, status: u16, body: &Value) -> &Self {
        self.respond_with(status, &[], &body.to_string())
    }

    /// Adds a reply with headers and any body.
    pub(crate) fn respond_with(&self, status: u16, headers: &[(&'static str, &str)], body: &str) -> &Self {
        let headers = headers
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect();
        self.push(Reply::Response(status, headers, body.to_owned()))
    }

    /// Adds a failure of the transport.
    pub(crate) fn fail(&self, kind: azure_core::error::ErrorKind) -> &Self {
        self.push(Reply::Failure(kind))
    }

    /// Adds a reply that breaks off after the beginning of its body.
    pub(crate) fn cut_off(&self, beginning: &'static str) -> &Self {
        self.push(Reply::CutOff(beginning))
    }

    /// Adds a request that never gets a reply.
    pub(crate) fn hang(&self) -> &Self {
        self.push(Reply::Never)
    }

    fn push(&self, reply: Reply) -> &Self {
        self.replies.lock().unwrap().push_back(reply);
        self
    }

    /// Returns and clears the recorded requests.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.requests.lock().unwrap())
    }

    /// Returns and clears the `Authorization` headers of the recorded requests.
    pub(crate) fn take_authorizations(&self) -> Vec<String> {
        std::mem::take(&mut self.authorizations.lock().unwrap())
    }

    /// Returns and clears the times of the recorded requests. Drops unused replies.
    pub(crate) fn take_times(&self) -> Vec<tokio::time::Instant> {
        self.replies.lock().unwrap().clear();
        self.take();
        std::mem::take(&mut self.times.lock().unwrap())
    }

    /// Returns a client with this transport.
    pub(crate) fn hub(self: &Arc<Self>) -> IotHubRegistryManager {
        hub_with(self.options())
    }

    pub(crate) fn options(self: &Arc<Self>) -> IotHubClientOptions {
        let mut options = IotHubClientOptions::default();
        options.client_options.transport = Some(Transport::new(self.clone()));
        options
    }
}

/// Returns a client with these options.
pub(crate) fn hub_with(options: IotHubClientOptions) -> IotHubRegistryManager {
    let connection = format!("HostName=hub.example;SharedAccessKeyName=service;SharedAccessKey={KEY}");
    IotHubRegistryManager::from_connection_string(&connection, Some(options)).unwrap()
}

#[async_trait]
impl HttpClient for MockTransport {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        self.requests.lock().unwrap().push(text(request));
        let authorization = request.headers().get_optional_str(&AUTHORIZATION);
        let authorization = authorization.unwrap_or_default().to_owned();
        self.authorizations.lock().unwrap().push(authorization);
        self.times.lock().unwrap().push(tokio::time::Instant::now());
        let reply = self.replies.lock().unwrap().pop_front();
        match reply.unwrap_or_else(|| Reply::Response(200, Vec::new(), "{}".into())) {
            Reply::Response(status, headers, body) => {
                let mut result = Headers::new();
                for (name, value) in headers {
                    result.insert(name, value);
                }
                Ok(AsyncRawResponse::from_bytes(
                    StatusCode::from(status),
                    result,
                    body,
                ))
            }
            Reply::CutOff(beginning) => {
                let broken =
                    azure_core::Error::with_message(azure_core::error::ErrorKind::Io, "the connection broke");
                let parts = [Ok(beginning.into()), Err(broken)];
                let body = Box::pin(futures::stream::iter(parts));
                Ok(AsyncRawResponse::new(StatusCode::Ok, Headers::new(), body))
            }
            Reply::Never => std::future::pending().await,
            Reply::Failure(kind) => Err(azure_core::Error::with_message(kind, "simulated failure")),
        }
    }
}

/// Headers that vary between calls or are internals of the pipeline.
const IGNORED_HEADERS: [&str; 4] = [
    "authorization",
    "user-agent",
    "x-ms-client-request-id",
    "content-length",
];

fn text(request: &Request) -> String {
    let url = request.url();
    let method = match request.method() {
        Method::Get => "GET",
        Method::Put => "PUT",
        Method::Post => "POST",
        Method::Patch => "PATCH",
        Method::Delete => "DELETE",
        _ => "OTHER",
    };
    let mut out = format!("{method} {}", url.path());
    if let Some(query) = url.query() {
        let _ = write!(out, "?{query}");
    }
    let mut headers: Vec<_> = request
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), value.as_str().to_owned()))
        .filter(|(name, _)| !IGNORED_HEADERS.contains(&name.as_str()))
        .collect();
    headers.sort();
    for (name, value) in headers {
        let _ = write!(out, "\n{name}: {value}");
    }
    let body = match request.body() {
        azure_core::http::Body::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        other => format!("{other:?}"),
    };
    if !body.is_empty() {
        let _ = write!(out, "\n\n{body}");
    }
    out
}

/// A credential that returns a fixed token and records the scopes.
#[derive(Debug)]
pub(crate) struct FixedToken(pub(crate) Mutex<Vec<String>>);

#[async_trait]
impl TokenCredential for FixedToken {
    async fn get_token(
        &self,
        scopes: &[&str],
        _: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        self.0
            .lock()
            .unwrap()
            .extend(scopes.iter().map(|scope| (*scope).to_owned()));
        Ok(AccessToken::new(
            "token",
            OffsetDateTime::now_utc() + azure_core::time::Duration::HOUR,
        ))
    }
}
