//! Loads the cases in `tests/cases`.
//!
//! Each file is a list of cases. A case has a `rule` in words and a model as one of
//!
//! - `interface`: members of an Interface, `contents`: the values of that property, or `schema`: the schema of a
//!   Telemetry. `context` adds to the `@context`; `@id` and `@type` are added;
//! - `documents`: whole documents; `{V}` in any string is replaced with the DTDL version;
//! - `text`: text that need not be JSON.
//!
//! A case runs for each DTDL version in `versions` (default: all). `errors` lists the expected identifiers without
//! `dtmi:dtdl:parsingError:`, with duplicates; `unresolved` lists identifiers that no document defines. Without either,
//! the model is valid. `at` is the JSON pointer of the first error. `options` are the parser options.

use std::path::Path;

use dtdl::{Code, Parser, UnknownExtensions};
use serde_json::{Map, Value, json};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases");

/// A case, with the name of its file.
pub(crate) struct Case {
    pub(crate) file: String,
    pub(crate) json: Value,
}

/// Returns all cases, by file name.
pub(crate) fn all() -> Vec<Case> {
    let mut paths: Vec<_> = std::fs::read_dir(FOLDER)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let cases: Vec<Case> = paths.iter().flat_map(|path| load(path)).collect();
    assert!(!cases.is_empty(), "no cases in {FOLDER}");
    cases
}

fn load(path: &Path) -> Vec<Case> {
    let file = path.file_name().unwrap().to_string_lossy().into_owned();
    let cases: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(path).unwrap())
        .unwrap_or_else(|error| panic!("{file}: {error}"));
    let case = |json| Case {
        file: file.clone(),
        json,
    };
    cases.into_iter().map(case).collect()
}

impl Case {
    pub(crate) fn rule(&self) -> &str {
        self.json["rule"]
            .as_str()
            .unwrap_or_else(|| panic!("{}: a case without `rule`", self.file))
    }

    pub(crate) fn versions(&self) -> Vec<u64> {
        match self.json.get("versions") {
            None => vec![2, 3, 4],
            Some(versions) => serde_json::from_value(versions.clone())
                .unwrap_or_else(|error| panic!("{}: {}: `versions`: {error}", self.file, self.rule())),
        }
    }

    pub(crate) fn parser(&self) -> Parser {
        let options = &self.json["options"];
        let mut parser = Parser::new();
        match options["unknownExtensions"].as_str() {
            None => {}
            Some("allow") => parser = parser.unknown_extensions(UnknownExtensions::Allow),
            Some("refuse") => parser = parser.unknown_extensions(UnknownExtensions::Refuse),
            Some(other) => panic!("{}: unknownExtensions `{other}`", self.file),
        }
        if let Some(versions) = options["versions"].as_array() {
            parser = parser.versions(
                versions
                    .iter()
                    .filter_map(|version| version.as_u64()?.try_into().ok()),
            );
        }
        if let Some(contexts) = options["extensions"].as_array() {
            parser = parser.extensions(contexts.iter().filter_map(Value::as_str));
        }
        if let Some(tolerate) = options["solecisms"].as_bool() {
            parser = parser.tolerate_solecisms(tolerate);
        }
        if let Some(limits) = options["limits"].as_array() {
            parser = parser.limits(limits.iter().filter_map(Value::as_str));
        }
        parser
    }

    pub(crate) fn documents(&self, version: u64) -> Vec<String> {
        let case = &self.json;
        let finish = |document: &Value| document.to_string().replace("{V}", &version.to_string());
        if let Some(text) = case["text"].as_str() {
            return vec![text.to_owned()];
        }
        if let Some(documents) = case["documents"].as_array() {
            return documents.iter().map(finish).collect();
        }
        let mut context = vec![json!(format!("dtmi:dtdl:context;{version}"))];
        context.extend(case["context"].as_array().into_iter().flatten().cloned());
        let mut interface = Map::new();
        interface.insert("@context".into(), context.into());
        interface.insert("@id".into(), "dtmi:com:example:Pump;1".into());
        interface.insert("@type".into(), "Interface".into());
        if let Some(members) = case["interface"].as_object() {
            interface.extend(members.clone());
        }
        if let Some(contents) = case.get("contents") {
            interface.insert("contents".into(), contents.clone());
        }
        if let Some(schema) = case.get("schema") {
            let telemetry = json!([{ "@type": "Telemetry", "name": "flow", "schema": schema }]);
            interface.insert("contents".into(), telemetry);
        }
        vec![finish(&Value::Object(interface))]
    }
}

/// Returns the identifier of a code without its prefix.
pub(crate) fn short_name(code: Code) -> &'static str {
    code.id()
        .strip_prefix("dtmi:dtdl:parsingError:")
        .expect("all codes have the prefix")
}
