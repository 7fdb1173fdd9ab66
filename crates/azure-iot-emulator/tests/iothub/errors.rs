use http::{HeaderName, HeaderValue, Method};
use serde_json::json;

use azure_iot_emulator::ServiceRequest;

use crate::configurations::content;
use crate::support::{Hub, build, policy};

/// HUB-ERROR-1, HUB-ERROR-2, HUB-ERROR-5, HUB-ERROR-7, HUB-HTTP-4: the error envelope, its headers and the tracking id.
#[test]
fn error_has_envelope_code_header_and_tracking_id() {
    let hub = Hub::new();
    let request = build("GET", "/devices/sensor-thl-002", None, None);
    let id = request.request_id.clone();
    let response = hub.request(request);
    assert_eq!(
        response.body,
        json!({
            "Message": "ErrorCode:DeviceNotFound;sensor-thl-002",
            "ExceptionMessage": format!("Tracking ID:{}-G:0-TimeStamp:03/01/2026 12:00:00", id.replace('-', "")),
        })
    );
    assert_eq!(response.header("iothub-errorcode"), Some("DeviceNotFound"));
    assert_eq!(response.header("x-ms-request-id"), Some(id.as_str()));
    assert_eq!(
        response.header("content-type"),
        Some("application/json; charset=utf-8")
    );
}

/// HUB-AUTH-15, HUB-AUTH-16, HUB-AUTH-18: a request without the required permission of the policy fails with 401,
/// not 403.
#[test]
fn missing_permission_is_unauthorized() {
    let hub = Hub::new();
    hub.create("a");
    let status = |name: &str, method: &str, path: &str, body: Option<serde_json::Value>| {
        hub.request(build(method, path, Some("*"), body.as_ref()).with_caller(policy(name)))
            .status
    };
    let tags = Some(json!({"tags": {}}));
    for (name, method, path, body, expected) in [
        ("registryReadWrite", "GET", "/twins/a", None, 401),
        ("registryReadWrite", "PATCH", "/twins/a", tags.clone(), 401),
        ("service", "PATCH", "/twins/a", tags, 200),
        ("service", "GET", "/devices/a", None, 401),
        ("registryRead", "GET", "/devices/a", None, 200),
        ("registryRead", "GET", "/statistics/devices", None, 200),
        (
            "registryRead",
            "PUT",
            "/devices/a",
            Some(json!({"deviceId": "a"})),
            401,
        ),
        ("registryRead", "DELETE", "/devices/a", None, 401),
        ("device", "GET", "/devices/a", None, 401),
        ("device", "GET", "/twins/a", None, 401),
        ("registryReadWrite", "DELETE", "/devices/a", None, 204),
    ] {
        assert_eq!(
            status(name, method, path, body),
            expected,
            "{name} {method} {path}"
        );
    }
}

/// HUB-HTTP-1, HUB-HTTP-2.
#[test]
fn api_version_must_be_present_and_known() {
    let hub = Hub::new();
    for (query, expected) in [
        ("api-version=2016-11-14", 200),
        ("api-version=2018-06-30", 200),
        ("api-version=2018-08-30-preview", 200),
        ("api-version=2019-10-01", 200),
        ("API-Version=2020-05-31-preview", 200),
        ("api-version=2020-09-30", 200),
        ("api-version=2021-04-12", 200),
        ("api-version=2024-03-31", 200),
        ("api-version=2026-11-01", 200),
        ("", 400),
        ("api-version=", 400),
        ("api-version=latest", 400),
        ("api-version=2021-04", 400),
        ("api-version=2021-04-12-beta", 400),
        ("api-version=9999-99-99", 400),
        ("api-version=2021-02-29", 400),
        ("api-version=2021-13-01-preview", 400),
        ("api-version=2026-11-02", 400),
        ("api-version=-2021-04-12", 400),
        ("api-version=%2B2021-04-12", 400),
    ] {
        let request = ServiceRequest::new(Method::GET, &format!("/statistics/devices?{query}")).unwrap();
        assert_eq!(hub.request(request).status, expected, "{query}");
    }
}

/// HUB-HTTP-8.
#[test]
fn unknown_path_is_not_found_and_unknown_method_not_allowed() {
    let hub = Hub::new();
    hub.get("/nothing").error(404, "GenericNotFound");
    hub.get("/").error(404, "GenericNotFound");
    let response = hub.send("PATCH", "/devices/a", None, None);
    response.error(405, "GenericMethodNotAllowed");
    assert_eq!(response.header("allow"), Some("GET, PUT, DELETE"));
}

