//! The content of configurations: what it may hold, and what it makes of desired properties.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::iothub::codes::Code;
use crate::iothub::errors::{HubError, Result};
use crate::iothub::limits;

const DESIRED: &str = "properties.desired";
const EDGE_AGENT: &str = "$edgeAgent";

/// Desired properties by path, such as `properties.desired.settings.interval`.
pub(crate) type Settings = Map<String, Value>;

/// Checked content, as it was sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Content(Map<String, Value>);

/// What a configuration is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    Devices,
    Modules,
    EdgeDevices,
}

impl Content {
    /// Checks content: exactly one kind of it, and paths and values that twins take.
    pub(crate) fn check(value: Option<Value>) -> Result<Self> {
        let Some(Value::Object(members)) = value else {
            return Err(invalid("The content is missing."));
        };
        let members: Map<String, Value> = members
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .collect();
        let content = Self(members);
        let kinds = ["deviceContent", "moduleContent", "modulesContent"];
        if content.0.len() != 1 || !kinds.iter().any(|kind| content.0.contains_key(*kind)) {
            return Err(invalid(
                "The content must have exactly one of deviceContent, moduleContent and modulesContent.",
            ));
        }
        content.check_parts()?;
        if content.target() == Target::EdgeDevices && !content.modules().any(|(name, _)| name == EDGE_AGENT) {
            return Err(invalid("modulesContent must have a member $edgeAgent."));
        }
        Ok(content)
    }

    /// Checks content that is applied at once to one edge device: modules, and perhaps the device itself.
    pub(crate) fn check_for_edge(value: Value) -> Result<Self> {
        let Value::Object(members) = value else {
            return Err(invalid("The content is missing."));
        };
        let members: Map<String, Value> = members
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .collect();
        let content = Self(members);
        if !content.0.contains_key("modulesContent") {
            return Err(invalid("modulesContent is missing."));
        }
        content.check_parts()?;
        Ok(content)
    }

    fn check_parts(&self) -> Result<()> {
        for (kind, value) in &self.0 {
            match (kind.as_str(), value) {
                ("deviceContent" | "moduleContent", Value::Object(settings)) => check_settings(settings)?,
                ("modulesContent", Value::Object(modules)) => {
                    for (module, settings) in modules {
                        let settings = settings
                            .as_object()
                            .ok_or_else(|| invalid(&format!("The content of {module} must be an object.")))?;
                        check_settings(settings)?;
                    }
                }
                ("deviceContent" | "moduleContent" | "modulesContent", _) => {
                    return Err(invalid(&format!("{kind} must be an object.")));
                }
                _ => return Err(invalid(&format!("The content has no member {kind:?}."))),
            }
        }
        Ok(())
    }

    pub(crate) fn target(&self) -> Target {
        if self.0.contains_key("modulesContent") {
            Target::EdgeDevices
        } else if self.0.contains_key("moduleContent") {
            Target::Modules
        } else {
            Target::Devices
        }
    }

    /// The settings of the device or module itself.
    pub(crate) fn own(&self) -> Option<&Settings> {
        let kinds = ["deviceContent", "moduleContent"];
        kinds.iter().find_map(|kind| self.0.get(*kind)?.as_object())
    }

    /// The settings of an edge device's modules.
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

    /// Whether an edge device can run on this content alone; other content is a layer on top of such.
    pub(crate) fn is_base(&self) -> bool {
        self.of_module(EDGE_AGENT)
            .is_some_and(|settings| settings.contains_key(DESIRED))
    }
}

fn check_settings(settings: &Settings) -> Result<()> {
    for (path, value) in settings {
        let names = names_of(path).ok_or_else(|| {
            invalid(&format!(
                "The path {path:?} must be {DESIRED}, or begin with that and a dot."
            ))
        })?;
        let checked = match (names.last(), value) {
            (Some(last), value) => {
                limits::check_values(DESIRED, &Map::from_iter([((*last).to_owned(), value.clone())]))
            }
            (None, Value::Object(values)) => limits::check_values(DESIRED, values),
            (None, _) => return Err(invalid(&format!("{DESIRED} must be an object."))),
        };
        checked.map_err(|error| invalid(&error.text))?;
    }
    Ok(())
}

/// The names behind `properties.desired`; `None` if the path is another one.
fn names_of(path: &str) -> Option<Vec<&str>> {
    let rest = path.strip_prefix(DESIRED)?;
    if rest.is_empty() {
        return Some(Vec::new());
    }
    let names: Vec<&str> = rest.strip_prefix('.')?.split('.').collect();
    (!names.iter().any(|name| name.is_empty())).then_some(names)
}

fn invalid(text: &str) -> HubError {
    HubError::new(Code::INVALID_CONFIGURATION_CONTENT, text)
}

