//! Snapshots of the requests of every operation.

use azure_core::http::Etag;
use digitaltwins_convenience::{
    BasicDigitalTwin, BasicRelationship, BeginDeleteJobOptions, ComponentPatch, CreateDeleteJobOptions,
    DigitalTwin, DigitalTwinPatch, DigitalTwinsClient, Error, EventRoute, GetModelOptions,
    ListDeleteJobsOptions, ListEventRoutesOptions, ListImportJobsOptions, ListModelsOptions,
    ListRelationshipsOptions, Precondition, PublishTelemetryOptions, QueryTwinsOptions, Relationship,
    RelationshipPatch, ResponseExt, Upsert,
};
use futures::TryStreamExt;
use insta::assert_snapshot;
use serde_json::{Map, Value, json};
use time::macros::datetime;

use crate::support::{MockResponse, MockService, SentRequest};

/// Every character that is valid in ids and reserved in URLs.
const SPECIAL: &str = "dev:1.2+3%_#*?!(),=@;$'";
const UNICODE: &str = "Büro 1?2 & ☃\\~\"<>";
const PERCENT: &str = "100%25-%2F";

/// Returns a service that responds to every request with a success that can be decoded.
fn accepting() -> (std::sync::Arc<MockService>, DigitalTwinsClient) {
    MockService::new(|sent: &SentRequest| {
        let path = sent.target.split('?').next().unwrap_or_default();
        match (sent.method.as_str(), path) {
            ("POST", "/models") => MockResponse::json(201, &json!([{"id": "dtmi:example:Room;1"}])),
            ("POST", "/query") => MockResponse::json(200, &json!({"value": [], "continuationToken": null})),
            ("POST", "/jobs/deletions") => {
                MockResponse::json(202, &json!({"id": "job", "status": "notstarted"}))
            }
            ("POST", path) if path.ends_with("/cancel") => MockResponse::json(200, &import_job()),
            ("PUT", path) if path.starts_with("/jobs/imports") => MockResponse::json(201, &import_job()),
            ("PUT", path) if path.starts_with("/eventroutes") => MockResponse::empty(204),
            ("PUT" | "GET", _) => MockResponse::json(200, &json!({"value": []})),
            _ => MockResponse::empty(204).header("etag", "W/\"new\""),
        }
    })
}

fn import_job() -> Value {
    json!({"id": "job", "inputBlobUri": "i", "outputBlobUri": "o", "status": "running"})
}

fn weak() -> Precondition {
    Precondition::IfMatch(Etag::from("W/\"7e67a355-f19c\""))
}

#[tokio::test]
async fn digital_twins() {
    let (service, client) = accepting();
    for id in ["room-1", SPECIAL, UNICODE, PERCENT] {
        client.get_digital_twin::<Value>(id).await.unwrap();
    }
    let contents = Map::from_iter([
        (
            "name".to_owned(),
            json!("Büro ☃ \u{1}\u{2028} \"q\" \\ </script>"),
        ),
        ("one".to_owned(), json!(1.0)),
        ("big".to_owned(), json!(9_007_199_254_740_993_u64)),
        ("tiny".to_owned(), json!(1.5e-7)),
        ("map".to_owned(), json!({"z": {}, "a": [1, 2.25, null]})),
    ]);
    let twin = DigitalTwin::new("ignored", "dtmi:example:Room;1", contents);
    client
        .upsert_digital_twin(SPECIAL, &twin, Upsert::CreateOrReplace)
        .await
        .unwrap();
    client
        .upsert_digital_twin("room-1", &json!({"nothing": null}), Upsert::CreateOnly)
        .await
        .unwrap();
    let patch = DigitalTwinPatch::new()
        .replace("temperature", 22)
        .unwrap()
        .add("name", "Büro ☃")
        .unwrap()
        .remove("a/b")
        .unwrap();
    for precondition in [
        Precondition::Unconditional,
        weak(),
        Precondition::IfMatch(Etag::from("*")),
    ] {
        let response = client
            .update_digital_twin(UNICODE, &patch, precondition)
            .await
            .unwrap();
        assert_eq!(response.etag(), Some(Etag::from("W/\"new\"")));
    }
    client
        .update_digital_twin("room-1", &DigitalTwinPatch::new(), weak())
        .await
        .unwrap();
    client
        .delete_digital_twin(PERCENT, Precondition::Unconditional)
        .await
        .unwrap();
    client.delete_digital_twin("room-1", weak()).await.unwrap();
    assert_snapshot!(service.text());
}

