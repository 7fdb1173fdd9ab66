//! A handwritten copy of a generated client, and a mock transport.

#![allow(
    clippy::result_large_err,
    reason = "the functions are like those of the generator"
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
    AsyncRawResponse, Body, ClientOptions, Context, HttpClient, Request, Response, StatusCode, Transport,
};
use azure_protocol_runtime::{Hook, Operation, Paging, TypedRequest};
use azure_service_core::{ClientInfo, Credential, ServiceClient, client_info};
use futures::{StreamExt as _, stream};
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

static ROOMS_GET: Operation = Operation {
    idempotent: true,
    ..operation("rooms_get", "GET", &[200])
};
static ROOMS_UPDATE: Operation = operation("rooms_update", "PATCH", &[204]);
static ROOMS_INVOKE: Operation = operation("rooms_invoke", "POST", &[200]);
static ROOMS_LIST: Operation = Operation {
    idempotent: true,
    paging: Paging::NextLink,
    ..operation("rooms_list", "GET", &[200])
};
static ROOMS_QUERY: Operation = Operation {
    idempotent: true,
    paging: Paging::BodyToken,
    ..operation("rooms_query", "POST", &[200])
};
static ROOMS_SELECT: Operation = Operation {
    idempotent: true,
    paging: Paging::HeaderToken,
    ..operation("rooms_select", "POST", &[200])
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
pub(crate) struct Room {
    pub(crate) name: String,
}

type Built<T> = Result<TypedRequest<T>, Generated<()>>;
type Sent<T> = Result<ResponseValue<T>, Generated<()>>;

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

    async fn send(&self, request: TypedRequest<Room>) -> Sent<Room> {
        let response = azure_protocol_runtime::send(&self.hook, &self.http, request).await?;
        match response.status().as_u16() {
            200 => ResponseValue::from_response(response).await,
            _ => Err(Generated::UnexpectedResponse(response)),
        }
    }

    pub(crate) fn rooms_get_request(&self, id: &str) -> Built<Room> {
        let path = format!("/rooms/{}", azure_protocol_runtime::path_segment("id", id)?);
        self.build(&ROOMS_GET, &path, |request| {
            request.header("accept", "application/json")
        })
    }

    pub(crate) async fn rooms_get(&self, id: &str) -> Sent<Room> {
        self.send(self.rooms_get_request(id)?).await
    }

    pub(crate) fn rooms_update_request(&self, if_match: Option<&str>, body: &Room) -> Built<()> {
        self.build(&ROOMS_UPDATE, "/rooms/1", |request| {
            let request = request.body(serde_json::to_vec(body).unwrap());
            if_match.map_or(request.try_clone().unwrap(), |etag| {
                request.header("if-match", etag)
            })
        })
    }

    pub(crate) fn rooms_invoke_request(&self) -> Built<Room> {
        self.build(&ROOMS_INVOKE, "/rooms/1/invoke", |request| request.body("{}"))
    }

    pub(crate) async fn rooms_invoke(&self) -> Sent<Room> {
        self.send(self.rooms_invoke_request()?).await
    }

    pub(crate) fn rooms_list_request(&self, page_size: u32) -> Built<serde_json::Value> {
        self.build(&ROOMS_LIST, "/rooms", |request| {
            request.header("max-items-per-page", page_size)
        })
    }

    pub(crate) fn rooms_query_request(&self, query: &str) -> Built<serde_json::Value> {
        let body = serde_json::json!({"query": query, "continuationToken": null}).to_string();
        self.build(&ROOMS_QUERY, "/query", |request| request.body(body))
    }

    pub(crate) fn rooms_select_request(&self) -> Built<serde_json::Value> {
        self.build(&ROOMS_SELECT, "/select", |request| request)
    }

    pub(crate) fn jobs_add_request(&self, id: &str) -> Built<Room> {
        self.build(&JOBS_ADD, &format!("/jobs/{id}"), |request| request.body("{}"))
    }

    pub(crate) fn jobs_get_request(&self, id: &str) -> Built<Room> {
        self.build(&JOBS_GET, &format!("/jobs/{id}"), |request| {
            request.header("accept", "application/json")
        })
    }
}

/// The transport's reaction to a request.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    Response(u16, Vec<(&'static str, String)>, String),
    /// Breaks the connection.
    Break,
    /// Refuses the connection.
    Refuse,
    /// Never responds.
    Hang,
    /// Returns this status with a body of this many mebibytes.
    Large(u16, usize),
    /// Returns a success whose body never ends, one byte every ten seconds.
    Drip,
}

