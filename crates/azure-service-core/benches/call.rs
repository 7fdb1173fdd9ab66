//! Measures the overhead of a call compared with azure_core's pipeline. A call is one GET of a document of about 1 KB,
//! including decoding, over a transport that returns a fixed response.
//!
//! * `pipeline`: code like that of Microsoft's generator, on `azure_core`'s `Pipeline` with the same credential policy.
//! * `send`: `ServiceClient::call` with a request like those of our generator.
//!
//! Without network and TLS, the difference between the two is exact, but their ratio is meaningless: over a real
//! network, a request takes many times as long.
//!
//! `cargo bench -p azure-service-core`

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]
#![allow(missing_docs, reason = "a program")]

use std::hint::black_box;
use std::sync::Arc;

use async_trait::async_trait;
use azure_core::Bytes;
use azure_core::error::CheckSuccessOptions;
use azure_core::http::headers::Headers;
use azure_core::http::policies::Policy;
use azure_core::http::{
    AsyncRawResponse, ClientOptions, Context, HttpClient, Method, Pipeline, PipelineSendOptions, Request,
    Response, StatusCode, Transport, Url, UrlExt as _,
};
use azure_protocol_runtime::{BaseUrl, Hook, Operation, Paging, TypedRequest};
use azure_service_core::{
    ConnectionString, Credential, SasCredential, SasPolicy, ServiceClient, client_info,
};
use criterion::{Criterion, criterion_group, criterion_main};
use reqwest::header::{ACCEPT, HeaderValue};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Room {
    name: String,
    #[serde(flatten)]
    rest: serde_json::Map<String, Value>,
}

fn body() -> Bytes {
    let properties: serde_json::Map<String, Value> = (0..40)
        .map(|index| (format!("property{index}"), index.into()))
        .collect();
    serde_json::json!({"name": "hall", "properties": properties})
        .to_string()
        .into()
}

/// A transport that returns a fixed response.
#[derive(Debug)]
struct PreparedResponse(Bytes);

#[async_trait]
impl HttpClient for PreparedResponse {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        assert_eq!(black_box(request).url().path(), "/rooms/1");
        let mut headers = Headers::new();
        headers.insert("content-type", "application/json");
        headers.insert("etag", "\"1\"");
        Ok(AsyncRawResponse::from_bytes(
            StatusCode::Ok,
            headers,
            self.0.clone(),
        ))
    }
}

struct Direct {
    endpoint: Url,
    api_version: String,
    pipeline: Pipeline,
}

impl Direct {
    async fn get(&self, id: &str) -> azure_core::Result<Response<Room>> {
        let context = Context::new();
        let mut url = self.endpoint.clone();
        url.append_path("/rooms/{id}".replace("{id}", id));
        let mut query = url.query_builder();
        query.set_pair("api-version", &self.api_version);
        query.build();
        let mut request = Request::new(url, Method::Get);
        request.insert_header("accept", "application/json");
        let options = PipelineSendOptions {
            check_success: CheckSuccessOptions {
                success_codes: &[200],
            },
            ..PipelineSendOptions::default()
        };
        Ok(self
            .pipeline
            .send(&context, &mut request, Some(options))
            .await?
            .into())
    }
}

const API_VERSION: &str = "2024-01-01";

const ROOMS_GET: Operation = Operation {
    id: "rooms_get",
    method: "GET",
    path: "/rooms/{id}",
    success: &[200],
    request_content_type: None,
    idempotent: true,
    paging: Paging::None,
};

#[derive(Debug)]
struct Client {
    baseurl: BaseUrl,
    client: reqwest::Client,
}

impl Client {
    fn new_with_client(baseurl: &str, client: reqwest::Client, _: Hook) -> Self {
        Self {
            baseurl: BaseUrl::new(baseurl),
            client,
        }
    }

    #[expect(clippy::result_large_err, reason = "like the code of the generator")]
    fn rooms_get_request(&self, id: &str) -> Result<TypedRequest<Room>, progenitor_client::Error> {
        let segment = azure_protocol_runtime::path_segment::<()>("id", id)?;
        let url = self.baseurl.join(&format!("/rooms/{segment}"))?;
        let request = self
            .client
            .get(url)
            .header(ACCEPT, HeaderValue::from_static("application/json"))
            .build()?;
        TypedRequest::new(&ROOMS_GET, request, API_VERSION)
    }
}

fn get(criterion: &mut Criterion) {
    let hub = "HostName=rooms.example;SharedAccessKeyName=service;SharedAccessKey=bm90IGEga2V5";
    let connection: ConnectionString = hub.parse().unwrap();
    let credential = SasCredential::new(&connection).unwrap();
    let options = || ClientOptions {
        transport: Some(Transport::new(Arc::new(PreparedResponse(body())))),
        ..ClientOptions::default()
    };
    let policy: Arc<dyn Policy> = Arc::new(SasPolicy::new(credential.clone()));
    let direct = Direct {
        endpoint: connection.endpoint().parse().unwrap(),
        api_version: API_VERSION.to_owned(),
        pipeline: Pipeline::new(
            Some("bench"),
            Some("0"),
            options(),
            Vec::new(),
            vec![policy],
            None,
        ),
    };
    let info = client_info! { name: "RoomsClient", namespace: "Test.Rooms" };
    let credential = Credential::sas(credential);
    let ours = ServiceClient::new(
        &connection.endpoint(),
        &credential,
        info,
        options(),
        Client::new_with_client,
    )
    .unwrap();
    let check = |response: Response<Room>| {
        let room = response.into_model().unwrap();
        assert_eq!((room.name.as_str(), room.rest.len()), ("hall", 1));
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut group = criterion.benchmark_group("get");
    group.bench_function("pipeline", |bencher| {
        bencher
            .to_async(&runtime)
            .iter(|| async { check(direct.get(black_box("1")).await.unwrap()) });
    });
    group.bench_function("send", |bencher| {
        bencher.to_async(&runtime).iter(|| async {
            let request = ours.protocol().rooms_get_request(black_box("1"));
            check(ours.call("get_room").send(request).await.unwrap());
        });
    });
    group.finish();
}

criterion_group!(benches, get);
criterion_main!(benches);
