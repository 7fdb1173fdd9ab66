//! What a call costs beyond the pipeline: one GET of a document of about 1 KB, decoded, over a transport that has the
//! answer ready.
//!
//! * `pipeline`: what Microsoft's generator writes on `azure_core`'s `Pipeline`, with the same credential policy.
//! * `send`: `ServiceClient::send` with a request as our generator builds them.
//!
//! There is no network and no TLS in it, so the difference is exact and the ratio means nothing: with them, a request
//! costs many times as much.
//!
//! `cargo bench -p azure-service-core`

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run has to stop")]
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
use azure_protocol_runtime::{Hook, Operation, Paging, TypedRequest};
use azure_service_core::{
    ConnectionString, Credential, SasCredential, SasPolicy, ServiceClient, client_info,
};
use criterion::{Criterion, criterion_group, criterion_main};
use reqwest::header::{ACCEPT, HeaderValue};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Thing {
    name: String,
    #[serde(flatten)]
    rest: serde_json::Map<String, Value>,
}

fn body() -> Bytes {
    let properties: serde_json::Map<String, Value> = (0..40)
        .map(|index| (format!("property{index}"), index.into()))
        .collect();
    serde_json::json!({"name": "lamp", "properties": properties})
        .to_string()
        .into()
}

/// Has the answer ready.
#[derive(Debug)]
struct Ready(Bytes);

#[async_trait]
impl HttpClient for Ready {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        assert_eq!(black_box(request).url().path(), "/things/1");
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
    async fn get(&self, id: &str) -> azure_core::Result<Response<Thing>> {
        let context = Context::new();
        let mut url = self.endpoint.clone();
        url.append_path("/things/{id}".replace("{id}", id));
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

const THINGS_GET: Operation = Operation {
    id: "things_get",
    method: "GET",
    path: "/things/{id}",
    success: &[200],
    request_content_type: None,
    idempotent: true,
    paging: Paging::None,
};

#[derive(Debug)]
struct Client {
    baseurl: String,
    client: reqwest::Client,
}

impl Client {
    fn new_with_client(baseurl: &str, client: reqwest::Client, _: Hook) -> Self {
        Self {
            baseurl: baseurl.to_owned(),
            client,
        }
    }

    #[expect(clippy::result_large_err, reason = "written as the generator writes it")]
    fn things_get_request(&self, id: &str) -> Result<TypedRequest<Thing>, progenitor_client::Error> {
        let segment = azure_protocol_runtime::path_segment::<()>("id", id)?;
        let url = format!("{}/things/{segment}", self.baseurl);
        let request = self
            .client
            .get(url)
            .header(ACCEPT, HeaderValue::from_static("application/json"))
            .build()?;
        TypedRequest::new(&THINGS_GET, request, API_VERSION)
    }
}

fn get(criterion: &mut Criterion) {
    let hub = "HostName=things.example;SharedAccessKeyName=service;SharedAccessKey=bm90IGEga2V5";
    let connection: ConnectionString = hub.parse().unwrap();
    let credential = SasCredential::new(&connection).unwrap();
    let options = || ClientOptions {
        transport: Some(Transport::new(Arc::new(Ready(body())))),
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
    let info = client_info! { name: "ThingsClient", namespace: "Test.Things" };
    let credential = Credential::sas(credential);
    let ours = ServiceClient::new(
        &connection.endpoint(),
        &credential,
        info,
        options(),
        Client::new_with_client,
    )
    .unwrap();
    let check = |response: Response<Thing>| {
        let thing = response.into_model().unwrap();
        assert_eq!((thing.name.as_str(), thing.rest.len()), ("lamp", 1));
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
            let request = ours.protocol().things_get_request(black_box("1"));
            check(ours.call("get_thing").send(request).await.unwrap());
        });
    });
    group.finish();
}

criterion_group!(benches, get);
criterion_main!(benches);
