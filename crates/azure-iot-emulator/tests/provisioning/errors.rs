use azure_iot_emulator::{Caller, ServiceRequest};
use http::Method;
use serde_json::{Value, json};

use crate::support::{Dps, ID_SCOPE, build};

/// DPS-ERROR-1, DPS-ERROR-2, DPS-ERROR-3.
#[tokio::test]
async fn errors_have_the_envelope_of_the_service() {
    let dps = Dps::new();
    let response = dps.get("/enrollments/gone").await;
    assert_eq!(response.error(404_201), "Enrollment not found.");
    assert_eq!(response.body["timestampUtc"], "2026-03-01T12:00:00.1234567Z");
    let tracking_id = response.body["trackingId"].as_str().unwrap();
    assert!(uuid::Uuid::parse_str(tracking_id).is_ok(), "{tracking_id}");
    assert_eq!(response.header("x-ms-request-id"), Some(tracking_id));
    dps.get("/registrations/gone").await.error(404_202);
    dps.get("/enrollmentGroups/gone").await.error(404_204);
}

/// DPS-HTTP-3, DPS-HTTP-4.
#[tokio::test]
async fn paths_ignore_case_and_methods_are_checked() {
    let dps = Dps::new();
    dps.enroll_group("g", &json!({})).await;
    dps.get("/ENROLLMENTGROUPS/G").await.ok();
    dps.send("POST", "/enrollmentgroups/g/attestationMechanism/", None)
        .await
        .ok();
    let bulk = json!({"mode": "create", "enrollments": []});
    dps.post("/enrollments/", &bulk).await.ok();
    for (method, path, allowed) in [
        ("PATCH", "/enrollments/a".to_owned(), "GET, PUT, DELETE"),
        ("PUT", "/registrations/a".to_owned(), "GET, DELETE"),
        ("GET", "/enrollments".to_owned(), "POST"),
        ("GET", format!("/{ID_SCOPE}/registrations/a/register"), "PUT"),
    ] {
        let response = dps.send(method, &path, None).await;
        response.error(405_000);
        assert_eq!(response.header("allow"), Some(allowed), "{path}");
    }
    for path in [
        "/",
        "/nothing",
        "/0neOTHER/registrations/a",
        "/enrollments/a/b",
        "/registrations",
    ] {
        dps.get(path).await.error(404_000);
    }
}

/// DPS-HTTP-2, DPS-ERROR-5.
#[tokio::test]
async fn api_versions_that_were_published_are_accepted() {
    let dps = Dps::new();
    dps.enroll("a", &json!({})).await;
    for (query, expected) in [
        ("?api-version=2019-03-31", 200),
        ("?api-version=2021-06-01", 200),
        ("?api-version=2021-10-01", 200),
        ("?api-version=2026-11-01", 200),
        ("?api-version=2026-11-15-preview", 200),
        ("?api-version=2026-11-02", 400),
        ("?api-version=2027-01-01-preview", 400),
        ("?api-version=latest", 400),
        ("?api-version=", 400),
        ("", 400),
    ] {
        let request = ServiceRequest::new(Method::GET, &format!("/enrollments/a{query}"));
        let response = dps.request(request.unwrap()).await;
        assert_eq!(response.status, expected, "{query}");
        if expected == 400 {
            response.error(400_001);
        }
    }
}

/// DPS-ERROR-5.
#[tokio::test]
async fn malformed_bodies_are_refused() {
    let dps = Dps::new();
    for (method, path) in [
        ("PUT", "/enrollments/a"),
        ("PUT", "/enrollmentGroups/a"),
        ("POST", "/enrollments"),
        ("POST", "/enrollments/query"),
    ] {
        for body in [
            "",
            "{",
            "[]",
            "5",
            "{\"mode\": 5, \"query\": 5, \"attestation\": 5}",
        ] {
            let mut request = build(method, path, None);
            request.body = body.as_bytes().to_vec().into();
            dps.request(request).await.error(400_006);
        }
    }
}

/// DPS-AUTH-2, DPS-AUTH-3, DPS-AUTH-4, DPS-ERROR-6.
#[tokio::test]
async fn policies_have_only_their_rights() {
    let dps = Dps::new();
    dps.enroll("a", &json!({})).await;
    dps.enroll_group("g", &json!({})).await;
    let enrollment = json!({"registrationId": "a", "attestation": {"type": "symmetricKey"}});
    let bulk = json!({"mode": "update", "enrollments": []});
    let (read, write) = ("enrollmentRead", "enrollmentReadWrite");
    let (state_read, state_write) = ("registrationRead", "registrationReadWrite");
    let operations: [(&str, &str, Option<&Value>, &[&str]); 10] = [
        ("GET", "/enrollments/a", None, &[read, write]),
        ("POST", "/enrollments/query", Some(&enrollment), &[read, write]),
        (
            "POST",
            "/enrollmentGroups/query",
            Some(&enrollment),
            &[read, write],
        ),
        ("PUT", "/enrollments/a", Some(&enrollment), &[write]),
        ("POST", "/enrollments", Some(&bulk), &[write]),
        ("POST", "/enrollmentGroups/g/attestationmechanism", None, &[write]),
        ("GET", "/registrations/none", None, &[state_read, state_write]),
        ("POST", "/registrations/g/query", None, &[state_read, state_write]),
        ("DELETE", "/registrations/none", None, &[state_write]),
        ("DELETE", "/enrollments/a", None, &[write]),
    ];
    for (method, path, body, allowed) in operations {
        let policies = [read, write, state_read, state_write, "registryReadWrite"];
        for policy in policies.iter().rev() {
            let request = build(method, path, body).with_caller(Caller::policy(policy).unwrap());
            let response = dps.request(request).await;
            if allowed.contains(policy) {
                assert!(
                    matches!(response.status, 200 | 204 | 404),
                    "{method} {path} {policy}"
                );
                if path == "/enrollments/a" && method == "DELETE" {
                    dps.enroll("a", &json!({})).await;
                }
            } else {
                response.error(401_002);
            }
        }
    }
    let owner = build("GET", "/enrollments/a", None).with_caller(Caller::bearer());
    dps.request(owner).await.ok();
}
