//! A new version of an API: from the publisher's file to `specs/`.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::description::load_openapi;
use crate::diff::{Report, diff};
use crate::document::version;
use crate::error::{Error, Pointer, read};
use crate::facts::Facts;
use crate::output::{self, Output};
use crate::workspace::Workspace;

/// What an import did.
#[derive(Debug)]
pub struct Import {
    /// The description that was written.
    pub description: PathBuf,
    /// Whether `services.toml` or the description changed at all.
    pub changed: bool,
    /// What the API does differently from the version that was generated before.
    pub report: Report,
    /// Where the description still has the publisher's words, because the version before had no words there.
    pub foreign_words: Vec<String>,
}

/// Writes `specs/<service>/<info.version>.json` from a Swagger 2.0 or OpenAPI 3.0 file and lets `services.toml`
/// generate that version. Where the version before has a description in our words, that one is kept. The overlay stays;
/// what it corrects may have gone, and then `generate` says so.
///
/// # Errors
/// When the file is not usable or the service unknown; nothing is written then.
pub fn import(workspace: &Workspace, service: &str, file: &Path) -> Result<Import, Error> {
    let entry = workspace.service(service)?;
    let mut document = load_openapi(file)?;
    without_examples(&mut document);
    let new = Facts::of(&document).map_err(|e| e.in_file(file))?;

    let before = workspace.spec(&entry.description);
    let before_document = load_openapi(&before)?;
    let old = Facts::of(&before_document).map_err(|e| e.in_file(&before))?;
    let mut foreign_words = Vec::new();
    keep_words(
        Some(&before_document),
        &mut document,
        &Pointer::root(),
        &mut foreign_words,
    );
    let report = diff(&old, &new);

    let version = version(&document);
    let relative = format!("{service}/{version}.json");
    let services = workspace.services_file();
    let description = workspace.spec(&relative);
    let json = serde_json::to_string_pretty(&document).map_err(|source| Error::Json {
        file: file.to_owned(),
        source,
    })?;
    let outputs = [
        Output::new(description.clone(), json + "\n"),
        Output::new(
            services.clone(),
            with_version(&read(&services)?, service, version, &relative).map_err(|reason| Error::Toml {
                file: services.clone(),
                reason,
            })?,
        ),
    ];
    let changed = !output::replace(&outputs)?.is_empty();
    Ok(Import {
        description,
        changed,
        report,
        foreign_words,
    })
}

/// Compares two files.
///
/// # Errors
/// When one of them is not usable.
pub fn compare(old: &Path, new: &Path) -> Result<Report, Error> {
    let facts = |file: &Path| Facts::of(&load_openapi(file)?).map_err(|e| e.in_file(file));
    Ok(diff(&facts(old)?, &facts(new)?))
}

/// `services.toml` with another version for one service; comments and the rest stay as they are. What is written in a
/// way that this does not know is an error, not left as it was.
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
                "`{key}` has to be on a line of its own, in quotes, under `[{service}]`"
            ));
        }
    }
    Ok(out)
}

/// `key = "value"` with another value; what follows it stays.
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

/// Takes out the references to the publisher's example files, which are not imported.
fn without_examples(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.shift_remove("x-ms-examples");
            map.values_mut().for_each(without_examples);
        }
        Value::Array(items) => items.iter_mut().for_each(without_examples),
        _ => {}
    }
}

/// Puts the old description's words wherever both have some, and notes where only the new one does.
fn keep_words(old: Option<&Value>, new: &mut Value, at: &Pointer, foreign: &mut Vec<String>) {
    match new {
        Value::Object(map) => {
            for (key, value) in map.iter_mut() {
                let before = old.and_then(|old| old.get(key));
                let at = at.at(key);
                // In `properties`, a member called `description` is an object.
                if let (true, Value::String(words)) = (WORDS.contains(&key.as_str()), &mut *value) {
                    match before {
                        Some(Value::String(own)) => words.clone_from(own),
                        _ if words.is_empty() => {}
                        _ => foreign.push(at.as_str().to_owned()),
                    }
                } else {
                    keep_words(before, value, &at, foreign);
                }
            }
            if let Some(Value::Object(old)) = old {
                *map = in_order_of(old, std::mem::take(map));
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter_mut().enumerate() {
                // Parameters are known by their names, other things by their places.
                let same = |other: &&Value| {
                    other.get("name") == value.get("name") && other.get("in") == value.get("in")
                };
                let list = old.and_then(Value::as_array);
                let before = match value.get("name") {
                    Some(_) => list.and_then(|l| l.iter().find(same)),
                    None => list.and_then(|l| l.get(index)),
                };
                keep_words(before, value, &at.at(index), foreign);
            }
        }
        _ => {}
    }
}

/// The keys that hold words.
const WORDS: [&str; 3] = ["title", "summary", "description"];

/// The same object with its keys in the order they had before, so that a comparison of the files shows what changed,
/// and with the words it had before where it has none.
fn in_order_of(old: &Map<String, Value>, mut new: Map<String, Value>) -> Map<String, Value> {
    let is_reference = new.contains_key("$ref");
    let mut out = Map::new();
    for (key, before) in old {
        if let Some(value) = new.shift_remove(key) {
            out.insert(key.clone(), value);
        } else if WORDS.contains(&key.as_str()) && before.is_string() && !is_reference {
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
    fn only_the_value_changes() {
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
    fn a_section_written_otherwise_is_refused() {
        for text in [
            "[oven]\nversion = \"1\"\ndescription = \"x\"\n",
            "kiln = { version = \"1\", description = \"x\" }\n",
            "[kiln]\nversion = '1'\ndescription = \"x\"\n",
            "[kiln]\nversion = \"1\"\n",
        ] {
            let said = with_version(text, "kiln", "2", "kiln/2.json").unwrap_err();
            assert!(said.contains("under `[kiln]`"), "{said}");
        }
    }
}
