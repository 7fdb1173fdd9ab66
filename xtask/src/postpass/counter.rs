//! Checks that corrections applied as often as expected.

use crate::error::{Fault, Located, Pointer};
use crate::lower::Operation;

/// The check that corrections applied as often as expected, which locates differences in the description.
pub(super) struct Counter {
    at: Pointer,
}

impl Counter {
    /// Counts in the whole description.
    pub(super) fn whole() -> Self {
        Self { at: Pointer::root() }
    }

    /// Counts in one operation.
    pub(super) fn operation(operation: &Operation) -> Self {
        let paths = Pointer::root().at("paths");
        Self {
            at: paths.at(&operation.path).at(operation.method.to_lowercase()),
        }
    }

    /// Counts in one property of a schema.
    pub(super) fn property(schema: &str, property: &str) -> Self {
        let schemas = Pointer::to("#/components/schemas");
        Self {
            at: schemas.at(schema).at("properties").at(property),
        }
    }

    pub(super) fn check(&self, pass: &'static str, expected: usize, found: usize) -> Result<(), Located> {
        if expected == found {
            Ok(())
        } else {
            Err(self.fail(pass, expected, found))
        }
    }

    pub(super) fn fail(&self, pass: &'static str, expected: impl ToString, found: impl ToString) -> Located {
        let fault = Fault::PostPass {
            pass,
            expected: expected.to_string(),
            found: found.to_string(),
        };
        Located::new(&self.at, fault)
    }
}
