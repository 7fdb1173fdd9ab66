//! Parsing of error bodies, predicates and `Display`.

use super::*;
use azure_core::http::headers::Headers;
use azure_core::http::{RawResponse, StatusCode};

fn service_error(status: u16, body: &str) -> Error {
    let response = RawResponse::from_bytes(StatusCode::from(status), Headers::new(), body.to_owned());
    azure_service_core::Error::from_response(&response).into()
}

fn error_with_code(status: u16, code: &str) -> Error {
    service_error(
        status,
        &format!(r#"{{"error":{{"code":"{code}","message":"m"}}}}"#),
    )
}

/// ADT-ERROR-9.
#[test]
fn details_and_inner_error_are_kept() {
    let error = service_error(
        400,
        r#"{"error":{"code":"ValidationFailed","message":"Not valid","details":[{"code":"ValidationFailed","message":"speed is not declared"}],"innererror":{"code":"Deep","innererror":{"code":"Deeper"}}}}"#,
    );
    assert!(error.is_validation_failed() && !error.is_not_found());
    assert_eq!(
        error.details()[0].message.as_deref(),
        Some("speed is not declared")
    );
    assert_eq!(error.inner_error().unwrap()["innererror"]["code"], "Deeper");
    assert_eq!(
        error.to_string(),
        "the service returned 400 ValidationFailed: Not valid [speed is not declared]"
    );
}

#[test]
fn error_bodies_of_the_gateway_are_parsed() {
    let unauthorized = service_error(401, r#"{"statusCode":401,"message":"Unauthorized"}"#);
    assert!(unauthorized.is_unauthorized());
    assert_eq!(
        (unauthorized.code(), unauthorized.message()),
        (None, Some("Unauthorized"))
    );
    let throttled = service_error(429, r#"{"error":{"statusCode":429,"message":"Slow down"}}"#);
    assert!(throttled.is_throttled());
    assert_eq!((throttled.code(), throttled.message()), (None, Some("Slow down")));
    let unknown_host = service_error(404, r#"{"statusCode":404,"message":"Sub-Domain not found"}"#);
    assert!(unknown_host.is_not_found());
    assert_eq!(unknown_host.message(), Some("Sub-Domain not found"));
    let page = service_error(502, "<html>Bad gateway</html>");
    assert_eq!(
        (page.status(), page.body()),
        (Some(502), Some("<html>Bad gateway</html>"))
    );
}

#[test]
fn each_predicate_matches_only_its_codes() {
    type Predicate = fn(&Error) -> bool;
    let table: [(Predicate, u16, &[&str]); 9] = [
        (
            Error::is_already_exists,
            409,
            &["ModelIdAlreadyExists", "ModelAlreadyExists", "JobIdAlreadyExists"],
        ),
        (
            Error::is_target_not_found,
            404,
            &["TargetDigitalTwinNotFound", "TargetTwinNotFound"],
        ),
        (
            Error::is_relationships_not_deleted,
            400,
            &["RelationshipsNotDeleted"],
        ),
        (
            Error::is_model_in_use,
            409,
            &["ModelReferencesNotDeleted", "ModelReferencesNotDecommissioned"],
        ),
        (
            Error::is_validation_failed,
            400,
            &["ValidationFailed", "InvalidRelationship"],
        ),
        (Error::is_invalid_patch, 400, &["JsonPatchInvalid"]),
        (Error::is_invalid_query, 400, &["SqlQueryError"]),
        (
            Error::is_invalid_model,
            400,
            &["DTDLParserError", "ModelVersionNotSupported"],
        ),
        (
            Error::is_limit_reached,
            400,
            &["TwinLimitReached", "LimitExceeded", "JobLimitReached"],
        ),
    ];
    for (index, (predicate, status, codes)) in table.iter().enumerate() {
        for code in *codes {
            let error = error_with_code(*status, code);
            assert!(predicate(&error), "{code}");
            for (other, (predicate, ..)) in table.iter().enumerate() {
                assert_eq!(predicate(&error), other == index, "{code} and predicate {other}");
            }
        }
    }
    assert!(!error_with_code(400, "SomethingNew").is_validation_failed());
}

#[test]
fn the_round_trip_through_azure_core_is_lossless() {
    let error = error_with_code(412, "PreconditionFailed");
    let back = Error::from(azure_core::Error::from(error));
    assert!(back.is_precondition_failed());
    assert_eq!(back.code(), Some(error_code::PRECONDITION_FAILED));
    let fresh = Error::from(azure_core::Error::with_message(
        azure_core::error::ErrorKind::Io,
        "reset",
    ));
    assert!(fresh.is_unknown_outcome());
}

#[test]
fn display_bounds_the_details() {
    let details: Vec<_> = (0..9)
        .map(|n| serde_json::json!({"code": "ValidationFailed", "message": format!("p{n} is not declared")}))
        .collect();
    let body = serde_json::json!({"error": {"code": "ValidationFailed", "message": "m", "details": details}});
    let error = service_error(400, &body.to_string());
    assert_eq!(error.details().len(), 9);
    assert!(
        error.to_string().contains("p2 is not declared; and 6 more"),
        "{error}"
    );
}

#[test]
fn the_code_timeout_error_is_a_timeout() {
    let error = error_with_code(400, "TimeoutError");
    assert!(error.is_timeout() && !error.is_invalid_query(), "{error}");
    assert!(!error_with_code(400, "SqlQueryError").is_timeout());
}

#[test]
fn display_bounds_the_ids_left_behind() {
    let ids = |count: usize| (0..count).map(|n| format!("dtmi:m{n};1")).collect::<Vec<_>>();
    let error = error_with_code(400, "LimitExceeded").with_left_behind(ids(12));
    assert_eq!(error.left_behind().len(), 12);
    assert!(error.to_string().ends_with("dtmi:m9;1, and 2 more)"), "{error}");
    let error = error_with_code(400, "LimitExceeded").with_left_behind(ids(10));
    assert!(error.to_string().ends_with("dtmi:m9;1)"), "{error}");
}

#[test]
fn an_error_is_pointer_sized_and_does_not_repeat_its_source() {
    assert_eq!(size_of::<Error>(), size_of::<usize>());
    let error = Error::write_file(std::io::Error::other("disk full"));
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(!error.to_string().contains(&source), "{error}");
}
