//! The user-facing error texts of the crate, in one listing so that they can be reviewed together.
//!
//! `UPDATE_ERROR_TEXTS=1 cargo test -p digitaltwins-convenience --test error_texts` rewrites the listing.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "it/support.rs"]
#[allow(dead_code, reason = "the other test binaries use the rest")]
mod support;

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use azure_core::cloud::CloudConfiguration;
use azure_core::error::ErrorKind as AzureKind;
use azure_core::http::Etag;
use digitaltwins_convenience::{
    BasicDigitalTwin, BulkUpsertOptions, CallOptions, ComponentPatch, CreateDeleteJobOptions, DigitalTwin,
    DigitalTwinPatch, DigitalTwinsClient, DigitalTwinsClientOptions, Error, GraphItem, ImportFileValidator,
    ImportFileWriter, ListModelsOptions, PollOptions, Precondition, PublishTelemetryOptions,
    QueryTwinsOptions, Relationship, RelationshipPatch, RetryOptions, UploadModelsOptions, Upsert,
    WaitUntilVisibleOptions, json_patch,
};
use futures::{TryStreamExt, stream};
use serde_json::{Value, json};

use support::{Credential, MockResponse, MockService};

const ANY: Precondition = Precondition::Unconditional;

/// The errors by name, in sections.
#[derive(Default)]
struct Listing(String);

impl Listing {
    fn section(&mut self, name: &str) {
        let separator = if self.0.is_empty() { "" } else { "\n" };
        writeln!(self.0, "{separator}# {name}\n").unwrap();
    }

    /// Adds the error and its sources.
    fn add<T>(&mut self, name: &str, result: Result<T, Error>) {
        let Err(error) = result else {
            panic!("{name}: expected an error");
        };
        writeln!(
            self.0,
            "{name}\n    {}",
            error.to_string().replace('\n', "\n    ")
        )
        .unwrap();
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            writeln!(self.0, "    caused by: {cause}").unwrap();
            source = cause.source();
        }
    }
}

/// Returns a client for a service that gives these responses.
fn client(responses: impl IntoIterator<Item = MockResponse>) -> DigitalTwinsClient {
    MockService::with_responses(responses).1
}

async fn get(responses: impl IntoIterator<Item = MockResponse>) -> Result<BasicDigitalTwin, Error> {
    Ok(client(responses).get_digital_twin("room-1").await?.into_model()?)
}

fn construction(listing: &mut Listing) {
    listing.section("Construction");
    let new = |endpoint: &str, change: fn(&mut DigitalTwinsClientOptions)| {
        let mut options = DigitalTwinsClientOptions::default();
        change(&mut options);
        DigitalTwinsClient::new(endpoint, Arc::new(Credential), Some(options))
    };
    for (name, endpoint) in [
        ("empty endpoint", ""),
        ("endpoint without TLS", "http://twins.example"),
        ("endpoint of another scheme", "ftp://twins.example"),
        ("endpoint with a query", "https://twins.example?a=1"),
    ] {
        listing.add(name, new(endpoint, |_| {}));
    }
    let china = |options: &mut DigitalTwinsClientOptions| {
        options.client_options.cloud = Some(Arc::new(CloudConfiguration::AzureChina));
    };
    listing.add("cloud without a scope", new("twins.example", china));
    let application_id = |options: &mut DigitalTwinsClientOptions| {
        options.client_options.user_agent.application_id = Some("an application".to_owned());
    };
    listing.add("application id", new("twins.example", application_id));
    listing.add(
        "certificates",
        DigitalTwinsClientOptions::trusting("no certificate"),
    );
}