#[tokio::test]
async fn components() {
    let (service, client) = accepting();
    client
        .get_component::<Value>("room-1", "thermostat")
        .await
        .unwrap();
    client
        .get_component::<Value>(SPECIAL, "ther mo/stat ü")
        .await
        .unwrap();
    let patch = ComponentPatch::new().replace("target", 1.0).unwrap();
    let response = client
        .update_component("room-1", "thermostat", &patch, Precondition::Unconditional)
        .await
        .unwrap();
    assert_eq!(response.etag(), Some(Etag::from("W/\"new\"")));
    client
        .update_component(UNICODE, "thermostat", &patch, weak())
        .await
        .unwrap();
    assert_snapshot!(service.text());
}

#[tokio::test]
async fn relationships() {
    let (service, client) = accepting();
    client.get_relationship::<Value>("room-1", "rel-1").await.unwrap();
    client.get_relationship::<Value>(SPECIAL, UNICODE).await.unwrap();
    let contents = Map::from_iter([
        ("since".to_owned(), json!("2024-01-01")),
        ("note".to_owned(), json!("ü")),
    ]);
    let relationship = Relationship::new("ignored", "ignored", "contains", "room-2", contents);
    client
        .upsert_relationship("room-1", PERCENT, &relationship, Upsert::CreateOrReplace)
        .await
        .unwrap();
    client
        .upsert_relationship("room-1", "rel-1", &relationship, Upsert::CreateOnly)
        .await
        .unwrap();
    let patch = RelationshipPatch::new().replace("since", "2025").unwrap();
    let response = client
        .update_relationship(UNICODE, SPECIAL, &patch, Precondition::Unconditional)
        .await
        .unwrap();
    assert_eq!(response.etag(), Some(Etag::from("W/\"new\"")));
    client
        .update_relationship("room-1", "rel-1", &patch, weak())
        .await
        .unwrap();
    client
        .delete_relationship(SPECIAL, PERCENT, Precondition::Unconditional)
        .await
        .unwrap();
    client
        .delete_relationship("room-1", "rel-1", weak())
        .await
        .unwrap();
    assert_snapshot!(service.text());
}

#[tokio::test]
async fn lists_of_relationships() {
    let (service, client) = accepting();
    let all: Vec<BasicRelationship> = client
        .list_relationships(SPECIAL, None)
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert!(all.is_empty());
    let named = ListRelationshipsOptions {
        relationship_name: Some("contains & more".to_owned()),
        ..Default::default()
    };
    client
        .list_relationships::<Value>(UNICODE, Some(named))
        .unwrap()
        .try_next()
        .await
        .unwrap();
    client
        .list_incoming_relationships(PERCENT, None)
        .unwrap()
        .try_next()
        .await
        .unwrap();
    assert_snapshot!(service.text());
}

#[tokio::test]
async fn models() {
    let (service, client) = accepting();
    let room = json!({"@id": "dtmi:example:Room;1", "@type": "Interface", "@context": "dtmi:dtdl:context;2",
                      "displayName": {"en": "Room", "de": "Büro ☃"}});
    client.create_models(&[room.clone(), room]).await.unwrap();
    client.get_model("dtmi:example:Room;1", None).await.unwrap();
    let definition = GetModelOptions {
        include_model_definition: true,
    };
    client
        .get_model("dtmi:example:Room;1", Some(definition))
        .await
        .unwrap();
    client.list_models(None).unwrap().try_next().await.unwrap();
    let options = ListModelsOptions {
        dependencies_for: vec![
            "dtmi:example:Room;1".to_owned(),
            "dtmi:example:Floor;12".to_owned(),
        ],
        include_model_definition: true,
        page_size: Some(2),
        ..Default::default()
    };
    client
        .list_models(Some(options))
        .unwrap()
        .try_next()
        .await
        .unwrap();
    client.decommission_model("dtmi:example:Room;1").await.unwrap();
    client.delete_model("dtmi:example:Room;1").await.unwrap();
    assert_snapshot!(service.text());
}

#[tokio::test]
async fn telemetry() {
    let (service, client) = accepting();
    let options = PublishTelemetryOptions {
        message_id: Some("msg-1".to_owned()),
        source_time: Some(datetime!(2024-05-06 09:08:09.1234567 +02:00).into()),
    };
    let telemetry = json!({"t": 21.5, "text": "Büro ☃"});
    client
        .publish_telemetry(SPECIAL, &telemetry, Some(options.clone()))
        .await
        .unwrap();
    client
        .publish_component_telemetry(UNICODE, "thermo stat", &telemetry, Some(options))
        .await
        .unwrap();
    assert_snapshot!(service.text());
}

