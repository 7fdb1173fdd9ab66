//! A protocol client as the generator writes them, and a transport that answers from a script.

#![allow(
    clippy::result_large_err,
    reason = "it is the error that generated code returns"
)]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::error::ErrorKind as AzureKind;
use azure_core::http::headers::{HeaderName, Headers};
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{
    AsyncRawResponse, Body, ClientOptions, Context, HttpClient, Request, StatusCode, Transport,
};
use azure_protocol_runtime::{Hook, Operation, Paging, TypedRequest};
use azure_service_core::{Credential, Package, ServiceClient};
use progenitor_client::{Error as Generated, ResponseValue};
use serde::{Deserialize, Serialize};

pub(crate) const ENDPOINT: &str = "https://service.example";

const fn operation(id: &'static str, method: &'static str, success: &'static [u16]) -> Operation {
    Operation {
        id,
        method,
        path: "",
        success,
        request_content_type: None,
        idempotent: false,
        paging: Paging::None,
    }
}

static THINGS_GET: Operation = Operation {
    idempotent: true,
    ..operation("things_get", "GET", &[200])
};
static THINGS_UPDATE: Operation = operation("things_update", "PATCH", &[204]);
static THINGS_INVOKE: Operation = operation("things_invoke", "POST", &[200]);
static THINGS_LIST: Operation = Operation {
    idempotent: true,
    paging: Paging::NextLink,
    ..operation("things_list", "GET", &[200])
};
static THINGS_QUERY: Operation = Operation {
    idempotent: true,
    paging: Paging::BodyToken,
    ..operation("things_query", "POST", &[200])
};
static THINGS_SELECT: Operation = Operation {
    idempotent: true,
    paging: Paging::HeaderToken,
    ..operation("things_select", "POST", &[200])
};
static JOBS_ADD: Operation = Operation {
    idempotent: true,
    ..operation("jobs_add", "PUT", &[200, 201, 202])
};
static JOBS_GET: Operation = Operation {
    idempotent: true,
    ..operation("jobs_get", "GET", &[200])
};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Thing {
    pub(crate) name: String,
}

type Built<T> = Result<TypedRequest<T>, Generated<()>>;
type Answered<T> = Result<ResponseValue<T>, Generated<()>>;

#[derive(Debug, Clone)]
pub(crate) struct Client {
    url: String,
    http: reqwest::Client,
    hook: Hook,
}

impl Client {
    pub(crate) fn new(url: &str, http: reqwest::Client, hook: Hook) -> Self {
        Self {
            url: url.to_owned(),
            http,
            hook,
        }
    }

    fn build<T>(
        &self,
        operation: &'static Operation,
        path: &str,
        change: impl FnOnce(reqwest::RequestBuilder) -> reqwest::RequestBuilder,
    ) -> Built<T> {
        let method = operation.method.parse().expect("the table has methods");
        let request = change(self.http.request(method, format!("{}{path}", self.url))).build()?;
        TypedRequest::new(operation, request, "2024-01-01")
    }

    async fn send(&self, request: TypedRequest<Thing>) -> Answered<Thing> {
        let response = azure_protocol_runtime::send(&self.hook, &self.http, request).await?;
        match response.status().as_u16() {
            200 => ResponseValue::from_response(response).await,
            _ => Err(Generated::UnexpectedResponse(response)),
        }
    }

    pub(crate) fn things_get_request(&self, id: &str) -> Built<Thing> {
        let path = format!("/things/{}", azure_protocol_runtime::path_segment("id", id)?);
        self.build(&THINGS_GET, &path, |request| {
            request.header("accept", "application/json")
        })
    }

    pub(crate) async fn things_get(&self, id: &str) -> Answered<Thing> {
        self.send(self.things_get_request(id)?).await
    }

    pub(crate) fn things_update_request(&self, if_match: Option<&str>, body: &Thing) -> Built<()> {
        self.build(&THINGS_UPDATE, "/things/1", |request| {
            let request = request.body(serde_json::to_vec(body).unwrap());
            if_match.map_or(request.try_clone().unwrap(), |etag| {
                request.header("if-match", etag)
            })
        })
    }

    pub(crate) fn things_invoke_request(&self) -> Built<Thing> {
        self.build(&THINGS_INVOKE, "/things/1/invoke", |request| request.body("{}"))
    }

    pub(crate) async fn things_invoke(&self) -> Answered<Thing> {
        self.send(self.things_invoke_request()?).await
    }

    pub(crate) fn things_list_request(&self, page_size: u32) -> Built<serde_json::Value> {
        self.build(&THINGS_LIST, "/things", |request| {
            request.header("max-items-per-page", page_size)
        })
    }

    pub(crate) fn things_query_request(&self, query: &str) -> Built<serde_json::Value> {
        let body = serde_json::json!({"query": query, "continuationToken": null}).to_string();
        self.build(&THINGS_QUERY, "/query", |request| request.body(body))
    }

    pub(crate) fn things_select_request(&self) -> Built<serde_json::Value> {
        self.build(&THINGS_SELECT, "/select", |request| request)
    }

