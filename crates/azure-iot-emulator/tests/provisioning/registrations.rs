use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::{Dps, HUB, ID_SCOPE, KEY, OTHER_KEY, build, hmac, token, with_if_match, with_token};

/// DPS-REG-1, DPS-REG-2, DPS-REG-3, DPS-REG-4, DPS-REG-17, DPS-STATE-1, DPS-STATE-2.
#[tokio::test]
async fn device_registers_polls_and_is_assigned() {
    let dps = Dps::new();
    dps.enroll("a", &json!({})).await;
    let started = dps.start("a", KEY, None).await;
    assert_eq!(started.status, 202);
    assert_eq!(started.header("retry-after"), Some("3"));
    assert_eq!(started.body["status"], "assigning");
    let operation = started.body["operationId"].as_str().unwrap();
    let parts: Vec<&str> = operation.split('.').collect();
    assert_eq!((parts[0], parts[1].len()), ("5", 16));
    assert!(uuid::Uuid::parse_str(parts[2]).is_ok());
    let location = started.header("location").unwrap();
    assert!(location.ends_with(&format!("/{ID_SCOPE}/registrations/a/operations/{operation}")));

    let end = dps.poll("a", KEY, &started.body).await.ok();
    assert_eq!(end["operationId"], operation);
    assert_eq!(end["status"], "assigned");
    let state = &end["registrationState"];
    assert_eq!(state["registrationId"], "a");
    assert_eq!(state["assignedHub"], HUB);
    assert_eq!(state["deviceId"], "a");
    assert_eq!(state["status"], "assigned");
    assert_eq!(state["substatus"], "initialAssignment");
    assert_eq!(state["createdDateTimeUtc"], "2026-03-01T12:00:00.1234567Z");
    assert_eq!(state["lastUpdatedDateTimeUtc"], "2026-03-01T12:00:00.1234567Z");
    assert_eq!(state["symmetricKey"], json!({"enrollmentGroupId": null}));
    // The ETag is the base64 of a quoted id.
    let etag = STANDARD.decode(state["etag"].as_str().unwrap()).unwrap();
    assert!(etag.starts_with(b"\"") && etag.ends_with(b"\""), "{etag:?}");
    dps.engine.set_retry_after(0);
    assert_eq!(dps.start("a", KEY, None).await.header("retry-after"), Some("0"));
}

/// DPS-REG-12, DPS-REG-13, DPS-REG-18.
#[tokio::test]
async fn hub_has_the_device_with_its_keys_and_initial_twin() {
    let dps = Dps::new();
    let members = json!({
        "deviceId": "pump-1",
        "capabilities": {"iotEdge": true},
        "initialTwin": {
            "tags": {"floor": 3}, "properties": {"desired": {"interval": 5, "on": true, "mode": {"name": "x"}}},
        },
    });
    dps.enroll("a", &members).await;
    assert_eq!(
        dps.register("a", KEY).await["registrationState"]["deviceId"],
        "pump-1"
    );
    let device = dps.of_hub("GET", "/devices/pump-1").await.ok();
    assert_eq!(
        device["authentication"]["symmetricKey"],
        json!({"primaryKey": KEY, "secondaryKey": OTHER_KEY})
    );
    assert_eq!(device["capabilities"]["iotEdge"], true);
    assert_eq!(device["status"], "enabled");
    let twin = dps.of_hub("GET", "/twins/pump-1").await.ok();
    assert_eq!(twin["tags"], json!({"floor": 3}));
    assert_eq!(twin["properties"]["desired"]["interval"], 5);
    assert_eq!(twin["properties"]["desired"]["mode"]["name"], "x");
    assert_eq!(dps.of_hub("GET", "/devices/a").await.status, 404);
}

