//! The management API of the instance, without HTTP.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::fixture::Instance;
use crate::service::{ServiceRequest, StatefulService};

impl Instance {
    /// Sends `body` unchanged; returns the status and the body of the response.
    #[track_caller]
    fn manage(&self, method: Method, path: &str, body: &str) -> (u16, Value) {
        let mut request = ServiceRequest::new(method, &format!("/digitaltwins/{path}")).expect("a path");
        request.body = body.to_owned().into();
        let segments = request.segments().split_off(1);
        let response = self
            .service
            .manage(&request, &segments)
            .expect("an operation of the management API");
        (response.status.as_u16(), response.body_json().expect("JSON"))
    }

    /// Asserts that a request fails with a message that contains `text`.
    #[track_caller]
    fn refuses(&self, status: u16, method: Method, path: &str, body: &str, text: &str) {
        let (found, response) = self.manage(method, path, body);
        assert_eq!(found, status, "{path} {body}: {response}");
        assert_eq!(response["error"]["code"], status);
        let message = response["error"]["message"].as_str().expect("a message");
        assert!(message.contains(text), "{path} {body}: {message}");
    }
}

#[tokio::test]
async fn password_of_a_webhook_is_not_listed() {
    let instance = Instance::new();
    let body = r#"{"url": "http://me:secret@localhost/hook?x=1"}"#;
    assert_eq!(instance.manage(Method::PUT, "webhooks/hook", body).0, 204);
    let listed = json!([{"name": "hook", "url": "http://me:***@localhost/hook?x=1"}]);
    assert_eq!(instance.manage(Method::GET, "webhooks", ""), (200, listed));
}

