use std::time::Duration;

use serde_json::json;

use crate::support::{Dps, KEY};

/// DPS-LIMIT-2.
#[tokio::test]
async fn rates_are_enforced_if_throttling_is_enabled() {
    let dps = Dps::new();
    dps.enroll("a", &json!({})).await;
    dps.enroll("b", &json!({})).await;
    for _ in 0..1100 {
        dps.get("/enrollments/a").await.ok();
    }
    dps.engine.set_throttling(true);
    for _ in 0..1000 {
        dps.get("/enrollments/a").await.ok();
    }
    let message = dps.get("/enrollments/a").await.error(429_001);
    assert!(message.contains("1000 in 60 seconds"), "{message}");
    // Registrations have a separate rate limit, and so do the polls of each device.
    let started = dps.start("a", KEY, None).await;
    assert_eq!(started.status, 202);
    let other = dps.start("b", KEY, None).await;
    for _ in 0..5 {
        dps.poll("a", KEY, &started.body).await.ok();
    }
    dps.poll("a", KEY, &started.body).await.error(429_001);
    dps.poll("b", KEY, &other.body).await.ok();
    for _ in 2..1000 {
        assert_eq!(dps.start("a", KEY, None).await.status, 202);
    }
    dps.start("a", KEY, None).await.error(429_001);
    // The buckets refill over time.
    dps.clock.advance(Duration::from_secs(2));
    let latest = dps.start("a", KEY, None).await;
    dps.poll("a", KEY, &latest.body).await.ok();
    dps.poll("a", KEY, &latest.body).await.error(429_001);
    dps.get("/enrollments/a").await.ok();
    dps.engine.set_throttling(false);
    dps.poll("a", KEY, &latest.body).await.ok();
}
