use serde_json::{Value, json};

use crate::support::{Dps, HUB, KEY, OTHER_KEY, build, with_if_match};

/// The path, id member and not-found error code of an individual enrollment and of an enrollment group.
const KINDS: [(&str, &str, u32); 2] = [
    ("/enrollments/a", "registrationId", 404_201),
    ("/enrollmentGroups/a", "enrollmentGroupId", 404_204),
];

fn body(member: &str) -> Value {
    json!({ member: "a", "attestation": {"type": "symmetricKey"} })
}

/// DPS-ENROLL-1, DPS-ENROLL-2, DPS-ENROLL-5, DPS-ENROLL-6.
#[tokio::test]
async fn put_creates_and_replaces_with_defaults() {
    for (path, member, _) in KINDS {
        let dps = Dps::new();
        let created = dps.put(path, &body(member)).await;
        assert_eq!(created.header("etag"), created.body["etag"].as_str());
        let created = created.ok();
        assert_eq!(created[member], "a");
        assert_eq!(created["provisioningStatus"], "enabled");
        assert_eq!(created["allocationPolicy"], "hashed");
        assert_eq!(
            created["reprovisionPolicy"],
            json!({"updateHubAssignment": true, "migrateDeviceData": true})
        );
        assert_eq!(created["capabilities"], json!({"iotEdge": false}));
        assert_eq!(created["createdDateTimeUtc"], "2026-03-01T12:00:00.1234567Z");
        assert_eq!(created["lastUpdatedDateTimeUtc"], created["createdDateTimeUtc"]);

        dps.clock.advance(std::time::Duration::from_secs(1));
        let mut changed = body(member);
        changed["provisioningStatus"] = json!("disabled");
        changed["iotHubs"] = json!([HUB]);
        changed["allocationPolicy"] = json!("static");
        let replaced = dps.put(path, &changed).await.ok();
        assert_eq!(replaced["provisioningStatus"], "disabled");
        assert_eq!(replaced["iotHubs"], json!([HUB]));
        assert_eq!(replaced["createdDateTimeUtc"], created["createdDateTimeUtc"]);
        assert_eq!(replaced["lastUpdatedDateTimeUtc"], "2026-03-01T12:00:01.1234567Z");
        assert_ne!(replaced["etag"], created["etag"]);
    }
}

