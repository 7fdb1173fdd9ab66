//! Request rate limits, which are disabled by default.

use std::time::Duration;

use azure_iot_emulator::Tier;
use serde_json::json;

use crate::support::Hub;

/// HUB-QUOTA-1, HUB-QUOTA-2, HUB-QUOTA-4.
#[test]
fn requests_beyond_the_rate_are_throttled() {
    let hub = Hub::new();
    hub.create("d");
    for _ in 0..500 {
        hub.get("/twins/d").ok();
    }
    hub.engine.set_throttling(true);
    for _ in 0..100 {
        hub.get("/twins/d").ok();
    }
    let refused = hub.get("/twins/d");
    let text = refused.error(429, "ThrottlingException");
    assert!(text.ends_with("Operation type: TwinRead"), "{text}");
    assert_eq!(
        (refused.header("retry-after"), refused.header("connection")),
        (None, Some("close"))
    );
    // Other operations have their own limits.
    hub.patch("/twins/d", &json!({"tags": {"a": 1}})).ok();
    hub.get("/devices/d").ok();
    // The limit is 100 per second, so 100 ms allow ten more reads.
    hub.clock.advance(Duration::from_millis(100));
    for _ in 0..10 {
        hub.get("/twins/d").ok();
    }
    hub.get("/twins/d").error(429, "ThrottlingException");
    hub.engine.set_throttling(false);
    hub.get("/twins/d").ok();
}

/// HUB-QUOTA-6.
#[test]
fn query_rate_depends_on_the_tier() {
    for (tier, queries) in [(Tier::F1, 20), (Tier::S1, 20), (Tier::S2, 20), (Tier::S3, 1000)] {
        let hub = Hub::new();
        hub.engine.set_tier(tier);
        hub.engine.set_throttling(true);
        let query = || {
            let body = json!({"query": "SELECT * FROM devices"});
            hub.send("POST", "/devices/query", None, Some(&body))
        };
        for _ in 0..queries {
            query().ok();
        }
        query().error(429, "ThrottlingException");
        hub.clock.advance(Duration::from_secs(60));
        query().ok();
    }
}

/// HUB-QUOTA-4, HUB-QUOTA-5, HUB-QUOTA-7, HUB-QUOTA-8, HUB-QUOTA-9, HUB-QUOTA-10, HUB-QUOTA-11: the rates are those for
/// one unit of each tier.
#[test]
fn every_kind_of_request_has_the_rate_of_its_tier() {
    let tiers = [Tier::F1, Tier::S1, Tier::S2, Tier::S3];
    for (method, path, kind, rates) in [
        ("GET", "/devices/x", "Registry", [100, 100, 100, 5000]),
        ("GET", "/twins/x", "TwinRead", [100, 100, 100, 500]),
        ("PATCH", "/twins/x", "TwinUpdate", [50, 50, 50, 250]),
        (
            "POST",
            "/devices/x/messages/deviceBound",
            "CloudToDeviceMessage",
            [100, 100, 100, 5000],
        ),
        // The limits are for calls of up to 4 KB.
        ("POST", "/twins/x/methods", "DirectMethod", [40, 40, 120, 6000]),
        ("GET", "/jobs/v2/x", "Job", [100, 100, 100, 5000]),
        ("GET", "/configurations/x", "ConfigurationWrite", [20, 20, 20, 20]),
    ] {
        for (tier, rate) in tiers.into_iter().zip(rates) {
            let hub = Hub::new();
            hub.engine.set_tier(tier);
            hub.engine.set_throttling(true);
            let status = || hub.send(method, path, None, Some(&json!({}))).status;
            for _ in 0..rate {
                assert_ne!(status(), 429, "{kind} {tier}");
            }
            let text = hub
                .send(method, path, None, Some(&json!({})))
                .error(429, "ThrottlingException");
            assert!(text.ends_with(&format!("Operation type: {kind}")), "{text}");
        }
    }
}
