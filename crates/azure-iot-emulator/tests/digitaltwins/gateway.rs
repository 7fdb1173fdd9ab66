//! Behavior that all operations share: response headers, API versions and routing.

use http::Method;
use serde_json::json;

use crate::fixture::{Instance, Reply};

/// ADT-HTTP-1, ADT-HTTP-2: every response has these headers, including errors.
#[test]
fn every_response_has_the_trace_and_service_headers() {
    let instance = Instance::with_building();
    for path in ["/digitaltwins/room-1", "/digitaltwins/none", "/nothing"] {
        let reply = instance.get(path);
        assert_eq!(
            reply.header("mise-correlation-id").map(str::len),
            Some(36),
            "{path}"
        );
        let trace = reply.header("traceresponse").expect("a trace").to_owned();
        let parts: Vec<_> = trace.split('-').map(str::len).collect();
        assert_eq!(parts, [2, 32, 16, 2], "{trace}");
        assert_eq!(
            reply.header("content-type"),
            Some("application/json; charset=utf-8")
        );
        assert_eq!(reply.header("strict-transport-security"), Some("max-age=2592000"));
    }
    let reply = instance.patch("/digitaltwins/room-1", &json!([]));
    assert_eq!((reply.status, reply.response.body.len()), (204, 0));
    assert_eq!(reply.header("content-type"), None);
    for name in [
        "mise-correlation-id",
        "traceresponse",
        "strict-transport-security",
    ] {
        assert!(reply.header(name).is_some(), "{name}");
    }
    let id = |reply: &Reply| uuid::Uuid::parse_str(reply.header("mise-correlation-id").unwrap_or_default());
    let (first, second) = (
        id(&reply).expect("a UUID"),
        id(&instance.get("/models")).expect("a UUID"),
    );
    assert_ne!(first, second);
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let reply = instance.send(
        Method::GET,
        "/digitaltwins/room-1",
        None,
        &[("traceparent", parent)],
    );
    let trace = reply.header("traceresponse").expect("a trace");
    assert!(
        trace.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-") && trace != parent,
        "{trace}"
    );
}

/// ADT-HTTP-3, ADT-HTTP-4, ADT-HTTP-5: all published preview versions are supported.
#[test]
fn api_version_must_be_present_and_known() {
    let instance = Instance::with_building();
    for version in [
        "2020-05-31-preview",
        "2020-10-31",
        "2021-06-30-preview",
        "2022-05-31",
        "2023-02-27-preview",
        "2023-06-30",
        "2023-10-31",
    ] {
        assert_eq!(
            instance
                .get(&format!("/digitaltwins/room-1?api-version={version}"))
                .status,
            200,
            "{version}"
        );
    }
    assert_eq!(
        instance
            .get("/digitaltwins/room-1?API-Version=2023-10-31&api-version=")
            .status,
        200
    );
    for query in [
        "api-version=",
        "api-version=2019-01-01",
        "api-version=2023-10-31-preview",
        "x=api-version",
    ] {
        let reply = instance.get(&format!("/digitaltwins/room-1?{query}"));
        assert_eq!(reply.status, 400, "{query}");
        assert!(reply.message().contains("api-version"), "{}", reply.body);
        assert_eq!(reply.header("x-ms-error-code"), Some(reply.code()), "ADT-ERROR-2");
    }
}

/// ADT-ERROR-2, ADT-ERROR-3: 2020-10-31 has no `x-ms-error-code` header.
#[test]
fn error_code_header_exists_since_2022_05_31() {
    let instance = Instance::new();
    let code = |version: &str| {
        let reply = instance.get(&format!("/digitaltwins/none?api-version={version}"));
        assert_eq!((reply.status, reply.code()), (404, "DigitalTwinNotFound"));
        reply.header("x-ms-error-code").map(str::to_owned)
    };
    for version in ["2020-05-31-preview", "2020-10-31"] {
        assert_eq!(code(version), None, "{version}");
    }
    for version in ["2021-06-30-preview", "2022-05-31", "2023-02-27-preview"] {
        assert_eq!(code(version).as_deref(), Some("DigitalTwinNotFound"), "{version}");
    }
}

/// ADT-TWIN-6.
#[test]
fn last_update_times_exist_since_2022_05_31() {
    let instance = Instance::with_building();
    let query = json!({"query": "SELECT * FROM DIGITALTWINS WHERE $dtId = 'room-1'"});
    for (version, has) in [
        ("2020-10-31", false),
        ("2021-06-30-preview", true),
        ("2022-05-31", true),
        ("2023-06-30", true),
        ("2023-10-31", true),
    ] {
        let get = |path: &str| instance.get(&format!("{path}?api-version={version}")).body;
        let rows = instance
            .post(&format!("/query?api-version={version}"), &query)
            .body;
        let component = get("/digitaltwins/room-1/components/thermostat");
        for element in [&get("/digitaltwins/room-1"), &rows["value"][0], &component] {
            let time = element["$metadata"].get("$lastUpdateTime");
            assert_eq!(time.is_some(), has, "{version}: {element}");
        }
    }
}

