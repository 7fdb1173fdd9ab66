use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::{Dps, KEY, OTHER_KEY};

fn keys_of(body: &Value) -> (Value, Value) {
    let keys = &body["attestation"]["symmetricKey"];
    (keys["primaryKey"].clone(), keys["secondaryKey"].clone())
}

/// DPS-ATTEST-2, DPS-ATTEST-3.
#[tokio::test]
async fn keys_are_generated_and_only_shown_by_put_and_the_attestation_mechanism() {
    let dps = Dps::new();
    for (path, member) in [
        ("/enrollments/a", "registrationId"),
        ("/enrollmentGroups/a", "enrollmentGroupId"),
    ] {
        let body = json!({ member: "a", "attestation": {"type": "symmetricKey"} });
        let created = dps.put(path, &body).await.ok();
        let (primary, secondary) = keys_of(&created);
        assert_ne!(primary, secondary);
        assert_eq!(STANDARD.decode(primary.as_str().unwrap()).unwrap().len(), 64);
        let read = dps.get(path).await.ok();
        assert_eq!(read["attestation"], json!({"type": "symmetricKey"}));
        let mechanism = dps
            .send("POST", &format!("{path}/attestationmechanism"), None)
            .await
            .ok();
        assert_eq!(mechanism, created["attestation"]);
    }
    dps.send("POST", "/enrollments/other/attestationmechanism", None)
        .await
        .error(404_201);
}

/// DPS-ATTEST-2, DPS-ATTEST-4.
#[tokio::test]
async fn given_keys_are_kept_and_an_update_without_keys_generates_new_ones() {
    let dps = Dps::new();
    let created = dps.enroll("a", &json!({})).await;
    assert_eq!(keys_of(&created), (json!(KEY), json!(OTHER_KEY)));
    let mut read = dps.get("/enrollments/a").await.ok();
    read["provisioningStatus"] = json!("disabled");
    let tag = read["etag"].as_str().unwrap().to_owned();
    let (primary, secondary) = keys_of(&dps.put_if("/enrollments/a", &tag, &read).await.ok());
    assert_ne!(primary, KEY);
    assert_ne!(secondary, OTHER_KEY);
    for bad in ["short", "AAAA", "not base64!", &STANDARD.encode([0; 65])] {
        let keys = json!({"primaryKey": bad, "secondaryKey": KEY});
        let attestation = json!({"type": "symmetricKey", "symmetricKey": keys});
        let body = json!({"registrationId": "a", "attestation": attestation});
        dps.put("/enrollments/a", &body).await.error(400_004);
    }
    // If only one key is given, the other one is generated.
    let attestation = json!({"type": "symmetricKey", "symmetricKey": {"primaryKey": OTHER_KEY}});
    let body = json!({"registrationId": "a", "attestation": attestation});
    let (primary, secondary) = keys_of(&dps.put("/enrollments/a", &body).await.ok());
    assert_eq!(primary, OTHER_KEY);
    assert_ne!(secondary, OTHER_KEY);
}

/// DPS-ATTEST-1, DPS-ATTEST-6, DPS-ATTEST-7.
#[tokio::test]
async fn other_attestations_are_stored_or_refused() {
    let dps = Dps::new();
    let put = async |path: &str, member: &str, attestation: Value| {
        dps.put(path, &json!({ member: "a", "attestation": attestation }))
            .await
    };
    let individual = async |attestation: Value| put("/enrollments/a", "registrationId", attestation).await;
    let group = async |attestation: Value| put("/enrollmentGroups/a", "enrollmentGroupId", attestation).await;
    for bad in [
        json!({"type": "none"}),
        json!({}),
        json!({"type": "tpm"}),
        json!({"type": "x509"}),
    ] {
        individual(bad.clone()).await.error(400_004);
        group(bad).await.error(400_004);
    }
    let tpm = json!({"type": "tpm", "tpm": {"endorsementKey": "AToAAQ=="}});
    assert_eq!(
        individual(tpm.clone()).await.ok()["attestation"]["tpm"]["endorsementKey"],
        "AToAAQ=="
    );
    group(tpm).await.error(400_004);
    dps.start("a", KEY, None).await.error(501_000);
    let references = json!({"type": "x509", "x509": {"caReferences": {"primary": "root"}}});
    group(references).await.error(501_000);
}
