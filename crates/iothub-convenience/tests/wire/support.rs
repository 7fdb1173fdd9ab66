//! A transport that records requests and gives prepared answers.

#![allow(dead_code, reason = "not every test uses all of it")]

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::http::headers::Headers;
use azure_core::http::{AsyncRawResponse, HttpClient, Method, Request, StatusCode, Transport};
use azure_core::time::OffsetDateTime;
use iothub_convenience::{IotHubClientOptions, IotHubRegistryManager};
use serde_json::Value;

/// The key of the policy in all tests.
pub(crate) const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// Answers in the order in which they were prepared; without one, `200 {}`.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    answers: Mutex<VecDeque<Answer>>,
    requests: Mutex<Vec<String>>,
    times: Mutex<Vec<tokio::time::Instant>>,
}

#[derive(Debug)]
pub(crate) enum Answer {
    Response(u16, Vec<(&'static str, String)>, String),
    Failure(azure_core::error::ErrorKind),
    CutOff(&'static str),
    Never,
}

impl Recorder {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Prepares an answer with a JSON body.
    pub(crate) fn answer(&self, status: u16, body: &Value) -> &Self {
        self.answer_with(status, &[], &body.to_string())
    }

    /// Prepares an answer with headers and any body.
    pub(crate) fn answer_with(&self, status: u16, headers: &[(&'static str, &str)], body: &str) -> &Self {
        let headers = headers
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect();
        self.push(Answer::Response(status, headers, body.to_owned()))
    }

    /// Prepares a failure of the transport.
    pub(crate) fn fail(&self, kind: azure_core::error::ErrorKind) -> &Self {
        self.push(Answer::Failure(kind))
    }

    /// Prepares an answer that breaks after the beginning of its body.
    pub(crate) fn cut_off(&self, beginning: &'static str) -> &Self {
        self.push(Answer::CutOff(beginning))
    }

    /// Prepares that no answer comes.
    pub(crate) fn hang(&self) -> &Self {
        self.push(Answer::Never)
    }

    fn push(&self, answer: Answer) -> &Self {
        self.answers.lock().unwrap().push_back(answer);
        self
    }

    /// The requests so far, which are forgotten.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.requests.lock().unwrap())
    }

    /// When the requests so far were sent; they are forgotten, and so are answers that nobody has asked for.
    pub(crate) fn take_times(&self) -> Vec<tokio::time::Instant> {
        self.answers.lock().unwrap().clear();
        self.take();
        std::mem::take(&mut self.times.lock().unwrap())
    }

    /// A client that uses this transport.
    pub(crate) fn hub(self: &Arc<Self>) -> IotHubRegistryManager {
        let connection = format!("HostName=hub.example;SharedAccessKeyName=service;SharedAccessKey={KEY}");
        IotHubRegistryManager::from_connection_string(&connection, Some(self.options())).unwrap()
    }

    pub(crate) fn options(self: &Arc<Self>) -> IotHubClientOptions {
        let mut options = IotHubClientOptions::default();
        options.client_options.transport = Some(Transport::new(self.clone()));
        options
    }
}

#[async_trait]
impl HttpClient for Recorder {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        self.requests.lock().unwrap().push(text(request));
        self.times.lock().unwrap().push(tokio::time::Instant::now());
        let answer = self.answers.lock().unwrap().pop_front();
        match answer.unwrap_or_else(|| Answer::Response(200, Vec::new(), "{}".into())) {
            Answer::Response(status, headers, body) => {
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
            Answer::CutOff(beginning) => {
                let broken = azure_core::Error::with_message(
                    azure_core::error::ErrorKind::Io,
                    "the connection is gone",
                );
                let parts = [Ok(beginning.into()), Err(broken)];
                let body = Box::pin(futures::stream::iter(parts));
                Ok(AsyncRawResponse::new(StatusCode::Ok, Headers::new(), body))
            }
            Answer::Never => std::future::pending().await,
            Answer::Failure(kind) => Err(azure_core::Error::with_message(kind, "broken on purpose")),
        }
    }
}

/// Headers that differ from call to call or are the pipeline's business.
const OTHERS: [&str; 4] = [
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
        .filter(|(name, _)| !OTHERS.contains(&name.as_str()))
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

/// A credential that gives a fixed token.
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