    pub(crate) fn jobs_add_request(&self, id: &str) -> Built<Thing> {
        self.build(&JOBS_ADD, &format!("/jobs/{id}"), |request| request.body("{}"))
    }

    pub(crate) fn jobs_get_request(&self, id: &str) -> Built<Thing> {
        self.build(&JOBS_GET, &format!("/jobs/{id}"), |request| {
            request.header("accept", "application/json")
        })
    }
}

/// What the transport does with one request.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    Answer(u16, Vec<(&'static str, String)>, String),
    /// The connection breaks.
    Break,
    /// There is no connection.
    Refuse,
    /// Nothing happens.
    Hang,
}

pub(crate) fn answer(status: u16, body: impl Into<String>) -> Reply {
    Reply::Answer(status, Vec::new(), body.into())
}

impl Reply {
    pub(crate) fn header(self, name: &'static str, value: impl Into<String>) -> Self {
        match self {
            Self::Answer(status, mut headers, body) => {
                headers.push((name, value.into()));
                Self::Answer(status, headers, body)
            }
            other => other,
        }
    }
}

/// One request as the transport got it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: Headers,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn header(&self, name: &'static str) -> Option<&str> {
        self.headers.get_optional_str(&HeaderName::from_static(name))
    }
}

/// Answers requests in the order of its script; the last reply is given again and again.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    replies: Arc<Mutex<VecDeque<Reply>>>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Script {
    pub(crate) fn new(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self {
            replies: Arc::new(Mutex::new(replies.into_iter().collect())),
            seen: Arc::default(),
        }
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    pub(crate) fn options(&self) -> ClientOptions {
        ClientOptions {
            transport: Some(Transport::new(Arc::new(self.clone()))),
            ..ClientOptions::default()
        }
    }

    pub(crate) fn client(&self) -> ServiceClient<Client> {
        client(ENDPOINT, &anonymous(), self.options())
    }
}

#[async_trait]
impl HttpClient for Script {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let body = match request.body() {
            Body::Bytes(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
            Body::SeekableStream(_) => panic!("bodies are bytes"),
        };
        self.seen.lock().unwrap().push(Seen {
            method: request.method().to_string(),
            url: request.url().to_string(),
            headers: request.headers().clone(),
            body,
        });
        let reply = {
            let mut replies = self.replies.lock().unwrap();
            if replies.len() > 1 {
                replies.pop_front()
            } else {
                replies.front().cloned()
            }
        };
        match reply.expect("the script has a reply") {
            Reply::Answer(status, headers, body) => {
                let mut map = Headers::new();
                for (name, value) in headers {
                    map.insert(name, value);
                }
                Ok(AsyncRawResponse::from_bytes(StatusCode::from(status), map, body))
            }
            Reply::Break => Err(azure_core::Error::with_message(
                AzureKind::Io,
                "the connection broke",
            )),
            Reply::Refuse => Err(azure_core::Error::with_message(AzureKind::Connection, "refused")),
            Reply::Hang => std::future::pending().await,
        }
    }
}

pub(crate) const PACKAGE: Package = Package {
    name: "test-convenience",
    version: "1.2.3",
};

pub(crate) fn client(
    endpoint: &str,
    credential: &Credential,
    options: ClientOptions,
) -> ServiceClient<Client> {
    ServiceClient::new(endpoint, credential, PACKAGE, options, Client::new).unwrap()
}

/// A credential that lets every request pass.
pub(crate) fn anonymous() -> Credential {
    #[derive(Debug)]
    struct Pass;

    #[async_trait]
    impl Policy for Pass {
        async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
            next[0].send(ctx, request, &next[1..]).await
        }
    }

    Credential::custom(Arc::new(Pass))
}

/// An identity whose tokens last an hour, or which fails.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) token: Result<String, AzureKind>,
    pub(crate) scopes: Mutex<Vec<String>>,
}

impl Identity {
    pub(crate) fn new(token: Result<&str, AzureKind>) -> Arc<Self> {
        Arc::new(Self {
            token: token.map(str::to_owned),
            scopes: Mutex::default(),
        })
    }
}

#[async_trait]
impl TokenCredential for Identity {
    async fn get_token(
        &self,
        scopes: &[&str],
        _: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        self.scopes
            .lock()
            .unwrap()
            .extend(scopes.iter().map(|scope| (*scope).to_owned()));
        match &self.token {
            Ok(token) => Ok(AccessToken::new(
                token.clone(),
                time::OffsetDateTime::now_utc() + Duration::from_secs(3600),
            )),
            Err(kind) => Err(azure_core::Error::with_message(
                kind.clone(),
                "the identity has no token",
            )),
        }
    }
}

pub(crate) const THING: &str = r#"{"name":"lamp"}"#;

pub(crate) async fn get(client: &ServiceClient<Client>) -> Result<Thing, azure_service_core::Error> {
    let response = client
        .send(client.protocol().things_get_request("1"), Context::new())
        .await?;
    Ok(response.into_model()?)
}

pub(crate) async fn invoke(client: &ServiceClient<Client>) -> Result<Thing, azure_service_core::Error> {
    let response = client
        .send(client.protocol().things_invoke_request(), Context::new())
        .await?;
    Ok(response.into_model()?)
}
