//! Events that are sent along event routes, for changes and for telemetry.

use azure_iot_emulator::{CloudEvent, EndpointError, EventSubscription};
use http::Method;
use serde_json::{Value, json};

use crate::fixture::Instance;

/// Returns an instance with a building, and a subscription to the events that match `filter`.
fn routed(filter: &str) -> (Instance, EventSubscription) {
    let instance = Instance::with_building();
    let events = instance.service.subscribe("ep").expect("an endpoint");
    let body = json!({"endpointName": "ep", "filter": filter});
    instance.put("/eventroutes/r", &body).ok();
    (instance, events)
}

fn one(events: &mut EventSubscription) -> CloudEvent {
    let event = events.try_next().expect("an event");
    assert_eq!(events.try_next(), None, "one event");
    event
}

fn summary(event: &CloudEvent) -> (&str, &str, &Value) {
    (event.event_type, &event.subject, &event.data)
}

/// ADT-EVENT-2, ADT-EVENT-3, ADT-EVENT-8.
#[test]
fn twin_changes_send_events() {
    let (instance, mut events) = routed("true");
    let twin = instance
        .put_twin("floor-3", "dtmi:test:Floor;1", json!({"level": 3, "name": "x"}))
        .body;
    let event = one(&mut events);
    assert_eq!(
        summary(&event),
        ("Microsoft.DigitalTwins.Twin.Create", "floor-3", &twin)
    );

    let patch = json!([
        {"op": "replace", "path": "/level", "value": 4},
        {"op": "remove", "path": "/name"}
    ]);
    instance.patch("/digitaltwins/floor-3", &patch).ok();
    let data = json!({"modelId": "dtmi:test:Floor;1", "patch": [
        {"value": 4, "path": "/level", "op": "replace"},
        {"path": "/name", "op": "remove"}
    ]});
    let event = one(&mut events);
    assert_eq!(
        summary(&event),
        ("Microsoft.DigitalTwins.Twin.Update", "floor-3", &data)
    );
    assert_eq!(event.data.to_string(), data.to_string(), "order of members");

    // ADT-EVENT-8: replacing a twin sends an update event whose patch is the difference.
    instance.put_twin("floor-3", "dtmi:test:Floor;1", json!({"name": "y"}));
    let data = json!({"modelId": "dtmi:test:Floor;1", "patch": [
        {"path": "/level", "op": "remove"},
        {"value": "y", "path": "/name", "op": "add"}
    ]});
    assert_eq!(one(&mut events).data, data);

    let twin = instance.get("/digitaltwins/floor-3").body;
    instance.delete("/digitaltwins/floor-3").ok();
    let event = one(&mut events);
    assert_eq!(
        summary(&event),
        ("Microsoft.DigitalTwins.Twin.Delete", "floor-3", &twin)
    );
}

/// ADT-EVENT-11.
#[test]
fn component_patch_is_an_update_of_its_twin() {
    let (instance, mut events) = routed("true");
    let patch = json!([{"op": "add", "path": "/target", "value": 20}]);
    instance
        .patch("/digitaltwins/room-1/components/thermostat", &patch)
        .ok();
    let event = one(&mut events);
    assert_eq!(
        event.data["patch"],
        json!([{"value": 20, "path": "/thermostat/target", "op": "add"}])
    );
    assert_eq!(event.subject, "room-1");
}

/// ADT-EVENT-4, ADT-EVENT-5.
#[test]
fn relationship_changes_send_events() {
    let (instance, mut events) = routed("true");
    let path = "/digitaltwins/room-1/relationships/d";
    let body = json!({"$relationshipName": "adjacent", "$targetId": "room-2", "door": "oak"});
    let relationship = instance.put(path, &body).ok().body;
    let subject = "room-1/relationships/d";
    let event = one(&mut events);
    assert_eq!(
        summary(&event),
        (
            "Microsoft.DigitalTwins.Relationship.Create",
            subject,
            &relationship
        )
    );

    let updated = "Microsoft.DigitalTwins.Relationship.Update";
    let patch = json!([{"op": "replace", "path": "/door", "value": "elm"}]);
    instance.patch(path, &patch).ok();
    let data = |value: &str| {
        json!({"modelId": "dtmi:test:Room;1", "patch": [
            {"value": value, "path": "/door", "op": "replace"}
        ]})
    };
    let event = one(&mut events);
    assert_eq!(summary(&event), (updated, subject, &data("elm")));
    instance.put(path, &body).ok();
    let event = one(&mut events);
    assert_eq!(summary(&event), (updated, subject, &data("oak")));

    let relationship = instance.get(path).body;
    instance.delete(path).ok();
    let event = one(&mut events);
    assert_eq!(
        summary(&event),
        (
            "Microsoft.DigitalTwins.Relationship.Delete",
            subject,
            &relationship
        )
    );
}