async fn arguments(listing: &mut Listing) {
    listing.section("Arguments");
    let client = client([]);
    listing.add("empty id", client.get_digital_twin::<Value>("").await);
    listing.add(
        "relative id",
        client.delete_relationship("room-1", "..", ANY).await,
    );
    let empty = Precondition::IfMatch(Etag::from(""));
    listing.add("empty ETag", client.delete_digital_twin("room-1", empty).await);
    let twin = BasicDigitalTwin::new("t", "m", Default::default());
    listing.add("model without ETag", twin.precondition());
    let zero = ListModelsOptions {
        page_size: Some(0),
        ..Default::default()
    };
    listing.add("page size 0", client.list_models(Some(zero)));
    let large = QueryTwinsOptions {
        page_size: Some(1001),
        ..Default::default()
    };
    listing.add(
        "page size of a query",
        client.query_twins::<Value>("SELECT", Some(large)).map(|_| ()),
    );
    listing.add("empty query", client.query_twins::<Value>("", None).map(|_| ()));
    listing.add("model id", client.get_model("Room", None).await);
    let long = format!("dtmi:{};1", "a".repeat(122));
    listing.add("long model id", client.get_model(&long, None).await);
    let array = DigitalTwin::new("t", "m", [1]);
    listing.add(
        "contents",
        client.upsert_digital_twin("t", &array, Upsert::CreateOnly).await,
    );
    listing.add("graph item", GraphItem::twin(&array));
    let none = BulkUpsertOptions {
        max_concurrency: 0,
        ..Default::default()
    };
    listing.add(
        "concurrency 0",
        client.bulk_upsert_stream(stream::empty(), Some(none)).map(|_| ()),
    );
    let long = CreateDeleteJobOptions {
        timeout: Some(Duration::MAX),
        ..Default::default()
    };
    listing.add("timeout of a job", client.create_delete_job(Some(long)).await);
    let newline = PublishTelemetryOptions {
        message_id: Some("a\nb".to_owned()),
        ..Default::default()
    };
    listing.add(
        "message id",
        client.publish_telemetry("t", json!({}), Some(newline)).await,
    );
}

fn tokens(listing: &mut Listing) {
    listing.section("Continuation tokens");
    let client = client([]);
    let token = |token: &str| Some(token.to_owned());
    let other = ListModelsOptions {
        continuation_token: token("of a query"),
        ..Default::default()
    };
    listing.add("of a query", client.list_models(Some(other)));
    let elsewhere = ListModelsOptions {
        continuation_token: token("https://elsewhere.example/models"),
        ..Default::default()
    };
    listing.add("of another host", client.list_models(Some(elsewhere)));
    let link = QueryTwinsOptions {
        continuation_token: token("https://twins.example/models"),
        ..Default::default()
    };
    listing.add("of a list", client.query_twins::<Value>("SELECT", Some(link)));
}

async fn models(listing: &mut Listing) {
    listing.section("Models");
    let model = |id: &str, base: &str| json!({"@context": "dtmi:dtdl:context;3", "@id": id, "@type": "Interface", "extends": base});
    let (a, b) = (model("dtmi:a;1", "dtmi:b;1"), model("dtmi:b;1", "dtmi:a;1"));
    let nothing = client([]);
    listing.add("no model", nothing.create_models::<Value>(&[]).await);
    listing.add(
        "too many models",
        nothing.create_models(&vec![json!({}); 251]).await,
    );
    let size = UploadModelsOptions {
        batch_size: 251,
        ..Default::default()
    };
    listing.add(
        "batch size",
        nothing.upload_models(std::slice::from_ref(&a), Some(size)).await,
    );
    listing.add(
        "no id",
        nothing
            .upload_models(&[json!({"@type": "Interface"})], None)
            .await,
    );
    listing.add(
        "duplicate id",
        nothing.upload_models(&[a.clone(), a.clone()], None).await,
    );
    listing.add("cycle", nothing.upload_models(&[a.clone(), b], None).await);
    let mut invalid = model("dtmi:c;1", "dtmi:d;1");
    invalid["extends"] = json!([]);
    invalid["contents"] =
        json!([{"@type": "Property", "name": "a b", "schema": "double"}, {"@type": "Property"}]);
    listing.add("invalid DTDL", nothing.upload_models(&[invalid], None).await);
    let missing = client([MockResponse::error(404, "ModelNotFound")]);
    listing.add("missing dependency", missing.upload_models(&[a], None).await);
    let models: Vec<_> = (0..2).map(|n| json!({"@id": format!("dtmi:m{n};1")})).collect();
    let failing = client([
        MockResponse::json(201, &json!([{"id": "dtmi:m0;1"}])),
        MockResponse::error(400, "LimitExceeded"),
        MockResponse::error(403, "Forbidden"),
    ]);
    let one = UploadModelsOptions {
        batch_size: 1,
        validate: false,
        ..Default::default()
    };
    listing.add("failed rollback", failing.upload_models(&models, Some(one)).await);
}

