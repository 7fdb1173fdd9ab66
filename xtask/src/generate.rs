//! Generates the files of a protocol crate from an API description.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::description::Description;
use crate::document::{load_json, version};
use crate::error::{Error, OverlayFault};
use crate::lower::{Lowered, Skipped, lower};
use crate::output::{self, Output};
use crate::split::{GeneratedFile, split};
use crate::workspace::{Service, Versions, Workspace};
use crate::{check, codegen, overlay, postpass};

/// Duration above which generation prints a warning.
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
    pub files: Vec<GeneratedFile>,
    /// The operations that cannot be generated, with the reasons.
    pub skipped: Vec<String>,
}

/// The handling of operations that cannot be generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsupported {
    /// Skip them and report them.
    Skip,
    /// Refuse the description.
    Refuse,
}

/// Runs all stages on one description, whose version is the only one that is sent. The generated files name `source` as their
/// origin.
///
/// # Errors
/// The error of the first stage that fails, or of the first operation that cannot be generated, if that is refused.
pub fn stages(
    description: &Path,
    corrections: Option<&Path>,
    source: &str,
    unsupported: Unsupported,
) -> Result<Stages, Error> {
    let loaded = Description::load(description)?;
    let versions = Versions::only(version(&loaded.openapi));
    stages_of(loaded, corrections, (source, &versions), unsupported)
}

/// Runs all stages on a loaded description.
fn stages_of(
    loaded: Description,
    corrections: Option<&Path>,
    (source, versions): (&str, &Versions),
    unsupported: Unsupported,
) -> Result<Stages, Error> {
    let document = &loaded.openapi;
    let overlaid = overlaid(document, corrections)?;
    let mut lowered = lower(&overlaid).map_err(|e| loaded.fault(e))?;
    let mut code = codegen::generate_or_skip(&mut lowered).map_err(|e| loaded.fault(e))?;
    let reasons = lowered.skipped.iter().map(|skipped| &skipped.reason);
    let first = lowered.invalid.iter().chain(reasons).next();
    if let (Unsupported::Refuse, Some(first)) = (unsupported, first) {
        return Err(loaded.fault(first.clone()));
    }
    let skipped = lowered.skipped.iter().map(|skipped| {
        let Skipped {
            id,
            method,
            path,
            reason,
        } = skipped;
        format!("{id} ({method} {path}): {}", loaded.fault(reason.clone()))
    });
    let skipped = skipped.collect();
    if let (true, Some(first)) = (lowered.operations.is_empty(), lowered.skipped.first()) {
        return Err(loaded.fault(first.reason.clone()));
    }
    let methods = postpass::correct(&mut code, &lowered).map_err(|e| loaded.fault(e))?;
    let files = split(code, &methods, &lowered, (source, versions))?;
    Ok(Stages {
        description: loaded.openapi,
        overlaid,
        lowered,
        files,
        skipped,
    })
}

/// Applies the corrections, if any.
fn overlaid(document: &Value, corrections: Option<&Path>) -> Result<Value, Error> {
    let Some(file) = corrections else {
        return Ok(document.clone());
    };
    let overlaid = overlay::overlay(document, &load_json(file)?, file)?;
    check::check(&overlaid).map_err(|e| Error::Overlay {
        file: file.to_owned(),
        faults: vec![OverlayFault {
            pointer: String::new(),
            reason: format!(
                "the overlaid description is invalid at {}: {}",
                e.pointer, e.fault
            ),
        }],
    })?;
    Ok(overlaid)
}

/// Generates the files of one service's protocol crate.
///
/// # Errors
/// As [`stages`], and if the description's version differs from that in `services.toml`.
pub fn service(
    workspace: &Workspace,
    service: &Service,
    unsupported: Unsupported,
) -> Result<Generated, Error> {
    let description = workspace.spec(&service.description);
    let corrections = service.overlay.as_ref().map(|o| workspace.spec(o));
    let source = match &service.overlay {
        Some(overlay) => format!("specs/{} and specs/{overlay}", service.description),
        None => format!("specs/{}", service.description),
    };
    let loaded = Description::load(&description)?;
    let found = version(&loaded.openapi);
    if found != service.version {
        return Err(Error::Toml {
            file: workspace.services_file(),
            reason: format!(
                "[{}] has version {}, but {} has {found}; they must be equal",
                service.name, service.version, service.description
            ),
        });
    }
    let stages = stages_of(
        loaded,
        corrections.as_deref(),
        (&source, &service.versions),
        unsupported,
    )?;
    let folder = workspace.path(&service.krate).join("src").join("generated");
    let files = stages
        .files
        .into_iter()
        .map(|file| Output::new(folder.join(file.name), file.text))
        .collect();
    Ok(Generated {
        files: output::whole_folder(&folder, files)?,
        skipped: stages.skipped,
    })
}

/// The files of protocol crates.
#[derive(Debug, Default)]
pub struct Generated {
    /// The files.
    pub files: Vec<Output>,
    /// The operations that cannot be generated, with the reasons.
    pub skipped: Vec<String>,
}

/// Generates the files of all services.
///
/// # Errors
/// As [`service`].
pub fn all(workspace: &Workspace, unsupported: Unsupported) -> Result<Generated, Error> {
    let mut all = Generated::default();
    for entry in workspace.services()? {
        let generated = service(workspace, &entry, unsupported)?;
        all.files.extend(generated.files);
        all.skipped.extend(generated.skipped);
    }
    Ok(all)
}

/// Generates all services and replaces the files that differ; returns those, and the operations that were skipped.
///
/// # Errors
/// As [`all`] and [`output::replace`].
pub fn write(workspace: &Workspace, unsupported: Unsupported) -> Result<Written, Error> {
    let generated = all(workspace, unsupported)?;
    Ok(Written {
        changed: output::replace(&generated.files)?,
        skipped: generated.skipped,
    })
}

/// The result of [`write()`].
#[derive(Debug)]
pub struct Written {
    /// The files that changed.
    pub changed: Vec<PathBuf>,
    /// The operations that cannot be generated, with the reasons.
    pub skipped: Vec<String>,
}

/// Generates all services and compares the files with the committed ones. Returns the operations that were skipped.
///
/// # Errors
/// As [`all`], and [`Error::Stale`] with the files that differ.
pub fn check(workspace: &Workspace, unsupported: Unsupported) -> Result<Vec<String>, Error> {
    let generated = all(workspace, unsupported)?;
    let files = output::stale(&generated.files)?;
    if files.is_empty() {
        return Ok(generated.skipped);
    }
    let relative = |f: &PathBuf| f.strip_prefix(workspace.root()).unwrap_or(f).to_owned();
    Err(Error::Stale {
        files: files.iter().map(relative).collect(),
    })
}