/// ADT-HTTP-13, ADT-ERROR-3: a missing job has no `x-ms-error-code` header in any version.
#[test]
fn jobs_exist_since_the_version_that_introduced_them() {
    let instance = Instance::new();
    let get = |path: &str, version: &str| instance.get(&format!("/jobs/{path}/x?api-version={version}"));
    for (version, imports, deletions) in [
        ("2020-10-31", 400, 400),
        ("2022-05-31", 400, 400),
        ("2023-02-27-preview", 404, 400),
        ("2023-06-30", 404, 400),
        ("2023-10-31", 404, 404),
    ] {
        for (path, status) in [("imports", imports), ("deletions", deletions)] {
            let reply = get(path, version);
            assert_eq!(reply.status, status, "{path} {version}");
            let has_code = status == 400 && version != "2020-10-31";
            let code = has_code.then(|| reply.code());
            assert_eq!(reply.header("x-ms-error-code"), code, "{path} {version}");
        }
    }
}

/// ADT-HTTP-6, ADT-ID-1: literal path segments ignore case, ids do not.
#[test]
fn routes_ignore_case() {
    let instance = Instance::with_building();
    drop(instance.service.subscribe("ep").expect("an endpoint"));
    instance
        .put("/EventRoutes/R", &json!({"endpointName": "ep", "filter": "true"}))
        .ok();
    for (good, bad) in [
        ("/MODELS/dtmi:test:Room;1", "/models/dtmi:test:room;1"),
        ("/DigitalTwins/room-1", "/digitaltwins/Room-1"),
        (
            "/DigitalTwins/room-1/Components/thermostat",
            "/digitaltwins/room-1/components/Thermostat",
        ),
        (
            "/DigitalTwins/floor-1/Relationships/r1",
            "/digitaltwins/floor-1/relationships/R1",
        ),
        (
            "/DIGITALTWINS/room-1/IncomingRelationships",
            "/digitaltwins/ROOM-1/incomingrelationships",
        ),
        ("/eventROUTES/R", "/eventroutes/r"),
    ] {
        assert_eq!(
            (instance.get(good).status, instance.get(bad).status),
            (200, 404),
            "{good}"
        );
    }
    for list in ["/Models", "/EventRoutes", "/Jobs/Imports", "/JOBS/Deletions"] {
        assert_eq!(instance.get(list).status, 200, "{list}");
    }
    let telemetry = |path: &str| instance.send(Method::POST, path, Some(&json!({})), &[("Message-ID", "m")]);
    assert_eq!(telemetry("/DigitalTwins/room-1/Telemetry").status, 204);
    assert_eq!(
        telemetry("/digitaltwins/room-1/COMPONENTS/thermostat/Telemetry").status,
        204
    );
    assert_eq!(
        instance
            .post("/Query", &json!({"query": "SELECT * FROM DIGITALTWINS"}))
            .status,
        200
    );
    assert_eq!(
        instance.post("/Jobs/Imports/x/Cancel", &json!({})).code(),
        "JobNotFound"
    );
}

/// ADT-HTTP-8, ADT-HTTP-14, ADT-TWIN-23: unknown paths and unsupported methods are refused.
#[test]
fn unknown_paths_methods_and_cors_are_refused() {
    let instance = Instance::new();
    for path in [
        "/",
        "/digitaltwins",
        "/digitaltwins/",
        "/twins/a",
        "/digitaltwins/a/b/c/d/e",
    ] {
        assert_eq!(instance.get(path).status, 404, "{path}");
    }
    assert_eq!(instance.post("/digitaltwins/a", &json!({})).status, 405);
    assert_eq!(instance.get("/query").status, 405);
    // There are no CORS headers.
    let origin = [
        ("origin", "https://elsewhere.test"),
        ("access-control-request-method", "GET"),
    ];
    let reply = instance.send(Method::OPTIONS, "/models", None, &origin);
    assert_eq!(reply.status, 405);
    let names = reply.response.headers.keys();
    assert!(
        names
            .into_iter()
            .all(|name| !name.as_str().starts_with("access-control"))
    );
    // One trailing slash is ignored.
    assert_eq!(instance.get("/digitaltwins/a/").code(), "DigitalTwinNotFound");
}