/// Puts settings into desired properties; each replaces what is at its path.
pub(crate) fn put_into(values: &mut Map<String, Value>, settings: &Settings) {
    for (path, value) in settings {
        let Some(names) = names_of(path) else { continue };
        match (names.split_last(), value) {
            (None, Value::Object(all)) => *values = without_nulls(all),
            (None, _) => {}
            (Some((last, parents)), value) => {
                let mut place = &mut *values;
                for name in parents {
                    let inner = place.entry(*name).or_insert_with(|| Value::Object(Map::new()));
                    if !inner.is_object() {
                        *inner = Value::Object(Map::new());
                    }
                    let Value::Object(inner) = inner else { return };
                    place = inner;
                }
                match value {
                    Value::Null => drop(place.shift_remove(*last)),
                    Value::Object(object) => {
                        place.insert((*last).to_owned(), Value::Object(without_nulls(object)));
                    }
                    value => drop(place.insert((*last).to_owned(), value.clone())),
                }
            }
        }
    }
}

/// Null is never stored.
fn without_nulls(object: &Map<String, Value>) -> Map<String, Value> {
    let kept = object.iter().filter(|(_, value)| !value.is_null());
    kept.map(|(key, value)| {
        let value = match value {
            Value::Object(inner) => Value::Object(without_nulls(inner)),
            value => value.clone(),
        };
        (key.clone(), value)
    })
    .collect()
}

/// The merge patch that turns `current` into `wanted`.
pub(crate) fn difference(current: &Map<String, Value>, wanted: &Map<String, Value>) -> Map<String, Value> {
    let gone = current.keys().filter(|key| !wanted.contains_key(*key));
    let mut patch: Map<String, Value> = gone.map(|key| (key.clone(), Value::Null)).collect();
    for (key, value) in wanted {
        match (current.get(key), value) {
            (Some(Value::Object(current)), Value::Object(wanted)) => {
                let inner = difference(current, wanted);
                if !inner.is_empty() {
                    patch.insert(key.clone(), Value::Object(inner));
                }
            }
            (Some(current), wanted) if current == wanted => {}
            (_, wanted) => drop(patch.insert(key.clone(), wanted.clone())),
        }
    }
    patch
}

/// Whether everything that `lower` sets is set by one of `higher` as well.
pub(crate) fn is_overridden(lower: &Settings, higher: &[&Settings]) -> bool {
    let covers = |above: &str, path: &str| {
        path.strip_prefix(above)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    !lower.is_empty()
        && lower.keys().all(|path| {
            higher
                .iter()
                .any(|settings| settings.keys().any(|above| covers(above, path)))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn map(value: Value) -> Map<String, Value> {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn section_6_3_settings_replace_what_is_at_their_path() {
        let mut values = map(json!({"a": {"b": 1, "c": 2}, "d": 3}));
        put_into(
            &mut values,
            &map(json!({"properties.desired.a.b": {"x": 1, "y": null}, "properties.desired.d.e": 5})),
        );
        assert_eq!(
            Value::from(values.clone()),
            json!({"a": {"b": {"x": 1}, "c": 2}, "d": {"e": 5}})
        );
        put_into(&mut values, &map(json!({"properties.desired": {"only": true}})));
        assert_eq!(Value::from(values), json!({"only": true}));
    }

    #[test]
    fn a_difference_is_a_merge_patch() {
        let current = map(json!({"a": 1, "o": {"x": 1, "y": 2}, "same": [1], "s": {"k": 1}}));
        let wanted = map(json!({"o": {"x": 1, "z": 3}, "same": [1], "s": 4, "n": {"m": 1}}));
        assert_eq!(
            Value::from(difference(&current, &wanted)),
            json!({"a": null, "o": {"y": null, "z": 3}, "s": 4, "n": {"m": 1}})
        );
        assert!(difference(&wanted, &wanted).is_empty());
    }

    #[test]
    fn a_path_is_overridden_by_itself_and_by_what_it_lies_in() {
        let settings = |paths: &[&str]| -> Settings {
            paths.iter().map(|path| ((*path).to_owned(), json!(1))).collect()
        };
        let lower = settings(&["properties.desired.a.b"]);
        for (above, expected) in [
            ("properties.desired.a.b", true),
            ("properties.desired.a", true),
            ("properties.desired", true),
            ("properties.desired.a.b.c", false),
            ("properties.desired.ab", false),
        ] {
            assert_eq!(is_overridden(&lower, &[&settings(&[above])]), expected, "{above}");
        }
        let two = settings(&["properties.desired.a", "properties.desired.b"]);
        assert!(!is_overridden(&two, &[&settings(&["properties.desired.a"])]));
    }
}
