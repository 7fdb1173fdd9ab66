//! The content of configurations.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The root of all paths in [`Settings`].
pub(crate) const DESIRED: &str = "properties.desired";
pub(crate) const EDGE_AGENT: &str = "$edgeAgent";

/// Desired properties by path, such as `properties.desired.settings.interval`.
pub(crate) type Settings = Map<String, Value>;

/// Valid content, as it was in the request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Content(pub(crate) Map<String, Value>);

/// The target of a configuration's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    Devices,
    Modules,
    EdgeDevices,
}

impl Content {
    pub(crate) fn target(&self) -> Target {
        if self.0.contains_key("modulesContent") {
            Target::EdgeDevices
        } else if self.0.contains_key("moduleContent") {
            Target::Modules
        } else {
            Target::Devices
        }
    }

    /// Returns the settings of device content or module content.
    pub(crate) fn own(&self) -> Option<&Settings> {
        let kinds = ["deviceContent", "moduleContent"];
        kinds.iter().find_map(|kind| self.0.get(*kind)?.as_object())
    }

    /// Returns the settings of an edge deployment, by module id.
    pub(crate) fn modules(&self) -> impl Iterator<Item = (&String, &Settings)> {
        let modules = self.0.get("modulesContent").and_then(Value::as_object);
        modules
            .into_iter()
            .flatten()
            .filter_map(|(name, settings)| Some((name, settings.as_object()?)))
    }

    pub(crate) fn of_module(&self, module_id: &str) -> Option<&Settings> {
        self.modules()
            .find(|(name, _)| *name == module_id)
            .map(|(_, settings)| settings)
    }

    /// Returns whether this is a base deployment for edge devices rather than a layer.
    pub(crate) fn is_base(&self) -> bool {
        self.of_module(EDGE_AGENT)
            .is_some_and(|settings| settings.contains_key(DESIRED))
    }
}

/// Returns the property names of a path in validated [`Settings`].
#[expect(
    clippy::expect_used,
    reason = "requests are checked, and an invalid loaded configuration selects nothing"
)]
pub(crate) fn checked_names(path: &str) -> Vec<&str> {
    property_names(path).expect("settings are stored only after a check of their paths")
}

/// Returns the property names after `properties.desired`; `None` for any other path.
pub(crate) fn property_names(path: &str) -> Option<Vec<&str>> {
    let rest = path.strip_prefix(DESIRED)?;
    if rest.is_empty() {
        return Some(Vec::new());
    }
    let names: Vec<&str> = rest.strip_prefix('.')?.split('.').collect();
    (!names.iter().any(|name| name.is_empty())).then_some(names)
}
