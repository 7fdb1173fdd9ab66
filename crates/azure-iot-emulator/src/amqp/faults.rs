//! Fault rules for AMQP.

use std::sync::Arc;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

/// The effect of an AMQP fault rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields,
    expecting = "an action with a type"
)]
#[non_exhaustive]
pub enum AmqpFaultAction {
    /// The response to a token has this status.
    TokenStatus {
        /// The status code, such as 401.
        status: u16,
    },
    /// A link is closed as soon as it is attached.
    RefuseLink {
        /// The error condition, such as `amqp:unauthorized-access`.
        condition: String,
        /// The error description.
        #[serde(default)]
        description: Option<String>,
    },
    /// The link of a message is closed, and the message gets no outcome.
    Detach {
        /// The error condition.
        condition: String,
        /// The error description.
        #[serde(default)]
        description: Option<String>,
    },
    /// A message is rejected.
    Reject {
        /// The error condition.
        condition: String,
        /// The error description.
        #[serde(default)]
        description: Option<String>,
    },
    /// A message is released.
    Release,
    /// A message is modified.
    Modify {
        /// The field `delivery-failed` of the outcome.
        #[serde(default)]
        delivery_failed: bool,
        /// The field `undeliverable-here` of the outcome.
        #[serde(default)]
        undeliverable_here: bool,
    },
    /// The connection breaks after the arrival of a message.
    Reset {
        /// Whether the message is processed before the connection breaks.
        #[serde(default)]
        processed: bool,
    },
    /// A message gets no outcome.
    Silence,
}

impl AmqpFaultAction {
    fn point(&self) -> Point {
        match self {
            Self::TokenStatus { .. } => Point::Token,
            Self::RefuseLink { .. } => Point::Attach,
            _ => Point::Message,
        }
    }
}

/// The point of the protocol at which a rule applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Point {
    Token,
    Attach,
    Message,
}

/// An AMQP fault rule: a condition on links, a count, and an effect.
///
/// ```
/// use azure_iot_emulator::{AmqpFault, AmqpFaultAction};
///
/// let fault = AmqpFault::new(AmqpFaultAction::Release).times(2);
/// assert_eq!(serde_json::to_value(&fault).unwrap()["action"]["type"], "release");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct AmqpFault {
    /// Restricts the rule to links to or from addresses with this suffix, ignoring case, such as `devicebound` or
    /// `feedback`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Number of matching events to skip first.
    #[serde(default)]
    pub skip: u32,
    /// Number of events that the rule applies to; all if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// The effect.
    pub action: AmqpFaultAction,
}

impl AmqpFault {
    /// Creates a rule without conditions: it applies to every token, attach or message, depending on the action.
    pub fn new(action: AmqpFaultAction) -> Self {
        Self {
            address: None,
            skip: 0,
            count: None,
            action,
        }
    }

    /// Restricts the rule to this many events.
    #[must_use]
    pub fn times(mut self, count: u32) -> Self {
        self.count = Some(count);
        self
    }

    /// Restricts the rule to links to or from addresses with this suffix.
    #[must_use]
    pub fn at(mut self, address: &str) -> Self {
        self.address = Some(address.to_owned());
        self
    }

    fn matches(&self, point: Point, address: &str) -> bool {
        let ends_alike = |wanted: &String| {
            address
                .to_ascii_lowercase()
                .ends_with(&wanted.to_ascii_lowercase())
        };
        self.action.point() == point && self.count != Some(0) && self.address.as_ref().is_none_or(ends_alike)
    }
}

/// The active rules. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct AmqpFaults(Arc<Mutex<Vec<AmqpFault>>>);

impl AmqpFaults {
    pub(crate) fn add(&self, fault: AmqpFault) {
        self.0.lock().push(fault);
    }

    pub(crate) fn clear(&self) {
        self.0.lock().clear();
    }

    pub(crate) fn list(&self) -> Vec<AmqpFault> {
        self.0.lock().clone()
    }

    /// Returns the effect of the first rule that applies, and counts one use of it.
    pub(crate) fn apply(&self, point: Point, address: &str) -> Option<AmqpFaultAction> {
        for rule in self
            .0
            .lock()
            .iter_mut()
            .filter(|rule| rule.matches(point, address))
        {
            if rule.skip > 0 {
                rule.skip -= 1;
                continue;
            }
            if let Some(count) = &mut rule.count {
                *count -= 1;
            }
            return Some(rule.action.clone());
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_applies_at_its_point_and_address_with_skips_and_counts() {
        let faults = AmqpFaults::default();
        let rule: AmqpFault = serde_json::from_str(
            r#"{"address":"DeviceBound","skip":1,"count":1,"action":{"type":"reset","processed":true}}"#,
        )
        .unwrap();
        faults.add(rule);
        let reset = Some(AmqpFaultAction::Reset { processed: true });
        assert_eq!(faults.apply(Point::Attach, "/messages/devicebound"), None);
        assert_eq!(
            faults.apply(Point::Message, "/messages/serviceBound/feedback"),
            None
        );
        assert_eq!(faults.apply(Point::Message, "/messages/devicebound"), None);
        assert_eq!(
            faults.apply(Point::Message, "amqps://h/messages/devicebound"),
            reset
        );
        assert_eq!(faults.apply(Point::Message, "/messages/devicebound"), None);
    }
}
