//! Lists of models.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use crate::fixture::{Instance, Reply, model};

fn empty(id: &str) -> Value {
    model(id, json!([]))[0].clone()
}

fn ids(reply: &Reply) -> Vec<String> {
    reply.column("id")
}

/// ADT-MODEL-8, ADT-MODEL-33: models are listed in upload order.
#[test]
fn models_are_listed_in_pages() {
    let instance = Instance::new();
    for number in (1..=5).rev() {
        instance
            .post("/models", &json!([empty(&format!("dtmi:test:M;{number}"))]))
            .ok();
        instance.clock.advance(Duration::from_secs(1));
    }
    let list = |path: &str| {
        instance
            .send(Method::GET, path, None, &[("max-items-per-page", "2")])
            .ok()
    };
    let mut reply = list("/models?includeModelDefinition=true");
    let mut found = ids(&reply);
    let link = reply.body["nextLink"].as_str().expect("a link").to_owned();
    let start = "https://twins.test/Models?includeModelDefinition=True&continuationToken=";
    assert!(
        link.starts_with(start) && link.ends_with("&api-version=2023-10-31"),
        "{link}"
    );
    while let Some(link) = reply.body["nextLink"].as_str() {
        reply = list(&link.replace("https://twins.test", ""));
        assert!(reply.body["value"][0]["model"].is_object());
        found.extend(ids(&reply));
    }
    assert_eq!(
        found,
        [5, 4, 3, 2, 1].map(|number| format!("dtmi:test:M;{number}"))
    );
    assert_eq!(ids(&instance.get("/models")).len(), 5);
    for bad in ["0", "-1", "many"] {
        let reply = instance.send(Method::GET, "/models", None, &[("max-items-per-page", bad)]);
        reply.is_error(400, "InvalidArgument", "max-items-per-page");
    }
    instance
        .get("/models?continuationToken=%21")
        .is_error(400, "InvalidArgument", "continuation token");
}

/// ADT-MODEL-8: `max-items-per-page` changes the page size.
#[test]
fn page_has_a_hundred_models_by_default() {
    let instance = Instance::new();
    let batch: Vec<_> = (1..=101)
        .map(|number| empty(&format!("dtmi:test:M;{number}")))
        .collect();
    instance.post("/models", &batch.into()).ok();
    let page = instance.get("/models");
    let link = page.body["nextLink"].as_str().expect("a link");
    assert_eq!(ids(&page).len(), 100);
    let rest = instance.get(&link.replace("https://twins.test", ""));
    assert_eq!(
        (ids(&rest), &rest.body["nextLink"]),
        (vec!["dtmi:test:M;101".to_owned()], &Value::Null)
    );
}

/// ADT-MODEL-7, ADT-MODEL-33: official clients send several ids in two different ways.
#[test]
fn dependencies_are_listed_for_all_ids() {
    let instance = Instance::with_models();
    instance
        .post("/models", &json!([empty("dtmi:test:Other;1")]))
        .ok();
    let list = |query: &str| {
        let mut ids = ids(&instance.get(&format!("/models?{query}")).ok());
        ids.sort();
        ids
    };
    let room = ["dtmi:test:Room;1", "dtmi:test:Space;1", "dtmi:test:Thermostat;1"];
    assert_eq!(list("dependenciesFor=dtmi:test:Room;1"), room);
    let both = [
        "dtmi:test:Floor;1",
        "dtmi:test:Room;1",
        "dtmi:test:Space;1",
        "dtmi:test:Thermostat;1",
    ];
    assert_eq!(
        list("dependenciesFor=dtmi:test:Room;1&dependenciesFor=dtmi:test:Floor;1"),
        both
    );
    assert_eq!(list("dependenciesFor=dtmi:test:Room;1,dtmi:test:Floor;1"), both);
    assert_eq!(list("dependenciesFor=").len(), 5);
    instance
        .get("/models?dependenciesFor=dtmi:test:Room;1&dependenciesFor=dtmi:test:None;1")
        .is_error(404, "ModelNotFound", "dtmi:test:None;1");
    // The next link repeats the filter.
    let page = instance.send(
        Method::GET,
        "/models?dependenciesFor=dtmi:test:Room;1",
        None,
        &[("max-items-per-page", "2")],
    );
    let link = page.body["nextLink"]
        .as_str()
        .expect("a link")
        .replace("https://twins.test", "");
    let mut found = ids(&page);
    found.extend(ids(&instance.get(&link)));
    found.sort();
    assert_eq!(found, room);
}
