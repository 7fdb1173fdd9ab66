//! The rates that the service documents, as windows of a second. Off unless a test wants them.
//!
//! The documented 500 outstanding changes of one twin have no counterpart: a change here is done when its answer
//! leaves, so that none is ever outstanding.

use std::collections::HashMap;

use http::Method;

/// Requests that share a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Class {
    Models,
    TwinReads,
    TwinPatches,
    TwinsMadeOrDeleted,
    Queries,
    EventRoutes,
    Jobs,
}

impl Class {
    /// What a request counts as, by the words of its path.
    pub(crate) fn of(method: &Method, segments: &[&str]) -> Option<Self> {
        let first = segments.first()?.to_ascii_lowercase();
        Some(match first.as_str() {
            "models" => Class::Models,
            "query" => Class::Queries,
            "eventroutes" => Class::EventRoutes,
            "jobs" => Class::Jobs,
            "digitaltwins" => match *method {
                Method::GET => Class::TwinReads,
                Method::PATCH => Class::TwinPatches,
                Method::PUT | Method::DELETE => Class::TwinsMadeOrDeleted,
                // Telemetry has no rate of its own.
                _ => return None,
            },
            _ => return None,
        })
    }

    fn per_second(self) -> u32 {
        match self {
            Class::Jobs => 1,
            Class::Models | Class::EventRoutes => 100,
            Class::TwinsMadeOrDeleted | Class::Queries => 500,
            Class::TwinReads | Class::TwinPatches => 1000,
        }
    }
}

/// Changes of one twin, its components and outgoing relationships included, in a second.
const PER_TWIN: u32 = 10;
/// What queries may cost in a second, in hundredths of the service's unit.
const QUERY_COST: u64 = 400_000;

/// Counts of the second that is on.
#[derive(Debug, Default)]
pub(crate) struct Rates {
    pub(crate) enabled: bool,
    second: i64,
    classes: HashMap<Class, u32>,
    twins: HashMap<String, u32>,
    query_cost: u64,
}

impl Rates {
    /// Counts a request at a second; false if it is one too many.
    pub(crate) fn admit(&mut self, second: i64, class: Option<Class>, changed_twin: Option<&str>) -> bool {
        if !self.enabled {
            return true;
        }
        self.at(second);
        if let Some(class) = class {
            let count = self.classes.entry(class).or_default();
            if *count >= class.per_second() {
                return false;
            }
            *count += 1;
            if class == Class::Queries && self.query_cost >= QUERY_COST {
                return false;
            }
        }
        if let Some(twin) = changed_twin {
            let count = self.twins.entry(twin.to_owned()).or_default();
            if *count >= PER_TWIN {
                return false;
            }
            *count += 1;
        }
        true
    }

    /// Notes what a query cost, as its header says.
    pub(crate) fn charge(&mut self, second: i64, cost: &str) {
        if self.enabled {
            self.at(second);
            let hundredths = cost.replace('.', "").parse().unwrap_or(0);
            self.query_cost = self.query_cost.saturating_add(hundredths);
        }
    }

    fn at(&mut self, second: i64) {
        if self.second != second {
            self.second = second;
            self.classes.clear();
            self.twins.clear();
            self.query_cost = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_second_begins_anew() {
        let mut rates = Rates {
            enabled: true,
            ..Rates::default()
        };
        assert!(rates.admit(1, Some(Class::Jobs), None));
        assert!(!rates.admit(1, Some(Class::Jobs), None));
        assert!(rates.admit(1, Some(Class::Models), None));
        assert!(rates.admit(2, Some(Class::Jobs), None));
        rates.charge(2, "3999.99");
        assert!(rates.admit(2, Some(Class::Queries), None));
        rates.charge(2, "2.80");
        assert!(!rates.admit(2, Some(Class::Queries), None));
        assert!(rates.admit(3, Some(Class::Queries), None));
    }
}
