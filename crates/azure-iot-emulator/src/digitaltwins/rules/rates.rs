//! The rates that the service documents, in windows of a second. Disabled by default.
//!
//! The documented 500 outstanding changes of one twin have no counterpart: a change here is done when its response is
//! sent, so none is ever outstanding.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};

use http::Method;
use parking_lot::Mutex;

/// Requests that share a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum RateClass {
    Models,
    TwinReads,
    TwinPatches,
    TwinCreatesAndDeletes,
    Queries,
    EventRoutes,
    Jobs,
}

impl RateClass {
    /// Classifies a request by its method and path.
    pub(crate) fn of(method: &Method, segments: &[&str]) -> Option<Self> {
        let first = segments.first()?.to_ascii_lowercase();
        Some(match first.as_str() {
            "models" => RateClass::Models,
            "query" => RateClass::Queries,
            "eventroutes" => RateClass::EventRoutes,
            "jobs" => RateClass::Jobs,
            "digitaltwins" => match *method {
                Method::GET => RateClass::TwinReads,
                Method::PATCH => RateClass::TwinPatches,
                Method::PUT | Method::DELETE => RateClass::TwinCreatesAndDeletes,
                // Telemetry has no rate of its own.
                _ => return None,
            },
            _ => return None,
        })
    }

    fn per_second(self) -> u32 {
        match self {
            RateClass::Jobs => 1,
            RateClass::Models | RateClass::EventRoutes => 100,
            RateClass::TwinCreatesAndDeletes | RateClass::Queries => 500,
            RateClass::TwinReads | RateClass::TwinPatches => 1000,
        }
    }
}

/// Changes of one twin, its components and outgoing relationships included, in a second.
const PER_TWIN: u32 = 10;
/// Cost of all queries in a second, in hundredths of the service's unit.
const QUERY_COST: u64 = 400_000;

/// Counts requests per second, if it is enabled.
#[derive(Debug, Default)]
pub(crate) struct RateLimiter {
    enabled: AtomicBool,
    counts: Mutex<Counts>,
}

/// The counts of one second.
#[derive(Debug, Default)]
struct Counts {
    second: i64,
    classes: HashMap<RateClass, u32>,
    twins: HashMap<String, u32>,
    query_cost: u64,
}

impl RateLimiter {
    pub(crate) fn is_enabled(&self) -> bool {
        self.enabled.load(Ordering::Relaxed)
    }

    pub(crate) fn set_enabled(&self, enabled: bool) {
        self.enabled.store(enabled, Ordering::Relaxed);
    }

    /// Counts a request in a second and returns whether the rates allow it. Everything is allowed while the limiter is
    /// disabled.
    pub(crate) fn admit(&self, second: i64, class: Option<RateClass>, changed_twin: Option<&str>) -> bool {
        if !self.is_enabled() {
            return true;
        }
        let mut counts = self.counts.lock();
        counts.enter(second);
        if let Some(class) = class {
            let count = counts.classes.entry(class).or_default();
            if *count >= class.per_second() {
                return false;
            }
            *count += 1;
            if class == RateClass::Queries && counts.query_cost >= QUERY_COST {
                return false;
            }
        }
        if let Some(twin) = changed_twin {
            let count = counts.twins.entry(twin.to_owned()).or_default();
            if *count >= PER_TWIN {
                return false;
            }
            *count += 1;
        }
        true
    }

    /// Adds the cost of a query in hundredths of the service's unit.
    pub(crate) fn charge(&self, second: i64, hundredths: u64) {
        if self.is_enabled() {
            let mut counts = self.counts.lock();
            counts.enter(second);
            counts.query_cost = counts.query_cost.saturating_add(hundredths);
        }
    }
}

impl Counts {
    fn enter(&mut self, second: i64) {
        if self.second != second {
            *self = Counts {
                second,
                ..Counts::default()
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ADT-RATE-8.
    #[test]
    fn counts_start_anew_each_second() {
        let rates = RateLimiter::default();
        rates.set_enabled(true);
        assert!(rates.admit(1, Some(RateClass::Jobs), None));
        assert!(!rates.admit(1, Some(RateClass::Jobs), None));
        assert!(rates.admit(1, Some(RateClass::Models), None));
        assert!(rates.admit(2, Some(RateClass::Jobs), None));
        rates.charge(2, 399_999);
        assert!(rates.admit(2, Some(RateClass::Queries), None));
        rates.charge(2, 280);
        assert!(!rates.admit(2, Some(RateClass::Queries), None));
        assert!(rates.admit(3, Some(RateClass::Queries), None));
    }
}
