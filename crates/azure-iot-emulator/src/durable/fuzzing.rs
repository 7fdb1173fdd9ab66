//! Access for the fuzz targets.

use std::path::Path;

use serde_json::{Map, Value};

use crate::durable::file::DataFile;

/// Opens a data file with its journal and returns the state by service.
///
/// # Errors
/// The text for the user, if the files are refused.
pub fn open_data_file(path: &Path) -> Result<Map<String, Value>, String> {
    let (_, saved) = DataFile::open(path).map_err(|error| error.to_string())?;
    Ok(saved.services)
}
