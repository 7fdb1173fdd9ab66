//! Target conditions of scheduled jobs.

use twin_query::iothub::{self as language, Source, TargetCondition};

use crate::iothub::query::rows;
use crate::iothub::store::Store;
use crate::iothub::store::view::TwinView;

/// Device ids, each with an optional module id.
pub(crate) type TargetIds = Vec<(String, Option<String>)>;

/// Returns the devices or modules that a condition selects, or the error of an invalid condition.
pub(crate) fn find(store: &Store, condition: &str) -> Result<TargetIds, String> {
    let parsed = language::parse_target_condition(condition).map_err(|error| error.to_string())?;
    let (expression, source) = match &parsed {
        TargetCondition::None => return Ok(Vec::new()),
        TargetCondition::All => (None, Source::Devices),
        TargetCondition::Devices(expression) => (Some(expression), Source::Devices),
        TargetCondition::Modules(expression) => (Some(expression), Source::Modules),
    };
    if let Some(expression) = expression {
        expression.validate(source).map_err(|error| error.to_string())?;
    }
    let mut found = Vec::new();
    for device in store.devices.values() {
        if source == Source::Devices {
            if rows::matches(expression, source, TwinView { device, module: None }) {
                found.push((device.id.clone(), None));
            }
            continue;
        }
        for module in device.modules.values() {
            let view = TwinView {
                device,
                module: Some(module),
            };
            if rows::matches(expression, source, view) {
                found.push((device.id.clone(), Some(module.id.clone())));
            }
        }
    }
    Ok(found)
}
