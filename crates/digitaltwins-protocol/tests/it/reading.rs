//! Decoding of responses as the service sends them.

use digitaltwins_protocol::{Error, types};
use serde_json::{Value, json};

use crate::capture::Capture;
use crate::{body, client, run};

#[test]
fn a_twin_keeps_all_members_in_order() {
    let text = r#"{"$dtId":"room-12","$etag":"W/\"1\"","temperature":21.50,"open":null,"zeta":1,"alpha":[],
        "$metadata":{"$model":"dtmi:example:Room;1","$lastUpdateTime":"2030-05-06T07:08:09.1234567Z"}}"#;
    let capture = Capture::new(200, text);
    let twin = run(client(&capture).digital_twins_get_by_id("room-12", None, None)).unwrap();
    assert_eq!(
        Value::Object(twin.0.clone()),
        serde_json::from_str::<Value>(text).unwrap()
    );
    let names: Vec<_> = twin.0.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "$dtId",
            "$etag",
            "temperature",
            "open",
            "zeta",
            "alpha",
            "$metadata"
        ]
    );
}

#[test]
fn a_job_with_an_unknown_status_is_decoded() {
    let text = r#"{"id":"j","inputBlobUri":"i","outputBlobUri":"o","status":"paused",
        "createdDateTime":"2030-05-06T07:08:09.1234567Z","lastActionDateTime":"0001-01-01T00:00:00",
        "finishedDateTime":"0001-01-01T00:00:00Z","purgeDateTime":null,"error":null,"color":"blue"}"#;
    let capture = Capture::new(200, text);
    let job = run(client(&capture).import_jobs_get_by_id("j", None, None))
        .unwrap()
        .into_inner();
    assert_eq!(
        job.created_date_time.unwrap().to_string(),
        "2030-05-06T07:08:09.1234567Z"
    );
    assert!(job.last_action_date_time.unwrap().is_never());
    assert!(job.finished_date_time.unwrap().is_never());
    assert_eq!(job.purge_date_time, None);
    assert_eq!(
        job.status,
        Some(types::ImportJobStatus::UnknownValue("paused".into()))
    );
}

#[test]
fn query_rows_may_be_any_json_object() {
    let capture = Capture::new(
        200,
        r#"{"value":[{"a":1},{},{"T":{"$dtId":"x"}}],"continuationToken":"{\"n\":1}"}"#,
    );
    let page =
        run(client(&capture).query_query_twins(None, None, None, &types::QuerySpecification::default()))
            .unwrap();
    assert_eq!(
        page.value,
        [json!({ "a": 1 }), json!({}), json!({ "T": { "$dtId": "x" } })]
    );
    assert_eq!(page.continuation_token.as_deref(), Some(r#"{"n":1}"#));
}

#[test]
fn an_event_route_round_trip_keeps_unknown_members() {
    let text = r#"{"id":"r","endpointName":"e","filter":"true","color":{"primary":["red"]}}"#;
    let capture = Capture::new(200, text);
    let route = run(client(&capture).event_routes_get_by_id("r", None, None))
        .unwrap()
        .into_inner();
    let capture = Capture::new(204, "");
    run(client(&capture).event_routes_add("r", None, None, &route)).unwrap();
    let written: Value = serde_json::from_str(body(&capture.only())).unwrap();
    assert_eq!(written, serde_json::from_str::<Value>(text).unwrap());
}

#[test]
fn a_model_may_lack_its_definition() {
    let read = |text: &str| {
        let capture = Capture::new(200, text);
        run(client(&capture).digital_twin_models_get_by_id("dtmi:a;1", Some(true), None, None))
            .unwrap()
            .into_inner()
    };
    let bare = read(r#"{"id":"dtmi:a;1","displayName":{},"uploadTime":"2030-01-01T00:00:00.0000001+00:00"}"#);
    assert_eq!(bare.model, None);
    assert_eq!(bare.display_name.unwrap().len(), 0);
    let full = read(r#"{"id":"dtmi:a;1","model":{"@id":"dtmi:a;1","contents":[]},"new":true}"#);
    assert_eq!(full.model, Some(json!({ "@id": "dtmi:a;1", "contents": [] })));
}

#[test]
fn an_error_response_is_returned_with_its_body_unread() {
    let capture = Capture::new(412, r#"{"error":{"code":"PreconditionFailed","message":"x"}}"#);
    let result = run(client(&capture).digital_twins_delete("t", Some("W/\"0\""), None, None));
    let Err(Error::UnexpectedResponse(response)) = result else {
        panic!("expected an error response")
    };
    assert_eq!(response.status(), 412);
    assert!(run(response.text()).unwrap().contains("PreconditionFailed"));
}
