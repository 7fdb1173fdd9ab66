//! Applies corrections to a description: OpenAPI Overlay 1.0.

mod strict;

use std::path::Path;

use roas_overlay::apply::{Apply, ApplyErrorKind, ApplyOptions};
use roas_overlay::v1_0::Overlay;
use roas_overlay::validation::Validate;
use serde_json::{Value, json};

use crate::error::{Error, OverlayFault};

/// Applies an overlay. Every name in the target of an action must match something; otherwise the correction is
/// obsolete. A schema that an update adds needs a type. Every action gives its reason in `description`.
///
/// # Errors
/// [`Error::Overlay`] with all faults and the locations of their actions in the overlay file.
pub fn overlay(document: &Value, overlay: &Value, file: &Path) -> Result<Value, Error> {
    let fail = |faults: Vec<(String, String)>| Error::Overlay {
        file: file.to_owned(),
        faults: faults
            .into_iter()
            .map(|(pointer, reason)| OverlayFault { pointer, reason })
            .collect(),
    };
    let malformed = |reason: String| fail(vec![(String::new(), reason)]);
    let parsed: Overlay = serde_json::from_value(overlay.clone()).map_err(|e| malformed(e.to_string()))?;
    parsed
        .validate(Default::default())
        .map_err(|e| malformed(e.to_string()))?;
    let mut result = document.clone();
    let mut faults = Vec::new();
    for (index, action) in overlay["actions"].as_array().into_iter().flatten().enumerate() {
        let at = format!("/actions/{index}");
        if action["description"].as_str().unwrap_or_default().is_empty() {
            let reason = "the action has no `description`; state the reason for the correction";
            faults.push((at.clone(), reason.to_owned()));
        }
        let target = action["target"].as_str().unwrap_or_default();
        let unmatched = strict::unmatched(&result, target);
        faults.extend(unmatched.into_iter().map(|reason| (at.clone(), reason)));
        if let Some(update) = action.get("update") {
            let invented = strict::invented(document, &result, target, update);
            faults.extend(invented.into_iter().map(|reason| (at.clone(), reason)));
        }
        // Later actions may depend on this one, so it is applied even if it has faults.
        let alone = json!({ "overlay": overlay["overlay"], "info": overlay["info"], "actions": [action] });
        let alone: Overlay = serde_json::from_value(alone).map_err(|e| malformed(e.to_string()))?;
        if let Err(error) = alone.apply(&mut result, ApplyOptions::ErrorOnZeroMatch.into())
            && !matches!(error.kind, ApplyErrorKind::ZeroMatch)
        {
            faults.push((at, format!("target `{target}`: {}", error.kind)));
        }
    }
    match faults.is_empty() {
        true => Ok(result),
        false => Err(fail(faults)),
    }
}
