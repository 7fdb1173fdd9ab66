//! Fault injection: throttling, server errors, latency, resets, truncated bodies.

use std::sync::Arc;
use std::time::Duration;

use http::{Method, StatusCode};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The effect of a fault rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields,
    expecting = "an action with a type"
)]
#[non_exhaustive]
pub enum FaultAction {
    /// The request is not processed; the response has this status and the error format of the service.
    Status {
        /// The HTTP status, 400 to 599.
        status: u16,
        /// The value of a `Retry-After` header, in seconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after_seconds: Option<u64>,
    },
    /// The response is delayed. Further rules apply as well.
    Latency {
        /// The delay in milliseconds.
        milliseconds: u64,
    },
    /// The connection is reset without a response.
    Reset {
        /// Whether the request is processed before the reset.
        #[serde(default)]
        processed: bool,
    },
    /// The request is processed, but the connection breaks after half of the response body.
    Truncate,
}

/// A fault rule: a condition on requests, a count, and an effect.
///
/// ```
/// use azure_iot_emulator::Fault;
///
/// let fault = Fault::status(429).retry_after(2).on("GET", "/devices/*").times(3);
/// assert_eq!(serde_json::to_value(&fault).unwrap()["path"], "/devices/*");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct Fault {
    /// Restricts the rule to a service: `iothub` or `digitaltwins`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Restricts the rule to a method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Restricts the rule to paths (as sent, without the query) that match this pattern; `*` stands for any characters.
    /// IoT Hub takes `%2F` for a slash, so `/devices/query` matches `/devices%2Fquery` there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Number of matching requests to skip first.
    #[serde(default)]
    pub skip: u32,
    /// Number of requests that the rule applies to; all if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// The effect.
    pub action: FaultAction,
}

impl Fault {
    /// Creates a rule for every request.
    pub fn new(action: FaultAction) -> Self {
        Self {
            service: None,
            method: None,
            path: None,
            skip: 0,
            count: None,
            action,
        }
    }

    /// Creates a rule that responds with an error status, 400 to 599.
    pub fn status(status: u16) -> Self {
        Self::new(FaultAction::Status {
            status,
            retry_after_seconds: None,
        })
    }

    /// Creates a rule that delays the response.
    pub fn latency(delay: Duration) -> Self {
        let milliseconds = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        Self::new(FaultAction::Latency { milliseconds })
    }

    /// Creates a rule that resets the connection without processing the request.
    pub fn reset() -> Self {
        Self::new(FaultAction::Reset { processed: false })
    }

    /// Creates a rule that processes the request and breaks the connection in the middle of the response body.
    pub fn truncate() -> Self {
        Self::new(FaultAction::Truncate)
    }

    /// Adds a `Retry-After` header, in seconds, to a rule with a status. Other rules are unchanged.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        if let FaultAction::Status {
            retry_after_seconds, ..
        } = &mut self.action
        {
            *retry_after_seconds = Some(seconds);
        }
        self
    }

    /// Restricts the rule to a method and a path pattern.
    #[must_use]
    pub fn on(mut self, method: &str, path: &str) -> Self {
        self.method = Some(method.to_owned());
        self.path = Some(path.to_owned());
        self
    }

    /// Restricts the rule to this many requests.
    #[must_use]
    pub fn times(mut self, count: u32) -> Self {
        self.count = Some(count);
        self
    }

    fn validate(&self) -> Result<(), FaultError> {
        match self.action {
            FaultAction::Status { status, .. } if !(400..=599).contains(&status) => {
                Err(FaultError::Status { status })
            }
            _ => Ok(()),
        }
    }

    fn matches(&self, service: &str, method: &Method, paths: &[&str]) -> bool {
        self.service
            .as_ref()
            .is_none_or(|name| name.eq_ignore_ascii_case(service))
            && self
                .method
                .as_ref()
                .is_none_or(|name| name.eq_ignore_ascii_case(method.as_str()))
            && self
                .path
                .as_ref()
                .is_none_or(|pattern| paths.iter().any(|path| wildcard_match(pattern, path)))
    }
}

/// An error in a fault rule.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FaultError {
    /// The status of the rule is not an error.
    #[error("the status {status} is not an error; the status of a fault rule must be 400 to 599")]
    Status {
        /// The invalid status.
        status: u16,
    },
}

/// The effects of the rules on one request.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct FaultEffects {
    pub(crate) delay: Duration,
    pub(crate) outcome: Option<Outcome>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Status(StatusCode, Option<u64>),
    Reset { processed: bool },
    Truncate,
}

/// The active fault rules. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    rules: Arc<Mutex<Vec<Fault>>>,
}

