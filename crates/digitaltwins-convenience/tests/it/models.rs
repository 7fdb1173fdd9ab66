//! Public types: what was read is kept, `null` is tolerated, errors name the member, and everything can be shared.

use azure_core::http::Etag;
use digitaltwins_convenience::{
    BasicComponent, BasicDigitalTwin, BasicRelationship, BulkUpsertOptions, CallOptions, Component,
    DeleteJob, DigitalTwin, DigitalTwinPatch, DigitalTwinsClient, DigitalTwinsClientOptions,
    DigitalTwinsModelData, Error, ErrorKind, EventRoute, ImportJob, IncomingRelationship, JobError, Pager,
    Poller, Precondition, PropertyMetadata, QueryPager, QueryTwinsOptions, Relationship, UpsertOutcome,
    WaitUntilVisibleOptions,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::support::{Answer, Service};

/// Reads `document` with each member in turn set to `null`, and checks that it serializes to what was read. Members in
/// `required` are read as an empty string and cannot come back as `null`.
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
    // The service stores no `null`, so twins, components and relationships leave out those of their contents.
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
fn a_field_that_is_set_replaces_the_null_that_was_read() {
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
async fn a_response_that_cannot_be_decoded_names_resource_and_member() {
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
        let (_, client) = Service::answering([Answer::json(200, &body)]);
        let response = client
            .get_digital_twin::<DigitalTwin<Room>>("room-1")
            .await
            .unwrap();
        let error = Error::from(response.into_model().unwrap_err());
        assert_eq!(error.kind(), ErrorKind::InvalidResponse);
        assert!(error.to_string().contains(text), "{error}");
        assert!(!error.to_string().contains("warm"), "{error}");
    }
    let route = json!({"value": [{"id": "a", "endpointName": 7, "filter": "true"}]});
    let (_, client) = Service::answering([Answer::json(200, &route)]);
    use futures::TryStreamExt;
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

/// This need only compile.
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
