//! Validation of an import file, line by line.

use std::collections::{HashMap, HashSet};

use dtdl::Model;
use serde_json::{Map, Value};

use super::problem::{ImportFileProblem, ImportFileProblemKind as Kind};
use super::section::{FILE_VERSION, ImportFileSection as Section, SECTION, SECTION_NAMES};
use super::validator::{ImportFileReport, ImportFileValidator};
use crate::{ids, json};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The state of the validation.
pub(super) struct Check<'a> {
    pub(super) options: &'a ImportFileValidator,
    pub(super) report: ImportFileReport,
    pub(super) line: u64,
    pub(super) section: Option<Section>,
    pub(super) header: bool,
    /// The line number of the first empty line. It is a problem only if other lines follow.
    pub(super) empty: Option<u64>,
    pub(super) models: Vec<(u64, Value)>,
    pub(super) model_ids: HashSet<String>,
    /// The models, parsed when their section ends. Models with unknown dependencies are left out.
    pub(super) parsed: Option<Model>,
    /// The model of each twin, as an index into `twin_models`.
    pub(super) twins: HashMap<String, u32>,
    pub(super) twin_models: Vec<String>,
    pub(super) twin_model_numbers: HashMap<String, u32>,
    pub(super) relationships: HashSet<(String, String)>,
}

impl<'a> Check<'a> {
    pub(super) fn new(options: &'a ImportFileValidator) -> Self {
        Self {
            options,
            report: ImportFileReport::default(),
            line: 0,
            section: None,
            header: false,
            empty: None,
            models: Vec::new(),
            model_ids: HashSet::new(),
            parsed: None,
            twins: HashMap::new(),
            twin_models: Vec::new(),
            twin_model_numbers: HashMap::new(),
            relationships: HashSet::new(),
        }
    }

    pub(super) fn problem(&mut self, kind: Kind, message: impl Into<String>) {
        self.problem_at(self.line, kind, message);
    }

    pub(super) fn problem_at(&mut self, line: u64, kind: Kind, message: impl Into<String>) {
        let (section, message) = (self.section, message.into());
        self.report.problems.push(ImportFileProblem {
            line,
            section,
            kind,
            message,
        });
    }

    pub(super) fn line(&mut self, text: &[u8]) {
        self.line += 1;
        let text = match self.line {
            1 => text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text),
            _ => text,
        };
        if text.is_empty() {
            self.empty.get_or_insert(self.line);
            return;
        }
        if let Some(line) = self.empty.take() {
            self.problem_at(line, Kind::NotAnObject, "the line is empty");
        }
        let object: Map<String, Value> = match serde_json::from_slice(text) {
            Ok(Value::Object(object)) => object,
            Ok(other) => {
                return self.problem(
                    Kind::NotAnObject,
                    format!("the line is {}", json::type_name(&other)),
                );
            }
            Err(error) => {
                return self.problem(Kind::NotAnObject, format!("the line is not valid JSON: {error}"));
            }
        };
        if let (1, Some((key, name))) = (object.len(), object.iter().next()) {
            if key == SECTION {
                return self.begin(name);
            }
            if name.as_str().is_some_and(Section::is_name) {
                let message = format!(
                    "the key {key:?} begins no section; write {{\"{SECTION}\": \"<name>\"}}, where the name is one of {SECTION_NAMES}"
                );
                return self.problem(Kind::Section, message);
            }
        }
        match self.section {
            None => self.problem(Kind::Section, "the line comes before the first section"),
            Some(Section::Header) => self.header(&object),
            Some(Section::Models) => self.model(object, text.len()),
            Some(Section::Twins) => self.twin(object, text.len()),
            Some(Section::Relationships) => self.relationship(object),
        }
    }

    fn begin(&mut self, name: &Value) {
        let Some(section) = name.as_str().and_then(Section::from_name) else {
            let message = format!("the section {name} is unknown; use {SECTION_NAMES}");
            return self.problem(Kind::Section, message);
        };
        if self.section.is_none() && section != Section::Header {
            self.problem(Kind::Header, "the file must begin with the section Header");
        }
        if let Some(before) = self.section.filter(|before| *before >= section) {
            let message = format!("the section {section} must not come after {before}");
            return self.problem(Kind::Section, message);
        }
        self.end_section(section > Section::Models);
        self.section = Some(section);
    }

    fn end_section(&mut self, models_ended: bool) {
        if self.section == Some(Section::Header) && !self.header {
            self.problem(Kind::Header, "the section Header has no line");
        }
        // This is needed even if the file has no models, because the validator may have been given some.
        if models_ended && self.parsed.is_none() {
            self.parse_models();
        }
    }

    pub(super) fn end(&mut self) {
        match self.section {
            None => self.problem(Kind::Header, "the file has no section"),
            Some(_) => self.end_section(true),
        }
    }

    fn header(&mut self, object: &Map<String, Value>) {
        if std::mem::replace(&mut self.header, true) {
            return self.problem(Kind::Header, "the section Header has more than one line");
        }
        match object.get("fileVersion").and_then(Value::as_str) {
            Some(FILE_VERSION) => {}
            Some(other) => self.problem(
                Kind::Header,
                format!("the file version {other:?} is not supported; use {FILE_VERSION}"),
            ),
            None => self.problem(Kind::Header, "the string fileVersion is missing"),
        }
    }

    /// Returns the member `name`, which must be the id of a twin or relationship.
    pub(super) fn id(&mut self, object: &Map<String, Value>, name: &str) -> Option<String> {
        let id = self.string(object, name)?;
        match ids::fault(&id) {
            None => Some(id),
            Some(fault) => {
                self.problem(Kind::Invalid, format!("the id {id:?} in {name} {fault}"));
                None
            }
        }
    }

    /// Returns the member `name`, which must be a string.
    pub(super) fn string(&mut self, object: &Map<String, Value>, name: &str) -> Option<String> {
        match object.get(name).and_then(Value::as_str) {
            Some(string) if !string.is_empty() => Some(string.to_owned()),
            _ => {
                self.problem(Kind::MissingMember, format!("the string {name} is missing"));
                None
            }
        }
    }
}