impl Faults {
    /// Appends a rule. The first matching rule applies, in addition to the delays of earlier rules.
    ///
    /// # Errors
    /// [`FaultError::Status`] if the rule's status is not 400 to 599.
    pub fn add(&self, fault: Fault) -> Result<(), FaultError> {
        fault.validate()?;
        self.rules.lock().push(fault);
        Ok(())
    }

    /// Removes all rules.
    pub fn clear(&self) {
        self.rules.lock().clear();
    }

    /// Returns the active rules with their remaining counts.
    pub fn list(&self) -> Vec<Fault> {
        self.rules.lock().clone()
    }

    /// Returns the effects on a request, and counts one use of each rule that applies. `paths` are the spellings of its
    /// path.
    #[expect(clippy::expect_used, reason = "rules are validated when they are added")]
    pub(crate) fn apply(&self, service: &str, method: &Method, paths: &[&str]) -> FaultEffects {
        let mut effects = FaultEffects::default();
        let mut rules = self.rules.lock();
        for rule in rules.iter_mut() {
            if rule.count == Some(0) || !rule.matches(service, method, paths) {
                continue;
            }
            if rule.skip > 0 {
                rule.skip -= 1;
                continue;
            }
            let outcome = match rule.action {
                FaultAction::Latency { milliseconds } => {
                    effects.delay += Duration::from_millis(milliseconds);
                    None
                }
                FaultAction::Status {
                    status,
                    retry_after_seconds,
                } => {
                    let status = StatusCode::from_u16(status).expect("the status is 400 to 599");
                    Some(Outcome::Status(status, retry_after_seconds))
                }
                FaultAction::Reset { processed } => Some(Outcome::Reset { processed }),
                FaultAction::Truncate => Some(Outcome::Truncate),
            };
            rule.count = rule.count.map(|count| count - 1);
            if outcome.is_some() {
                effects.outcome = outcome;
                break;
            }
        }
        rules.retain(|rule| rule.count != Some(0));
        effects
    }
}

/// Returns whether `text` matches `pattern`, in which `*` stands for any characters.
fn wildcard_match(pattern: &str, text: &str) -> bool {
    let Some((first, others)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let (middle, last) = others.rsplit_once('*').unwrap_or(("", others));
    for part in middle.split('*') {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asterisk_matches_any_characters() {
        for (pattern, text, expected) in [
            ("/devices/a", "/devices/a", true),
            ("/devices/a", "/devices/ab", false),
            ("/devices/*", "/devices/a/modules/m", true),
            ("*/modules/*", "/devices/a/modules/m", true),
            ("/devices/*/modules", "/devices/a/modules", true),
            ("/devices/*/modules", "/devices/a/modules/m", false),
            ("*", "", true),
            ("a*a", "a", false),
        ] {
            assert_eq!(wildcard_match(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn rules_apply_in_order_with_skips_and_counts() {
        let faults = Faults::default();
        faults
            .add(Fault::latency(Duration::from_millis(5)).on("GET", "/devices/*"))
            .unwrap();
        let mut second = Fault::status(429).retry_after(2).times(1);
        second.skip = 1;
        faults.add(second).unwrap();
        let apply = |path: &str| faults.apply("iothub", &Method::GET, &[path]);
        assert_eq!(
            apply("/devices/a"),
            FaultEffects {
                delay: Duration::from_millis(5),
                outcome: None
            }
        );
        let status = Outcome::Status(StatusCode::TOO_MANY_REQUESTS, Some(2));
        assert_eq!(
            apply("/twins/a"),
            FaultEffects {
                delay: Duration::ZERO,
                outcome: Some(status)
            }
        );
        assert_eq!(apply("/twins/a"), FaultEffects::default());
        assert_eq!(faults.list().len(), 1);
        faults.clear();
        assert_eq!(apply("/devices/a"), FaultEffects::default());
    }

    #[test]
    fn rules_from_json_are_validated() {
        let read = |text: &str| serde_json::from_str::<Fault>(text).map_err(|error| error.to_string());
        let fault = read(
            r#"{"method":"GET","count":2,"action":{"type":"status","status":503,"retryAfterSeconds":1}}"#,
        );
        assert_eq!(
            fault,
            Ok(Fault {
                method: Some("GET".to_owned()),
                ..Fault::status(503).retry_after(1).times(2)
            })
        );
        assert_eq!(read(r#"{"action":{"type":"reset"}}"#), Ok(Fault::reset()));
        assert!(read(r#"{"action":{"type":"explode"}}"#).is_err());
        assert!(read(r#"{"cuont":1,"action":{"type":"reset"}}"#).is_err());
        let refused = Faults::default().add(Fault::status(200));
        assert_eq!(refused, Err(FaultError::Status { status: 200 }));
    }
}
