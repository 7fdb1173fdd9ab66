//! The interfaces to the server and the journal.

#[path = "../../tests/iothub/support.rs"]
#[expect(dead_code, reason = "the support module is that of the integration tests")]
mod support;

use std::io::{self, Write};

use http::Method;
use serde_json::{Value, json};

use self::support::Hub;
use crate::auth::error::AuthError;
use crate::service::{Refusal, Service, ServiceRequest, StatefulService};

/// HUB-ERROR-7, HUB-QUOTA-1.
#[test]
fn refusals_have_the_format_of_the_service() {
    let hub = Hub::new();
    let refuse = |refusal: Refusal| {
        let response = hub.engine.refuse(&refusal, "id");
        let body = response.body_json().unwrap();
        (
            response.status.as_u16(),
            body["Message"].as_str().unwrap().to_owned(),
        )
    };
    let unauthorized = refuse(Refusal::Unauthorized(AuthError::Expired));
    assert_eq!(
        unauthorized,
        (401, "ErrorCode:IotHubUnauthorizedAccess;Unauthorized".to_owned())
    );
    let (status, message) = refuse(Refusal::Fault(http::StatusCode::TOO_MANY_REQUESTS));
    assert_eq!(status, 429);
    assert!(message.starts_with("ErrorCode:ThrottlingException;"), "{message}");
    // A status for which there is no error code is still returned.
    assert_eq!(refuse(Refusal::Fault(http::StatusCode::IM_A_TEAPOT)).0, 418);
}

/// HUB-PNP-9.
#[test]
fn management_api_sets_the_models_of_devices() {
    let hub = Hub::new();
    let put = |body: &Value| {
        let request = ServiceRequest::new(Method::PUT, "/iothub/models").unwrap();
        let response = hub.engine.manage(&request.with_json(body), &["models"]);
        response.unwrap().status.as_u16()
    };
    let model = json!({"@context": "dtmi:dtdl:context;2", "@id": "dtmi:example:Box;1", "@type": "Interface"});
    assert_eq!(put(&json!([model])), 204);
    assert!(hub.engine.models().interface("dtmi:example:Box;1").is_some());
    // A refused request keeps the models.
    assert_eq!(put(&json!([{"@id": "dtmi:example:Bag;1"}])), 400);
    assert_eq!(put(&model), 400);
    assert!(hub.engine.models().interface("dtmi:example:Box;1").is_some());
    assert_eq!(put(&json!([])), 204);
    assert!(hub.engine.models().interface("dtmi:example:Box;1").is_none());
}

/// A writer that changes the hub before each write.
struct Busy<'a> {
    hub: &'a Hub,
    text: Vec<u8>,
}

impl Write for Busy<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.hub.patch("/twins/a", &json!({"tags": {"later": true}})).ok();
        self.text.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn snapshot_is_consistent_while_requests_continue() {
    let hub = Hub::new();
    for id in ["a", "b"] {
        hub.create(id);
    }
    hub.put(
        "/configurations/c",
        &json!({"id": "c", "content": {"deviceContent": {"properties.desired.x": 1.5}}, "targetCondition": "*"}),
    )
    .ok();
    let before = hub.engine.dump();
    let mut writer = Busy {
        hub: &hub,
        text: Vec::new(),
    };
    hub.engine.write_state(&mut writer).unwrap();
    let written: Value = serde_json::from_slice(&writer.text).unwrap();
    assert_eq!(written, before);
    assert_eq!(hub.get("/twins/a").ok()["tags"]["later"], true);
}
