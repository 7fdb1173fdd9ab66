//! The known models of Plug and Play devices.
//!
//! The service resolves models in repositories that the emulator cannot access, so tests provide
//! them.

use std::path::Path;

use dtdl::{Interface, Model, ModelFiles, Parser};
use parking_lot::Mutex;
use serde_json::Value;
use thiserror::Error;

/// An error in the models that were passed to [`IotHub::set_models`](crate::IotHub::set_models).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the models are not valid DTDL: {reason}")]
#[non_exhaustive]
pub struct ModelsError {
    /// The diagnostics of the parser.
    pub reason: String,
}

/// The known models. There are none by default.
#[derive(Debug, Default)]
pub(crate) struct Models(Mutex<Model>);

impl Models {
    /// Replaces all models.
    pub(crate) fn set(&self, documents: &[Value]) -> Result<(), ModelsError> {
        let parsed = Parser::new().parse(documents).map_err(|error| ModelsError {
            reason: error.to_string(),
        })?;
        *self.0.lock() = parsed;
        Ok(())
    }

    /// Replaces all models by those of a file, or of a folder and the folders below it.
    pub(crate) fn read(&self, path: &Path) -> Result<(), ModelsError> {
        let files = ModelFiles::read(path).map_err(|error| ModelsError {
            reason: error.to_string(),
        })?;
        let parsed = Parser::new().parse(files.documents());
        *self.0.lock() = parsed.map_err(|error| ModelsError {
            reason: error.to_string(),
        })?;
        Ok(())
    }

    pub(crate) fn interface(&self, id: &str) -> Option<Interface> {
        self.0.lock().interface(id)
    }
}
