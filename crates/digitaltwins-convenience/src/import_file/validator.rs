//! Checking an import file.

use std::collections::{HashMap, HashSet};
use std::io::BufRead;

use dtdl::{Document, Model, Parser, validate_relationship, validate_twin};
use serde_json::{Map, Value};

use super::{
    FILE_VERSION, ImportFileProblem, ImportFileProblemKind as Kind, ImportFileSection as Section, SECTION,
};
use crate::error::{Error, Result};
use crate::graph::dependencies;
use crate::json;

const KB: usize = 1024;
const LARGEST_TWIN: usize = 32 * KB;
const LARGEST_MODEL: usize = KB * KB;
const MOST_MODELS: u64 = 10_000;
const MOST_TWINS: u64 = 2_000_000;
const MOST_RELATIONSHIPS: u64 = 10_000_000;

/// Checks a file for an [import job](crate::DigitalTwinsClient::create_import_job) before it is uploaded: a job that
/// fails half-way leaves half of its twins.
///
/// It checks the sections and each line, the models as DTDL, twins and relationships against their models, ids that come
/// twice, and the limits of a job. Memory grows with the number of ids, not with the size of the file.
///
/// # Example
///
/// ```
/// use digitaltwins_convenience::ImportFileValidator;
///
/// let file = r#"{"Section":"Header"}
/// {"fileVersion":"1.0.0","author":"building team","organization":"Contoso"}
/// {"Section":"Twins"}
/// {"$dtId":"room-1","$metadata":{}}
/// "#;
/// let report = ImportFileValidator::new().check(file.as_bytes())?;
/// assert_eq!(report.problems[0].to_string(), "line 4 (Twins): the text $metadata.$model is missing");
/// # Ok::<(), digitaltwins_convenience::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct ImportFileValidator {
    models: Vec<Value>,
    self_contained: bool,
    max_problems: usize,
}

impl Default for ImportFileValidator {
    fn default() -> Self {
        Self {
            models: Vec::new(),
            self_contained: false,
            max_problems: 1000,
        }
    }
}

/// What was found in a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportFileReport {
    /// How many models there are.
    pub models: u64,
    /// How many twins there are.
    pub twins: u64,
    /// How many relationships there are.
    pub relationships: u64,
    /// What is wrong, in the order of the lines.
    pub problems: Vec<ImportFileProblem>,
}

impl ImportFileReport {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.problems.is_empty()
    }
}

impl ImportFileValidator {
    /// A validator for a file that may refer to models and twins which are stored already. What refers to them is not
    /// checked against its model.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Knows these models as well, because they are stored already.
    #[must_use]
    pub fn with_models(mut self, models: impl IntoIterator<Item = Value>) -> Self {
        self.models.extend(models);
        self
    }

    /// The instance has no twins yet, and no models but those of [`with_models`](Self::with_models).
    #[must_use]
    pub fn self_contained(mut self) -> Self {
        self.self_contained = true;
        self
    }

    /// Stops after so many problems; 1000 by default.
    #[must_use]
    pub fn max_problems(mut self, problems: usize) -> Self {
        self.max_problems = problems.max(1);
        self
    }

    /// Reads a file and tells what is wrong with it.
    ///
    /// # Errors
    ///
    /// If the file cannot be read. What is wrong with it is no error, but stands in the report.
    pub fn check(&self, mut file: impl BufRead) -> Result<ImportFileReport> {
        let mut check = Check::new(self);
        let mut line = Vec::new();
        while check.report.problems.len() < self.max_problems {
            line.clear();
            if file.read_until(b'\n', &mut line).map_err(Error::file)? == 0 {
                break;
            }
            check.line(line.trim_ascii_end());
        }
        check.end();
        let mut report = check.report;
        // Models are judged together at the end of their section, after what is wrong with single lines of it.
        report.problems.sort_by_key(|problem| problem.line);
        report.problems.truncate(self.max_problems);
        Ok(report)
    }
}

struct Check<'a> {
    options: &'a ImportFileValidator,
    report: ImportFileReport,
    line: u64,
    section: Option<Section>,
    header: bool,
    /// The line of the first empty line; more lines after it are a problem.
    empty: Option<u64>,
    models: Vec<(u64, Value)>,
    model_ids: HashSet<String>,
    /// The models once their section is over, as far as they are complete.
    model: Option<Model>,
    /// The twins with their models.
    twins: HashMap<String, u32>,
    twin_models: Vec<String>,
    twin_model_numbers: HashMap<String, u32>,
    relationships: HashSet<(String, String)>,
}

