//! Faults on demand: throttling, server errors, latency, resets, truncated bodies.

use std::sync::Arc;
use std::time::Duration;

use http::{Method, StatusCode};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
#[non_exhaustive]
pub enum FaultAction {
    /// The request is not processed; the service answers with this status and an error of its own form.
    Status {
        /// The HTTP status, 400 to 599.
        status: u16,
        /// The value of a `Retry-After` header, in seconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after_seconds: Option<u64>,
    },
    /// The answer comes later. Other rules apply all the same.
    Latency {
        /// The delay in milliseconds.
        milliseconds: u64,
    },
    /// The connection is reset instead of an answer.
    Reset {
        /// Whether the request takes effect before the reset.
        #[serde(default)]
        processed: bool,
    },
    /// The request takes effect, but only half of the body arrives before the connection breaks.
    Truncate,
}

/// A rule: which requests go wrong, how often, and how.
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
    /// Only this service: `iothub` or `digitaltwins`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Only this method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Only paths (as sent, without the query) that match; `*` stands for any text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The number of matching requests that pass before the rule applies.
    #[serde(default)]
    pub skip: u32,
    /// The number of requests that it applies to; without it, all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// What goes wrong.
    pub action: FaultAction,
}

impl Fault {
    /// A rule for every request.
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

    /// The service answers with an error status.
    pub fn status(status: u16) -> Self {
        Self::new(FaultAction::Status {
            status,
            retry_after_seconds: None,
        })
    }

    /// The answer comes later.
    pub fn latency(delay: Duration) -> Self {
        let milliseconds = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        Self::new(FaultAction::Latency { milliseconds })
    }

    /// The connection is reset, and the request is not processed.
    pub fn reset() -> Self {
        Self::new(FaultAction::Reset { processed: false })
    }

    /// The connection breaks in the middle of the body.
    pub fn truncate() -> Self {
        Self::new(FaultAction::Truncate)
    }

    /// With a `Retry-After` header, if the fault is a status.
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

    /// Only for this method and path pattern.
    #[must_use]
    pub fn on(mut self, method: &str, path: &str) -> Self {
        self.method = Some(method.to_owned());
        self.path = Some(path.to_owned());
        self
    }

    /// Only for this many requests.
    #[must_use]
    pub fn times(mut self, count: u32) -> Self {
        self.count = Some(count);
        self
    }

    /// Checks what types can't.
    pub(crate) fn validate(&self) -> Result<(), String> {
        match self.action {
            FaultAction::Status { status, .. } if !(400..=599).contains(&status) => {
                Err(format!("a fault's status is 400 to 599, not {status}"))
            }
            _ => Ok(()),
        }
    }

    fn matches(&self, service: &str, method: &Method, path: &str) -> bool {
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
                .is_none_or(|pattern| wildcard_match(pattern, path))
    }
}

/// What the rules say about one request.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) delay: Duration,
    pub(crate) outcome: Option<Outcome>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Status(StatusCode, Option<u64>),
    Reset { processed: bool },
    Truncate,
}

/// The rules in force. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    rules: Arc<Mutex<Vec<Fault>>>,
}

impl Faults {
    /// Adds a rule behind those there are; the first that matches counts.
    ///
    /// # Errors
    /// If the rule's status is not an error status.
    pub fn add(&self, fault: Fault) -> Result<(), String> {
        fault.validate()?;
        self.rules.lock().push(fault);
        Ok(())
    }

    /// Removes all rules.
    pub fn clear(&self) {
        self.rules.lock().clear();
    }

    /// The rules in force, with what is left of their counts.
    pub fn list(&self) -> Vec<Fault> {
        self.rules.lock().clone()
    }

    /// Consumes one use of the rules that apply to a request.
    pub(crate) fn judge(&self, service: &str, method: &Method, path: &str) -> Verdict {
        let mut verdict = Verdict::default();
        let mut rules = self.rules.lock();
        for rule in rules.iter_mut() {
            if rule.count == Some(0) || !rule.matches(service, method, path) {
                continue;
            }
            if rule.skip > 0 {
                rule.skip -= 1;
                continue;
            }
            let outcome = match rule.action {
                FaultAction::Latency { milliseconds } => {
                    verdict.delay += Duration::from_millis(milliseconds);
                    None
                }
                FaultAction::Status {
                    status,
                    retry_after_seconds,
                } => {
                    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                    Some(Outcome::Status(status, retry_after_seconds))
                }
                FaultAction::Reset { processed } => Some(Outcome::Reset { processed }),
                FaultAction::Truncate => Some(Outcome::Truncate),
            };
            rule.count = rule.count.map(|count| count - 1);
            if outcome.is_some() {
                verdict.outcome = outcome;
                break;
            }
        }
        rules.retain(|rule| rule.count != Some(0));
        verdict
    }
}

/// Whether `text` is `pattern` with any text in place of each `*`.
fn wildcard_match(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let Some(last) = parts.next_back() else {
        return rest.is_empty();
    };
    for part in parts {
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
    fn wildcards() {
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
    fn rules_apply_in_order_after_skips_and_until_used_up() {
        let faults = Faults::default();
        faults
            .add(Fault::latency(Duration::from_millis(5)).on("GET", "/devices/*"))
            .unwrap();
        let mut second = Fault::status(429).retry_after(2).times(1);
        second.skip = 1;
        faults.add(second).unwrap();
        let judge = |path: &str| faults.judge("iothub", &Method::GET, path);
        assert_eq!(
            judge("/devices/a"),
            Verdict {
                delay: Duration::from_millis(5),
                outcome: None
            }
        );
        let status = Outcome::Status(StatusCode::TOO_MANY_REQUESTS, Some(2));
        assert_eq!(
            judge("/twins/a"),
            Verdict {
                delay: Duration::ZERO,
                outcome: Some(status)
            }
        );
        assert_eq!(judge("/twins/a"), Verdict::default());
        assert_eq!(faults.list().len(), 1);
        faults.clear();
        assert_eq!(judge("/devices/a"), Verdict::default());
    }

    #[test]
    fn rules_read_from_json_are_checked() {
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
        assert!(Faults::default().add(Fault::status(200)).is_err());
    }
}
