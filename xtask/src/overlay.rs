//! Applies corrections to a description: OpenAPI Overlay 1.0.

use std::path::Path;

use roas_overlay::apply::{Apply, ApplyErrorKind, ApplyOptions};
use roas_overlay::v1_0::Overlay;
use roas_overlay::validation::Validate;
use serde_json::Value;

use crate::error::Error;

/// Applies an overlay. An action that matches nothing is an error, because its correction is obsolete. So is an action
/// without a `description`, which must give the reason.
///
/// # Errors
/// [`Error::Overlay`] with the location of the action in the overlay file.
pub fn overlay(document: &Value, overlay: &Value, file: &Path) -> Result<Value, Error> {
    let fail = |pointer: String, reason: String| Error::Overlay {
        file: file.to_owned(),
        pointer,
        reason,
    };
    let parsed: Overlay =
        serde_json::from_value(overlay.clone()).map_err(|e| fail(String::new(), e.to_string()))?;
    parsed
        .validate(Default::default())
        .map_err(|e| fail(String::new(), e.to_string()))?;
    for (index, action) in parsed.actions.iter().enumerate() {
        if action.description.as_deref().unwrap_or_default().is_empty() {
            return Err(fail(
                format!("/actions/{index}"),
                "the action has no `description`; state the reason for the correction".into(),
            ));
        }
    }
    let mut document = document.clone();
    parsed
        .apply(&mut document, ApplyOptions::ErrorOnZeroMatch.into())
        .map_err(|e| {
            let reason = match e.kind {
                ApplyErrorKind::ZeroMatch => format!(
                    "target `{}` matches nothing; delete the action if the description no longer needs it",
                    e.target
                ),
                kind => format!("target `{}`: {kind}", e.target),
            };
            fail(format!("/actions/{}", e.action_index), reason)
        })?;
    Ok(document)
}
