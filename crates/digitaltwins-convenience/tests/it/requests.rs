//! What every operation sends.

use azure_core::http::Etag;
use digitaltwins_convenience::{
    BasicDigitalTwin, BasicRelationship, ComponentPatch, CreateDeleteJobOptions, DigitalTwin,
    DigitalTwinPatch, DigitalTwinsClient, Error, EventRoute, GetModelOptions, ListDeleteJobsOptions,
    ListEventRoutesOptions, ListImportJobsOptions, ListModelsOptions, ListRelationshipsOptions, Precondition,
    PublishTelemetryOptions, QueryTwinsOptions, Relationship, RelationshipPatch, ResponseExt, Upsert,
};
use futures::TryStreamExt;
use insta::assert_snapshot;
use serde_json::{Map, Value, json};
use time::macros::datetime;

use crate::support::{Answer, Sent, Service};

/// All characters that ids may have and that mean something in a URL, and some that need more than one byte.
const SPECIAL: &str = "dev:1.2+3%_#*?!(),=@;$'";
const UNICODE: &str = "Büro 1/2 & ☃\\~\"<>";
const PERCENT: &str = "100%25-%2F";

/// Answers every request with a success that decodes.
fn obliging() -> (std::sync::Arc<Service>, DigitalTwinsClient) {
    Service::new(|sent: &Sent| {
        let path = sent.target.split('?').next().unwrap_or_default();
        match (sent.method.as_str(), path) {
            ("POST", "/models") => Answer::json(201, &json!([{"id": "dtmi:example:Room;1"}])),
            ("POST", "/query") => Answer::json(200, &json!({"value": [], "continuationToken": null})),
            ("POST", "/jobs/deletions") => Answer::json(202, &json!({"id": "job", "status": "notstarted"})),
            ("POST", path) if path.ends_with("/cancel") => Answer::json(200, &import_job()),
            ("PUT", path) if path.starts_with("/jobs/imports") => Answer::json(201, &import_job()),
            ("PUT", path) if path.starts_with("/eventroutes") => Answer::empty(204),
            ("PUT" | "GET", _) => Answer::json(200, &json!({"value": []})),
            _ => Answer::empty(204).header("etag", "W/\"new\""),
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
    let (service, client) = obliging();
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
    let (service, client) = obliging();
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
    let (service, client) = obliging();
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
    let (service, client) = obliging();
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
    let (service, client) = obliging();
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
    let (service, client) = obliging();
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
async fn telemetry_without_options_gets_an_id_and_the_time() {
    let (service, client) = obliging();
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
    let (service, client) = obliging();
    // The answer to a GET of one route is not decoded here.
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
    let (service, client) = obliging();
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
    let (service, client) = obliging();
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
    let (service, client) = obliging();
    client.create_delete_job(None).await.unwrap();
    let options = CreateDeleteJobOptions {
        operation_id: Some("op-1".to_owned()),
        timeout: Some(std::time::Duration::from_secs(5 * 60 + 1)),
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

/// What a call was refused for, before anything was sent.
fn refused<T>(result: Result<T, Error>) -> String {
    let error = result.err().expect("a refusal");
    assert!(error.is_invalid_input() && error.attempts() == 0, "{error}");
    error.parameter().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_before() {
    let (service, client) = obliging();
    for id in ["", ".", ".."] {
        assert_eq!(refused(client.get_digital_twin::<Value>(id).await), "id");
        assert_eq!(
            refused(client.delete_digital_twin(id, Precondition::Unconditional).await),
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
    let newline = PublishTelemetryOptions {
        message_id: Some("a\r\nb: c".to_owned()),
        ..Default::default()
    };
    let error = client
        .publish_telemetry("room-1", &json!({}), Some(newline))
        .await
        .unwrap_err();
    assert!(error.is_invalid_input(), "{error:?}");
    assert_eq!(service.lines(), Vec::<String>::new());
}

#[tokio::test]
async fn a_context_goes_with_every_call() {
    use azure_core::http::policies::{Policy, PolicyResult};
    use azure_core::http::{ClientOptions, Context, Request};
    use digitaltwins_convenience::CallOptions;
    use std::sync::Arc;

    #[derive(Debug, Clone)]
    struct Marker(&'static str);

    /// Writes the marker into a header.
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

    let (service, client) = Service::with_options(
        ClientOptions {
            per_call_policies: vec![Arc::new(Mark)],
            ..Default::default()
        },
        |_| Answer::json(200, &json!({"$dtId": "t", "$metadata": {"$model": "dtmi:a;1"}})),
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
async fn another_cloud_has_another_scope() {
    let (service, _) = obliging();
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

/// All futures and streams can move between threads; this need only compile.
#[test]
fn calls_can_be_spawned() {
    fn spawnable<T: Send + 'static>(_: T) {}
    let (_, client) = obliging();
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
    spawnable(client.bulk_upsert(futures::stream::empty(), None).unwrap());
    spawnable(Error::from(azure_core::Error::with_message(
        azure_core::error::ErrorKind::Other,
        "x",
    )));
}
