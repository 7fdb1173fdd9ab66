//! Validation of a file line by line.

use std::collections::{HashMap, HashSet};

use dtdl::Model;
use serde_json::{Map, Value};

use super::problem::{ImportFileProblem, ImportFileProblemKind as Kind};
use super::section::{FILE_VERSION, ImportFileSection as Section, SECTION};
use super::validator::{ImportFileReport, ImportFileValidator};
use crate::json;

/// The state of the validation.
pub(super) struct Check<'a> {
    pub(super) options: &'a ImportFileValidator,
    pub(super) report: ImportFileReport,
    pub(super) line: u64,
    pub(super) section: Option<Section>,
    pub(super) header: bool,
    /// The first empty line; it is a problem if other lines follow.
    pub(super) empty: Option<u64>,
    pub(super) models: Vec<(u64, Value)>,
    pub(super) model_ids: HashSet<String>,
    /// The models after the end of their section, as far as their dependencies are known.
    pub(super) model: Option<Model>,
    /// The number of each twin's model.
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
            model: None,
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
                return self.problem(Kind::NotAnObject, format!("the line is {}", json::kind(&other)));
            }
            Err(error) => return self.problem(Kind::NotAnObject, format!("the line is no JSON: {error}")),
        };
        if let (1, Some(name)) = (object.len(), object.get(SECTION)) {
            return self.begin(name.as_str().unwrap_or_default());
        }
        match self.section {
            None => self.problem(Kind::Section, "the line comes before the first section"),
            Some(Section::Header) => self.header(&object),
            Some(Section::Models) => self.model(object, text.len()),
            Some(Section::Twins) => self.twin(object, text.len()),
            Some(Section::Relationships) => self.relationship(object),
        }
    }

    fn begin(&mut self, name: &str) {
        let Some(section) = Section::from_name(name) else {
            return self.problem(Kind::Section, format!("there is no section {name:?}"));
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

    fn end_section(&mut self, models_are_over: bool) {
        if self.section == Some(Section::Header) && !self.header {
            self.problem(Kind::Header, "the section Header has no line");
        }
        // Models may be known although the section is missing.
        if models_are_over && self.model.is_none() {
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
                format!("the file version {other:?} is not {FILE_VERSION}"),
            ),
            None => self.problem(Kind::Header, "the text fileVersion is missing"),
        }
    }

    /// Returns the member `name`, which must be a string.
    pub(super) fn text(&mut self, object: &Map<String, Value>, name: &str) -> Option<String> {
        match object.get(name).and_then(Value::as_str) {
            Some(text) if !text.is_empty() => Some(text.to_owned()),
            _ => {
                self.problem(Kind::MissingMember, format!("the text {name} is missing"));
                None
            }
        }
    }
}
