//! Paths of JSON Patch operations.

use ::json_patch::jsonptr::{Pointer, PointerBuf};

use crate::error::{Error, Result};

/// A value that converts into the path of a JSON Patch operation.
///
/// * A string is the name of a member: `"temperature"`. If it begins with `/` it is a JSON Pointer:
///   `"/thermostat/target"`. For a member whose name begins with `/`, use a list.
/// * A list of strings is a path of names: `["thermostat", "target"]`. Names need no escaping.
/// * [`Pointer`] and [`PointerBuf`] are JSON Pointers.
pub trait IntoPatchPath {
    /// Returns the JSON Pointer.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the string is empty, or begins with `/` and is
    /// not a JSON Pointer.
    fn into_patch_path(self) -> Result<PointerBuf>;
}

impl IntoPatchPath for &str {
    fn into_patch_path(self) -> Result<PointerBuf> {
        if self.starts_with('/') {
            return PointerBuf::parse(self).map_err(|error| Error::invalid_input("path", error.to_string()));
        }
        // As a JSON Pointer, an empty string would address the whole document.
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
