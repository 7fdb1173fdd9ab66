//! Digital twins of devices, and commands.

use azure_iot_emulator::MethodScript;
use serde_json::{Value, json};

use crate::support::{Hub, Response, quoted};

fn patch(hub: &Hub, body: Value) -> Response {
    hub.patch("/digitaltwins/d", &body)
}

fn desired(hub: &Hub) -> Value {
    let mut desired = hub.get("/twins/d").ok()["properties"]["desired"].take();
    for key in ["$metadata", "$version"] {
        desired.as_object_mut().unwrap().shift_remove(key);
    }
    desired
}

/// HUB-PNP-1, HUB-PNP-3.
#[test]
fn device_without_a_model_has_an_empty_digital_twin() {
    let hub = Hub::new();
    hub.create("d");
    hub.report("d", json!({"temperature": 20}));
    let response = hub.get("/digitaltwins/d");
    assert_eq!(response.header("etag"), Some("\"AAAAAAAAAAE=\""));
    assert_eq!(response.ok(), json!({"$dtId": "d", "$metadata": {"$model": ""}}));
    hub.get("/digitaltwins/missing").error(404, "DeviceNotFound");
}

/// HUB-PNP-2, HUB-PNP-11, HUB-TWIN-30.
#[test]
fn digital_twin_shows_properties_components_and_acknowledgements() {
    let hub = Hub::new();
    hub.create("d");
    let model = "dtmi:com:example:thing;1";
    hub.engine.set_model_id("d", None, model).unwrap();
    hub.patch(
        "/twins/d",
        &json!({"properties": {"desired": {"goal": 21, "open": true}}}),
    )
    .ok();
    hub.report(
        "d",
        json!({
            "serial": "s-1",
            "goal": {"value": 20, "ac": 202, "av": 2, "ad": "soon"},
            "heater": {"__t": "c", "level": 3},
        }),
    );
    let time = "2026-03-01T12:00:00.1234567Z";
    assert_eq!(
        hub.get("/digitaltwins/d").ok(),
        json!({
            "$dtId": "d",
            "serial": "s-1",
            "goal": 20,
            "heater": {"level": 3, "$metadata": {"level": {"lastUpdateTime": time}}},
            "$metadata": {
                "$model": model,
                "serial": {"lastUpdateTime": time},
                "goal": {
                    "desiredValue": 21, "desiredVersion": 2,
                    "ackVersion": 2, "ackCode": 202, "ackDescription": "soon", "lastUpdateTime": time,
                },
                "open": {"desiredValue": true, "desiredVersion": 2, "lastUpdateTime": time},
            },
        })
    );
    assert_eq!(hub.get("/twins/d").ok()["modelId"], model);
}

/// HUB-PNP-3, HUB-PNP-4, HUB-PNP-5.
#[test]
fn digital_twin_patch_writes_desired_properties() {
    let hub = Hub::new();
    hub.create("d");
    hub.report("d", json!({"heater": {"__t": "c", "level": 3}}));
    let response = patch(
        &hub,
        json!([
            {"op": "add", "path": "/speed", "value": 7},
            {"op": "add", "path": "/heater/level", "value": 4},
            {"op": "add", "path": "/plain/inner", "value": 1},
            {"op": "add", "path": "/lamp", "value": {"on": true, "$metadata": {}}},
        ]),
    );
    assert_eq!((response.status, &response.body), (202, &json!(null)));
    assert_eq!(
        response.header("location"),
        Some("https://localhost/digitaltwins/d")
    );
    assert_eq!(response.header("etag"), Some("\"AAAAAAAAAAI=\""));
    let expected = json!({
        "speed": 7, "heater": {"__t": "c", "level": 4}, "plain": {"inner": 1}, "lamp": {"on": true, "__t": "c"},
    });
    assert_eq!(desired(&hub), expected);
    patch(
        &hub,
        json!([{"op": "remove", "path": "/lamp"}, {"op": "replace", "path": "/speed", "value": 8}]),
    );
    assert_eq!(desired(&hub)["speed"], 8);
    assert_eq!(desired(&hub)["lamp"], json!(null));
    // The twin's ETag is the precondition.
    let etag = quoted(&hub.get("/twins/d").ok()["etag"]);
    let body = json!([{"op": "replace", "path": "/speed", "value": 9}]);
    let send = || hub.send("PATCH", "/digitaltwins/d", Some(&etag), Some(&body));
    assert_eq!(send().status, 202);
    send().error(412, "PreconditionFailed");
}

/// HUB-PNP-10.
#[test]
fn digital_twin_patches_are_checked() {
    let hub = Hub::new();
    hub.create("d");
    for (bad, code) in [
        (json!({"speed": 1}), "InvalidDigitalTwinJsonPatch"),
        (
            json!([{"op": "add", "path": "/a"}]),
            "InvalidDigitalTwinJsonPatch",
        ),
        (
            json!([{"op": "move", "path": "/a", "from": "/b"}]),
            "InvalidDigitalTwinJsonPatch",
        ),
        (
            json!([{"op": "add", "path": "a", "value": 1}]),
            "InvalidDigitalTwinPatchPath",
        ),
        (
            json!([{"op": "add", "path": "", "value": {}}]),
            "InvalidDigitalTwinPatchPath",
        ),
        (
            json!([{"op": "add", "path": "/$metadata/a", "value": 1}]),
            "InvalidDigitalTwinPatchPath",
        ),
        (
            json!([{"op": "add", "path": "/a", "value": "x".repeat(5000)}]),
            "ArgumentInvalid",
        ),
    ] {
        patch(&hub, bad).error(400, code);
    }
    assert_eq!(hub.get("/twins/d").ok()["version"], 2);
}

