//! Rules for the paths of patches.

use json_patch::jsonptr::Pointer;

use super::target::PatchTarget;
use crate::error::{Error, Result};

/// Returns an error for a path that no patch can change.
pub(super) fn check<K: PatchTarget>(path: &Pointer) -> Result<()> {
    let tokens: Vec<_> = path
        .tokens()
        .take(4)
        .map(|token| token.decoded().into_owned())
        .collect();
    let names: Vec<&str> = tokens.iter().map(String::as_str).collect();
    let refuse = |reason: &str| {
        Err(Error::invalid_input(
            "path",
            format!("must not be \"{path}\": {reason}"),
        ))
    };
    match names.as_slice() {
        [] => refuse("a patch cannot replace the whole document"),
        [first, ..] if K::FIXED.contains(first) => refuse("a patch cannot change it"),
        ["$metadata", rest @ ..] => check_metadata(rest, K::MODEL, K::SOURCE_TIME).or_else(refuse),
        [_, "$metadata", rest @ ..] if K::COMPONENTS => check_metadata(rest, false, true).or_else(refuse),
        _ => Ok(()),
    }
}

/// Returns an error for the path of the model, which can be replaced but not removed.
pub(super) fn check_removal(path: &Pointer) -> Result<()> {
    if path.as_str() == "/$metadata/$model" {
        return Err(Error::invalid_input(
            "path",
            "must not be the model: a patch can replace it, not remove it",
        ));
    }
    Ok(())
}

/// Checks a path below `$metadata`: only the model and the source times can be changed. Returns the reason if the path
/// is refused.
fn check_metadata(rest: &[&str], model: bool, source_time: bool) -> Result<(), &'static str> {
    match rest {
        ["$model"] if model => Ok(()),
        [_, "sourceTime"] if source_time => Ok(()),
        _ => Err("the service sets it"),
    }
}
