//! Requests beyond a limit fail. The tests use low limits.

use std::sync::Arc;

use futures::executor::block_on;
use http::Method;
use serde_json::{Value, json};

use super::*;
use crate::clock::Clock;
use crate::digitaltwins::DigitalTwins;
use crate::digitaltwins::instance::Instance;
use crate::service::ServiceRequest;

/// Returns an instance with these limits and the twins `a`, `b` and `c`, whose model allows relationships to
/// any twin.
fn instance(limits: Limits) -> DigitalTwins {
    let mut instance = Instance::new(Clock::new());
    instance.limits = limits;
    let service = DigitalTwins {
        instance: Arc::new(instance),
    };
    assert_eq!(
        send(&service, Method::POST, "/models", &json!([model(1)])),
        (201, String::new())
    );
    for id in ["a", "b", "c"] {
        assert_eq!(put(&service, id), (200, String::new()));
    }
    service
}

fn model(version: u32) -> Value {
    json!({"@id": format!("dtmi:l:Any;{version}"), "@type": "Interface", "@context": "dtmi:dtdl:context;2",
        "contents": [{"@type": "Relationship", "name": "r"}]})
}

/// Sends a request and returns the status and the error code.
fn send(service: &DigitalTwins, method: Method, path: &str, body: &Value) -> (u16, String) {
    let path = format!("{path}?api-version=2023-10-31");
    let request = ServiceRequest::new(method, &path).unwrap().with_json(body);
    let response = block_on(service.handle(request));
    let body = response.body_json().unwrap();
    let code = body["error"]["code"].as_str().unwrap_or_default().to_owned();
    (response.status.as_u16(), code)
}

fn put(service: &DigitalTwins, id: &str) -> (u16, String) {
    let body = json!({"$metadata": {"$model": "dtmi:l:Any;1"}});
    send(service, Method::PUT, &format!("/digitaltwins/{id}"), &body)
}

fn relate(service: &DigitalTwins, source: &str, id: &str, target: &str) -> (u16, String) {
    let body = json!({"$relationshipName": "r", "$targetId": target});
    send(
        service,
        Method::PUT,
        &format!("/digitaltwins/{source}/relationships/{id}"),
        &body,
    )
}

fn error(code: &str) -> (u16, String) {
    (400, code.to_owned())
}

fn success() -> (u16, String) {
    (200, String::new())
}

/// ADT-LIMIT-1, ADT-LIMIT-2, ADT-LIMIT-3, ADT-LIMIT-8, ADT-QUERY-24: the limits documented in 2023.
#[test]
fn default_limits_are_the_documented_ones() {
    let limits = Limits::default();
    assert_eq!((limits.twins, limits.relationships), (2_000_000, 20_000_000));
    assert_eq!((limits.relationships_per_twin, limits.models), (50_000, 10_000));
    assert_eq!(limits.query_time.as_secs(), 60);
}

/// ADT-LIMIT-1.
#[test]
fn instance_has_a_maximum_of_twins() {
    let service = instance(Limits {
        twins: 3,
        ..Limits::default()
    });
    assert_eq!(put(&service, "d"), error("TwinLimitReached"));
    assert_eq!(put(&service, "a"), success(), "a replacement adds nothing");
    assert_eq!(
        send(&service, Method::DELETE, "/digitaltwins/b", &Value::Null).0,
        204
    );
    assert_eq!(put(&service, "d"), success());
}

/// ADT-LIMIT-2.
#[test]
fn instance_has_a_maximum_of_relationships() {
    let service = instance(Limits {
        relationships: 2,
        ..Limits::default()
    });
    assert_eq!(relate(&service, "a", "1", "b"), success());
    assert_eq!(relate(&service, "b", "2", "c"), success());
    assert_eq!(relate(&service, "c", "3", "a"), error("LimitExceeded"));
    assert_eq!(
        relate(&service, "a", "1", "c"),
        success(),
        "a replacement adds nothing"
    );
}

/// ADT-LIMIT-3.
#[test]
fn twin_has_a_maximum_of_relationships_per_direction() {
    let limits = Limits {
        relationships_per_twin: 2,
        ..Limits::default()
    };
    let service = instance(limits.clone());
    assert_eq!(relate(&service, "a", "1", "b"), success());
    assert_eq!(relate(&service, "a", "2", "c"), success());
    assert_eq!(relate(&service, "a", "3", "b"), error("LimitExceeded"));
    assert_eq!(
        relate(&service, "b", "1", "a"),
        success(),
        "incoming relationships have their own limit"
    );
    let service = instance(limits);
    assert_eq!(relate(&service, "a", "1", "c"), success());
    assert_eq!(relate(&service, "b", "1", "c"), success());
    assert_eq!(relate(&service, "b", "2", "c"), error("LimitExceeded"));
    assert_eq!(
        relate(&service, "c", "1", "a"),
        success(),
        "outgoing relationships have their own limit"
    );
    assert_eq!(relate(&service, "a", "2", "b"), success());
    assert_eq!(
        relate(&service, "a", "2", "c"),
        error("LimitExceeded"),
        "a change of target counts at the new target"
    );
    assert_eq!(
        relate(&service, "a", "1", "c"),
        success(),
        "a replacement adds nothing"
    );
}

/// ADT-LIMIT-8.
#[test]
fn instance_has_a_maximum_of_models() {
    let service = instance(Limits {
        models: 3,
        ..Limits::default()
    });
    let post = |versions: &[u32]| {
        let batch: Value = versions.iter().map(|version| model(*version)).collect();
        send(&service, Method::POST, "/models", &batch)
    };
    assert_eq!(post(&[2, 3, 4]), error("LimitExceeded"));
    assert_eq!(post(&[2, 3]).0, 201);
    assert_eq!(post(&[4]), error("LimitExceeded"));
}

/// ADT-QUERY-24.
#[test]
fn query_has_a_time_limit() {
    let service = instance(Limits {
        query_time: Duration::ZERO,
        ..Limits::default()
    });
    for _ in 0..80 {
        for (source, target) in [("a", "b"), ("b", "c"), ("c", "a")] {
            let count = service.instance.session().graph.read().relationship_count();
            assert_eq!(relate(&service, source, &count.to_string(), target), success());
        }
    }
    let walk = "SELECT COUNT() FROM DIGITALTWINS MATCH (x)-[*..2]->(y) WHERE x.$dtId IN ['a', 'b', 'c']";
    let response = send(&service, Method::POST, "/query", &json!({ "query": walk }));
    assert_eq!(response, error("TimeoutError"));
}