/// DPS-REG-9, DPS-REG-12, DPS-REG-13.
#[tokio::test]
async fn derived_key_registers_a_device_of_a_group() {
    let dps = Dps::new();
    dps.enroll_group("g", &json!({"initialTwin": {"tags": {"line": 1}}}))
        .await;
    for id in ["sn-007", "SN-008"] {
        let key = hmac(KEY, id.as_bytes());
        let state = dps.register(id, &key).await["registrationState"].clone();
        assert_eq!(state["deviceId"], id);
        assert_eq!(state["symmetricKey"]["enrollmentGroupId"], "g");
        let device = dps.of_hub("GET", &format!("/devices/{id}")).await.ok();
        let keys = &device["authentication"]["symmetricKey"];
        assert_eq!(keys["primaryKey"], key);
        assert_eq!(keys["secondaryKey"], hmac(OTHER_KEY, id.as_bytes()));
        let twin = dps.of_hub("GET", &format!("/twins/{id}")).await.ok();
        assert_eq!(twin["tags"], json!({"line": 1}));
    }
    // A key derived from the group's secondary key is also accepted. The group keys themselves and another device's key
    // are refused.
    dps.register("sn-007", &hmac(OTHER_KEY, b"sn-007")).await;
    for key in [KEY.to_owned(), OTHER_KEY.to_owned(), hmac(KEY, b"sn-007")] {
        dps.start("sn-009", &key, None).await.error(401_002);
    }
    assert_eq!(dps.of_hub("GET", "/devices/sn-009").await.status, 404);
}

/// DPS-REG-8, DPS-REG-10.
#[tokio::test]
async fn signature_must_be_valid_and_for_the_registration() {
    let dps = Dps::new();
    dps.enroll("a", &json!({})).await;
    let path = format!("/{ID_SCOPE}/registrations/a/register");
    let now = dps.clock.now().unix_timestamp();
    let resource = format!("{ID_SCOPE}%2Fregistrations%2Fa");
    let send = async |authorization: Option<String>| {
        let request = build("PUT", &path, Some(&json!({"registrationId": "a"})));
        let request = match authorization {
            Some(token) => with_token(request, &token),
            None => request,
        };
        dps.request(request).await
    };
    let good = token(&resource, KEY, now + 60);
    for accepted in [
        good.clone(),
        good.trim_end_matches("&skn=registration").to_owned(),
        token(&format!("{ID_SCOPE}/registrations/a"), OTHER_KEY, now + 60),
        // Five minutes of clock skew are allowed.
        token(&resource, KEY, now - 299),
    ] {
        assert_eq!(send(Some(accepted.clone())).await.status, 202, "{accepted}");
    }
    for refused in [
        None,
        Some("Bearer token".to_owned()),
        Some("SharedAccessSignature sr=x".to_owned()),
        Some(token(&resource, &hmac(KEY, b"x"), now + 60)),
        Some(token(&resource, KEY, now - 301)),
        Some(token(&format!("{ID_SCOPE}%2Fregistrations%2Fb"), KEY, now + 60)),
        Some(token("0ne00000002%2Fregistrations%2Fa", KEY, now + 60)),
        Some(good.replace("skn=registration", "skn=provisioningserviceowner")),
    ] {
        send(refused).await.error(401_002);
    }
    dps.start("nobody", KEY, None).await.error(401_002);
}

/// DPS-REG-11.
#[tokio::test]
async fn individual_enrollment_goes_before_groups() {
    let dps = Dps::new();
    dps.enroll_group("g", &json!({})).await;
    dps.enroll("a", &json!({"deviceId": "special"})).await;
    dps.start("a", &hmac(KEY, b"a"), None).await.error(401_002);
    assert_eq!(
        dps.register("a", KEY).await["registrationState"]["deviceId"],
        "special"
    );
}

