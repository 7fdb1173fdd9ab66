//! Where a patch changes something.

use json_patch::jsonptr::{Pointer, PointerBuf};

use super::target::PatchTarget;
use crate::error::{Error, Result};

/// What can say where a patch changes something.
///
/// * A text is the name of a property: `"temperature"`. One that begins with `/` is a JSON Pointer:
///   `"/thermostat/target"`. No property of a model begins so; for the key of a map, use a list.
/// * A list of texts leads inside, name by name: `["thermostat", "target"]`. Names need no escaping.
/// * [`Pointer`] and [`PointerBuf`] are JSON Pointers.
pub trait IntoPatchPath {
    /// The JSON Pointer.
    ///
    /// # Errors
    ///
    /// If a text that begins with `/` is no JSON Pointer.
    fn into_patch_path(self) -> Result<PointerBuf>;
}

impl IntoPatchPath for &str {
    fn into_patch_path(self) -> Result<PointerBuf> {
        if self.starts_with('/') {
            return PointerBuf::parse(self).map_err(|error| Error::invalid_input("path", error.to_string()));
        }
        // An empty text is refused here: as a pointer it would mean the whole document.
        if self.is_empty() {
            return Err(Error::invalid_input("path", "must not be empty"));
        }
        Ok(PointerBuf::from_tokens([self]))
    }
}

impl IntoPatchPath for String {
    fn into_patch_path(self) -> Result<PointerBuf> {
        self.as_str().into_patch_path()
    }
}

impl IntoPatchPath for &String {
    fn into_patch_path(self) -> Result<PointerBuf> {
        self.as_str().into_patch_path()
    }
}

impl<S: AsRef<str>> IntoPatchPath for &[S] {
    fn into_patch_path(self) -> Result<PointerBuf> {
        Ok(PointerBuf::from_tokens(self.iter().map(AsRef::as_ref)))
    }
}

impl<S: AsRef<str>, const N: usize> IntoPatchPath for [S; N] {
    fn into_patch_path(self) -> Result<PointerBuf> {
        self.as_slice().into_patch_path()
    }
}

impl<S: AsRef<str>> IntoPatchPath for Vec<S> {
    fn into_patch_path(self) -> Result<PointerBuf> {
        self.as_slice().into_patch_path()
    }
}

impl IntoPatchPath for PointerBuf {
    fn into_patch_path(self) -> Result<PointerBuf> {
        Ok(self)
    }
}

impl IntoPatchPath for &Pointer {
    fn into_patch_path(self) -> Result<PointerBuf> {
        Ok(self.to_buf())
    }
}

/// Refuses what the service sets itself.
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
            format!("must not be {path:?}: {reason}"),
        ))
    };
    match names.as_slice() {
        [] => refuse("a patch changes members, not the whole"),
        [first, ..] if K::FIXED.contains(first) => refuse("it cannot be changed"),
        ["$metadata", rest @ ..] => check_metadata(rest, K::MODEL, K::SOURCE_TIME).or_else(refuse),
        [_, "$metadata", rest @ ..] if K::COMPONENTS => check_metadata(rest, false, true).or_else(refuse),
        _ => Ok(()),
    }
}

/// A model can be replaced and not removed.
pub(super) fn check_removal(path: &Pointer) -> Result<()> {
    if path.as_str() == "/$metadata/$model" {
        return Err(Error::invalid_input(
            "path",
            "must not be the model: a twin always has one",
        ));
    }
    Ok(())
}

/// What may be changed below `$metadata`.
fn check_metadata(rest: &[&str], model: bool, source_time: bool) -> Result<(), &'static str> {
    match rest {
        ["$model"] if model => Ok(()),
        [_, "sourceTime"] if source_time => Ok(()),
        _ => Err("the service sets it"),
    }
}
