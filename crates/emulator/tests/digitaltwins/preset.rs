//! The graph for demonstrations.

use serde_json::json;

use crate::fixture::Instance;

#[test]
fn a_building_to_look_around_in() {
    let instance = Instance::new();
    instance.service.load_building().expect("an empty instance");
    let count = |what: &str| instance.query(&format!("SELECT COUNT() FROM {what}"))[0]["COUNT"].clone();
    assert_eq!(
        (count("DIGITALTWINS"), count("RELATIONSHIPS")),
        (json!(28), json!(36))
    );
    let rooms = "SELECT R.$dtId FROM DIGITALTWINS MATCH (B)-[:contains*..2]->(R)<-[:observes]-(S) \
        WHERE B.$dtId = 'building' AND S.battery = 80";
    assert_eq!(instance.query(rooms).len(), 4);
    // Clients may change it like any other twin.
    let patch = json!([{"op": "replace", "path": "/thermostat/target", "value": 19}]);
    instance.patch("/digitaltwins/room-1-1", &patch).ok();
    let error = instance.service.load_building().expect_err("it is there");
    assert!(error.contains("ModelIdAlreadyExists"), "{error}");
}