/// DPS-ENROLL-3, DPS-ENROLL-4.
#[tokio::test]
async fn put_with_if_match_only_updates_the_current_version() {
    for (path, member, missing) in KINDS {
        let dps = Dps::new();
        dps.put_if(path, "*", &body(member)).await.error(missing);
        let first = dps.put(path, &body(member)).await.ok()["etag"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(first.starts_with('"') && first.ends_with('"'), "{first}");
        let second = dps.put_if(path, &first, &body(member)).await.ok()["etag"].clone();
        dps.put_if(path, &first, &body(member)).await.error(412_001);
        let bare = second.as_str().unwrap().trim_matches('"');
        dps.put_if(path, bare, &body(member)).await.ok();
        dps.put_if(path, "*", &body(member)).await.ok();
    }
}

/// DPS-ENROLL-7.
#[tokio::test]
async fn delete_checks_the_tag_if_there_is_one() {
    for (path, member, missing) in KINDS {
        let dps = Dps::new();
        let tag = dps.put(path, &body(member)).await.ok()["etag"]
            .as_str()
            .unwrap()
            .to_owned();
        let stale = with_if_match(build("DELETE", path, None), "\"stale\"");
        dps.request(stale).await.error(412_001);
        for if_match in [Some(&*tag), Some("*"), None] {
            let request = build("DELETE", path, None);
            let request = match if_match {
                Some(tag) => with_if_match(request, tag),
                None => request,
            };
            assert_eq!(dps.request(request).await.status, 204, "{if_match:?}");
            dps.get(path).await.error(missing);
            dps.put(path, &body(member)).await.ok();
        }
        dps.send("DELETE", "/enrollments/other", None)
            .await
            .error(404_201);
    }
}

/// DPS-ENROLL-9, DPS-ENROLL-10.
#[tokio::test]
async fn ids_are_checked_and_ignore_case() {
    let dps = Dps::new();
    for (path, member, code) in [
        ("/enrollments", "registrationId", 400_202),
        ("/enrollmentGroups", "enrollmentGroupId", 400_204),
    ] {
        let put = async |id: &str, in_body: &str| {
            let body = json!({ member: in_body, "attestation": {"type": "symmetricKey"} });
            dps.put(&format!("{path}/{id}"), &body).await
        };
        let long = "x".repeat(128);
        for good in ["a", "A-b_c.d:e-", &long] {
            put(good, good).await.ok();
        }
        let too_long = "x".repeat(129);
        for bad in ["a.", "a_", "a%20b", "a%2Fb", &too_long] {
            put(bad, bad).await.error(code);
        }
        put("a", "b").await.error(400_004);
        put("Device", "device").await.ok();
        let found = dps.get(&format!("{path}/dEVICE")).await.ok();
        assert_eq!(found[member], "Device");
        put("DEVICE", "Device").await.ok();
        assert_eq!(dps.get(&format!("{path}/device")).await.ok()[member], "Device");
    }
}

/// DPS-ENROLL-11.
#[tokio::test]
async fn hubs_must_be_linked() {
    let dps = Dps::new();
    let mut enrollment = body("registrationId");
    enrollment["iotHubs"] = json!([HUB.to_uppercase()]);
    dps.put("/enrollments/a", &enrollment).await.ok();
    enrollment["iotHubs"] = json!([HUB, "other.azure-devices.net"]);
    let message = dps.put("/enrollments/a", &enrollment).await.error(400_004);
    assert!(
        message.contains("other.azure-devices.net") && message.contains(HUB),
        "{message}"
    );
}

/// DPS-ENROLL-12.
#[tokio::test]
async fn names_of_the_registry_go_together() {
    let dps = Dps::new();
    let names = [
        "namespaceName",
        "certificateAuthorityName",
        "certificatePolicyName",
    ];
    let with = |values: [&str; 3]| {
        let mut body = body("registrationId");
        for (name, value) in names.iter().zip(values) {
            body[*name] = json!(value);
        }
        body
    };
    let path = "/enrollments/a";
    dps.put(path, &with(["n", "c", ""])).await.error(400_004);
    dps.put(path, &with(["n", "c", "p"])).await.ok();
    assert_eq!(dps.get(path).await.ok()["certificatePolicyName"], "p");
    let old = "/enrollments/a?api-version=2021-10-01";
    assert_eq!(dps.get(old).await.ok().get("namespaceName"), None);
    dps.put(old, &body("registrationId")).await.ok();
    assert_eq!(dps.get(path).await.ok()["namespaceName"], "n");
    dps.put(path, &with(["", "", ""])).await.ok();
    assert_eq!(dps.get(path).await.ok().get("namespaceName"), None);
}

/// DPS-ENROLL-13, DPS-ENROLL-8.
#[tokio::test]
async fn individual_enrollment_shows_its_registration_and_takes_it_along() {
    let dps = Dps::new();
    dps.enroll("a", &json!({})).await;
    assert_eq!(
        dps.get("/enrollments/a").await.ok().get("registrationState"),
        None
    );
    dps.register("a", KEY).await;
    let state = dps.get("/enrollments/a").await.ok()["registrationState"].clone();
    assert_eq!(state, dps.get("/registrations/a").await.ok());
    assert_eq!(state["status"], "assigned");
    assert_eq!(dps.send("DELETE", "/enrollments/a", None).await.status, 204);
    dps.get("/registrations/a").await.error(404_202);
    // The device stays in the hub.
    dps.of_hub("GET", "/devices/a").await.ok();
    dps.start("a", KEY, None).await.error(401_002);
    dps.start("a", OTHER_KEY, None).await.error(401_002);
}

#[tokio::test]
async fn invalid_members_are_refused() {
    let dps = Dps::new();
    for (member, value, code) in [
        ("provisioningStatus", json!("paused"), 400_004),
        ("allocationPolicy", json!("random"), 400_004),
        ("deviceId", json!("a/b"), 400_004),
        ("reprovisionPolicy", json!({"updateHubAssignment": true}), 400_006),
        ("initialTwin", json!({"tags": 5}), 400_006),
        ("attestation", json!(null), 400_004),
        ("attestation", json!(["symmetricKey"]), 400_006),
        ("initialTwin", json!([]), 400_006),
    ] {
        let mut enrollment = body("registrationId");
        enrollment[member] = value;
        dps.put("/enrollments/a", &enrollment).await.error(code);
        dps.get("/enrollments/a").await.error(404_201);
    }
}
