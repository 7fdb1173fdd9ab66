//! The documented request rates, in windows of one second. Disabled by default.
//!
//! The documented limit of 500 outstanding changes per twin does not apply: the emulator completes a change before it
//! responds, so no change is outstanding.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};

use http::Method;
use parking_lot::Mutex;

/// A class of requests with a common rate.
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
    /// Returns the class of a request, by its method and path; `None` if no rate applies.
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
                // Telemetry has no rate.
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

/// Changes per second of one twin, including its components and outgoing relationships.
const PER_TWIN: u32 = 10;
/// Charge of all queries per second, in hundredths of a query unit.
const QUERY_COST: u64 = 400_000;

/// Counts and limits requests per second, if enabled.
#[derive(Debug, Default)]
pub(crate) struct RateLimiter {
    enabled: AtomicBool,
    counts: Mutex<Counts>,
}

/// The counters of one second.
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

    /// Counts a request and returns whether the rates allow it. A disabled limiter allows everything.
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

    /// Adds the charge of a query, in hundredths of a query unit.
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
    fn counters_reset_each_second() {
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