/// ADT-EVENT-6, ADT-EVENT-7.
#[test]
fn telemetry_is_an_event_of_its_twin_or_component() {
    let (instance, mut events) = routed("type = 'microsoft.iot.telemetry'");
    let body = json!({"motion": true});
    let headers = [
        ("message-id", "m-1"),
        ("telemetry-source-time", "2020-01-02T03:04:05Z"),
    ];
    let send = |path: &str| instance.send(Method::POST, path, Some(&body), &headers).ok();
    send("/digitaltwins/room-1/telemetry");
    let event = one(&mut events);
    assert_eq!(summary(&event), ("microsoft.iot.telemetry", "", &body));
    assert_eq!(event.id, "m-1");
    assert_eq!(event.time, "2020-01-02T03:04:05Z");
    assert_eq!(event.source, "twins.test/digitaltwins/room-1");
    assert_eq!(event.dataschema.as_deref(), Some("dtmi:test:Room;1"));

    send("/digitaltwins/room-1/components/thermostat/telemetry");
    let event = one(&mut events);
    assert_eq!(event.subject, "thermostat");
    assert_eq!(event.dataschema.as_deref(), Some("dtmi:test:Thermostat;1"));

    // ADT-TELEMETRY-3: a source time in the .NET client's format.
    let headers = [
        ("message-id", "m-2"),
        ("telemetry-source-time", "05/02/25 14:57:59 +02:00"),
    ];
    let path = "/digitaltwins/room-1/components/thermostat/telemetry";
    instance.send(Method::POST, path, Some(&body), &headers).ok();
    assert_eq!(one(&mut events).time, "2025-05-02T12:57:59.0000000Z");
    // Telemetry of a component whose model has been deleted has no schema.
    for id in ["Room", "Thermostat"] {
        instance.delete(&format!("/models/dtmi:test:{id};1")).ok();
    }
    send(path);
    assert_eq!(one(&mut events).dataschema, None);
}

/// ADT-EVENT-1, ADT-EVENT-12.
#[test]
fn event_has_the_cloud_event_envelope() {
    let (instance, mut events) = routed("true");
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let patch = json!([{"op": "add", "path": "/name", "value": "n"}]);
    let headers = [
        ("content-type", "application/json-patch+json"),
        ("traceparent", trace),
    ];
    instance
        .send(Method::PATCH, "/digitaltwins/floor-1", Some(&patch), &headers)
        .ok();
    let event = serde_json::to_value(one(&mut events)).expect("JSON");
    let names: Vec<_> = event.as_object().expect("an object").keys().collect();
    let expected = [
        "specversion",
        "id",
        "source",
        "type",
        "time",
        "subject",
        "datacontenttype",
        "traceparent",
        "data",
    ];
    assert_eq!(names, expected);
    assert_eq!(event["specversion"], "1.0");
    assert_eq!(event["source"], "twins.test");
    assert_eq!(event["time"], "2025-05-02T14:57:59.4944153Z");
    assert_eq!(event["datacontenttype"], "application/json");
    assert_eq!(event["traceparent"], trace);
    assert!(uuid::Uuid::parse_str(event["id"].as_str().expect("an id")).is_ok());
}

