//! Scripts of simulated devices.

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::watch;

/// The response of a simulated device to a direct method.
///
/// ```
/// use azure_iot_emulator::MethodScript;
///
/// let script: MethodScript = serde_json::from_str(r#"{"type": "reply", "status": 200, "payload": [1]}"#).unwrap();
/// assert_eq!(script, MethodScript::reply(200, serde_json::json!([1])));
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
#[non_exhaustive]
pub enum MethodScript {
    /// Responds with this status and payload.
    Reply {
        /// Status of the response, by convention an HTTP status.
        status: i32,
        /// Payload of the response.
        #[serde(default)]
        payload: Value,
        /// Delay of the response, by the hub's clock.
        #[serde(default)]
        delay_milliseconds: u64,
    },
    /// Responds with the payload of the request.
    Echo {
        /// Status of the response.
        status: i32,
    },
    /// Never responds.
    Silent,
}

impl MethodScript {
    /// Creates a script that responds immediately.
    pub fn reply(status: i32, payload: Value) -> Self {
        Self::Reply {
            status,
            payload,
            delay_milliseconds: 0,
        }
    }

    /// Creates a script that responds after a delay.
    pub fn reply_after(delay: Duration, status: i32, payload: Value) -> Self {
        let delay_milliseconds = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        Self::Reply {
            status,
            payload,
            delay_milliseconds,
        }
    }
}

/// The scripts of all devices and modules.
#[derive(Debug)]
pub(crate) struct Scripts {
    /// Scripts by generation of the identity, so that they do not outlive the registration of their device.
    methods: Mutex<HashMap<u64, HashMap<String, MethodScript>>>,
    /// Wakes waiting calls when a device connects or gets a script.
    changes: watch::Sender<u64>,
}

impl Default for Scripts {
    fn default() -> Self {
        Self {
            methods: Mutex::default(),
            changes: watch::Sender::new(0),
        }
    }
}

impl Scripts {
    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    pub(crate) fn method(&self, generation: u64, name: &str) -> Option<MethodScript> {
        self.methods.lock().get(&generation)?.get(name).cloned()
    }

    pub(crate) fn set_method(&self, generation: u64, name: &str, script: MethodScript) {
        let mut methods = self.methods.lock();
        methods
            .entry(generation)
            .or_default()
            .insert(name.to_owned(), script);
        drop(methods);
        self.notify();
    }

    /// Wakes calls that wait for a device or a script.
    pub(crate) fn notify(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }
}