#[test]
fn query_lag_can_be_read_and_set() {
    let instance = Instance::with_building();
    let lag = || instance.manage(Method::GET, "queryLag", "");
    assert_eq!(lag(), (200, json!({"seconds": 0.0})));
    let set = instance.manage(Method::PUT, "queryLag", r#"{"seconds": 7}"#);
    assert_eq!(set, (200, json!({"seconds": 7.0})));
    assert_eq!(lag(), set);
    instance.put_twin("floor-3", "dtmi:test:Floor;1", json!({}));
    let floors = || {
        instance
            .query("SELECT * FROM DIGITALTWINS WHERE IS_OF_MODEL('dtmi:test:Floor;1')")
            .len()
    };
    assert_eq!(floors(), 2);
    instance.clock.advance(Duration::from_secs(7));
    assert_eq!(floors(), 3);
    for (bad, text) in [
        ("", "the body"),
        ("7", "the body"),
        ("{}", "missing field `seconds`"),
        (r#"{"seconds": "7"}"#, "expected a number"),
        (r#"{"seconds": -1}"#, "seconds -1 "),
        (r#"{"seconds": 1e300}"#, "seconds 1000"),
        (r#"{"seconds": 7, "minutes": 1}"#, "unknown field `minutes`"),
    ] {
        instance.refuses(400, Method::PUT, "queryLag", bad, text);
    }
    assert_eq!(lag(), set, "invalid requests change nothing");
}

/// With such a lag, queries see the graph as it was when the lag was set.
#[test]
fn query_lag_may_exceed_the_range_of_the_clock() {
    let instance = Instance::with_building();
    instance.service.set_query_lag(Duration::MAX);
    instance.delete("/digitaltwins/floor-2").ok();
    let count = "SELECT COUNT() FROM DIGITALTWINS";
    assert_eq!(instance.query(count), [json!({"COUNT": 4})]);
    let response = instance.manage(Method::PUT, "queryLag", r#"{"seconds": 1e15}"#);
    assert_eq!(response.0, 200);
    assert_eq!(instance.query(count), [json!({"COUNT": 4})]);
}

#[test]
fn rates_can_be_read_and_set() {
    let instance = Instance::with_building();
    let statuses = || [0; 2].map(|_| instance.get("/jobs/imports").status);
    assert_eq!(
        instance.manage(Method::GET, "rates", ""),
        (200, json!({"enabled": false}))
    );
    assert_eq!(statuses(), [200, 200]);
    let on = instance.manage(Method::PUT, "rates", r#"{"enabled": true}"#);
    assert_eq!(on, (200, json!({"enabled": true})));
    assert_eq!(instance.manage(Method::GET, "rates", ""), on);
    assert_eq!(statuses(), [200, 429]);
    instance.manage(Method::PUT, "rates", r#"{"enabled": false}"#);
    assert_eq!(statuses(), [200, 200]);
    for bad in [
        "",
        "{}",
        r#"{"enabled": 1}"#,
        r#"{"enabled": true, "perSecond": 5}"#,
    ] {
        instance.refuses(400, Method::PUT, "rates", bad, "the body");
    }
}

#[test]
fn building_fills_an_empty_instance_or_replaces_its_content() {
    let instance = Instance::new();
    assert_eq!(instance.manage(Method::PUT, "building", "").0, 204);
    let whole = instance.service.dump();
    let members = |value: &Value| value.as_object().expect("an object").len();
    let relationships = whole["relationships"].as_object().expect("sources").values();
    assert_eq!(
        (
            members(&whole["models"]),
            members(&whole["twins"]),
            relationships.map(members).sum()
        ),
        (6, 28, 36)
    );
    instance.service.subscribe("here").expect("an endpoint");
    let route = json!({"endpointName": "here", "filter": "true"});
    instance.put("/eventroutes/r", &route).ok();
    let patch = json!([{"op": "replace", "path": "/level", "value": 7}]);
    instance.patch("/digitaltwins/floor-1", &patch).ok();

    let changed = instance.service.dump();
    for body in ["", "{}", r#"{"replace": false}"#] {
        instance.refuses(409, Method::PUT, "building", body, "not empty");
    }
    for bad in ["true", r#"{"replace": 1}"#, r#"{"force": true}"#] {
        instance.refuses(400, Method::PUT, "building", bad, "the body");
    }
    assert_eq!(instance.service.dump(), changed);

    let replaced = instance.manage(Method::PUT, "building", r#"{"replace": true}"#);
    assert_eq!(replaced.0, 204);
    assert_eq!(instance.get("/digitaltwins/floor-1").ok().body["level"], 1);
    assert_eq!(
        instance.get("/eventroutes/r").status,
        404,
        "the whole state is replaced"
    );
    // A graph other than the building is replaced as well.
    let other = Instance::with_building();
    let replaced = other.manage(Method::PUT, "building", r#"{"replace": true}"#);
    assert_eq!(replaced.0, 204);
    assert_eq!(
        other.query("SELECT COUNT() FROM DIGITALTWINS"),
        [json!({"COUNT": 28})]
    );
}

#[tokio::test]
async fn webhooks_can_be_added_changed_and_removed() {
    let instance = Instance::new();
    let list = || instance.manage(Method::GET, "webhooks", "").1;
    assert_eq!(list(), json!([]));
    let add = |path: &str, url: &str| {
        let body = json!({ "url": url }).to_string();
        assert_eq!(instance.manage(Method::PUT, path, &body).0, 204, "{path}");
    };
    let (first, second) = ("http://127.0.0.1:9/first", "https://localhost/second?key=1");
    add("webhooks/hook", first);
    add("webhooks/hook", second);
    add("webhooks/a%20b", first);
    assert_eq!(
        list(),
        json!([{"name": "a b", "url": first}, {"name": "hook", "url": second}])
    );

    let route = |id: &str, endpoint: &str| {
        let body = json!({"endpointName": endpoint, "filter": "true"});
        instance.put(&format!("/eventroutes/{id}"), &body)
    };
    route("one", "hook").ok();
    route("two", "hook").ok();
    instance.refuses(
        409,
        Method::DELETE,
        "webhooks/hook",
        "",
        "\"hook\" is used by event routes; delete these first: one, two",
    );
    instance.delete("/eventroutes/one").ok();
    instance.refuses(409, Method::DELETE, "webhooks/hook", "", "these first: two");
    instance.delete("/eventroutes/two").ok();
    assert_eq!(instance.manage(Method::DELETE, "webhooks/hook", "").0, 204);
    assert_eq!(list(), json!([{"name": "a b", "url": first}]));
    route("one", "hook").is_error(400, "EventRouteEndpointInvalid", "");
    instance.refuses(404, Method::DELETE, "webhooks/hook", "", "\"hook\"");
}

/// If the endpoint also has a subscriber, only the webhook is removed.
#[tokio::test]
async fn an_endpoint_with_a_subscriber_outlives_its_webhook() {
    let instance = Instance::with_models();
    let mut events = instance.service.subscribe("both").expect("an endpoint");
    let gone = instance.service.subscribe("gone").expect("an endpoint");
    let body = r#"{"url": "http://127.0.0.1:9/"}"#;
    for name in ["both", "gone"] {
        let path = format!("webhooks/{name}");
        assert_eq!(instance.manage(Method::PUT, &path, body).0, 204);
        let route = json!({"endpointName": name, "filter": "true"});
        instance.put(&format!("/eventroutes/{name}"), &route).ok();
    }
    drop(gone);
    instance.refuses(409, Method::DELETE, "webhooks/gone", "", "these first: gone");
    assert_eq!(instance.manage(Method::DELETE, "webhooks/both", "").0, 204);
    instance.refuses(
        404,
        Method::DELETE,
        "webhooks/both",
        "",
        "no webhook named \"both\"",
    );
    instance.put_twin("floor", "dtmi:test:Floor;1", json!({}));
    assert_eq!(events.try_next().expect("an event").subject, "floor");
}

#[tokio::test]
async fn invalid_webhooks_are_refused() {
    let instance = Instance::new();
    for (bad, text) in [
        ("", "the body"),
        ("{}", "missing field `url`"),
        (r#"{"url": "nowhere"}"#, "nowhere"),
        (r#"{"url": "ftp://localhost/"}"#, "scheme http or https"),
        (
            r#"{"url": "http://localhost/", "key": "x"}"#,
            "unknown field `key`",
        ),
    ] {
        instance.refuses(400, Method::PUT, "webhooks/hook", bad, text);
    }
    let body = r#"{"url": "http://127.0.0.1:9/"}"#;
    // One trailing slash is ignored, so an empty name needs two.
    instance.refuses(400, Method::PUT, "webhooks//", body, "must not be empty");
    for number in 0..6 {
        let path = format!("webhooks/hook-{number}");
        assert_eq!(instance.manage(Method::PUT, &path, body).0, 204);
    }
    instance.refuses(409, Method::PUT, "webhooks/hook-6", body, "at most 6 endpoints");
    assert_eq!(instance.manage(Method::DELETE, "webhooks/hook-0", "").0, 204);
    assert_eq!(instance.manage(Method::PUT, "webhooks/hook-6", body).0, 204);
}

#[test]
fn unknown_operations_are_not_found() {
    let instance = Instance::new();
    for (method, path) in [
        (Method::GET, "building"),
        (Method::POST, "rates"),
        (Method::DELETE, "queryLag"),
        (Method::DELETE, "webhooks"),
        (Method::GET, "webhooks/hook"),
        (Method::GET, "querylag"),
        (Method::GET, ""),
    ] {
        let request = ServiceRequest::new(method, path).expect("a path");
        assert!(
            instance.service.manage(&request, &request.segments()).is_none(),
            "{path}"
        );
    }
}
