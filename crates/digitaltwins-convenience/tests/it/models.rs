//! Public types: lossless round trips, tolerance of `null`, decode errors, thread safety.

use azure_core::http::Etag;
use digitaltwins_convenience::{
    BasicComponent, BasicDigitalTwin, BasicRelationship, BulkUpsertOptions, CallOptions, Component,
    DeleteJob, DigitalTwin, DigitalTwinPatch, DigitalTwinsClient, DigitalTwinsClientOptions,
    DigitalTwinsModelData, Error, ErrorKind, EventRoute, ImportJob, IncomingRelationship, JobError, Pager,
    Poller, Precondition, PropertyMetadata, QueryPager, QueryTwinsOptions, Relationship, UpsertOutcome,
    WaitUntilVisibleOptions,
};
use futures::TryStreamExt;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::support::{MockResponse, MockService};

/// Decodes `document` with each member in turn set to `null` and checks that it serializes to the same JSON. A `null`
/// in a member in `required` decodes as an empty string, so it is lost.
fn every_member_may_be_null<T: DeserializeOwned + Serialize>(document: &Value, required: &[&str]) {
    let read = |document: &Value| {
        let read: T =
            serde_json::from_value(document.clone()).unwrap_or_else(|error| panic!("{document}: {error}"));
        serde_json::to_value(&read).unwrap()
    };
    assert_eq!(&read(document), document);
    for name in document.as_object().unwrap().keys() {
        let mut with_null = document.clone();
        with_null[name] = Value::Null;
        let written = read(&with_null);
        if !required.contains(&name.as_str()) {
            assert_eq!(written, with_null, "{name}");
        }
    }
}

#[test]
fn null_in_any_member_never_fails_a_read() {
    let time = "2024-05-02T10:11:12.1234567Z";
    every_member_may_be_null::<DigitalTwinsModelData>(
        &json!({"id": "dtmi:a;1", "displayName": {"en": "A"}, "description": {}, "uploadTime": time,
                "decommissioned": true, "model": {"@id": "dtmi:a;1"}, "later": 1}),
        &["id", "decommissioned"],
    );
    every_member_may_be_null::<ImportJob>(
        &json!({"id": "j", "inputBlobUri": "i", "outputBlobUri": "o", "status": "running", "createdDateTime": time,
                "lastActionDateTime": time, "finishedDateTime": time, "purgeDateTime": time,
                "error": {"code": "c"}, "later": {"a": null}}),
        &["inputBlobUri", "outputBlobUri"],
    );
    every_member_may_be_null::<DeleteJob>(
        &json!({"id": "j", "status": "failed", "createdDateTime": time, "finishedDateTime": time,
                "purgeDateTime": time, "error": {"code": "c"}, "later": []}),
        &[],
    );
    every_member_may_be_null::<JobError>(
        &json!({"code": "c", "message": "m", "details": [{"code": "d"}], "innererror": {"code": "i"}, "later": 1}),
        &[],
    );
    every_member_may_be_null::<EventRoute>(
        &json!({"id": "r", "endpointName": "e", "filter": "true", "later": 1}),
        &["endpointName", "filter"],
    );
    every_member_may_be_null::<IncomingRelationship>(
        &json!({"$relationshipId": "r", "$sourceId": "s", "$relationshipName": "n", "$relationshipLink": "l"}),
        &["$relationshipId", "$sourceId", "$relationshipName"],
    );
    every_member_may_be_null::<PropertyMetadata>(
        &json!({"lastUpdateTime": time, "sourceTime": time, "later": 1}),
        &[],
    );
    // The service stores no `null`, so nulls in the contents of twins, components and relationships are not
    // serialized.
    let metadata = json!({"$model": "dtmi:a;1", "$lastUpdateTime": time, "p": {"lastUpdateTime": time}});
    every_member_may_be_null::<BasicDigitalTwin>(
        &json!({"$dtId": "t", "$etag": "W/\"1\"", "p": 1, "$metadata": metadata}),
        &["$dtId", "$etag", "p", "$metadata"],
    );
    every_member_may_be_null::<digitaltwins_convenience::DigitalTwinMetadata>(&metadata, &[]);
    every_member_may_be_null::<BasicComponent>(
        &json!({"p": 1, "$metadata": {"$lastUpdateTime": time}}),
        &["p", "$metadata"],
    );
    every_member_may_be_null::<BasicRelationship>(
        &json!({"$relationshipId": "r", "$etag": "1", "$sourceId": "s", "$relationshipName": "n", "$targetId": "t",
                "p": 1}),
        &[
            "$relationshipId",
            "$etag",
            "$sourceId",
            "$relationshipName",
            "$targetId",
            "p",
        ],
    );
}

