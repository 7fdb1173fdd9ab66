use serde_json::{Value, json};

use crate::support::Dps;

const KINDS: [(&str, &str, &str, u32, u32); 2] = [
    ("/enrollments", "enrollments", "registrationId", 404_201, 409_201),
    (
        "/enrollmentGroups",
        "enrollmentGroups",
        "enrollmentGroupId",
        404_204,
        409_202,
    ),
];

fn item(member: &str, id: &str) -> Value {
    json!({ member: id, "attestation": {"type": "symmetricKey"} })
}

fn errors(body: &Value, member: &str) -> Vec<Value> {
    let errors = body["errors"].as_array().unwrap().iter();
    errors
        .map(|error| json!([error[member], error["errorCode"]]))
        .collect()
}

/// DPS-BULK-1, DPS-BULK-3, DPS-BULK-4, DPS-BULK-5, DPS-ERROR-4.
#[tokio::test]
async fn items_succeed_or_fail_one_by_one() {
    for (path, list, member, missing, conflict) in KINDS {
        let dps = Dps::new();
        let run =
            async |mode: &str, items: Value| dps.post(path, &json!({ "mode": mode, list: items })).await.ok();
        let created = run("create", json!([item(member, "a"), item(member, "b")])).await;
        assert_eq!(created, json!({"isSuccessful": true, "errors": []}));
        let again = run(
            "create",
            json!([item(member, "A"), item(member, "c"), item(member, "x.")]),
        )
        .await;
        assert_eq!(again["isSuccessful"], false);
        let invalid = if list == "enrollments" { 400_202 } else { 400_204 };
        assert_eq!(
            errors(&again, member),
            [json!(["A", conflict]), json!(["x.", invalid])]
        );
        assert!(again["errors"][0]["errorStatus"].is_string());
        dps.get(&format!("{path}/c")).await.ok();

        let mut changed = item(member, "a");
        changed["provisioningStatus"] = json!("disabled");
        assert_eq!(
            errors(
                &run("update", json!([changed, item(member, "gone")])).await,
                member
            ),
            [json!(["gone", missing])]
        );
        let read = dps.get(&format!("{path}/a")).await.ok();
        assert_eq!(read["provisioningStatus"], "disabled");
        let mut stale = read.clone();
        stale["etag"] = json!("\"stale\"");
        for (mode, item, expected) in [
            ("updateIfMatchETag", stale, vec![json!(["a", 412_001])]),
            (
                "updateIfMatchETag",
                item(member, "b"),
                vec![json!(["b", 412_001])],
            ),
            ("updateIfMatchEtag", read, vec![]),
            ("delete", json!({ member: "a" }), vec![]),
            ("delete", json!({ member: "a" }), vec![json!(["a", missing])]),
        ] {
            assert_eq!(
                errors(&run(mode, json!([item])).await, member),
                expected,
                "{mode}"
            );
        }
        dps.get(&format!("{path}/a")).await.error(missing);
    }
}

/// DPS-BULK-2, DPS-BULK-6.
#[tokio::test]
async fn request_beyond_ten_items_or_with_a_repeated_id_changes_nothing() {
    for (path, list, member, ..) in KINDS {
        let dps = Dps::new();
        let items = |count: usize| -> Value {
            (0..count)
                .map(|number| item(member, &format!("d{number}")))
                .collect()
        };
        dps.post(path, &json!({ "mode": "create", list: items(11) }))
            .await
            .error(400_205);
        let repeated = json!([item(member, "d0"), item(member, "D0")]);
        dps.post(path, &json!({ "mode": "create", list: repeated }))
            .await
            .error(400_206);
        dps.post(path, &json!({ "mode": "upsert", list: items(1) }))
            .await
            .error(400_004);
        dps.post(path, &json!({ "mode": "create" })).await.error(400_004);
        dps.post(path, &json!({ "mode": "create", list: ["d0"] }))
            .await
            .error(400_006);
        let all = dps
            .post(&format!("{path}/query"), &json!({"query": "SELECT *"}))
            .await
            .ok();
        assert_eq!(all, json!([]));
        let ten = dps
            .post(path, &json!({ "mode": "create", list: items(10) }))
            .await
            .ok();
        assert_eq!(ten["isSuccessful"], true);
    }
}