/// HUB-HTTP-9.
#[test]
fn malformed_body_is_bad_request_and_changes_nothing() {
    let hub = Hub::new();
    for bad in [
        "",
        "{",
        "[]",
        "null",
        "{\"deviceId\":1}",
        "{\"deviceId\":\"a\",\"authentication\":7}",
        "\u{feff}{}",
    ] {
        let mut request = build("PUT", "/devices/a", None, None).with_header(
            HeaderName::from_static("content-type"),
            HeaderValue::from_static("application/json"),
        );
        request.body = bad.to_owned().into();
        let response = hub.request(request);
        assert_eq!(response.status, 400, "{bad}");
    }
    hub.get("/devices/a").error(404, "DeviceNotFound");
}

/// HUB-HTTP-3.
#[test]
fn encoded_slash_separates_path_segments() {
    let hub = Hub::new();
    hub.create("a#b");
    let query = json!({"query": "SELECT deviceId FROM devices"});
    let rows = hub.send("POST", "/devices%2Fquery", None, Some(&query)).ok();
    assert_eq!(rows, json!([{"deviceId": "a#b"}]));
    for path in ["/twins%2Fa%23b", "/twins%2fa%23b%2F", "/twins/a%23b/"] {
        assert_eq!(hub.get(path).ok()["deviceId"], "a#b", "{path}");
    }
    hub.get("/twins%2Fa%23b%2Fmodules").error(404, "GenericNotFound");
}

/// HUB-AUTH-17.
#[test]
fn jobs_and_configurations_need_the_rights_of_the_registry_or_the_service() {
    let hub = Hub::new();
    for (method, path, allowed) in [
        ("GET", "/jobs", ["iothubowner", "registryReadWrite"].as_slice()),
        ("POST", "/jobs/create", &["iothubowner", "registryReadWrite"]),
        (
            "GET",
            "/configurations",
            &["iothubowner", "registryRead", "registryReadWrite"],
        ),
        ("PUT", "/configurations/c", &["iothubowner", "registryReadWrite"]),
        ("GET", "/jobs/v2/j", &["iothubowner", "service"]),
        ("PUT", "/jobs/v2/j", &["iothubowner", "service"]),
    ] {
        for name in [
            "iothubowner",
            "service",
            "device",
            "registryRead",
            "registryReadWrite",
        ] {
            let request = build(method, path, None, Some(&json!({}))).with_caller(policy(name));
            let is_allowed = hub.request(request).status != 401;
            assert_eq!(is_allowed, allowed.contains(&name), "{name} {method} {path}");
        }
    }
}

/// HUB-HTTP-10.
#[test]
fn array_in_place_of_an_object_is_refused() {
    let hub = Hub::new();
    hub.create("a");
    let job = |member: &str| {
        let kind = match member {
            "updateTwin" => "scheduleUpdateTwin",
            _ => "scheduleDeviceMethod",
        };
        json!({"type": kind, "queryCondition": "*", member: []})
    };
    for (method, path, body) in [
        ("PUT", "/devices/b", json!([])),
        ("PUT", "/devices/b", json!({"capabilities": []})),
        ("PUT", "/devices/b", json!({"authentication": []})),
        (
            "PUT",
            "/devices/b",
            json!({"authentication": {"symmetricKey": []}}),
        ),
        (
            "PUT",
            "/devices/b",
            json!({"authentication": {"x509Thumbprint": []}}),
        ),
        ("PUT", "/devices/a/modules/m", json!([])),
        ("POST", "/devices", json!([[]])),
        ("POST", "/devices", json!([{"id": "b", "capabilities": []}])),
        ("POST", "/devices/query", json!(["SELECT * FROM devices"])),
        ("PUT", "/configurations/c", json!([])),
        (
            "PUT",
            "/configurations/c",
            json!({"content": content(), "metrics": []}),
        ),
        ("POST", "/configurations/testQueries", json!([])),
        ("POST", "/jobs/create", json!([])),
        ("PUT", "/jobs/v2/j", json!([])),
        ("PUT", "/jobs/v2/j", job("updateTwin")),
        ("PUT", "/jobs/v2/j", job("cloudToDeviceMethod")),
        ("POST", "/twins/a/methods", json!([])),
        ("PATCH", "/digitaltwins/a", json!([["add", "/x", 1]])),
    ] {
        let response = hub.send(method, path, None, Some(&body));
        assert_eq!(response.status, 400, "{method} {path} {body} {}", response.body);
        let text = response.body.to_string();
        assert!(
            text.contains("expected an object"),
            "{method} {path} {body} {text}"
        );
    }
    hub.get("/devices/b").error(404, "DeviceNotFound");
}
