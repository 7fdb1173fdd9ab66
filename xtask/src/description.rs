//! Loads an API description in either format.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::bundle::Bundled;
use crate::document::load_json;
use crate::error::{Error, Fault, Located, Pointer};
use crate::{bundle, check, convert};

/// The format of a description.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Swagger 2.0, as Azure publishes its APIs.
    Swagger2,
    /// OpenAPI 3.0.x, as in `specs/`.
    OpenApi3,
}

/// Reads a description and detects its format. References to other files are kept.
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
    /// The result of bundling other files.
    pub bundled: Bundled,
    file: PathBuf,
}

impl Description {
    /// Reads, converts and checks a description in either format.
    ///
    /// # Errors
    /// As [`load`], [`bundle::bundle`], [`convert::convert`] and [`check::check`].
    pub fn load(file: &Path) -> Result<Self, Error> {
        let (document, format) = load(file)?;
        let mut bundled = bundle::bundle(document, file, format)?;
        let document = std::mem::take(&mut bundled.document);
        let mut description = Self {
            openapi: Value::Null,
            swagger: None,
            bundled,
            file: file.to_owned(),
        };
        match format {
            Format::OpenApi3 => description.openapi = document,
            Format::Swagger2 => {
                description.openapi = convert::convert(&document).map_err(|e| description.in_file(e))?;
                description.swagger = Some(document);
            }
        }
        check::check(&description.openapi).map_err(|e| description.fault(e))?;
        Ok(description)
    }

    /// Refuses references to schemas that do not exist.
    ///
    /// # Errors
    /// [`Fault::UnresolvableReference`], for the first.
    pub fn require_complete(&self) -> Result<(), Error> {
        match self.bundled.missing.first() {
            Some((file, fault)) => Err(fault.clone().in_file(file)),
            None => Ok(()),
        }
    }

    /// Locates a fault in the OpenAPI document in the file that it came from.
    pub fn fault(&self, fault: Located) -> Error {
        self.in_file(match &self.swagger {
            Some(swagger) => convert::in_swagger(swagger, fault),
            None => fault,
        })
    }

    /// Locates a fault in the bundled document in the file that it came from.
    fn in_file(&self, mut fault: Located) -> Error {
        if let Some(other) = fault.fault.other_mut() {
            *other = match self.bundled.origin(other) {
                Some((file, pointer)) => format!("{}#{pointer}", file.display()),
                None => format!("#{other}"),
            };
        }
        match self.bundled.origin(&fault.pointer) {
            Some((file, pointer)) => Located { pointer, ..fault }.in_file(&file),
            None => fault.in_file(&self.file),
        }
    }
}

/// Reads a description in either format and returns it as checked OpenAPI 3.0.
///
/// # Errors
/// As [`Description::load`].
pub fn load_openapi(file: &Path) -> Result<Value, Error> {
    let description = Description::load(file)?;
    description.require_complete()?;
    Ok(description.openapi)
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