fn patches(listing: &mut Listing) {
    listing.section("Patches");
    let new = DigitalTwinPatch::new;
    listing.add("empty path", new().add("", 1));
    listing.add("invalid pointer", new().remove("/a/~2"));
    listing.add("id of a twin", new().replace("$dtId", "other"));
    listing.add("metadata", new().add("/$metadata/$lastUpdateTime", 1));
    listing.add(
        "the whole document",
        new().add(json_patch::jsonptr::PointerBuf::new(), 1),
    );
    listing.add("removal of the model", new().remove("/$metadata/$model"));
    listing.add("null", new().add("comment", None::<i32>));
    listing.add(
        "value",
        new().add("map", std::collections::BTreeMap::from([((1, 2), 3)])),
    );
    let inner = ComponentPatch::new().add("target", 1).unwrap();
    listing.add("component name", new().component("$etag", inner));
    listing.add(
        "model of a component",
        ComponentPatch::new().replace("/$metadata/$model", "dtmi:a;1"),
    );
    let moved = json!([{"op": "move", "from": "/a", "path": "/b"}]);
    let moved: json_patch::Patch = serde_json::from_value(moved).unwrap();
    listing.add("unsupported operation", DigitalTwinPatch::try_from(moved));
    let diff = RelationshipPatch::diff(&json!({"$targetId": "a"}), &json!({"$targetId": "b"}));
    listing.add("diff of two relationships", diff);
    listing.add("diff of arrays", DigitalTwinPatch::diff(&[1], &[2]));
}

fn files(listing: &mut Listing) {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("no space left"))
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    impl std::io::Read for Full {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("read failed"))
        }
    }
    listing.section("Import files");
    let mut file = ImportFileWriter::new(Vec::new(), "a", "o").unwrap();
    file.relationship(&Relationship::new("r", "s", "n", "t", ()))
        .unwrap();
    listing.add("section order", file.twin(&DigitalTwin::new("t", "m", ())));
    listing.add("model", file.model([1]));
    listing.add("write failure", ImportFileWriter::new(Full, "a", "o").map(|_| ()));
    listing.add(
        "read failure",
        ImportFileValidator::new().check(std::io::BufReader::new(Full)),
    );
}

async fn responses(listing: &mut Listing) {
    listing.section("Responses");
    let not_found = MockResponse::error(404, "DigitalTwinNotFound").header("x-ms-request-id", "r-1");
    listing.add("not found", get([not_found]).await);
    let details: Vec<_> = (0..5)
        .map(|n| json!({"code": "ValidationFailed", "message": format!("p{n} is not declared")}))
        .collect();
    let body = json!({"error": {"code": "ValidationFailed", "message": "Not valid.", "details": details}});
    listing.add("details", get([MockResponse::json(400, &body)]).await);
    let unauthorized = json!({"statusCode": 401, "message": "Unauthorized"});
    listing.add("gateway", get([MockResponse::json(401, &unauthorized)]).await);
    let throttled = |_: u8| {
        let body = json!({"error": {"statusCode": 429, "message": "Slow down"}});
        MockResponse::json(429, &body).header("retry-after", "9")
    };
    listing.add("throttled", get((0..9).map(throttled)).await);
    listing.add(
        "bad gateway",
        get((0..9).map(|_| MockResponse::with_body(502, "<html>Bad gateway</html>"))).await,
    );
    listing.add(
        "connection",
        get((0..9).map(|_| MockResponse::broken(AzureKind::Connection))).await,
    );
    let patch = DigitalTwinPatch::new().add("a", 1).unwrap();
    let lost = client([MockResponse::broken(AzureKind::Io)]);
    listing.add("lost response", lost.update_digital_twin("t", &patch, ANY).await);
    let hasty = client([MockResponse::empty(204)]).with_call_options(CallOptions {
        attempt_timeout: Some(Duration::from_nanos(1)),
        retry: Some(RetryOptions::none()),
        ..Default::default()
    });
    listing.add("timeout", hasty.get_digital_twin::<Value>("t").await);
    let query = client([MockResponse::error(400, "TimeoutError")]);
    listing.add(
        "query timeout",
        query
            .query_twins::<Value>("SELECT", None)
            .unwrap()
            .try_next()
            .await,
    );
    let exists = client([MockResponse::error(412, "PreconditionFailed")]);
    listing.add(
        "already exists",
        exists
            .upsert_digital_twin("t", &json!({}), Upsert::CreateOnly)
            .await,
    );
}

