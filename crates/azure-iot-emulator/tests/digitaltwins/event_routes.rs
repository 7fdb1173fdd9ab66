//! The operations on event routes.

use http::Method;
use serde_json::json;

use crate::fixture::{Instance, Reply};

fn instance() -> Instance {
    let instance = Instance::new();
    drop(instance.service.subscribe("ep").expect("an endpoint"));
    instance
}

fn route(instance: &Instance, id: &str, filter: &str) -> Reply {
    let body = json!({"endpointName": "ep", "filter": filter});
    instance.put(&format!("/eventroutes/{id}"), &body)
}

/// ADT-ROUTE-1.
#[test]
fn a_route_is_stored_read_replaced_and_deleted() {
    let instance = instance();
    let reply = route(&instance, "r-1", "true");
    assert_eq!((reply.status, reply.response.body.len()), (204, 0));
    assert_eq!(
        instance.get("/EventRoutes/r-1").ok().body,
        json!({"id": "r-1", "endpointName": "ep", "filter": "true"})
    );
    route(&instance, "r-1", "false").ok();
    assert_eq!(
        instance.get("/eventroutes").ok().body,
        json!({"nextLink": null, "value": [{"id": "r-1", "endpointName": "ep", "filter": "false"}]})
    );
    assert_eq!(instance.delete("/eventroutes/r-1").status, 204);
    assert_eq!(
        instance.get("/eventroutes").body,
        json!({"nextLink": null, "value": []})
    );
}

/// ADT-ROUTE-3.
#[test]
fn unknown_endpoint_is_refused() {
    let body = json!({"endpointName": "nowhere", "filter": "true"});
    instance().put("/eventroutes/r", &body).is_error(
        400,
        "EventRouteEndpointInvalid",
        "The endpoint provided does not exist or is not active.",
    );
    instance()
        .put("/eventroutes/r", &json!({"filter": "true"}))
        .is_error(400, "EventRouteEndpointInvalid", "endpoint");
}

/// ADT-ROUTE-2.
#[test]
fn missing_route_is_not_found() {
    for method in [Method::GET, Method::DELETE] {
        instance().send(method, "/eventroutes/none", None, &[]).is_error(
            404,
            "EventRouteNotFound",
            "There is no route available",
        );
    }
}

/// ADT-ROUTE-4: the error message contains the line and position.
#[test]
fn invalid_filter_is_refused_with_its_position() {
    let instance = instance();
    route(&instance, "r", "true AND\ntype =").is_error(
        400,
        "EventRouteFilterInvalid",
        "Line=2, Position=7, Message=Unexpected input '<EOF>'.",
    );
    route(&instance, "r", "this is not a valid filter string").is_error(
        400,
        "EventRouteFilterInvalid",
        "The provided filter is invalid. Parsing error, Line=1, Position=6, Message=Unexpected input 'is'. See event route documentation for supported values and structure (https://aka.ms/ADTv2Routes).",
    );
    instance
        .put("/eventroutes/r", &json!({"endpointName": "ep"}))
        .is_error(400, "EventRouteFilterInvalid", "filter");
    assert_eq!(instance.get("/eventroutes/r").status, 404);
}

/// ADT-ROUTE-5, ADT-ROUTE-6.
#[test]
fn route_ids_are_checked_and_six_routes_are_allowed() {
    let instance = instance();
    for bad in ["a_b", "a.b", "a%20b", "%C3%BC", &"r".repeat(129)] {
        route(&instance, bad, "true").is_error(400, "EventRouteIdInvalid", "id");
    }
    for number in 0..6 {
        route(&instance, &format!("r{number}"), "true").ok();
    }
    route(&instance, "r6", "true").is_error(400, "LimitExceeded", "6");
    route(&instance, "r5", "false").ok();
}

/// ADT-ROUTE-7.
#[test]
fn routes_are_listed_in_pages() {
    let instance = instance();
    for number in 0..5 {
        route(&instance, &format!("r{number}"), "true").ok();
    }
    let (mut path, mut ids) = ("/eventroutes".to_owned(), Vec::new());
    loop {
        let page = instance
            .send(Method::GET, &path, None, &[("max-items-per-page", "2")])
            .ok();
        ids.push(page.column("id"));
        let Some(link) = page.body["nextLink"].as_str() else {
            break;
        };
        path = link
            .strip_prefix("https://twins.test")
            .expect("a link to the instance")
            .to_owned();
    }
    assert_eq!(ids, [vec!["r0", "r1"], vec!["r2", "r3"], vec!["r4"]]);
    instance
        .get("/eventroutes?continuationToken=%C3%BC")
        .is_error(400, "InvalidArgument", "token");
}

#[test]
fn routes_are_part_of_the_state() {
    let one = instance();
    route(&one, "r", "type = 'x'").ok();
    let state = one.service.dump();
    let other = Instance::new();
    other.service.load(&state).expect("a dumped state");
    assert_eq!(
        other.get("/eventroutes/r").ok().body,
        one.get("/eventroutes/r").body
    );
    for bad in [
        json!([]),
        json!({"r": {}}),
        json!({"r": {"endpointName": "ep", "filter": "("}}),
    ] {
        other
            .service
            .load(&json!({"eventRoutes": bad}))
            .expect_err("the route is invalid");
    }
}