#[tokio::test]
async fn telemetry_without_options_has_a_new_id_and_the_current_time() {
    let (service, client) = accepting();
    let before = time::OffsetDateTime::now_utc();
    client
        .publish_telemetry("room-1", &json!({}), None)
        .await
        .unwrap();
    client
        .publish_telemetry("room-1", &json!({}), None)
        .await
        .unwrap();
    let sent = service.sent();
    let ids: Vec<uuid::Uuid> = sent
        .iter()
        .map(|sent| sent.header("message-id").unwrap().parse().unwrap())
        .collect();
    assert_ne!(ids[0], ids[1]);
    let time: digitaltwins_convenience::DateTime =
        sent[0].header("telemetry-source-time").unwrap().parse().unwrap();
    let time = time.to_offset().unwrap();
    assert!(before <= time && time <= time::OffsetDateTime::now_utc());
}

#[tokio::test]
async fn event_routes() {
    let (service, client) = accepting();
    // The response is not decoded until `into_model`, so its body need not be an event route.
    client.get_event_route("my route/1").await.unwrap();
    let mut route = EventRoute::new(
        "hub",
        "type = 'Microsoft.DigitalTwins.Twin.Update' AND $body.x = 'ü'",
    );
    route.id = Some("ignored".to_owned());
    route.extra.insert("later".to_owned(), json!(true));
    client.upsert_event_route("my-route", &route).await.unwrap();
    client.delete_event_route("my-route").await.unwrap();
    client.list_event_routes(None).unwrap().try_next().await.unwrap();
    let options = ListEventRoutesOptions {
        page_size: Some(2),
        ..Default::default()
    };
    client
        .list_event_routes(Some(options))
        .unwrap()
        .try_next()
        .await
        .unwrap();
    assert_snapshot!(service.text());
}

#[tokio::test]
async fn queries() {
    let (service, client) = accepting();
    let text = "SELECT * FROM DIGITALTWINS T WHERE T.name = 'Büro ☃'";
    client
        .query_twins::<Value>(text, None)
        .unwrap()
        .try_next()
        .await
        .unwrap();
    let options = QueryTwinsOptions {
        page_size: Some(2),
        continuation_token: Some("a \"token\"".to_owned()),
        ..Default::default()
    };
    client
        .query_twins::<Value>("SELECT * FROM DIGITALTWINS", Some(options))
        .unwrap()
        .try_next()
        .await
        .unwrap();
    use digitaltwins_convenience::query::{Query, path};
    let query = Query::select(["T"])
        .from_twins("T")
        .filter(path("T.name").eq("O'Hara"))
        .build()
        .unwrap();
    client
        .query_twins::<Value>(query, None)
        .unwrap()
        .try_next()
        .await
        .unwrap();
    assert_snapshot!(service.text());
}

#[tokio::test]
async fn import_jobs() {
    let (service, client) = accepting();
    let blobs = (
        "https://x.blob.core.windows.net/c/in.ndjson",
        "https://x.blob.core.windows.net/c/out ü.ndjson",
    );
    client.create_import_job("imp-1", blobs.0, blobs.1).await.unwrap();
    client.get_import_job(SPECIAL).await.unwrap();
    client.cancel_import_job("imp-1").await.unwrap();
    client.delete_import_job(UNICODE).await.unwrap();
    client.list_import_jobs(None).unwrap().try_next().await.unwrap();
    let options = ListImportJobsOptions {
        page_size: Some(2),
        ..Default::default()
    };
    client
        .list_import_jobs(Some(options))
        .unwrap()
        .try_next()
        .await
        .unwrap();
    assert_snapshot!(service.text());
}

#[tokio::test]
async fn delete_jobs() {
    let (service, client) = accepting();
    client.create_delete_job(None).await.unwrap();
    let options = CreateDeleteJobOptions {
        operation_id: Some("op-1".to_owned()),
        timeout: Some(std::time::Duration::from_secs(15 * 60 + 1)),
    };
    client.create_delete_job(Some(options)).await.unwrap();
    client.get_delete_job("del 1/ü").await.unwrap();
    client.list_delete_jobs(None).unwrap().try_next().await.unwrap();
    let options = ListDeleteJobsOptions {
        page_size: Some(2),
        ..Default::default()
    };
    client
        .list_delete_jobs(Some(options))
        .unwrap()
        .try_next()
        .await
        .unwrap();
    assert_snapshot!(service.text());
}

