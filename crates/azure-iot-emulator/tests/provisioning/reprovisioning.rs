use serde_json::{Value, json};

use crate::support::{Dps, KEY, OTHER_KEY};

fn members(update: bool, migrate: bool) -> Value {
    json!({
        "reprovisionPolicy": {"updateHubAssignment": update, "migrateDeviceData": migrate},
        "initialTwin": {"tags": {"from": "enrollment"}, "properties": {"desired": {"interval": 5}}},
    })
}

/// Enrolls and registers a device, and changes its twin in the hub.
async fn assigned(update: bool, migrate: bool) -> Dps {
    let dps = Dps::new();
    dps.enroll("a", &members(update, migrate)).await;
    let end = dps.register("a", KEY).await;
    assert_eq!(end["registrationState"]["substatus"], "initialAssignment");
    let patch = json!({"tags": {"from": "operator"}, "properties": {"desired": {"interval": 60}}});
    let request = crate::support::build("PATCH", "/twins/a", Some(&patch));
    assert_eq!(dps.hub.handle(request).await.status, 200);
    dps
}

/// Returns the tag and the desired property of the device's twin.
async fn twin(dps: &Dps) -> (Value, Value) {
    let twin = dps.of_hub("GET", "/twins/a").await.ok();
    (
        twin["tags"]["from"].clone(),
        twin["properties"]["desired"]["interval"].clone(),
    )
}

/// DPS-REPROVISION-1, DPS-REPROVISION-2, DPS-REPROVISION-3, DPS-REPROVISION-4.
#[tokio::test]
async fn policy_decides_about_the_twin_of_a_device_that_registers_again() {
    let (kept, reset) = (("operator", 60), ("enrollment", 5));
    for (update, migrate, substatus, (tag, interval)) in [
        (true, true, "reprovisionedToInitialAssignment", kept),
        (true, false, "deviceDataReset", reset),
        (false, false, "initialAssignment", kept),
        (false, true, "initialAssignment", kept),
    ] {
        let dps = assigned(update, migrate).await;
        let created = dps.get("/registrations/a").await.ok();
        dps.clock.advance(std::time::Duration::from_secs(60));
        let end = dps.register("a", KEY).await;
        let state = &end["registrationState"];
        assert_eq!(state["substatus"], substatus, "{update} {migrate}");
        assert_eq!(state["status"], "assigned");
        assert_eq!(state["createdDateTimeUtc"], created["createdDateTimeUtc"]);
        assert_ne!(state["lastUpdatedDateTimeUtc"], created["lastUpdatedDateTimeUtc"]);
        assert_ne!(state["etag"], created["etag"]);
        assert_eq!(
            twin(&dps).await,
            (json!(tag), json!(interval)),
            "{update} {migrate}"
        );
    }
}

/// DPS-REPROVISION-2, DPS-REPROVISION-5.
#[tokio::test]
async fn device_that_was_deleted_from_the_hub_is_created_again_unless_it_stays() {
    for (update, status) in [(true, 200), (false, 404)] {
        let dps = assigned(update, true).await;
        assert_eq!(dps.of_hub("DELETE", "/devices/a").await.status, 204);
        assert_eq!(dps.register("a", KEY).await["status"], "assigned");
        assert_eq!(dps.of_hub("GET", "/devices/a").await.status, status);
        if update {
            assert_eq!(twin(&dps).await, (json!("enrollment"), json!(5)));
        }
    }
}

/// DPS-REG-13, DPS-REPROVISION-3.
#[tokio::test]
async fn new_keys_of_the_enrollment_reach_the_hub_and_other_settings_stay() {
    let dps = assigned(true, true).await;
    let body = json!({"deviceId": "a", "status": "disabled", "statusReason": "lost"});
    let request = crate::support::build("PUT", "/devices/a", Some(&body));
    let request = crate::support::with_if_match(request, "*");
    assert_eq!(dps.hub.handle(request).await.status, 200);

    let keys = json!({"primaryKey": OTHER_KEY, "secondaryKey": KEY});
    let mut enrollment = members(true, true);
    enrollment["registrationId"] = json!("a");
    enrollment["attestation"] = json!({"type": "symmetricKey", "symmetricKey": keys});
    dps.put("/enrollments/a", &enrollment).await.ok();
    dps.register("a", OTHER_KEY).await;
    let device = dps.of_hub("GET", "/devices/a").await.ok();
    assert_eq!(device["authentication"]["symmetricKey"], keys);
    assert_eq!(device["status"], "disabled");
    assert_eq!(device["statusReason"], "lost");
    assert_eq!(twin(&dps).await, (json!("operator"), json!(60)));
}
