//! Target conditions of configurations.

use twin_query::iothub::{self as language, Source, TargetCondition};

use crate::iothub::store::content::Target;

/// Parses a target condition and checks that it selects the kind of twin that the content configures.
pub(crate) fn parse(text: &str, target: Target) -> Result<TargetCondition, String> {
    let condition = language::parse_target_condition(text).map_err(|error| error.to_string())?;
    let invalid = |error: language::ValidationError| error.to_string();
    match (&condition, target) {
        (TargetCondition::None, _) => {}
        (TargetCondition::Modules(expression), Target::Modules) => {
            expression.validate(Source::Modules).map_err(invalid)?;
        }
        (_, Target::Modules) => {
            return Err(
                "The condition of a module configuration must begin with FROM devices.modules WHERE."
                    .to_owned(),
            );
        }
        (TargetCondition::Modules(_), _) => {
            return Err("Only a module configuration can have a condition on modules.".to_owned());
        }
        (TargetCondition::Devices(expression), _) => {
            expression.validate(Source::Devices).map_err(invalid)?;
        }
        (TargetCondition::All, _) => {}
    }
    Ok(condition)
}
