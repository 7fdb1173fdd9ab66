//! The documented rates of requests, as token buckets. Disabled by default.

use std::collections::HashMap;

use parking_lot::Mutex;
use time::OffsetDateTime;

use crate::provisioning::errors::{ProvisioningError, Result};
use crate::provisioning::router::Operation;
use crate::provisioning::store::key;

/// Number of buckets from which on full ones are removed.
const MAX_DEVICES: usize = 10_000;

/// Requests that share a rate.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum RateClass {
    /// Operations of services, and lookups.
    Service,
    Registration,
    /// The polls of one device.
    Polls(String),
}

impl RateClass {
    fn of(operation: Operation<'_>) -> Self {
        match operation {
            Operation::Register(_) => Self::Registration,
            Operation::Poll(registration_id, _) => Self::Polls(key(registration_id)),
            _ => Self::Service,
        }
    }

    /// Returns the number of requests, and their period in seconds.
    fn limit(&self) -> (f64, f64) {
        match self {
            Self::Service | Self::Registration => (1000.0, 60.0),
            Self::Polls(_) => (5.0, 10.0),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Service => "operations of the service",
            Self::Registration => "registrations",
            Self::Polls(_) => "polls of the device",
        }
    }
}

/// The tokens of a bucket, and the time of their count.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: f64,
    counted: OffsetDateTime,
}

/// Token buckets by class.
#[derive(Debug, Default)]
pub(crate) struct Rates {
    /// `None` while the rates are not enforced.
    buckets: Mutex<Option<HashMap<RateClass, Bucket>>>,
}

impl Rates {
    pub(crate) fn enforce(&self, on: bool) {
        *self.buckets.lock() = on.then(HashMap::new);
    }

    pub(crate) fn are_enforced(&self) -> bool {
        self.buckets.lock().is_some()
    }

    /// Takes a token for a request, or returns an error if there is none.
    pub(crate) fn admit(&self, operation: Operation<'_>, now: OffsetDateTime) -> Result<()> {
        let mut buckets = self.buckets.lock();
        let Some(buckets) = buckets.as_mut() else {
            return Ok(());
        };
        let class = RateClass::of(operation);
        if buckets.len() >= MAX_DEVICES && !buckets.contains_key(&class) {
            buckets.retain(|class, bucket| (now - bucket.counted).as_seconds_f64() < class.limit().1);
        }
        let (count, seconds) = class.limit();
        let name = class.name();
        let bucket = buckets.entry(class).or_insert(Bucket {
            tokens: count,
            counted: now,
        });
        let passed = (now - bucket.counted).as_seconds_f64().max(0.0);
        bucket.tokens = (bucket.tokens + passed * count / seconds).min(count);
        bucket.counted = now;
        if bucket.tokens < 1.0 {
            let message = format!("Too many {name}: at most {count} in {seconds} seconds are allowed.");
            return Err(ProvisioningError::throttled(message));
        }
        bucket.tokens -= 1.0;
        Ok(())
    }
}