/// HUB-PNP-6, HUB-PNP-7, HUB-PNP-8, HUB-PNP-12.
#[test]
fn commands_are_direct_methods_and_refused_for_entra() {
    let hub = Hub::new();
    hub.create("d");
    hub.engine.set_connected("d", None, true).unwrap();
    let reply = MethodScript::reply(203, json!({"in": 5}));
    hub.engine.on_method("d", None, "reboot", reply).unwrap();
    let echo = MethodScript::Echo { status: 200 };
    hub.engine.on_method("d", None, "heater*echo", echo).unwrap();
    let invoke =
        |path: &str, body: Option<&Value>| hub.send("POST", &format!("/digitaltwins/d/{path}"), None, body);
    let response = invoke(
        "commands/reboot?responseTimeoutInSeconds=10",
        Some(&json!({"delay": 1})),
    );
    assert_eq!(response.header("x-ms-command-statuscode"), Some("203"));
    assert!(response.header("x-ms-request-id").is_some());
    assert_eq!(response.ok(), json!({"in": 5}));
    // A component command arrives as the direct method `component*command`; the payload may be any JSON.
    for payload in [json!(null), json!(1), json!([{"a": null}])] {
        let response = invoke("components/heater/commands/echo", Some(&payload));
        assert_eq!(response.ok(), payload);
    }
    assert_eq!(invoke("components/heater/commands/echo", None).ok(), json!(null));
    let offline = invoke("commands/unknown", Some(&json!({})));
    assert_eq!(
        (offline.status, offline.header("iothub-errorcode")),
        (404, Some("DeviceNotOnline"))
    );
    assert_eq!(
        invoke("commands/reboot?responseTimeoutInSeconds=4", None).status,
        400
    );
    invoke("commands/reboot?connectTimeoutInSeconds=x", None).error(400, "ArgumentInvalid");
    // Bearer tokens are refused.
    hub.with_bearer("POST", "/digitaltwins/d/commands/reboot", None, Some(&json!({})))
        .error(401, "IotHubUnauthorizedAccess");
}

fn thermostat_models() -> [Value; 2] {
    let property = |name: &str, schema: Value, writable: bool| json!({"@type": "Property", "name": name, "schema": schema, "writable": writable});
    let range = json!({"@type": "Object", "fields": [{"name": "low", "schema": "integer"}]});
    [
        json!({
            "@context": "dtmi:dtdl:context;2", "@id": "dtmi:example:House;1", "@type": "Interface",
            "contents": [
                property("goal", json!("double"), true),
                property("range", range, true),
                property("serial", json!("string"), false),
                {"@type": "Command", "name": "reboot"},
                {"@type": "Component", "name": "heater", "schema": "dtmi:example:Heater;1"},
            ],
        }),
        json!({
            "@context": "dtmi:dtdl:context;2", "@id": "dtmi:example:Heater;1", "@type": "Interface",
            "contents": [property("level", json!("integer"), true)],
        }),
    ]
}

/// HUB-PNP-9.
#[test]
fn digital_twin_patch_must_fit_a_known_model() {
    let hub = Hub::new();
    hub.create("d");
    hub.engine
        .set_model_id("d", None, "dtmi:example:House;1")
        .unwrap();
    let add = |path: &str, value: Value| json!([{"op": "add", "path": path, "value": value}]);
    // The model is still unknown to the hub.
    assert_eq!(patch(&hub, add("/anything", json!(1))).status, 202);
    hub.engine.set_models(&thermostat_models()).unwrap();
    for good in [
        add("/goal", json!(21.5)),
        add("/range", json!({"low": 3})),
        add("/range/low", json!(4)),
        add("/heater", json!({"$metadata": {}, "level": 1})),
        add("/heater/level", json!(2)),
        json!([{"op": "remove", "path": "/goal"}]),
    ] {
        assert_eq!(patch(&hub, good.clone()).status, 202, "{good}");
    }
    let before = hub.get("/twins/d").ok()["version"].clone();
    for bad in [
        add("/goal", json!("warm")),
        add("/range", json!({"low": 3.5})),
        add("/range/high", json!(4)),
        add("/serial", json!("s-2")),
        add("/reboot", json!(1)),
        add("/unknown", json!(1)),
        add("/heater", json!({"$metadata": {}, "level": "high"})),
        add("/heater", json!(1)),
        add("/heater/unknown", json!(1)),
        json!([{"op": "add", "path": "/goal", "value": 1}, {"op": "add", "path": "/serial", "value": "s"}]),
    ] {
        patch(&hub, bad).error(400, "InvalidPnPDesiredProperties");
    }
    assert_eq!(hub.get("/twins/d").ok()["version"], before);
}

#[test]
fn models_must_be_complete_dtdl() {
    let hub = Hub::new();
    let [house, heater] = thermostat_models();
    let error = hub.engine.set_models(std::slice::from_ref(&house)).unwrap_err();
    assert!(error.to_string().contains("dtmi:example:Heater;1"), "{error}");
    hub.engine.set_models(&[heater, house]).unwrap();
}
