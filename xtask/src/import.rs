//! Imports a published API description into `specs/`.

pub(crate) mod secrets;

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::description::{Description, load_openapi};
use crate::diff::{Report, diff};
use crate::document::{load_json, version};
use crate::error::{Error, read};
use crate::facts::Facts;
use crate::output::{self, Output};
use crate::overlay;
use crate::texts::{self, ForeignText};
use crate::workspace::{Service, Workspace};

/// The result of an import.
#[derive(Debug)]
pub struct Import {
    /// The description that was written.
    pub description: PathBuf,
    /// Whether `services.toml` or the description changed.
    pub changed: bool,
    /// The API changes since the previous version.
    pub report: Report,
    /// The publisher's texts that have no counterpart in the previous version. Each is replaced by [`texts::TO_WRITE`].
    pub foreign_texts: Vec<ForeignText>,
    /// The renamed components of other files, one line each.
    pub renamed: Vec<String>,
    /// JSON pointers of members that look like secrets and are not marked as such.
    pub possible_secrets: Vec<String>,
}

/// The handling of a version that has already been imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// Refuse to change it.
    Keep,
    /// Replace it.
    Replace,
}

/// Writes `specs/<service>/<info.version>.json` and the listing of its facts from a Swagger 2.0 or OpenAPI 3.0 file, and
/// selects that version in `services.toml`. Keeps the texts of the previous version. Keeps the overlay too; `generate`
/// reports the actions that no longer match.
///
/// # Errors
/// If the file is invalid, the service is unknown, or the version exists and would change. Nothing is written in that case.
pub fn import(
    workspace: &Workspace,
    service: &str,
    file: &Path,
    existing: Existing,
) -> Result<Import, Error> {
    let entry = workspace.service(service)?;
    let loaded = Description::load(file)?;
    loaded.require_complete()?;
    let renamed = loaded.bundled.renamed;
    let mut document = loaded.openapi;
    texts::remove_examples(&mut document);
    let new = Facts::of(&document).map_err(|e| e.in_file(file))?;

    let previous = workspace.spec(&entry.description);
    let previous_document = load_openapi(&previous)?;
    let old = Facts::of(&previous_document).map_err(|e| e.in_file(&previous))?;
    let foreign_texts = texts::keep(&previous_document, &mut document);
    let report = diff(&old, &new);

    let version = version(&document);
    let relative = format!("{service}/{version}.json");
    let description = workspace.spec(&relative);
    let new_description = Output::new(description.clone(), printed(&document, file)?);
    if existing == Existing::Keep && description.exists() && new_description.is_stale()? {
        return Err(Error::Exists { file: description });
    }
    let possible_secrets = secrets::unmarked(&corrected(workspace, &entry, &document));
    let outputs = [
        new_description,
        Output::new(facts_file(&description), new.to_string()),
        selected(workspace, service, version, &relative)?,
    ];
    let changed = !output::replace(&outputs)?.is_empty();
    Ok(Import {
        description,
        changed,
        report,
        foreign_texts,
        renamed,
        possible_secrets,
    })
}

/// Returns the text of a description that was read from `file`.
pub(crate) fn printed(document: &Value, file: &Path) -> Result<String, Error> {
    let json = serde_json::to_string_pretty(document).map_err(|source| Error::Json {
        file: file.to_owned(),
        source,
    })?;
    Ok(json + "\n")
}

/// Returns the file with the listing of a description's facts: `<version>.facts.txt` next to `<version>.json`.
pub fn facts_file(description: &Path) -> PathBuf {
    description.with_extension("facts.txt")
}

/// Returns `services.toml` with the version selected.
fn selected(workspace: &Workspace, service: &str, version: &str, description: &str) -> Result<Output, Error> {
    let file = workspace.services_file();
    let text = with_version(&read(&file)?, service, version, description);
    let text = text.map_err(|reason| Error::Toml {
        file: file.clone(),
        reason,
    })?;
    Ok(Output::new(file, text))
}

