//! The instance's part of the management API, without HTTP.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::fixture::Instance;
use crate::service::{ServiceRequest, StatefulService};

impl Instance {
    /// The status and the body; the text is sent as it is.
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

    /// Checks that a body is refused with a text that holds this.
    #[track_caller]
    fn refuses(&self, status: u16, method: Method, path: &str, body: &str, text: &str) {
        let (found, answer) = self.manage(method, path, body);
        assert_eq!(found, status, "{path} {body}: {answer}");
        assert_eq!(answer["error"]["code"], status);
        let message = answer["error"]["message"].as_str().expect("a text");
        assert!(message.contains(text), "{path} {body}: {message}");
    }
}

#[test]
fn the_query_lag_is_shown_and_set() {
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
        (r#"{"seconds": "7"}"#, "expected f64"),
        (r#"{"seconds": -1}"#, "seconds: "),
        (r#"{"seconds": 1e300}"#, "seconds: "),
        (r#"{"seconds": 7, "minutes": 1}"#, "unknown field `minutes`"),
    ] {
        instance.refuses(400, Method::PUT, "queryLag", bad, text);
    }
    assert_eq!(lag(), set, "what was refused changes nothing");
}

/// However long the lag, what was there when it was set shows.
#[test]
fn a_lag_beyond_all_time_is_no_problem() {
    let instance = Instance::with_building();
    instance.service.set_query_lag(Duration::MAX);
    instance.delete("/digitaltwins/floor-2").ok();
    let count = "SELECT COUNT() FROM DIGITALTWINS";
    assert_eq!(instance.query(count), [json!({"COUNT": 4})]);
    let answer = instance.manage(Method::PUT, "queryLag", r#"{"seconds": 1e15}"#);
    assert_eq!(answer.0, 200);
    assert_eq!(instance.query(count), [json!({"COUNT": 4})]);
}

#[test]
fn the_rates_are_shown_and_switched() {
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
fn the_building_fills_what_is_empty_or_replaces_what_is_there() {
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
        "it replaces the whole state"
    );
    // Another graph goes, too.
    let other = Instance::with_building();
    let replaced = other.manage(Method::PUT, "building", r#"{"replace": true}"#);
    assert_eq!(replaced.0, 204);
    assert_eq!(
        other.query("SELECT COUNT() FROM DIGITALTWINS"),
        [json!({"COUNT": 28})]
    );
}

#[tokio::test]
async fn webhooks_come_and_go() {
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
        "\"hook\" is the endpoint of the event routes one, two",
    );
    instance.delete("/eventroutes/one").ok();
    instance.refuses(409, Method::DELETE, "webhooks/hook", "", "event routes two:");
    instance.delete("/eventroutes/two").ok();
    assert_eq!(instance.manage(Method::DELETE, "webhooks/hook", "").0, 204);
    assert_eq!(list(), json!([{"name": "a b", "url": first}]));
    route("one", "hook").is_error(400, "EventRouteEndpointInvalid", "");
    instance.refuses(404, Method::DELETE, "webhooks/hook", "", "\"hook\"");
}

/// Somebody in the process may listen under the same name; then only the webhook goes.
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
    instance.refuses(409, Method::DELETE, "webhooks/gone", "", "event routes gone");
    assert_eq!(instance.manage(Method::DELETE, "webhooks/both", "").0, 204);
    instance.refuses(
        404,
        Method::DELETE,
        "webhooks/both",
        "",
        "no webhook is called \"both\"",
    );
    instance.put_twin("floor", "dtmi:test:Floor;1", json!({}));
    assert_eq!(events.try_next().expect("an event").subject, "floor");
}

#[tokio::test]
async fn webhooks_that_cannot_be_are_refused() {
    let instance = Instance::new();
    for (bad, text) in [
        ("", "the body"),
        ("{}", "missing field `url`"),
        (r#"{"url": "nowhere"}"#, "nowhere"),
        (r#"{"url": "ftp://localhost/"}"#, "only http and https"),
        (
            r#"{"url": "http://localhost/", "key": "x"}"#,
            "unknown field `key`",
        ),
    ] {
        instance.refuses(400, Method::PUT, "webhooks/hook", bad, text);
    }
    let body = r#"{"url": "http://127.0.0.1:9/"}"#;
    // A slash at the end of a path does not count, so this is how an empty name is written.
    instance.refuses(400, Method::PUT, "webhooks//", body, "must have a name");
    for number in 0..6 {
        let path = format!("webhooks/hook-{number}");
        assert_eq!(instance.manage(Method::PUT, &path, body).0, 204);
    }
    instance.refuses(409, Method::PUT, "webhooks/hook-6", body, "at most 6 endpoints");
    assert_eq!(instance.manage(Method::DELETE, "webhooks/hook-0", "").0, 204);
    assert_eq!(instance.manage(Method::PUT, "webhooks/hook-6", body).0, 204);
}

#[test]
fn nothing_else_is_an_operation() {
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
