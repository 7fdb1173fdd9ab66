//! The interfaces to the server and the journal.

#[path = "../../tests/digitaltwins/fixture.rs"]
#[expect(dead_code, reason = "the fixture is that of the integration tests")]
mod fixture;
mod manage;

use http::StatusCode;
use serde_json::json;

use self::fixture::Instance;
use crate::service::{Refusal, Service, StatefulService};

/// ADT-ERROR-1, ADT-ERROR-6, ADT-ERROR-10: the gateway's error responses have their own format.
#[test]
fn gateway_errors_have_their_own_format() {
    let instance = Instance::new();
    let reply = instance
        .service
        .refuse(&Refusal::Fault(StatusCode::TOO_MANY_REQUESTS), "id");
    assert_eq!(reply.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(
        reply.body_json().expect("JSON"),
        json!({"error": {"statusCode": 429, "message": "Maximum request rate limit reached. For Azure Digital Twins rate limiting details please see http://aka.ms/dtv2limits."}})
    );
    let reply = instance
        .service
        .refuse(&Refusal::Fault(StatusCode::SERVICE_UNAVAILABLE), "id");
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
    let reply = instance.service.refuse(&Refusal::BodyTooLarge { limit: 5 }, "id");
    assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE);
    let reply = instance
        .service
        .refuse(&Refusal::BadRequest("the path is bad".to_owned()), "id");
    assert_eq!(
        reply.body_json().expect("JSON")["error"]["code"],
        "InvalidArgument"
    );
}

/// A line of the journal has the complete building or none of it, so killing the process cannot leave a
/// part.
#[test]
fn building_is_one_atomic_change() {
    for _ in 0..20 {
        let instance = Instance::new();
        instance.service.record_changes();
        std::thread::scope(|scope| {
            let building = scope.spawn(|| instance.service.load_building());
            let changes = loop {
                let ended = building.is_finished();
                let changes = instance.service.take_changes();
                if ended || !changes.is_empty() {
                    break changes;
                }
                std::thread::yield_now();
            };
            building.join().expect("no panic").expect("an empty instance");
            assert_eq!(instance.service.take_changes(), []);
            let twins = changes.iter().filter(|change| change.path[0] == "twins");
            assert_eq!(twins.count(), 28);
        });
    }
}
