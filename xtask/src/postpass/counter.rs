//! Checks that corrections applied as often as expected.

use std::path::Path;

use crate::error::Error;

/// The check that corrections applied as often as expected.
pub(super) struct Counter<'a> {
    pub(super) file: &'a Path,
}

impl Counter<'_> {
    pub(super) fn check(&self, pass: &'static str, expected: usize, found: usize) -> Result<(), Error> {
        if expected == found {
            Ok(())
        } else {
            Err(self.fail(pass, expected, found))
        }
    }

    pub(super) fn fail(&self, pass: &'static str, expected: impl ToString, found: impl ToString) -> Error {
        Error::PostPass {
            file: self.file.to_owned(),
            pass,
            expected: expected.to_string(),
            found: found.to_string(),
        }
    }
}