pub(crate) fn respond(status: u16, body: impl Into<String>) -> Reply {
    Reply::Response(status, Vec::new(), body.into())
}

impl Reply {
    pub(crate) fn header(self, name: &'static str, value: impl Into<String>) -> Self {
        match self {
            Self::Response(status, mut headers, body) => {
                headers.push((name, value.into()));
                Self::Response(status, headers, body)
            }
            other => other,
        }
    }
}

/// A request that the transport has received.
#[derive(Debug, Clone)]
pub(crate) struct RecordedRequest {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: Headers,
    pub(crate) body: String,
}

impl RecordedRequest {
    pub(crate) fn header(&self, name: &'static str) -> Option<&str> {
        self.headers.get_optional_str(&HeaderName::from_static(name))
    }
}

/// A transport with a queue of replies; the last one is repeated.
#[derive(Debug, Clone)]
pub(crate) struct MockTransport {
    replies: Arc<Mutex<VecDeque<Reply>>>,
    requests: Arc<Mutex<Vec<RecordedRequest>>>,
}

impl MockTransport {
    pub(crate) fn new(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self {
            replies: Arc::new(Mutex::new(replies.into_iter().collect())),
            requests: Arc::default(),
        }
    }

    pub(crate) fn requests(&self) -> Vec<RecordedRequest> {
        self.requests.lock().unwrap().clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.requests.lock().unwrap().len()
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
impl HttpClient for MockTransport {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let body = match request.body() {
            Body::Bytes(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
            Body::SeekableStream(_) => panic!("bodies are bytes"),
        };
        self.requests.lock().unwrap().push(RecordedRequest {
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
        match reply.expect("a reply is queued") {
            Reply::Response(status, headers, body) => {
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
            Reply::Large(status, mebibytes) => {
                static CHUNK: [u8; 1 << 20] = [b' '; 1 << 20];
                let chunk = azure_core::Bytes::from_static(&CHUNK);
                let body = stream::iter(std::iter::repeat_n(chunk, mebibytes))
                    .map(Ok)
                    .boxed();
                Ok(AsyncRawResponse::new(
                    StatusCode::from(status),
                    Headers::new(),
                    body,
                ))
            }
            Reply::Drip => {
                let drip = stream::repeat(()).then(async |()| {
                    tokio::time::sleep(Duration::from_secs(10)).await;
                    Ok(azure_core::Bytes::from_static(b" "))
                });
                Ok(AsyncRawResponse::new(
                    StatusCode::Ok,
                    Headers::new(),
                    drip.boxed(),
                ))
            }
        }
    }
}

pub(crate) const INFO: ClientInfo = ClientInfo {
    package: "test-convenience",
    version: "1.2.3",
    ..client_info! {
        name: "RoomsClient",
        namespace: "Test.Rooms",
        logged_headers: ["rooms-errorcode"],
    }
};

pub(crate) fn client(
    endpoint: &str,
    credential: &Credential,
    options: ClientOptions,
) -> ServiceClient<Client> {
    ServiceClient::new(endpoint, credential, INFO, options, Client::new).unwrap()
}

/// Returns a credential that adds nothing to requests.
pub(crate) fn anonymous() -> Credential {
    #[derive(Debug)]
    struct NoAuthorization;

    #[async_trait]
    impl Policy for NoAuthorization {
        async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
            next[0].send(ctx, request, &next[1..]).await
        }
    }

    Credential::custom(Arc::new(NoAuthorization))
}

/// A credential that always fails, or returns tokens that are valid for an hour.
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

pub(crate) const ROOM: &str = r#"{"name":"hall"}"#;

pub(crate) async fn get(client: &ServiceClient<Client>) -> Result<Room, azure_service_core::Error> {
    let request = client.protocol().rooms_get_request("1");
    let response: Response<Room> = client.call("get_room").send(request).await?;
    Ok(response.into_model()?)
}

pub(crate) async fn invoke(client: &ServiceClient<Client>) -> Result<Room, azure_service_core::Error> {
    let request = client.protocol().rooms_invoke_request();
    let response: Response<Room> = client.call("invoke_room").send(request).await?;
    Ok(response.into_model()?)
}

/// Formats an error with its chain of sources.
pub(crate) fn report(error: &azure_service_core::Error) -> String {
    let mut text = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(source) = next {
        text += &format!(": {source}");
        next = source.source();
    }
    text
}
