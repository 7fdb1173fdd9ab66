//! Loads an API description in either format.

use std::path::Path;

use serde_json::Value;

use crate::document::load_json;
use crate::error::{Error, Fault, Located, Pointer};
use crate::{check, convert};

/// The format of a description.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Swagger 2.0, as Azure publishes its APIs.
    Swagger2,
    /// OpenAPI 3.0.x, as in `specs/`.
    OpenApi3,
}

/// Reads a description and detects its format.
///
/// # Errors
/// When the file cannot be read, is not JSON, or is neither Swagger 2.0 nor OpenAPI 3.0.
pub fn load(file: &Path) -> Result<(Value, Format), Error> {
    let document = load_json(file)?;
    let format = format(&document).map_err(|e| e.in_file(file))?;
    Ok((document, format))
}

/// A checked description.
#[derive(Debug, Clone)]
pub struct Description {
    /// The description as OpenAPI 3.0.
    pub openapi: Value,
    /// The Swagger 2.0 document that it was converted from, if any.
    pub swagger: Option<Value>,
}

impl Description {
    /// Reads, converts and checks a description in either format.
    ///
    /// # Errors
    /// As [`load`], [`convert::convert`] and [`check::check`].
    pub fn load(file: &Path) -> Result<Self, Error> {
        let (document, format) = load(file)?;
        let description = match format {
            Format::OpenApi3 => Self {
                openapi: document,
                swagger: None,
            },
            Format::Swagger2 => Self {
                openapi: convert::convert(&document).map_err(|e| e.in_file(file))?,
                swagger: Some(document),
            },
        };
        check::check(&description.openapi).map_err(|e| description.fault(e).in_file(file))?;
        Ok(description)
    }

    /// Maps a fault in the OpenAPI document to its location in the file.
    pub fn fault(&self, fault: Located) -> Located {
        match &self.swagger {
            Some(swagger) => convert::in_swagger(swagger, fault),
            None => fault,
        }
    }
}

/// Reads a description in either format and returns it as checked OpenAPI 3.0.
///
/// # Errors
/// As [`Description::load`].
pub fn load_openapi(file: &Path) -> Result<Value, Error> {
    Ok(Description::load(file)?.openapi)
}

fn format(document: &Value) -> Result<Format, Located> {
    let fault = |reason: &str| Located::new(&Pointer::root(), Fault::NotAnApiDescription(reason.to_owned()));
    let Some(map) = document.as_object() else {
        return Err(fault("it is not a JSON object"));
    };
    match (
        map.get("swagger").and_then(Value::as_str),
        map.get("openapi").and_then(Value::as_str),
    ) {
        (Some("2.0"), None) => Ok(Format::Swagger2),
        (None, Some(v)) if v.starts_with("3.0.") => Ok(Format::OpenApi3),
        (Some(v), _) => Err(fault(&format!("it is Swagger {v}"))),
        (None, Some(v)) => Err(fault(&format!("it is OpenAPI {v}"))),
        (None, None) => Err(fault("it has neither `swagger` nor `openapi`")),
    }
}