/// ADT-EVENT-1, ADT-EVENT-2, ADT-EVENT-3, ADT-EVENT-4, ADT-EVENT-5, ADT-EVENT-6, ADT-EVENT-7: every event type with
/// all attributes, as webhooks receive it.
#[test]
fn every_event_type_has_the_complete_envelope() {
    let (instance, mut events) = routed("true");
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let mut ids = std::collections::HashSet::new();
    let mut check = |method: Method,
                     path: &str,
                     body: Value,
                     kind: &str,
                     subject: &str,
                     data: Option<Value>| {
        let is_telemetry = kind == "microsoft.iot.telemetry";
        let headers = [("traceparent", trace), ("message-id", "m-1")];
        let before = instance.get(path.trim_end_matches("/telemetry")).body;
        let reply = instance.send(method.clone(), path, Some(&body), &headers).ok();
        let event = serde_json::to_value(one(&mut events)).expect("JSON");
        let id = event["id"].as_str().expect("a text");
        match is_telemetry {
            true => assert_eq!(id, "m-1"),
            false => assert!(
                uuid::Uuid::parse_str(id).is_ok() && ids.insert(id.to_owned()),
                "{id}"
            ),
        }
        let whole = match method {
            Method::PUT => reply.body,
            _ => before,
        };
        let mut expected = json!({
            "specversion": "1.0", "id": id, "source": "twins.test", "type": kind,
            "time": "2025-05-02T14:57:59.4944153Z", "subject": subject, "datacontenttype": "application/json",
            "traceparent": trace, "data": data.unwrap_or(whole),
        });
        if is_telemetry {
            expected["source"] = "twins.test/digitaltwins/room-1".into();
            expected["dataschema"] = match subject {
                "" => "dtmi:test:Room;1".into(),
                _ => "dtmi:test:Thermostat;1".into(),
            };
        }
        assert_eq!(event, expected);
    };
    let kind = |name: &str| format!("Microsoft.DigitalTwins.{name}");
    let patch = json!([{"op": "add", "path": "/name", "value": "n"}]);
    let patched = |model: &str, name: &str| json!({"modelId": model, "patch": [{"value": "n", "path": format!("/{name}"), "op": "add"}]});
    let floor = json!({"$metadata": {"$model": "dtmi:test:Floor;1"}});
    let path = "/digitaltwins/f";
    check(Method::PUT, path, floor, &kind("Twin.Create"), "f", None);
    let data = patched("dtmi:test:Floor;1", "name");
    check(Method::PATCH, path, patch, &kind("Twin.Update"), "f", Some(data));
    check(Method::DELETE, path, Value::Null, &kind("Twin.Delete"), "f", None);
    let path = "/digitaltwins/room-1/relationships/d";
    let subject = "room-1/relationships/d";
    let body = json!({"$relationshipName": "adjacent", "$targetId": "room-2"});
    check(
        Method::PUT,
        path,
        body,
        &kind("Relationship.Create"),
        subject,
        None,
    );
    let patch = json!([{"op": "add", "path": "/door", "value": "n"}]);
    let data = patched("dtmi:test:Room;1", "door");
    check(
        Method::PATCH,
        path,
        patch,
        &kind("Relationship.Update"),
        subject,
        Some(data),
    );
    check(
        Method::DELETE,
        path,
        Value::Null,
        &kind("Relationship.Delete"),
        subject,
        None,
    );
    let data = json!({"anything": [1, null]});
    for (path, subject) in [
        ("/digitaltwins/room-1/telemetry", ""),
        (
            "/digitaltwins/room-1/components/thermostat/telemetry",
            "thermostat",
        ),
    ] {
        check(
            Method::POST,
            path,
            data.clone(),
            "microsoft.iot.telemetry",
            subject,
            Some(data.clone()),
        );
    }
}

/// ADT-EVENT-12.
#[test]
fn request_without_a_trace_starts_one() {
    let (instance, mut events) = routed("true");
    let mut trace = || {
        instance.patch("/digitaltwins/floor-1", &json!([])).ok();
        one(&mut events).traceparent
    };
    let (first, second) = (trace(), trace());
    assert_ne!(first, second);
    let lengths: Vec<_> = first.split('-').map(str::len).collect();
    assert_eq!(lengths, [2, 32, 16, 2], "{first}");
}

/// ADT-FILTER-1, ADT-FILTER-2.
#[test]
fn filters_select_events_and_refused_requests_send_none() {
    let (instance, mut events) = routed(
        "type = 'Microsoft.DigitalTwins.Twin.Create' AND STARTS_WITH($body.$metadata.$model, 'dtmi:test:Fl')",
    );
    let room = json!({"thermostat": {"$metadata": {}}});
    instance.put_twin("room-9", "dtmi:test:Room;1", room);
    instance.delete("/digitaltwins/room-9").ok();
    let patch = json!([{"op": "remove", "path": "/none"}]);
    assert_eq!(instance.patch("/digitaltwins/floor-1", &patch).status, 400);
    assert_eq!(instance.delete("/digitaltwins/floor-1").status, 400);
    assert_eq!(events.try_next(), None);
    instance.put_twin("floor-9", "dtmi:test:Floor;1", json!({}));
    assert_eq!(one(&mut events).subject, "floor-9");
    instance.delete("/eventroutes/r").ok();
    instance.put_twin("floor-8", "dtmi:test:Floor;1", json!({}));
    assert_eq!(events.try_next(), None);
}

/// ADT-ROUTE-6.
#[test]
fn six_endpoints_are_allowed_and_can_be_shared() {
    let (instance, mut first) = routed("true");
    let mut second = instance.service.subscribe("ep").expect("the same endpoint");
    instance.put_twin("floor-9", "dtmi:test:Floor;1", json!({}));
    assert_eq!(one(&mut first), one(&mut second));
    for number in 1..6 {
        drop(instance.service.subscribe(&format!("e{number}")).expect("room"));
    }
    assert_eq!(
        instance.service.subscribe("e6").expect_err("too many"),
        EndpointError::TooMany
    );
}
