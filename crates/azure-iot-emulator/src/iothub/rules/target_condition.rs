//! Target conditions of configurations.

use twin_query::Path;
use twin_query::iothub::{self as language, Expression, Source, TargetCondition};

use crate::iothub::store::content::Target;

/// Parses a target condition and checks that it selects the kind of twin that the content configures.
pub(crate) fn parse(text: &str, target: Target) -> Result<TargetCondition, String> {
    let condition = parse_any(text)?;
    match (&condition, target) {
        (TargetCondition::All | TargetCondition::Devices(_), Target::Modules) => Err(
            "The condition of a module configuration must begin with FROM devices.modules WHERE.".to_owned(),
        ),
        (TargetCondition::Modules(_), Target::Devices | Target::EdgeDevices) => {
            Err("Only a module configuration can have a condition on modules.".to_owned())
        }
        _ => Ok(condition),
    }
}

/// Parses a target condition for any kind of content.
pub(crate) fn parse_any(text: &str) -> Result<TargetCondition, String> {
    let condition = language::parse_target_condition(text).map_err(|error| error.to_string())?;
    match &condition {
        TargetCondition::None | TargetCondition::All => {}
        TargetCondition::Devices(expression) => check(expression, Source::Devices)?,
        TargetCondition::Modules(expression) => check(expression, Source::Modules)?,
    }
    Ok(condition)
}

fn check(expression: &Expression, source: Source) -> Result<(), String> {
    expression.validate(source).map_err(|error| error.to_string())?;
    let mut result = Ok(());
    visit_paths(expression, &mut |path| {
        if result.is_ok() && !is_allowed(path, source) {
            let names: Vec<&str> = path.names().iter().map(AsRef::as_ref).collect();
            result = Err(format!(
                "A target condition cannot use {}; it can use deviceId, tags and properties.reported, and moduleId for \
                 modules.",
                names.join(".")
            ));
        }
    });
    result
}

/// Returns whether a target condition may contain a property. Queries may contain more properties.
fn is_allowed(path: &Path, source: Source) -> bool {
    let is = |name: &twin_query::Name, word: &str| name.as_str().eq_ignore_ascii_case(word);
    match source.property(path) {
        [only] if is(only, "deviceId") => true,
        [only] if is(only, "moduleId") => source == Source::Modules,
        [first, ..] if is(first, "tags") => true,
        [first, second, ..] => is(first, "properties") && second == "reported",
        _ => false,
    }
}

fn visit_paths<'a>(expression: &'a Expression, visit: &mut dyn FnMut(&'a Path)) {
    match expression {
        Expression::Or(parts) | Expression::And(parts) | Expression::Call { arguments: parts, .. } => {
            parts.iter().for_each(|part| visit_paths(part, visit));
        }
        Expression::Not(inner) | Expression::In { operand: inner, .. } => visit_paths(inner, visit),
        Expression::Compare { left, right, .. } => {
            visit_paths(left, visit);
            visit_paths(right, visit);
        }
        Expression::Sum { first, rest } => {
            visit_paths(first, visit);
            rest.iter().for_each(|(_, part)| visit_paths(part, visit));
        }
        Expression::Product { first, rest } => {
            visit_paths(first, visit);
            rest.iter().for_each(|(_, part)| visit_paths(part, visit));
        }
        Expression::Path(path) => visit(path),
        Expression::Constant(_) => {}
    }
}
