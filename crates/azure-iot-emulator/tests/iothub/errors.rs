use http::{HeaderName, HeaderValue, Method};
use serde_json::json;

use azure_iot_emulator::ServiceRequest;

use crate::support::{Hub, build, policy};

/// HUB-ERROR-1, HUB-ERROR-2, HUB-ERROR-5, HUB-ERROR-7, HUB-HTTP-4: the envelope, its headers, and the tracking id.
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

/// HUB-AUTH-15, HUB-AUTH-16, HUB-AUTH-18: permissions of policies; a missing permission is 401, not 403.
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
        ("api-version=2021-04-12", 200),
        ("API-Version=2020-05-31-preview", 200),
        ("", 400),
        ("api-version=", 400),
        ("api-version=latest", 400),
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
