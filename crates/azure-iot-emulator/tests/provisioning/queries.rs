use serde_json::{Value, json};

use crate::support::{Dps, KEY, build, hmac, with_header};

async fn page(dps: &Dps, path: &str, size: &str, token: Option<&str>) -> (Vec<String>, Option<String>) {
    let request = build("POST", path, Some(&json!({"query": "SELECT *"})));
    let mut request = with_header(request, "x-ms-max-item-count", size);
    if let Some(token) = token {
        request = with_header(request, "x-ms-continuation", token);
    }
    let response = dps.request(request).await;
    let token = response.header("x-ms-continuation").map(str::to_owned);
    let rows = response.ok();
    let id = |row: &Value| {
        let id = row.get("registrationId").or_else(|| row.get("enrollmentGroupId"));
        id.unwrap().as_str().unwrap().to_owned()
    };
    (rows.as_array().unwrap().iter().map(id).collect(), token)
}

/// DPS-QUERY-2, DPS-QUERY-3, DPS-QUERY-4.
#[tokio::test]
async fn pages_have_every_row_once() {
    let dps = Dps::new();
    for number in 0..5 {
        dps.enroll(&format!("D{number}"), &json!({})).await;
        dps.enroll_group(&format!("G{number}"), &json!({})).await;
    }
    for (path, prefix, item_type) in [
        ("/enrollments/query", "D", "enrollment"),
        ("/enrollmentGroups/query", "G", "enrollmentGroup"),
    ] {
        let expected: Vec<String> = (0..5).map(|number| format!("{prefix}{number}")).collect();
        for size in ["1", "2", "5", "0"] {
            let (mut rows, mut token) = page(&dps, path, size, None).await;
            while let Some(next) = token {
                let (more, next) = page(&dps, path, size, Some(&next)).await;
                assert!(!more.is_empty(), "the last page has no token");
                rows.extend(more);
                token = next;
            }
            assert_eq!(rows, expected, "{size}");
        }
        let response = dps.post(path, &json!({"query": "*"})).await;
        assert_eq!(response.header("x-ms-item-type"), Some(item_type));
        // Rows do not contain keys.
        assert_eq!(response.ok()[0]["attestation"], json!({"type": "symmetricKey"}));
    }
}

/// DPS-QUERY-1, DPS-QUERY-5.
#[tokio::test]
async fn other_queries_and_tokens_are_refused() {
    let dps = Dps::new();
    for query in [
        "SELECT * FROM enrollments",
        "select  *\nfrom Enrollments",
        "*",
        "SELECT *",
        "",
    ] {
        dps.post("/enrollments/query", &json!({ "query": query }))
            .await
            .ok();
    }
    dps.post(
        "/enrollmentGroups/query",
        &json!({"query": "SELECT * FROM enrollmentGroups"}),
    )
    .await
    .ok();
    for query in [
        "SELECT * FROM devices",
        "SELECT * FROM enrollments WHERE provisioningStatus = 'enabled'",
        "SELECT registrationId FROM enrollments",
    ] {
        dps.post("/enrollments/query", &json!({ "query": query }))
            .await
            .error(501_000);
    }
    for (name, value) in [
        ("x-ms-continuation", "bad!"),
        ("x-ms-continuation", "AAAA"),
        ("x-ms-max-item-count", "many"),
        ("x-ms-max-item-count", "-1"),
    ] {
        let request = build("POST", "/enrollments/query", Some(&json!({"query": "*"})));
        dps.request(with_header(request, name, value))
            .await
            .error(400_004);
    }
}

/// DPS-QUERY-6.
#[tokio::test]
async fn registrations_of_a_group_are_listed() {
    let dps = Dps::new();
    dps.enroll_group("Plant", &json!({})).await;
    dps.enroll("single", &json!({})).await;
    dps.register("single", KEY).await;
    for id in ["a", "b", "c"] {
        dps.register(id, &hmac(KEY, id.as_bytes())).await;
    }
    let path = "/registrations/plant/query";
    let all = dps.send("POST", path, None).await.ok();
    assert_eq!(all.as_array().unwrap().len(), 3);
    assert_eq!(all[0]["status"], "assigned");
    let (first, token) = page(&dps, path, "2", None).await;
    let (rest, end) = page(&dps, path, "2", token.as_deref()).await;
    assert_eq!(
        (first, rest, end),
        (vec!["a".to_owned(), "b".to_owned()], vec!["c".to_owned()], None)
    );
    dps.send("POST", "/registrations/other/query", None)
        .await
        .error(404_204);
}
