//! Generates the files of a protocol crate from an API description.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::description::Description;
use crate::document::{load_json, version};
use crate::error::Error;
use crate::lower::{Lowered, lower};
use crate::output::{self, Output};
use crate::split::{Part, split};
use crate::workspace::{Service, Workspace};
use crate::{check, codegen, overlay, postpass};

/// Generation that takes longer prints a warning.
pub const SLOW: Duration = Duration::from_secs(10);

/// The output of each stage.
#[derive(Debug)]
pub struct Stages {
    /// The description as OpenAPI 3.0.
    pub description: Value,
    /// The description with the overlay applied.
    pub overlaid: Value,
    /// The input of the code generator.
    pub lowered: Lowered,
    /// The generated files.
    pub parts: Vec<Part>,
}

/// Runs all stages on one description. The generated files name `source` as their origin.
///
/// # Errors
/// The error of the first stage that fails.
pub fn stages(description: &Path, corrections: Option<&Path>, source: &str) -> Result<Stages, Error> {
    let loaded = Description::load(description)?;
    let document = &loaded.openapi;
    let overlaid = match corrections {
        Some(file) => {
            let overlaid = overlay::overlay(document, &load_json(file)?, file)?;
            check::check(&overlaid).map_err(|e| Error::Overlay {
                file: file.to_owned(),
                pointer: String::new(),
                reason: format!(
                    "the overlaid description is invalid at {}: {}",
                    e.pointer, e.fault
                ),
            })?;
            overlaid
        }
        None => document.clone(),
    };
    let lowered = lower(&overlaid).map_err(|e| loaded.fault(e).in_file(description))?;
    let mut code = codegen::generate(&lowered.document, description)?;
    let methods = postpass::correct(&mut code, &lowered, description)?;
    let parts = split(code, &methods, &lowered, source)?;
    Ok(Stages {
        description: loaded.openapi,
        overlaid,
        lowered,
        parts,
    })
}

/// Generates the files of one service's protocol crate.
///
/// # Errors
/// As [`stages`], and if the description's version differs from that in `services.toml`.
pub fn service(workspace: &Workspace, service: &Service) -> Result<Vec<Output>, Error> {
    let description = workspace.spec(&service.description);
    let corrections = service.overlay.as_ref().map(|o| workspace.spec(o));
    let source = match &service.overlay {
        Some(overlay) => format!("specs/{} and specs/{overlay}", service.description),
        None => format!("specs/{}", service.description),
    };
    let stages = stages(&description, corrections.as_deref(), &source)?;
    let found = version(&stages.description);
    if found != service.version {
        return Err(Error::Toml {
            file: workspace.services_file(),
            reason: format!(
                "[{}] has version {}, but {} has {found}; they must be equal",
                service.name, service.version, service.description
            ),
        });
    }
    let folder = workspace.path(&service.krate).join("src").join("generated");
    let files = stages
        .parts
        .into_iter()
        .map(|part| Output::new(folder.join(part.name), part.text))
        .collect();
    output::whole_folder(&folder, files)
}

/// Generates the files of all services.
///
/// # Errors
/// As [`service`].
pub fn all(workspace: &Workspace) -> Result<Vec<Output>, Error> {
    let mut files = Vec::new();
    for entry in workspace.services()? {
        files.extend(service(workspace, &entry)?);
    }
    Ok(files)
}

/// Generates all services and replaces the files that differ; returns those.
///
/// # Errors
/// As [`all`] and [`output::replace`].
pub fn write(workspace: &Workspace) -> Result<Vec<PathBuf>, Error> {
    output::replace(&all(workspace)?)
}

/// Generates all services and compares the files with the committed ones.
///
/// # Errors
/// As [`all`], and [`Error::Stale`] with the files that differ.
pub fn check(workspace: &Workspace) -> Result<(), Error> {
    let files = output::stale(&all(workspace)?)?;
    if files.is_empty() {
        return Ok(());
    }
    let relative = |f: &PathBuf| f.strip_prefix(workspace.root()).unwrap_or(f).to_owned();
    Err(Error::Stale {
        files: files.iter().map(relative).collect(),
    })
}