/// DPS-REG-6, DPS-REG-7, DPS-REG-16, DPS-ERROR-4.
#[tokio::test]
async fn lookup_and_operations_need_a_registration() {
    let dps = Dps::new();
    dps.enroll("a", &json!({})).await;
    let path = format!("/{ID_SCOPE}/registrations/a");
    let look_up = async |body: Value| {
        dps.request(dps.of_device("POST", &path, "a", KEY, Some(&body)))
            .await
    };
    look_up(json!({"registrationId": "a"})).await.error(404_202);
    let end = dps.register("a", KEY).await;
    let found = look_up(json!({"registrationId": "A"})).await.ok();
    assert_eq!(found, end["registrationState"]);
    look_up(json!({"registrationId": "a", "csr": "AA=="}))
        .await
        .error(400_004);
    look_up(json!({"registrationId": "b"})).await.error(400_004);
    let wrong_key = dps.of_device("POST", &path, "a", &hmac(KEY, b"x"), Some(&json!({})));
    dps.request(wrong_key).await.error(401_002);

    dps.poll("a", KEY, &json!({"operationId": "5.x"}))
        .await
        .error(404_203);
    // A new registration replaces earlier operations.
    dps.start("a", KEY, None).await;
    dps.poll("a", KEY, &end).await.error(404_203);
    dps.poll("a", &hmac(KEY, b"x"), &end).await.error(401_002);

    let register = format!("{path}/register");
    for body in [json!({"csr": "AA=="}), json!({"tpm": {"endorsementKey": "AA=="}})] {
        let request = dps.of_device("PUT", &register, "a", KEY, Some(&body));
        dps.request(request).await.error(501_000);
    }
    let other = dps.of_device("PUT", &register, "a", KEY, Some(&json!({"registrationId": "b"})));
    dps.request(other).await.error(400_004);
}

/// DPS-STATE-4.
#[tokio::test]
async fn device_of_a_disabled_enrollment_is_disabled() {
    let dps = Dps::new();
    dps.enroll("a", &json!({"provisioningStatus": "disabled"})).await;
    let end = dps.register("a", KEY).await;
    assert_eq!(end["status"], "disabled");
    assert_eq!(end["registrationState"]["status"], "disabled");
    assert_eq!(end["registrationState"].get("assignedHub"), None);
    let state = dps.get("/registrations/a").await.ok();
    assert_eq!(state["status"], "disabled");
    assert!(state["etag"].is_string());
    assert_eq!(dps.of_hub("GET", "/devices/a").await.status, 404);
}

/// DPS-REG-5.
#[tokio::test]
async fn refusal_of_the_hub_fails_the_registration() {
    let dps = Dps::new();
    // The hub limits tags to 8 KB.
    let tags = json!({ "note": "x".repeat(4096), "more": "x".repeat(4096), "and": "x".repeat(100) });
    dps.enroll("a", &json!({"initialTwin": {"tags": tags}})).await;
    let end = dps.register("a", KEY).await;
    assert_eq!(end["status"], "failed");
    let state = &end["registrationState"];
    assert_eq!(state["errorCode"], 403_100);
    assert!(state["errorMessage"].as_str().unwrap().contains("Tags"));
    assert_eq!(dps.get("/registrations/a").await.ok()["status"], "failed");
    assert_eq!(dps.of_hub("GET", "/devices/a").await.status, 404);
}

/// DPS-STATE-3.
#[tokio::test]
async fn deleted_registration_starts_again() {
    let dps = Dps::new();
    dps.enroll("a", &json!({})).await;
    dps.register("a", KEY).await;
    let state = dps.get("/registrations/a").await;
    assert_eq!(state.header("etag"), state.body["etag"].as_str());
    let tag = state.body["etag"].as_str().unwrap();
    let delete = |tag: &str| with_if_match(build("DELETE", "/registrations/a", None), tag);
    dps.request(delete("stale")).await.error(412_001);
    assert_eq!(dps.request(delete(tag)).await.status, 204);
    dps.request(delete("*")).await.error(404_202);
    assert_eq!(dps.of_hub("GET", "/devices/a").await.status, 200);
    let again = dps.register("a", KEY).await;
    assert_eq!(again["registrationState"]["substatus"], "initialAssignment");
}