/// Applies the service's overlay, which marks secrets. An overlay that no longer applies is reported by `generate`.
fn corrected(workspace: &Workspace, service: &Service, document: &Value) -> Value {
    let corrected = service.overlay.as_ref().and_then(|overlay| {
        let file = workspace.spec(overlay);
        overlay::overlay(document, &load_json(&file).ok()?, &file).ok()
    });
    corrected.unwrap_or_else(|| document.clone())
}

/// Compares two descriptions.
///
/// # Errors
/// If one of them is invalid.
pub fn compare(old: &Path, new: &Path) -> Result<Report, Error> {
    let facts = |file: &Path| Facts::of(&load_openapi(file)?).map_err(|e| e.in_file(file));
    Ok(diff(&facts(old)?, &facts(new)?))
}

/// Sets the version and description of one service in the text of `services.toml`; keeps comments and everything else.
/// Fails if the section is formatted in a way that this function does not handle.
fn with_version(text: &str, service: &str, version: &str, description: &str) -> Result<String, String> {
    let mut section = String::new();
    let mut out = String::new();
    for line in text.lines() {
        let header = line.trim_start().strip_prefix('[');
        if let Some((name, _)) = header.and_then(|l| l.split_once(']')) {
            section = name.trim().trim_matches(['"', '\'']).to_owned();
        }
        let key = line.split('=').next().unwrap_or_default().trim();
        let value = match key {
            "version" if section == service => Some(version),
            "description" if section == service => Some(description),
            _ => None,
        };
        out.push_str(&value.map_or_else(|| line.to_owned(), |value| with_value(line, value)));
        out.push('\n');
    }
    let table: toml::Table = out.parse().map_err(|e: toml::de::Error| e.to_string())?;
    for (key, value) in [("version", version), ("description", description)] {
        let found = table.get(service).and_then(|section| section.get(key)?.as_str());
        if found != Some(value) {
            return Err(format!(
                "cannot set `{key}`: it must be on its own line, in double quotes, under `[{service}]`"
            ));
        }
    }
    Ok(out)
}

/// Replaces the value in `key = "value"`; keeps the rest of the line.
fn with_value(line: &str, value: &str) -> String {
    let parts = line.split_once('"').and_then(|(key, rest)| {
        let (_, after) = rest.split_once('"')?;
        Some((key, after))
    });
    match parts {
        Some((key, after)) => format!("{key}\"{value}\"{after}"),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn setting_a_version_keeps_the_rest_of_the_file() {
        let text = "# All.\n[kiln] # hot\nversion = \"1\" # old\ndescription = \"kiln/1.json\"\n\n[\"oven\"]\n\
                    version = \"1\"\ndescription = \"oven/1.json\"\n";
        let kiln = with_version(text, "kiln", "2", "kiln/2.json").unwrap();
        assert_eq!(
            kiln,
            text.replacen("\"1\"", "\"2\"", 1).replace("kiln/1", "kiln/2")
        );
        let oven = with_version(text, "oven", "2", "oven/2.json").unwrap();
        assert!(
            oven.ends_with("[\"oven\"]\nversion = \"2\"\ndescription = \"oven/2.json\"\n"),
            "{oven}"
        );
        assert!(oven.contains("version = \"1\" # old"), "{oven}");
    }

    #[test]
    fn a_section_in_another_format_is_refused() {
        for text in [
            "[oven]\nversion = \"1\"\ndescription = \"x\"\n",
            "kiln = { version = \"1\", description = \"x\" }\n",
            "[kiln]\nversion = '1'\ndescription = \"x\"\n",
            "[kiln]\nversion = \"1\"\n",
        ] {
            let message = with_version(text, "kiln", "2", "kiln/2.json").unwrap_err();
            assert!(message.contains("under `[kiln]`"), "{message}");
        }
    }
}
