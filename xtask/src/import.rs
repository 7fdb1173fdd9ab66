//! Imports a published API description into `specs/`.

mod secrets;

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::description::{Description, load_openapi};
use crate::diff::{Report, diff};
use crate::document::{load_json, version};
use crate::error::{Error, Pointer, read};
use crate::facts::Facts;
use crate::output::{self, Output};
use crate::overlay;
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
    /// JSON pointers of the publisher's descriptions that have no counterpart in the previous version.
    pub copied_descriptions: Vec<String>,
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

/// Writes `specs/<service>/<info.version>.json` from a Swagger 2.0 or OpenAPI 3.0 file and selects that version in
/// `services.toml`. Keeps the descriptions of the previous version. Keeps the overlay too; `generate` reports the actions
/// that no longer match.
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
    remove_examples(&mut document);
    let new = Facts::of(&document).map_err(|e| e.in_file(file))?;

    let previous = workspace.spec(&entry.description);
    let previous_document = load_openapi(&previous)?;
    let old = Facts::of(&previous_document).map_err(|e| e.in_file(&previous))?;
    let mut copied_descriptions = Vec::new();
    keep_descriptions(
        Some(&previous_document),
        &mut document,
        &Pointer::root(),
        &mut copied_descriptions,
    );
    let report = diff(&old, &new);

    let version = version(&document);
    let relative = format!("{service}/{version}.json");
    let description = workspace.spec(&relative);
    let json = serde_json::to_string_pretty(&document).map_err(|source| Error::Json {
        file: file.to_owned(),
        source,
    })?;
    let new_description = Output::new(description.clone(), json + "\n");
    if existing == Existing::Keep && description.exists() && new_description.is_stale()? {
        return Err(Error::Exists { file: description });
    }
    let possible_secrets = secrets::unmarked(&corrected(workspace, &entry, &document));
    let outputs = [new_description, selected(workspace, service, version, &relative)?];
    let changed = !output::replace(&outputs)?.is_empty();
    Ok(Import {
        description,
        changed,
        report,
        copied_descriptions,
        renamed,
        possible_secrets,
    })
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

/// Removes the references to the publisher's example files, which are not imported.
fn remove_examples(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.shift_remove("x-ms-examples");
            map.values_mut().for_each(remove_examples);
        }
        Value::Array(items) => items.iter_mut().for_each(remove_examples),
        _ => {}
    }
}

/// Replaces descriptions with those of the old document. Pushes the pointers of descriptions without an old counterpart
/// to `copied`.
fn keep_descriptions(old: Option<&Value>, new: &mut Value, at: &Pointer, copied: &mut Vec<String>) {
    match new {
        Value::Object(map) => {
            for (key, value) in map.iter_mut() {
                let before = old.and_then(|old| old.get(key));
                let at = at.at(key);
                // In `properties`, a member named `description` is an object.
                if let (true, Value::String(text)) = (DESCRIPTION_KEYS.contains(&key.as_str()), &mut *value) {
                    match before {
                        Some(Value::String(own)) => text.clone_from(own),
                        _ if text.is_empty() => {}
                        _ => copied.push(at.as_str().to_owned()),
                    }
                } else {
                    keep_descriptions(before, value, &at, copied);
                }
            }
            if let Some(Value::Object(old)) = old {
                *map = in_order_of(old, std::mem::take(map));
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter_mut().enumerate() {
                // Parameters are matched by name and location, other elements by index.
                let same = |other: &&Value| {
                    other.get("name") == value.get("name") && other.get("in") == value.get("in")
                };
                let list = old.and_then(Value::as_array);
                let before = match value.get("name") {
                    Some(_) => list.and_then(|l| l.iter().find(same)),
                    None => list.and_then(|l| l.get(index)),
                };
                keep_descriptions(before, value, &at.at(index), copied);
            }
        }
        _ => {}
    }
}

/// The keys of human-readable text.
const DESCRIPTION_KEYS: [&str; 3] = ["title", "summary", "description"];

/// Returns `new` with its keys in the order of `old`, so that a diff of the files is short, and with the descriptions of
/// `old` that it lacks.
fn in_order_of(old: &Map<String, Value>, mut new: Map<String, Value>) -> Map<String, Value> {
    let is_reference = new.contains_key("$ref");
    let mut out = Map::new();
    for (key, before) in old {
        if let Some(value) = new.shift_remove(key) {
            out.insert(key.clone(), value);
        } else if DESCRIPTION_KEYS.contains(&key.as_str()) && before.is_string() && !is_reference {
            out.insert(key.clone(), before.clone());
        }
    }
    out.extend(new);
    out
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
