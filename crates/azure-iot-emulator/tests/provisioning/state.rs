use serde_json::{Value, json};

use crate::support::{Dps, ID_SCOPE, KEY, hmac};

#[tokio::test]
async fn loaded_state_gives_the_same_responses() {
    let dps = Dps::new();
    dps.enroll(
        "One",
        &json!({"initialTwin": {"tags": {"a": 1}}, "deviceId": "d"}),
    )
    .await;
    dps.enroll_group("Group", &json!({"provisioningStatus": "enabled"}))
        .await;
    dps.register("One", KEY).await;
    let key = hmac(KEY, b"two");
    let started = dps.start("two", &key, None).await;

    let other = Dps::new();
    other.enroll("gone", &json!({})).await;
    let state: Value = serde_json::from_str(&dps.engine.dump().to_string()).unwrap();
    other.engine.load(&state).unwrap();
    for path in [
        "/enrollments/one",
        "/enrollmentGroups/group",
        "/registrations/one",
        "/registrations/two",
    ] {
        assert_eq!(other.get(path).await.ok(), dps.get(path).await.ok(), "{path}");
    }
    other.get("/enrollments/gone").await.error(404_201);
    for path in ["/enrollments/one", "/enrollmentGroups/group"] {
        let path = format!("{path}/attestationmechanism");
        let keys = other.send("POST", &path, None).await.ok();
        assert_eq!(keys["symmetricKey"]["primaryKey"], KEY);
    }
    // Operations in progress continue.
    assert_eq!(
        other.poll("two", &key, &started.body).await.ok()["status"],
        "assigned"
    );
}

#[tokio::test]
async fn invalid_state_is_refused_and_changes_nothing() {
    let dps = Dps::new();
    dps.enroll("a", &json!({})).await;
    let mut moved = dps.engine.dump();
    let enrollment = moved["enrollments"]["a"].take();
    moved["enrollments"] = json!({ "b": enrollment });
    for bad in [
        json!(null),
        json!({"unknown": 1}),
        json!({"enrollments": []}),
        moved,
    ] {
        assert!(dps.engine.load(&bad).is_err(), "{bad}");
        dps.get("/enrollments/a").await.ok();
    }
}

#[tokio::test]
async fn debug_output_shows_no_keys() {
    let dps = Dps::new();
    dps.enroll("a", &json!({})).await;
    let text = format!("{:?}", dps.engine);
    assert!(text.contains(ID_SCOPE) && !text.contains(KEY), "{text}");
}
