//! Request rate limits, which are off by default.

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
    // Other operations have limits of their own.
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