#[derive(Debug, serde::Deserialize)]
#[allow(dead_code, reason = "decoding fails")]
struct Room {
    temperature: f64,
}

async fn decoding(listing: &mut Listing) {
    listing.section("Decoding");
    listing.add("not JSON", get([MockResponse::with_body(200, "<html>")]).await);
    listing.add(
        "missing member",
        get([MockResponse::json(200, &json!({"$dtId": "room-1"}))]).await,
    );
    let room = json!({"$dtId": "room-1", "temperature": "warm", "$metadata": {"$model": "dtmi:a;1"}});
    let response = client([MockResponse::json(200, &room)])
        .get_digital_twin("room-1")
        .await
        .unwrap();
    let decoded = response.into_model();
    listing.add(
        "typed twin",
        decoded.map(|twin: DigitalTwin<Room>| twin).map_err(Error::from),
    );
    let page = json!({"value": [{"temperature": "warm"}]});
    let rows = client([MockResponse::json(200, &page)]);
    listing.add(
        "row",
        rows.query_twins::<Room>("SELECT", None).unwrap().try_next().await,
    );
    let page = json!({"value": [{"id": "a", "endpointName": 7}]});
    let routes = client([MockResponse::json(200, &page)]);
    listing.add("list", routes.list_event_routes(None).unwrap().try_next().await);
    let page = json!({"value": [], "nextLink": "https://elsewhere.example/2"});
    let foreign = client([MockResponse::json(200, &page)]);
    listing.add(
        "link to another host",
        foreign.list_event_routes(None).unwrap().try_next().await,
    );
}

async fn composites(listing: &mut Listing) {
    listing.section("Jobs and waiting");
    let interval = Some(Duration::from_secs(1));
    let failed = json!({"id": "j", "inputBlobUri": "i", "outputBlobUri": "o", "status": "failed",
        "error": {"code": "UnableToWriteToOutputBlob", "message": "no access"}});
    let job = client([MockResponse::json(200, &failed)]);
    listing.add(
        "failed job",
        job.watch_import_job("j", Some(PollOptions { interval }))
            .unwrap()
            .await,
    );
    let deletion = MockResponse::json(202, &json!({"id": "d", "status": "running"}))
        .header("operation-location", "https://elsewhere.example/d");
    listing.add(
        "operation location",
        client([deletion]).begin_delete_job(None).unwrap().await,
    );
    let (_, lagging) = MockService::new(|sent| match sent.method.as_str() {
        "POST" => MockResponse::json(200, &json!({"value": []})),
        _ => MockResponse::json(200, &json!({"$dtId": "t"})).header("etag", "W/\"1\""),
    });
    let options = WaitUntilVisibleOptions {
        timeout: Duration::from_secs(2),
    };
    listing.add(
        "not visible",
        lagging.wait_until_visible("t", Some(options)).await,
    );
}

#[tokio::test(start_paused = true)]
async fn error_texts_match_the_listing() {
    let mut listing = Listing::default();
    construction(&mut listing);
    arguments(&mut listing).await;
    tokens(&mut listing);
    models(&mut listing).await;
    patches(&mut listing);
    files(&mut listing);
    responses(&mut listing).await;
    decoding(&mut listing).await;
    composites(&mut listing).await;
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/error_texts.txt");
    if std::env::var_os("UPDATE_ERROR_TEXTS").is_some() {
        std::fs::write(&path, &listing.0).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap();
    assert_eq!(
        listing.0, committed,
        "if the change is intended, run with UPDATE_ERROR_TEXTS=1 and review the listing"
    );
}