impl<'a> Check<'a> {
    fn new(options: &'a ImportFileValidator) -> Self {
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

    fn problem(&mut self, kind: Kind, message: impl Into<String>) {
        self.problem_at(self.line, kind, message);
    }

    fn problem_at(&mut self, line: u64, kind: Kind, message: impl Into<String>) {
        let (section, message) = (self.section, message.into());
        self.report.problems.push(ImportFileProblem {
            line,
            section,
            kind,
            message,
        });
    }

    fn line(&mut self, text: &[u8]) {
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
        // The section may be missing while models are known all the same.
        if models_are_over && self.model.is_none() {
            self.parse_models();
        }
    }

    fn end(&mut self) {
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

    fn model(&mut self, object: Map<String, Value>, length: usize) {
        self.report.models += 1;
        if self.report.models == MOST_MODELS + 1 {
            self.problem(
                Kind::TooLarge,
                format!("there are more than {MOST_MODELS} models"),
            );
        }
        if length > LARGEST_MODEL {
            self.problem(
                Kind::TooLarge,
                format!("the model is larger than {LARGEST_MODEL} bytes"),
            );
        }
        let Some(id) = self.text(&object, "@id") else {
            return;
        };
        if !self.model_ids.insert(id.clone()) {
            return self.problem(Kind::Duplicate, format!("the model {id} was there before"));
        }
        self.models.push((self.line, Value::Object(object)));
    }

    /// Parses the models of the file and those that are known, and keeps what is complete.
    fn parse_models(&mut self) {
        let mut all = std::mem::take(&mut self.models);
        all.extend(self.options.models.iter().map(|model| (0, model.clone())));
        let ids: HashSet<String> = all
            .iter()
            .filter_map(|(_, model)| dependencies::id(model))
            .map(str::to_owned)
            .collect();
        self.model_ids.clone_from(&ids);
        let mut problems = Vec::new();
        if self.options.self_contained {
            for (line, model) in &all {
                for needed in dependencies::dependencies(model)
                    .into_iter()
                    .filter(|id| !ids.contains(*id))
                {
                    problems.push((
                        *line,
                        Kind::UnknownModel,
                        format!("the model {needed} is not there"),
                    ));
                }
            }
        }
        // What needs a model that is not in the file cannot be parsed.
        let mut complete = ids;
        loop {
            let before = complete.len();
            for (_, model) in &all {
                let Some(id) = dependencies::id(model) else {
                    continue;
                };
                if dependencies::dependencies(model)
                    .iter()
                    .any(|needed| !complete.contains(*needed))
                {
                    complete.remove(id);
                }
            }
            if complete.len() == before {
                break;
            }
        }
        all.retain(|(_, model)| dependencies::id(model).is_some_and(|id| complete.contains(id)));
        let documents = || {
            all.iter()
                .map(|(line, model)| Document::named(line.to_string(), model))
        };
        match Parser::new().versions([2, 3]).parse(documents()) {
            Ok(model) => self.model = Some(model),
            Err(error) => {
                for wrong in &error.diagnostics {
                    let line = wrong.location.document.parse().unwrap_or_default();
                    let message = format!("{}: {} {}", wrong.location.pointer, wrong.message, wrong.help);
                    problems.push((line, Kind::InvalidModel, message));
                }
                for missing in &error.unresolved {
                    let line = missing.location.document.parse().unwrap_or_default();
                    problems.push((
                        line,
                        Kind::UnknownModel,
                        format!("the model {} is not there", missing.id),
                    ));
                }
                // Nothing can be checked against models that are not valid; one report of them is enough.
                self.model = Parser::new().parse(std::iter::empty::<&Value>()).ok();
            }
        }
        for (line, kind, message) in problems {
            self.problem_at(line, kind, message);
        }
    }

    fn twin(&mut self, object: Map<String, Value>, length: usize) {
        self.report.twins += 1;
        if self.report.twins == MOST_TWINS + 1 {
            self.problem(Kind::TooLarge, format!("there are more than {MOST_TWINS} twins"));
        }
        if length > LARGEST_TWIN {
            self.problem(
                Kind::TooLarge,
                format!("the twin is larger than {LARGEST_TWIN} bytes"),
            );
        }
        let id = self.text(&object, "$dtId");
        let twin = Value::Object(object);
        let Some(model) = twin.pointer("/$metadata/$model").and_then(Value::as_str) else {
            return self.problem(Kind::MissingMember, "the text $metadata.$model is missing");
        };
        if let Some(id) = id {
            let number = self.number(model);
            if self.twins.insert(id.clone(), number).is_some() {
                self.problem(Kind::Duplicate, format!("the twin {id:?} was there before"));
            }
        }
        match self.model.as_ref().and_then(|models| models.interface(model)) {
            Some(interface) => {
                for error in validate_twin(&twin, &interface) {
                    self.problem(Kind::Invalid, error.to_string());
                }
            }
            None if self.options.self_contained && !self.model_ids.contains(model) => {
                self.problem(Kind::UnknownModel, format!("the model {model} is not there"));
            }
            None => {}
        }
    }

    /// A number for a model, so that two million twins do not hold two million copies of its id.
    fn number(&mut self, model: &str) -> u32 {
        if let Some(number) = self.twin_model_numbers.get(model) {
            return *number;
        }
        let number = u32::try_from(self.twin_models.len()).unwrap_or(u32::MAX);
        self.twin_models.push(model.to_owned());
        self.twin_model_numbers.insert(model.to_owned(), number);
        number
    }

    fn relationship(&mut self, object: Map<String, Value>) {
        self.report.relationships += 1;
        if self.report.relationships == MOST_RELATIONSHIPS + 1 {
            self.problem(
                Kind::TooLarge,
                format!("there are more than {MOST_RELATIONSHIPS} relationships"),
            );
        }
        let members = ["$dtId", "$relationshipId", "$targetId", "$relationshipName"];
        let [source, id, target, name] = members.map(|member| self.text(&object, member));
        let (Some(source), Some(id), Some(target), Some(name)) = (source, id, target, name) else {
            return;
        };
        if source == target {
            self.problem(Kind::Invalid, "the relationship starts and ends at the same twin");
        }
        if self.options.self_contained {
            for twin in [&source, &target] {
                if !self.twins.contains_key(twin) {
                    self.problem(Kind::UnknownTwin, format!("the twin {twin:?} is not there"));
                }
            }
        }
        self.check_relationship(&source, &target, &name, &Value::Object(object));
        if !self.relationships.insert((source, id.clone())) {
            self.problem(
                Kind::Duplicate,
                format!("the twin has had the relationship {id:?} before"),
            );
        }
    }

    fn check_relationship(&mut self, source: &str, target: &str, name: &str, value: &Value) {
        let model_of = |twin: &str| {
            let number = *self.twins.get(twin)?;
            self.twin_models.get(usize::try_from(number).ok()?)
        };
        let Some(models) = &self.model else { return };
        let Some(interface) = model_of(source).and_then(|model| models.interface(model)) else {
            return;
        };
        let Some(declared) = interface
            .relationships()
            .find(|relationship| relationship.name() == name)
        else {
            let message = format!("{} has no relationship {name:?}", interface.id());
            return self.problem(Kind::Invalid, message);
        };
        let mut messages: Vec<String> = validate_relationship(value, &declared)
            .iter()
            .map(ToString::to_string)
            .collect();
        if let (Some(wanted), Some(found)) = (declared.target_id(), model_of(target))
            && models
                .interface(found)
                .is_some_and(|found| !found.is_subtype_of(wanted.as_str()))
        {
            messages.push(format!(
                "the relationship {name:?} ends at {wanted}, and not at {found}"
            ));
        }
        for message in messages {
            self.problem(Kind::Invalid, message);
        }
    }

    /// The member `name`, which must be a text.
    fn text(&mut self, object: &Map<String, Value>, name: &str) -> Option<String> {
        match object.get(name).and_then(Value::as_str) {
            Some(text) if !text.is_empty() => Some(text.to_owned()),
            _ => {
                self.problem(Kind::MissingMember, format!("the text {name} is missing"));
                None
            }
        }
    }
}