#[test]
fn null_in_an_array_or_a_map_never_fails_a_read() {
    let models: Vec<DigitalTwinsModelData> =
        serde_json::from_value(json!([null, {"id": "dtmi:a;1", "displayName": {"en": null, "de": "A"}}]))
            .unwrap();
    assert_eq!((models[0].id.as_str(), models[1].id.as_str()), ("", "dtmi:a;1"));
    assert_eq!(models[1].display_name["en"], "");
    assert_eq!(models[1].display_name["de"], "A");
    let error: JobError = serde_json::from_value(json!({"details": [null, {"code": "c"}]})).unwrap();
    assert_eq!(error.details.unwrap()[1].code.as_deref(), Some("c"));
    let routes: Vec<EventRoute> = serde_json::from_value(json!([null])).unwrap();
    assert_eq!(routes[0].filter, "");
    let incoming: Vec<IncomingRelationship> = serde_json::from_value(json!([null])).unwrap();
    assert_eq!(incoming[0].id, "");
    let contents = json!({"list": [null, {"a": null}], "map": {"a": null}});
    let mut twin = contents.clone();
    twin["$dtId"] = json!("t");
    twin["$metadata"] = json!({"$model": "dtmi:a;1", "list": null});
    let twin: BasicDigitalTwin = serde_json::from_value(twin).unwrap();
    assert_eq!(Value::Object(twin.contents), contents);
    let mut component = contents.clone();
    component["$metadata"] = json!({"list": null});
    let component: BasicComponent = serde_json::from_value(component).unwrap();
    assert_eq!(Value::Object(component.contents), contents);
}

#[test]
fn a_set_field_replaces_the_null_in_extra() {
    let mut job: DeleteJob = serde_json::from_value(json!({"id": null, "status": "running"})).unwrap();
    assert_eq!(job.extra["id"], Value::Null);
    job.id = Some("j".to_owned());
    assert_eq!(
        serde_json::to_value(&job).unwrap(),
        json!({"id": "j", "status": "running"})
    );
}

#[derive(Debug, Serialize, serde::Deserialize)]
struct Room {
    temperature: f64,
}

#[tokio::test]
async fn a_decode_error_names_resource_and_member() {
    let metadata = json!({"$model": "dtmi:a;1"});
    let cases = [
        (
            json!({"$dtId": "room-1", "temperature": "warm", "$metadata": metadata}),
            "digital twin room-1, member `temperature`",
        ),
        (
            json!({"$dtId": 7, "$metadata": metadata}),
            "digital twin: member `$dtId`",
        ),
        (
            json!({"$dtId": "room-1"}),
            "digital twin: missing field `$metadata`",
        ),
    ];
    for (body, text) in cases {
        let (_, client) = MockService::with_responses([MockResponse::json(200, &body)]);
        let response = client
            .get_digital_twin::<DigitalTwin<Room>>("room-1")
            .await
            .unwrap();
        let error = Error::from(response.into_model().unwrap_err());
        assert_eq!(error.kind(), ErrorKind::InvalidResponse);
        assert!(error.to_string().contains(text), "{error}");
        assert!(!error.to_string().contains("warm"), "{error}");
    }
    let room = json!({"$dtId": "room-1", "temperature": "warm"});
    let (_, client) = MockService::with_responses([MockResponse::json(200, &room)]);
    let response = client.get_digital_twin::<Room>("room-1").await.unwrap();
    let error = Error::from(response.into_model().unwrap_err());
    assert_eq!(error.kind(), ErrorKind::InvalidResponse);
    assert!(
        error.to_string().contains("expected f64 at line 1 column"),
        "{error}"
    );
    assert!(!error.to_string().contains("warm"), "{error}");

    let page = json!({"value": [{"temperature": 20.5}, {"temperature": "warm"}]});
    let (_, client) = MockService::with_responses([MockResponse::json(200, &page)]);
    let mut rows = client
        .query_twins::<Room>("SELECT T.temperature FROM DIGITALTWINS T", None)
        .unwrap();
    let error = rows.try_next().await.unwrap_err();
    assert!(
        error.to_string().contains("row 1, member `temperature`"),
        "{error}"
    );
    assert!(!error.to_string().contains("warm"), "{error}");

    let route = json!({"value": [{"id": "a", "endpointName": 7, "filter": "true"}]});
    let (_, client) = MockService::with_responses([MockResponse::json(200, &route)]);
    let error = client
        .list_event_routes(None)
        .unwrap()
        .try_next()
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("event route, member `endpointName`"),
        "{error}"
    );
}

#[test]
fn models_carry_their_precondition() {
    let mut twin = BasicDigitalTwin::new("t", "m", Default::default());
    let error = twin.precondition().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidResponse);
    assert!(
        error.to_string().contains("Precondition::Unconditional"),
        "{error}"
    );
    twin.etag = Some(Etag::from("W/\"1\""));
    assert_eq!(
        twin.precondition().unwrap(),
        Precondition::IfMatch(Etag::from("W/\"1\""))
    );
    let mut relationship = BasicRelationship::new("r", "s", "n", "t", Default::default());
    assert!(relationship.precondition().is_err());
    relationship.etag = Some(Etag::from("1"));
    assert!(relationship.precondition().is_ok());
}

/// Checked at compile time.
#[test]
fn types_can_be_shared_between_threads() {
    fn shared<T: Send + Sync + 'static>() {}
    fn sent<T: Send + 'static>() {}
    shared::<DigitalTwinsClient>();
    shared::<DigitalTwinsClientOptions>();
    shared::<CallOptions>();
    shared::<Error>();
    shared::<DigitalTwin<Room>>();
    shared::<Relationship<Room>>();
    shared::<Component<Room>>();
    shared::<DigitalTwinPatch>();
    shared::<QueryTwinsOptions>();
    shared::<BulkUpsertOptions>();
    shared::<WaitUntilVisibleOptions>();
    shared::<UpsertOutcome>();
    // azure_core's pagers and pollers are not `Sync`.
    sent::<Pager<EventRoute>>();
    sent::<QueryPager<Value>>();
    sent::<Poller<ImportJob>>();
}