/// Returns the name of the invalid parameter of a call that failed before a request was sent.
fn refused<T>(result: Result<T, Error>) -> String {
    let error = result.err().expect("a refusal");
    assert!(error.is_invalid_input() && error.attempts() == 0, "{error}");
    error.parameter().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn invalid_arguments_are_refused_before_a_request() {
    let (service, client) = accepting();
    for id in ["", ".", ".."] {
        assert_eq!(refused(client.get_digital_twin::<Value>(id).await), "id");
        assert_eq!(
            refused(client.delete_digital_twin(id, Precondition::Unconditional).await),
            "id"
        );
        assert_eq!(
            refused(client.delete_digital_twin_with_relationships(id).await),
            "id"
        );
        assert_eq!(refused(client.delete_model(id).await), "id");
        assert_eq!(refused(client.delete_event_route(id).await), "id");
        assert_eq!(refused(client.delete_import_job(id).await), "id");
        assert_eq!(
            refused(client.get_component::<Value>("room-1", id).await),
            "component"
        );
        let result = client
            .delete_relationship("room-1", id, Precondition::Unconditional)
            .await;
        assert_eq!(refused(result), "relationship_id");
        assert_eq!(refused(client.list_relationships::<Value>(id, None)), "twin_id");
        assert_eq!(refused(client.list_incoming_relationships(id, None)), "twin_id");
        assert_eq!(refused(client.begin_import_job(id, "in", "out", None)), "id");
        assert_eq!(refused(client.watch_import_job(id, None)), "id");
        assert_eq!(refused(client.watch_delete_job(id, None)), "id");
    }
    let empty = Precondition::IfMatch(Etag::from(""));
    assert_eq!(refused(client.delete_digital_twin("room-1", empty).await), "etag");
    let zero = QueryTwinsOptions {
        page_size: Some(0),
        ..Default::default()
    };
    assert_eq!(
        refused(client.query_twins::<Value>("SELECT", Some(zero))),
        "page_size"
    );
    let twin = DigitalTwin::new("t", "m", [1]);
    assert_eq!(
        refused(
            client
                .upsert_digital_twin("t", &twin, Upsert::CreateOrReplace)
                .await
        ),
        "twin"
    );
    assert_eq!(refused(client.create_models::<Value>(&[]).await), "models");
    assert_eq!(
        refused(client.create_models(&vec![json!({}); 251]).await),
        "models"
    );
    let zero = ListModelsOptions {
        page_size: Some(0),
        ..Default::default()
    };
    assert_eq!(refused(client.list_models(Some(zero))), "page_size");
    let long = CreateDeleteJobOptions {
        timeout: Some(std::time::Duration::MAX),
        ..Default::default()
    };
    assert_eq!(refused(client.create_delete_job(Some(long)).await), "timeout");
    // ADT-DELETE-2: the timeout is rounded up to minutes and must be 15 minutes to 24 hours.
    for seconds in [0, 14 * 60, 24 * 60 * 60 + 1] {
        let timeout = Some(std::time::Duration::from_secs(seconds));
        let options = CreateDeleteJobOptions {
            timeout,
            ..Default::default()
        };
        assert_eq!(refused(client.create_delete_job(Some(options)).await), "timeout");
        let options = BeginDeleteJobOptions {
            timeout,
            ..Default::default()
        };
        assert_eq!(refused(client.begin_delete_job(Some(options))), "timeout");
    }
    // ADT-QUERY-4.
    let large = QueryTwinsOptions {
        page_size: Some(1001),
        ..Default::default()
    };
    assert_eq!(
        refused(client.query_twins::<Value>("SELECT", Some(large))),
        "page_size"
    );
    for query in ["", " \n"] {
        assert_eq!(refused(client.query_twins::<Value>(query, None)), "query");
    }
    // ADT-ID-6.
    let long = format!("dtmi:{};1", "a".repeat(122));
    assert_eq!(long.len(), 129);
    for id in ["", "Room", "dtmi:a b;1", "dtmi:a;0", &long] {
        assert_eq!(refused(client.get_model(id, None).await), "id");
        assert_eq!(refused(client.decommission_model(id).await), "id");
        assert_eq!(refused(client.delete_model(id).await), "id");
        let options = ListModelsOptions {
            dependencies_for: vec![id.to_owned()],
            ..Default::default()
        };
        assert_eq!(refused(client.list_models(Some(options))), "dependencies_for");
    }
    let newline = PublishTelemetryOptions {
        message_id: Some("a\r\nb: c".to_owned()),
        ..Default::default()
    };
    let result = client
        .publish_telemetry("room-1", &json!({}), Some(newline))
        .await;
    assert_eq!(refused(result), "message_id");
    assert_eq!(service.lines(), Vec::<String>::new());
}

#[tokio::test]
async fn the_context_of_call_options_reaches_policies() {
    use azure_core::http::policies::{Policy, PolicyResult};
    use azure_core::http::{ClientOptions, Context, Request};
    use digitaltwins_convenience::CallOptions;
    use std::sync::Arc;

    #[derive(Debug, Clone)]
    struct Marker(&'static str);

    /// A policy that sends the [`Marker`] in the call's context as the header `tracestate`.
    #[derive(Debug)]
    struct Mark;

    #[async_trait::async_trait]
    impl Policy for Mark {
        async fn send(
            &self,
            context: &Context,
            request: &mut Request,
            next: &[Arc<dyn Policy>],
        ) -> PolicyResult {
            let marker = context.value::<Marker>().map_or("none", |marker| marker.0);
            request.insert_header("tracestate", marker);
            next[0].send(context, request, &next[1..]).await
        }
    }

    let (service, client) = MockService::with_options(
        ClientOptions {
            per_call_policies: vec![Arc::new(Mark)],
            ..Default::default()
        },
        |_| MockResponse::json(200, &json!({"$dtId": "t", "$metadata": {"$model": "dtmi:a;1"}})),
    );
    let marked = client.with_call_options(CallOptions {
        context: Context::new().with_value(Marker("yes")),
        ..Default::default()
    });
    marked.get_digital_twin::<BasicDigitalTwin>("t").await.unwrap();
    client.get_digital_twin::<BasicDigitalTwin>("t").await.unwrap();
    let markers: Vec<_> = service
        .sent()
        .iter()
        .map(|sent| sent.header("tracestate").unwrap().to_owned())
        .collect();
    assert_eq!(markers, ["yes", "none"]);
}

#[tokio::test]
async fn the_scope_of_the_options_is_requested() {
    let (service, _) = accepting();
    let client = crate::support::client_with_scope(service.clone(), "https://digitaltwins.example/.default");
    assert_eq!(client.endpoint().as_str(), "https://twins.example/");
    client.delete_model("dtmi:a;1").await.unwrap();
    let token = service.sent()[0].header("authorization").map(str::to_owned);
    assert_eq!(
        token.as_deref(),
        Some("Bearer token-for-https://digitaltwins.example/.default")
    );
    let plain = DigitalTwinsClient::new(
        "http://twins.example",
        std::sync::Arc::new(crate::support::Credential),
        None,
    );
    assert_eq!(refused(plain.map(|_| ())), "endpoint");
}

/// Checked at compile time: all futures and streams are `Send`.
#[test]
fn calls_can_be_spawned() {
    fn spawnable<T: Send + 'static>(_: T) {}
    let (_, client) = accepting();
    let also = client.clone();
    spawnable(async move {
        let client = also;
        let twin = BasicDigitalTwin::new("t", "m", Map::new());
        let patch = DigitalTwinPatch::new();
        client.get_digital_twin::<BasicDigitalTwin>("t").await?;
        client.upsert_digital_twin("t", &twin, Upsert::CreateOnly).await?;
        client.update_digital_twin("t", &patch, weak()).await?;
        client
            .update_component("t", "c", &ComponentPatch::new(), weak())
            .await?;
        client
            .update_relationship("t", "r", &RelationshipPatch::new(), weak())
            .await?;
        client
            .upsert_relationship("t", "r", &Value::Null, Upsert::CreateOnly)
            .await?;
        client.publish_telemetry("t", &Value::Null, None).await?;
        client.create_models::<Value>(&[]).await?;
        client
            .modify_digital_twin::<Map<String, Value>>("t", |_| {})
            .await?;
        client.upload_models::<Value>(&[], None).await?;
        let _ = client.bulk_upsert([twin], None).await?;
        client.delete_all_models().await?;
        client.delete_digital_twin_with_relationships("t").await?;
        client.wait_until_visible("t", None).await?;
        client.begin_import_job("j", "i", "o", None).unwrap().await?;
        client.begin_delete_job(None).unwrap().await?;
        client
            .query_twins::<Value>("SELECT", None)
            .unwrap()
            .try_next()
            .await?;
        Ok::<_, Error>(())
    });
    spawnable(client.list_models(None).unwrap());
    spawnable(client.list_relationships::<BasicRelationship>("t", None).unwrap());
    spawnable(client.bulk_upsert_stream(futures::stream::empty(), None).unwrap());
    spawnable(Error::from(azure_core::Error::with_message(
        azure_core::error::ErrorKind::Other,
        "x",
    )));
}
