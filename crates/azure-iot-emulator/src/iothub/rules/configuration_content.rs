//! Checks of configuration content.

use serde_json::{Map, Value};

use crate::iothub::codes::Code;
use crate::iothub::errors::{HubError, Result};
use crate::iothub::rules::limits;
use crate::iothub::rules::limits::Nulls;
use crate::iothub::store::content;
use crate::iothub::store::content::{Content, DESIRED, EDGE_AGENT, Settings, Target};

/// Validates the content of a configuration: exactly one kind, with valid paths and values for a twin.
pub(crate) fn check(value: Option<Value>) -> Result<Content> {
    let Some(Value::Object(members)) = value else {
        return Err(invalid("The content is missing."));
    };
    let content = without_null_members(members);
    let kinds = ["deviceContent", "moduleContent", "modulesContent"];
    if content.0.len() != 1 || !kinds.iter().any(|kind| content.0.contains_key(*kind)) {
        return Err(invalid(
            "The content must have exactly one of deviceContent, moduleContent and modulesContent.",
        ));
    }
    check_parts(&content)?;
    if content.target() == Target::EdgeDevices && !content.modules().any(|(name, _)| name == EDGE_AGENT) {
        return Err(invalid("modulesContent must have a member $edgeAgent."));
    }
    Ok(content)
}

/// Checks content that is applied to one edge device: its modules, and optionally the device itself.
pub(crate) fn check_for_edge(value: Value) -> Result<Content> {
    let Value::Object(members) = value else {
        return Err(invalid("The content is missing."));
    };
    let content = without_null_members(members);
    if !content.0.contains_key("modulesContent") {
        return Err(invalid("modulesContent is missing."));
    }
    check_parts(&content)?;
    Ok(content)
}

fn check_parts(content: &Content) -> Result<()> {
    for (kind, value) in &content.0 {
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
            _ => return Err(invalid(&format!("The content has no member \"{kind}\"."))),
        }
    }
    Ok(())
}

fn without_null_members(members: Map<String, Value>) -> Content {
    Content(
        members
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .collect(),
    )
}

fn check_settings(settings: &Settings) -> Result<()> {
    for (path, value) in settings {
        let names = content::property_names(path).ok_or_else(|| {
            invalid(&format!(
                "The path \"{path}\" must be {DESIRED}, or begin with that and a dot."
            ))
        })?;
        match (names.as_slice(), value) {
            ([first, rest @ ..], value) => limits::check_value_at(first, rest, value, Nulls::Remove)?,
            ([], Value::Object(values)) => limits::check_values(values, Nulls::Remove)?,
            ([], _) => return Err(invalid(&format!("{DESIRED} must be an object."))),
        }
    }
    Ok(())
}

fn invalid(text: &str) -> HubError {
    HubError::new(Code::INVALID_CONFIGURATION_CONTENT, text)
}
